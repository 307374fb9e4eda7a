/* SPDX-License-Identifier: Apache-2.0 */
#include "arena.h"

#include "core_fixture.h"

#define START (4U * MIB)

static void test_alignment(void **state)
{
	struct svsm_arena arena;
	unsigned char *first, *second, *third;

	(void)state;
	svsm_arena_init(&arena, gpa_make(START), 4U * PAGE);
	assert_int_equal(svsm_arena_rest(&arena).raw, START);
	first = svsm_arena_alloc(&arena, 1, 1);
	second = svsm_arena_alloc(&arena, 100, 64);
	third = svsm_arena_alloc(&arena, PAGE, PAGE);
	assert_ptr_equal(first, arch_private_ptr(gpa_make(START)));
	assert_ptr_equal(second, first + 64);
	assert_ptr_equal(third, first + PAGE);
	assert_int_equal(svsm_arena_rest(&arena).raw, START + 2U * PAGE);
}

/* Sizes that do not fit, or wrap when they are added, take nothing. */
static void test_exhaustion(void **state)
{
	struct svsm_arena arena;

	(void)state;
	svsm_arena_init(&arena, gpa_make(START), 2U * PAGE);
	assert_non_null(svsm_arena_alloc(&arena, 10, 1));
	assert_null(svsm_arena_alloc(&arena, 2U * PAGE, 1));
	assert_null(svsm_arena_alloc(&arena, UINT64_MAX, 1));
	assert_null(svsm_arena_alloc(&arena, UINT64_MAX - 9U, 1));
	assert_non_null(svsm_arena_alloc(&arena, 2U * PAGE - 10U, 1));
	assert_null(svsm_arena_alloc(&arena, 1, 1));
	assert_null(svsm_arena_alloc(&arena, 1, PAGE));
	assert_int_equal(svsm_arena_rest(&arena).raw, START + 2U * PAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		core_test(test_alignment),
		core_test(test_exhaustion),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
