/* SPDX-License-Identifier: Apache-2.0 */
#include "rmp_fixture.h"

#define SPN REGION
#define GPN GPN_BASE

static void refused(struct fixture *f, uint64_t spn, uint32_t want)
{
	static struct fixture_copy before;

	fixture_save(f, &before);
	assert_int_equal(snpm_psmash(&f->rmp, spn), want);
	assert_true(fixture_same(f, &before));
}

/* rmp-semantics 2.5: codes. */
static void codes(void **state)
{
	struct fixture *f = fixture_reset(0);

	(void)state;
	refused(f, SPN + 1, 1);
	refused(f, NR_PAGES, 1);
	refused(f, NR_REGIONS * REGION, 1);
	refused(f, SPN, 7);
	put_4k(f, SPN, guest_word(GPN, 0));
	refused(f, SPN, 7);
	put_2m(f, SPN, word_of(SNPM_ASID_FIRMWARE, GPN, SNPM_ASSIGNED | SNPM_IMMUTABLE));
	refused(f, SPN, 2);
	put_2m(f, SPN, guest_word(GPN, SNPM_VALIDATED | SNPM_VMSA | SNPM_INUSE));
	refused(f, SPN, 3);
}

/* rmp-semantics 2.5: 512 entries with contiguous gPAs; everything else is kept, and no neighbour
 * changes. */
static void keeps_everything(void **state)
{
	const uint64_t variants[] = {
		0,
		SNPM_VALIDATED,
		SNPM_IMMUTABLE,
		SNPM_VALIDATED | SNPM_VMSA | perms_word(0x0f, 0x15, 0x01),
	};

	(void)state;
	for (size_t v = 0; v < sizeof(variants) / sizeof(variants[0]); v++) {
		struct fixture *f = fixture_reset(0);
		unsigned int size;

		put_2m(f, SPN, guest_word(GPN, variants[v]));
		put_2m(f, SPN + REGION, guest_word(GPN + REGION, SNPM_VALIDATED));
		assert_int_equal(snpm_psmash(&f->rmp, SPN), 0);
		for (uint64_t i = 0; i < REGION; i++) {
			assert_int_equal(snpm_word(&f->rmp, SPN + i, &size),
					 guest_word(GPN + i, variants[v]));
			assert_int_equal(size, 0);
		}
		assert_int_equal(snpm_word(&f->rmp, SPN + REGION, &size),
				 guest_word(GPN + REGION, SNPM_VALIDATED));
		assert_int_equal(size, 1);
		refused(f, SPN, 7);
	}
}

/* The repair of a size fault (rmp-semantics 2.8, 3.2f): smash, then the 4 KiB instruction succeeds.
 */
static void repairs_size_fault(void **state)
{
	struct fixture *f = fixture_reset(0);

	(void)state;
	put_2m(f, SPN, guest_word(GPN, 0));
	assert_int_equal(snpm_pvalidate(&f->rmp, 0, SPN + 5, GPN + 5, 0, true).fault,
			 SNPM_NPF_SIZEM);
	assert_int_equal(snpm_psmash(&f->rmp, SPN), 0);
	assert_result("4K", 0, snpm_pvalidate(&f->rmp, 0, SPN + 5, GPN + 5, 0, true), CODE(0));
	assert_result("2M", 0, snpm_pvalidate(&f->rmp, 0, SPN, GPN, 1, true), CODE(6));
	assert_int_equal(snpm_word(&f->rmp, SPN + 4, NULL), guest_word(GPN + 4, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes),
		cmocka_unit_test(keeps_everything),
		cmocka_unit_test(repairs_size_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
