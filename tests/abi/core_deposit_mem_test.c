/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <string.h>

/* 58019 section 6.6, SVSM_CORE_DEPOSIT_MEM. */

#define PAGE ABI_SPARE
#define REGION ABI_VALID
#define LARGE UINT64_C(1)
#define DEPOSITED (ABI_SPARE + 0x40000U)
#define WITH_PRIVATE (ABI_VALID + ABI_2M) /* a region with one deposited page */
#define MIXED (ABI_VALID + 2U * ABI_2M)	  /* a region with one rescinded page */
#define PAGES UINT64_C(512)

static uint64_t page_of(uint64_t region, unsigned int index)
{
	return region + index * ABI_4K;
}

/* ---- failures in order ---- */

enum {
	LIST_LOW = 1,
	LIST_BASE = 2,
	COUNT = 4,
	NEXT = 8,
	HEAD = 0x10,
	E_SIZE = 0x20,
	E_FLAGS = 0x40,
	E_BASE = 0x80
};

static void good_deposit(struct abi *a, struct abi_request *r)
{
	(void)a;
	r->regs.rax = ABI_DEPOSIT_MEM;
	r->regs.rcx = ABI_LIST;
	r->list_at = ABI_LIST;
	r->list.count = 1;
	r->list.entry[0] = PAGE;
	r->entries = 1;
}

static void list_base(struct abi_request *r, uint64_t page)
{
	r->regs.rcx = (r->regs.rcx & 0xfffU) | page;
}

static void entry_base(struct abi_request *r, uint64_t page)
{
	r->list.entry[0] = (r->list.entry[0] & 0xfffU) | page;
}

static void entry_2m(struct abi_request *r, uint64_t region)
{
	entry_base(r, region);
	r->list.entry[0] |= LARGE;
}

ABI_SPOIL(list_misaligned, r->regs.rcx |= 4U)
ABI_SPOIL(list_beyond_width, list_base(r, ABI_C_BIT << 1))
ABI_SPOIL(list_c_bit_alias, list_base(r, ABI_LIST | ABI_C_BIT))
ABI_SPOIL(list_wraps, list_base(r, ABI_WRAP))
ABI_SPOIL(list_in_a_hole, list_base(r, ABI_HOLE))
ABI_SPOIL(list_of_the_svsm, list_base(r, abi_svsm_page(a)))
ABI_SPOIL(list_is_vmsa, list_base(r, a->vmsa[1]))
ABI_SPOIL(list_is_startup_vmsa, list_base(r, a->vmsa[0]))
ABI_SPOIL(list_in_other_calling_area, list_base(r, a->ca[1]))
ABI_SPOIL(list_in_call_header, list_base(r, a->ca[0]))
ABI_SPOIL(list_deposited, list_base(r, DEPOSITED))
ABI_SPOIL(list_not_validated, list_base(r, ABI_INVALID))
ABI_SPOIL(count_zero, r->list.count = 0)
ABI_SPOIL(count_crosses_page, r->list.count = 512)
ABI_SPOIL(next_equals_count, r->list.next = r->list.count)
ABI_SPOIL(next_above_count, r->list.next = 0xffff)
ABI_SPOIL(reserved_word, r->list.reserved = 0x10000U)
ABI_SPOIL(size_2, r->list.entry[0] |= 2U)
ABI_SPOIL(size_3, r->list.entry[0] |= 3U)
ABI_SPOIL(reserved_bit_2, r->list.entry[0] |= 4U)
ABI_SPOIL(reserved_bit_4, r->list.entry[0] |= 0x10U)
ABI_SPOIL(reserved_bit_11, r->list.entry[0] |= 0x800U)
ABI_SPOIL(misaligned_2m, entry_2m(r, page_of(REGION, 1)))
ABI_SPOIL(beyond_width, entry_base(r, ABI_C_BIT << 1))
ABI_SPOIL(c_bit_alias, entry_base(r, PAGE | ABI_C_BIT))
ABI_SPOIL(wraps, entry_base(r, ABI_WRAP))
ABI_SPOIL(above_ram, entry_base(r, ABI_NOWHERE))
ABI_SPOIL(in_a_hole, entry_base(r, ABI_HOLE))
ABI_SPOIL(of_the_svsm, entry_base(r, abi_svsm_page(a)))
ABI_SPOIL(startup_vmsa, entry_base(r, a->vmsa[0]))
ABI_SPOIL(other_vmsa, entry_base(r, a->vmsa[1]))
ABI_SPOIL(own_calling_area, entry_base(r, a->ca[0]))
ABI_SPOIL(other_calling_area, entry_base(r, a->ca[1]))
ABI_SPOIL(deposited, entry_base(r, DEPOSITED))
ABI_SPOIL(own_list, entry_base(r, ABI_LIST))
ABI_SPOIL(not_validated, entry_base(r, ABI_INVALID))
ABI_SPOIL(svsm_2m, entry_2m(r, abi_svsm_page(a) & ~(ABI_2M - 1U)))
ABI_SPOIL(hole_2m, entry_2m(r, ABI_HOLE))
ABI_SPOIL(own_list_2m, entry_2m(r, ABI_LIST & ~(ABI_2M - 1U)))
ABI_SPOIL(private_inside_2m, entry_2m(r, WITH_PRIVATE))
ABI_SPOIL(not_validated_2m, entry_2m(r, ABI_INVALID))
ABI_SPOIL(not_validated_inside_2m, entry_2m(r, MIXED))

