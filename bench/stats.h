/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_STATS_H
#define BENCH_STATS_H

#include <stdbool.h>

#define STATS_MAX 9U /* repeats of a measurement */

/* Of @n values, 0 < @n <= STATS_MAX; 0 if there is none. The mean of the middle two for even @n. */
double stats_median(const double *values, unsigned int n);

/*
 * Median of a[i] / b[i]. Repeats are interleaved, so a[i] and b[i] were measured next to each
 * other: what slowed the computer down slowed both. Pairs with b[i] <= 0 are left out; 0 if none is
 * left.
 */
double stats_ratio(const double *a, const double *b, unsigned int n);

/* (max - min) / median; 0 for less than two values or a median of 0. */
double stats_spread(const double *values, unsigned int n);

#define STATS_MIN_CHANGE 0.05

/*
 * Did the median change by more than noise from @from to @to? Noise is what the repeats of both
 * differ by, and never below STATS_MIN_CHANGE. *@change is to / from - 1. False also if one of them
 * has no value above 0.
 */
bool stats_changed(const double *from, unsigned int nr_from, const double *to, unsigned int nr_to,
		   double *change);

#endif
