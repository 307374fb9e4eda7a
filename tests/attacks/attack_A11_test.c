/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "rig.h"

#define VICTIM (5U * MIB)
#define RESCINDED (7U * MIB)

/*
 * A11: vCPU 1's VMPL0 has a translation of the page from a list that lay in it. The page is
 * rescinded through vCPU 0, where the flush may not reach VMPL0 of vCPU 1, and the host maps the
 * gPA to a system page with ciphertext of this VM. Validated through vCPU 1, the page that is
 * granted must be the one that was zeroed (architecture 5).
 */
static void steal_page(const struct hm_config *config)
{
	const uint64_t entry = RESCINDED;
	const struct hm_regs call = { .rax = PVALIDATE, .rcx = VICTIM };
	const unsigned char zero[PAGE] = { 0 };
	unsigned char seen[PAGE];
	uint64_t spn, rax;
	struct rig r;

	rig_start(&r, config);
	rig_boot_all(&r);
	spn = hm_spare_spn(r.m);
	memset(hm_system_page(r.m, spn), 0x5e, PAGE);
	rig_list(&r, 1, VICTIM, &entry, 1);
	assert_int_equal(rig_call(&r, 1, &call), SVSM_SUCCESS);
	assert_int_equal(rig_one(&r, 0, PVALIDATE, VICTIM), SVSM_SUCCESS);
	hm_remap(r.m, VICTIM, spn);
	assert_true(hm_psc(r.m, VICTIM, 1, SVSM_PAGE_4K, true));
	rax = rig_one(&r, 1, PVALIDATE, VICTIM | SVSM_PV_VALIDATE);
	attack_check(judge_found(r.judge, JUDGE_A11) == 0U,
		     "A11: PVALIDATE(1) without a local flush before it");
	assert_int_equal(rax, SVSM_SUCCESS);
	assert_int_equal(rig_read(&r, 0, VICTIM, seen, sizeof(seen)), HM_OK);
	attack_check(memcmp(seen, zero, sizeof(zero)) == 0,
		     "A11: the guest was granted a page that was not zeroed");
	rig_stop(&r);
}

static void test_no_invlpgb(void **state)
{
	struct hm_config config = rig_config(2);

	(void)state;
	config.no_invlpgb = true;
	steal_page(&config);
}

static void test_broadcast(void **state)
{
	const struct hm_config config = rig_config(2);

	(void)state;
	steal_page(&config);
}

/* A11: the flush owed by a rescind precedes a validation in the same list (58019 section 6.3). */
static void test_same_list(void **state)
{
	const struct hm_config config = rig_config(2);
	const uint64_t entries[] = { VICTIM, VICTIM | SVSM_PV_VALIDATE, VICTIM,
				     VICTIM | SVSM_PV_VALIDATE };
	const struct hm_regs call = { .rax = PVALIDATE, .rcx = 6U * MIB };
	struct rig r;

	(void)state;
	rig_start(&r, &config);
	rig_boot_all(&r);
	assert_int_equal(rig_touch(&r, 1, VICTIM), HM_OK);
	rig_list(&r, 0, 6U * MIB, entries, 4);
	assert_int_equal(rig_call(&r, 0, &call), SVSM_SUCCESS);
	rig_stop(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_broadcast),
		cmocka_unit_test(test_no_invlpgb),
		cmocka_unit_test(test_same_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
