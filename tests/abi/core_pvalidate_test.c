/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <string.h>

/* 58019 section 6.3, SVSM_CORE_PVALIDATE: the list, one entry of each kind, and what is refused.
 * Budgets, 4 KiB fallback and host faults are in core_pvalidate_2m_test.c and
 * core_pvalidate_host_test.c. */

#define PAGE ABI_INVALID
#define VALIDATE ABI_PV_VALIDATE
#define DEPOSITED (ABI_SPARE + 0x10000U)
#define MIXED ABI_VALID			  /* a region with one rescinded page */
#define WITH_PRIVATE (ABI_VALID + ABI_2M) /* a region with one deposited page */

/* ---- failures in order ---- */

enum {
	LIST_LOW = 1,
	LIST_BASE = 2,
	COUNT = 4,
	NEXT = 8,
	HEAD = 0x10,
	E_SIZE = 0x20,
	E_FLAGS = 0x40,
	E_BASE = 0x80,
	E_OP = 0x100,
};

static void good_list(struct abi *a, struct abi_request *r)
{
	(void)a;
	r->regs.rax = ABI_PVALIDATE;
	r->regs.rcx = ABI_LIST;
	r->list_at = ABI_LIST;
	r->list.count = 1;
	r->list.entry[0] = PAGE | VALIDATE;
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

static void entry_2m(struct abi_request *r, uint64_t region, uint64_t clear)
{
	r->list.entry[0] = ((r->list.entry[0] & 0xfffU & ~clear) | region) | ABI_PV_2M;
}

ABI_SPOIL(list_misaligned, r->regs.rcx |= 4U)
ABI_SPOIL(list_misaligned_by_one, r->regs.rcx |= 1U)
ABI_SPOIL(list_beyond_width, list_base(r, ABI_C_BIT << 1))
ABI_SPOIL(list_c_bit_alias, list_base(r, ABI_LIST | ABI_C_BIT))
ABI_SPOIL(list_wraps, list_base(r, ABI_WRAP))
ABI_SPOIL(list_above_ram, list_base(r, ABI_NOWHERE))
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
ABI_SPOIL(count_is_maximum, r->list.count = 0xffff)
ABI_SPOIL(next_equals_count, r->list.next = r->list.count)
ABI_SPOIL(next_above_count, r->list.next = 0xffff)
ABI_SPOIL(reserved_word, r->list.reserved = 1)
ABI_SPOIL(reserved_word_high, r->list.reserved = 0x80000000U)
ABI_SPOIL(size_2, r->list.entry[0] |= 2U)
ABI_SPOIL(size_3, r->list.entry[0] |= 3U)
ABI_SPOIL(reserved_bit_5, r->list.entry[0] |= 0x20U)
ABI_SPOIL(reserved_bit_8, r->list.entry[0] |= 0x100U)
ABI_SPOIL(reserved_bit_11, r->list.entry[0] |= 0x800U)
ABI_SPOIL(misaligned_2m, entry_2m(r, PAGE + ABI_4K, 0))
ABI_SPOIL(misaligned_2m_by_half, entry_2m(r, PAGE + ABI_2M / 2U, 0))
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
ABI_SPOIL(own_list_rescind, entry_base(r, ABI_LIST); r->list.entry[0] &= ~VALIDATE)
ABI_SPOIL(svsm_2m, entry_2m(r, abi_svsm_page(a) & ~(ABI_2M - 1U), 0))
ABI_SPOIL(hole_2m, entry_2m(r, ABI_HOLE, 0))
ABI_SPOIL(own_list_2m, entry_2m(r, ABI_LIST & ~(ABI_2M - 1U), VALIDATE))
ABI_SPOIL(private_inside_2m, entry_2m(r, WITH_PRIVATE, VALIDATE))
ABI_SPOIL(private_inside_2m_fallback, entry_2m(r, WITH_PRIVATE, 0); r->list.entry[0] |= 0x18U)
ABI_SPOIL(valid_already, entry_base(r, ABI_VALID + ABI_4K))
ABI_SPOIL(invalid_already, r->list.entry[0] &= ~VALIDATE)
ABI_SPOIL(valid_already_2m, entry_2m(r, ABI_VALID + 3U * ABI_2M, 0))
ABI_SPOIL(invalid_already_2m, entry_2m(r, ABI_INVALID + ABI_2M, VALIDATE))
ABI_SPOIL(mixed_2m_validate, entry_2m(r, MIXED, 0))
ABI_SPOIL(mixed_2m_rescind, entry_2m(r, MIXED, VALIDATE))

#define ENTRY (E_SIZE | E_BASE | E_OP | E_FLAGS)

static const struct abi_row rows[] = {
	{ "list-misaligned", LIST_LOW, list_misaligned, ABI_INVALID_PARAMETER },
	{ "list-misaligned-by-one", LIST_LOW, list_misaligned_by_one, ABI_INVALID_PARAMETER },
	{ "list-beyond-width", LIST_BASE, list_beyond_width, ABI_INVALID_ADDRESS },
	{ "list-c-bit-alias", LIST_BASE, list_c_bit_alias, ABI_INVALID_ADDRESS },
	{ "list-wraps", LIST_BASE, list_wraps, ABI_INVALID_ADDRESS },
	{ "list-above-ram", LIST_BASE, list_above_ram, ABI_INVALID_ADDRESS },
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
	{ "count-is-maximum", COUNT, count_is_maximum, ABI_INVALID_PARAMETER },
	{ "next-equals-count", NEXT, next_equals_count, ABI_INVALID_PARAMETER },
	{ "next-above-count", NEXT, next_above_count, ABI_INVALID_PARAMETER },
	{ "reserved-word", HEAD, reserved_word, ABI_INVALID_PARAMETER },
	{ "reserved-word-high", HEAD, reserved_word_high, ABI_INVALID_PARAMETER },
	{ "size-2", E_SIZE, size_2, ABI_INVALID_PARAMETER },
	{ "size-3", E_SIZE, size_3, ABI_INVALID_PARAMETER },
	{ "reserved-bit-5", E_FLAGS, reserved_bit_5, ABI_INVALID_PARAMETER },
	{ "reserved-bit-8", E_FLAGS, reserved_bit_8, ABI_INVALID_PARAMETER },
	{ "reserved-bit-11", E_FLAGS, reserved_bit_11, ABI_INVALID_PARAMETER },
	{ "misaligned-2m", E_SIZE | E_BASE, misaligned_2m, ABI_INVALID_PARAMETER },
	{ "misaligned-2m-by-half", E_SIZE | E_BASE, misaligned_2m_by_half, ABI_INVALID_PARAMETER },
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
	{ "own-list-rescind", E_BASE | E_OP, own_list_rescind, ABI_INVALID_ADDRESS },
	{ "svsm-2m", E_SIZE | E_BASE, svsm_2m, ABI_INVALID_ADDRESS },
	{ "hole-2m", E_SIZE | E_BASE, hole_2m, ABI_INVALID_ADDRESS },
	{ "own-list-2m", E_SIZE | E_BASE | E_OP, own_list_2m, ABI_INVALID_ADDRESS },
	{ "private-inside-2m", E_SIZE | E_BASE | E_OP, private_inside_2m, ABI_INVALID_ADDRESS },
	{ "private-inside-2m-fallback", ENTRY, private_inside_2m_fallback, ABI_INVALID_ADDRESS },
	{ "valid-already", ENTRY, valid_already, ABI_CARRY },
	{ "invalid-already", ENTRY, invalid_already, ABI_CARRY },
	{ "valid-already-2m", ENTRY, valid_already_2m, ABI_CARRY },
	{ "invalid-already-2m", ENTRY, invalid_already_2m, ABI_CARRY },
	{ "mixed-2m-validate", ENTRY, mixed_2m_validate, ABI_SIZEMISMATCH },
	{ "mixed-2m-rescind", ENTRY, mixed_2m_rescind, ABI_SIZEMISMATCH },
};

/* Architecture section 7: "codes and order: ... format is checked before address and ownership,
 * alignment before address". */
static void test_apart_decision_failures_in_order(void **state)
{
	struct abi *a = *state;

	abi_start_cpu(a, 1);
	assert_int_equal(abi_deposit(a, DEPOSITED), ABI_SUCCESS);
	assert_int_equal(abi_deposit(a, WITH_PRIVATE + 5U * ABI_4K), ABI_SUCCESS);
	assert_int_equal(abi_pvalidate(a, MIXED + 7U * ABI_4K), ABI_SUCCESS);
	ABI_CHECK_ROWS(a, rows, good_list);
}

/* The same addresses refused when bit 3 asks to ignore CF: it is no key to other pages. */
static void test_ignore_cf_opens_no_page(void **state)
{
	struct abi *a = *state;
	const uint64_t pages[] = { abi_svsm_page(a), a->vmsa[0], ABI_CA,	  abi_vmsa_of(1),
				   abi_ca_of(1),     DEPOSITED,	 ABI_HOLE,	  ABI_LIST,
				   ABI_NOWHERE,	     ABI_WRAP,	 PAGE | ABI_C_BIT };

	abi_start_cpu(a, 1);
	assert_int_equal(abi_deposit(a, DEPOSITED), ABI_SUCCESS);
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		assert_int_equal(abi_pvalidate(a, pages[i] | ABI_PV_IGNORE_CF),
				 ABI_INVALID_ADDRESS);
		assert_int_equal(abi_pvalidate(a, pages[i] | VALIDATE | ABI_PV_IGNORE_CF),
				 ABI_INVALID_ADDRESS);
	}
}

