/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

/* 58019 section 6.3, SVSM_CORE_PVALIDATE with a host that fails, takes pages and swaps them: each
 * fault at each step has a defined code and leaves a defined state, and a correct call works
 * afterwards. */

#define PAGE ABI_INVALID
#define VALIDATE ABI_PV_VALIDATE
#define VALIDATE_2M (ABI_PV_VALIDATE | ABI_PV_2M)
#define RUN_PAGES 5U
#define PAGES UINT64_C(512)

/* ---- result codes of the instructions ---- */

static uint32_t code_for(uint32_t eax)
{
	return eax <= 15U ? ABI_RMP_ERROR(eax) : ABI_UNKNOWN_CODE;
}

static const uint32_t eax_values[] = { 1, 2, 3, 4, 5, 7, 14, 15, 16, 0xff, 0x80000000U };

#define NR_EAX (sizeof(eax_values) / sizeof(eax_values[0]))

static void test_pvalidate_codes_are_mapped(void **state)
{
	struct abi *a = *state;

	for (size_t i = 0; i < NR_EAX; i++) {
		hm_inject(a->m, 0, HM_INJECT_PVALIDATE_CODE, 1, eax_values[i]);
		assert_int_equal(abi_pvalidate(a, PAGE | VALIDATE), code_for(eax_values[i]));
		assert_int_equal(abi_list_next(a, ABI_LIST), 0);
		abi_expect_page(a, PAGE, ABI_UNVALIDATED);
		assert_int_equal(abi_pvalidate(a, PAGE | VALIDATE), ABI_SUCCESS);
		hm_inject(a->m, 0, HM_INJECT_PVALIDATE_CODE, 1, eax_values[i]);
		assert_int_equal(abi_pvalidate(a, PAGE), code_for(eax_values[i]));
		assert_int_equal(abi_list_next(a, ABI_LIST), 0);
		assert_int_equal(abi_pvalidate(a, PAGE), ABI_SUCCESS);
		abi_expect_page(a, PAGE, ABI_UNVALIDATED);
	}
}

static void test_rmpadjust_codes_are_mapped(void **state)
{
	struct abi *a = *state;

	for (size_t i = 0; i < NR_EAX; i++) {
		hm_inject(a->m, 0, HM_INJECT_RMPADJUST_CODE, 1, eax_values[i]);
		assert_int_equal(abi_pvalidate(a, PAGE | VALIDATE), code_for(eax_values[i]));
		abi_expect_page(a, PAGE, ABI_UNVALIDATED);
		assert_int_equal(abi_pvalidate(a, PAGE | VALIDATE), ABI_SUCCESS);
		hm_inject(a->m, 0, HM_INJECT_RMPADJUST_CODE, 1, eax_values[i]);
		assert_int_equal(abi_pvalidate(a, PAGE), code_for(eax_values[i]));
		assert_int_equal(abi_pvalidate(a, PAGE), ABI_SUCCESS);
	}
}

/* CF that the hardware sets on a page the SVSM knows to be valid: the host took it in between. */
static void test_carry_of_a_rescind(void **state)
{
	struct abi *a = *state;

	hm_inject(a->m, 0, HM_INJECT_PVALIDATE_CARRY, 1, 0);
	assert_int_equal(abi_pvalidate(a, ABI_SPARE), ABI_CARRY);
	hm_inject(a->m, 0, HM_INJECT_PVALIDATE_CARRY, 1, 0);
	assert_int_equal(abi_pvalidate(a, (ABI_SPARE + ABI_4K) | ABI_PV_IGNORE_CF), ABI_SUCCESS);
	assert_int_equal(abi_list_next(a, ABI_LIST), 1);
}

/* CF on PVALIDATE(1) of a page that the SVSM never validated: nobody else may have. It is not
 * granted, with bit 3 neither, and stays out of use. */
