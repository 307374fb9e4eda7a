/* SPDX-License-Identifier: Apache-2.0 */
#include "zero.h"

#include <string.h>

#include "core_fixture.h"

#define GPA (8U * MIB)

static unsigned char *bytes(uint64_t gpa)
{
	return hm_system_page(core_machine, hm_spn(core_machine, gpa));
}

static bool all(const unsigned char *at, size_t len, unsigned char value)
{
	return at[0] == value && memcmp(at, at + 1, len - 1U) == 0;
}

static void test_zero(void **state)
{
	(void)state;
	memset(bytes(GPA - PAGE), 0xaa, 514U * PAGE);
	assert_true(svsm_zero(gpa_make(GPA), SVSM_PAGE_4K));
	svsm_zero_finish();
	assert_true(all(bytes(GPA), PAGE, 0));
	assert_true(all(bytes(GPA - PAGE), PAGE, 0xaa));
	assert_true(all(bytes(GPA + PAGE), PAGE, 0xaa));
	assert_true(svsm_zero(gpa_make(GPA), SVSM_PAGE_2M));
	svsm_zero_finish();
	assert_true(all(bytes(GPA), SVSM_REGION_SIZE, 0));
	assert_true(all(bytes(GPA + SVSM_REGION_SIZE), PAGE, 0xaa));
}

/* A page that is not validated gives a recovered fault. */
static void test_fault(void **state)
{
	(void)state;
	assert_false(svsm_zero(gpa_make(40U * MIB), SVSM_PAGE_4K));
	assert_true(hm_steal(core_machine, GPA + 300U * PAGE, false));
	assert_false(svsm_zero(gpa_make(GPA), SVSM_PAGE_2M));
}

/* Whatever is chosen, this CPU has it; one page of scratch is enough. */
static void test_calibrate(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 3U; i++) {
		svsm_zero_calibrate(gpa_make(GPA), i == 0U ? PAGE : i * SVSM_REGION_SIZE);
		assert_int_not_equal(arch_zero_methods() & (1U << svsm_zero_method(SVSM_PAGE_4K)),
				     0);
		assert_int_not_equal(arch_zero_methods() & (1U << svsm_zero_method(SVSM_PAGE_2M)),
				     0);
	}
	assert_true(all(bytes(GPA), SVSM_REGION_SIZE, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		core_test(test_zero),
		core_test(test_fault),
		core_test(test_calibrate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
