/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#define RESCINDED (5U * MIB)

/* U3: where a store to a VMSA in use is lost, and where RMPADJUST of one is a nested fault. */
static struct hm_config u3_config(bool lost, bool npf)
{
	struct hm_config config = rig_config(3);

	config.vmsa_store_lost = lost;
	config.switches.u3_inuse_is_npf = npf;
	return config;
}

/* A5: DELETE_VCPU of a VMSA that executes on another CPU (58019 section 6.5). */
static void delete_running(const struct hm_config *config, uint64_t expected)
{
	const struct hm_regs remove = { .rax = DELETE_VCPU, .rcx = rig_vmsa_page(1) };
	struct rig r;
	uint64_t rax;

	rig_start(&r, config);
	rig_boot_all(&r);
	/* vCPU 1 stays in the guest after its access */
	assert_int_equal(rig_touch(&r, 1, 4U * MIB), HM_OK);
	rax = rig_call(&r, 0, &remove);
	attack_check(rax != SVSM_SUCCESS || hm_running_vmsa(r.m, 1) == 0U,
		     "A5: a VMSA was deleted while it executes");
	assert_int_equal(rax, expected);
	if (rax != SVSM_SUCCESS) {
		assert_int_equal(rig_touch(&r, 1, 4U * MIB), HM_OK);
		hm_ap_destroy(r.m, 1);
		assert_int_equal(rig_call(&r, 0, &remove), SVSM_SUCCESS);
	}
	assert_int_equal(rig_touch(&r, 0, rig_vmsa_page(1)), HM_OK);
	rig_stop(&r);
}

static void test_delete_lost(void **state)
{
	const struct hm_config config = u3_config(true, false);

	(void)state;
	delete_running(&config, SVSM_ERR_VMSA_IN_USE);
}

static void test_delete_lost_npf(void **state)
{
	const struct hm_config config = u3_config(true, true);

	(void)state;
	delete_running(&config, SVSM_ERR_VMSA_IN_USE);
}

static void test_delete_stalls(void **state)
{
	const struct hm_config config = u3_config(false, false);

	(void)state;
	delete_running(&config, SVSM_SUCCESS);
}

static void test_delete_stalls_npf(void **state)
{
	const struct hm_config config = u3_config(false, true);

	(void)state;
	delete_running(&config, SVSM_SUCCESS);
}

static void exit_with_call(struct rig *r, unsigned int cpu, void *ctx)
{
	const uint8_t pending = 1;

	(void)hm_guest_write(r->m, r->vcpu[cpu].ca, &pending, 1);
	(void)hm_guest_exit(r->m, ctx, VMSA_EXIT_VMGEXIT);
}

static void enter_vmpl0(struct rig *r, unsigned int cpu, void *ctx)
{
	(void)cpu;
	*(enum hm_exit *)ctx = hm_spurious_entry(r->m);
}

/*
 * A5: the host runs the VMSA on CPU 2 and VMPL0 of its vCPU on CPU 1 at the same time. A call whose
 * gate did not close is not served (58019 section 5).
 */
static void test_serve_running(void **state)
{
	const struct hm_config config = u3_config(true, false);
	struct hm_regs regs;
	enum hm_exit exit;
	struct rig r;

	(void)state;
	rig_start(&r, &config);
	rig_boot_cpu(&r, 1);
	regs = rig_one_regs(&r, 1, PVALIDATE, RESCINDED);
	rig_run(&r, 1, exit_with_call, &regs);
	hm_ap_create(r.m, 2, rig_vmsa_page(1));
	assert_int_equal(rig_touch(&r, 2, 4U * MIB), HM_OK);
	rig_run(&r, 1, enter_vmpl0, &exit);
	attack_check(rig_touch(&r, 0, RESCINDED) == HM_OK,
		     "A5: a call was served while its VMSA executes");
	assert_int_equal(hm_running_vmsa(r.m, 2), rig_vmsa_page(1));
	hm_ap_destroy(r.m, 2);
	rig_stop(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_serve_running),	  cmocka_unit_test(test_delete_lost),
		cmocka_unit_test(test_delete_lost_npf),	  cmocka_unit_test(test_delete_stalls),
		cmocka_unit_test(test_delete_stalls_npf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
