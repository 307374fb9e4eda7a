/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>

#include "fake_svsm.h"

#define PAGE gpa_make(FAKE_VALID)

static int start(void **state)
{
	struct hm_config config = fake_config();

	*state = fake_machine(&config);
	hm_bind(*state, 0);
	return 0;
}

static int stop(void **state)
{
	hm_unbind(*state);
	hm_destroy(*state);
	return 0;
}

static void test_pvalidate(void **state)
{
	struct hm_machine *m = *state;

	hm_inject(m, 0, HM_INJECT_PVALIDATE_CODE, 2, 9);
	assert_int_equal(arch_pvalidate(PAGE, SVSM_PAGE_2M, true).code, ARCH_RMP_OK);
	assert_false(hm_injection_fired(m, 0, HM_INJECT_PVALIDATE_CODE));
	assert_int_equal(arch_pvalidate(PAGE, SVSM_PAGE_2M, false).code, 9);
	assert_true(hm_injection_fired(m, 0, HM_INJECT_PVALIDATE_CODE));
	hm_inject(m, 0, HM_INJECT_PVALIDATE_FAULT, 1, 0);
	assert_true(arch_pvalidate(PAGE, SVSM_PAGE_2M, false).fault);
	hm_inject(m, 0, HM_INJECT_PVALIDATE_CARRY, 1, 0);
	assert_true(arch_pvalidate(PAGE, SVSM_PAGE_2M, false).carry);
	assert_false(arch_pvalidate(PAGE, SVSM_PAGE_2M, false).carry);
}

static void test_rmpadjust(void **state)
{
	struct hm_machine *m = *state;

	hm_inject(m, 0, HM_INJECT_RMPADJUST_CODE, 1, ARCH_RMP_FAIL_INUSE);
	assert_int_equal(arch_rmpadjust(gpa_make(0), SVSM_PAGE_2M, 2, 0, false).code,
			 ARCH_RMP_FAIL_INUSE);
	hm_inject(m, 0, HM_INJECT_RMPADJUST_FAULT, 1, 0);
	assert_true(arch_rmpadjust(gpa_make(0), SVSM_PAGE_2M, 2, 0, false).fault);
	hm_inject(m, 0, HM_INJECT_RMPADJUST_FAULT, 1, 0);
	hm_inject(m, 0, HM_INJECT_RMPADJUST_FAULT, 0, 0);
	hm_inject(m, 1, HM_INJECT_RMPADJUST_FAULT, 1, 0);
	assert_false(arch_rmpadjust(gpa_make(0), SVSM_PAGE_2M, 2, 0, false).fault);
}

static void test_memory(void **state)
{
	struct hm_machine *m = *state;
	uint64_t value = 1;

	hm_inject(m, 0, HM_INJECT_GUEST_READ, 1, 0);
	assert_false(arch_guest_read(&value, gpa_make(0), 8));
	assert_true(arch_guest_read(&value, gpa_make(0), 8));
	hm_inject(m, 0, HM_INJECT_GUEST_WRITE, 2, 0);
	assert_true(arch_guest_write(gpa_make(0), &value, 8));
	assert_false(arch_guest_write(gpa_make(0), &value, 8));
	hm_inject(m, 0, HM_INJECT_ZERO, 1, 0);
	assert_false(arch_zero(gpa_make(0), SVSM_PAGE_4K, ARCH_ZERO_STOSB));
	assert_true(arch_zero(gpa_make(0), SVSM_PAGE_4K, ARCH_ZERO_STOSB));
}

static void test_vmsa(void **state)
{
	struct hm_machine *m = *state;
	gpa_t vmsa = fake_boot_info.startup_vmsa;
	uint64_t value;

	hm_inject(m, 0, HM_INJECT_VMSA_READ, 1, 0);
	assert_false(arch_vmsa_read(vmsa, offsetof(struct vmsa_page, efer), &value));
	hm_inject(m, 0, HM_INJECT_VMSA_WRITE, 1, 0);
	assert_false(arch_vmsa_write(vmsa, offsetof(struct vmsa_page, rax), 1));
	hm_inject(m, 0, HM_INJECT_VMSA_LOST, 1, 0);
	assert_int_equal(arch_vmsa_svme_clear(vmsa), ARCH_SVME_WAS_SET);
	assert_int_equal(arch_vmsa_efer(vmsa), VMSA_EFER_SVME);
	hm_inject(m, 0, HM_INJECT_VMSA_WRITE, 1, 0);
	assert_int_equal(arch_vmsa_svme_clear(vmsa), ARCH_SVME_FAULT);
	assert_int_equal(arch_vmsa_efer(vmsa), VMSA_EFER_SVME);
	hm_inject(m, 0, HM_INJECT_VMSA_READ, 1, 0);
	assert_int_equal(arch_vmsa_efer(vmsa), ARCH_EFER_FAULT);
	assert_int_equal(arch_vmsa_svme_clear(vmsa), ARCH_SVME_WAS_SET);
	assert_int_equal(arch_vmsa_efer(vmsa), 0);
	hm_inject(m, 0, HM_INJECT_VMSA_WRITE, 1, 0);
	assert_false(arch_vmsa_svme_set(vmsa));
	assert_int_equal(arch_vmsa_efer(vmsa), 0);
	assert_true(arch_vmsa_svme_set(vmsa));
	assert_int_equal(arch_vmsa_efer(vmsa), VMSA_EFER_SVME);
}

