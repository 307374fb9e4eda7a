/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <string.h>

/* 58019 section 6.3, SVSM_CORE_PVALIDATE: 2 MiB entries, the fallback of version 2, and how much
 * one call does. */

#define REGION ABI_INVALID
#define NEXT_REGION (ABI_INVALID + ABI_2M)
#define VALIDATE ABI_PV_VALIDATE
#define VALIDATE_2M (ABI_PV_VALIDATE | ABI_PV_2M)
#define PAGES UINT64_C(512)
#define LARGE_REGIONS ((ABI_INVALID_END - ABI_INVALID) / ABI_2M)

static uint64_t page_of(uint64_t region, unsigned int index)
{
	return region + index * ABI_4K;
}

/* The host splits the RMP entry under a region, as a PSC of one page does. */
static void split(struct abi *a, uint64_t region)
{
	assert_true(hm_psc(a->m, page_of(region, 3), 1, SVSM_PAGE_4K, false));
	assert_true(hm_psc(a->m, page_of(region, 3), 1, SVSM_PAGE_4K, true));
}

static void expect_zero_region(struct abi *a, uint64_t region)
{
	for (unsigned int i = 0; i < PAGES; i += 73U) {
		abi_expect_filled(a, page_of(region, i), 0);
	}
	abi_expect_filled(a, page_of(region, PAGES - 1U), 0);
}

/* ---- 2 MiB over a 2 MiB RMP entry ---- */

static void test_validate_2m_zeroes_and_grants(void **state)
{
	struct abi *a = *state;
	unsigned int validated, zeroed, granted;

	if (a->rmp_4k) {
		skip();
	}
	abi_host_fill(a, REGION, PAGES, 0xee);
	assert_int_equal(abi_pvalidate(a, REGION | VALIDATE_2M), ABI_SUCCESS);
	validated = abi_find(a, HM_EV_PVALIDATE, REGION, 0);
	zeroed = abi_find(a, HM_EV_ZERO, REGION, 0);
	granted = abi_find(a, HM_EV_RMPADJUST, REGION, 0);
	assert_true(abi_find(a, HM_EV_FLUSH_LOCAL, REGION, 0) < validated);
	assert_true(validated < zeroed && zeroed < granted && granted < a->logged);
	assert_int_equal(abi_count(a, HM_EV_PVALIDATE), 1);
	assert_int_equal(abi_count(a, HM_EV_RMPADJUST), a->vmpl);
	assert_int_equal(abi_list_next(a, ABI_LIST), 1);
	abi_expect_pages(a, REGION, PAGES, ABI_GRANTED);
	abi_expect_page(a, NEXT_REGION, ABI_UNVALIDATED);
	expect_zero_region(a, REGION);
}

static void test_rescind_2m_revokes_first(void **state)
{
	struct abi *a = *state;
	unsigned int rescinded;

	if (a->rmp_4k) {
		skip();
	}
	assert_int_equal(abi_pvalidate(a, ABI_VALID | ABI_PV_2M), ABI_SUCCESS);
	rescinded = abi_find(a, HM_EV_PVALIDATE, ABI_VALID, 0);
	for (unsigned int vmpl = 1; vmpl < SVSM_NR_VMPLS; vmpl++) {
		assert_true(abi_find_adjust(a, ABI_VALID, vmpl, SVSM_PERM_NONE, 0) < rescinded);
	}
	assert_int_equal(abi_count(a, HM_EV_RMPADJUST), 3);
	assert_int_equal(abi_count(a, HM_EV_PVALIDATE), 1);
	assert_int_equal(abi_count(a, HM_EV_FLUSH_GLOBAL), 1);
	abi_expect_pages(a, ABI_VALID, PAGES, ABI_UNVALIDATED);
	abi_expect_page(a, ABI_VALID + ABI_2M, ABI_GRANTED);
	assert_int_equal(abi_pvalidate(a, ABI_VALID | VALIDATE_2M), ABI_SUCCESS);
	expect_zero_region(a, ABI_VALID);
}

