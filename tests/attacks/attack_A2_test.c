/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#define PINNED_PAGE (4U * MIB)
#define RESCINDED (5U * MIB)

/*
 * A2: VMPL1 has taken the write right of a page from VMPL2; VMPL2 deposits it while its other vCPU
 * keeps a copy of it pinned. The refusal must leave VMPL2's rights as they were: nothing knows the
 * old mask after a revoke (58019 section 6.6).
 */
static void test_refusal_changes_nothing(void **state)
{
	const struct hm_config config = rig_config(2);
	const struct hm_regs regs = { .rax = PVALIDATE, .rcx = PINNED_PAGE };
	const uint64_t entry = RESCINDED;
	struct snpm_result lowered;
	uint64_t before, value;
	struct rig r;

	(void)state;
	rig_start(&r, &config);
	rig_boot_all(&r);
	rig_list(&r, 0, PINNED_PAGE, &entry, 1);
	lowered = snpm_rmpadjust(hm_rmp(r.m), 1, hm_spn(r.m, PINNED_PAGE),
				 PINNED_PAGE >> SVSM_PAGE_SHIFT, SVSM_PAGE_4K, 2, SVSM_PERM_READ,
				 false);
	assert_int_equal(lowered.code, SNPM_OK);
	before = rig_rmp(&r, PINNED_PAGE);
	assert_true(rig_freeze(&r, 0, ARCH_POINT_PIN_CHECKED, 2, &regs));
	assert_int_equal(rig_one(&r, 1, DEPOSIT_MEM, PINNED_PAGE), SVSM_ERR_BUSY);
	attack_check(rig_touch(&r, 1, PINNED_PAGE) == HM_NPF,
		     "A2: a refused deposit raised the rights of VMPL2");
	assert_int_equal(rig_rmp(&r, PINNED_PAGE), before);
	assert_int_equal(rig_thaw(&r, 0), SVSM_SUCCESS);
	assert_int_equal(rig_read(&r, 1, PINNED_PAGE, &value, sizeof(value)), HM_OK);
	rig_stop(&r);
}

/* A2: pages behind the pinned one go back, pages before it are deposited (58019 section 6.6). */
static void test_part_of_the_list(void **state)
{
	const struct hm_config config = rig_config(2);
	const struct hm_regs regs = { .rax = PVALIDATE, .rcx = PINNED_PAGE };
	const uint64_t entry = RESCINDED;
	const uint64_t deposits[] = { PINNED_PAGE + PAGE, PINNED_PAGE, PINNED_PAGE + 2U * PAGE };
	const uint64_t at = 6U * MIB;
	const struct hm_regs deposit = { .rax = DEPOSIT_MEM, .rcx = at };
	struct rig r;

	(void)state;
	rig_start(&r, &config);
	rig_boot_all(&r);
	rig_list(&r, 0, PINNED_PAGE, &entry, 1);
	rig_list(&r, 1, at, deposits, 3);
	assert_true(rig_freeze(&r, 0, ARCH_POINT_PIN_CHECKED, 2, &regs));
	assert_int_equal(rig_call(&r, 1, &deposit), SVSM_ERR_INCOMPLETE);
	assert_int_equal(rig_next(&r, 1, at), 1);
	assert_int_equal(rig_touch(&r, 1, deposits[0]), HM_NPF);
	assert_int_equal(rig_touch(&r, 1, deposits[2]), HM_OK);
	assert_int_equal(rig_thaw(&r, 0), SVSM_SUCCESS);
	assert_int_equal(rig_call(&r, 1, &deposit), SVSM_SUCCESS);
	assert_int_equal(rig_next(&r, 1, at), 3);
	rig_stop(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusal_changes_nothing),
		cmocka_unit_test(test_part_of_the_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