/* ---- the list ---- */

/* How many entries fit behind a head at each end of the page. */
static void test_apart_list_may_fill_the_page_and_not_cross_it(void **state)
{
	static const unsigned int fit[] = { 0, 1, 2, 7, 509, 511 };
	struct abi *a = *state;
	static struct abi_list list;

	for (size_t i = 0; i < sizeof(fit) / sizeof(fit[0]); i++) {
		const uint64_t at = ABI_LIST + ABI_4K - 8U - fit[i] * 8U;

		for (unsigned int k = 0; k < fit[i]; k++) {
			list.entry[k] = (PAGE + k * ABI_4K) | VALIDATE | ABI_PV_IGNORE_CF;
		}
		list.next = 0;
		list.count = (uint16_t)(fit[i] + 1U);
		abi_list_write(a, at, &list, fit[i]);
		assert_int_equal(abi_core(a, ABI_PVALIDATE, at), ABI_INVALID_PARAMETER);
		assert_int_equal(abi_list_next(a, at), 0);
		list.count = (uint16_t)fit[i];
		abi_list_write(a, at, &list, fit[i]);
		assert_int_equal(abi_core(a, ABI_PVALIDATE, at),
				 fit[i] == 0U ? ABI_INVALID_PARAMETER : ABI_SUCCESS);
		assert_int_equal(abi_list_next(a, at), fit[i]);
	}
	abi_expect_pages(a, PAGE, 511, ABI_GRANTED);
}

