/* SPDX-License-Identifier: Apache-2.0 */

/* The judge on the hosted machine with the real core: a PVALIDATE call (58019 6.3) judged online
 * and at rest. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judge.h"
#include "machine.h"

#define LIST_OFFSET 8U
#define PAGE UINT64_C(0x400000)

static uint64_t pvalidate(struct hm_machine *m, uint64_t entry)
{
	const uint64_t ca = hm_config(m)->startup_ca;
	const uint64_t list[2] = { 1U, entry };
	struct hm_regs regs = { .rax = 1U, .rcx = ca + LIST_OFFSET };

	assert_int_equal(hm_guest_write(m, ca + LIST_OFFSET, list, sizeof(list)), HM_OK);
	assert_int_equal(hm_call(m, ca, &regs), HM_CALL_DONE);
	return regs.rax;
}

static void a_call_is_judged(void **state)
{
	const struct hm_config config = { .nr_vcpus = 2U,
					  .ram = { { 0, UINT64_C(64) << 20 } },
					  .nr_ram = 1U,
					  .valid = { { 0, 0x200000 } },
					  .nr_valid = 1U };
	struct hm_machine *m = hm_create(&config);
	struct judge_account account = { 0 };
	uint64_t vmsa, ca;
	struct judge *j;

	(void)state;
	assert_non_null(m);
	j = judge_create_for(m);
	assert_non_null(j);
	judge_attach(j, m);
	hm_bind(m, 0);
	assert_true(hm_psc(m, PAGE, 1, SVSM_PAGE_2M, true));
	assert_int_equal(pvalidate(m, PAGE | 1U << 2), 0U);
	assert_int_equal(pvalidate(m, PAGE), 0U);
	assert_int_equal(pvalidate(m, PAGE | 1U << 2), 0U);
	vmsa = hm_running_vmsa(m, 0);
	ca = hm_config(m)->startup_ca;
	hm_guest_idle(m);
	hm_unbind(m);
	account.pages[JUDGE_KIND_VMSA] = &vmsa;
	account.counts[JUDGE_KIND_VMSA] = 1U;
	account.pages[JUDGE_KIND_CA] = &ca;
	account.counts[JUDGE_KIND_CA] = 1U;
	if (!judge_check_quiescent(j, &account) || judge_violations(j) != 0U) {
		judge_report(j, stderr);
	}
	assert_int_equal(judge_violations(j), 0);
	assert_true(judge_checked(j, JUDGE_A11) == 2U && judge_checked(j, JUDGE_I6) != 0U);
	assert_true(judge_checked(j, JUDGE_I10) != 0U && judge_checked(j, JUDGE_LEAK) != 0U);
	assert_int_equal(judge_untracked(j), 0);
	judge_detach(m);
	judge_destroy(j);
	hm_destroy(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_call_is_judged) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
