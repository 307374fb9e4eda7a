/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

struct cell table_cell(const struct results *results, const struct row *like)
{
	struct cell cell;

	for (unsigned int i = 0; i < IMPL_NR; i++) {
		cell.row[i] = results_find(results, like->name, like->kind, like->cost, like->vcpus,
					   (enum impl)i);
	}
	return cell;
}

void table_head(FILE *out)
{
	(void)fprintf(out,
		      "%5s %-14s %9s %9s %9s %6s %7s %8s %8s %8s %8s %8s %9s %9s %6s %6s %8s\n",
		      "vCPUs", "call", "ours/s", "peer/s", "limit/s", "x peer", "x limit",
		      "ours ns", "peer ns", "limit ns", "p50 us", "p99 us", "p99.9 us", "max us",
		      "flush", "BUSY", "conflict");
}

static void number(FILE *out, int width, int digits, double value, bool known)
{
	if (known) {
		(void)fprintf(out, " %*.*f", width, digits, value);
	} else {
		(void)fprintf(out, " %*s", width, "-");
	}
}

/* One that made no call at all while ours did has no factor, and must be seen. */
static void ratio(FILE *out, int width, const struct row *ours, const struct row *other)
{
	if (other != NULL && row_median(other, METRIC_RATE) <= 0.0 &&
	    row_median(ours, METRIC_RATE) > 0.0) {
		(void)fprintf(out, " %*s", width, "stuck");
		return;
	}
	number(out, width, 2, row_ratio(ours, other, METRIC_RATE), other != NULL);
}

void table_row(FILE *out, const struct cell *cell)
{
	static const enum metric times[] = { METRIC_P50, METRIC_P99, METRIC_P999, METRIC_MAX };
	const struct row *ours = cell->row[IMPL_OURS];

	(void)fprintf(out, "%5u %-14.14s", ours->vcpus, ours->kind);
	for (unsigned int i = 0; i < IMPL_NR; i++) {
		number(out, 9, 0, row_median(cell->row[i], METRIC_RATE), cell->row[i] != NULL);
	}
	for (unsigned int i = IMPL_PEER; i < IMPL_NR; i++) {
		ratio(out, i == IMPL_PEER ? 6 : 7, ours, cell->row[i]);
	}
	for (unsigned int i = 0; i < IMPL_NR; i++) {
		number(out, 8, 0, row_median(cell->row[i], METRIC_CPU),
		       row_median(cell->row[i], METRIC_CPU) > 0.0);
	}
	for (unsigned int i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		number(out, i < 2U ? 8 : 9, 2, row_median(ours, times[i]) / 1000.0, true);
	}
	number(out, 6, 2, row_median(ours, METRIC_FLUSHES), true);
	number(out, 6, 2, row_median(ours, METRIC_BUSY), true);
	number(out, 8, 4, row_median(ours, METRIC_CONFLICTS), true);
	(void)fputc('\n', out);
}
