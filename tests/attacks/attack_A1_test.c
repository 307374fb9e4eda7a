/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "rig.h"

#define SHARED_LIST (4U * MIB)
#define RESCINDED (5U * MIB)

/*
 * vCPU 0 is in the write-back of its list, past the check of the page; vCPU 1 wants the page.
 * @reads: the head with its first entry, and the other entries if there are any.
 */
static void stop_copier(struct rig *r, uint64_t list, unsigned int reads)
{
	const struct hm_regs regs = { .rax = PVALIDATE, .rcx = list };

	/* then the write of `next` */
	assert_true(rig_freeze(r, 0, ARCH_POINT_PIN_CHECKED, reads + 1U, &regs));
}

/* A1: a checked copy must not hit the page after DEPOSIT_MEM took it (58019 section 6.6). */
static void test_deposit(void **state)
{
	const struct hm_config config = rig_config(2);
	const uint64_t entry = RESCINDED;
	unsigned char before[PAGE];
	struct rig r;
	uint64_t rax;

	(void)state;
	rig_start(&r, &config);
	rig_boot_all(&r);
	rig_list(&r, 0, SHARED_LIST, &entry, 1);
	stop_copier(&r, SHARED_LIST, 1);
	rax = rig_one(&r, 1, DEPOSIT_MEM, SHARED_LIST);
	memcpy(before, hm_system_page(r.m, hm_spn(r.m, SHARED_LIST)), PAGE);
	assert_int_equal(rig_thaw(&r, 0), SVSM_SUCCESS);
	attack_check(rax != SVSM_SUCCESS ||
			     memcmp(before, hm_system_page(r.m, hm_spn(r.m, SHARED_LIST)), PAGE) ==
				     0,
		     "A1: a guest copy changed a deposited page");
	assert_int_equal(rax, SVSM_ERR_BUSY);
	assert_int_equal(rig_next(&r, 0, SHARED_LIST), 1);
	assert_int_equal(rig_one(&r, 1, DEPOSIT_MEM, SHARED_LIST), SVSM_SUCCESS);
	assert_int_equal(rig_touch(&r, 0, SHARED_LIST), HM_NPF);
	rig_stop(&r);
}

#define VMSA (6U * MIB + PAGE)

/*
 * A1: the same with CREATE_VCPU, by a list that lies over the VMSA: `next` is VMSA.VMPL, the
 * entries begin at EFER (58019 section 6.4).
 */
static void test_create(void **state)
{
	const struct hm_config config = rig_config(2);
	const struct hm_regs create = { .rax = CREATE_VCPU, .rcx = VMSA, .rdx = 7U * MIB, .r8 = 1 };
	const struct svsm_list_head head = { .count = 3, .next = 2 };
	const uint64_t list = VMSA + offsetof(struct vmsa_page, vmpl) - sizeof(uint16_t);
	const uint64_t entry = RESCINDED;
	const struct vmsa_page *vmsa;
	struct rig r;
	uint64_t rax;

	(void)state;
	rig_start(&r, &config);
	rig_boot_all(&r);
	rig_write_vmsa(&r, 0, VMSA, 2);
	assert_int_equal(rig_write(&r, 0, list, &head, sizeof(head)), HM_OK);
	assert_int_equal(
		rig_write(&r, 0, list + sizeof(head) + 2U * sizeof(entry), &entry, sizeof(entry)),
		HM_OK);
	stop_copier(&r, list, 2);
	rax = rig_call(&r, 1, &create);
	assert_int_equal(rig_thaw(&r, 0), SVSM_SUCCESS);
	vmsa = hm_system_page(r.m, hm_spn(r.m, VMSA));
	attack_check(rax != SVSM_SUCCESS || vmsa->vmpl == 2, "A1: a guest copy changed a VMSA");
	assert_int_equal(rax, SVSM_ERR_BUSY);
	assert_int_equal(rig_next(&r, 0, list), 3);
	rig_write_vmsa(&r, 0, VMSA, 2);
	assert_int_equal(rig_call(&r, 1, &create), SVSM_SUCCESS);
	rig_stop(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_deposit),
		cmocka_unit_test(test_create),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
