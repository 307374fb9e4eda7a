/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#define LIST_PAGE (5U * MIB)
#define OTHER (7U * MIB)

/* Entry 1 of three names the page of the list; only entry 0 is carried out. */
static void test_own_page(enum rig_call_id call, uint64_t own_entry)
{
	const struct hm_config config = rig_config(1);
	const uint64_t entries[] = { OTHER, own_entry, OTHER + 4U * PAGE };
	const uint64_t at = LIST_PAGE + 0x100U;
	const struct hm_regs regs = { .rax = call, .rcx = at };
	struct rig r;
	uint64_t rax;

	rig_start(&r, &config);
	rig_list(&r, 0, at, entries, 3);
	rax = rig_call(&r, 0, &regs);
	attack_check(rig_touch(&r, 0, LIST_PAGE) == HM_OK, "A10: the page of the list was %s",
		     call == PVALIDATE ? "rescinded" : "deposited");
	assert_int_equal(rax, SVSM_ERR_INVALID_ADDRESS);
	assert_int_equal(rig_next(&r, 0, at), 1);
	assert_int_not_equal(rig_touch(&r, 0, OTHER), HM_OK);
	assert_int_equal(rig_touch(&r, 0, entries[2]), HM_OK);
	rig_stop(&r);
}

/* A10 (58019 section 6.3, architecture 7). */
static void test_rescind(void **state)
{
	(void)state;
	test_own_page(PVALIDATE, LIST_PAGE);
}

static void test_rescind_region(void **state)
{
	(void)state;
	test_own_page(PVALIDATE, 4U * MIB | SVSM_PAGE_2M | SVSM_PV_FALLBACK);
}

/* The list's page in the middle of pages that are worked on as a run. */
static void test_rescind_run(void **state)
{
	const struct hm_config config = rig_config(1);
	const uint64_t entries[] = { LIST_PAGE - PAGE, LIST_PAGE, LIST_PAGE + PAGE };
	const uint64_t run[] = { LIST_PAGE + 8U * PAGE, LIST_PAGE + 9U * PAGE,
				 LIST_PAGE + 10U * PAGE };
	const struct hm_regs first = { .rax = PVALIDATE, .rcx = LIST_PAGE };
	const struct hm_regs second = { .rax = PVALIDATE, .rcx = run[1] };
	struct rig r;

	(void)state;
	rig_start(&r, &config);
	rig_list(&r, 0, LIST_PAGE, entries, 3);
	assert_int_equal(rig_call(&r, 0, &first), SVSM_ERR_INVALID_ADDRESS);
	assert_int_equal(rig_next(&r, 0, LIST_PAGE), 1);
	rig_list(&r, 0, run[1], run, 3);
	assert_int_equal(rig_call(&r, 0, &second), SVSM_ERR_INVALID_ADDRESS);
	attack_check(rig_touch(&r, 0, run[1]) == HM_OK,
		     "A10: the page of the list was rescinded in a run");
	assert_int_equal(rig_touch(&r, 0, run[0]), HM_VC_404);
	assert_int_equal(rig_touch(&r, 0, run[2]), HM_OK);
	rig_stop(&r);
}

/* A10 (58019 section 6.6). */
static void test_deposit(void **state)
{
	(void)state;
	test_own_page(DEPOSIT_MEM, LIST_PAGE);
}

static void test_deposit_region(void **state)
{
	(void)state;
	test_own_page(DEPOSIT_MEM, 4U * MIB | SVSM_PAGE_2M);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rescind),	       cmocka_unit_test(test_rescind_region),
		cmocka_unit_test(test_rescind_run),    cmocka_unit_test(test_deposit),
		cmocka_unit_test(test_deposit_region),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
