/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "histogram.h"

#define SAMPLES 20000U

/* Deterministic: xorshift64. */
static uint64_t next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static int by_value(const void *left, const void *right)
{
	const uint64_t a = *(const uint64_t *)left;
	const uint64_t b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

/* Samples of every magnitude that a call can take. */
static void fill(uint64_t *samples, unsigned int count, unsigned int bits, uint64_t seed)
{
	for (unsigned int i = 0; i < count; i++) {
		const uint64_t value = next(&seed);

		samples[i] = value >> (64U - 1U - (unsigned int)(next(&seed) % bits));
	}
}

static void check_against_sort(uint64_t *samples, unsigned int count, const struct histogram *h)
{
	static const uint64_t parts[] = { 1U, 10U, 500U, 900U, 990U, 999U, 1000U };

	qsort(samples, count, sizeof(samples[0]), by_value);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const uint64_t rank = (count * parts[i] + 999U) / 1000U;
		const uint64_t exact = samples[rank - 1U];
		const uint64_t got = histogram_percentile(h, parts[i], 1000U);

		assert_true(got >= exact);
		assert_true(got <= exact + exact / 32U);
	}
}

static void percentiles_follow_an_exact_sort(void **state)
{
	static uint64_t samples[SAMPLES];
	static const unsigned int bits[] = { 1U, 6U, 12U, 30U, 39U };

	(void)state;
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		struct histogram h = { .count = 0U };

		fill(samples, SAMPLES, bits[i], 42U + i);
		for (unsigned int k = 0; k < SAMPLES; k++) {
			histogram_add(&h, samples[k]);
		}
		assert_int_equal(h.count, SAMPLES);
		check_against_sort(samples, SAMPLES, &h);
		assert_int_equal(h.max, samples[SAMPLES - 1U]);
		assert_int_equal(histogram_percentile(&h, 1000U, 1000U), h.max);
	}
}

/* Odd counts: the rank is rounded up, never down to a sample that too few reach. */
static void small_counts_round_up(void **state)
{
	struct histogram h = { .count = 0U };

	(void)state;
	assert_int_equal(histogram_percentile(&h, 999U, 1000U), 0U);
	histogram_add(&h, 7U);
	assert_int_equal(histogram_percentile(&h, 1U, 1000U), 7U);
	histogram_add(&h, 9U);
	histogram_add(&h, 11U);
	assert_int_equal(histogram_percentile(&h, 500U, 1000U), 9U);
	assert_int_equal(histogram_percentile(&h, 334U, 1000U), 9U);
	assert_int_equal(histogram_percentile(&h, 333U, 1000U), 7U);
	assert_int_equal(histogram_percentile(&h, 999U, 1000U), 11U);
}

/* Every bucket boundary: a value is never reported below itself, nor more than 1/32 above. */
static void boundaries_are_exact_enough(void **state)
{
	(void)state;
	for (unsigned int bit = 0; bit < HISTOGRAM_MAX_BITS; bit++) {
		for (int offset = -1; offset <= 1; offset++) {
			const uint64_t value = (UINT64_C(1) << bit) + (uint64_t)(int64_t)offset;
			struct histogram h = { .count = 0U };

			histogram_add(&h, value);
			histogram_add(&h, UINT64_MAX); /* the maximum must not be what limits it */
			assert_true(histogram_percentile(&h, 500U, 1000U) >= value);
			assert_true(histogram_percentile(&h, 500U, 1000U) <= value + value / 32U);
		}
	}
}

static void huge_samples_count_and_keep_the_maximum(void **state)
{
	struct histogram h = { .count = 0U };

	(void)state;
	histogram_add(&h, UINT64_C(1) << HISTOGRAM_MAX_BITS);
	histogram_add(&h, (UINT64_C(1) << 60) + 5U);
	assert_int_equal(h.count, 2U);
	assert_int_equal(histogram_percentile(&h, 1000U, 1000U), (UINT64_C(1) << 60) + 5U);
}

static void merging_is_recording_in_one(void **state)
{
	static uint64_t samples[SAMPLES];
	struct histogram one = { .count = 0U };
	struct histogram two = { .count = 0U };
	struct histogram all = { .count = 0U };

	(void)state;
	fill(samples, SAMPLES, 25U, 7U);
	for (unsigned int i = 0; i < SAMPLES; i++) {
		histogram_add(i % 3U == 0U ? &one : &two, samples[i]);
		histogram_add(&all, samples[i]);
	}
	histogram_merge(&one, &two);
	assert_memory_equal(&one, &all, sizeof(all));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(percentiles_follow_an_exact_sort),
		cmocka_unit_test(small_counts_round_up),
		cmocka_unit_test(boundaries_are_exact_enough),
		cmocka_unit_test(huge_samples_count_and_keep_the_maximum),
		cmocka_unit_test(merging_is_recording_in_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
