/* SPDX-License-Identifier: Apache-2.0 */
#include "compare.h"

#include <string.h>

/* Rates relative to the limit of the same repeat. False without a limit. */
static bool relative(const struct results *results, const struct row *row, double *values)
{
	const struct row *limit =
		results_find(results, row->name, row->kind, row->cost, row->vcpus, IMPL_LIMIT);

	for (unsigned int i = 0; i < row->n; i++) {
		if (limit == NULL || i >= limit->n || limit->value[METRIC_RATE][i] <= 0.0) {
			return false;
		}
		values[i] = row->value[METRIC_RATE][i] / limit->value[METRIC_RATE][i];
	}
	return row->n > 0U;
}

static void print_relative(FILE *out, const struct results *from, const struct row *before,
			   const struct results *to, const struct row *after)
{
	double old[STATS_MAX], new[STATS_MAX];
	double change = 0.0;

	if (!relative(from, before, old) || !relative(to, after, new)) {
		(void)fprintf(out, "  %s\n", "-");
		return;
	}
	if (stats_changed(old, before->n, new, after->n, &change)) {
		(void)fprintf(out, "  %+6.1f %%\n", 100.0 * change);
	} else {
		(void)fprintf(out, "  (noise)\n");
	}
}

static void compare_row(FILE *out, const struct results *from, const struct results *to,
			const struct row *after, struct compare_count *count)
{
	const struct row *before =
		results_find(from, after->name, after->kind, after->cost, after->vcpus, IMPL_OURS);
	double change = 0.0;

	if (before == NULL) {
		count->unknown++;
		return;
	}
	count->compared++;
	if (!stats_changed(before->value[METRIC_RATE], before->n, after->value[METRIC_RATE],
			   after->n, &change)) {
		return;
	}
	count->faster += change > 0.0 ? 1U : 0U;
	count->slower += change < 0.0 ? 1U : 0U;
	(void)fprintf(out, "%-44s %-28s %5u  %12.0f  %12.0f  %+6.1f %%", after->name, after->kind,
		      after->vcpus, row_median(before, METRIC_RATE), row_median(after, METRIC_RATE),
		      100.0 * change);
	print_relative(out, from, before, to, after);
}

struct compare_count compare_print(FILE *out, const struct results *from, const struct results *to)
{
	struct compare_count count = { 0 };

	(void)fprintf(out, "%-44s %-28s %5s  %12s  %12s  %8s  %s\n", "case", "call", "vCPUs",
		      "calls/s old", "calls/s new", "change", "change against the limit");
	for (size_t i = 0; i < to->nr; i++) {
		if (to->row[i].impl == IMPL_OURS) {
			compare_row(out, from, to, &to->row[i], &count);
		}
	}
	(void)fprintf(out,
		      "%u rows compared: %u faster, %u slower, the others unchanged within noise; "
		      "%u new\n",
		      count.compared, count.faster, count.slower, count.unknown);
	return count;
}