/* A region that was split in the map and is whole again. */
static void test_2m_after_4k(void **state)
{
	struct abi *a = *state;

	for (unsigned int i = 0; i < PAGES; i++) {
		assert_int_equal(abi_pvalidate(a, page_of(REGION, i) | VALIDATE), ABI_SUCCESS);
	}
	assert_int_equal(abi_pvalidate(a, REGION | ABI_PV_2M | ABI_PV_FALLBACK), ABI_SUCCESS);
	abi_expect_pages(a, REGION, PAGES, ABI_UNVALIDATED);
	assert_int_equal(abi_pvalidate(a, REGION | VALIDATE_2M | ABI_PV_FALLBACK), ABI_SUCCESS);
	abi_expect_pages(a, REGION, PAGES, ABI_GRANTED);
}

/* ---- bit 4 ---- */

/* Cleared when the 2 MiB operation was done, left when 4 KiB pages were. */
static void check_bit_4(struct abi *a, uint64_t entry, bool large)
{
	assert_int_equal(abi_pvalidate(a, entry | ABI_PV_FALLBACK), ABI_SUCCESS);
	assert_int_equal(abi_list_entry(a, ABI_LIST, 0), large ? entry : entry | ABI_PV_FALLBACK);
	assert_int_equal(abi_list_next(a, ABI_LIST), 1);
}

/* Architecture section 7: "bit 4 serves both operations". */
static void test_decision_bit_4_tells_whether_2m_was_done(void **state)
{
	struct abi *a = *state;

	abi_host_fill(a, REGION, PAGES, 0xee);
	check_bit_4(a, REGION | VALIDATE_2M, !a->rmp_4k);
	abi_expect_pages(a, REGION, PAGES, ABI_GRANTED);
	expect_zero_region(a, REGION);
	check_bit_4(a, REGION | ABI_PV_2M, !a->rmp_4k);
	abi_expect_pages(a, REGION, PAGES, ABI_UNVALIDATED);
	abi_host_fill(a, NEXT_REGION, PAGES, 0xee);
	split(a, NEXT_REGION);
	check_bit_4(a, NEXT_REGION | VALIDATE_2M, false);
	abi_expect_pages(a, NEXT_REGION, PAGES, ABI_GRANTED);
	expect_zero_region(a, NEXT_REGION);
	check_bit_4(a, NEXT_REGION | ABI_PV_2M, false);
	abi_expect_pages(a, NEXT_REGION, PAGES, ABI_UNVALIDATED);
	assert_int_equal(abi_count(a, HM_EV_FLUSH_GLOBAL), 1);
}

/* The same with CF ignored on a region that is validated already. */
static void test_bit_4_with_ignore_cf(void **state)
{
	struct abi *a = *state;

	abi_fill(a, page_of(ABI_VALID, 11), 0x44);
	check_bit_4(a, ABI_VALID | VALIDATE_2M | ABI_PV_IGNORE_CF, !a->rmp_4k);
	assert_int_equal(abi_count(a, HM_EV_PVALIDATE), 0);
	abi_expect_pages(a, ABI_VALID, PAGES, ABI_GRANTED);
	expect_zero_region(a, ABI_VALID);
	abi_expect_filled(a, page_of(ABI_VALID, 11), 0);
}

static void test_bit_4_is_ignored_for_4k(void **state)
{
	struct abi *a = *state;

	check_bit_4(a, REGION | VALIDATE, false);
	abi_expect_page(a, REGION, ABI_GRANTED);
	abi_expect_page(a, page_of(REGION, 1), ABI_UNVALIDATED);
	check_bit_4(a, REGION, false);
}

