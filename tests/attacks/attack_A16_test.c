/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#define COPIED (4U * MIB)
#define VMSA (6U * MIB + PAGE)

/*
 * A16: a vCPU is stopped for ever in a copy, which a guest can bring about by naming a page that
 * the host has to repair. Only deposits of that page may wait (58019 sections 5, 6.6).
 */
static void stopped_copier(enum arch_point point)
{
	const struct hm_config config = rig_config(2);
	const struct hm_regs copy = { .rax = PVALIDATE, .rcx = COPIED };
	const struct hm_regs create = { .rax = CREATE_VCPU, .rcx = VMSA, .rdx = 7U * MIB, .r8 = 1 };
	const struct hm_regs withdraw = { .rax = WITHDRAW_MEM, .rcx = 8U * MIB };
	const uint64_t entry = 5U * MIB;
	struct rig r;

	rig_start(&r, &config);
	rig_boot_all(&r);
	rig_list(&r, 1, COPIED, &entry, 1);
	rig_write_vmsa(&r, 0, VMSA, 2);
	assert_true(rig_freeze(&r, 1, point, 1, &copy));
	attack_check(rig_one(&r, 0, DEPOSIT_MEM, COPIED + PAGE) == SVSM_SUCCESS,
		     "A16: a pin of another page blocks a deposit");
	attack_check(rig_call(&r, 0, &create) == SVSM_SUCCESS,
		     "A16: a pin of another page blocks CREATE_VCPU");
	assert_int_equal(rig_one(&r, 0, DEPOSIT_MEM, COPIED), SVSM_ERR_BUSY);
	assert_int_equal(rig_call(&r, 0, &withdraw), SVSM_SUCCESS);
	for (unsigned int i = 0; i < 40U; i++) {
		const uint64_t region = 10U * MIB | SVSM_PAGE_2M | SVSM_PV_FALLBACK;

		assert_int_equal(rig_one(&r, 0, PVALIDATE, region), SVSM_SUCCESS);
		assert_int_equal(rig_one(&r, 0, PVALIDATE, region | SVSM_PV_VALIDATE),
				 SVSM_SUCCESS);
	}
	assert_int_equal(rig_thaw(&r, 1), SVSM_SUCCESS);
	assert_int_equal(rig_one(&r, 0, DEPOSIT_MEM, COPIED), SVSM_SUCCESS);
	rig_stop(&r);
}

static void test_pinned(void **state)
{
	(void)state;
	stopped_copier(ARCH_POINT_PINNED);
}

static void test_checked(void **state)
{
	(void)state;
	stopped_copier(ARCH_POINT_PIN_CHECKED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pinned),
		cmocka_unit_test(test_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