static void test_decision_unexplained_validation_is_quarantined(void **state)
{
	struct abi *a = *state;

	for (unsigned int i = 0; i < 2U; i++) {
		const uint64_t page = PAGE + i * ABI_4K;

		hm_inject(a->m, 0, HM_INJECT_PVALIDATE_CARRY, 1, 0);
		assert_int_equal(abi_pvalidate(a, page | VALIDATE | i * ABI_PV_IGNORE_CF),
				 ABI_CARRY);
		assert_int_equal(abi_count(a, HM_EV_RMPADJUST), 0);
		assert_int_equal(abi_pvalidate(a, page | VALIDATE), ABI_INVALID_ADDRESS);
		assert_int_equal(abi_pvalidate(a, page | ABI_PV_IGNORE_CF), ABI_INVALID_ADDRESS);
		assert_int_equal(abi_deposit(a, page), ABI_INVALID_ADDRESS);
	}
}

/* ---- a fault at every step ---- */

static uint64_t next_page;

static void prepare_list(struct abi *a, uint64_t page, uint64_t flags)
{
	struct abi_list list = { .count = RUN_PAGES };

	for (unsigned int i = 0; i < RUN_PAGES; i++) {
		list.entry[i] = (page + i * ABI_4K) | flags;
	}
	abi_list_write(a, ABI_LIST, &list, RUN_PAGES);
}

static bool expected_code(const struct abi *a, uint32_t result)
{
	switch (a->fault) {
	case HM_INJECT_PVALIDATE_CODE:
	case HM_INJECT_RMPADJUST_CODE:
		return result == code_for(a->fault_value);
	case HM_INJECT_GUEST_READ:
	case HM_INJECT_GUEST_WRITE:
		/* The list, or the calling area. */
		return result == ABI_INVALID_ADDRESS || result == ABI_NOT_SERVED;
	default:
		return result == ABI_INVALID_ADDRESS;
	}
}

/* A run of pages: those before `next` are granted, the others untouched, and the same list can be
 * issued again. */
static bool faulty_validate(struct abi *a)
{
	struct hm_regs regs = { .rax = ABI_PVALIDATE, .rcx = ABI_LIST };
	const uint64_t page = next_page;
	uint32_t result = 0;
	unsigned int next = 0;
	bool struck;

	next_page += 8U * ABI_4K;
	abi_host_fill(a, page, RUN_PAGES, 0xdd);
	prepare_list(a, page, VALIDATE);
	struck = abi_faulty(a, &regs, &result);
	if (!struck) {
		assert_int_equal(result, ABI_SUCCESS);
		return false;
	}
	assert_true(expected_code(a, result));
	next = abi_list_next(a, ABI_LIST);
	if (a->fault != HM_INJECT_GUEST_READ && a->fault != HM_INJECT_GUEST_WRITE) {
		abi_expect_pages(a, page, next, ABI_GRANTED);
		abi_expect_pages(a, page + next * ABI_4K, RUN_PAGES - next, ABI_UNVALIDATED);
	}
	prepare_list(a, page, VALIDATE | ABI_PV_IGNORE_CF);
	assert_int_equal(abi_core(a, ABI_PVALIDATE, ABI_LIST), ABI_SUCCESS);
	abi_expect_pages(a, page, RUN_PAGES, ABI_GRANTED);
	for (unsigned int i = 0; i < RUN_PAGES; i++) {
		abi_expect_filled(a, page + i * ABI_4K, 0);
	}
	return true;
}