static const struct abi_row rows[] = {
	{ "list-misaligned", LIST_LOW, list_misaligned, ABI_INVALID_PARAMETER },
	{ "list-beyond-width", LIST_BASE, list_beyond_width, ABI_INVALID_ADDRESS },
	{ "list-c-bit-alias", LIST_BASE, list_c_bit_alias, ABI_INVALID_ADDRESS },
	{ "list-wraps", LIST_BASE, list_wraps, ABI_INVALID_ADDRESS },
	{ "list-in-a-hole", LIST_BASE, list_in_a_hole, ABI_INVALID_ADDRESS },
	{ "list-of-the-svsm", LIST_BASE, list_of_the_svsm, ABI_INVALID_ADDRESS },
	{ "list-is-vmsa", LIST_BASE, list_is_vmsa, ABI_INVALID_ADDRESS },
	{ "list-is-startup-vmsa", LIST_BASE, list_is_startup_vmsa, ABI_INVALID_ADDRESS },
	{ "list-in-other-calling-area", LIST_BASE, list_in_other_calling_area,
	  ABI_INVALID_ADDRESS },
	{ "list-in-call-header", LIST_BASE, list_in_call_header, ABI_INVALID_ADDRESS },
	{ "list-deposited", LIST_BASE, list_deposited, ABI_INVALID_ADDRESS },
	{ "list-not-validated", LIST_BASE, list_not_validated, ABI_INVALID_ADDRESS },
	{ "count-zero", COUNT, count_zero, ABI_INVALID_PARAMETER },
	{ "count-crosses-page", COUNT, count_crosses_page, ABI_INVALID_PARAMETER },
	{ "next-equals-count", NEXT, next_equals_count, ABI_INVALID_PARAMETER },
	{ "next-above-count", NEXT, next_above_count, ABI_INVALID_PARAMETER },
	{ "reserved-word", HEAD, reserved_word, ABI_INVALID_PARAMETER },
	{ "size-2", E_SIZE, size_2, ABI_INVALID_PARAMETER },
	{ "size-3", E_SIZE, size_3, ABI_INVALID_PARAMETER },
	{ "reserved-bit-2", E_FLAGS, reserved_bit_2, ABI_INVALID_PARAMETER },
	{ "reserved-bit-4", E_FLAGS, reserved_bit_4, ABI_INVALID_PARAMETER },
	{ "reserved-bit-11", E_FLAGS, reserved_bit_11, ABI_INVALID_PARAMETER },
	{ "misaligned-2m", E_SIZE | E_BASE, misaligned_2m, ABI_INVALID_PARAMETER },
	{ "beyond-width", E_BASE, beyond_width, ABI_INVALID_ADDRESS },
	{ "c-bit-alias", E_BASE, c_bit_alias, ABI_INVALID_ADDRESS },
	{ "wraps", E_BASE, wraps, ABI_INVALID_ADDRESS },
	{ "above-ram", E_BASE, above_ram, ABI_INVALID_ADDRESS },
	{ "in-a-hole", E_BASE, in_a_hole, ABI_INVALID_ADDRESS },
	{ "of-the-svsm", E_BASE, of_the_svsm, ABI_INVALID_ADDRESS },
	{ "startup-vmsa", E_BASE, startup_vmsa, ABI_INVALID_ADDRESS },
	{ "other-vmsa", E_BASE, other_vmsa, ABI_INVALID_ADDRESS },
	{ "own-calling-area", E_BASE, own_calling_area, ABI_INVALID_ADDRESS },
	{ "other-calling-area", E_BASE, other_calling_area, ABI_INVALID_ADDRESS },
	{ "deposited", E_BASE, deposited, ABI_INVALID_ADDRESS },
	{ "own-list", E_BASE, own_list, ABI_INVALID_ADDRESS },
	{ "not-validated", E_BASE, not_validated, ABI_INVALID_ADDRESS },
	{ "svsm-2m", E_SIZE | E_BASE, svsm_2m, ABI_INVALID_ADDRESS },
	{ "hole-2m", E_SIZE | E_BASE, hole_2m, ABI_INVALID_ADDRESS },
	{ "own-list-2m", E_SIZE | E_BASE, own_list_2m, ABI_INVALID_ADDRESS },
	{ "private-inside-2m", E_SIZE | E_BASE, private_inside_2m, ABI_INVALID_ADDRESS },
	{ "not-validated-2m", E_SIZE | E_BASE, not_validated_2m, ABI_INVALID_ADDRESS },
	{ "not-validated-inside-2m", E_SIZE | E_BASE, not_validated_inside_2m,
	  ABI_INVALID_ADDRESS },
};