/* Several entries of a list, each with its own outcome. */
static void test_bit_4_of_each_entry(void **state)
{
	struct abi *a = *state;
	const uint64_t flags = VALIDATE_2M | ABI_PV_FALLBACK;
	const uint64_t entries[] = { REGION | flags, NEXT_REGION | flags };

	split(a, NEXT_REGION);
	assert_int_equal(abi_with_list(a, ABI_PVALIDATE, entries, 2), ABI_SUCCESS);
	assert_int_equal(abi_list_entry(a, ABI_LIST, 0),
			 a->rmp_4k ? entries[0] : entries[0] & ~ABI_PV_FALLBACK);
	assert_int_equal(abi_list_entry(a, ABI_LIST, 1), entries[1]);
	abi_expect_pages(a, REGION, 2U * PAGES, ABI_GRANTED);
}

/* ---- size mismatch ---- */

static void test_size_mismatch_without_bit_4(void **state)
{
	struct abi *a = *state;
	const uint64_t entries[] = { REGION | VALIDATE, NEXT_REGION | VALIDATE_2M };

	split(a, NEXT_REGION);
	split(a, ABI_VALID);
	assert_int_equal(abi_with_list(a, ABI_PVALIDATE, entries, 2), ABI_SIZEMISMATCH);
	assert_int_equal(abi_list_next(a, ABI_LIST), 1);
	abi_expect_pages(a, NEXT_REGION, PAGES, ABI_UNVALIDATED);
	assert_int_equal(abi_list_entry(a, ABI_LIST, 1), entries[1]);
}

static void test_size_mismatch_of_a_rescind(void **state)
{
	struct abi *a = *state;

	assert_int_equal(abi_pvalidate(a, REGION | VALIDATE_2M | ABI_PV_FALLBACK), ABI_SUCCESS);
	if (!a->rmp_4k) {
		/* A 4 KiB operation makes the host split the entry. */
		assert_int_equal(abi_pvalidate(a, page_of(REGION, 9)), ABI_SUCCESS);
		assert_int_equal(abi_pvalidate(a, page_of(REGION, 9) | VALIDATE), ABI_SUCCESS);
	}
	abi_fill(a, page_of(REGION, 20), 0x55);
	assert_int_equal(abi_pvalidate(a, REGION | ABI_PV_2M), ABI_SIZEMISMATCH);
	abi_expect_pages(a, REGION, PAGES, ABI_GRANTED);
	abi_expect_filled(a, page_of(REGION, 20), 0x55);
	assert_int_equal(abi_pvalidate(a, REGION | ABI_PV_2M | ABI_PV_FALLBACK), ABI_SUCCESS);
	abi_expect_pages(a, REGION, PAGES, ABI_UNVALIDATED);
}

/* ---- a page of the fallback fails ---- */

static void expect_failed_at(struct abi *a, uint64_t region, uint64_t flags, unsigned int page)
{
	assert_int_equal(abi_list_next(a, ABI_LIST), 0);
	assert_int_equal(abi_list_entry(a, ABI_LIST, 0), page_of(region, page) | flags);
}

/* The number of the failing 4 KiB page goes into the entry; pages before it are done. Issued again
 * as it stands, the entry is a misaligned 2 MiB one. */
static void test_fallback_names_the_failing_page(void **state)
{
	static const unsigned int bad[] = { 0, 1, 31, 32, 200, 511 };
	static const uint64_t flags = VALIDATE_2M | ABI_PV_FALLBACK;
	struct abi *a = *state;

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const uint64_t region = REGION + i * ABI_2M;

		assert_int_equal(abi_pvalidate(a, page_of(region, bad[i]) | VALIDATE), ABI_SUCCESS);
		abi_fill(a, page_of(region, bad[i]), 0x66);
		assert_int_equal(abi_pvalidate(a, region | flags), ABI_CARRY);
		expect_failed_at(a, region, flags, bad[i]);
		abi_expect_pages(a, region, bad[i] + 1U, ABI_GRANTED);
		abi_expect_pages(a, page_of(region, bad[i] + 1U), PAGES - 1U - bad[i],
				 ABI_UNVALIDATED);
		abi_expect_filled(a, page_of(region, bad[i]), 0x66);
		assert_int_equal(abi_core(a, ABI_PVALIDATE, ABI_LIST),
				 bad[i] == 0U ? ABI_CARRY : ABI_INVALID_PARAMETER);
		assert_int_equal(abi_pvalidate(a, region | flags | ABI_PV_IGNORE_CF), ABI_SUCCESS);
		abi_expect_pages(a, region, PAGES, ABI_GRANTED);
		abi_expect_filled(a, page_of(region, bad[i]), 0);
	}
}

