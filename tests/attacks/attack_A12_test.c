/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

static void fenced(struct rig *r, const char *what)
{
	attack_check(judge_found(r->judge, JUDGE_A12) == 0U,
		     "A12: no store fence between zeroing and grant of %s", what);
}

/* A12: zeroing is weakly ordered, so a fence precedes every grant (58019 sections 6.3, 6.7). */
static void test_fences(void **state)
{
	struct hm_config config = rig_config(1);
	const struct hm_regs withdraw = { .rax = WITHDRAW_MEM, .rcx = 6U * MIB };
	struct svsm_withdraw_head head = { 0 };
	struct rig r;

	(void)state;
	config.rmp_4k = false;
	rig_start(&r, &config);
	assert_int_equal(rig_one(&r, 0, PVALIDATE, 40U * MIB | SVSM_PV_VALIDATE), SVSM_SUCCESS);
	fenced(&r, "a validated page");
	assert_int_equal(rig_one(&r, 0, PVALIDATE, 42U * MIB | SVSM_PAGE_2M | SVSM_PV_VALIDATE),
			 SVSM_SUCCESS);
	fenced(&r, "a validated region");
	assert_int_equal(
		rig_one(&r, 0, PVALIDATE, 40U * MIB | SVSM_PV_VALIDATE | SVSM_PV_IGNORE_CF),
		SVSM_SUCCESS);
	fenced(&r, "a page granted again");
	assert_int_equal(rig_one(&r, 0, DEPOSIT_MEM, 4U * MIB), SVSM_SUCCESS);
	assert_int_equal(rig_call(&r, 0, &withdraw), SVSM_SUCCESS);
	assert_int_equal(rig_read(&r, 0, 6U * MIB, &head, sizeof(head)), HM_OK);
	assert_int_equal(head.count, 1);
	fenced(&r, "a withdrawn page");
	assert_true(judge_checked(r.judge, JUDGE_A12) >= 4U);
	rig_stop(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
