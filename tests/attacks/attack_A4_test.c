/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "rig.h"

/*
 * A4: the owner of a record has looked its VMSA up and is stopped before it closes the gate.
 * Another vCPU deletes the VMSA, makes the page look like one with a call and deposits it: the
 * owner, resumed, would store into VMPL0 memory (58019 sections 5, 6.5).
 */
static void test_delete_under_the_owner(void **state)
{
	const struct hm_config config = rig_config(2);
	const struct hm_regs call = { .rax = QUERY_PROTOCOL, .rcx = 1 };
	const uint64_t vmsa = rig_vmsa_page(1);
	const struct hm_regs remove = { .rax = DELETE_VCPU, .rcx = vmsa };
	const uint64_t efer = VMSA_EFER_SVME, exitcode = VMSA_EXIT_VMGEXIT;
	unsigned char before[PAGE];
	struct rig r;
	uint64_t rax;

	(void)state;
	rig_start(&r, &config);
	rig_boot_all(&r);
	assert_true(rig_freeze(&r, 1, ARCH_POINT_ARCH_CALL, 1, &call));
	rax = rig_call(&r, 0, &remove);
	if (rax == SVSM_SUCCESS) {
		assert_int_equal(rig_write(&r, 0, vmsa + offsetof(struct vmsa_page, efer), &efer,
					   sizeof(efer)),
				 HM_OK);
		assert_int_equal(rig_write(&r, 0, vmsa + offsetof(struct vmsa_page, guest_exitcode),
					   &exitcode, sizeof(exitcode)),
				 HM_OK);
		assert_int_equal(rig_one(&r, 0, DEPOSIT_MEM, vmsa), SVSM_SUCCESS);
		memcpy(before, hm_system_page(r.m, hm_spn(r.m, vmsa)), PAGE);
		hm_thaw(r.m, 1);
		assert_true(rig_wait(&r, 1));
		attack_check(memcmp(before, hm_system_page(r.m, hm_spn(r.m, vmsa)), PAGE) == 0,
			     "A4: the owner stored into a deposited page");
	}
	assert_int_equal(rax, SVSM_ERR_BUSY);
	assert_int_equal(rig_thaw(&r, 1), SVSM_SUCCESS);
	rig_stop(&r);
}

/* A4: a vCPU stopped before it takes the record finds it gone. */
static void test_delete_before_the_owner(void **state)
{
	const struct hm_config config = rig_config(2);
	const struct hm_regs remove = { .rax = DELETE_VCPU, .rcx = rig_vmsa_page(1) };
	struct rig r;

	(void)state;
	rig_start(&r, &config);
	rig_boot_all(&r);
	hm_ap_destroy(r.m, 1);
	assert_int_equal(rig_call(&r, 0, &remove), SVSM_SUCCESS);
	assert_int_equal(rig_touch(&r, 0, rig_vmsa_page(1)), HM_OK);
	assert_int_equal(rig_touch(&r, 1, rig_vmsa_page(1)), HM_NOT_RUNNING);
	rig_stop(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_delete_under_the_owner),
		cmocka_unit_test(test_delete_before_the_owner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