/* A13: a failure behind a successful PVALIDATE(1) is undone. */
static void test_host_fault_at_each_step_of_a_validate(void **state)
{
	struct abi *a = *state;

	next_page = PAGE;
	assert_int_equal(abi_sweep(a, HM_INJECT_PVALIDATE_FAULT, 0, faulty_validate), RUN_PAGES);
	assert_int_equal(abi_sweep(a, HM_INJECT_PVALIDATE_CODE, 9, faulty_validate), RUN_PAGES);
	assert_int_equal(abi_sweep(a, HM_INJECT_ZERO, 0, faulty_validate), RUN_PAGES);
	assert_int_equal(abi_sweep(a, HM_INJECT_RMPADJUST_FAULT, 0, faulty_validate),
			 RUN_PAGES * a->vmpl);
	assert_int_equal(abi_sweep(a, HM_INJECT_RMPADJUST_CODE, 2, faulty_validate),
			 RUN_PAGES * a->vmpl);
	/* The pending byte, the head, the entries; then `next` and pending. */
	assert_int_equal(abi_sweep(a, HM_INJECT_GUEST_READ, 0, faulty_validate), 3);
	assert_int_equal(abi_sweep(a, HM_INJECT_GUEST_WRITE, 0, faulty_validate), 2);
}

/* Rescinds refused by a code: the failing page is still the guest's, and can be rescinded again. */
static bool faulty_rescind(struct abi *a)
{
	struct hm_regs regs = { .rax = ABI_PVALIDATE, .rcx = ABI_LIST };
	const uint64_t page = next_page;
	uint32_t result = 0;
	unsigned int next = 0;
	bool struck;

	next_page += 8U * ABI_4K;
	prepare_list(a, page, 0);
	struck = abi_faulty(a, &regs, &result);
	if (!struck) {
		assert_int_equal(result, ABI_SUCCESS);
		return false;
	}
	assert_true(expected_code(a, result));
	next = abi_list_next(a, ABI_LIST);
	if (a->fault == HM_INJECT_PVALIDATE_CODE || a->fault == HM_INJECT_RMPADJUST_CODE) {
		abi_expect_pages(a, page, next, ABI_UNVALIDATED);
		abi_expect_pages(a, page + (next + 1U) * ABI_4K, RUN_PAGES - next - 1U,
				 ABI_GRANTED);
	}
	prepare_list(a, page, ABI_PV_IGNORE_CF);
	assert_int_equal(abi_core(a, ABI_PVALIDATE, ABI_LIST), ABI_SUCCESS);
	abi_expect_pages(a, page, RUN_PAGES, ABI_UNVALIDATED);
	return true;
}

static void test_host_fault_at_each_step_of_a_rescind(void **state)
{
	struct abi *a = *state;

	next_page = ABI_VALID;
	assert_int_equal(abi_sweep(a, HM_INJECT_PVALIDATE_CODE, 9, faulty_rescind), RUN_PAGES);
	assert_int_equal(abi_sweep(a, HM_INJECT_RMPADJUST_CODE, 2, faulty_rescind), RUN_PAGES * 3U);
	assert_int_equal(abi_sweep(a, HM_INJECT_GUEST_READ, 0, faulty_rescind), 3);
	assert_int_equal(abi_sweep(a, HM_INJECT_GUEST_WRITE, 0, faulty_rescind), 2);
}

static uint64_t next_region;

static bool faulty_validate_2m(struct abi *a)
{
	const struct abi_list list = { .count = 1, .entry = { next_region | VALIDATE_2M } };
	struct hm_regs regs = { .rax = ABI_PVALIDATE, .rcx = ABI_LIST };
	uint32_t result = 0;
	bool struck;

	abi_host_fill(a, next_region, PAGES, 0xdd);
	abi_list_write(a, ABI_LIST, &list, 1);
	struck = abi_faulty(a, &regs, &result);
	if (struck) {
		assert_true(expected_code(a, result));
		assert_int_equal(abi_list_next(a, ABI_LIST), 0);
		abi_expect_pages(a, next_region, PAGES, ABI_UNVALIDATED);
		assert_int_equal(abi_core(a, ABI_PVALIDATE, ABI_LIST), ABI_SUCCESS);
	}
	abi_expect_pages(a, next_region, PAGES, ABI_GRANTED);
	abi_expect_filled(a, next_region + 300U * ABI_4K, 0);
	assert_int_equal(abi_pvalidate(a, next_region | ABI_PV_2M), ABI_SUCCESS);
	return struck;
}