/* Linux puts its lists behind the pending byte. */
static void test_list_in_the_own_calling_area(void **state)
{
	struct abi *a = *state;
	const struct abi_list list = { .count = 2, .entry = { PAGE | VALIDATE, ABI_SPARE } };

	abi_list_write(a, ABI_CA + 8U, &list, 2);
	assert_int_equal(abi_core(a, ABI_PVALIDATE, ABI_CA + 8U), ABI_SUCCESS);
	assert_int_equal(abi_list_next(a, ABI_CA + 8U), 2);
	abi_expect_page(a, PAGE, ABI_GRANTED);
	abi_expect_page(a, ABI_SPARE, ABI_UNVALIDATED);
}

static void test_processing_starts_at_next(void **state)
{
	struct abi *a = *state;
	const struct abi_list list = { .count = 4,
				       .next = 2,
				       .entry = { UINT64_MAX, ABI_SPARE, PAGE | VALIDATE,
						  (PAGE + ABI_4K) | VALIDATE } };

	abi_list_write(a, ABI_LIST, &list, 4);
	assert_int_equal(abi_core(a, ABI_PVALIDATE, ABI_LIST), ABI_SUCCESS);
	assert_int_equal(abi_list_next(a, ABI_LIST), 4);
	abi_expect_page(a, ABI_SPARE, ABI_GRANTED);
	abi_expect_pages(a, PAGE, 2, ABI_GRANTED);
	assert_int_equal(abi_list_entry(a, ABI_LIST, 0), UINT64_MAX);
}

/* `next` names the failing entry; what stands before it is done, what follows is untouched. */
static void fail_at(struct abi *a, uint64_t bad, unsigned int index, uint32_t code, uint64_t base)
{
	uint64_t entries[40];

	for (unsigned int i = 0; i < 40U; i++) {
		entries[i] = (base + i * ABI_4K) | VALIDATE;
	}
	entries[index] = bad;
	assert_int_equal(abi_with_list(a, ABI_PVALIDATE, entries, 40), code);
	assert_int_equal(abi_list_next(a, ABI_LIST), index);
	abi_expect_pages(a, base, index, ABI_GRANTED);
	abi_expect_pages(a, base + index * ABI_4K, 40U - index, ABI_UNVALIDATED);
}

