/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "report.h"
#include "table.h"
#include "targets.h"

/* The tables of docs/performance.md: of each case 1, 2, 64 and 256 vCPUs. */

static bool is_told(const struct row *row)
{
	return row->vcpus == 1U || row->vcpus == 2U || row->vcpus == 64U || row->vcpus == 256U;
}

static void number(FILE *out, double value, int digits)
{
	if (value > 0.0) {
		(void)fprintf(out, " %.*f |", digits, value);
	} else {
		(void)fputs(" - |", out);
	}
}

static void ratio(FILE *out, const struct row *ours, const struct row *other)
{
	if (other != NULL && row_median(other, METRIC_RATE) <= 0.0) {
		(void)fputs(" stuck |", out);
		return;
	}
	number(out, row_ratio(ours, other, METRIC_RATE), 2);
}

static void line(FILE *out, const struct cell *cell)
{
	const struct row *ours = cell->row[IMPL_OURS];

	(void)fprintf(out, "| %s | %s | %u |", ours->name, ours->kind, ours->vcpus);
	number(out, row_median(ours, METRIC_RATE), 0);
	ratio(out, ours, cell->row[IMPL_PEER]);
	ratio(out, ours, cell->row[IMPL_LIMIT]);
	for (unsigned int i = 0; i < IMPL_NR; i++) {
		number(out, row_median(cell->row[i], METRIC_CPU), 0);
	}
	number(out, row_median(ours, METRIC_P50) / 1000.0, 2);
	number(out, row_median(ours, METRIC_P999) / 1000.0, 2);
	(void)fprintf(out, " %.2f |\n", row_median(ours, METRIC_FLUSHES));
}

static void calls(FILE *out, const struct session *s)
{
	const char *cost = "";

	for (size_t i = 0; i < s->results.nr; i++) {
		const struct row *row = &s->results.row[i];
		const struct cell cell = table_cell(&s->results, row);

		if (row->impl != IMPL_OURS || !is_told(row) ||
		    (cell.row[IMPL_PEER] == NULL && strstr(row->name, "records") != NULL)) {
			continue;
		}
		if (strcmp(cost, row->cost) != 0) {
			cost = row->cost;
			(void)fprintf(
				out,
				"\nCost model: %s\n\n"
				"| case | call | vCPUs | ours/s | x peer | x limit | ours ns | "
				"peer ns | limit ns | p50 us | p99.9 us | flushes |\n"
				"|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
				cost);
		}
		line(out, &cell);
	}
}

static void instructions(FILE *out, const struct session *s)
{
	if (s->nr_instructions == 0U) {
		return;
	}
	(void)fputs("\n| instructions per call | own | with arch_* |\n|---|--:|--:|\n", out);
	for (unsigned int i = 0; i < s->nr_instructions; i++) {
		(void)fprintf(out, "| %s | %.1f | %.1f |\n", s->instruction[i].what,
			      s->instruction[i].own, s->instruction[i].total);
	}
}

static void all_targets(FILE *out, const struct session *s)
{
	struct target targets[NR_TARGETS];

	targets_evaluate(s, targets);
	(void)fputs("\n| target | wanted | measured | | worst row |\n|---|--:|--:|---|---|\n", out);
	for (unsigned int i = 0; i < NR_TARGETS; i++) {
		const struct target *t = &targets[i];

		if (t->known) {
			(void)fprintf(out, "| %s | %s | %.2f | %s | %s |\n", t->what, t->wanted,
				      t->value, t->met ? "met" : "missed", t->worst);
		}
	}
}

bool report_tables(const struct session *session)
{
	const struct computer *c = &session->computer;
	char path[1100];
	FILE *out = NULL;
	bool failed = false;

	(void)snprintf(path, sizeof(path), "%s/tables.md", session->options.output);
	out = fopen(path, "w");
	if (out == NULL) {
		(void)fprintf(stderr, "bench: cannot write %s\n", path);
		return false;
	}
	(void)fprintf(
		out,
		"%s, %ld processors, %s; %s; %s. Load before %s, after %s; other processes had "
		"%.0f %% of the processors.\n%u interleaved repeats of %u ms, %.0f s.\n",
		c->processor, c->processors, c->kernel, c->compiler, c->date, c->load,
		c->load_after, 100.0 * c->others, session->options.repeats, session->options.ms,
		session->seconds);
	all_targets(out, session);
	instructions(out, session);
	calls(out, session);
	failed = ferror(out) != 0;
	return fclose(out) == 0 && !failed;
}
