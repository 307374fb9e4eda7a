/* SPDX-License-Identifier: Apache-2.0 */
#include "stats.h"

static void sort(double *values, unsigned int n)
{
	for (unsigned int i = 1; i < n; i++) {
		const double value = values[i];
		unsigned int at = i;

		for (; at > 0U && values[at - 1U] > value; at--) {
			values[at] = values[at - 1U];
		}
		values[at] = value;
	}
}

double stats_median(const double *values, unsigned int n)
{
	double sorted[STATS_MAX];

	if (n == 0U || n > STATS_MAX) {
		return 0.0;
	}
	for (unsigned int i = 0; i < n; i++) {
		sorted[i] = values[i];
	}
	sort(sorted, n);
	return n % 2U == 1U ? sorted[n / 2U] : (sorted[n / 2U - 1U] + sorted[n / 2U]) / 2.0;
}

double stats_ratio(const double *a, const double *b, unsigned int n)
{
	double ratios[STATS_MAX];
	unsigned int nr = 0U;

	for (unsigned int i = 0; i < n && i < STATS_MAX; i++) {
		if (b[i] > 0.0) {
			ratios[nr++] = a[i] / b[i];
		}
	}
	return stats_median(ratios, nr);
}

double stats_spread(const double *values, unsigned int n)
{
	const double median = stats_median(values, n);
	double low = median;
	double high = median;

	for (unsigned int i = 0; i < n && i < STATS_MAX; i++) {
		low = values[i] < low ? values[i] : low;
		high = values[i] > high ? values[i] : high;
	}
	return n < 2U || median <= 0.0 ? 0.0 : (high - low) / median;
}

bool stats_changed(const double *from, unsigned int nr_from, const double *to, unsigned int nr_to,
		   double *change)
{
	const double before = stats_median(from, nr_from);
	const double after = stats_median(to, nr_to);
	double noise = stats_spread(from, nr_from) + stats_spread(to, nr_to);

	*change = 0.0;
	if (before <= 0.0 || after <= 0.0) {
		return false;
	}
	noise = noise < STATS_MIN_CHANGE ? STATS_MIN_CHANGE : noise;
	*change = after / before - 1.0;
	return *change > noise || *change < -noise;
}