/* Architecture section 7: "DEPOSIT of a page that is not valid is INVALID_ADDRESS", and the order
 * of the codes. */
static void test_decision_deposit_failures_in_order(void **state)
{
	struct abi *a = *state;

	abi_start_cpu(a, 1);
	assert_int_equal(abi_deposit(a, DEPOSITED), ABI_SUCCESS);
	assert_int_equal(abi_deposit(a, page_of(WITH_PRIVATE, 5)), ABI_SUCCESS);
	assert_int_equal(abi_pvalidate(a, page_of(MIXED, 511)), ABI_SUCCESS);
	ABI_CHECK_ROWS(a, rows, good_deposit);
}

/* ---- success ---- */

static unsigned int first_flush(const struct abi *a)
{
	unsigned int i = 0;

	while (i < a->logged && a->log[i].kind != HM_EV_FLUSH_GLOBAL) {
		i++;
	}
	return i;
}

/* Revoked for every VMPL, flushed, and from then on nobody's but the SVSM's. */
static void test_deposit_4k(void **state)
{
	struct abi *a = *state;
	uint8_t byte;

	abi_fill(a, PAGE, 0x77);
	assert_int_equal(abi_deposit(a, PAGE), ABI_SUCCESS);
	assert_int_equal(abi_list_next(a, ABI_LIST), 1);
	assert_int_equal(abi_count(a, HM_EV_RMPADJUST), 3);
	assert_int_equal(abi_count(a, HM_EV_FLUSH_GLOBAL), 1);
	for (unsigned int vmpl = 1; vmpl < SVSM_NR_VMPLS; vmpl++) {
		assert_true(abi_find_adjust(a, PAGE, vmpl, SVSM_PERM_NONE, 0) < first_flush(a));
	}
	abi_expect_page(a, PAGE, ABI_PRIVATE);
	assert_int_equal(hm_guest_read(a->m, PAGE, &byte, 1), HM_NPF);
	assert_int_equal(hm_guest_write(a->m, PAGE, &byte, 1), HM_NPF);
}