static void test_next_names_the_failing_entry(void **state)
{
	struct abi *a = *state;

	fail_at(a, ABI_VALID | VALIDATE, 0, ABI_CARRY, PAGE);
	fail_at(a, ABI_VALID | VALIDATE, 1, ABI_CARRY, PAGE + 0x100000U);
	fail_at(a, PAGE | 2U, 31, ABI_INVALID_PARAMETER, PAGE + ABI_2M);
	fail_at(a, ABI_CA, 32, ABI_INVALID_ADDRESS, PAGE + 2U * ABI_2M);
	fail_at(a, ABI_HOLE | VALIDATE, 39, ABI_INVALID_ADDRESS, PAGE + 3U * ABI_2M);
}

/* A run of adjacent pages in which one cannot be had is worked on up to that page. */
static void test_failure_inside_a_run(void **state)
{
	struct abi *a = *state;
	uint64_t entries[20];

	assert_int_equal(abi_pvalidate(a, (PAGE + 9U * ABI_4K) | VALIDATE), ABI_SUCCESS);
	for (unsigned int i = 0; i < 20U; i++) {
		entries[i] = (PAGE + i * ABI_4K) | VALIDATE;
	}
	assert_int_equal(abi_with_list(a, ABI_PVALIDATE, entries, 20), ABI_CARRY);
	assert_int_equal(abi_list_next(a, ABI_LIST), 9);
	abi_expect_pages(a, PAGE, 10, ABI_GRANTED);
	abi_expect_pages(a, PAGE + 10U * ABI_4K, 10, ABI_UNVALIDATED);
	for (unsigned int i = 0; i < 20U; i++) {
		entries[i] = PAGE + i * ABI_4K;
	}
	assert_int_equal(abi_with_list(a, ABI_PVALIDATE, entries, 20), ABI_CARRY);
	assert_int_equal(abi_list_next(a, ABI_LIST), 10);
	abi_expect_pages(a, PAGE, 20, ABI_UNVALIDATED);
}

static void test_unsorted_mixed_list(void **state)
{
	struct abi *a = *state;
	const uint64_t entries[] = {
		(PAGE + 5U * ABI_4K) | VALIDATE,
		(PAGE + 4U * ABI_4K) | VALIDATE,
		ABI_SPARE,
		(PAGE + ABI_2M + ABI_4K) | VALIDATE,
		ABI_SPARE + ABI_4K,
		ABI_SPARE + 3U * ABI_4K,
		PAGE | VALIDATE,
		PAGE | ABI_PV_IGNORE_CF,
	};

	assert_int_equal(abi_with_list(a, ABI_PVALIDATE, entries, 8), ABI_SUCCESS);
	assert_int_equal(abi_list_next(a, ABI_LIST), 8);
	abi_expect_page(a, PAGE, ABI_UNVALIDATED);
	abi_expect_pages(a, PAGE + 4U * ABI_4K, 2, ABI_GRANTED);
	abi_expect_page(a, PAGE + ABI_2M + ABI_4K, ABI_GRANTED);
	abi_expect_pages(a, ABI_SPARE, 2, ABI_UNVALIDATED);
	abi_expect_page(a, ABI_SPARE + 2U * ABI_4K, ABI_GRANTED);
	for (unsigned int i = 0; i < 8U; i++) {
		assert_int_equal(abi_list_entry(a, ABI_LIST, i), entries[i]);
	}
}

/* Architecture section 7: "an entry that names the page of its own list is INVALID_ADDRESS and
 * executes nothing" (A10): also in the middle of a run. */
static void test_decision_list_that_names_its_own_page(void **state)
{
	struct abi *a = *state;
	const uint64_t at = ABI_SPARE + ABI_4K;
	const struct abi_list list = { .count = 3, .entry = { ABI_SPARE, at, at + ABI_4K } };

	abi_list_write(a, at, &list, 3);
	assert_int_equal(abi_core(a, ABI_PVALIDATE, at), ABI_INVALID_ADDRESS);
	assert_int_equal(abi_list_next(a, at), 1);
	abi_expect_page(a, ABI_SPARE, ABI_UNVALIDATED);
	abi_expect_pages(a, at, 2, ABI_GRANTED);
}

