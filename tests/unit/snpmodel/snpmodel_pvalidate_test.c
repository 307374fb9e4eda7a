/* SPDX-License-Identifier: Apache-2.0 */
#include "rmp_fixture.h"

#define SPN REGION
#define GPN GPN_BASE

/*
 * rmp-semantics 3.2, one row for each check alone, and rows where it meets later ones: the first in
 * the order must win. Every row that is no plain success must leave the RMP as it was.
 */
struct row {
	const char *name;
	unsigned int vmpl;
	uint64_t spn, gpn;
	unsigned int size;
	bool validate;
	enum place place;
	uint64_t word;
	struct snpm_result want;
	uint64_t flips; /* bits of the entry that change */
};

#define G WORD_OF(SNPM_ASID_GUEST, GPN, SNPM_ASSIGNED)
#define V SNPM_VALIDATED

static const struct row order_of_checks_rows[] = {
	{ "a: VMPL1", 1, SPN, GPN, 0, true, PLACE_4K, G, WANT_FAULT(SNPM_GP), 0 },
	{ "a: VMPL3", 3, SPN, GPN, 0, true, PLACE_4K, G, WANT_FAULT(SNPM_GP), 0 },
	{ "a before b", 1, SPN, GPN + 1, 1, true, PLACE_4K, G, WANT_FAULT(SNPM_GP), 0 },
	{ "a before e", 2, SPN, GPN, 0, true, PLACE_NONE, 0, WANT_FAULT(SNPM_GP), 0 },
	{ "b: 2M misaligned", 0, SPN + 1, GPN + 1, 1, true, PLACE_2M, G, WANT_CODE(1), 0 },
	{ "b: size 2", 0, SPN, GPN, 2, true, PLACE_4K, G, WANT_CODE(1), 0 },
	{ "b: size 3 before e", 0, SPN, GPN, 3, true, PLACE_NONE, 0, WANT_CODE(1), 0 },
	{ "b before e", 0, SPN, GPN + 1, 1, true, PLACE_NONE, 0, WANT_CODE(1), 0 },
	{ "b before g", 0, SPN, GPN + 1, 1, true, PLACE_4K, G, WANT_CODE(1), 0 },
	{ "e: unassigned range", 0, SPN, GPN, 0, true, PLACE_NONE, 0, WANT_FAULT(SNPM_NPF), 0 },
	{ "e: unassigned range 2M", 0, SPN, GPN, 1, true, PLACE_NONE, 0, WANT_FAULT(SNPM_NPF), 0 },
	{ "e: unassigned 4K", 0, SPN, GPN, 0, true, PLACE_4K, 0, WANT_FAULT(SNPM_NPF), 0 },
	{ "e: outside the RMP", 0, NR_PAGES, GPN, 0, true, PLACE_NONE, 0, WANT_FAULT(SNPM_NPF), 0 },
	{ "e: immutable", 0, SPN, GPN, 0, true, PLACE_4K, G | SNPM_IMMUTABLE, WANT_FAULT(SNPM_NPF),
	  0 },
	{ "e: other gPA", 0, SPN, GPN + 1, 0, true, PLACE_4K, G, WANT_FAULT(SNPM_NPF), 0 },
	{ "e: other ASID", 0, SPN, GPN, 0, true, PLACE_4K,
	  WORD_OF(SNPM_ASID_OTHER, GPN, SNPM_ASSIGNED), WANT_FAULT(SNPM_NPF), 0 },
	{ "e: firmware", 0, SPN, GPN, 0, true, PLACE_4K,
	  WORD_OF(SNPM_ASID_FIRMWARE, GPN, SNPM_ASSIGNED | SNPM_IMMUTABLE), WANT_FAULT(SNPM_NPF),
	  0 },
	{ "e: VMSA in use", 0, SPN, GPN, 0, false, PLACE_4K, G | V | SNPM_VMSA | SNPM_INUSE,
	  WANT_FAULT(SNPM_NPF), 0 },
	{ "e before f: immutable", 0, SPN, GPN, 0, true, PLACE_2M, G | SNPM_IMMUTABLE,
	  WANT_FAULT(SNPM_NPF), 0 },
	{ "e before f: gPA inside 2M", 0, SPN + 3, GPN + 4, 0, true, PLACE_2M, G,
	  WANT_FAULT(SNPM_NPF), 0 },
	{ "e before f: ASID", 0, SPN, GPN, 0, true, PLACE_2M,
	  WORD_OF(SNPM_ASID_OTHER, GPN, SNPM_ASSIGNED), WANT_FAULT(SNPM_NPF), 0 },
	{ "e before g: gPA", 0, SPN, GPN + REGION, 1, true, PLACE_4K, G, WANT_FAULT(SNPM_NPF), 0 },
	{ "e before h: immutable", 0, SPN, GPN, 0, true, PLACE_4K, G | V | SNPM_IMMUTABLE,
	  WANT_FAULT(SNPM_NPF), 0 },
	{ "e: 2M gPA at an inner system page", 0, SPN + 1, GPN, 1, true, PLACE_2M, G,
	  WANT_FAULT(SNPM_NPF), 0 },
	{ "f: 2M entry, 4K request", 0, SPN, GPN, 0, true, PLACE_2M, G, WANT_FAULT(SNPM_NPF_SIZEM),
	  0 },
	{ "f: inner page", 0, SPN + 511, GPN + 511, 0, true, PLACE_2M, G,
	  WANT_FAULT(SNPM_NPF_SIZEM), 0 },
	{ "f before h", 0, SPN, GPN, 0, true, PLACE_2M, G | V, WANT_FAULT(SNPM_NPF_SIZEM), 0 },
	{ "g: 4K entry, 2M request", 0, SPN, GPN, 1, true, PLACE_4K, G, WANT_CODE(6), 0 },
	{ "g: rescind", 0, SPN, GPN, 1, false, PLACE_4K, G | V, WANT_CODE(6), 0 },
	{ "g before h: CF stays clear", 0, SPN, GPN, 1, true, PLACE_4K, G | V, WANT_CODE(6), 0 },
	{ "g: unaligned system page", 0, SPN + 7, GPN, 1, true, PLACE_4K, G, WANT_CODE(6), 0 },
	{ "h: validated already", 0, SPN, GPN, 0, true, PLACE_4K, G | V, WANT_CARRY, 0 },
	{ "h: rescinded already", 0, SPN, GPN, 0, false, PLACE_4K, G, WANT_CARRY, 0 },
	{ "h: 2M validated already", 0, SPN, GPN, 1, true, PLACE_2M, G | V, WANT_CARRY, 0 },
	{ "h: 2M rescinded already", 0, SPN, GPN, 1, false, PLACE_2M, G, WANT_CARRY, 0 },
	{ "i: validate", 0, SPN, GPN, 0, true, PLACE_4K, G, WANT_CODE(0), V },
	{ "i: rescind", 0, SPN, GPN, 0, false, PLACE_4K, G | V, WANT_CODE(0), V },
	{ "i: validate 2M", 0, SPN, GPN, 1, true, PLACE_2M, G, WANT_CODE(0), V },
	{ "i: rescind 2M", 0, SPN, GPN, 1, false, PLACE_2M, G | V, WANT_CODE(0), V },
};

