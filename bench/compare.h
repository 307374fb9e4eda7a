/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_COMPARE_H
#define BENCH_COMPARE_H

#include "results.h"

struct compare_count {
	unsigned int compared, faster, slower, unknown; /* unknown: only in one of the two */
};

/*
 * Print what changed beyond noise (stats_changed()) in the rates of our own rows, in calls per
 * second and, where the limit was measured too, relative to it: a computer that is slower as a
 * whole changes the first and not the second.
 */
struct compare_count compare_print(FILE *out, const struct results *from, const struct results *to);

#endif
