/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "cases.h"
#include "spawn.h"
#include "table.h"

#ifndef BENCH_TRACES
#define BENCH_TRACES "."
#endif

#define LONG_LIST 64U
#define LONGER 4U

/* ---- one worker ---- */

struct sink {
	struct results *results;
	const char *name, *cost;
	unsigned int vcpus;
	enum impl impl;
	bool ok;
	bool unserved;
};

static void take_line(void *ctx, const char *line)
{
	struct sink *sink = ctx;
	char kind[RESULTS_NAME];
	struct row *row = NULL;

	if (line_text(line, "unserved", kind, sizeof(kind))) {
		sink->unserved = true;
		return;
	}
	if (!line_text(line, "kind", kind, sizeof(kind))) {
		sink->ok = false;
		return;
	}
	row = results_row(sink->results, sink->name, kind, sink->cost, sink->vcpus, sink->impl);
	sink->ok = sink->ok && row != NULL && results_add(row, line);
}

bool worker_run(struct session *session, const char *name, const struct load *load, enum impl impl)
{
	char program[sizeof(session->directory) + 32U];
	char cost[RESULTS_COST];
	struct sink sink = { &session->results, name, cost, load->vcpus, impl, true, false };
	struct load_args args;

	cost_format(&load->cost, cost, sizeof(cost));
	(void)snprintf(program, sizeof(program), "%s/worker-%s", session->directory,
		       impl_names[impl]);
	if (access(program, X_OK) != 0) {
		(void)fprintf(stderr, "bench: there is no %s\n", program);
		return false;
	}
	load_args(load, program, &args);
	args.argv[0] = program;
	return spawn_lines(args.argv, take_line, &sink) && sink.ok;
}

/* ---- the matrix ---- */

struct matrix {
	struct session *session;
	struct cost_model cost;
	bool costed; /* the selection with the published costs */
	unsigned int done, all;
	bool head;
};

static bool selected(const struct matrix *m, const struct bench_case *c)
{
	const struct bench_options *o = &m->session->options;

	if (o->only != NULL) {
		return strstr(c->name, o->only) != NULL && (!m->costed || c->costed);
	}
	return (!o->quick || c->quick) && (!m->costed || c->costed);
}

static unsigned int counts_of(const struct matrix *m, const struct bench_case *c,
			      unsigned int counts[CASES_MAX_COUNTS])
{
	return case_counts(c, m->session->options.quick, m->costed, counts);
}

static void count_all(struct matrix *m)
{
	unsigned int counts[CASES_MAX_COUNTS];

	m->done = 0U;
	m->all = 0U;
	for (unsigned int i = 0; i < nr_bench_cases; i++) {
		m->all += selected(m, &bench_cases[i]) ? counts_of(m, &bench_cases[i], counts) : 0U;
	}
}

static void progress(const struct matrix *m, const struct bench_case *c, unsigned int vcpus)
{
	if (isatty(STDERR_FILENO)) {
		(void)fprintf(stderr, "\r\033[K[%u/%u] %s, %u vCPUs\r", m->done, m->all, c->name,
			      vcpus);
	}
}

static void print_cell(const struct matrix *m, const struct bench_case *c, unsigned int vcpus)
{
	const struct results *results = &m->session->results;
	char cost[RESULTS_COST];

	cost_format(&m->cost, cost, sizeof(cost));
	if (isatty(STDERR_FILENO)) {
		(void)fputs("\r\033[K", stderr);
	}
	for (size_t i = 0; i < results->nr; i++) {
		const struct row *row = &results->row[i];

		if (row->impl == IMPL_OURS && row->vcpus == vcpus &&
		    strcmp(row->name, c->name) == 0 && strcmp(row->cost, cost) == 0) {
			const struct cell cell = table_cell(results, row);

			table_row(stdout, &cell);
		}
	}
	(void)fflush(stdout);
}

/* A B C A B C: what slows the computer down for a while slows all three. */
static bool run_cell(struct matrix *m, const struct bench_case *c, unsigned int vcpus)
{
	const struct bench_options *o = &m->session->options;
	struct load load = c->load;

	load.vcpus = vcpus;
	load.records = 1U;
	load.entries = load.entries == 0U ? 1U : load.entries;
	load.ms = o->ms > c->min_ms ? o->ms : c->min_ms;
	/* Long lists take milliseconds when each RMP instruction has a price. */
	load.ms *= m->costed && load.entries >= LONG_LIST ? LONGER : 1U;
	load.peer_costs = 15U;
	load.cost = m->cost;
	load.traces = load.call == LOAD_TRACES ? BENCH_TRACES : NULL;
	for (unsigned int repeat = 0; repeat < o->repeats; repeat++) {
		for (unsigned int impl = 0; impl < IMPL_NR; impl++) {
			progress(m, c, vcpus);
			if (impl == IMPL_LIMIT && c->no_limit) {
				continue;
			}
			if (!worker_run(m->session, c->name, &load, (enum impl)impl)) {
				return false;
			}
		}
	}
	m->done++;
	return true;
}