static void test_deposit_2m(void **state)
{
	struct abi *a = *state;

	assert_int_equal(abi_deposit(a, REGION | LARGE), ABI_SUCCESS);
	assert_int_equal(abi_list_next(a, ABI_LIST), 1);
	abi_expect_pages(a, REGION, PAGES, ABI_PRIVATE);
	abi_expect_page(a, REGION + ABI_2M, ABI_GRANTED);
	assert_int_equal(abi_count(a, HM_EV_FLUSH_GLOBAL), 1);
}

/* Architecture section 7: "a 2M deposit over 4K RMP entries is carried out page by page". */
static void test_decision_deposit_2m_over_4k_entries(void **state)
{
	struct abi *a = *state;

	assert_int_equal(abi_pvalidate(a, page_of(REGION, 3)), ABI_SUCCESS);
	assert_int_equal(abi_pvalidate(a, page_of(REGION, 3) | ABI_PV_VALIDATE), ABI_SUCCESS);
	assert_int_equal(abi_deposit(a, REGION | LARGE), ABI_SUCCESS);
	abi_expect_pages(a, REGION, PAGES, ABI_PRIVATE);
	assert_int_equal(abi_count(a, HM_EV_FLUSH_GLOBAL), 1);
}

static void test_deposited_pages_are_no_input_of_any_call(void **state)
{
	struct abi *a = *state;

	assert_int_equal(abi_deposit(a, PAGE), ABI_SUCCESS);
	assert_int_equal(abi_deposit(a, PAGE), ABI_INVALID_ADDRESS);
	assert_int_equal(abi_pvalidate(a, PAGE), ABI_INVALID_ADDRESS);
	assert_int_equal(abi_pvalidate(a, PAGE | ABI_PV_VALIDATE | ABI_PV_IGNORE_CF),
			 ABI_INVALID_ADDRESS);
	assert_int_equal(abi_core(a, ABI_REMAP_CA, PAGE), ABI_INVALID_ADDRESS);
	assert_int_equal(abi_core(a, ABI_PVALIDATE, PAGE), ABI_INVALID_ADDRESS);
	assert_int_equal(abi_core(a, ABI_WITHDRAW_MEM, PAGE), ABI_INVALID_ADDRESS);
	assert_int_equal(abi_create(a, PAGE, PAGE + ABI_4K, 1), ABI_INVALID_ADDRESS);
	assert_int_equal(abi_create(a, PAGE + ABI_4K, PAGE, 1), ABI_INVALID_ADDRESS);
}

/* One flush however long the list, whatever the sizes. */
static void test_deposit_of_a_long_list(void **state)
{
	struct abi *a = *state;
	uint64_t entries[102];

	for (unsigned int i = 0; i < 100U; i++) {
		entries[i] = PAGE + (i * 37U % 100U) * ABI_4K;
	}
	entries[100] = REGION | LARGE;
	entries[101] = page_of(REGION + ABI_2M, 9);
	assert_int_equal(abi_with_list(a, ABI_DEPOSIT_MEM, entries, 102), ABI_SUCCESS);
	assert_int_equal(abi_list_next(a, ABI_LIST), 102);
	assert_int_equal(abi_count(a, HM_EV_FLUSH_GLOBAL), 1);
	abi_expect_pages(a, PAGE, 100, ABI_PRIVATE);
	abi_expect_pages(a, REGION, PAGES, ABI_PRIVATE);
	abi_expect_page(a, page_of(REGION + ABI_2M, 9), ABI_PRIVATE);
	abi_expect_page(a, page_of(REGION + ABI_2M, 8), ABI_GRANTED);
}

static void test_deposit_starts_at_next(void **state)
{
	struct abi *a = *state;
	const struct abi_list list = { .count = 3,
				       .next = 1,
				       .entry = { UINT64_MAX, PAGE, PAGE + ABI_4K } };

	abi_list_write(a, ABI_LIST, &list, 3);
	assert_int_equal(abi_core(a, ABI_DEPOSIT_MEM, ABI_LIST), ABI_SUCCESS);
	assert_int_equal(abi_list_next(a, ABI_LIST), 3);
	abi_expect_pages(a, PAGE, 2, ABI_PRIVATE);
}