/* A page named twice: the second entry finds what the first made of it. */
static void test_list_that_names_a_page_twice(void **state)
{
	struct abi *a = *state;
	uint64_t entries[] = { ABI_SPARE, ABI_SPARE, PAGE | VALIDATE };

	assert_int_equal(abi_with_list(a, ABI_PVALIDATE, entries, 3), ABI_CARRY);
	assert_int_equal(abi_list_next(a, ABI_LIST), 1);
	entries[0] = PAGE | VALIDATE;
	entries[1] = PAGE | VALIDATE | ABI_PV_IGNORE_CF;
	entries[2] = PAGE;
	assert_int_equal(abi_with_list(a, ABI_PVALIDATE, entries, 3), ABI_SUCCESS);
	entries[0] = ABI_VALID + 9U * ABI_4K;
	entries[1] = ABI_VALID | ABI_PV_2M | ABI_PV_FALLBACK | ABI_PV_IGNORE_CF;
	entries[2] = (ABI_VALID + 9U * ABI_4K) | ABI_PV_IGNORE_CF;
	assert_int_equal(abi_with_list(a, ABI_PVALIDATE, entries, 3), ABI_SUCCESS);
	abi_expect_pages(a, ABI_VALID, 512, ABI_UNVALIDATED);
}

/* ---- validate ---- */

static void expect_validated_in_order(struct abi *a, uint64_t page)
{
	const unsigned int flushed = abi_find(a, HM_EV_FLUSH_LOCAL, page, 0);
	const unsigned int validated = abi_find(a, HM_EV_PVALIDATE, page, 0);
	const unsigned int zeroed = abi_find(a, HM_EV_ZERO, page, 0);
	unsigned int fenced = zeroed;

	while (fenced < a->logged && a->log[fenced].kind != HM_EV_ZERO_FENCE) {
		fenced++;
	}
	assert_true(flushed < validated && validated < zeroed && zeroed < fenced);
	assert_int_equal(a->log[validated].a, 1);
	assert_true(abi_find(a, HM_EV_RMPADJUST, page, 0) > fenced);
	for (unsigned int vmpl = 1; vmpl < SVSM_NR_VMPLS; vmpl++) {
		assert_int_equal(abi_find_adjust(a, page, vmpl, SVSM_PERM_RWX, fenced) < a->logged,
				 vmpl <= a->vmpl);
	}
}

/* Section 6.3: zeroed before it is granted; architecture section 7: "PVALIDATE grants the guest's
 * VMPL and every more privileged one". */
static void test_decision_validate_4k_zeroes_and_grants(void **state)
{
	struct abi *a = *state;

	abi_host_fill(a, PAGE, 2, 0xee);
	assert_int_equal(abi_pvalidate(a, PAGE | VALIDATE), ABI_SUCCESS);
	expect_validated_in_order(a, PAGE);
	assert_int_equal(abi_count(a, HM_EV_FLUSH_GLOBAL), 0);
	assert_int_equal(abi_list_next(a, ABI_LIST), 1);
	abi_expect_page(a, PAGE, ABI_GRANTED);
	abi_expect_filled(a, PAGE, 0);
	abi_expect_page(a, PAGE + ABI_4K, ABI_UNVALIDATED);
	abi_fill(a, PAGE, 0x42);
}

static void test_validate_run_zeroes_and_grants_each(void **state)
{
	struct abi *a = *state;
	uint64_t entries[100];

	abi_host_fill(a, PAGE, 100, 0xee);
	for (unsigned int i = 0; i < 100U; i++) {
		entries[i] = (PAGE + i * ABI_4K) | VALIDATE;
	}
	assert_int_equal(abi_with_list(a, ABI_PVALIDATE, entries, 100), ABI_SUCCESS);
	for (unsigned int i = 0; i < 100U; i++) {
		expect_validated_in_order(a, PAGE + i * ABI_4K);
		abi_expect_filled(a, PAGE + i * ABI_4K, 0);
	}
	abi_expect_pages(a, PAGE, 100, ABI_GRANTED);
	abi_expect_page(a, PAGE + 100U * ABI_4K, ABI_UNVALIDATED);
	assert_int_equal(abi_count(a, HM_EV_FLUSH_GLOBAL), 0);
}

/* ---- rescind ---- */

