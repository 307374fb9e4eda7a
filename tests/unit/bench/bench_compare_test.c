/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "compare.h"

static void add(struct results *results, const char *name, enum impl impl, double rate,
		double spread)
{
	struct row *row = results_row(results, name, "call", "none", 1U, impl);

	assert_non_null(row);
	row->n = 3U;
	row->value[METRIC_RATE][0] = rate;
	row->value[METRIC_RATE][1] = rate * (1.0 - spread / 2.0);
	row->value[METRIC_RATE][2] = rate * (1.0 + spread / 2.0);
}

static struct compare_count run(const struct results *from, const struct results *to)
{
	FILE *out = tmpfile();
	struct compare_count count;

	assert_non_null(out);
	count = compare_print(out, from, to);
	(void)fclose(out);
	return count;
}

static void test_changes(void **state)
{
	struct results from = { .nr = 0U };
	struct results to = { .nr = 0U };
	struct compare_count count;

	(void)state;
	add(&from, "quicker", IMPL_OURS, 100.0, 0.02);
	add(&to, "quicker", IMPL_OURS, 150.0, 0.02);
	add(&from, "slower", IMPL_OURS, 100.0, 0.02);
	add(&to, "slower", IMPL_OURS, 80.0, 0.02);
	add(&from, "noisy", IMPL_OURS, 100.0, 0.3);
	add(&to, "noisy", IMPL_OURS, 130.0, 0.3);
	add(&to, "new", IMPL_OURS, 1.0, 0.0);
	count = run(&from, &to);
	assert_int_equal(count.compared, 3);
	assert_int_equal(count.faster, 1);
	assert_int_equal(count.slower, 1);
	assert_int_equal(count.unknown, 1);
	results_free(&from);
	results_free(&to);
}

/* The other implementations only explain: they are not what is compared. */
static void test_ours_only(void **state)
{
	struct results from = { .nr = 0U };
	struct results to = { .nr = 0U };
	struct compare_count count;

	(void)state;
	add(&from, "case", IMPL_PEER, 100.0, 0.0);
	add(&to, "case", IMPL_PEER, 500.0, 0.0);
	add(&from, "case", IMPL_OURS, 100.0, 0.0);
	add(&to, "case", IMPL_OURS, 100.0, 0.0);
	count = run(&from, &to);
	assert_int_equal(count.compared, 1);
	assert_int_equal(count.faster + count.slower + count.unknown, 0);
	results_free(&from);
	results_free(&to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_ours_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
