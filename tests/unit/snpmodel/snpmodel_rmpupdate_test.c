/* SPDX-License-Identifier: Apache-2.0 */
#include "rmp_fixture.h"

#define SPN REGION
#define GPN GPN_BASE
#define U4 2U
#define EARNED (SNPM_VALIDATED | perms_word(0x0f, 0x0f, 0x01))

static const struct snpm_update to_guest = { GPN, true, 0, false, SNPM_ASID_GUEST };
static const struct snpm_update to_guest_2m = { GPN, true, 1, false, SNPM_ASID_GUEST };
static const struct snpm_update to_host = { 0, false, 0, false, SNPM_ASID_NONE };
static const struct snpm_update to_host_2m = { 0, false, 1, false, SNPM_ASID_NONE };

static void refused(struct fixture *f, const char *row, uint64_t spn, struct snpm_update update,
		    uint32_t want)
{
	static struct fixture_copy before;
	uint32_t got;

	fixture_save(f, &before);
	got = snpm_rmpupdate(&f->rmp, spn, &update);
	if (got != want || !fixture_same(f, &before)) {
		fail_msg("%s: code %u, want %u; unchanged: %d", row, got, want,
			 fixture_same(f, &before));
	}
}

/* rmp-semantics 2.1, 2.4, 1.4: FAIL_INPUT. */
static void bad_input(void **state)
{
	struct fixture *f = fixture_reset(0);
	const uint64_t tail = NR_REGIONS * REGION;

	(void)state;
	refused(f, "outside", NR_PAGES, to_guest, 1);
	refused(f, "far outside", UINT64_MAX, to_guest, 1);
	refused(f, "sPA misaligned", SPN + 1, to_guest_2m, 1);
	refused(f, "range not whole", tail, to_guest_2m, 1);
	refused(f, "gPA misaligned", SPN, (struct snpm_update){ GPN + 1, true, 1, false, 1 }, 1);
	refused(f, "gPA too wide", SPN,
		(struct snpm_update){ UINT64_C(1) << 39, true, 0, false, SNPM_ASID_GUEST }, 1);
	refused(f, "size 2", SPN, (struct snpm_update){ GPN, true, 2, false, 1 }, 1);
	refused(f, "unassigned with ASID", SPN, (struct snpm_update){ 0, false, 0, false, 1 }, 1);
	refused(f, "unassigned immutable", SPN, (struct snpm_update){ 0, false, 0, true, 0 }, 1);
	refused(f, "assigned to nobody", SPN, (struct snpm_update){ GPN, true, 0, true, 0 }, 1);
	refused(f, "mutable firmware", SPN,
		(struct snpm_update){ GPN, true, 0, false, SNPM_ASID_FIRMWARE }, 1);
}

/* rmp-semantics 1.4, 2.2: the three owners; a fresh entry is unvalidated and has no lower-VMPL
 * rights. */
static void owners(void **state)
{
	struct fixture *f = fixture_reset(0);
	const struct snpm_update other = { GPN + 1, true, 0, false, SNPM_ASID_OTHER };
	const struct snpm_update firmware = { GPN + 2, true, 0, true, SNPM_ASID_FIRMWARE };
	unsigned int size = 7;

	(void)state;
	assert_int_equal(snpm_rmpupdate(&f->rmp, SPN, &to_guest), 0);
	assert_int_equal(snpm_rmpupdate(&f->rmp, SPN + 1, &other), 0);
	assert_int_equal(snpm_rmpupdate(&f->rmp, SPN + 2, &firmware), 0);
	assert_int_equal(snpm_word(&f->rmp, SPN, &size), guest_word(GPN, 0));
	assert_int_equal(size, 0);
	assert_int_equal(snpm_word(&f->rmp, SPN + 1, NULL),
			 word_of(SNPM_ASID_OTHER, GPN + 1, SNPM_ASSIGNED));
	assert_int_equal(snpm_word(&f->rmp, SPN + 2, NULL),
			 word_of(SNPM_ASID_FIRMWARE, GPN + 2, SNPM_ASSIGNED | SNPM_IMMUTABLE));
	assert_int_equal(snpm_word(&f->rmp, SPN + 3, NULL), 0);
	assert_int_equal(snpm_rmpupdate(&f->rmp, SPN, &to_host), 0);
	assert_int_equal(snpm_word(&f->rmp, SPN, NULL), 0);
	assert_int_equal(snpm_rmpupdate(&f->rmp, NR_PAGES - 1, &to_guest), 0);
	assert_int_equal(snpm_word(&f->rmp, NR_PAGES - 1, NULL), guest_word(GPN, 0));
}

