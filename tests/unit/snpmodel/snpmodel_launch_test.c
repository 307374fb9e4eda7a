/* SPDX-License-Identifier: Apache-2.0 */
#include "rmp_fixture.h"

#define SPN REGION
#define GPN GPN_BASE
#define V SNPM_VALIDATED

static const uint8_t perms[4] = { 0, 0x0f, 0x05, 0x01 };

static void refused(struct fixture *f, uint64_t spn, unsigned int size, const uint8_t mask[4],
		    bool vmsa)
{
	static struct fixture_copy before;

	fixture_save(f, &before);
	assert_false(snpm_launch_page(&f->rmp, spn, GPN, size, mask, vmsa));
	assert_true(fixture_same(f, &before));
}

/* rmp-semantics 10.8, 7.9. */
static void fresh_pages(void **state)
{
	struct fixture *f = fixture_reset(0);
	unsigned int size;

	(void)state;
	assert_true(snpm_launch_page(&f->rmp, SPN, GPN, 0, perms, false));
	assert_int_equal(snpm_word(&f->rmp, SPN, &size),
			 guest_word(GPN, V | perms_word(0x0f, 0x05, 0x01)));
	assert_int_equal(size, 0);
	assert_true(snpm_launch_page(&f->rmp, SPN + 1, GPN + 1, 0, perms, true));
	assert_int_equal(snpm_word(&f->rmp, SPN + 1, &size),
			 guest_word(GPN + 1, V | SNPM_VMSA | perms_word(0x0f, 0x05, 0x01)));
	assert_true(snpm_launch_page(&f->rmp, 2U * REGION, GPN + REGION, 1, perms, false));
	assert_int_equal(snpm_word(&f->rmp, 2U * REGION + 3U, &size),
			 guest_word(GPN + REGION + 3, V | perms_word(0x0f, 0x05, 0x01)));
	assert_int_equal(size, 1);
}

/* rmp-semantics 10.8: a page that the host prepared, immutable or not, becomes mutable and valid.
 */
static void prepared_pages(void **state)
{
	struct fixture *f = fixture_reset(0);

	(void)state;
	put_4k(f, SPN, guest_word(GPN, SNPM_IMMUTABLE));
	assert_true(snpm_launch_page(&f->rmp, SPN, GPN, 0, perms, false));
	assert_int_equal(snpm_word(&f->rmp, SPN, NULL),
			 guest_word(GPN, V | perms_word(0x0f, 0x05, 0x01)));
	put_2m(f, 2U * REGION, guest_word(GPN, 0));
	assert_true(snpm_launch_page(&f->rmp, 2U * REGION, GPN, 1, perms, false));
	assert_int_equal(snpm_word(&f->rmp, 2U * REGION, NULL),
			 guest_word(GPN, V | perms_word(0x0f, 0x05, 0x01)));
}

static void clashes(void **state)
{
	const uint8_t wide[4] = { 0, 0, 0x20, 0 };
	struct fixture *f = fixture_reset(0);

	(void)state;
	refused(f, NR_PAGES, 0, perms, false);
	refused(f, SPN + 1, 1, perms, false);
	refused(f, SPN, 1, perms, true);
	refused(f, SPN, 0, wide, false);
	put_4k(f, SPN, guest_word(GPN, V));
	refused(f, SPN, 0, perms, false);
	refused(f, SPN, 1, perms, false);
	put_4k(f, SPN, guest_word(GPN + 1, 0));
	refused(f, SPN, 0, perms, false);
	put_4k(f, SPN, word_of(SNPM_ASID_OTHER, GPN, SNPM_ASSIGNED));
	refused(f, SPN, 0, perms, false);
	put_2m(f, SPN, guest_word(GPN, 0));
	refused(f, SPN, 0, perms, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fresh_pages),
		cmocka_unit_test(prepared_pages),
		cmocka_unit_test(clashes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
