/* SPDX-License-Identifier: Apache-2.0 */
#include "rmp_fixture.h"

#define SPN REGION
#define GPN GPN_BASE

static struct snpm_query query;

static struct snpm_result ask(struct fixture *f, unsigned int vmpl, uint64_t gpn,
			      unsigned int target)
{
	query = (struct snpm_query){ .perms = 0xff, .vmsa = true, .size = 9 };
	return snpm_rmpquery(&f->rmp, vmpl, SPN, gpn, target, &query);
}

static void assert_nothing_told(void)
{
	assert_int_equal(query.perms, 0);
	assert_false(query.vmsa);
	assert_int_equal(query.size, 0);
}

/* rmp-semantics 5.1. */
static void answers(void **state)
{
	struct fixture *f = fixture_reset(0);

	(void)state;
	put_4k(f, SPN, guest_word(GPN, SNPM_VALIDATED | SNPM_VMSA | perms_word(0x0f, 0x15, 0x01)));
	assert_result("VMPL0", 0, ask(f, 0, GPN, 0), CODE(0));
	assert_int_equal(query.perms, 0x1f);
	assert_true(query.vmsa);
	assert_int_equal(query.size, 0);
	assert_result("VMPL2", 0, ask(f, 0, GPN, 2), CODE(0));
	assert_int_equal(query.perms, 0x15);
	assert_result("own", 0, ask(f, 3, GPN, 3), CODE(0));
	assert_int_equal(query.perms, 0x01);

	f = fixture_reset(0);
	put_2m(f, SPN, guest_word(GPN, SNPM_VALIDATED | perms_word(0, 0x03, 0)));
	assert_result("2M", 0, ask(f, 1, GPN, 2), CODE(0));
	assert_int_equal(query.perms, 0x03);
	assert_false(query.vmsa);
	assert_int_equal(query.size, 1);
}

/* rmp-semantics 5.1, 5.2: refusals tell nothing. */
static void refusals(void **state)
{
	struct fixture *f = fixture_reset(0);

	(void)state;
	assert_result("target before owner", 0, ask(f, 2, GPN, 1), CODE(2));
	assert_nothing_told();
	assert_result("target 4", 0, ask(f, 0, GPN, 4), CODE(2));
	assert_nothing_told();
	assert_result("unassigned", 0, ask(f, 0, GPN, 1), FAULT(SNPM_NPF));
	assert_nothing_told();
	put_4k(f, SPN, guest_word(GPN, perms_word(1, 1, 1)));
	assert_result("gPA before 404", 0, ask(f, 0, GPN + 1, 1), FAULT(SNPM_NPF));
	assert_result("404", 0, ask(f, 0, GPN, 1), FAULT(SNPM_VC_404));
	assert_nothing_told();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),
		cmocka_unit_test(refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
