/* SPDX-License-Identifier: Apache-2.0 */
#include "rmp_fixture.h"

#define SPN REGION
#define GPN GPN_BASE
#define V SNPM_VALIDATED

static const enum snpm_access kinds[] = { SNPM_READ, SNPM_WRITE, SNPM_XUSER, SNPM_XSUPER };

static void all_fault(struct fixture *f, const char *row, uint64_t spn, uint64_t gpn,
		      enum snpm_fault want)
{
	for (unsigned int vmpl = 0; vmpl < 4; vmpl++) {
		for (size_t k = 0; k < 4; k++) {
			enum snpm_fault got = snpm_access_check(&f->rmp, vmpl, spn, gpn, kinds[k]);

			if (got != want) {
				fail_msg("%s: VMPL%u access %zu: %d", row, vmpl, k, (int)got);
			}
		}
	}
}

/* rmp-semantics 6.3, 6.4: ownership, gPA and immutable before Validated, Validated before VMPL. */
static void priority(void **state)
{
	struct fixture *f = fixture_reset(0);
	const uint64_t full = perms_word(0x1f, 0x1f, 0x1f);

	(void)state;
	all_fault(f, "unassigned", SPN, GPN, SNPM_NPF);
	all_fault(f, "outside", NR_PAGES, GPN, SNPM_NPF);
	put_4k(f, SPN, guest_word(GPN, V | full | SNPM_IMMUTABLE));
	all_fault(f, "immutable", SPN, GPN, SNPM_NPF);
	put_4k(f, SPN, word_of(SNPM_ASID_OTHER, GPN, SNPM_ASSIGNED | V | full));
	all_fault(f, "ASID", SPN, GPN, SNPM_NPF);
	put_4k(f, SPN, guest_word(GPN, V | full));
	all_fault(f, "gPA", SPN, GPN + 1, SNPM_NPF);
	put_4k(f, SPN, guest_word(GPN, full));
	all_fault(f, "gPA before 404", SPN, GPN + 1, SNPM_NPF);
	all_fault(f, "404", SPN, GPN, SNPM_VC_404);
	put_4k(f, SPN, guest_word(GPN, 0));
	all_fault(f, "404 before VMPL", SPN, GPN, SNPM_VC_404);
	put_4k(f, SPN, guest_word(GPN, V | full));
	all_fault(f, "allowed", SPN, GPN, SNPM_NO_FAULT);
	put_2m(f, 2U * REGION, guest_word(GPN, V | full));
	all_fault(f, "allowed in 2M", 2U * REGION + 17U, GPN + 17, SNPM_NO_FAULT);
	all_fault(f, "gPA in 2M", 2U * REGION + 17U, GPN + 18, SNPM_NPF);
}

static bool allowed(uint8_t mask, enum snpm_access kind)
{
	const bool read = (mask & 1U) != 0U;

	switch (kind) {
	case SNPM_READ:
		return read;
	case SNPM_WRITE:
		return read && (mask & 2U) != 0U;
	case SNPM_XUSER:
		return (mask & 4U) != 0U;
	case SNPM_XSUPER:
	default:
		return (mask & 8U) != 0U;
	}
}

/* rmp-semantics 1.2, 1.3, 6.6: every mask for each VMPL; VMPL0 always has all rights. */
static void permissions(void **state)
{
	struct fixture *f = fixture_reset(0);

	(void)state;
	for (unsigned int vmpl = 1; vmpl < 4; vmpl++) {
		for (uint8_t mask = 0; mask < 0x20; mask++) {
			/* The other VMPLs have the opposite rights, so that no neighbour's mask can
			 * answer. */
			const uint8_t rest = (uint8_t)(~mask & 0x1f);

			put_4k(f, SPN,
			       guest_word(GPN, V | perms_word(vmpl == 1U ? mask : rest,
							      vmpl == 2U ? mask : rest,
							      vmpl == 3U ? mask : rest)));
			for (size_t k = 0; k < 4; k++) {
				assert_int_equal(
					snpm_access_check(&f->rmp, vmpl, SPN, GPN, kinds[k]),
					allowed(mask, kinds[k]) ? SNPM_NO_FAULT : SNPM_NPF_VMPL);
				assert_int_equal(snpm_access_check(&f->rmp, 0, SPN, GPN, kinds[k]),
						 SNPM_NO_FAULT);
			}
		}
	}
}

/* rmp-semantics 6.1, 6.4: shared writes need a hypervisor-owned page, whatever else the entry says.
 */
static void shared(void **state)
{
	struct fixture *f = fixture_reset(0);

	(void)state;
	assert_int_equal(snpm_shared_check(&f->rmp, SPN), SNPM_NO_FAULT);
	assert_int_equal(snpm_shared_check(&f->rmp, NR_PAGES), SNPM_NO_FAULT);
	put_4k(f, SPN, guest_word(GPN, 0));
	assert_int_equal(snpm_shared_check(&f->rmp, SPN), SNPM_NPF);
	assert_int_equal(snpm_shared_check(&f->rmp, SPN + 1), SNPM_NO_FAULT);
	put_4k(f, SPN, word_of(SNPM_ASID_OTHER, GPN, SNPM_ASSIGNED));
	assert_int_equal(snpm_shared_check(&f->rmp, SPN), SNPM_NPF);
	put_2m(f, SPN, guest_word(GPN, V));
	assert_int_equal(snpm_shared_check(&f->rmp, SPN + 511), SNPM_NPF);
}

/* rmp-semantics 1.5: what the table does not cover is hypervisor-owned, whatever lies behind its
 * end. */
static void table_end(void **state)
{
	struct fixture *f = fixture_reset(0);

	(void)state;
	put_4k(f, SPN + 5, guest_word(GPN, V));
	f->rmp.nr_pages = SPN + 6;
	assert_int_equal(snpm_access_check(&f->rmp, 0, SPN + 5, GPN, SNPM_READ), SNPM_NO_FAULT);
	f->rmp.nr_pages = SPN + 5;
	assert_int_equal(snpm_access_check(&f->rmp, 0, SPN + 5, GPN, SNPM_READ), SNPM_NPF);
	assert_int_equal(snpm_shared_check(&f->rmp, SPN + 5), SNPM_NO_FAULT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(priority),
		cmocka_unit_test(permissions),
		cmocka_unit_test(shared),
		cmocka_unit_test(table_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