static bool run_case(struct matrix *m, const struct bench_case *c)
{
	unsigned int counts[CASES_MAX_COUNTS];
	const unsigned int nr = counts_of(m, c, counts);

	printf("\n%s\n", c->name);
	table_head(stdout);
	for (unsigned int i = 0; i < nr; i++) {
		if (!run_cell(m, c, counts[i])) {
			return false;
		}
		print_cell(m, c, counts[i]);
	}
	return true;
}

static bool run_matrix(struct matrix *m)
{
	bool any = false;

	count_all(m);
	for (unsigned int i = 0; i < nr_bench_cases; i++) {
		if (selected(m, &bench_cases[i])) {
			any = true;
			if (!run_case(m, &bench_cases[i])) {
				return false;
			}
		}
	}
	return any || m->costed;
}

bool bench_calls(struct session *session)
{
	const struct bench_options *o = &session->options;
	struct matrix m = { .session = session, .cost = o->cost };
	char cost[RESULTS_COST];
	bool ok = false;

	cost_format(&m.cost, cost, sizeof(cost));
	printf("Calls by vCPUs, cost model: %s; %u interleaved repeats of %u ms, medians\n", cost,
	       o->repeats, o->ms);
	ok = run_matrix(&m);
	if (!ok || o->cost_named) {
		return ok;
	}
	m.costed = true;
	(void)cost_parse("published", &m.cost);
	printf("\nThe same with the published cost model, %s\n", COST_PUBLISHED);
	return run_matrix(&m);
}

/* ---- what the costs of the peer design contribute ---- */

static const struct {
	const char *name;
	unsigned int mask;
} variants[] = {
	{ "peer, all costs", 15U },	{ "peer without locks", 14U },
	{ "peer without scans", 13U },	{ "peer without mappings", 11U },
	{ "peer without flushes", 7U }, { "peer without any of the four", 0U },
};

#define NR_VARIANTS (sizeof(variants) / sizeof(variants[0]))

static bool run_variants(struct session *session, unsigned int records)
{
	struct load load = { .call = LOAD_PVALIDATE,
			     .vcpus = 1U,
			     .records = records,
			     .entries = 64U,
			     .ms = session->options.ms };
	char name[RESULTS_NAME];

	for (unsigned int repeat = 0; repeat < session->options.repeats; repeat++) {
		for (unsigned int i = 0; i < NR_VARIANTS; i++) {
			load.peer_costs = variants[i].mask;
			(void)snprintf(name, sizeof(name), "%s, %u records", variants[i].name,
				       records);
			if (!worker_run(session, name, &load, IMPL_PEER)) {
				return false;
			}
		}
		(void)snprintf(name, sizeof(name), "ours, %u records", records);
		if (!worker_run(session, name, &load, IMPL_OURS)) {
			return false;
		}
	}
	return true;
}

static void print_variant(const struct session *session, const char *variant, unsigned int records,
			  enum impl impl)
{
	static const char *const kinds[] = { "rescind", "validate" };
	char name[RESULTS_NAME];

	(void)snprintf(name, sizeof(name), "%s, %u records", variant, records);
	printf("%-30s %7u", variant, records);
	for (unsigned int k = 0; k < 2U; k++) {
		const struct row *row =
			results_find(&session->results, name, kinds[k], "none", 1U, impl);

		printf("  %10.0f  %10.1f", row_median(row, METRIC_RATE),
		       row_median(row, METRIC_CPU) / 64.0);
	}
	printf("\n");
}

bool bench_peer_costs(struct session *session)
{
	static const unsigned int records[] = { 1U, 256U };

	printf("What each cost of the peer design contributes: lists of 64 4 KiB entries, one "
	       "thread, cost model none\n");
	printf("%-30s %7s  %10s  %10s  %10s  %10s\n", "", "records", "rescind/s", "ns/entry",
	       "validate/s", "ns/entry");
	for (unsigned int i = 0; i < 2U; i++) {
		if (!run_variants(session, records[i])) {
			return false;
		}
		for (unsigned int v = 0; v < NR_VARIANTS; v++) {
			print_variant(session, variants[v].name, records[i], IMPL_PEER);
		}
		print_variant(session, "ours", records[i], IMPL_OURS);
	}
	return true;
}
