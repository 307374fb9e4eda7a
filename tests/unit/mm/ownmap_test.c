/* SPDX-License-Identifier: Apache-2.0 */
#include "ownmap_words.h"

#include <string.h>

#include "core_fixture.h"

#define REGION (8U * MIB) /* VALID at boot */
#define INVALID_REGION (40U * MIB)

static enum svsm_page_state at(uint64_t gpa)
{
	return svsm_map_state(svsm_cpu_at(0), gpa_make(gpa));
}

static unsigned int claim(uint64_t gpa, unsigned int count, enum svsm_page_state from,
			  enum svsm_page_state *seen)
{
	return svsm_map_claim_run(svsm_cpu_at(0), gpa_make(gpa), count, from, seen);
}

static bool claim_region(uint64_t gpa, enum svsm_page_state from, enum svsm_page_state *seen)
{
	return svsm_map_claim_region(svsm_cpu_at(0), gpa_make(gpa), from, seen);
}

static void set(uint64_t gpa, unsigned int count, enum svsm_page_state to)
{
	for (unsigned int i = 0; i < count; i++) {
		enum svsm_page_state seen;

		assert_int_equal(claim(gpa + i * PAGE, 1, at(gpa + i * PAGE), &seen), 1);
		svsm_map_release_run(gpa_make(gpa + i * PAGE), 1, to);
	}
}

static uint64_t stat(enum svsm_stat what)
{
	return atomic_load(&svsm_cpu_at(0)->stats[what]);
}

static void test_boot(void **state)
{
	const struct svsm_boot_info *info = hm_boot_info(core_machine);

	(void)state;
	assert_int_equal(at(0), SVSM_PAGE_VALID);
	assert_int_equal(at(32U * MIB - 1U), SVSM_PAGE_VALID);
	assert_int_equal(at(32U * MIB), SVSM_PAGE_INVALID);
	assert_int_equal(at(info->startup_ca.raw), SVSM_PAGE_PRIVATE);
	assert_int_equal(at(info->startup_ca.raw - 1U), SVSM_PAGE_INVALID);
	assert_int_equal(at(info->startup_vmsa.raw), SVSM_PAGE_PRIVATE);
	assert_int_equal(at(info->svsm.start), SVSM_PAGE_PRIVATE);
	assert_int_equal(at(info->svsm.end - 1U), SVSM_PAGE_PRIVATE);
	assert_int_equal(at(64U * MIB), SVSM_PAGE_ABSENT);
	assert_int_equal(at(UINT64_MAX), SVSM_PAGE_ABSENT);
}

/* Holes: whole regions are ABSENT, the rest of a region with some RAM is refused as PRIVATE. */
static void test_holes(void **state)
{
	struct hm_config config = core_config();
	enum svsm_page_state seen;

	(void)state;
	core_teardown(NULL);
	config.ram[0] = (struct hm_range){ 0, 5U * MIB };
	config.ram[1] = (struct hm_range){ 16U * MIB, 64U * MIB };
	config.nr_ram = 2;
	config.valid[0] = (struct hm_range){ 0, 5U * MIB };
	core_start(&config);
	assert_int_equal(at(5U * MIB - PAGE), SVSM_PAGE_VALID);
	assert_int_equal(at(5U * MIB), SVSM_PAGE_PRIVATE);
	assert_int_equal(at(6U * MIB), SVSM_PAGE_ABSENT);
	assert_int_equal(at(16U * MIB - PAGE), SVSM_PAGE_ABSENT);
	assert_int_equal(claim(6U * MIB, 1, SVSM_PAGE_VALID, &seen), 0);
	assert_int_equal(seen, SVSM_PAGE_ABSENT);
	assert_false(claim_region(6U * MIB, SVSM_PAGE_INVALID, &seen));
	assert_int_equal(seen, SVSM_PAGE_ABSENT);
	assert_false(claim_region(4U * MIB, SVSM_PAGE_VALID, &seen));
	assert_int_equal(seen, SVSM_PAGE_PRIVATE);
	assert_int_equal(claim(64U * MIB, 1, SVSM_PAGE_VALID, &seen), 0);
	assert_int_equal(seen, SVSM_PAGE_ABSENT);
	assert_false(claim_region(64U * MIB, SVSM_PAGE_VALID, &seen));
	assert_int_equal(seen, SVSM_PAGE_ABSENT);
}