static void test_fallback_rescind_names_the_failing_page(void **state)
{
	static const uint64_t flags = ABI_PV_2M | ABI_PV_FALLBACK;
	struct abi *a = *state;

	assert_int_equal(abi_pvalidate(a, page_of(ABI_VALID, 77)), ABI_SUCCESS);
	assert_int_equal(abi_pvalidate(a, ABI_VALID | flags), ABI_CARRY);
	expect_failed_at(a, ABI_VALID, flags, 77);
	abi_expect_pages(a, ABI_VALID, 78, ABI_UNVALIDATED);
	abi_expect_pages(a, page_of(ABI_VALID, 78), PAGES - 78U, ABI_GRANTED);
	assert_int_equal(abi_pvalidate(a, ABI_VALID | flags | ABI_PV_IGNORE_CF), ABI_SUCCESS);
	abi_expect_pages(a, ABI_VALID, PAGES, ABI_UNVALIDATED);
}

/* The hardware's error code for a page of the fallback. The 2 MiB attempt is the first. */
static void test_fallback_reports_the_hardware_code(void **state)
{
	static const uint64_t flags = VALIDATE_2M | ABI_PV_FALLBACK;
	struct abi *a = *state;

	split(a, REGION);
	hm_inject(a->m, 0, HM_INJECT_PVALIDATE_CODE, 2U + 100U, 9);
	assert_int_equal(abi_pvalidate(a, REGION | flags), ABI_RMP_ERROR(9U));
	expect_failed_at(a, REGION, flags, 100);
	abi_expect_pages(a, REGION, 100, ABI_GRANTED);
	abi_expect_pages(a, page_of(REGION, 100), PAGES - 100U, ABI_UNVALIDATED);
	assert_int_equal(abi_pvalidate(a, REGION | flags | ABI_PV_IGNORE_CF), ABI_SUCCESS);
	abi_expect_pages(a, REGION, PAGES, ABI_GRANTED);
}

/* ---- budget ---- */

/* INCOMPLETE after three entries; RCX is not touched, the list tells where to go on. */
static void test_incomplete_and_continued(void **state)
{
	struct abi *a = *state;
	uint64_t entries[8];

	for (unsigned int i = 0; i < 8U; i++) {
		entries[i] = page_of(REGION, i * 2U) | VALIDATE;
	}
	assert_int_equal(abi_with_list(a, ABI_PVALIDATE, entries, 8), ABI_INCOMPLETE);
	assert_int_equal(abi_list_next(a, ABI_LIST), 3);
	abi_expect_page(a, page_of(REGION, 4), ABI_GRANTED);
	abi_expect_page(a, page_of(REGION, 6), ABI_UNVALIDATED);
	assert_int_equal(abi_core(a, ABI_PVALIDATE, ABI_LIST), ABI_INCOMPLETE);
	assert_int_equal(abi_list_next(a, ABI_LIST), 6);
	assert_int_equal(abi_core(a, ABI_PVALIDATE, ABI_LIST), ABI_SUCCESS);
	assert_int_equal(abi_list_next(a, ABI_LIST), 8);
	abi_expect_page(a, page_of(REGION, 14), ABI_GRANTED);
}

/* The budget bounds runs of adjacent pages as well, and rescinds. */
static void test_incomplete_inside_a_run(void **state)
{
	struct abi *a = *state;
	uint64_t entries[7];

	for (unsigned int i = 0; i < 7U; i++) {
		entries[i] = page_of(ABI_VALID, i);
	}
	assert_int_equal(abi_with_list(a, ABI_PVALIDATE, entries, 7), ABI_INCOMPLETE);
	assert_int_equal(abi_list_next(a, ABI_LIST), 3);
	abi_expect_pages(a, ABI_VALID, 3, ABI_UNVALIDATED);
	abi_expect_pages(a, page_of(ABI_VALID, 3), 4, ABI_GRANTED);
	assert_int_equal(abi_core(a, ABI_PVALIDATE, ABI_LIST), ABI_INCOMPLETE);
	assert_int_equal(abi_core(a, ABI_PVALIDATE, ABI_LIST), ABI_SUCCESS);
	abi_expect_pages(a, ABI_VALID, 7, ABI_UNVALIDATED);
}

