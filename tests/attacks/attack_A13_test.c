/* SPDX-License-Identifier: Apache-2.0 */
#include "introspect.h"
#include "rig.h"

#define TARGET (40U * MIB)
#define VALIDATE (TARGET | SVSM_PV_VALIDATE)

struct failure {
	enum hm_injected what;
	unsigned int nth;
	uint32_t value;
	uint64_t rax;
};

/* What can fail after PVALIDATE(1) has succeeded: the zeroing, or one of the grants. */
static const struct failure failures[] = {
	{ HM_INJECT_ZERO, 1, 0, SVSM_ERR_INVALID_ADDRESS },
	{ HM_INJECT_RMPADJUST_FAULT, 1, 0, SVSM_ERR_INVALID_ADDRESS },
	{ HM_INJECT_RMPADJUST_CODE, 1, ARCH_RMP_FAIL_PERMISSION,
	  SVSM_ERR_PROTOCOL_BASE + ARCH_RMP_FAIL_PERMISSION },
	{ HM_INJECT_RMPADJUST_CODE, 2, ARCH_RMP_FAIL_PERMISSION,
	  SVSM_ERR_PROTOCOL_BASE + ARCH_RMP_FAIL_PERMISSION },
};

/* A13: the page is not granted and not left validated; it can be validated later (section 6.3). */
static void test_undone(void **state)
{
	const struct hm_config config = rig_config(1);
	struct rig r;

	(void)state;
	rig_start(&r, &config);
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		const struct failure *f = &failures[i];

		hm_inject(r.m, 0, f->what, f->nth, f->value);
		assert_int_equal(rig_one(&r, 0, PVALIDATE, VALIDATE), f->rax);
		assert_true(hm_injection_fired(r.m, 0, f->what));
		attack_check((rig_rmp(&r, TARGET) & SNPM_VALIDATED) == 0U,
			     "A13: a page that failed to be granted stays validated");
		assert_int_equal(rig_touch(&r, 0, TARGET), HM_VC_404);
		assert_int_equal(rig_one(&r, 0, PVALIDATE, VALIDATE), SVSM_SUCCESS);
		assert_int_equal(rig_touch(&r, 0, TARGET), HM_OK);
		assert_int_equal(rig_one(&r, 0, PVALIDATE, TARGET), SVSM_SUCCESS);
	}
	rig_stop(&r);
}

/* A13: in a run, pages before the failing one are granted, it and those behind it are undone. */
static void test_run(void **state)
{
	const struct hm_config config = rig_config(1);
	const uint64_t at = 6U * MIB;
	const struct hm_regs regs = { .rax = PVALIDATE, .rcx = at };
	uint64_t entries[8];
	struct rig r;

	(void)state;
	rig_start(&r, &config);
	for (unsigned int i = 0; i < 8U; i++) {
		entries[i] = VALIDATE + i * PAGE;
	}
	rig_list(&r, 0, at, entries, 8);
	hm_inject(r.m, 0, HM_INJECT_ZERO, 4, 0);
	assert_int_equal(rig_call(&r, 0, &regs), SVSM_ERR_INVALID_ADDRESS);
	assert_int_equal(rig_next(&r, 0, at), 3);
	for (unsigned int i = 0; i < 8U; i++) {
		attack_check(((rig_rmp(&r, TARGET + i * PAGE) & SNPM_VALIDATED) != 0U) == (i < 3U),
			     "A13: page %u of the run is left validated", i);
	}
	assert_int_equal(rig_call(&r, 0, &regs), SVSM_SUCCESS);
	assert_int_equal(rig_next(&r, 0, at), 8);
	rig_stop(&r);
}

/* A13: what the hardware does not let go of is nobody's for ever, and counted (section 6.3). */
static void test_quarantine(void **state)
{
	const struct hm_config config = rig_config(1);
	struct rig r;

	(void)state;
	rig_start(&r, &config);
	hm_inject(r.m, 0, HM_INJECT_ZERO, 1, 0);
	hm_inject(r.m, 0, HM_INJECT_PVALIDATE_CODE, 2, ARCH_RMP_FAIL_INPUT);
	assert_int_equal(rig_one(&r, 0, PVALIDATE, VALIDATE), SVSM_ERR_INVALID_ADDRESS);
	assert_true(hm_injection_fired(r.m, 0, HM_INJECT_PVALIDATE_CODE));
	attack_check(rig_one(&r, 0, PVALIDATE, VALIDATE) == SVSM_ERR_INVALID_ADDRESS &&
			     rig_one(&r, 0, PVALIDATE, TARGET) == SVSM_ERR_INVALID_ADDRESS,
		     "A13: no quarantine for a page that stays validated");
	assert_int_equal(svsm_introspect_stat(SVSM_STAT_QUARANTINED), 1);
	assert_int_equal(rig_touch(&r, 0, TARGET), HM_NPF);
	rig_stop(&r);
}

/* A13: the same for a 2 MiB page. */
static void test_region(void **state)
{
	struct hm_config config = rig_config(1);
	struct rig r;

	(void)state;
	config.rmp_4k = false;
	rig_start(&r, &config);
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		const struct failure *f = &failures[i];

		hm_inject(r.m, 0, f->what, f->nth, f->value);
		assert_int_equal(rig_one(&r, 0, PVALIDATE, VALIDATE | SVSM_PAGE_2M), f->rax);
		attack_check((rig_rmp(&r, TARGET) & SNPM_VALIDATED) == 0U,
			     "A13: a region that failed to be granted stays validated");
		assert_int_equal(rig_one(&r, 0, PVALIDATE, VALIDATE | SVSM_PAGE_2M), SVSM_SUCCESS);
		assert_int_equal(rig_one(&r, 0, PVALIDATE, TARGET | SVSM_PAGE_2M), SVSM_SUCCESS);
	}
	rig_stop(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_undone),
		cmocka_unit_test(test_run),
		cmocka_unit_test(test_quarantine),
		cmocka_unit_test(test_region),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
