/* SPDX-License-Identifier: Apache-2.0 */
/* Page state change lists (56421 section 4.1.6): headers, entries, progress, resumption. */
#include "ghcb_rig.h"

#include <string.h>

#define MALFORMED 2U
#define BUFFER (RIG_GHCB + 0x800)
#define GFN (RIG_PAGE(8) >> 12)
#define GFN_2M (UINT64_C(0x40000000) >> 12)

static struct ghcb_psc_list *list(void)
{
	return (struct ghcb_psc_list *)(void *)rig_ghcb()->shared_buffer;
}

static void put(uint16_t cur, uint16_t end)
{
	list()->header = (struct ghcb_psc_header){ .cur_entry = cur, .end_entry = end };
}

static void run(uint64_t info2)
{
	rig_exit(GHCB_EXIT_PSC, 0, 0);
	RIG_SET(sw_scratch, BUFFER);
	rig_expect(0, info2);
}

static void whole_list(void **state)
{
	(void)state;
	rig_reset(0);
	put(0, GHCB_PSC_MAX_ENTRIES - 1U);
	for (uint64_t i = 0; i < GHCB_PSC_MAX_ENTRIES; i++) {
		list()->entries[i] = ghcb_psc_entry(
			GFN + i, i % 3U == 0U ? GHCB_PSC_SHARED : GHCB_PSC_PRIVATE, false);
	}
	run(0);
	assert_int_equal(list()->header.cur_entry, GHCB_PSC_MAX_ENTRIES);
	assert_int_equal(list()->header.end_entry, GHCB_PSC_MAX_ENTRIES - 1U);
	assert_int_equal(rig.nr_psc, GHCB_PSC_MAX_ENTRIES);
	assert_int_equal(rig.traced_psc, GHCB_PSC_MAX_ENTRIES);
	assert_int_equal(rig.traced_by_msr, 0);
	for (uint64_t i = 0; i < GHCB_PSC_MAX_ENTRIES; i++) {
		assert_int_equal(rig.psc[i].gpa, (GFN + i) << 12);
		assert_int_equal(rig.psc[i].to_private, i % 3U != 0U);
		assert_int_equal(list()->entries[i] & GHCB_PSC_CUR_MASK, 1);
	}
	/* done: the same list again does nothing */
	run(0);
	assert_int_equal(rig.nr_psc, GHCB_PSC_MAX_ENTRIES);
}

static void bad_headers(void **state)
{
	static const struct {
		uint16_t cur, end;
		uint64_t info2;
	} cases[] = {
		{ 0, 253, GHCB_PSC_ERROR_HEADER },
		{ 254, 253, GHCB_PSC_ERROR_HEADER },
		{ 0, UINT16_MAX, GHCB_PSC_ERROR_HEADER },
		{ 1, 0, 0 },
		{ UINT16_MAX, 252, 0 },
	};

	(void)state;
	rig_reset(0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put(cases[i].cur, cases[i].end);
		list()->entries[0] = ghcb_psc_entry(GFN, GHCB_PSC_PRIVATE, false);
		run(cases[i].info2);
		assert_int_equal(list()->header.cur_entry, cases[i].cur);
	}
	assert_int_equal(rig.nr_psc, 0);
}

/* The third entry is bad: the first two are done, the header points to it, it is unchanged. */
static void bad_entries(void **state)
{
	static const uint64_t bad[] = {
		(GFN << 12) | (UINT64_C(0) << 52),
		(GFN << 12) | (UINT64_C(5) << 52),
		(GFN << 12) | (UINT64_C(15) << 52),
		(GFN << 12) | (UINT64_C(1) << 52) | 2, /* past its only page */
		(GFN_2M << 12) | (UINT64_C(1) << 52) | GHCB_PSC_2M | 513,
		((GFN_2M + 1) << 12) | (UINT64_C(1) << 52) | GHCB_PSC_2M,
		((GFN_2M + 511) << 12) | (UINT64_C(2) << 52) | GHCB_PSC_2M,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		rig_reset(0);
		put(0, 3);
		for (uint64_t k = 0; k < 4U; k++) {
			list()->entries[k] = ghcb_psc_entry(GFN + k, GHCB_PSC_PRIVATE, false);
		}
		list()->entries[2] = bad[i];
		run(GHCB_PSC_ERROR_ENTRY);
		assert_int_equal(rig.nr_psc, 2);
		assert_int_equal(list()->header.cur_entry, 2);
		assert_int_equal(list()->entries[2], bad[i]);
	}
}