/* A run ends at the first page with another state, and says what that is only if it is the first.
 */
static void test_runs(void **state)
{
	static const enum svsm_page_state others[] = { SVSM_PAGE_INVALID, SVSM_PAGE_CLAIMED,
						       SVSM_PAGE_PRIVATE };

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		const uint64_t gpa = REGION + i * SVSM_MAP_RUN * PAGE;
		enum svsm_page_state seen;

		set(gpa + 5U * PAGE, 1, others[i]);
		assert_int_equal(claim(gpa, SVSM_MAP_RUN, SVSM_PAGE_VALID, &seen), 5);
		assert_int_equal(at(gpa), SVSM_PAGE_CLAIMED);
		assert_int_equal(at(gpa + 5U * PAGE), others[i]);
		assert_int_equal(claim(gpa, 1, SVSM_PAGE_VALID, &seen), 0);
		assert_int_equal(seen, SVSM_PAGE_CLAIMED);
		assert_int_equal(claim(gpa + 5U * PAGE, 1, SVSM_PAGE_VALID, &seen), 0);
		assert_int_equal(seen, others[i]);
		svsm_map_release_run(gpa_make(gpa), 5, SVSM_PAGE_INVALID);
		assert_int_equal(at(gpa + 4U * PAGE), SVSM_PAGE_INVALID);
		assert_int_equal(claim(gpa + 6U * PAGE, 26, SVSM_PAGE_VALID, &seen), 26);
		svsm_map_release_run(gpa_make(gpa + 6U * PAGE), 25, SVSM_PAGE_PRIVATE);
		svsm_map_release_run(gpa_make(gpa + 31U * PAGE), 1, SVSM_PAGE_VALID);
		assert_int_equal(at(gpa + 30U * PAGE), SVSM_PAGE_PRIVATE);
		assert_int_equal(at(gpa + 31U * PAGE), SVSM_PAGE_VALID);
	}
	assert_int_equal(stat(SVSM_STAT_LEAF_SPLITS), 1);
}

/* The first claim in a region splits it; the other 511 pages stay as they were. */
static void test_split(void **state)
{
	enum svsm_page_state seen;

	(void)state;
	assert_int_equal(claim(REGION + 100U * PAGE, 3, SVSM_PAGE_VALID, &seen), 3);
	for (unsigned int i = 0; i < SVSM_PAGES_PER_REGION; i++) {
		assert_int_equal(at(REGION + i * PAGE),
				 i >= 100U && i < 103U ? SVSM_PAGE_CLAIMED : SVSM_PAGE_VALID);
	}
	assert_int_equal(at(REGION - 1U), SVSM_PAGE_VALID);
	assert_int_equal(at(REGION + SVSM_REGION_SIZE), SVSM_PAGE_VALID);
	/* a claim that fails on a uniform region does not split it */
	assert_int_equal(claim(INVALID_REGION, 1, SVSM_PAGE_VALID, &seen), 0);
	assert_int_equal(seen, SVSM_PAGE_INVALID);
	assert_int_equal(stat(SVSM_STAT_LEAF_SPLITS), 1);
}

static void test_region(void **state)
{
	enum svsm_page_state seen;

	(void)state;
	assert_true(claim_region(REGION, SVSM_PAGE_VALID, &seen));
	assert_int_equal(at(REGION), SVSM_PAGE_CLAIMED);
	assert_int_equal(at(REGION + SVSM_REGION_MASK), SVSM_PAGE_CLAIMED);
	assert_false(claim_region(REGION, SVSM_PAGE_VALID, &seen));
	assert_int_equal(seen, SVSM_PAGE_CLAIMED);
	assert_int_equal(claim(REGION + PAGE, 1, SVSM_PAGE_VALID, &seen), 0);
	assert_int_equal(seen, SVSM_PAGE_CLAIMED);
	svsm_map_release_region(svsm_cpu_at(0), gpa_make(REGION), SVSM_PAGE_INVALID);
	assert_int_equal(at(REGION + 7U * PAGE), SVSM_PAGE_INVALID);
	assert_false(claim_region(REGION, SVSM_PAGE_VALID, &seen));
	assert_int_equal(seen, SVSM_PAGE_INVALID);
	assert_int_equal(stat(SVSM_STAT_LEAF_SPLITS), 0);
	assert_int_equal(stat(SVSM_STAT_LEAF_MERGES), 0);
}