static void order_of_checks(void **state)
{
	static struct fixture_copy before;

	(void)state;
	for (unsigned int s = 0; s < NR_SWITCH_SETTINGS; s++) {
		for (size_t i = 0;
		     i < sizeof(order_of_checks_rows) / sizeof(order_of_checks_rows[0]); i++) {
			const struct row *r = &order_of_checks_rows[i];
			struct fixture *f = fixture_reset(s);
			const uint64_t cell = r->place == PLACE_4K ? r->spn : SPN;

			put(f, r->place, cell, r->word);
			fixture_save(f, &before);
			assert_result(r->name, s,
				      snpm_pvalidate(&f->rmp, r->vmpl, r->spn, r->gpn, r->size,
						     r->validate),
				      r->want);
			if (r->flips != 0U) {
				put(f, r->place, cell, snpm_word(&f->rmp, cell, NULL) ^ r->flips);
			}
			assert_true(fixture_same(f, &before));
		}
	}
}

/* rmp-semantics 3.4: permissions and the VMSA attribute survive both directions. */
static void changes_validated_only(void **state)
{
	const uint64_t extra = SNPM_VMSA | perms_word(0x0f, 0x1b, 0x01);
	struct fixture *f = fixture_reset(0);

	(void)state;
	put_4k(f, SPN, G | V | extra);
	assert_int_equal(snpm_pvalidate(&f->rmp, 0, SPN, GPN, 0, false).code, 0);
	assert_int_equal(snpm_word(&f->rmp, SPN, NULL), G | extra);
	assert_int_equal(snpm_pvalidate(&f->rmp, 0, SPN, GPN, 0, true).code, 0);
	assert_int_equal(snpm_word(&f->rmp, SPN, NULL), G | V | extra);
}

/* rmp-semantics 1.9: the entry of a 2 MiB page speaks for each of its 512 pages. */
static void whole_2m_page(void **state)
{
	struct fixture *f = fixture_reset(0);
	unsigned int size;

	(void)state;
	put_2m(f, SPN, G);
	assert_int_equal(snpm_pvalidate(&f->rmp, 0, SPN, GPN, 1, true).code, 0);
	for (uint64_t i = 0; i < REGION; i++) {
		assert_int_equal(snpm_word(&f->rmp, SPN + i, &size), guest_word(GPN + i, V));
		assert_int_equal(size, 1);
	}
	assert_int_equal(snpm_word(&f->rmp, SPN - 1, &size), 0);
	assert_int_equal(size, 0);
	assert_int_equal(snpm_word(&f->rmp, SPN + REGION, &size), 0);
	assert_int_equal(snpm_word(&f->rmp, UINT64_MAX, &size), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_of_checks),
		cmocka_unit_test(changes_validated_only),
		cmocka_unit_test(whole_2m_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