static void expect_rescinded_in_order(struct abi *a, uint64_t page)
{
	const unsigned int rescinded = abi_find(a, HM_EV_PVALIDATE, page, 0);
	unsigned int flushed = rescinded;

	assert_true(rescinded < a->logged);
	assert_int_equal(a->log[rescinded].a, 0);
	for (unsigned int vmpl = 1; vmpl < SVSM_NR_VMPLS; vmpl++) {
		assert_true(abi_find_adjust(a, page, vmpl, SVSM_PERM_NONE, 0) < rescinded);
	}
	while (flushed < a->logged && a->log[flushed].kind != HM_EV_FLUSH_GLOBAL) {
		flushed++;
	}
	assert_true(flushed < a->logged);
}

/* Revoked for every VMPL before it is invalidated; architecture section 7: "no grant follows a
 * rescind". */
static void test_decision_rescind_4k_revokes_first_and_grants_nothing(void **state)
{
	struct abi *a = *state;
	uint8_t byte;

	abi_fill(a, ABI_SPARE, 0x77);
	assert_int_equal(abi_pvalidate(a, ABI_SPARE), ABI_SUCCESS);
	expect_rescinded_in_order(a, ABI_SPARE);
	assert_int_equal(abi_count(a, HM_EV_RMPADJUST), 3);
	assert_int_equal(abi_count(a, HM_EV_ZERO), 0);
	assert_int_equal(abi_list_next(a, ABI_LIST), 1);
	abi_expect_page(a, ABI_SPARE, ABI_UNVALIDATED);
	assert_int_equal(hm_guest_read(a->m, ABI_SPARE, &byte, 1) != HM_OK, 1);
}

static unsigned int flush_after(const struct abi *a, unsigned int from)
{
	unsigned int i = from;

	while (i < a->logged && a->log[i].kind != HM_EV_FLUSH_GLOBAL) {
		i++;
	}
	return i;
}

/* One flush for the whole list, none for a list that only validates. */
static void test_flushes_of_a_list(void **state)
{
	struct abi *a = *state;
	uint64_t entries[64];

	for (unsigned int i = 0; i < 64U; i++) {
		entries[i] = ABI_SPARE + (i * 7U % 64U) * ABI_4K;
	}
	assert_int_equal(abi_with_list(a, ABI_PVALIDATE, entries, 64), ABI_SUCCESS);
	assert_int_equal(abi_count(a, HM_EV_FLUSH_GLOBAL), 1);
	for (unsigned int i = 0; i < 64U; i++) {
		expect_rescinded_in_order(a, entries[i]);
		entries[i] |= VALIDATE;
	}
	assert_int_equal(abi_with_list(a, ABI_PVALIDATE, entries, 64), ABI_SUCCESS);
	assert_int_equal(abi_count(a, HM_EV_FLUSH_GLOBAL), 0);
}

/* And one before a validation that follows a rescind in the list: of the same page, of another, of
 * 2 MiB. */
static void test_flush_between_rescind_and_validate(void **state)
{
	static const uint64_t next[] = { ABI_SPARE | VALIDATE, PAGE | VALIDATE,
					 (PAGE + ABI_2M) | VALIDATE | ABI_PV_2M | ABI_PV_FALLBACK };
	struct abi *a = *state;

	for (size_t i = 0; i < sizeof(next) / sizeof(next[0]); i++) {
		const uint64_t entries[] = { ABI_SPARE, next[i], ABI_SPARE | VALIDATE };
		const unsigned int n = i == 0U ? 2U : 3U;
		unsigned int rescinded;
		unsigned int validated;

		assert_int_equal(abi_with_list(a, ABI_PVALIDATE, entries, n), ABI_SUCCESS);
		rescinded = abi_find(a, HM_EV_PVALIDATE, ABI_SPARE, 0);
		validated = abi_find(a, HM_EV_PVALIDATE, next[i] & ~(ABI_4K - 1U), rescinded + 1U);
		assert_true(validated < a->logged);
		assert_true(flush_after(a, rescinded) < validated);
		assert_int_equal(abi_count(a, HM_EV_FLUSH_GLOBAL), 1);
		abi_expect_page(a, ABI_SPARE, ABI_GRANTED);
	}
}

