/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#define DEPOSITED (4U * MIB)
#define LIST (6U * MIB)

static const struct hm_regs withdraw = { .rax = WITHDRAW_MEM, .rcx = LIST };

static unsigned int count(struct rig *r)
{
	struct svsm_withdraw_head head = { 0 };

	assert_int_equal(rig_read(r, 0, LIST, &head, sizeof(head)), HM_OK);
	return head.count;
}

/* A14: a list that cannot be written gives nothing away (58019 section 6.7). */
static void test_list_first(void **state)
{
	const struct hm_config config = rig_config(1);
	uint64_t page = 0;
	struct rig r;

	(void)state;
	rig_start(&r, &config);
	assert_int_equal(rig_one(&r, 0, DEPOSIT_MEM, DEPOSITED), SVSM_SUCCESS);
	hm_inject(r.m, 0, HM_INJECT_GUEST_WRITE, 1, 0);
	assert_int_equal(rig_call(&r, 0, &withdraw), SVSM_ERR_INVALID_ADDRESS);
	attack_check(rig_touch(&r, 0, DEPOSITED) == HM_NPF,
		     "A14: a page was given away unreported");
	assert_int_equal(rig_call(&r, 0, &withdraw), SVSM_SUCCESS);
	assert_int_equal(count(&r), 1);
	assert_int_equal(rig_read(&r, 0, LIST + 8U, &page, sizeof(page)), HM_OK);
	assert_int_equal(page, DEPOSITED);
	assert_int_equal(rig_touch(&r, 0, DEPOSITED), HM_OK);
	rig_stop(&r);
}

/* A14: only pages that were granted count (58019 section 6.7). */
static void test_count_last(void **state)
{
	const struct hm_config config = rig_config(1);
	const uint32_t code = ARCH_RMP_FAIL_PERMISSION;
	struct rig r;

	(void)state;
	rig_start(&r, &config);
	assert_int_equal(rig_one(&r, 0, DEPOSIT_MEM, DEPOSITED), SVSM_SUCCESS);
	hm_inject(r.m, 0, HM_INJECT_RMPADJUST_CODE, 1, code);
	assert_int_equal(rig_call(&r, 0, &withdraw), SVSM_SUCCESS);
	assert_true(hm_injection_fired(r.m, 0, HM_INJECT_RMPADJUST_CODE));
	attack_check(count(&r) == 0U, "A14: a page that stays private was counted");
	assert_int_equal(rig_touch(&r, 0, DEPOSITED), HM_NPF);
	rig_stop(&r);
}

/*
 * A14: the page of the list is claimed by another vCPU when the count is to be written. BUSY would
 * say that nothing was done, but pages have been granted (58019 section 6.7).
 */
static void test_count_unreported(void **state)
{
	const struct hm_config config = rig_config(2);
	struct hm_regs rescind;
	unsigned int nth = 1;
	struct rig r;
	uint64_t rax;

	(void)state;
	rig_start(&r, &config);
	rig_boot_all(&r);
	for (;; nth++) {
		rescind = rig_one_regs(&r, 1, PVALIDATE, LIST);
		assert_int_equal(rig_one(&r, 0, DEPOSIT_MEM, DEPOSITED), SVSM_SUCCESS);
		if (!rig_freeze(&r, 0, ARCH_POINT_ARCH_CALL, nth, &withdraw)) {
			break;
		}
		/* BUSY if the copy of vCPU 0 has the page */
		if (!rig_freeze(&r, 1, ARCH_POINT_CLAIMED, 1, &rescind)) {
			fail_msg("vCPU 1 does not claim the page of the list");
		}
		rax = rig_thaw(&r, 0);
		attack_check(rax != SVSM_ERR_BUSY || rig_touch(&r, 0, DEPOSITED) == HM_NPF,
			     "A14: BUSY, but a page was given away (arch call %u)", nth);
		if (rig_thaw(&r, 1) == SVSM_SUCCESS) {
			assert_int_equal(rig_one(&r, 0, PVALIDATE, LIST | SVSM_PV_VALIDATE),
					 SVSM_SUCCESS);
		}
		if (rig_touch(&r, 0, DEPOSITED) == HM_NPF) {
			assert_int_equal(rig_call(&r, 0, &withdraw), SVSM_SUCCESS);
		}
	}
	assert_int_equal(rig_end(&r, 0), SVSM_SUCCESS);
	assert_in_range(nth, 18, 1000);
	rig_stop(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list_first),
		cmocka_unit_test(test_count_last),
		cmocka_unit_test(test_count_unreported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