/* Another CPU's translation of a deposited page is gone too. */
static void test_deposit_reaches_stale_translations(void **state)
{
	struct abi *a = *state;
	uint8_t byte = 1;

	abi_start_cpu(a, 1);
	abi_on(a, 1);
	abi_fill(a, PAGE, 1);
	abi_on(a, 0);
	assert_int_equal(abi_deposit(a, PAGE), ABI_SUCCESS);
	abi_on(a, 1);
	assert_int_equal(hm_guest_write(a->m, PAGE, &byte, 1), HM_NPF);
	assert_int_equal(hm_guest_read(a->m, PAGE, &byte, 1), HM_NPF);
}

/* ---- SVSM_MEM_AVAILABLE (section 6.7, Table 2) ---- */

static void test_startup_vcpu_sees_mem_available(void **state)
{
	struct abi *a = *state;

	assert_int_equal(abi_core(a, ABI_QUERY_PROTOCOL, 1), ABI_SUCCESS);
	assert_int_equal(abi_read8(a, ABI_CA + ABI_MEM_AVAILABLE), 0);
	assert_int_equal(abi_deposit(a, PAGE), ABI_SUCCESS);
	assert_int_equal(abi_read8(a, ABI_CA + ABI_MEM_AVAILABLE), 1);
}

/* Architecture section 6: "the startup vCPU's own thread sets SVSM_MEM_AVAILABLE": at its next
 * entry, which may be a spurious one, and never in another vCPU's area. */
static void test_decision_startup_vcpu_writes_the_flag_itself(void **state)
{
	struct abi *a = *state;

	abi_start_cpu(a, 1);
	abi_on(a, 1);
	assert_int_equal(abi_deposit(a, PAGE), ABI_SUCCESS);
	assert_int_equal(abi_find(a, HM_EV_SVSM_WRITE, ABI_CA, 0), a->logged);
	assert_int_equal(abi_read8(a, abi_ca_of(1) + ABI_MEM_AVAILABLE), 0);
	abi_on(a, 0);
	assert_int_equal(abi_read8(a, ABI_CA + ABI_MEM_AVAILABLE), 0);
	assert_int_equal(hm_spurious_entry(a->m), HM_RESUMED);
	assert_int_equal(abi_read8(a, ABI_CA + ABI_MEM_AVAILABLE), 1);
	abi_judge(a);
}

/* ---- partial failure ---- */

static void test_some_deposited_and_some_not(void **state)
{
	struct abi *a = *state;
	const uint64_t bad[] = { ABI_CA, ABI_HOLE, PAGE + 2U, abi_svsm_page(a), ABI_INVALID };
	const uint32_t code[] = { ABI_INVALID_ADDRESS, ABI_INVALID_ADDRESS, ABI_INVALID_PARAMETER,
				  ABI_INVALID_ADDRESS, ABI_INVALID_ADDRESS };

	for (unsigned int i = 0; i < 5U; i++) {
		const uint64_t base = PAGE + i * 0x8000U;
		const uint64_t entries[] = { base, base + ABI_4K, bad[i], base + 2U * ABI_4K };

		assert_int_equal(abi_with_list(a, ABI_DEPOSIT_MEM, entries, 4), code[i]);
		assert_int_equal(abi_list_next(a, ABI_LIST), 2);
		assert_int_equal(abi_count(a, HM_EV_FLUSH_GLOBAL), 1);
		abi_expect_pages(a, base, 2, ABI_PRIVATE);
		abi_expect_page(a, base + 2U * ABI_4K, ABI_GRANTED);
	}
}

