/* SPDX-License-Identifier: Apache-2.0 */
#include "parser_fixture.h"

static void script_numbers(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		uint64_t value;
	} rows[] = {
		{ "0", true, 0 },
		{ "17", true, 17 },
		{ "0x1f", true, 0x1f },
		{ "0xFFFFFFFFFFFFFFFF", true, UINT64_MAX },
		{ "18446744073709551615", true, UINT64_MAX },
		{ "18446744073709551616", false, 0 },
		{ "0x10000000000000000", false, 0 },
		{ "4K", true, 4096 },
		{ "512M", true, UINT64_C(512) << 20 },
		{ "0x10G", true, UINT64_C(16) << 30 },
		{ "16T", true, UINT64_C(16) << 40 },
		{ "16777216T", false, 0 },
		{ "1f", false, 0 },
		{ "4k", false, 0 },
		{ "", false, 0 },
		{ "K", false, 0 },
		{ "0x", false, 0 },
		{ "-1", false, 0 },
		{ "+1", false, 0 },
		{ "1 ", false, 0 },
		{ "1KK", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t value = 0;

		if (text_number(slice_of(rows[i].text), &value) != rows[i].ok ||
		    value != rows[i].value) {
			fail_msg("'%s' read as 0x%llx", rows[i].text, (unsigned long long)value);
		}
	}
}

static void trace_numbers(void **state)
{
	uint64_t value = 0;

	(void)state;
	assert_true(text_hex(slice_of("47b1004"), &value));
	assert_int_equal(value, 0x47b1004);
	assert_true(text_hex(slice_of("0x80000007"), &value));
	assert_int_equal(value, 0x80000007);
	assert_false(text_hex(slice_of("47g1"), &value));
	assert_true(text_dec(slice_of("92042808"), &value));
	assert_int_equal(value, 92042808);
	assert_false(text_dec(slice_of("0x10"), &value));
	assert_false(text_dec(slice_of("1a"), &value));
}

static void words(void **state)
{
	struct slice rest = slice_of("  one\ttwo \r three  ");

	(void)state;
	assert_true(slice_is(text_word(&rest), "one"));
	assert_true(slice_is(text_word(&rest), "two"));
	assert_true(slice_is(text_word(&rest), "three"));
	assert_int_equal(text_word(&rest).len, 0);
	assert_int_equal(text_word(&rest).len, 0);
}

static void cuts(void **state)
{
	struct slice before;
	struct slice after;
	struct slice text = slice_of("key=a=b");

	(void)state;
	assert_true(slice_cut(text, '=', &before, &after));
	assert_true(slice_is(before, "key"));
	assert_true(slice_is(after, "a=b"));
	assert_false(slice_cut(text, '*', &before, &after));
	assert_false(slice_cut(slice_made(text.p, 0), '=', &before, &after));
	assert_true(slice_strip(&text, "key="));
	assert_true(slice_is(text, "a=b"));
	assert_false(slice_strip(&text, "a=b!"));
	assert_true(slice_is(text, "a=b"));
}

/* An error message never carries control characters of the input to the terminal. */
static void messages(void **state)
{
	struct text_error error;

	(void)state;
	assert_false(text_fail(&error, "bad '%.*s'", 3, "\x1b[7"));
	assert_string_equal(error.message, "bad '?[7'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(script_numbers), cmocka_unit_test(trace_numbers),
		cmocka_unit_test(words),	  cmocka_unit_test(cuts),
		cmocka_unit_test(messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