/* A failing entry inside the budget is reported, not INCOMPLETE; one behind it is. */
static void test_incomplete_or_error(void **state)
{
	struct abi *a = *state;
	uint64_t entries[] = { REGION | VALIDATE, page_of(REGION, 2) | VALIDATE, ABI_CA,
			       page_of(REGION, 4) | VALIDATE, ABI_CA };

	assert_int_equal(abi_with_list(a, ABI_PVALIDATE, entries, 5), ABI_INVALID_ADDRESS);
	assert_int_equal(abi_list_next(a, ABI_LIST), 2);
	entries[0] |= ABI_PV_IGNORE_CF;
	entries[1] |= ABI_PV_IGNORE_CF;
	entries[2] = page_of(REGION, 6) | VALIDATE;
	assert_int_equal(abi_with_list(a, ABI_PVALIDATE, entries, 5), ABI_INCOMPLETE);
	assert_int_equal(abi_list_next(a, ABI_LIST), 3);
	assert_int_equal(abi_core(a, ABI_PVALIDATE, ABI_LIST), ABI_INVALID_ADDRESS);
	assert_int_equal(abi_list_next(a, ABI_LIST), 4);
}

/* 100 pages: a call always does its first entry, even one that exceeds the budget alone, and then
 * no other. Architecture section 7: "a 2M fallback is never split over two calls". */
static void test_decision_first_entry_is_always_done_whole(void **state)
{
	struct abi *a = *state;
	const uint64_t flags = VALIDATE_2M | ABI_PV_FALLBACK;
	const uint64_t entries[] = { REGION | flags, NEXT_REGION | flags,
				     (NEXT_REGION + ABI_2M) | VALIDATE };

	split(a, REGION);
	assert_int_equal(abi_with_list(a, ABI_PVALIDATE, entries, 3), ABI_INCOMPLETE);
	assert_int_equal(abi_list_next(a, ABI_LIST), 1);
	abi_expect_pages(a, REGION, PAGES, ABI_GRANTED);
	abi_expect_pages(a, NEXT_REGION, PAGES, ABI_UNVALIDATED);
	assert_int_equal(abi_core(a, ABI_PVALIDATE, ABI_LIST), ABI_INCOMPLETE);
	assert_int_equal(abi_list_next(a, ABI_LIST), 2);
	abi_expect_pages(a, NEXT_REGION, PAGES, ABI_GRANTED);
	abi_expect_page(a, NEXT_REGION + ABI_2M, ABI_UNVALIDATED);
	assert_int_equal(abi_core(a, ABI_PVALIDATE, ABI_LIST), ABI_SUCCESS);
}

static void test_budget_of_pages(void **state)
{
	struct abi *a = *state;
	uint64_t entries[ABI_BUDGET_PAGES + 10U];

	for (unsigned int i = 0; i < ABI_BUDGET_PAGES + 10U; i++) {
		entries[i] = page_of(REGION, i) | VALIDATE;
	}
	assert_int_equal(abi_with_list(a, ABI_PVALIDATE, entries, ABI_BUDGET_PAGES + 10U),
			 ABI_INCOMPLETE);
	assert_int_equal(abi_list_next(a, ABI_LIST), ABI_BUDGET_PAGES);
	assert_int_equal(abi_core(a, ABI_PVALIDATE, ABI_LIST), ABI_SUCCESS);
	abi_expect_pages(a, REGION, ABI_BUDGET_PAGES + 10U, ABI_GRANTED);
}

