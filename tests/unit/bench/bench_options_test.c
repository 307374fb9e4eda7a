/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "options.h"

#define MAX_WORDS 20

static bool parse(struct bench_options *options, const char *words)
{
	static char text[256];
	char *argv[MAX_WORDS] = { text };
	int argc = 1;

	(void)snprintf(text, sizeof(text), "bench %s", words);
	for (char *word = strchr(text, ' '); word != NULL && argc < MAX_WORDS;
	     word = strchr(word, ' ')) {
		*word++ = '\0';
		if (*word != '\0') {
			argv[argc++] = word;
		}
	}
	return bench_options_parse(argc, argv, options);
}

static void test_defaults(void **state)
{
	struct bench_options options;

	(void)state;
	assert_true(parse(&options, ""));
	assert_int_equal(options.selected, (1U << BENCH_NAME_NR) - 1U);
	assert_int_equal(options.psp_us, 1000);
	assert_int_equal(options.repeats, 3);
	assert_true(options.ms > 0U);
	assert_false(options.quick || options.help || options.cost_named);
	assert_null(options.compare);
}

static void test_all_options(void **state)
{
	struct bench_options options;

	(void)state;
	assert_true(parse(&options, "--quick --cost switch=5 --repeats 9 --ms 7 --psp-us 3 zero "
				    "--output there attest"));
	assert_true(options.quick && options.cost_named);
	assert_int_equal(options.cost.switching, 5);
	assert_int_equal(options.repeats, 9);
	assert_int_equal(options.ms, 7);
	assert_int_equal(options.psp_us, 3);
	assert_string_equal(options.output, "there");
	assert_int_equal(options.selected, 1U << BENCH_ZERO | 1U << BENCH_ATTEST);
}

static void test_quick_measures_shorter(void **state)
{
	struct bench_options quick, full;

	(void)state;
	assert_true(parse(&quick, "--quick"));
	assert_true(parse(&full, ""));
	assert_true(quick.ms < full.ms);
}

static void test_only_means_calls(void **state)
{
	struct bench_options options;

	(void)state;
	assert_true(parse(&options, "--only null"));
	assert_string_equal(options.only, "null");
	assert_int_equal(options.selected, 1U << BENCH_CALLS);
}

static void test_compare(void **state)
{
	struct bench_options options;

	(void)state;
	assert_true(parse(&options, "--compare a.json --against b.json"));
	assert_string_equal(options.compare, "a.json");
	assert_string_equal(options.against, "b.json");
	assert_false(parse(&options, "--against b.json"));
}

static void test_refused(void **state)
{
	static const char *const bad[] = {
		"nonsense",   "--repeats 1", "--repeats 10", "--repeats", "--ms 0",
		"--ms 10001", "--psp-us 0",  "--psp-us x",   "--cost",	  "--cost what",
		"--output",   "--compare",   "--only",	     "--vcpus 3", "--psp-us 1000001",
	};
	struct bench_options options;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(parse(&options, bad[i]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_all_options),
		cmocka_unit_test(test_quick_measures_shorter),
		cmocka_unit_test(test_only_means_calls),
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
