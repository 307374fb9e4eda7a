/* SPDX-License-Identifier: Apache-2.0 */
#include "pagerights.h"

#include "core_fixture.h"

#define GPA (8U * MIB)

static uint64_t word(void)
{
	return snpm_word(hm_rmp(core_machine), hm_spn(core_machine, GPA), NULL);
}

static uint64_t perms(unsigned int vmpl)
{
	return (word() >> SNPM_PERM_SHIFT(vmpl)) & SNPM_PERM_BITS;
}

/* 58019 section 6.3: the served VMPL and every more privileged one. */
static void test_grant_revoke(void **state)
{
	(void)state;
	for (unsigned int vmpl = 1; vmpl <= 3U; vmpl++) {
		struct arch_rmp_result rmp = svsm_rights_revoke(gpa_make(GPA), SVSM_PAGE_4K);

		assert_true(svsm_rmp_ok(&rmp));
		assert_int_equal(perms(1) | perms(2) | perms(3), 0);
		rmp = svsm_rights_grant(gpa_make(GPA), SVSM_PAGE_4K, vmpl);
		assert_true(svsm_rmp_ok(&rmp));
		for (unsigned int v = 1; v <= 3U; v++) {
			assert_int_equal(perms(v), v <= vmpl ? SVSM_PERM_RWX : SVSM_PERM_NONE);
		}
	}
}

/* 58019 section 6.4: a VMSA can be read by VMPLs not above its own, never written. */
static void test_make_vmsa(void **state)
{
	struct arch_rmp_result rmp;

	(void)state;
	for (unsigned int vmpl = 1; vmpl <= 3U; vmpl++) {
		rmp = svsm_rights_make_vmsa(gpa_make(GPA), vmpl);
		assert_true(svsm_rmp_ok(&rmp));
		assert_int_not_equal(word() & SNPM_VMSA, 0);
		for (unsigned int v = 1; v <= 3U; v++) {
			assert_int_equal(perms(v), v <= vmpl ? SVSM_PERM_READ : SVSM_PERM_NONE);
		}
	}
	rmp = svsm_rights_grant(gpa_make(GPA), SVSM_PAGE_4K, 2);
	assert_true(svsm_rmp_ok(&rmp));
	assert_int_equal(word() & SNPM_VMSA, 0);
}

static void test_failures(void **state)
{
	struct arch_rmp_result rmp;

	(void)state;
	hm_inject(core_machine, 0, HM_INJECT_RMPADJUST_CODE, 2, ARCH_RMP_FAIL_PERMISSION);
	rmp = svsm_rights_revoke(gpa_make(GPA), SVSM_PAGE_4K);
	assert_false(svsm_rmp_ok(&rmp));
	assert_int_equal(rmp.code, ARCH_RMP_FAIL_PERMISSION);
	assert_int_equal(perms(1), 0);
	assert_int_equal(perms(2), SVSM_PERM_RWX);
	hm_inject(core_machine, 0, HM_INJECT_RMPADJUST_FAULT, 1, 0);
	rmp = svsm_rights_grant(gpa_make(GPA), SVSM_PAGE_4K, 2);
	assert_true(rmp.fault);
	assert_false(svsm_rmp_ok(&rmp));
	assert_int_equal(perms(1), 0);
}

static void test_flush(void **state)
{
	struct hm_counters before, after;

	(void)state;
	hm_counters(core_machine, &before);
	svsm_flush(svsm_cpu_at(0));
	hm_counters(core_machine, &after);
	assert_int_equal(after.flush_global - before.flush_global, 1);
	assert_int_equal(atomic_load(&svsm_cpu_at(0)->stats[SVSM_STAT_FLUSHES]), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		core_test(test_grant_revoke),
		core_test(test_make_vmsa),
		core_test(test_failures),
		core_test(test_flush),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