/* Without other limits: any number of 4 KiB entries passes, 2 MiB ones two at a time. */
static void test_default_budget(void **state)
{
	struct abi *a = *state;
	const uint64_t flags = VALIDATE_2M | ABI_PV_FALLBACK;
	const uint64_t entries[] = { REGION | flags, (REGION + ABI_2M) | flags,
				     (REGION + 2U * ABI_2M) | flags,
				     (REGION + 3U * ABI_2M) | flags };

	assert_int_equal(abi_with_list(a, ABI_PVALIDATE, entries, 4), ABI_INCOMPLETE);
	assert_int_equal(abi_list_next(a, ABI_LIST), 2);
	assert_int_equal(abi_core(a, ABI_PVALIDATE, ABI_LIST), ABI_SUCCESS);
	assert_int_equal(abi_list_next(a, ABI_LIST), 4);
	abi_expect_pages(a, REGION, 4U * PAGES, ABI_GRANTED);
}

/* Rescinding 2 MiB as such zeroes nothing: a call does as many as it can of 4 KiB pages. */
static void test_large_rescinds_are_cheap(void **state)
{
	struct abi *a = *state;
	uint64_t entries[LARGE_REGIONS];

	if (a->rmp_4k) {
		skip();
	}
	for (unsigned int i = 0; i < LARGE_REGIONS; i++) {
		entries[i] = (REGION + i * ABI_2M) | ABI_PV_2M | ABI_PV_FALLBACK;
		assert_int_equal(abi_pvalidate(a, entries[i] | VALIDATE), ABI_SUCCESS);
	}
	assert_int_equal(abi_with_list(a, ABI_PVALIDATE, entries, LARGE_REGIONS), ABI_SUCCESS);
	assert_int_equal(abi_list_next(a, ABI_LIST), LARGE_REGIONS);
	abi_expect_pages(a, REGION, LARGE_REGIONS * PAGES, ABI_UNVALIDATED);
}

/* A rescind that falls back to 4 KiB pages is 512 pages of work: two in a call, and with one page
 * before them only one. */
static void test_rescinds_that_fall_back_are_not(void **state)
{
	struct abi *a = *state;
	uint64_t entries[4] = { ABI_SPARE };

	for (unsigned int i = 1; i < 4U; i++) {
		entries[i] = (REGION + i * ABI_2M) | ABI_PV_2M | ABI_PV_FALLBACK;
		split(a, REGION + i * ABI_2M);
		assert_int_equal(abi_pvalidate(a, entries[i] | VALIDATE), ABI_SUCCESS);
	}
	assert_int_equal(abi_with_list(a, ABI_PVALIDATE, entries, 4), ABI_INCOMPLETE);
	assert_int_equal(abi_list_next(a, ABI_LIST), 2);
	assert_int_equal(abi_core(a, ABI_PVALIDATE, ABI_LIST), ABI_SUCCESS);
	assert_int_equal(abi_list_next(a, ABI_LIST), 4);
	abi_expect_pages(a, REGION + ABI_2M, 3U * PAGES, ABI_UNVALIDATED);
}

/* ---- busy ---- */

static void test_apart_2m_over_a_page_in_work_is_busy(void **state)
{
	struct abi *a = *state;
	const struct hm_regs other = { .rax = ABI_PVALIDATE, .rcx = ABI_LIST };
	struct hm_regs regs = { .rax = ABI_PVALIDATE, .rcx = ABI_SPARE };
	struct abi_list list = { .count = 1, .entry = { page_of(REGION, 300) | VALIDATE } };
	struct abi_frozen f;

	abi_start_cpu(a, 1);
	abi_list_write(a, ABI_LIST, &list, 1);
	list.entry[0] = REGION | VALIDATE_2M;
	abi_list_write(a, ABI_SPARE, &list, 1);
	abi_freeze(a, &f, 1, &other, ARCH_POINT_CLAIMED, 1);
	assert_int_equal(abi_call_unjudged(a, &regs), ABI_BUSY);
	assert_int_equal(abi_list_next(a, ABI_SPARE), 0);
	assert_int_equal(abi_list_entry(a, ABI_SPARE, 0), REGION | VALIDATE_2M);
	assert_int_equal(abi_thaw(a, &f), ABI_SUCCESS);
	abi_expect_page(a, page_of(REGION, 300), ABI_GRANTED);
	abi_expect_page(a, page_of(REGION, 299), ABI_UNVALIDATED);
}