/* rmp-semantics 2.2 (I2): any change takes Validated, VMSA and the permissions away, under both
 * settings of U4. */
static void change_resets(void **state)
{
	const struct snpm_update elsewhere = { GPN + 5, true, 0, false, SNPM_ASID_GUEST };
	const struct snpm_update stranger = { GPN, true, 0, false, SNPM_ASID_OTHER };
	const struct snpm_update pinned = { GPN, true, 0, true, SNPM_ASID_GUEST };

	(void)state;
	for (unsigned int s = 0; s < NR_SWITCH_SETTINGS; s++) {
		struct fixture *f = fixture_reset(s);

		put_4k(f, SPN, guest_word(GPN, EARNED | SNPM_VMSA));
		assert_int_equal(snpm_rmpupdate(&f->rmp, SPN, &elsewhere), 0);
		assert_int_equal(snpm_word(&f->rmp, SPN, NULL), guest_word(GPN + 5, 0));
		put_4k(f, SPN, guest_word(GPN, EARNED));
		assert_int_equal(snpm_rmpupdate(&f->rmp, SPN, &stranger), 0);
		assert_int_equal(snpm_word(&f->rmp, SPN, NULL),
				 word_of(SNPM_ASID_OTHER, GPN, SNPM_ASSIGNED));
		put_4k(f, SPN, guest_word(GPN, EARNED));
		assert_int_equal(snpm_rmpupdate(&f->rmp, SPN, &pinned), 0);
		assert_int_equal(snpm_word(&f->rmp, SPN, NULL), guest_word(GPN, SNPM_IMMUTABLE));
		put_4k(f, SPN, guest_word(GPN, EARNED));
		assert_int_equal(snpm_rmpupdate(&f->rmp, SPN, &to_host), 0);
		assert_int_equal(snpm_word(&f->rmp, SPN, NULL), 0);
	}
}

/* rmp-semantics 2.2, U4: the same values again. */
static void identity(void **state)
{
	(void)state;
	for (unsigned int s = 0; s < NR_SWITCH_SETTINGS; s++) {
		const uint64_t kept = (s & U4) != 0U ? EARNED | SNPM_VMSA : 0U;
		struct fixture *f = fixture_reset(s);

		put_4k(f, SPN, guest_word(GPN, EARNED | SNPM_VMSA));
		put_2m(f, 2U * REGION, guest_word(GPN, EARNED | SNPM_VMSA));
		assert_int_equal(snpm_rmpupdate(&f->rmp, SPN, &to_guest), 0);
		assert_int_equal(snpm_word(&f->rmp, SPN, NULL), guest_word(GPN, kept));
		assert_int_equal(snpm_rmpupdate(&f->rmp, 2U * REGION, &to_guest_2m), 0);
		assert_int_equal(snpm_word(&f->rmp, 2U * REGION, NULL), guest_word(GPN, kept));
	}
}

/* rmp-semantics 2.1, 2.3, 7.2: refusals by state. */
static void entry_state(void **state)
{
	struct fixture *f = fixture_reset(U4);

	(void)state;
	put_4k(f, SPN, guest_word(GPN, SNPM_IMMUTABLE));
	refused(f, "immutable", SPN, to_host, 2);
	refused(f, "immutable, identity", SPN,
		(struct snpm_update){ GPN, true, 0, true, SNPM_ASID_GUEST }, 2);
	put_4k(f, SPN + 1, guest_word(GPN, SNPM_VALIDATED | SNPM_VMSA | SNPM_INUSE));
	refused(f, "in use", SPN + 1, to_host, 3);
	refused(f, "in use, identity", SPN + 1, to_guest, 3);
	put_2m(f, 2U * REGION, guest_word(GPN, SNPM_IMMUTABLE));
	refused(f, "immutable 2M", 2U * REGION, to_host_2m, 2);
	refused(f, "4K in immutable 2M", 2U * REGION, to_host, 4);
	put_2m(f, 3U * REGION, guest_word(GPN, EARNED));
	refused(f, "4K in 2M", 3U * REGION, to_guest, 4);
	refused(f, "4K unassign in 2M", 3U * REGION + 511U, to_host, 4);
	refused(f, "2M over 4K", SPN, to_guest_2m, 4);
	refused(f, "2M unassign over 4K", SPN, to_host_2m, 4);
}

