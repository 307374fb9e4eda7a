/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "cases.h"

static void test_names_are_keys(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < nr_bench_cases; i++) {
		assert_true(strlen(bench_cases[i].name) < RESULTS_NAME);
		for (unsigned int k = 0; k < i; k++) {
			assert_string_not_equal(bench_cases[i].name, bench_cases[k].name);
		}
	}
}

static const struct bench_case *find(const char *name)
{
	for (unsigned int i = 0; i < nr_bench_cases; i++) {
		if (strcmp(bench_cases[i].name, name) == 0) {
			return &bench_cases[i];
		}
	}
	fail_msg("no case %s", name);
	return NULL;
}

static void test_counts(void **state)
{
	unsigned int counts[CASES_MAX_COUNTS];

	(void)state;
	assert_int_equal(case_counts(find("null call"), false, false, counts), 9);
	assert_int_equal(counts[0], 1);
	assert_int_equal(counts[8], 256);
	assert_int_equal(case_counts(find("null call"), true, false, counts), 3);
	assert_int_equal(counts[2], 64);
	assert_int_equal(case_counts(find("64 entries 2M"), false, false, counts), 3);
	assert_int_equal(counts[2], 8);
	assert_int_equal(case_counts(find("511 entries 2M"), false, false, counts), 1);
	assert_int_equal(counts[0], 1);
}

/* 2 MiB lists are real memory of this computer: 1 GiB at most is zeroed. */
static void test_memory_is_bounded(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < nr_bench_cases; i++) {
		const struct bench_case *c = &bench_cases[i];
		unsigned int counts[CASES_MAX_COUNTS];
		const unsigned int nr = case_counts(c, false, false, counts);

		for (unsigned int k = 0; c->load.large && k < nr; k++) {
			assert_true((uint64_t)counts[k] * c->load.entries * (2U << 20) <=
				    UINT64_C(1) << 30);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_are_keys),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_memory_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