static void test_host_fault_at_each_step_of_a_2m_validate(void **state)
{
	struct abi *a = *state;

	if (a->rmp_4k) {
		skip();
	}
	next_region = ABI_INVALID;
	assert_int_equal(abi_sweep(a, HM_INJECT_PVALIDATE_FAULT, 0, faulty_validate_2m), 1);
	assert_int_equal(abi_sweep(a, HM_INJECT_PVALIDATE_CODE, 9, faulty_validate_2m), 1);
	assert_int_equal(abi_sweep(a, HM_INJECT_ZERO, 0, faulty_validate_2m), 1);
	assert_int_equal(abi_sweep(a, HM_INJECT_RMPADJUST_FAULT, 0, faulty_validate_2m), a->vmpl);
	assert_int_equal(abi_sweep(a, HM_INJECT_RMPADJUST_CODE, 2, faulty_validate_2m), a->vmpl);
}

/* The undo fails too: the page is nobody's for ever, and never granted. */
static void test_failed_undo_is_quarantined(void **state)
{
	struct abi *a = *state;

	abi_host_fill(a, PAGE, 1, 0xdd);
	hm_inject(a->m, 0, HM_INJECT_ZERO, 1, 0);
	hm_inject(a->m, 0, HM_INJECT_PVALIDATE_CODE, 2, 9);
	assert_int_equal(abi_pvalidate(a, PAGE | VALIDATE), ABI_INVALID_ADDRESS);
	for (unsigned int vmpl = 1; vmpl < SVSM_NR_VMPLS; vmpl++) {
		assert_int_equal(abi_rights(a, PAGE, vmpl), 0);
	}
	assert_int_equal(abi_pvalidate(a, PAGE | VALIDATE | ABI_PV_IGNORE_CF), ABI_INVALID_ADDRESS);
	assert_int_equal(abi_pvalidate(a, (PAGE + ABI_4K) | VALIDATE), ABI_SUCCESS);
}

/* A page of a list is quarantined, and one before it cannot be granted: the first is the entry that
 * failed, and the second is nobody's all the same. */
static void test_quarantine_behind_a_failure(void **state)
{
	struct abi *a = *state;
	const uint64_t entries[] = { PAGE | VALIDATE, (PAGE + ABI_4K) | VALIDATE,
				     (PAGE + 2U * ABI_4K) | VALIDATE };

	hm_inject(a->m, 0, HM_INJECT_PVALIDATE_CARRY, 3, 0);
	hm_inject(a->m, 0, HM_INJECT_RMPADJUST_CODE, a->vmpl + 1U, 2);
	assert_int_equal(abi_with_list(a, ABI_PVALIDATE, entries, 3), ABI_RMP_ERROR(2U));
	assert_int_equal(abi_list_next(a, ABI_LIST), 1);
	abi_expect_page(a, PAGE, ABI_GRANTED);
	abi_expect_page(a, PAGE + ABI_4K, ABI_UNVALIDATED);
	assert_int_equal(abi_pvalidate(a, (PAGE + 2U * ABI_4K) | VALIDATE), ABI_INVALID_ADDRESS);
	assert_int_equal(abi_pvalidate(a, (PAGE + ABI_4K) | VALIDATE), ABI_SUCCESS);
}

/* ---- a host that takes pages ---- */

/* Reported as CF, and lost: its old binding may live on, so it is never validated again. */
static void check_stolen(struct abi *a, uint64_t page, bool unassigned)
{
	assert_true(hm_steal(a->m, page, unassigned));
	assert_int_equal(abi_pvalidate(a, page), ABI_CARRY);
	assert_int_equal(abi_list_next(a, ABI_LIST), 0);
	abi_expect_page(a, page, ABI_LOST);
	assert_int_equal(abi_pvalidate(a, page | VALIDATE), ABI_INVALID_ADDRESS);
	assert_int_equal(abi_pvalidate(a, page | VALIDATE | ABI_PV_IGNORE_CF), ABI_INVALID_ADDRESS);
	assert_true(hm_steal(a->m, page + ABI_4K, unassigned));
	assert_int_equal(abi_pvalidate(a, (page + ABI_4K) | ABI_PV_IGNORE_CF), ABI_SUCCESS);
	assert_int_equal(abi_list_next(a, ABI_LIST), 1);
	abi_expect_page(a, page + ABI_4K, ABI_LOST);
}

