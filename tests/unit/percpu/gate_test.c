/* SPDX-License-Identifier: Apache-2.0 */
#include "gate.h"

#include "core_fixture.h"

#define EFER offsetof(struct vmsa_page, efer)
#define OTHER_BITS UINT64_C(0xd01)

static gpa_t vmsa(void)
{
	return hm_boot_info(core_machine)->startup_vmsa;
}

static uint64_t efer(void)
{
	uint64_t value = 0;

	assert_true(arch_vmsa_read(vmsa(), EFER, &value));
	return value;
}

/* 58019 section 5: EFER.SVME is the gate; the guest's other bits stay. */
static void test_close_open(void **state)
{
	(void)state;
	assert_true(arch_vmsa_write(vmsa(), EFER, VMSA_EFER_SVME | OTHER_BITS));
	assert_int_equal(svsm_gate_close(vmsa()), SVSM_GATE_OK);
	assert_int_equal(efer(), OTHER_BITS);
	assert_int_equal(svsm_gate_close(vmsa()), SVSM_GATE_SHUT);
	assert_int_equal(svsm_gate_open(vmsa()), SVSM_GATE_OK);
	assert_int_equal(efer(), VMSA_EFER_SVME | OTHER_BITS);
	assert_int_equal(svsm_gate_open(vmsa()), SVSM_GATE_OK);
	assert_int_equal(efer(), VMSA_EFER_SVME | OTHER_BITS);
}

/* A5: a store that is lost because the VMSA executes is found out (U3). */
static void test_lost_store(void **state)
{
	(void)state;
	hm_inject(core_machine, 0, HM_INJECT_VMSA_LOST, 1, 0);
	assert_int_equal(svsm_gate_close(vmsa()), SVSM_GATE_IN_USE);
	assert_true(hm_injection_fired(core_machine, 0, HM_INJECT_VMSA_LOST));
	assert_int_not_equal(efer() & VMSA_EFER_SVME, 0);
	assert_int_equal(svsm_gate_close(vmsa()), SVSM_GATE_OK);
	/* What was shut stays shut, lost store or not. */
	hm_inject(core_machine, 0, HM_INJECT_VMSA_LOST, 1, 0);
	assert_int_equal(svsm_gate_close(vmsa()), SVSM_GATE_SHUT);
}

/* architecture 5: every access can find that the host took the page. */
static void test_faults(void **state)
{
	(void)state;
	hm_inject(core_machine, 0, HM_INJECT_VMSA_WRITE, 1, 0);
	assert_int_equal(svsm_gate_close(vmsa()), SVSM_GATE_FAULT);
	assert_int_not_equal(efer() & VMSA_EFER_SVME, 0);
	hm_inject(core_machine, 0, HM_INJECT_VMSA_READ, 1, 0);
	assert_int_equal(svsm_gate_close(vmsa()), SVSM_GATE_FAULT);
	hm_inject(core_machine, 0, HM_INJECT_VMSA_WRITE, 1, 0);
	assert_int_equal(svsm_gate_open(vmsa()), SVSM_GATE_FAULT);
	assert_int_equal(efer() & VMSA_EFER_SVME, 0);
	assert_int_equal(svsm_gate_open(vmsa()), SVSM_GATE_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		core_test(test_close_open),
		core_test(test_lost_store),
		core_test(test_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
