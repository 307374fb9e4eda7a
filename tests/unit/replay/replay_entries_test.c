/* SPDX-License-Identifier: Apache-2.0 */
#include "parser_fixture.h"

#include "entries.h"

static struct entry_list list;

static bool parse_list(struct slice line, struct text_error *error)
{
	return entries_parse(line, &list, error);
}

/* 58019 table 8: bits 1:0 are the size, so a run of 4 KiB entries advances by 0x1000 and one of 2
 * MiB by 0x200000. */
static void runs(void **state)
{
	struct text_error error;

	(void)state;
	assert_true(parse_list(slice_of("99d004*2 a00005*3 1a00004"), &error));
	assert_int_equal(list.nr, 6);
	assert_int_equal(list.entry[1], 0x99e004);
	assert_int_equal(list.entry[2], 0xa00005);
	assert_int_equal(list.entry[4], 0xe00005);
	assert_int_equal(list.entry[5], 0x1a00004);
	assert_true(entry_starts_run(&list, 0));
	assert_false(entry_starts_run(&list, 1));
	assert_true(entry_starts_run(&list, 2));
	assert_false(entry_starts_run(&list, 4));
	assert_true(entry_starts_run(&list, 5));
	assert_true(parse_list(slice_of(""), &error));
	assert_int_equal(list.nr, 0);
}

static void limits(void **state)
{
	struct text_error error;
	char text[32];

	(void)state;
	(void)snprintf(text, sizeof(text), "4*%u", ENTRIES_MAX);
	assert_true(parse_list(slice_of(text), &error));
	assert_int_equal(list.nr, ENTRIES_MAX);
	(void)snprintf(text, sizeof(text), "4*%u 4", ENTRIES_MAX);
	assert_false(parse_list(slice_of(text), &error));
	assert_false(parse_list(slice_of("4*0"), &error));
	assert_false(parse_list(slice_of("4*"), &error));
	assert_false(parse_list(slice_of("*4"), &error));
	assert_false(parse_list(slice_of("4*18446744073709551615"), &error));
	assert_false(parse_list(slice_of("zz"), &error));
	assert_false(parse_list(slice_of("10000000000000000"), &error));
}

/* The successor of the last page wraps, as the recorded 64-bit arithmetic did: no undefined
 * behaviour. */
static void wrap(void **state)
{
	struct text_error error;

	(void)state;
	assert_true(parse_list(slice_of("fffffffffffff000*2"), &error));
	assert_int_equal(list.entry[1], 0);
}

static void garbage(void **state)
{
	(void)state;
	fuzz_truncate(parse_list, "99d004*99 a00005*8 1a00004*16");
	fuzz_mutate(parse_list, "99d004*99 a00005*8 1a00004*16");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs),
		cmocka_unit_test(limits),
		cmocka_unit_test(wrap),
		cmocka_unit_test(garbage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