/* Section 5: BUSY must be repeatable as it is. A copier stopped at page 300 of a region whose pages
 * differ: none of the region is rescinded, the entry is not touched. */
static void test_decision_busy_fallback_changes_nothing(void **state)
{
	static const uint64_t entry = ABI_VALID | ABI_PV_2M | ABI_PV_FALLBACK | ABI_PV_IGNORE_CF;
	struct abi *a = *state;
	const struct hm_regs other = { .rax = ABI_PVALIDATE, .rcx = ABI_VALID + 300U * ABI_4K };
	struct hm_regs regs = { .rax = ABI_PVALIDATE, .rcx = ABI_LIST };
	struct abi_list list = { .count = 1, .entry = { REGION | VALIDATE } };
	struct abi_frozen f;

	abi_start_cpu(a, 1);
	assert_int_equal(abi_pvalidate(a, page_of(ABI_VALID, 2)), ABI_SUCCESS);
	abi_list_write(a, page_of(ABI_VALID, 300), &list, 1);
	list.entry[0] = entry;
	abi_list_write(a, ABI_LIST, &list, 1);
	abi_freeze(a, &f, 1, &other, ARCH_POINT_PIN_CHECKED, 1);
	assert_int_equal(abi_call_unjudged(a, &regs), ABI_BUSY);
	assert_int_equal(abi_list_next(a, ABI_LIST), 0);
	assert_int_equal(abi_list_entry(a, ABI_LIST, 0), entry);
	abi_expect_page(a, page_of(ABI_VALID, 1), ABI_GRANTED);
	abi_expect_page(a, page_of(ABI_VALID, 2), ABI_UNVALIDATED);
	abi_expect_page(a, page_of(ABI_VALID, 299), ABI_GRANTED);
	assert_int_equal(abi_thaw(a, &f), ABI_SUCCESS);
	assert_int_equal(abi_core(a, ABI_PVALIDATE, ABI_LIST), ABI_SUCCESS);
	abi_expect_pages(a, ABI_VALID, PAGES, ABI_UNVALIDATED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ABI_TEST(test_validate_2m_zeroes_and_grants),
		ABI_TEST(test_rescind_2m_revokes_first),
		ABI_TEST(test_2m_after_4k),
		ABI_TEST(test_decision_bit_4_tells_whether_2m_was_done),
		ABI_TEST(test_bit_4_with_ignore_cf),
		ABI_TEST(test_bit_4_is_ignored_for_4k),
		ABI_TEST(test_bit_4_of_each_entry),
		ABI_TEST(test_size_mismatch_without_bit_4),
		ABI_TEST(test_size_mismatch_of_a_rescind),
		ABI_TEST(test_fallback_names_the_failing_page),
		ABI_TEST(test_fallback_rescind_names_the_failing_page),
		ABI_TEST(test_fallback_reports_the_hardware_code),
		ABI_TEST_WITH(test_incomplete_and_continued, abi_setup_budget),
		ABI_TEST_WITH(test_incomplete_inside_a_run, abi_setup_budget),
		ABI_TEST_WITH(test_incomplete_or_error, abi_setup_budget),
		ABI_TEST_WITH(test_decision_first_entry_is_always_done_whole, abi_setup_pages),
		ABI_TEST_WITH(test_budget_of_pages, abi_setup_pages),
		ABI_TEST(test_default_budget),
		ABI_TEST(test_large_rescinds_are_cheap),
		ABI_TEST(test_rescinds_that_fall_back_are_not),
		ABI_TEST(test_apart_2m_over_a_page_in_work_is_busy),
		ABI_TEST(test_decision_busy_fallback_changes_nothing),
	};

	return ABI_RUN(tests);
}