static void test_decision_page_taken_by_the_host_is_carry_and_lost(void **state)
{
	check_stolen(*state, ABI_SPARE, false);
	check_stolen(*state, ABI_SPARE + 2U * ABI_4K, true);
}

static void test_host_takes_a_page_of_a_run(void **state)
{
	struct abi *a = *state;

	prepare_list(a, ABI_SPARE, 0);
	assert_true(hm_steal(a->m, ABI_SPARE + 2U * ABI_4K, false));
	assert_int_equal(abi_core(a, ABI_PVALIDATE, ABI_LIST), ABI_CARRY);
	assert_int_equal(abi_list_next(a, ABI_LIST), 2);
	abi_expect_pages(a, ABI_SPARE, 2, ABI_UNVALIDATED);
	abi_expect_page(a, ABI_SPARE + 2U * ABI_4K, ABI_LOST);
	abi_expect_pages(a, ABI_SPARE + 3U * ABI_4K, 2, ABI_GRANTED);
	prepare_list(a, ABI_SPARE + 8U * ABI_4K, ABI_PV_IGNORE_CF);
	assert_true(hm_steal(a->m, ABI_SPARE + 10U * ABI_4K, false));
	assert_int_equal(abi_core(a, ABI_PVALIDATE, ABI_LIST), ABI_SUCCESS);
	assert_int_equal(abi_list_next(a, ABI_LIST), RUN_PAGES);
	abi_expect_pages(a, ABI_SPARE + 8U * ABI_4K, 2, ABI_UNVALIDATED);
	abi_expect_page(a, ABI_SPARE + 10U * ABI_4K, ABI_LOST);
	abi_expect_pages(a, ABI_SPARE + 11U * ABI_4K, 2, ABI_UNVALIDATED);
}

/* The same inside a 2 MiB entry with fallback. */
static void test_host_takes_a_page_of_a_region(void **state)
{
	struct abi *a = *state;
	const uint64_t flags = ABI_PV_2M | ABI_PV_FALLBACK;
	const uint64_t taken = ABI_VALID + 100U * ABI_4K;

	assert_true(hm_steal(a->m, taken, false));
	assert_int_equal(abi_pvalidate(a, ABI_VALID | flags), ABI_CARRY);
	assert_int_equal(abi_list_entry(a, ABI_LIST, 0), taken | flags);
	abi_expect_pages(a, ABI_VALID, 100, ABI_UNVALIDATED);
	abi_expect_page(a, taken, ABI_LOST);
	abi_expect_pages(a, taken + ABI_4K, PAGES - 101U, ABI_GRANTED);
	assert_true(hm_steal(a->m, taken + ABI_2M, false));
	assert_int_equal(abi_pvalidate(a, (ABI_VALID + ABI_2M) | flags | ABI_PV_IGNORE_CF),
			 ABI_SUCCESS);
	abi_expect_pages(a, ABI_VALID + ABI_2M, 100, ABI_UNVALIDATED);
	abi_expect_page(a, taken + ABI_2M, ABI_LOST);
	abi_expect_pages(a, taken + ABI_2M + ABI_4K, PAGES - 101U, ABI_UNVALIDATED);
}

/* "Validate, ignore CF" of a page that the map calls valid and the host took. */
static void test_host_takes_a_page_that_is_validated_again(void **state)
{
	struct abi *a = *state;
	const uint64_t entry = ABI_SPARE | VALIDATE | ABI_PV_IGNORE_CF;

	assert_true(hm_steal(a->m, ABI_SPARE, false));
	assert_int_equal(abi_pvalidate(a, entry), ABI_INVALID_ADDRESS);
	abi_expect_page(a, ABI_SPARE, ABI_LOST);
	assert_int_equal(abi_pvalidate(a, entry), ABI_INVALID_ADDRESS);
}

