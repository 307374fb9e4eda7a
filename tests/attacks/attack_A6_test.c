/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "rig.h"

#define DEPOSITED (4U * MIB)
#define AREAS (8U * MIB)

/*
 * A6: vCPU 1 deposits memory, which makes SVSM_MEM_AVAILABLE of the startup vCPU 1, and is stopped
 * at its @nth arch call; meanwhile vCPU 0 moves its calling area and deposits the old one. False:
 * the call has fewer arch calls.
 */
static bool attack(struct rig *r, unsigned int nth)
{
	const struct hm_regs deposit = rig_one_regs(r, 1, DEPOSIT_MEM, DEPOSITED + nth * PAGE);
	const uint64_t old = r->vcpu[0].ca;
	const struct hm_regs remap = { .rax = REMAP_CA, .rcx = AREAS + nth * PAGE };
	const void *page = hm_system_page(r->m, hm_spn(r->m, old));
	const unsigned char zero[PAGE] = { 0 };
	unsigned char before[PAGE];

	if (!rig_freeze(r, 1, ARCH_POINT_ARCH_CALL, nth, &deposit)) {
		assert_int_equal(rig_end(r, 1), SVSM_SUCCESS);
		return false;
	}
	assert_int_equal(rig_call(r, 0, &remap), SVSM_SUCCESS);
	r->vcpu[0].ca = remap.rcx;
	assert_int_equal(rig_write(r, 0, old, zero, sizeof(zero)), HM_OK);
	assert_int_equal(rig_one(r, 0, DEPOSIT_MEM, old), SVSM_SUCCESS);
	memcpy(before, page, sizeof(before));
	assert_int_equal(rig_thaw(r, 1), SVSM_SUCCESS);
	attack_check(memcmp(before, page, sizeof(before)) == 0,
		     "A6: SVSM_MEM_AVAILABLE was stored into a deposited page");
	return true;
}

/* A6: only the owner thread writes its calling area (58019 sections 5, 6.7). */
static void test_mem_available(void **state)
{
	const struct hm_config config = rig_config(2);
	struct svsm_calling_area ca = { 0 };
	struct hm_regs query = { .rax = QUERY_PROTOCOL, .rcx = 1 };
	unsigned int nth = 1;
	struct rig r;

	(void)state;
	rig_start(&r, &config);
	rig_boot_all(&r);
	while (attack(&r, nth)) {
		nth++;
	}
	assert_in_range(nth, 5, 1000);
	assert_int_equal(rig_call(&r, 0, &query), SVSM_SUCCESS);
	assert_int_equal(rig_read(&r, 0, r.vcpu[0].ca, &ca, sizeof(ca)), HM_OK);
	assert_int_equal(ca.mem_available, 1);
	rig_stop(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mem_available),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
