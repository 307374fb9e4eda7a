/* SPDX-License-Identifier: Apache-2.0 */
#include "rmp_fixture.h"

#define SPN REGION
#define GPN GPN_BASE
#define V SNPM_VALIDATED
#define U3 1U
#define U6 4U

static void refused(struct fixture *f, const char *row, uint64_t spn, uint64_t gpn)
{
	static struct fixture_copy before;

	fixture_save(f, &before);
	if (snpm_vmrun_begin(&f->rmp, spn, gpn) || !fixture_same(f, &before)) {
		fail_msg("%s", row);
	}
}

/* rmp-semantics 7.1: what VMRUN asks of the VMSA page; permissions of lower VMPLs are no part of
 * it. */
static void conditions(void **state)
{
	(void)state;
	for (unsigned int s = 0; s < NR_SWITCH_SETTINGS; s++) {
		struct fixture *f = fixture_reset(s);

		refused(f, "unassigned", SPN, GPN);
		refused(f, "outside", NR_PAGES, GPN);
		put_4k(f, SPN, guest_word(GPN, V));
		refused(f, "no VMSA", SPN, GPN);
		put_4k(f, SPN, guest_word(GPN, V | SNPM_VMSA | SNPM_IMMUTABLE));
		refused(f, "immutable", SPN, GPN);
		put_4k(f, SPN, word_of(SNPM_ASID_OTHER, GPN, SNPM_ASSIGNED | V | SNPM_VMSA));
		refused(f, "ASID", SPN, GPN);
		put_2m(f, SPN, guest_word(GPN, V | SNPM_VMSA));
		refused(f, "2M entry", SPN, GPN);
		put_4k(f, SPN, guest_word(GPN, V | SNPM_VMSA | perms_word(1, 0, 0)));
		refused(f, "gPA", SPN, GPN + 1);
		assert_true(snpm_vmrun_begin(&f->rmp, SPN, GPN));
		refused(f, "in use", SPN, GPN);
		snpm_vmrun_end(&f->rmp, SPN);
		assert_int_equal(snpm_word(&f->rmp, SPN, NULL),
				 guest_word(GPN, V | SNPM_VMSA | perms_word(1, 0, 0)));
		assert_true(snpm_vmrun_begin(&f->rmp, SPN, GPN));
	}
}

/* U6: Validated=0. */
static void unvalidated(void **state)
{
	(void)state;
	for (unsigned int s = 0; s < NR_SWITCH_SETTINGS; s++) {
		struct fixture *f = fixture_reset(s);

		put_4k(f, SPN, guest_word(GPN, SNPM_VMSA));
		assert_int_equal(snpm_vmrun_begin(&f->rmp, SPN, GPN), (s & U6) == 0U);
	}
}

/* rmp-semantics 4.8, 7.2: nothing changes the entry while it runs, and everything can afterwards.
 */
static void protects_entry(void **state)
{
	const struct snpm_update to_host = { 0, false, 0, false, SNPM_ASID_NONE };
	const struct snpm_update to_guest_2m = { GPN, true, 1, false, SNPM_ASID_GUEST };

	(void)state;
	for (unsigned int s = 0; s < NR_SWITCH_SETTINGS; s++) {
		const struct snpm_result adjusted = (s & U3) != 0U ? FAULT(SNPM_NPF) : CODE(3);
		struct fixture *f = fixture_reset(s);

		put_4k(f, SPN, guest_word(GPN, V | SNPM_VMSA));
		assert_true(snpm_vmrun_begin(&f->rmp, SPN, GPN));
		assert_result("RMPADJUST", s, snpm_rmpadjust(&f->rmp, 0, SPN, GPN, 0, 1, 0, false),
			      adjusted);
		assert_result("PVALIDATE", s, snpm_pvalidate(&f->rmp, 0, SPN, GPN, 0, false),
			      FAULT(SNPM_NPF));
		assert_int_equal(snpm_rmpupdate(&f->rmp, SPN, &to_host), 3);
		assert_int_equal(snpm_rmpupdate(&f->rmp, SPN, &to_guest_2m), 4);
		assert_int_equal(snpm_word(&f->rmp, SPN, NULL),
				 guest_word(GPN, V | SNPM_VMSA | SNPM_INUSE));
		snpm_vmrun_end(&f->rmp, SPN);
		assert_result("RMPADJUST after", s,
			      snpm_rmpadjust(&f->rmp, 0, SPN, GPN, 0, 1, 0, false), CODE(0));
		assert_int_equal(snpm_rmpupdate(&f->rmp, SPN, &to_host), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conditions),
		cmocka_unit_test(unvalidated),
		cmocka_unit_test(protects_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
