/* SPDX-License-Identifier: Apache-2.0 */
#include "targets.h"

#include <string.h>

#include "cases.h"

#define MAX_NULL 150.0
#define MAX_SINGLE 300.0
#define MAX_SLOPE 60.0
#define MIN_TWO 1.9
#define MIN_CROWD 0.9
#define MIN_LIMIT 0.9
#define MAX_TAIL 3.0
#define MIN_PEER 1.0

/* Rows of this many vCPUs, with cost model none. */
#define NULL_CASE "null call"
#define SINGLE_CASE "1 entry 4K, own regions"
#define FROZEN_CASE "1 entry 4K, a vCPU frozen in PVALIDATE"

static void worse(struct target *target, double value, bool larger_is_worse, const char *row)
{
	if (value <= 0.0 || (target->known &&
			     (larger_is_worse ? value <= target->value : value >= target->value))) {
		return;
	}
	target->known = true;
	target->value = value;
	(void)snprintf(target->worst, sizeof(target->worst), "%s", row);
}

static struct target name(const char *what, const char *wanted)
{
	struct target target = { .known = false };

	(void)snprintf(target.what, sizeof(target.what), "%s", what);
	(void)snprintf(target.wanted, sizeof(target.wanted), "%s", wanted);
	return target;
}

static void at_most(struct target *target, double limit)
{
	target->met = target->known && target->value <= limit;
}

static void at_least(struct target *target, double limit)
{
	target->met = target->known && target->value >= limit;
}

/* ---- instructions ---- */

static double own(const struct session *s, unsigned int row)
{
	return row < s->nr_instructions ? s->instruction[row].own : 0.0;
}

static void instructions(const struct session *s, struct target *t)
{
	t[0] = name("null call, instructions of the SVSM", "<= 150");
	worse(&t[0], own(s, 0U), true, "");
	at_most(&t[0], MAX_NULL);
	t[1] = name("single-entry PVALIDATE, instructions of the SVSM", "<= 300");
	worse(&t[1], own(s, 1U), true, "rescind");
	worse(&t[1], own(s, 4U), true, "validate");
	at_most(&t[1], MAX_SINGLE);
	t[2] = name("per further 4K entry, instructions of the SVSM", "<= 60");
	/* Between two lists: a list of one entry has a path of its own, and leaving it costs once.
	 */
	worse(&t[2], (own(s, 3U) - own(s, 2U)) / 32.0, true, "rescind");
	worse(&t[2], (own(s, 6U) - own(s, 5U)) / 32.0, true, "validate");
	at_most(&t[2], MAX_SLOPE);
}

/* ---- scaling ---- */

static const char *const scaling_cases[] = { NULL_CASE, SINGLE_CASE };

static void scaling(const struct session *s, const char *kind, unsigned int from, unsigned int to,
		    struct target *target)
{
	for (unsigned int i = 0; i < 2U; i++) {
		const struct row *base =
			results_find(&s->results, scaling_cases[i], kind, "none", from, IMPL_OURS);
		const struct row *row =
			results_find(&s->results, scaling_cases[i], kind, "none", to, IMPL_OURS);
		const double base_rate = row_median(base, METRIC_RATE);

		if (base_rate > 0.0) {
			worse(target, row_median(row, METRIC_RATE) / base_rate, false, kind);
		}
	}
}

static void all_scaling(const struct session *s, unsigned int from, unsigned int to,
			struct target *target)
{
	scaling(s, "QUERY_PROTOCOL", from, to, target);
	scaling(s, "rescind", from, to, target);
	scaling(s, "validate", from, to, target);
}

/* ---- against the others ---- */

static void describe(const struct row *row, char *text, size_t size)
{
	(void)snprintf(text, size, "%.60s: %.30s, %u vCPUs", row->name, row->kind, row->vcpus);
}

static void full_lists(const struct session *s, struct target *target)
{
	char text[SESSION_TEXT];

	for (size_t i = 0; i < s->results.nr; i++) {
		const struct row *row = &s->results.row[i];

		if (row->impl == IMPL_OURS && strncmp(row->name, "511 entries", 11U) == 0 &&
		    strcmp(row->cost, "none") == 0) {
			describe(row, text, sizeof(text));
			worse(target,
			      row_ratio(row,
					results_find(&s->results, row->name, row->kind, row->cost,
						     row->vcpus, IMPL_LIMIT),
					METRIC_RATE),
			      false, text);
		}
	}
}

