/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stats.h"

static void near(double value, double wanted)
{
	assert_true(value > wanted - 1e-9 && value < wanted + 1e-9);
}

static void test_median(void **state)
{
	const double odd[] = { 9.0, 1.0, 5.0 };
	const double even[] = { 4.0, 1.0, 3.0, 100.0 };

	(void)state;
	near(stats_median(odd, 3U), 5.0);
	near(stats_median(odd, 1U), 9.0);
	near(stats_median(even, 4U), 3.5);
	near(stats_median(odd, 0U), 0.0);
	near(stats_median(odd, STATS_MAX + 1U), 0.0);
	near(odd[0], 9.0);
}

/* The median of ratios is not the ratio of medians: repeats that were slow together cancel out. */
static void test_ratio(void **state)
{
	const double ours[] = { 100.0, 10.0, 60.0 };
	const double peer[] = { 50.0, 5.0, 20.0 };

	(void)state;
	near(stats_ratio(ours, peer, 3U), 2.0);
}

static void test_ratio_leaves_zero_out(void **state)
{
	const double ours[] = { 100.0, 10.0, 60.0 };
	const double some[] = { 0.0, 5.0, 0.0 };
	const double none[] = { 0.0, 0.0, 0.0 };

	(void)state;
	near(stats_ratio(ours, some, 3U), 2.0);
	near(stats_ratio(ours, none, 3U), 0.0);
}

static void test_spread(void **state)
{
	const double values[] = { 90.0, 100.0, 120.0 };

	(void)state;
	near(stats_spread(values, 3U), 0.3);
	near(stats_spread(values, 1U), 0.0);
}

/* Noise is the spread of both runs together. */
static void test_change_within_noise(void **state)
{
	const double from[] = { 90.0, 100.0, 110.0 };
	const double to[] = { 110.0, 120.0, 130.0 };
	const double far[] = { 138.0, 140.0, 142.0 };
	double change = 0.0;

	(void)state;
	assert_false(stats_changed(from, 3U, to, 3U, &change));
	near(change, 0.2);
	assert_true(stats_changed(from, 3U, far, 3U, &change));
	near(change, 0.4);
	assert_true(stats_changed(far, 3U, from, 3U, &change));
	assert_true(change < 0.0);
}

/* Repeats that agree by chance do not make a small change a finding. */
static void test_change_below_minimum(void **state)
{
	const double from[] = { 100.0, 100.0, 100.0 };
	const double small[] = { 104.0, 104.0, 104.0 };
	const double large[] = { 106.0, 106.0, 106.0 };
	double change = 0.0;

	(void)state;
	assert_false(stats_changed(from, 3U, small, 3U, &change));
	assert_true(stats_changed(from, 3U, large, 3U, &change));
}

static void test_change_without_values(void **state)
{
	const double from[] = { 100.0 };
	const double zero[] = { 0.0 };
	double change = 1.0;

	(void)state;
	assert_false(stats_changed(from, 1U, zero, 1U, &change));
	assert_false(stats_changed(zero, 0U, from, 1U, &change));
	near(change, 0.0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_median),
		cmocka_unit_test(test_ratio),
		cmocka_unit_test(test_ratio_leaves_zero_out),
		cmocka_unit_test(test_spread),
		cmocka_unit_test(test_change_within_noise),
		cmocka_unit_test(test_change_below_minimum),
		cmocka_unit_test(test_change_without_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
