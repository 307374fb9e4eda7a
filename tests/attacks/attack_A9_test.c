/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#define VALID_PAGE (4U * MIB)
#define INVALID_PAGE (40U * MIB)

static uint64_t executed(struct rig *r)
{
	struct hm_counters counters;

	hm_counters(r->m, &counters);
	return counters.pvalidate;
}

/*
 * A9: the host maps a valid page to another system page; "validate, ignore CF" would bind that one
 * too, and the host could show the guest either (58019 section 6.3).
 */
static void test_second_binding(void **state)
{
	const struct hm_config config = rig_config(1);
	const uint64_t entry = VALID_PAGE | SVSM_PV_VALIDATE | SVSM_PV_IGNORE_CF;
	uint64_t before, rax;
	struct rig r;

	(void)state;
	rig_start(&r, &config);
	hm_remap(r.m, VALID_PAGE, hm_spare_spn(r.m));
	assert_true(hm_psc(r.m, VALID_PAGE, 1, SVSM_PAGE_4K, true));
	before = executed(&r);
	rax = rig_one(&r, 0, PVALIDATE, entry);
	attack_check((rig_rmp(&r, VALID_PAGE) & SNPM_VALIDATED) == 0U,
		     "A9: two system pages are validated for one gPA");
	assert_int_equal(rax, SVSM_ERR_INVALID_ADDRESS);
	assert_int_equal(executed(&r), before);
	/* its first binding may live on: it is never validated again (pvalidate_pages.h) */
	assert_int_equal(rig_one(&r, 0, PVALIDATE, VALID_PAGE | SVSM_PV_VALIDATE),
			 SVSM_ERR_INVALID_ADDRESS);
	assert_int_equal(executed(&r), before);
	rig_stop(&r);
}

/* A9: what the map says is answered without the instruction (architecture 4). */
static void test_answered_from_the_map(void **state)
{
	static const struct {
		uint64_t entry, rax;
	} cases[] = {
		{ VALID_PAGE | SVSM_PV_VALIDATE, SVSM_ERR_RMP_CARRY },
		{ VALID_PAGE | SVSM_PV_VALIDATE | SVSM_PV_IGNORE_CF, SVSM_SUCCESS },
		{ INVALID_PAGE, SVSM_ERR_RMP_CARRY },
		{ INVALID_PAGE | SVSM_PV_IGNORE_CF, SVSM_SUCCESS },
		{ VALID_PAGE | SVSM_PAGE_2M | SVSM_PV_VALIDATE, SVSM_ERR_RMP_CARRY },
		{ VALID_PAGE | SVSM_PAGE_2M | SVSM_PV_VALIDATE | SVSM_PV_IGNORE_CF, SVSM_SUCCESS },
		{ INVALID_PAGE | SVSM_PAGE_2M, SVSM_ERR_RMP_CARRY },
		{ INVALID_PAGE | SVSM_PAGE_2M | SVSM_PV_IGNORE_CF, SVSM_SUCCESS },
	};
	struct hm_config config = rig_config(1);
	struct rig r;

	(void)state;
	config.rmp_4k = false;
	rig_start(&r, &config);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const uint64_t before = executed(&r);
		uint64_t value = 1;

		/* a 4 KiB entry splits the RMP's: the 2 MiB cases use the next region */
		if ((cases[i].entry & SVSM_PAGE_2M) != 0U) {
			assert_int_equal(rig_one(&r, 0, PVALIDATE, cases[i].entry + 2U * MIB),
					 cases[i].rax);
		} else {
			assert_int_equal(rig_one(&r, 0, PVALIDATE, cases[i].entry), cases[i].rax);
		}
		assert_int_equal(executed(&r), before);
		assert_int_equal(rig_read(&r, 0, VALID_PAGE, &value, sizeof(value)), HM_OK);
		assert_int_equal(value, 0);
	}
	rig_stop(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_second_binding),
		cmocka_unit_test(test_answered_from_the_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