static bool is_case(const char *row_name)
{
	for (unsigned int i = 0; i < nr_bench_cases; i++) {
		if (strcmp(row_name, bench_cases[i].name) == 0) {
			return true;
		}
	}
	return false;
}

static void against_peer(const struct session *s, struct target *target)
{
	char text[SESSION_TEXT];

	for (size_t i = 0; i < s->results.nr; i++) {
		const struct row *row = &s->results.row[i];

		if (row->impl == IMPL_OURS && is_case(row->name)) {
			describe(row, text, sizeof(text));
			worse(target,
			      row_ratio(row,
					results_find(&s->results, row->name, row->kind, row->cost,
						     row->vcpus, IMPL_PEER),
					METRIC_RATE),
			      false, text);
		}
	}
}

/* The factor over the peer design with 64 vCPUs against that with 1, for single entries. */
static void growing(const struct session *s, struct target *target)
{
	static const char *const kinds[] = { "rescind", "validate" };

	for (unsigned int k = 0; k < 2U; k++) {
		double factor[2];

		for (unsigned int i = 0; i < 2U; i++) {
			const unsigned int vcpus = i == 0U ? 1U : 64U;

			factor[i] = row_ratio(results_find(&s->results, SINGLE_CASE, kinds[k],
							   "none", vcpus, IMPL_OURS),
					      results_find(&s->results, SINGLE_CASE, kinds[k],
							   "none", vcpus, IMPL_PEER),
					      METRIC_RATE);
		}
		if (factor[0] > 0.0) {
			worse(target, factor[1] / factor[0], false, kinds[k]);
		}
	}
}

static void tail(const struct session *s, struct target *target)
{
	static const char *const kinds[] = { "rescind", "validate" };

	for (unsigned int k = 0; k < 2U; k++) {
		const struct row *row =
			results_find(&s->results, FROZEN_CASE, kinds[k], "none", 2U, IMPL_OURS);

		worse(target,
		      row_ratio(row, row, METRIC_RATE) > 0.0 && row_median(row, METRIC_P50) > 0.0
			      ? row_median(row, METRIC_P999) / row_median(row, METRIC_P50)
			      : 0.0,
		      true, kinds[k]);
	}
}

void targets_evaluate(const struct session *session, struct target targets[NR_TARGETS])
{
	instructions(session, targets);
	targets[3] = name("2 vCPUs against 1, calls/s", ">= 1.9");
	all_scaling(session, 1U, 2U, &targets[3]);
	at_least(&targets[3], MIN_TWO);
	targets[4] = name("64 vCPUs against 2, calls/s", ">= 0.9");
	all_scaling(session, 2U, 64U, &targets[4]);
	at_least(&targets[4], MIN_CROWD);
	targets[5] = name("full lists against the limit", ">= 0.9");
	full_lists(session, &targets[5]);
	at_least(&targets[5], MIN_LIMIT);
	targets[6] = name("p99.9 / p50, 2 vCPUs, a third frozen", "<= 3");
	tail(session, &targets[6]);
	at_most(&targets[6], MAX_TAIL);
	targets[7] = name("against the peer design, the worst row", "> 1");
	against_peer(session, &targets[7]);
	at_least(&targets[7], MIN_PEER);
	targets[8] = name("factor over the peer, 64 vCPUs against 1", "> 1");
	growing(session, &targets[8]);
	at_least(&targets[8], MIN_PEER);
}

void targets_print(FILE *out, const struct target targets[NR_TARGETS])
{
	(void)fprintf(out, "%-50s %8s %10s  %-8s %s\n", "target", "wanted", "measured", "",
		      "worst row");
	for (unsigned int i = 0; i < NR_TARGETS; i++) {
		const struct target *t = &targets[i];

		if (t->known) {
			(void)fprintf(out, "%-50s %8s %10.2f  %-8s %s\n", t->what, t->wanted,
				      t->value, t->met ? "met" : "MISSED", t->worst);
		} else {
			(void)fprintf(out, "%-50s %8s %10s  %-8s\n", t->what, t->wanted, "-",
				      "not measured");
		}
	}
}