/* A page that a rescind took is unreachable through another CPU's old translation as well. */
static void test_rescind_reaches_stale_translations(void **state)
{
	struct abi *a = *state;
	uint8_t byte;

	abi_start_cpu(a, 1);
	abi_on(a, 1);
	(void)abi_read8(a, ABI_SPARE);
	abi_on(a, 0);
	(void)abi_read8(a, ABI_SPARE);
	assert_int_equal(abi_pvalidate(a, ABI_SPARE), ABI_SUCCESS);
	abi_on(a, 1);
	assert_int_equal(hm_guest_read(a->m, ABI_SPARE, &byte, 1) != HM_OK, 1);
}

static void test_rescind_validate_rescind(void **state)
{
	struct abi *a = *state;

	for (unsigned int i = 0; i < 4U; i++) {
		assert_int_equal(abi_pvalidate(a, ABI_SPARE), ABI_SUCCESS);
		assert_int_equal(abi_pvalidate(a, ABI_SPARE | VALIDATE), ABI_SUCCESS);
		abi_expect_filled(a, ABI_SPARE, 0);
		abi_fill(a, ABI_SPARE, 0x99);
	}
}

/* ---- carry ---- */

/* Validated already: 0x8000_1010, and the page keeps what is in it. */
static void test_validate_of_a_valid_page(void **state)
{
	struct abi *a = *state;

	abi_fill(a, ABI_SPARE, 0x33);
	assert_int_equal(abi_pvalidate(a, ABI_SPARE | VALIDATE), ABI_CARRY);
	assert_int_equal(abi_list_next(a, ABI_LIST), 0);
	assert_int_equal(abi_count(a, HM_EV_PVALIDATE), 0);
	abi_expect_page(a, ABI_SPARE, ABI_GRANTED);
	abi_expect_filled(a, ABI_SPARE, 0x33);
}

/* With bit 3 it succeeds: zeroed and granted as section 6.3 says, and never a second PVALIDATE,
 * which could bind another system page (A9). */
static void test_validate_of_a_valid_page_ignoring_cf(void **state)
{
	struct abi *a = *state;

	abi_fill(a, ABI_SPARE, 0x33);
	assert_int_equal(abi_pvalidate(a, ABI_SPARE | VALIDATE | ABI_PV_IGNORE_CF), ABI_SUCCESS);
	assert_int_equal(abi_list_next(a, ABI_LIST), 1);
	assert_int_equal(abi_count(a, HM_EV_PVALIDATE), 0);
	assert_true(abi_find(a, HM_EV_ZERO, ABI_SPARE, 0) <
		    abi_find(a, HM_EV_RMPADJUST, ABI_SPARE, 0));
	abi_expect_page(a, ABI_SPARE, ABI_GRANTED);
	abi_expect_filled(a, ABI_SPARE, 0);
}

static void test_rescind_of_an_invalid_page(void **state)
{
	struct abi *a = *state;

	assert_int_equal(abi_pvalidate(a, PAGE), ABI_CARRY);
	assert_int_equal(abi_list_next(a, ABI_LIST), 0);
	assert_int_equal(abi_pvalidate(a, PAGE | ABI_PV_IGNORE_CF), ABI_SUCCESS);
	assert_int_equal(abi_list_next(a, ABI_LIST), 1);
	assert_int_equal(abi_count(a, HM_EV_PVALIDATE), 0);
	assert_int_equal(abi_count(a, HM_EV_RMPADJUST), 0);
	abi_expect_page(a, PAGE, ABI_UNVALIDATED);
}

/* ---- busy ---- */

/* The list says how far it got; issued again it goes on from there. */
static void test_apart_busy_tells_its_progress(void **state)
{
	struct abi *a = *state;
	const struct hm_regs other = { .rax = ABI_PVALIDATE, .rcx = ABI_LIST };
	struct hm_regs regs = { .rax = ABI_PVALIDATE, .rcx = ABI_SPARE };
	struct abi_list list = { .count = 1, .entry = { (PAGE + ABI_2M) | VALIDATE } };
	struct abi_frozen f;

	abi_start_cpu(a, 1);
	abi_list_write(a, ABI_LIST, &list, 1);
	list = (struct abi_list){ .count = 3,
				  .entry = { PAGE | VALIDATE, (PAGE + ABI_2M) | VALIDATE,
					     (PAGE + ABI_4K) | VALIDATE } };
	abi_list_write(a, ABI_SPARE, &list, 3);
	abi_freeze(a, &f, 1, &other, ARCH_POINT_CLAIMED, 1);
	assert_int_equal(abi_call_unjudged(a, &regs), ABI_BUSY);
	assert_int_equal(abi_list_next(a, ABI_SPARE), 1);
	abi_expect_page(a, PAGE, ABI_GRANTED);
	assert_int_equal(abi_thaw(a, &f), ABI_SUCCESS);
	assert_int_equal(abi_core(a, ABI_PVALIDATE, ABI_SPARE), ABI_CARRY);
	assert_int_equal(abi_list_next(a, ABI_SPARE), 1);
	list.entry[1] |= ABI_PV_IGNORE_CF;
	list.next = 1;
	abi_list_write(a, ABI_SPARE, &list, 3);
	assert_int_equal(abi_core(a, ABI_PVALIDATE, ABI_SPARE), ABI_SUCCESS);
	abi_expect_pages(a, PAGE, 2, ABI_GRANTED);
}