static void refused_entry_resumes(void **state)
{
	(void)state;
	rig_reset(0);
	put(0, 3);
	for (uint64_t k = 0; k < 4U; k++) {
		list()->entries[k] = ghcb_psc_entry(GFN + k, GHCB_PSC_SHARED, false);
	}
	rig.psc_refuse = 2;
	run(GHCB_PSC_ERROR_GENERIC);
	assert_int_equal(list()->header.cur_entry, 2);
	assert_int_equal(list()->entries[2] & GHCB_PSC_CUR_MASK, 0);
	rig.psc_refuse = UINT32_MAX;
	run(0);
	assert_int_equal(rig.nr_psc, 4);
	assert_int_equal(rig.psc[2].gpa, (GFN + 2U) << 12);
	assert_int_equal(list()->header.cur_entry, 4);
}

static void large_entries(void **state)
{
	(void)state;
	rig_reset(0);
	put(0, 0);
	list()->entries[0] = ghcb_psc_entry(GFN_2M, GHCB_PSC_PRIVATE, true);
	run(0);
	assert_int_equal(rig.nr_psc, 1);
	assert_true(rig.psc[0].large);
	assert_int_equal(list()->entries[0] & GHCB_PSC_CUR_MASK, 512);
	/* started before: what is left, page by page */
	rig_reset(0);
	put(0, 0);
	list()->entries[0] = ghcb_psc_entry(GFN_2M, GHCB_PSC_PRIVATE, true) | 500U;
	run(0);
	assert_int_equal(rig.nr_psc, 12);
	assert_int_equal(rig.psc[0].gpa, (GFN_2M + 500U) << 12);
	assert_false(rig.psc[0].large);
	assert_int_equal(rig.psc[11].gpa, (GFN_2M + 511U) << 12);
	/* refused on the way */
	rig_reset(0);
	put(0, 0);
	list()->entries[0] = ghcb_psc_entry(GFN_2M, GHCB_PSC_SHARED, true) | 500U;
	rig.psc_refuse = 5;
	run(GHCB_PSC_ERROR_GENERIC);
	assert_int_equal(list()->entries[0] & GHCB_PSC_CUR_MASK, 505);
	assert_int_equal(list()->header.cur_entry, 0);
	/* refused as a whole */
	rig_reset(0);
	put(0, 0);
	list()->entries[0] = ghcb_psc_entry(GFN_2M, GHCB_PSC_SHARED, true);
	rig.psc_refuse = 0;
	run(GHCB_PSC_ERROR_GENERIC);
	assert_int_equal(list()->entries[0] & GHCB_PSC_CUR_MASK, 0);
}

/* Smash and unsmash are hints. */
static void hints(void **state)
{
	(void)state;
	rig_reset(0);
	put(0, 1);
	list()->entries[0] = ghcb_psc_entry(GFN_2M, GHCB_PSC_SMASH, true);
	list()->entries[1] = ghcb_psc_entry(GFN_2M, GHCB_PSC_UNSMASH, true);
	run(0);
	assert_int_equal(rig.nr_psc, 0);
	assert_int_equal(list()->header.cur_entry, 2);
}

/* The list must fit where it lies. */
static void list_bounds(void **state)
{
	struct ghcb_psc_header header = { .cur_entry = 0, .end_entry = 3 };
	const uint64_t entry = ghcb_psc_entry(GFN, GHCB_PSC_PRIVATE, false);

	(void)state;
	/* 8 + 4 * 8 bytes end one byte behind the buffer, or with it */
	for (uint64_t slack = 0; slack < 2U; slack++) {
		size_t at = 0xff0U - 40U + (slack == 0U ? 1U : 0U);

		rig_reset(0);
		memcpy(rig.memory[0] + at, &header, sizeof(header));
		for (size_t i = 0; i < 4U; i++) {
			memcpy(rig.memory[0] + at + 8U + 8U * i, &entry, sizeof(entry));
		}
		rig_exit(GHCB_EXIT_PSC, 0, 0);
		RIG_SET(sw_scratch, RIG_GHCB + at);
		rig_expect(slack == 0U ? MALFORMED : 0U, slack == 0U ? 3U : 0U);
		assert_int_equal(rig.nr_psc, slack == 0U ? 0 : 4);
	}
	/* elsewhere in shared memory, over a boundary to a private page */
	rig_reset(0);
	rig.pages[1] = RIG_SHARED;
	memcpy(rig.memory[1] + EMU_PAGE_SIZE - 16U, &header, sizeof(header));
	rig_exit(GHCB_EXIT_PSC, 0, 0);
	RIG_SET(sw_scratch, RIG_PAGE(2) - 16U);
	rig_expect(MALFORMED, 3);
	assert_int_equal(rig.nr_psc, 0);
	/* the header itself */
	rig_exit(GHCB_EXIT_PSC, 0, 0);
	RIG_SET(sw_scratch, RIG_PAGE(2) - 4U);
	rig_expect(MALFORMED, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_list),	 cmocka_unit_test(bad_headers),
		cmocka_unit_test(bad_entries),	 cmocka_unit_test(refused_entry_resumes),
		cmocka_unit_test(large_entries), cmocka_unit_test(hints),
		cmocka_unit_test(list_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
