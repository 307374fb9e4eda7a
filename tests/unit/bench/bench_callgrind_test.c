/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "callgrind.h"

static bool read_text(const char *text, struct callgrind_counts *counts)
{
	FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	bool ok = false;

	assert_non_null(in);
	ok = callgrind_read(in, counts);
	(void)fclose(in);
	return ok;
}

static const char sample[] = "events: Ir\n"
			     "fn=serve\n"
			     "10 5\n"
			     "cfn=svsm_serve\n"
			     "calls=4 20\n"
			     "11 1000\n"
			     "fn=svsm_serve\n"
			     "20 300\n"
			     "cfn=arch_guest_read\n"
			     "calls=4 30\n"
			     "21 400\n"
			     "cfn=helper\n"
			     "calls=4 40\n"
			     "22 300\n"
			     "fn=helper\n"
			     "40 100\n"
			     "cfn=arch_pvalidate\n"
			     "calls=2 50\n"
			     "41 200\n"
			     "fn=arch_guest_read\n"
			     "30 300\n"
			     "cfn=arch_pvalidate\n"
			     "calls=1 50\n"
			     "31 100\n"
			     "fn=hm_copy\n"
			     "60 1\n"
			     "cfn=arch_pvalidate\n"
			     "calls=1 50\n"
			     "61 50\n";

/* Costs of arch_* count where the core calls them, once. */
static void test_sample(void **state)
{
	struct callgrind_counts counts;

	(void)state;
	assert_true(read_text(sample, &counts));
	assert_int_equal(counts.total, 1000);
	assert_int_equal(counts.arch, 600);
}

static void test_nothing_served(void **state)
{
	struct callgrind_counts counts;

	(void)state;
	assert_false(read_text("fn=main\n1 2\ncfn=arch_tsc\ncalls=1 2\n3 4\n", &counts));
	assert_false(read_text("\n", &counts));
}

/* A name that only starts like the function is another function. */
static void test_other_names(void **state)
{
	struct callgrind_counts counts;

	(void)state;
	assert_true(read_text("fn=a\ncfn=svsm_serve_more\ncalls=1 1\n1 10\n"
			      "cfn=svsm_serve\ncalls=1 1\n1 7\n",
			      &counts));
	assert_int_equal(counts.total, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sample),
		cmocka_unit_test(test_nothing_served),
		cmocka_unit_test(test_other_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