static void test_page_named_twice(void **state)
{
	struct abi *a = *state;
	const uint64_t entries[] = { PAGE, PAGE, PAGE + ABI_4K };
	uint32_t result = abi_with_list(a, ABI_DEPOSIT_MEM, entries, 3);

	if (result == ABI_INCOMPLETE) {
		assert_int_equal(abi_list_next(a, ABI_LIST), 1);
		result = abi_core(a, ABI_DEPOSIT_MEM, ABI_LIST);
	}
	assert_int_equal(result, ABI_INVALID_ADDRESS);
	assert_int_equal(abi_list_next(a, ABI_LIST), 1);
	abi_expect_page(a, PAGE, ABI_PRIVATE);
	abi_expect_page(a, PAGE + ABI_4K, ABI_GRANTED);
}

/* ---- budget ---- */

static void test_deposit_incomplete_and_continued(void **state)
{
	struct abi *a = *state;
	uint64_t entries[8];

	for (unsigned int i = 0; i < 8U; i++) {
		entries[i] = PAGE + i * ABI_4K;
	}
	assert_int_equal(abi_with_list(a, ABI_DEPOSIT_MEM, entries, 8), ABI_INCOMPLETE);
	assert_int_equal(abi_list_next(a, ABI_LIST), 3);
	abi_expect_pages(a, PAGE, 3, ABI_PRIVATE);
	abi_expect_pages(a, PAGE + 3U * ABI_4K, 5, ABI_GRANTED);
	assert_int_equal(abi_core(a, ABI_DEPOSIT_MEM, ABI_LIST), ABI_INCOMPLETE);
	assert_int_equal(abi_core(a, ABI_DEPOSIT_MEM, ABI_LIST), ABI_SUCCESS);
	assert_int_equal(abi_list_next(a, ABI_LIST), 8);
	abi_expect_pages(a, PAGE, 8, ABI_PRIVATE);
}

static void test_deposit_does_its_first_entry_whole(void **state)
{
	struct abi *a = *state;
	const uint64_t entries[] = { REGION | LARGE, PAGE, (REGION + ABI_2M) | LARGE };

	assert_int_equal(abi_with_list(a, ABI_DEPOSIT_MEM, entries, 3), ABI_INCOMPLETE);
	assert_int_equal(abi_list_next(a, ABI_LIST), 1);
	abi_expect_pages(a, REGION, PAGES, ABI_PRIVATE);
	abi_expect_page(a, PAGE, ABI_GRANTED);
	assert_int_equal(abi_core(a, ABI_DEPOSIT_MEM, ABI_LIST), ABI_INCOMPLETE);
	assert_int_equal(abi_list_next(a, ABI_LIST), 2);
	assert_int_equal(abi_core(a, ABI_DEPOSIT_MEM, ABI_LIST), ABI_SUCCESS);
	abi_expect_pages(a, REGION, 2U * PAGES, ABI_PRIVATE);
}

/* ---- busy ---- */

static void check_busy(struct abi *a, const struct hm_regs *other, enum arch_point point,
		       unsigned int busy_entry)
{
	struct hm_regs regs = { .rax = ABI_DEPOSIT_MEM, .rcx = ABI_LIST };
	const struct abi_list list = { .count = 3,
				       .entry = { PAGE, PAGE + ABI_4K, PAGE + 2U * ABI_4K } };
	struct abi_frozen f;

	abi_list_write(a, ABI_LIST, &list, 3);
	abi_freeze(a, &f, 1, other, point, 1);
	assert_int_equal(abi_call_unjudged(a, &regs), busy_entry == 0U ? ABI_BUSY : ABI_INCOMPLETE);
	assert_int_equal(abi_list_next(a, ABI_LIST), busy_entry);
	for (unsigned int i = 0; i < 3U; i++) {
		const unsigned int rights = abi_rights(a, PAGE + i * ABI_4K, a->vmpl);

		assert_int_equal(rights, i < busy_entry ? SVSM_PERM_NONE : SVSM_PERM_RWX);
	}
	(void)abi_thaw(a, &f);
	assert_int_equal(abi_core(a, ABI_DEPOSIT_MEM, ABI_LIST), ABI_SUCCESS);
	abi_expect_pages(a, PAGE, 3, ABI_PRIVATE);
	assert_int_equal(abi_core(a, ABI_WITHDRAW_MEM, ABI_LIST), ABI_SUCCESS);
	abi_expect_pages(a, PAGE, 3, ABI_GRANTED);
}