/* snpmodel.h: a range splits when its first page is assigned, not before, and un-splits when it is
 * empty again. */
static void split_and_unsplit(void **state)
{
	struct fixture *f = fixture_reset(0);
	unsigned int size;

	(void)state;
	refused(f, "unassign of the unassigned", SPN + 9, to_host, 0);
	for (unsigned int round = 0; round < 3; round++) {
		assert_int_equal(snpm_rmpupdate(&f->rmp, SPN + 9, &to_guest), 0);
		assert_int_equal(snpm_word(&f->rmp, SPN + 8, &size), 0);
		assert_int_equal(snpm_word(&f->rmp, SPN + 9, &size), guest_word(GPN, 0));
		assert_int_equal(size, 0);
		assert_int_equal(atomic_load(&f->words_2m[1]), SNPM_SPLIT);
		refused(f, "2M over one 4K", SPN, to_guest_2m, 4);
		assert_int_equal(snpm_rmpupdate(&f->rmp, SPN + 9, &to_host), 0);
		assert_int_equal(snpm_rmpupdate(&f->rmp, SPN, &to_guest_2m), 0);
		assert_int_equal(snpm_word(&f->rmp, SPN + 9, &size), guest_word(GPN + 9, 0));
		assert_int_equal(size, 1);
		assert_int_equal(atomic_load(&f->words_2m[1]), guest_word(GPN, 0));
		assert_int_equal(snpm_rmpupdate(&f->rmp, SPN, &to_host_2m), 0);
		assert_int_equal(snpm_word(&f->rmp, SPN + 9, &size), 0);
		assert_int_equal(atomic_load(&f->words_2m[1]), 0);
	}
	assert_int_equal(snpm_rmpupdate(&f->rmp, SPN + 9, &to_guest), 0);
	assert_int_equal(snpm_rmpupdate(&f->rmp, SPN + 9, &to_host), 0);
	assert_int_equal(snpm_rmpupdate(&f->rmp, SPN, &to_host_2m), 0);
	assert_int_equal(atomic_load(&f->words_2m[1]), 0);
	assert_int_equal(atomic_load(&f->words_2m[0]), 0);
	assert_int_equal(atomic_load(&f->words_2m[2]), 0);
}

/*
 * A thread stopped between its look at a split range and its swap must not reach the table after
 * the range became one 2 MiB entry: the words it knows are locked for as long as they rule nothing.
 */
static void unsplit_locks_words(void **state)
{
	struct fixture *f = fixture_reset(0);

	(void)state;
	for (unsigned int round = 0; round < 2; round++) {
		assert_int_equal(snpm_rmpupdate(&f->rmp, SPN + 9, &to_guest), 0);
		assert_int_equal(snpm_rmpupdate(&f->rmp, SPN + 9, &to_host), 0);
		assert_int_equal(
			snpm_rmpupdate(&f->rmp, SPN, round == 0U ? &to_guest_2m : &to_host_2m), 0);
		for (uint64_t i = 0; i < REGION; i++) {
			assert_int_equal(atomic_load(&f->words_4k[SPN + i]), SNPM_LOCKED);
		}
		assert_int_equal(snpm_rmpupdate(&f->rmp, SPN, &to_host_2m), 0);
	}
	assert_int_equal(atomic_load(&f->words_4k[SPN - 1]), 0);
	assert_int_equal(atomic_load(&f->words_4k[SPN + REGION]), 0);
}

/* A 2 MiB entry is replaced by another one in one step. */
static void replace_2m(void **state)
{
	struct fixture *f = fixture_reset(0);
	const struct snpm_update moved = { GPN + REGION, true, 1, false, SNPM_ASID_GUEST };

	(void)state;
	put_2m(f, SPN, guest_word(GPN, EARNED));
	assert_int_equal(snpm_rmpupdate(&f->rmp, SPN, &moved), 0);
	assert_int_equal(snpm_word(&f->rmp, SPN + 1, NULL), guest_word(GPN + REGION + 1, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_input),	 cmocka_unit_test(owners),
		cmocka_unit_test(change_resets), cmocka_unit_test(identity),
		cmocka_unit_test(entry_state),	 cmocka_unit_test(split_and_unsplit),
		cmocka_unit_test(replace_2m),	 cmocka_unit_test(unsplit_locks_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