/* The host takes the list's page: section 5, a fault at an input address. */
static void test_apart_host_takes_the_list(void **state)
{
	struct abi *a = *state;

	prepare_list(a, PAGE, VALIDATE);
	assert_true(hm_steal(a->m, ABI_LIST, false));
	assert_int_equal(abi_core(a, ABI_PVALIDATE, ABI_LIST), ABI_INVALID_ADDRESS);
	abi_expect_page(a, PAGE, ABI_UNVALIDATED);
}

/* A11: VMPL0 of CPU 0 has used the page through its direct map; CPU 1 rescinds it; the host puts
 * another system page there, with other bytes; CPU 0 validates: it is that page that is zeroed. */
static void test_apart_host_swaps_the_system_page(void **state)
{
	struct abi *a = *state;
	const uint64_t page = ABI_SPARE;
	const struct abi_list list = { .count = 1, .entry = { PAGE | VALIDATE } };
	const uint64_t spare = hm_spare_spn(a->m);

	abi_start_cpu(a, 1);
	abi_list_write(a, page, &list, 1);
	assert_int_equal(abi_core(a, ABI_PVALIDATE, page), ABI_SUCCESS);
	abi_on(a, 1);
	assert_int_equal(abi_pvalidate(a, page), ABI_SUCCESS);
	hm_remap(a->m, page, spare);
	assert_true(hm_psc(a->m, page, 1, SVSM_PAGE_4K, true));
	abi_host_fill(a, page, 1, 0xab);
	abi_on(a, 0);
	assert_int_equal(abi_pvalidate(a, page | VALIDATE), ABI_SUCCESS);
	assert_int_equal(hm_spn(a->m, page), spare);
	abi_expect_filled(a, page, 0);
}

/* A9: the host swaps the page under a valid mapping; "validate, ignore CF" binds nothing. */
static void test_host_swaps_a_valid_page(void **state)
{
	struct abi *a = *state;
	const uint64_t page = ABI_SPARE;

	hm_remap(a->m, page, hm_spare_spn(a->m));
	assert_true(hm_psc(a->m, page, 1, SVSM_PAGE_4K, true));
	assert_int_equal(abi_pvalidate(a, page | VALIDATE), ABI_CARRY);
	assert_int_equal(abi_pvalidate(a, page | VALIDATE | ABI_PV_IGNORE_CF), ABI_INVALID_ADDRESS);
	assert_int_equal(abi_count(a, HM_EV_PVALIDATE), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ABI_TEST(test_pvalidate_codes_are_mapped),
		ABI_TEST(test_rmpadjust_codes_are_mapped),
		ABI_TEST(test_carry_of_a_rescind),
		ABI_TEST(test_decision_unexplained_validation_is_quarantined),
		ABI_TEST(test_host_fault_at_each_step_of_a_validate),
		ABI_TEST(test_host_fault_at_each_step_of_a_rescind),
		ABI_TEST(test_host_fault_at_each_step_of_a_2m_validate),
		ABI_TEST(test_failed_undo_is_quarantined),
		ABI_TEST(test_quarantine_behind_a_failure),
		ABI_TEST(test_decision_page_taken_by_the_host_is_carry_and_lost),
		ABI_TEST(test_host_takes_a_page_of_a_run),
		ABI_TEST(test_host_takes_a_page_of_a_region),
		ABI_TEST(test_host_takes_a_page_that_is_validated_again),
		ABI_TEST(test_apart_host_takes_the_list),
		ABI_TEST(test_apart_host_swaps_the_system_page),
		ABI_TEST(test_host_swaps_a_valid_page),
	};

	return ABI_RUN(tests);
}