/*
 * A copier stopped at the third page of a list of rescinds: those before it are done, `next` names
 * it, it and those behind it are the guest's as before (58019 section 5, BUSY).
 */
static void test_list_meets_a_copier(void **state)
{
	struct abi *a = *state;
	const uint64_t pinned = ABI_SPARE + 2U * ABI_4K;
	const struct hm_regs other = { .rax = ABI_PVALIDATE, .rcx = pinned };
	struct hm_regs regs = { .rax = ABI_PVALIDATE, .rcx = ABI_LIST };
	struct abi_list list = { .count = 1, .entry = { PAGE | VALIDATE } };
	struct abi_frozen f;

	abi_start_cpu(a, 1);
	abi_list_write(a, pinned, &list, 1);
	list = (struct abi_list){ .count = 6 };
	for (unsigned int i = 0; i < 6U; i++) {
		list.entry[i] = ABI_SPARE + i * ABI_4K;
	}
	abi_list_write(a, ABI_LIST, &list, 6);
	abi_freeze(a, &f, 1, &other, ARCH_POINT_PIN_CHECKED, 1);
	assert_int_equal(abi_call_unjudged(a, &regs), ABI_BUSY);
	assert_int_equal(abi_list_next(a, ABI_LIST), 2);
	abi_expect_pages(a, ABI_SPARE, 2, ABI_UNVALIDATED);
	abi_expect_pages(a, pinned, 4, ABI_GRANTED);
	regs = (struct hm_regs){ .rax = ABI_PVALIDATE, .rcx = ABI_LIST };
	assert_int_equal(abi_call_unjudged(a, &regs), ABI_BUSY);
	assert_int_equal(abi_list_next(a, ABI_LIST), 2);
	assert_int_equal(abi_thaw(a, &f), ABI_SUCCESS);
	assert_int_equal(abi_core(a, ABI_PVALIDATE, ABI_LIST), ABI_SUCCESS);
	abi_expect_pages(a, ABI_SPARE, 6, ABI_UNVALIDATED);
	assert_int_equal(abi_pvalidate(a, PAGE), ABI_SUCCESS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ABI_TEST(test_apart_decision_failures_in_order),
		ABI_TEST(test_ignore_cf_opens_no_page),
		ABI_TEST(test_apart_list_may_fill_the_page_and_not_cross_it),
		ABI_TEST(test_list_in_the_own_calling_area),
		ABI_TEST(test_processing_starts_at_next),
		ABI_TEST(test_next_names_the_failing_entry),
		ABI_TEST(test_failure_inside_a_run),
		ABI_TEST(test_unsorted_mixed_list),
		ABI_TEST(test_decision_list_that_names_its_own_page),
		ABI_TEST(test_list_that_names_a_page_twice),
		ABI_TEST(test_decision_validate_4k_zeroes_and_grants),
		ABI_TEST(test_validate_run_zeroes_and_grants_each),
		ABI_TEST(test_decision_rescind_4k_revokes_first_and_grants_nothing),
		ABI_TEST(test_flushes_of_a_list),
		ABI_TEST(test_flush_between_rescind_and_validate),
		ABI_TEST(test_rescind_reaches_stale_translations),
		ABI_TEST(test_rescind_validate_rescind),
		ABI_TEST(test_validate_of_a_valid_page),
		ABI_TEST(test_validate_of_a_valid_page_ignoring_cf),
		ABI_TEST(test_rescind_of_an_invalid_page),
		ABI_TEST(test_list_meets_a_copier),
		ABI_TEST(test_apart_busy_tells_its_progress),
	};

	return ABI_RUN(tests);
}
