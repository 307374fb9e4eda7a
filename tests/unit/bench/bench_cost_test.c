/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cost.h"

static void test_none(void **state)
{
	struct cost_model model = { 1U, 1U, 1U, 1U };
	char text[COST_TEXT];

	(void)state;
	assert_true(cost_parse("none", &model));
	assert_true(cost_is_none(&model));
	cost_format(&model, text, sizeof(text));
	assert_string_equal(text, "none");
}

/* The published figures: 34k cycles per switch, 4.26e9 per 8 GiB of RMPADJUST. */
static void test_published(void **state)
{
	struct cost_model model = { 0 };
	char text[COST_TEXT];

	(void)state;
	assert_true(cost_parse("published", &model));
	assert_int_equal(model.switching, 34000);
	assert_int_equal(model.rmpadjust, UINT64_C(4260000000) / (8U << 18));
	assert_int_equal(model.pvalidate, model.rmpadjust);
	assert_int_equal(model.flush, 0);
	cost_format(&model, text, sizeof(text));
	assert_string_equal(text, COST_PUBLISHED);
}

static void test_list(void **state)
{
	struct cost_model model = { 9U, 9U, 9U, 9U };

	(void)state;
	assert_true(cost_parse("flush=1000000000,pvalidate=7", &model));
	assert_int_equal(model.pvalidate, 7);
	assert_int_equal(model.rmpadjust, 0);
	assert_int_equal(model.switching, 0);
	assert_int_equal(model.flush, 1000000000);
}

static void test_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"nothing",
		"pvalidate",
		"pvalidate=",
		"flush=-1",
		"flush=1x",
		"flush=1,",
		",flush=1",
		"flush=1,,switch=2",
		"flush=1000000001",
		"flush=1,flush=1",
		"flush=99999999999999999999",
		"flushes=1",
		"none,flush=1",
	};
	struct cost_model model = { 1U, 2U, 3U, 4U };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(cost_parse(bad[i], &model));
	}
	assert_int_equal(model.pvalidate + model.rmpadjust + model.switching + model.flush, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_published),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
