/* SPDX-License-Identifier: Apache-2.0 */
#include "results.h"

#include <stdlib.h>
#include <string.h>

#define LINE_BYTES 16384
#define FIRST_CAPACITY 64U

const char *const impl_names[IMPL_NR] = { "ours", "peer", "limit" };

const char *const metric_names[METRIC_NR] = {
	"rate",	   "pages", "p50",	  "p99",       "p999", "max",
	"flushes", "busy",  "incomplete", "conflicts", "cpu",  "calls",
};

static bool row_is(const struct row *row, const char *name, const char *kind, const char *cost,
		   unsigned int vcpus, enum impl impl)
{
	return row->vcpus == vcpus && row->impl == impl && strcmp(row->name, name) == 0 &&
	       strcmp(row->kind, kind) == 0 && strcmp(row->cost, cost) == 0;
}

const struct row *results_find(const struct results *results, const char *name, const char *kind,
			       const char *cost, unsigned int vcpus, enum impl impl)
{
	for (size_t i = 0; i < results->nr; i++) {
		if (row_is(&results->row[i], name, kind, cost, vcpus, impl)) {
			return &results->row[i];
		}
	}
	return NULL;
}

static bool grow(struct results *results)
{
	const size_t capacity = results->capacity == 0U ? FIRST_CAPACITY : 2U * results->capacity;
	struct row *grown = realloc(results->row, capacity * sizeof(*grown));

	if (grown == NULL) {
		return false;
	}
	results->row = grown;
	results->capacity = capacity;
	return true;
}

struct row *results_row(struct results *results, const char *name, const char *kind,
			const char *cost, unsigned int vcpus, enum impl impl)
{
	struct row *row = NULL;

	for (size_t i = 0; i < results->nr; i++) {
		if (row_is(&results->row[i], name, kind, cost, vcpus, impl)) {
			return &results->row[i];
		}
	}
	if (results->nr == results->capacity && !grow(results)) {
		return NULL;
	}
	row = &results->row[results->nr++];
	memset(row, 0, sizeof(*row));
	(void)snprintf(row->name, sizeof(row->name), "%s", name);
	(void)snprintf(row->kind, sizeof(row->kind), "%s", kind);
	(void)snprintf(row->cost, sizeof(row->cost), "%s", cost);
	row->vcpus = vcpus;
	row->impl = impl;
	return row;
}

void results_free(struct results *results)
{
	free(results->row);
	*results = (struct results){ .nr = 0 };
}

bool results_add(struct row *row, const char *line)
{
	if (row->n == STATS_MAX) {
		return false;
	}
	for (unsigned int i = 0; i < METRIC_NR; i++) {
		(void)line_number(line, metric_names[i], &row->value[i][row->n]);
	}
	row->n++;
	return true;
}

double row_median(const struct row *row, enum metric metric)
{
	return row == NULL ? 0.0 : stats_median(row->value[metric], row->n);
}

double row_ratio(const struct row *a, const struct row *b, enum metric metric)
{
	if (a == NULL || b == NULL) {
		return 0.0;
	}
	return stats_ratio(a->value[metric], b->value[metric], a->n < b->n ? a->n : b->n);
}

/* ---- file ---- */

static void write_row(FILE *out, const struct row *row)
{
	(void)fprintf(out,
		      "{\"case\": \"%s\", \"kind\": \"%s\", \"cost\": \"%s\", \"vcpus\": %u, "
		      "\"impl\": \"%s\", \"repeats\": %u",
		      row->name, row->kind, row->cost, row->vcpus, impl_names[row->impl], row->n);
	for (unsigned int i = 0; i < METRIC_NR; i++) {
		(void)fprintf(out, ", \"%s\": [", metric_names[i]);
		for (unsigned int k = 0; k < row->n; k++) {
			(void)fprintf(out, "%s%.6g", k == 0U ? "" : ", ", row->value[i][k]);
		}
		(void)fputc(']', out);
	}
	(void)fputc('}', out);
}

void results_write(FILE *out, const struct results *results)
{
	for (size_t i = 0; i < results->nr; i++) {
		(void)fputs("    ", out);
		write_row(out, &results->row[i]);
		(void)fputs(i + 1U < results->nr ? ",\n" : "\n", out);
	}
}

static bool read_values(const char *line, enum metric metric, struct row *row)
{
	char pattern[RESULTS_NAME];
	const char *at = NULL;

	(void)snprintf(pattern, sizeof(pattern), "\"%s\": [", metric_names[metric]);
	at = strstr(line, pattern);
	if (at == NULL) {
		return false;
	}
	at += strlen(pattern);
	for (unsigned int k = 0; k < row->n; k++) {
		char *end = NULL;

		row->value[metric][k] = strtod(at, &end);
		if (end == at || (*end != ',' && *end != ']')) {
			return false;
		}
		at = end + 1;
	}
	return true;
}

static bool read_impl(const char *line, enum impl *impl)
{
	char text[RESULTS_NAME];

	if (!line_text(line, "impl", text, sizeof(text))) {
		return false;
	}
	for (unsigned int i = 0; i < IMPL_NR; i++) {
		if (strcmp(text, impl_names[i]) == 0) {
			*impl = (enum impl)i;
			return true;
		}
	}
	return false;
}

static bool read_row(const char *line, struct results *results)
{
	char name[RESULTS_NAME], kind[RESULTS_NAME], cost[RESULTS_COST];
	double vcpus = 0.0;
	double repeats = 0.0;
	enum impl impl = IMPL_OURS;
	struct row *row = NULL;
	bool ok = line_text(line, "case", name, sizeof(name)) &&
		  line_text(line, "kind", kind, sizeof(kind)) &&
		  line_text(line, "cost", cost, sizeof(cost)) &&
		  line_number(line, "vcpus", &vcpus) && line_number(line, "repeats", &repeats) &&
		  read_impl(line, &impl) && vcpus >= 1.0 && vcpus <= 65536.0 && repeats >= 0.0 &&
		  repeats <= (double)STATS_MAX;

	row = ok ? results_row(results, name, kind, cost, (unsigned int)vcpus, impl) : NULL;
	if (row == NULL) {
		return false;
	}
	row->n = (unsigned int)repeats;
	for (unsigned int i = 0; i < METRIC_NR && ok; i++) {
		ok = read_values(line, (enum metric)i, row);
	}
	return ok;
}

static bool read_rows(FILE *in, const char *path, struct results *results)
{
	char *line = malloc(LINE_BYTES);
	unsigned int nr = 0U;
	bool ok = line != NULL;

	while (ok && fgets(line, LINE_BYTES, in) != NULL) {
		nr++;
		if (strstr(line, "{\"case\": ") != NULL && !read_row(line, results)) {
			(void)fprintf(stderr, "bench: %s:%u: not a row of results\n", path, nr);
			ok = false;
		}
	}
	free(line);
	return ok;
}

bool results_read(const char *path, struct results *results)
{
	FILE *in = fopen(path, "r");
	bool ok = false;

	if (in == NULL) {
		(void)fprintf(stderr, "bench: cannot read %s\n", path);
		return false;
	}
	ok = read_rows(in, path, results);
	(void)fclose(in);
	if (ok && results->nr == 0U) {
		(void)fprintf(stderr, "bench: %s has no results\n", path);
		ok = false;
	}
	return ok;
}