/* Every access of a call can fault; RAX is not written behind a fault. */
static void test_vmsa_call(void **state)
{
	struct hm_machine *m = *state;
	gpa_t vmsa = fake_boot_info.startup_vmsa;
	const struct arch_call_answer answer = {
		.rax = 1, .rcx = 2, .rdx = 3, .r8 = 4, .out = ARCH_CALL_RCX | ARCH_CALL_R8
	};
	struct arch_call_regs regs;
	uint64_t rax;

	assert_true(arch_vmsa_write(vmsa, offsetof(struct vmsa_page, guest_exitcode), 0x403));
	assert_true(arch_vmsa_write(vmsa, offsetof(struct vmsa_page, rdx), 9));
	assert_true(arch_vmsa_write(vmsa, offsetof(struct vmsa_page, rax), 8));
	for (unsigned int nth = 1; nth <= 6U; nth++) {
		hm_inject(m, 0, HM_INJECT_VMSA_READ, nth, 0);
		assert_true(arch_vmsa_read_call(vmsa, &regs) == VMSA_EXIT_CONSUMED);
	}
	for (unsigned int nth = 1; nth <= 3U; nth++) {
		hm_inject(m, 0, HM_INJECT_VMSA_WRITE, nth, 0);
		assert_false(arch_vmsa_write_call(vmsa, &answer));
		assert_true(arch_vmsa_read(vmsa, offsetof(struct vmsa_page, rax), &rax));
		assert_int_equal(rax, 8);
	}
	assert_true(arch_vmsa_write_call(vmsa, &answer));
	assert_int_equal(arch_vmsa_read_call(vmsa, &regs), 0x403);
	assert_int_equal(regs.rax, 1);
	assert_int_equal(regs.rcx, 2);
	assert_int_equal(regs.rdx, 9);
	assert_int_equal(regs.r8, 4);
}

static void test_guest_byte(void **state)
{
	struct hm_machine *m = *state;

	assert_true(arch_guest_write_byte(gpa_make(3), 0xff));
	assert_int_equal(arch_guest_read_byte(gpa_make(3)), 0xff);
	assert_int_equal(arch_guest_read_byte(gpa_make(4)), 0);
	hm_inject(m, 0, HM_INJECT_GUEST_READ, 1, 0);
	assert_int_equal(arch_guest_read_byte(gpa_make(3)), ARCH_BYTE_FAULT);
	hm_inject(m, 0, HM_INJECT_GUEST_WRITE, 1, 0);
	assert_false(arch_guest_write_byte(gpa_make(3), 0));
	assert_int_equal(arch_guest_read_byte(gpa_make(3)), 0xff);
}

static void test_alloc(void **state)
{
	struct hm_machine *m = *state;

	hm_inject(m, 0, HM_INJECT_ALLOC, 2, 0);
	assert_true(arch_alloc_permitted());
	assert_false(arch_alloc_permitted());
	assert_true(arch_alloc_permitted());
	assert_int_equal(atomic_load_explicit(&hm_alloc_armed, memory_order_relaxed), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_pvalidate, start, stop),
		cmocka_unit_test_setup_teardown(test_rmpadjust, start, stop),
		cmocka_unit_test_setup_teardown(test_memory, start, stop),
		cmocka_unit_test_setup_teardown(test_vmsa, start, stop),
		cmocka_unit_test_setup_teardown(test_vmsa_call, start, stop),
		cmocka_unit_test_setup_teardown(test_guest_byte, start, stop),
		cmocka_unit_test_setup_teardown(test_alloc, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