/* Why a split region cannot be claimed: PRIVATE before CLAIMED before MIXED; all pages stay. */
static void test_region_verdicts(void **state)
{
	static const struct {
		enum svsm_page_state first, middle, last, seen;
	} cases[] = {
		{ SVSM_PAGE_VALID, SVSM_PAGE_VALID, SVSM_PAGE_INVALID, SVSM_PAGE_MIXED },
		{ SVSM_PAGE_INVALID, SVSM_PAGE_VALID, SVSM_PAGE_VALID, SVSM_PAGE_MIXED },
		{ SVSM_PAGE_VALID, SVSM_PAGE_CLAIMED, SVSM_PAGE_VALID, SVSM_PAGE_CLAIMED },
		{ SVSM_PAGE_VALID, SVSM_PAGE_CLAIMED, SVSM_PAGE_INVALID, SVSM_PAGE_CLAIMED },
		{ SVSM_PAGE_CLAIMED, SVSM_PAGE_INVALID, SVSM_PAGE_PRIVATE, SVSM_PAGE_PRIVATE },
		{ SVSM_PAGE_VALID, SVSM_PAGE_VALID, SVSM_PAGE_PRIVATE, SVSM_PAGE_PRIVATE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const uint64_t gpa = REGION + i * SVSM_REGION_SIZE;
		enum svsm_page_state seen;

		set(gpa, 1, cases[i].first);
		set(gpa + 300U * PAGE, 1, cases[i].middle);
		set(gpa + 511U * PAGE, 1, cases[i].last);
		assert_false(claim_region(gpa, SVSM_PAGE_VALID, &seen));
		assert_int_equal(seen, cases[i].seen);
		for (unsigned int page = 0; page < SVSM_PAGES_PER_REGION; page++) {
			const enum svsm_page_state want = page == 0U	 ? cases[i].first
							  : page == 300U ? cases[i].middle
							  : page == 511U ? cases[i].last
									 : SVSM_PAGE_VALID;

			assert_int_equal(at(gpa + page * PAGE), want);
		}
	}
}

/* A split region whose pages agree is claimed as one, and is uniform again afterwards. */
static void test_merge(void **state)
{
	uint64_t leaves;
	enum svsm_page_state seen;

	(void)state;
	for (unsigned int i = 0; i < 400U; i++) {
		const bool even = i % 2U == 0U;

		set(REGION + i * PAGE, 1, even ? SVSM_PAGE_VALID : SVSM_PAGE_INVALID);
		assert_true(
			claim_region(REGION, even ? SVSM_PAGE_VALID : SVSM_PAGE_INVALID, &seen));
		svsm_map_release_region(svsm_cpu_at(0), gpa_make(REGION),
					even ? SVSM_PAGE_INVALID : SVSM_PAGE_VALID);
		assert_int_equal(at(REGION + i * PAGE), even ? SVSM_PAGE_INVALID : SVSM_PAGE_VALID);
		leaves = svsm_map_leaves();
	}
	assert_int_equal(stat(SVSM_STAT_LEAF_SPLITS), 400);
	assert_int_equal(stat(SVSM_STAT_LEAF_MERGES), 400);
	/* retired leaves come back: batches of 32 through two grace periods */
	assert_in_range(leaves, 1, 140);
}

static void test_release_pages(void **state)
{
	uint8_t states[SVSM_PAGES_PER_REGION];
	enum svsm_page_state seen;

	(void)state;
	for (unsigned int i = 0; i < SVSM_PAGES_PER_REGION; i++) {
		states[i] = (uint8_t)(i % 3U == 0U ? SVSM_PAGE_PRIVATE : i % 3U);
		states[i] = states[i] == SVSM_PAGE_CLAIMED ? SVSM_PAGE_INVALID : states[i];
	}
	for (unsigned int round = 0; round < 2U; round++) {
		/* first on a uniform region, then on one with a leaf */
		const uint64_t gpa = REGION + round * SVSM_REGION_SIZE;

		if (round == 1U) {
			set(gpa, 1, SVSM_PAGE_VALID);
		}
		assert_true(claim_region(gpa, SVSM_PAGE_VALID, &seen));
		svsm_map_release_pages(svsm_cpu_at(0), gpa_make(gpa), states);
		for (unsigned int i = 0; i < SVSM_PAGES_PER_REGION; i++) {
			assert_int_equal(at(gpa + i * PAGE), states[i]);
		}
	}
}

/* A page of a region deposited as a whole comes back alone (58019 section 6.7). */
static void test_disown(void **state)
{
	enum svsm_page_state seen;

	(void)state;
	assert_true(claim_region(REGION, SVSM_PAGE_VALID, &seen));
	svsm_map_release_region(svsm_cpu_at(0), gpa_make(REGION), SVSM_PAGE_PRIVATE);
	svsm_map_disown(svsm_cpu_at(0), gpa_make(REGION + 9U * PAGE), SVSM_PAGE_VALID);
	svsm_map_disown(svsm_cpu_at(0), gpa_make(REGION + 10U * PAGE), SVSM_PAGE_INVALID);
	assert_int_equal(at(REGION + 8U * PAGE), SVSM_PAGE_PRIVATE);
	assert_int_equal(at(REGION + 9U * PAGE), SVSM_PAGE_VALID);
	assert_int_equal(at(REGION + 10U * PAGE), SVSM_PAGE_INVALID);
	assert_int_equal(at(REGION + 11U * PAGE), SVSM_PAGE_PRIVATE);
}

#define FLAGS UINT64_C(0x8)

/* Neighbours within a leaf word are one run; a list ends at other flags or another state. */
static void test_list(void **state)
{
	const uint64_t list[] = {
		(REGION + 30U * PAGE) | FLAGS,
		(REGION + 31U * PAGE) | FLAGS, /* ends its word */
		(REGION + 32U * PAGE) | FLAGS,
		(REGION + 34U * PAGE) | FLAGS,	     /* a gap */
		(REGION + SVSM_REGION_SIZE) | FLAGS, /* an unsplit region */
		(REGION + 35U * PAGE),		     /* other flags */
	};
	static const uint8_t lengths[] = { 2, 0, 1, 1, 1 };
	uint8_t runs[6] = { 0 };
	enum svsm_page_state seen = SVSM_PAGE_MIXED;

	(void)state;
	assert_int_equal(svsm_map_claim_list(svsm_cpu_at(0), list, runs, 6, SVSM_PAGE_VALID, &seen),
			 5);
	for (unsigned int i = 0; i < 5U; i++) {
		assert_int_equal(at(list[i]), SVSM_PAGE_CLAIMED);
		assert_int_equal(lengths[i] == 0U || runs[i] == lengths[i], 1);
	}
	assert_int_equal(at(list[5]), SVSM_PAGE_VALID);
	assert_int_equal(stat(SVSM_STAT_LEAF_SPLITS), 2);
	for (unsigned int i = 0; i < 5U; i += runs[i]) {
		svsm_map_release_run(gpa_page(gpa_make(list[i])), runs[i], SVSM_PAGE_INVALID);
	}
	assert_int_equal(at(list[1]), SVSM_PAGE_INVALID);
	assert_int_equal(svsm_map_claim_list(svsm_cpu_at(0), list, runs, 6, SVSM_PAGE_VALID, &seen),
			 0);
	assert_int_equal(seen, SVSM_PAGE_INVALID);
}

/* A list is claimed up to the first page that has another state; the rest is left alone. */
static void test_list_ends(void **state)
{
	uint64_t list[8];
	uint8_t runs[8] = { 0 };
	enum svsm_page_state seen = SVSM_PAGE_MIXED;

	(void)state;
	for (unsigned int i = 0; i < 8U; i++) {
		list[i] = REGION + (i + 1U) * PAGE;
	}
	set(list[3], 1, SVSM_PAGE_PRIVATE);
	assert_int_equal(svsm_map_claim_list(svsm_cpu_at(0), list, runs, 8, SVSM_PAGE_VALID, &seen),
			 3);
	assert_int_equal(runs[0], 3);
	assert_int_equal(at(list[2]), SVSM_PAGE_CLAIMED);
	assert_int_equal(at(list[4]), SVSM_PAGE_VALID);
	svsm_map_list_runs(&list[1], &runs[1], 2);
	assert_int_equal(runs[1], 2);
	svsm_map_release_run(gpa_make(list[0]), 1, SVSM_PAGE_INVALID);
	svsm_map_release_run(gpa_make(list[1]), runs[1], SVSM_PAGE_VALID);
	assert_int_equal(at(list[0]), SVSM_PAGE_INVALID);
	assert_int_equal(at(list[2]), SVSM_PAGE_VALID);
	list[0] = 64U * MIB;
	assert_int_equal(svsm_map_claim_list(svsm_cpu_at(0), list, runs, 1, SVSM_PAGE_VALID, &seen),
			 0);
	assert_int_equal(seen, SVSM_PAGE_ABSENT);
}

static bool claim_page(uint64_t gpa, enum svsm_page_state from, struct svsm_map_claim *held,
		       enum svsm_page_state *seen)
{
	*seen = SVSM_PAGE_MIXED;
	return svsm_map_claim_page(svsm_cpu_at(0), gpa_make(gpa), from, held, seen);
}

/* The single page: never splits a region, and names a state only if it read one. */
static void test_page(void **state)
{
	struct svsm_map_claim held;
	enum svsm_page_state seen;

	(void)state;
	assert_false(claim_page(REGION, SVSM_PAGE_VALID, &held, &seen));
	assert_int_equal(seen, SVSM_PAGE_MIXED);
	assert_false(claim_page(64U * MIB, SVSM_PAGE_VALID, &held, &seen));
	assert_int_equal(seen, SVSM_PAGE_MIXED);
	assert_int_equal(stat(SVSM_STAT_LEAF_SPLITS), 0);
	set(REGION + 77U * PAGE, 1, SVSM_PAGE_INVALID);
	assert_false(claim_page(REGION + 77U * PAGE, SVSM_PAGE_VALID, &held, &seen));
	assert_int_equal(seen, SVSM_PAGE_INVALID);
	assert_true(claim_page(REGION + 78U * PAGE, SVSM_PAGE_VALID, &held, &seen));
	assert_int_equal(at(REGION + 78U * PAGE), SVSM_PAGE_CLAIMED);
	assert_int_equal(at(REGION + 77U * PAGE), SVSM_PAGE_INVALID);
	assert_int_equal(at(REGION + 79U * PAGE), SVSM_PAGE_VALID);
	svsm_map_release_page(held, SVSM_PAGE_PRIVATE);
	assert_int_equal(at(REGION + 78U * PAGE), SVSM_PAGE_PRIVATE);
	assert_int_equal(at(REGION + 77U * PAGE), SVSM_PAGE_INVALID);
	assert_int_equal(at(REGION + 79U * PAGE), SVSM_PAGE_VALID);
	assert_false(claim_page(REGION + 78U * PAGE, SVSM_PAGE_VALID, &held, &seen));
	assert_int_equal(seen, SVSM_PAGE_PRIVATE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		core_test(test_boot),	   core_test(test_holes),
		core_test(test_runs),	   core_test(test_split),
		core_test(test_region),	   core_test(test_region_verdicts),
		core_test(test_merge),	   core_test(test_release_pages),
		core_test(test_disown),	   core_test(test_list),
		core_test(test_list_ends), core_test(test_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
