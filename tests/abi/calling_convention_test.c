/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

static void test_smoke(void **state)
{
	struct abi *a = *state;

	assert_int_equal(abi_core(a, ABI_REMAP_CA, ABI_SPARE), ABI_SUCCESS);
	abi_expect_page(a, ABI_SPARE, ABI_CALLING_AREA);
	abi_expect_page(a, ABI_CA, ABI_GRANTED);
	abi_start_cpu(a, 1);
	abi_on(a, 1);
	assert_int_equal(abi_pvalidate(a, ABI_INVALID | ABI_PV_2M | ABI_PV_VALIDATE | 16), ABI_SUCCESS);
	abi_expect_pages(a, ABI_INVALID, 512, ABI_GRANTED);
	assert_int_equal(abi_deposit(a, ABI_INVALID | 1), ABI_SUCCESS);
	abi_expect_pages(a, ABI_INVALID, 512, ABI_PRIVATE);
	assert_int_equal(abi_core(a, ABI_WITHDRAW_MEM, ABI_LIST), ABI_SUCCESS);
}

int main(void)
{
	const struct CMUnitTest tests[] = { ABI_TEST(test_smoke) };

	return ABI_RUN(tests);
}
