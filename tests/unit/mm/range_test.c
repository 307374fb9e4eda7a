/* SPDX-License-Identifier: Apache-2.0 */
#include "range.h"

#include "core_fixture.h"

/* architecture 4: start, end, wrap, width; an address with the C-bit is beyond the width. */
static void test_make(void **state)
{
	static const struct {
		uint64_t start, len;
		bool ok;
	} cases[] = {
		{ 0, 1, true },
		{ 0, 0, false },
		{ 0, UINT64_C(1) << 40, true },
		{ 0, (UINT64_C(1) << 40) + 1U, false },
		{ (UINT64_C(1) << 40) - 1U, 1, true },
		{ (UINT64_C(1) << 40) - 1U, 2, false },
		{ UINT64_C(1) << 40, 1, false },
		{ (UINT64_C(1) << 40) - 4096U, 4096, true },
		{ (UINT64_C(1) << 40) - 4096U, 4097, false },
		{ (UINT64_C(1) << 51) | 0x1000U, 4096, false },
		{ UINT64_C(1) << 63, 4096, false },
		{ UINT64_MAX, 1, false },
		{ UINT64_MAX - 4095U, 4096, false },
		{ 4096, UINT64_MAX, false },
		{ 4096, UINT64_MAX - 4095U, false },
	};

	(void)state;
	svsm_range_init(40);
	assert_int_equal(svsm_range_phys_bits(), 40);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct svsm_range range = { .len = 0 };

		assert_int_equal(svsm_range_make(gpa_make(cases[i].start), cases[i].len, &range),
				 cases[i].ok);
		assert_int_equal(range.len, cases[i].ok ? cases[i].len : 0U);
	}
}

static void test_width(void **state)
{
	struct svsm_range range;

	(void)state;
	svsm_range_init(52);
	assert_true(svsm_range_make(gpa_make(UINT64_C(0xffffffffff000)), 4096, &range));
	assert_false(svsm_range_make(gpa_make(UINT64_C(0x10000000000000)), 1, &range));
	svsm_range_init(32);
	assert_true(svsm_range_make(gpa_make(0xfffff000U), 4096, &range));
	assert_false(svsm_range_make(gpa_make(0xfffff000U), 4097, &range));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_make),
		cmocka_unit_test(test_width),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
