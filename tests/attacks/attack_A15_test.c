/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#define CLAIMED_PAGE (4U * MIB + 5U * PAGE)
#define LIST (6U * MIB)

/*
 * A15: a vCPU that the host stops with a claim makes that page BUSY, and nothing else (58019
 * section 5, architecture 4).
 */
static void test_unrelated_pages(void **state)
{
	const struct hm_config config = rig_config(2);
	const uint64_t vmsa = 10U * MIB + PAGE;
	const struct hm_regs create = {
		.rax = CREATE_VCPU, .rcx = vmsa, .rdx = 11U * MIB, .r8 = 1
	};
	const uint64_t region = 4U * MIB | SVSM_PAGE_2M | SVSM_PV_FALLBACK;
	struct hm_regs regs;
	struct rig r;

	(void)state;
	rig_start(&r, &config);
	rig_boot_all(&r);
	regs = rig_one_regs(&r, 1, PVALIDATE, CLAIMED_PAGE);
	assert_true(rig_freeze(&r, 1, ARCH_POINT_CLAIMED, 1, &regs));
	attack_check(rig_one(&r, 0, PVALIDATE, CLAIMED_PAGE + PAGE) == SVSM_SUCCESS,
		     "A15: a claim blocks unrelated pages");
	attack_check(rig_one(&r, 0, DEPOSIT_MEM, CLAIMED_PAGE - PAGE) == SVSM_SUCCESS,
		     "A15: a claim blocks an unrelated deposit");
	assert_int_equal(rig_one(&r, 0, PVALIDATE, 8U * MIB | SVSM_PAGE_2M | SVSM_PV_FALLBACK),
			 SVSM_SUCCESS);
	rig_write_vmsa(&r, 0, vmsa, 2);
	assert_int_equal(rig_call(&r, 0, &create), SVSM_SUCCESS);
	assert_int_equal(rig_one(&r, 0, PVALIDATE, CLAIMED_PAGE), SVSM_ERR_BUSY);
	assert_int_equal(rig_one(&r, 0, DEPOSIT_MEM, CLAIMED_PAGE), SVSM_ERR_BUSY);
	/* two pages of the region are not the guest's: that is what a 2 MiB entry is told */
	assert_int_equal(rig_one(&r, 0, PVALIDATE, region), SVSM_ERR_INVALID_ADDRESS);
	assert_int_equal(rig_thaw(&r, 1), SVSM_SUCCESS);
	assert_int_equal(rig_one(&r, 0, PVALIDATE, CLAIMED_PAGE | SVSM_PV_VALIDATE), SVSM_SUCCESS);
	rig_stop(&r);
}

/* A15: no claim outlives its call, however the call ends (architecture 4). */
static void test_no_leak(void **state)
{
	static const uint64_t bad[] = {
		CLAIMED_PAGE | 0x20U,	     /* reserved bit */
		CLAIMED_PAGE | 2U,	     /* page size 2 */
		UINT64_C(1) << 47,	     /* beyond the physical width */
		CLAIMED_PAGE | SVSM_PAGE_2M, /* misaligned */
		62U * MIB,		     /* the SVSM's */
		40U * MIB,		     /* not valid: CF */
		4U * MIB | SVSM_PV_VALIDATE, /* valid: CF, after the flush that is owed */
		LIST,			     /* the list itself */
	};
	const struct hm_regs regs = { .rax = PVALIDATE, .rcx = LIST };
	const struct hm_config config = rig_config(1);
	struct rig r;

	(void)state;
	rig_start(&r, &config);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const uint64_t entries[] = { CLAIMED_PAGE, bad[i] };

		rig_list(&r, 0, LIST, entries, 2);
		assert_int_not_equal(rig_call(&r, 0, &regs), SVSM_SUCCESS);
		assert_int_equal(rig_next(&r, 0, LIST), 1);
		attack_check(rig_one(&r, 0, PVALIDATE, CLAIMED_PAGE | SVSM_PV_VALIDATE) ==
				     SVSM_SUCCESS,
			     "A15: a claim outlived its call, case %zu", i);
	}
	rig_stop(&r);
}

/* A15: nor a deposit's, when it fails at each of its RMP operations. */
static void test_no_leak_deposit(void **state)
{
	const uint64_t entries[] = { CLAIMED_PAGE, CLAIMED_PAGE + PAGE, CLAIMED_PAGE + 2U * PAGE };
	const struct hm_regs regs = { .rax = DEPOSIT_MEM, .rcx = LIST };
	const struct hm_regs withdraw = { .rax = WITHDRAW_MEM, .rcx = LIST };
	const struct hm_config config = rig_config(1);
	struct rig r;

	(void)state;
	rig_start(&r, &config);
	for (unsigned int nth = 1; nth <= 9U; nth++) {
		const unsigned int done = (nth - 1U) / 3U;

		rig_list(&r, 0, LIST, entries, 3);
		hm_inject(r.m, 0, HM_INJECT_RMPADJUST_CODE, nth, ARCH_RMP_FAIL_PERMISSION);
		assert_int_equal(rig_call(&r, 0, &regs),
				 SVSM_ERR_PROTOCOL_BASE + ARCH_RMP_FAIL_PERMISSION);
		assert_int_equal(rig_next(&r, 0, LIST), done);
		assert_int_equal(rig_call(&r, 0, &regs), SVSM_SUCCESS);
		assert_int_equal(rig_next(&r, 0, LIST), 3);
		assert_int_equal(rig_call(&r, 0, &withdraw), SVSM_SUCCESS);
		attack_check(rig_touch(&r, 0, entries[0]) == HM_OK &&
				     rig_touch(&r, 0, entries[1]) == HM_OK &&
				     rig_touch(&r, 0, entries[2]) == HM_OK,
			     "A15: a claim outlived a deposit that failed at step %u", nth);
	}
	rig_stop(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unrelated_pages),
		cmocka_unit_test(test_no_leak),
		cmocka_unit_test(test_no_leak_deposit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