/* BUSY if nothing was done, before any right is changed; INCOMPLETE if part of the list was. The
 * other CPU copies from a page (its pin), or is working on it (its claim). */
static void test_decision_busy_deposit(void **state)
{
	struct abi *a = *state;
	const struct hm_regs claims = { .rax = ABI_REMAP_CA, .rcx = PAGE };
	struct hm_regs other = { .rax = ABI_PVALIDATE };

	abi_start_cpu(a, 1);
	for (unsigned int i = 0; i < 3U; i++) {
		const struct abi_list list = { .count = 1, .entry = { ABI_CA } };

		other.rcx = PAGE + i * ABI_4K;
		abi_list_write(a, other.rcx, &list, 1);
		check_busy(a, &other, ARCH_POINT_PIN_CHECKED, i);
	}
	other = claims;
	for (unsigned int i = 0; i < 3U; i++) {
		struct hm_regs regs = { .rax = ABI_DEPOSIT_MEM, .rcx = ABI_LIST };
		const uint64_t page = PAGE + 0x30000U + i * 0x4000U;
		const struct abi_list list = { .count = 2, .entry = { page, page + ABI_4K } };
		struct abi_frozen f;

		other.rcx = page + (i % 2U) * ABI_4K;
		abi_list_write(a, ABI_LIST, &list, 2);
		abi_freeze(a, &f, 1, &other, ARCH_POINT_CLAIMED, 1);
		assert_int_equal(abi_call_unjudged(a, &regs),
				 i % 2U == 0U ? ABI_BUSY : ABI_INCOMPLETE);
		assert_int_equal(abi_list_next(a, ABI_LIST), i % 2U);
		assert_int_equal(abi_thaw(a, &f), ABI_SUCCESS);
		a->ca[1] = other.rcx;
		assert_int_equal(abi_core(a, ABI_DEPOSIT_MEM, ABI_LIST), ABI_INVALID_ADDRESS);
	}
}

/* ---- host faults ---- */

static uint64_t fault_page;

/* Entries before `next` are private; the failing one and the rest are the guest's as before, and
 * the same list can be issued again. */
static bool faulty_deposit(struct abi *a)
{
	struct hm_regs regs = { .rax = ABI_DEPOSIT_MEM, .rcx = ABI_LIST };
	const uint64_t page = fault_page;
	const struct abi_list list = { .count = 3,
				       .entry = { page, page + 2U * ABI_4K, page + ABI_4K } };
	uint32_t result = 0;
	unsigned int next = 0;
	bool struck;

	fault_page += 4U * ABI_4K;
	abi_list_write(a, ABI_LIST, &list, 3);
	struck = abi_faulty(a, &regs, &result);
	if (!struck) {
		assert_int_equal(result, ABI_SUCCESS);
		return false;
	}
	if (a->fault == HM_INJECT_RMPADJUST_CODE) {
		assert_int_equal(result, ABI_RMP_ERROR(a->fault_value));
		assert_true(first_flush(a) < a->logged);
		next = abi_list_next(a, ABI_LIST);
		assert_int_equal(next, (a->fault_step - 1U) / 3U);
		for (unsigned int i = 0; i < 3U; i++) {
			abi_expect_page(a, list.entry[i], i < next ? ABI_PRIVATE : ABI_GRANTED);
		}
		assert_int_equal(abi_core(a, ABI_DEPOSIT_MEM, ABI_LIST), ABI_SUCCESS);
		abi_expect_pages(a, page, 3, ABI_PRIVATE);
		return true;
	}
	/* A copy failed: the list, `next`, or the calling area. SVSM_MEM_AVAILABLE, the third
	 * write, is no part of the call. */
	assert_true(result == ABI_INVALID_ADDRESS || result == ABI_NOT_SERVED ||
		    (a->fault == HM_INJECT_GUEST_WRITE && a->fault_step == 3U &&
		     result == ABI_SUCCESS));
	abi_expect_pages(a, page, 3, a->fault == HM_INJECT_GUEST_READ ? ABI_GRANTED : ABI_PRIVATE);
	return true;
}

