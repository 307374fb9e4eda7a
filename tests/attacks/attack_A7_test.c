/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#define NEW_VMSA (4U * MIB + PAGE)
#define RESCINDED (5U * MIB)

static void park(struct rig *r, unsigned int cpu, void *ctx)
{
	(void)cpu;
	(void)hm_guest_exit(r->m, ctx, VMSA_EXIT_VMGEXIT);
}

/*
 * A7: the old VMSA is parked with a VMGEXIT that asks for nothing (AP_RESET_HOLD) and with
 * registers that would be a REMAP_CA. The calling area moves to a new VMSA of the same APIC id, and
 * the new vCPU makes a call: it must be the new one's registers that are served (58019 section
 * 6.4).
 */
static void test_rebind(void **state)
{
	const struct hm_config config = rig_config(2);
	struct hm_regs parked = { .rax = REMAP_CA, .rcx = RESCINDED };
	const struct hm_regs create = {
		.rax = CREATE_VCPU, .rcx = NEW_VMSA, .rdx = rig_ca_page(1), .r8 = 1
	};
	const struct hm_regs remove = { .rax = DELETE_VCPU, .rcx = rig_vmsa_page(1) };
	const struct hm_regs warm = { .rax = QUERY_PROTOCOL, .rcx = 1 };
	struct hm_regs call;
	struct rig r;

	(void)state;
	rig_start(&r, &config);
	rig_boot_all(&r);
	assert_int_equal(rig_call(&r, 1, &warm), SVSM_SUCCESS);
	rig_run(&r, 1, park, &parked);
	rig_write_vmsa(&r, 0, NEW_VMSA, 2);
	assert_int_equal(rig_call(&r, 0, &create), SVSM_SUCCESS);
	hm_ap_create(r.m, 1, NEW_VMSA);
	call = rig_one_regs(&r, 1, PVALIDATE, RESCINDED);
	(void)rig_call(&r, 1, &call);
	attack_check(rig_touch(&r, 0, RESCINDED) == HM_VC_404,
		     "A7: the old VMSA's registers were served for the new vCPU");
	assert_int_equal(r.vcpu[1].regs.rax, SVSM_SUCCESS);
	assert_int_equal(rig_call(&r, 0, &remove), SVSM_SUCCESS);
	rig_stop(&r);
}

/* A7: a calling area does not move to a VMSA of another VMPL (58019 section 6.4). */
static void test_theft(void **state)
{
	const struct hm_config config = rig_config(2);
	const struct hm_regs create = {
		.rax = CREATE_VCPU, .rcx = NEW_VMSA, .rdx = rig_ca_page(1), .r8 = 1
	};
	const struct hm_regs call = { .rax = QUERY_PROTOCOL, .rcx = 1 };
	struct rig r;
	uint64_t rax;

	(void)state;
	rig_start(&r, &config);
	rig_boot_all(&r);
	assert_int_equal(rig_call(&r, 1, &call), SVSM_SUCCESS);
	rig_write_vmsa(&r, 0, NEW_VMSA, 3);
	rax = rig_call(&r, 0, &create);
	attack_check(rax != SVSM_SUCCESS, "A7: a VMSA of VMPL3 took the calling area of VMPL2");
	assert_int_equal(rax, SVSM_ERR_INVALID_ADDRESS);
	assert_int_equal(rig_call(&r, 1, &call), SVSM_SUCCESS);
	rig_stop(&r);
}

/* A7: nor to another APIC id, nor while its owner serves a call. */
static void test_not_idle(void **state)
{
	const struct hm_config config = rig_config(3);
	struct hm_regs create = {
		.rax = CREATE_VCPU, .rcx = NEW_VMSA, .rdx = rig_ca_page(1), .r8 = 2
	};
	const struct hm_regs call = { .rax = QUERY_PROTOCOL, .rcx = 1 };
	struct rig r;

	(void)state;
	rig_start(&r, &config);
	rig_boot_all(&r);
	rig_write_vmsa(&r, 0, NEW_VMSA, 2);
	assert_int_equal(rig_call(&r, 0, &create), SVSM_ERR_INVALID_ADDRESS);
	create.r8 = 1;
	assert_true(rig_freeze(&r, 1, ARCH_POINT_RECORD_SERVING, 1, &call));
	assert_int_equal(rig_call(&r, 0, &create), SVSM_ERR_BUSY);
	assert_int_equal(rig_thaw(&r, 1), SVSM_SUCCESS);
	assert_int_equal(rig_call(&r, 0, &create), SVSM_SUCCESS);
	rig_stop(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rebind),
		cmocka_unit_test(test_theft),
		cmocka_unit_test(test_not_idle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
