/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "options.h"

#define WORDS 8

static char error[160];

/* @words: up to WORDS - 1 options, ended by NULL. */
static enum run_parse parse(const char *const *words, struct run_options *options)
{
	static char storage[WORDS][64];
	char *argv[WORDS + 1] = { storage[0] };
	int argc = 1;

	memcpy(storage[0], "run", 4U);
	for (; words[argc - 1] != NULL; argc++) {
		assert_true(argc < WORDS && strlen(words[argc - 1]) < sizeof(storage[0]));
		memcpy(storage[argc], words[argc - 1], strlen(words[argc - 1]) + 1U);
		argv[argc] = storage[argc];
	}
	return run_options_parse(argc, argv, options, error, sizeof(error));
}

#define PARSE(options, ...) parse((const char *const[]){ __VA_ARGS__, NULL }, options)

static void defaults(void **state)
{
	static const char *const none[] = { NULL };
	struct run_options options;

	(void)state;
	assert_int_equal(parse(none, &options), RUN_PARSE_OK);
	assert_int_equal(options.vcpus, 8U);
	assert_int_equal(options.memory, UINT64_C(4) << 30);
	assert_int_equal(options.vmpl, 2U);
	assert_int_equal(options.seed, 1U);
	assert_false(options.rmp_4k);
	assert_false(options.quick);
	assert_null(options.traces);
	assert_null(options.json);
	assert_null(options.attest_dir);
}

static void all_values_are_taken(void **state)
{
	struct run_options options;

	(void)state;
	assert_int_equal(
		PARSE(&options, "--vcpus", "64", "--memory=512M", "--vmpl", "3", "--quick"),
		RUN_PARSE_OK);
	assert_int_equal(options.vcpus, 64U);
	assert_int_equal(options.memory, UINT64_C(512) << 20);
	assert_int_equal(options.vmpl, 3U);
	assert_true(options.quick);
	assert_int_equal(PARSE(&options, "--seed", "18446744073709551615", "--rmp", "4k",
			       "--traces=some where", "--json=out.json"),
			 RUN_PARSE_OK);
	assert_true(options.seed == UINT64_MAX);
	assert_true(options.rmp_4k);
	assert_string_equal(options.traces, "some where");
	assert_string_equal(options.json, "out.json");
	assert_int_equal(PARSE(&options, "--attest-dir", "kept"), RUN_PARSE_OK);
	assert_string_equal(options.attest_dir, "kept");
	assert_int_equal(PARSE(&options, "--attest-dir="), RUN_PARSE_BAD);
}

/* --quick makes smaller only what nobody named, whatever the order of the words. */
static void quick_keeps_what_was_named(void **state)
{
	struct run_options options;

	(void)state;
	assert_int_equal(PARSE(&options, "--quick"), RUN_PARSE_OK);
	assert_int_equal(options.vcpus, 4U);
	assert_int_equal(options.memory, UINT64_C(256) << 20);
	assert_int_equal(PARSE(&options, "--vcpus", "16", "--quick", "--memory", "1G"),
			 RUN_PARSE_OK);
	assert_int_equal(options.vcpus, 16U);
	assert_int_equal(options.memory, UINT64_C(1) << 30);
}

static void bad_words_are_named(void **state)
{
	static const char *const bad[][2] = {
		{ "--vcpus", "0" },
		{ "--vcpus", "1025" },
		{ "--vcpus", "-1" },
		{ "--vcpus", "8x" },
		{ "--vcpus", "" },
		{ "--memory", "32M" },
		{ "--memory", "17T" },
		{ "--memory", "G" },
		{ "--memory", "4X" },
		{ "--memory", "65M" },
		{ "--memory", "99999999999999999999T" },
		{ "--vmpl", "0" },
		{ "--vmpl", "4" },
		{ "--rmp", "1g" },
		{ "--seed", "18446744073709551616" },
		{ "--seed", "0x1" },
		{ "--traces", "" },
		{ "--json", "" },
		{ "--bogus", "1" },
		{ "--vcpusx", "1" },
		{ "vcpus", "1" },
		{ "--quick=1", "1" },
	};
	struct run_options options;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(PARSE(&options, bad[i][0], bad[i][1]), RUN_PARSE_BAD);
		assert_non_null(strstr(error, bad[i][0]));
	}
	assert_int_equal(PARSE(&options, "--memory"), RUN_PARSE_BAD);
	assert_non_null(strstr(error, "needs a value"));
}

static void help_wins(void **state)
{
	struct run_options options;

	(void)state;
	assert_int_equal(PARSE(&options, "--help"), RUN_PARSE_HELP);
	assert_int_equal(PARSE(&options, "--quick", "-h"), RUN_PARSE_HELP);
}

static void sizes(void **state)
{
	uint64_t bytes = 0U;

	(void)state;
	assert_true(run_parse_size("4096", &bytes));
	assert_int_equal(bytes, 4096U);
	assert_true(run_parse_size("3k", &bytes));
	assert_int_equal(bytes, 3072U);
	assert_true(run_parse_size("16T", &bytes));
	assert_int_equal(bytes, UINT64_C(16) << 40);
	assert_false(run_parse_size("", &bytes));
	assert_false(run_parse_size("M", &bytes));
	assert_false(run_parse_size("1MM", &bytes));
	assert_false(run_parse_size("1 M", &bytes));
	assert_false(run_parse_size("16777216T", &bytes)); /* 2^64 */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(all_values_are_taken),
		cmocka_unit_test(quick_keeps_what_was_named),
		cmocka_unit_test(bad_words_are_named),
		cmocka_unit_test(help_wins),
		cmocka_unit_test(sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