static void test_host_fault_at_each_step_of_a_deposit(void **state)
{
	struct abi *a = *state;

	fault_page = PAGE;
	assert_int_equal(abi_sweep(a, HM_INJECT_RMPADJUST_CODE, 2, faulty_deposit), 9);
	assert_int_equal(abi_sweep(a, HM_INJECT_GUEST_READ, 0, faulty_deposit), 3);
	assert_int_equal(abi_sweep(a, HM_INJECT_GUEST_WRITE, 0, faulty_deposit), 3);
}

/* A 2 MiB entry is deposited whole or not at all. Over 4 KiB entries the 2 MiB attempt is the
 * first RMPADJUST. */
static void test_decision_failing_2m_deposit_is_given_back(void **state)
{
	struct abi *a = *state;
	const uint64_t entries[] = { PAGE, REGION | LARGE, PAGE + ABI_4K };
	const unsigned int step = a->rmp_4k ? 3U + 1U + 3U * 200U + 2U : 3U + 2U;

	hm_inject(a->m, 0, HM_INJECT_RMPADJUST_CODE, step, 2);
	assert_int_equal(abi_with_list(a, ABI_DEPOSIT_MEM, entries, 3), ABI_RMP_ERROR(2U));
	assert_true(hm_injection_fired(a->m, 0, HM_INJECT_RMPADJUST_CODE));
	assert_int_equal(abi_list_next(a, ABI_LIST), 1);
	abi_expect_page(a, PAGE, ABI_PRIVATE);
	abi_expect_pages(a, REGION, PAGES, ABI_GRANTED);
	abi_expect_page(a, PAGE + ABI_4K, ABI_GRANTED);
	assert_int_equal(abi_core(a, ABI_DEPOSIT_MEM, ABI_LIST), ABI_SUCCESS);
	abi_expect_pages(a, REGION, PAGES, ABI_PRIVATE);
}

static void test_host_takes_a_page_that_is_deposited(void **state)
{
	struct abi *a = *state;
	const uint64_t entries[] = { PAGE, PAGE + ABI_4K, PAGE + 2U * ABI_4K };

	assert_true(hm_steal(a->m, PAGE + ABI_4K, false));
	assert_int_equal(abi_with_list(a, ABI_DEPOSIT_MEM, entries, 3), ABI_INVALID_ADDRESS);
	assert_int_equal(abi_list_next(a, ABI_LIST), 1);
	abi_expect_page(a, PAGE, ABI_PRIVATE);
	abi_expect_page(a, PAGE + ABI_4K, ABI_LOST);
	abi_expect_page(a, PAGE + 2U * ABI_4K, ABI_GRANTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ABI_TEST(test_decision_deposit_failures_in_order),
		ABI_TEST(test_deposit_4k),
		ABI_TEST(test_deposit_2m),
		ABI_TEST(test_decision_deposit_2m_over_4k_entries),
		ABI_TEST(test_deposited_pages_are_no_input_of_any_call),
		ABI_TEST(test_deposit_of_a_long_list),
		ABI_TEST(test_deposit_starts_at_next),
		ABI_TEST(test_deposit_reaches_stale_translations),
		ABI_TEST(test_startup_vcpu_sees_mem_available),
		ABI_TEST(test_decision_startup_vcpu_writes_the_flag_itself),
		ABI_TEST(test_some_deposited_and_some_not),
		ABI_TEST(test_page_named_twice),
		ABI_TEST_WITH(test_deposit_incomplete_and_continued, abi_setup_budget),
		ABI_TEST_WITH(test_deposit_does_its_first_entry_whole, abi_setup_pages),
		ABI_TEST(test_decision_busy_deposit),
		ABI_TEST(test_host_fault_at_each_step_of_a_deposit),
		ABI_TEST(test_decision_failing_2m_deposit_is_given_back),
		ABI_TEST(test_host_takes_a_page_that_is_deposited),
	};

	return ABI_RUN(tests);
}
