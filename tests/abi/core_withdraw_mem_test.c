/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "introspect.h"

#include <string.h>

/* 58019 section 6.7, SVSM_CORE_WITHDRAW_MEM. */

#define PAGE ABI_SPARE
#define REGION ABI_VALID
#define LARGE UINT64_C(1)
#define DEPOSITED (ABI_SPARE + 0x40000U)
#define PAGES UINT64_C(512)
#define HEAD 8U

/* ---- failures in order ---- */

enum { LOW = 1, BASE = 2 };

static void good_withdraw(struct abi *a, struct abi_request *r)
{
	(void)a;
	r->regs.rax = ABI_WITHDRAW_MEM;
	r->regs.rcx = ABI_LIST;
}

static void base(struct abi_request *r, uint64_t page)
{
	r->regs.rcx = (r->regs.rcx & 0xfffU) | page;
}

ABI_SPOIL(misaligned, r->regs.rcx |= 4U)
ABI_SPOIL(misaligned_by_one, r->regs.rcx |= 1U)
ABI_SPOIL(no_room, r->regs.rcx |= 0xff8U)
ABI_SPOIL(beyond_width, base(r, ABI_C_BIT << 1))
ABI_SPOIL(c_bit_alias, base(r, ABI_LIST | ABI_C_BIT))
ABI_SPOIL(wraps, base(r, ABI_WRAP))
ABI_SPOIL(above_ram, base(r, ABI_NOWHERE))
ABI_SPOIL(in_a_hole, base(r, ABI_HOLE))
ABI_SPOIL(of_the_svsm, base(r, abi_svsm_page(a)))
ABI_SPOIL(startup_vmsa, base(r, a->vmsa[0]))
ABI_SPOIL(other_vmsa, base(r, a->vmsa[1]))
ABI_SPOIL(other_calling_area, base(r, a->ca[1]))
ABI_SPOIL(in_call_header, base(r, a->ca[0]))
ABI_SPOIL(deposited, base(r, DEPOSITED))
ABI_SPOIL(not_validated, base(r, ABI_INVALID))

static const struct abi_row rows[] = {
	{ "misaligned", LOW, misaligned, ABI_INVALID_PARAMETER },
	{ "misaligned-by-one", LOW, misaligned_by_one, ABI_INVALID_PARAMETER },
	{ "no-room", LOW, no_room, ABI_INVALID_PARAMETER },
	{ "beyond-width", BASE, beyond_width, ABI_INVALID_ADDRESS },
	{ "c-bit-alias", BASE, c_bit_alias, ABI_INVALID_ADDRESS },
	{ "wraps", BASE, wraps, ABI_INVALID_ADDRESS },
	{ "above-ram", BASE, above_ram, ABI_INVALID_ADDRESS },
	{ "in-a-hole", BASE, in_a_hole, ABI_INVALID_ADDRESS },
	{ "of-the-svsm", BASE, of_the_svsm, ABI_INVALID_ADDRESS },
	{ "startup-vmsa", BASE, startup_vmsa, ABI_INVALID_ADDRESS },
	{ "other-vmsa", BASE, other_vmsa, ABI_INVALID_ADDRESS },
	{ "other-calling-area", BASE, other_calling_area, ABI_INVALID_ADDRESS },
	{ "in-call-header", BASE, in_call_header, ABI_INVALID_ADDRESS },
	{ "deposited", BASE, deposited, ABI_INVALID_ADDRESS },
	{ "not-validated", BASE, not_validated, ABI_INVALID_ADDRESS },
};

static void test_withdraw_failures_in_order(void **state)
{
	struct abi *a = *state;

	abi_start_cpu(a, 1);
	assert_int_equal(abi_deposit(a, DEPOSITED), ABI_SUCCESS);
	ABI_CHECK_ROWS(a, rows, good_withdraw);
	abi_expect_page(a, DEPOSITED, ABI_GRANTED);
}

/* With nothing to give, too: the address is judged all the same. */
static void test_withdraw_of_nothing_to_a_bad_address(void **state)
{
	struct abi *a = *state;

	assert_int_equal(abi_core(a, ABI_WITHDRAW_MEM, ABI_LIST | 0xff8U), ABI_INVALID_PARAMETER);
	assert_int_equal(abi_core(a, ABI_WITHDRAW_MEM, abi_svsm_page(a)), ABI_INVALID_ADDRESS);
	assert_int_equal(abi_core(a, ABI_WITHDRAW_MEM, a->vmsa[0]), ABI_INVALID_ADDRESS);
	assert_int_equal(abi_core(a, ABI_WITHDRAW_MEM, ABI_INVALID), ABI_INVALID_ADDRESS);
}

/* ---- success ---- */

static unsigned int count_at(struct abi *a, uint64_t list)
{
	return abi_read8(a, list) | (unsigned int)abi_read8(a, list + 1U) << 8;
}

static uint8_t flag(struct abi *a)
{
	return abi_read8(a, ABI_CA + ABI_MEM_AVAILABLE);
}

static void deposit_run(struct abi *a, uint64_t page, unsigned int pages)
{
	uint64_t entries[511];

	for (unsigned int i = 0; i < pages; i++) {
		entries[i] = page + i * ABI_4K;
	}
	assert_int_equal(abi_with_list(a, ABI_DEPOSIT_MEM, entries, pages), ABI_SUCCESS);
}

static void test_nothing_to_withdraw(void **state)
{
	struct abi *a = *state;
	unsigned char page[SVSM_PAGE_SIZE];

	abi_fill(a, ABI_LIST, 0x5b);
	assert_int_equal(abi_core(a, ABI_WITHDRAW_MEM, ABI_LIST), ABI_SUCCESS);
	abi_read(a, ABI_LIST, page, sizeof(page));
	assert_int_equal(page[0] | page[1], 0);
	for (size_t i = 2; i < sizeof(page); i++) {
		assert_int_equal(page[i], 0x5b);
	}
	assert_int_equal(flag(a), 0);
}

/* The pages of the list are those deposited, each once. */
static void expect_list_of(struct abi *a, uint64_t list, uint64_t first, unsigned int pages)
{
	bool seen[PAGES] = { false };

	assert_int_equal(count_at(a, list), pages);
	for (unsigned int i = 0; i < pages; i++) {
		const uint64_t page = abi_read64(a, list + HEAD + i * 8U);

		assert_int_equal(page & (ABI_4K - 1U), 0);
		assert_true(page >= first && (page - first) / ABI_4K < pages);
		assert_false(seen[(page - first) / ABI_4K]);
		seen[(page - first) / ABI_4K] = true;
	}
}

static void test_deposited_pages_come_back_zeroed(void **state)
{
	struct abi *a = *state;

	for (unsigned int i = 0; i < 5U; i++) {
		abi_fill(a, PAGE + i * ABI_4K, 0x61);
	}
	deposit_run(a, PAGE, 5);
	abi_fill(a, ABI_LIST, 0x5b);
	assert_int_equal(abi_core(a, ABI_WITHDRAW_MEM, ABI_LIST), ABI_SUCCESS);
	expect_list_of(a, ABI_LIST, PAGE, 5);
	assert_int_equal(abi_read8(a, ABI_LIST + 2U), 0x5b);
	assert_int_equal(abi_read8(a, ABI_LIST + HEAD + 5U * 8U), 0x5b);
	for (unsigned int i = 0; i < 5U; i++) {
		abi_expect_page(a, PAGE + i * ABI_4K, ABI_GRANTED);
		abi_expect_filled(a, PAGE + i * ABI_4K, 0);
	}
	assert_int_equal(flag(a), 0);
	assert_int_equal(abi_core(a, ABI_WITHDRAW_MEM, ABI_LIST), ABI_SUCCESS);
	assert_int_equal(count_at(a, ABI_LIST), 0);
}

static unsigned int last_write(const struct abi *a, uint64_t page)
{
	unsigned int last = a->logged;
	unsigned int i = abi_find(a, HM_EV_SVSM_WRITE, page, 0);

	while (i < a->logged) {
		last = i;
		i = abi_find(a, HM_EV_SVSM_WRITE, page, i + 1U);
	}
	return last;
}

/* A14: the addresses are written before a page is granted; each page is zeroed and fenced before
 * its grant; the count comes last. */
static void test_order_of_list_zero_grant_and_count(void **state)
{
	struct abi *a = *state;

	deposit_run(a, PAGE, 4);
	assert_int_equal(abi_core(a, ABI_WITHDRAW_MEM, ABI_LIST), ABI_SUCCESS);
	for (unsigned int i = 0; i < 4U; i++) {
		const uint64_t page = PAGE + i * ABI_4K;
		const unsigned int zeroed = abi_find(a, HM_EV_ZERO, page, 0);
		unsigned int fenced = zeroed;

		while (fenced < a->logged && a->log[fenced].kind != HM_EV_ZERO_FENCE) {
			fenced++;
		}
		assert_true(abi_find(a, HM_EV_SVSM_WRITE, ABI_LIST, 0) < zeroed);
		assert_true(abi_find(a, HM_EV_FLUSH_LOCAL, page, 0) < zeroed);
		assert_true(zeroed < fenced && fenced < abi_find(a, HM_EV_RMPADJUST, page, 0));
		for (unsigned int vmpl = 1; vmpl <= a->vmpl; vmpl++) {
			assert_true(abi_find_adjust(a, page, vmpl, SVSM_PERM_RWX, 0) <
				    last_write(a, ABI_LIST));
		}
	}
	assert_int_equal(a->log[last_write(a, ABI_LIST)].a, 0);
	assert_int_equal(a->log[last_write(a, ABI_LIST)].b, 2);
}

/* What does not fit stays, and the flag says so; the list never crosses its page. */
static void test_room_of_the_list(void **state)
{
	struct abi *a = *state;
	const uint64_t at = ABI_LIST + ABI_4K - HEAD - 2U * 8U;

	abi_fill(a, ABI_LIST + ABI_4K, 0x5b);
	deposit_run(a, PAGE, 5);
	assert_int_equal(abi_core(a, ABI_WITHDRAW_MEM, at), ABI_SUCCESS);
	assert_int_equal(count_at(a, at), 2);
	assert_int_equal(flag(a), 1);
	assert_int_equal(abi_core(a, ABI_WITHDRAW_MEM, at), ABI_SUCCESS);
	assert_int_equal(count_at(a, at), 2);
	assert_int_equal(flag(a), 1);
	assert_int_equal(abi_core(a, ABI_WITHDRAW_MEM, at), ABI_SUCCESS);
	assert_int_equal(count_at(a, at), 1);
	assert_int_equal(flag(a), 0);
	abi_expect_pages(a, PAGE, 5, ABI_GRANTED);
	abi_expect_filled(a, ABI_LIST + ABI_4K, 0x5b);
}

/* 512 pages at once are one more than any list holds. */
static void test_2m_deposit_comes_back_as_4k_pages(void **state)
{
	struct abi *a = *state;

	for (unsigned int i = 0; i < PAGES; i += 100U) {
		abi_fill(a, REGION + i * ABI_4K, 0x62);
	}
	assert_int_equal(abi_deposit(a, REGION | LARGE), ABI_SUCCESS);
	assert_int_equal(abi_core(a, ABI_WITHDRAW_MEM, ABI_LIST), ABI_SUCCESS);
	assert_int_equal(count_at(a, ABI_LIST), 511);
	assert_int_equal(flag(a), 1);
	assert_int_equal(abi_core(a, ABI_WITHDRAW_MEM, ABI_LIST), ABI_SUCCESS);
	assert_int_equal(count_at(a, ABI_LIST), 1);
	assert_int_equal(flag(a), 0);
	abi_expect_pages(a, REGION, PAGES, ABI_GRANTED);
	for (unsigned int i = 0; i < PAGES; i += 100U) {
		abi_expect_filled(a, REGION + i * ABI_4K, 0);
	}
}

/* Never INCOMPLETE: a budget of 100 pages gives 100, SUCCESS, and the flag for more. */
static void test_withdraw_is_never_incomplete(void **state)
{
	struct abi *a = *state;
	unsigned int left = 250;

	for (unsigned int i = 0; i < 5U; i++) {
		deposit_run(a, REGION + i * 50U * ABI_4K, 50);
	}
	while (left > 0U) {
		const unsigned int expected = left < ABI_BUDGET_PAGES ? left : ABI_BUDGET_PAGES;

		assert_int_equal(abi_core(a, ABI_WITHDRAW_MEM, ABI_LIST), ABI_SUCCESS);
		assert_int_equal(count_at(a, ABI_LIST), expected);
		left -= expected;
		assert_int_equal(flag(a), left > 0U);
	}
	abi_expect_pages(a, REGION, 250, ABI_GRANTED);
}

static void test_withdrawn_pages_serve_any_purpose(void **state)
{
	struct abi *a = *state;

	deposit_run(a, PAGE, 6);
	assert_int_equal(abi_core(a, ABI_WITHDRAW_MEM, ABI_LIST), ABI_SUCCESS);
	assert_int_equal(abi_core(a, ABI_REMAP_CA, PAGE), ABI_SUCCESS);
	assert_int_equal(abi_pvalidate(a, PAGE + ABI_4K), ABI_SUCCESS);
	assert_int_equal(abi_deposit(a, PAGE + 2U * ABI_4K), ABI_SUCCESS);
	abi_vmsa_write(a, PAGE + 3U * ABI_4K, a->vmpl);
	assert_int_equal(abi_create(a, PAGE + 3U * ABI_4K, PAGE + 4U * ABI_4K, 1), ABI_SUCCESS);
	abi_fill(a, PAGE + 5U * ABI_4K, 1);
	assert_int_equal(abi_core(a, ABI_WITHDRAW_MEM, ABI_LIST), ABI_SUCCESS);
	assert_int_equal(count_at(a, ABI_LIST), 1);
}

/* The SVSM's own pages are never given away, however often the guest asks. */
static void test_reserve_is_not_withdrawn(void **state)
{
	struct abi *a = *state;
	struct svsm_memory_use before;
	struct svsm_memory_use after;

	svsm_introspect_memory(&before);
	for (unsigned int i = 0; i < 10U; i++) {
		deposit_run(a, PAGE, 3);
		assert_int_equal(abi_core(a, ABI_WITHDRAW_MEM, ABI_LIST), ABI_SUCCESS);
		expect_list_of(a, ABI_LIST, PAGE, 3);
		assert_int_equal(abi_core(a, ABI_WITHDRAW_MEM, ABI_LIST), ABI_SUCCESS);
		assert_int_equal(count_at(a, ABI_LIST), 0);
	}
	svsm_introspect_memory(&after);
	assert_int_equal(before.reserve_pages, after.reserve_pages);
	assert_int_equal(after.deposited_pages, 0);
}

/* Deposited on one vCPU, withdrawn on another; each of two vCPUs takes its part. */
static void test_any_vcpu_withdraws(void **state)
{
	struct abi *a = *state;
	const uint64_t at = ABI_LIST + ABI_4K - HEAD - 4U * 8U;

	abi_start_cpu(a, 1);
	deposit_run(a, PAGE, 6);
	abi_on(a, 1);
	assert_int_equal(abi_core(a, ABI_WITHDRAW_MEM, at), ABI_SUCCESS);
	assert_int_equal(count_at(a, at), 4);
	abi_on(a, 0);
	assert_int_equal(abi_core(a, ABI_WITHDRAW_MEM, at), ABI_SUCCESS);
	assert_int_equal(count_at(a, at), 2);
	abi_expect_pages(a, PAGE, 6, ABI_GRANTED);
}

/* Architecture section 6: the flag is the startup vCPU's own to write, at its next entry. */
static void test_decision_flag_after_another_vcpus_withdraw(void **state)
{
	struct abi *a = *state;

	abi_start_cpu(a, 1);
	deposit_run(a, PAGE, 2);
	assert_int_equal(flag(a), 1);
	abi_on(a, 1);
	assert_int_equal(abi_core(a, ABI_WITHDRAW_MEM, ABI_LIST), ABI_SUCCESS);
	assert_int_equal(abi_find(a, HM_EV_SVSM_WRITE, ABI_CA, 0), a->logged);
	abi_on(a, 0);
	assert_int_equal(abi_core(a, ABI_QUERY_PROTOCOL, 1), ABI_SUCCESS);
	assert_int_equal(flag(a), 0);
}

/* Architecture section 6: hints go through the rings to the other vCPUs when less was found than
 * fits, and are consumed at their next entry. */
static void test_decision_hints_when_less_was_found(void **state)
{
	struct abi *a = *state;
	const uint64_t at = ABI_LIST + ABI_4K - HEAD - 2U * 8U;
	uint64_t sent = svsm_introspect_stat(SVSM_STAT_HINTS_SENT);

	abi_start_cpu(a, 1);
	deposit_run(a, PAGE, 3);
	assert_int_equal(abi_core(a, ABI_WITHDRAW_MEM, at), ABI_SUCCESS);
	assert_int_equal(svsm_introspect_stat(SVSM_STAT_HINTS_SENT), sent);
	assert_int_equal(abi_core(a, ABI_WITHDRAW_MEM, at), ABI_SUCCESS);
	assert_int_equal(svsm_introspect_stat(SVSM_STAT_HINTS_SENT), sent + ABI_CPUS - 1U);
	/* Nobody waits for them: a full inbox drops hints, and calls go on. */
	for (unsigned int i = 0; i < 200U; i++) {
		assert_int_equal(abi_core(a, ABI_WITHDRAW_MEM, at), ABI_SUCCESS);
	}
	assert_true(svsm_introspect_stat(SVSM_STAT_HINTS_DROPPED) > 0U);
	abi_on(a, 1);
	assert_int_equal(abi_core(a, ABI_QUERY_PROTOCOL, 1), ABI_SUCCESS);
	abi_on(a, 0);
	sent = svsm_introspect_stat(SVSM_STAT_HINTS_SENT);
	assert_int_equal(abi_core(a, ABI_WITHDRAW_MEM, at), ABI_SUCCESS);
	assert_int_equal(svsm_introspect_stat(SVSM_STAT_HINTS_SENT), sent + 1U);
}

static void test_list_in_the_own_calling_area(void **state)
{
	struct abi *a = *state;

	deposit_run(a, PAGE, 3);
	assert_int_equal(abi_core(a, ABI_WITHDRAW_MEM, ABI_CA + 8U), ABI_SUCCESS);
	expect_list_of(a, ABI_CA + 8U, PAGE, 3);
}

/* ---- busy and host faults ---- */

static void test_list_in_work_is_busy(void **state)
{
	struct abi *a = *state;
	const struct hm_regs other = { .rax = ABI_REMAP_CA, .rcx = PAGE + 0x8000U };
	struct hm_regs regs = { .rax = ABI_WITHDRAW_MEM, .rcx = PAGE + 0x8000U };
	struct abi_frozen f;

	abi_start_cpu(a, 1);
	deposit_run(a, PAGE, 3);
	abi_freeze(a, &f, 1, &other, ARCH_POINT_CLAIMED, 1);
	assert_int_equal(abi_call_unjudged(a, &regs), ABI_BUSY);
	assert_int_equal(abi_thaw(a, &f), ABI_SUCCESS);
	abi_expect_pages(a, PAGE, 3, ABI_PRIVATE);
	assert_int_equal(abi_core(a, ABI_WITHDRAW_MEM, ABI_LIST), ABI_SUCCESS);
	expect_list_of(a, ABI_LIST, PAGE, 3);
}

/* A14, first half: the list cannot be written, so no page is given. */
static void test_host_fault_at_the_list(void **state)
{
	struct abi *a = *state;

	deposit_run(a, PAGE, 3);
	hm_inject(a->m, 0, HM_INJECT_GUEST_WRITE, 1, 0);
	assert_int_equal(abi_core(a, ABI_WITHDRAW_MEM, ABI_LIST), ABI_INVALID_ADDRESS);
	abi_expect_pages(a, PAGE, 3, ABI_PRIVATE);
	assert_int_equal(abi_core(a, ABI_WITHDRAW_MEM, ABI_LIST), ABI_SUCCESS);
	expect_list_of(a, ABI_LIST, PAGE, 3);
	assert_true(hm_steal(a->m, ABI_LIST, false));
	assert_int_equal(abi_core(a, ABI_WITHDRAW_MEM, ABI_LIST), ABI_INVALID_ADDRESS);
}

/* A14, second half: the count cannot be written. The pages named in the list are the guest's. */
static void test_host_fault_at_the_count(void **state)
{
	struct abi *a = *state;

	deposit_run(a, PAGE, 3);
	hm_inject(a->m, 0, HM_INJECT_GUEST_WRITE, 2, 0);
	assert_int_equal(abi_core(a, ABI_WITHDRAW_MEM, ABI_LIST), ABI_INVALID_ADDRESS);
	abi_expect_pages(a, PAGE, 3, ABI_GRANTED);
	assert_true(abi_read64(a, ABI_LIST + HEAD) >= PAGE);
	assert_int_equal(abi_core(a, ABI_WITHDRAW_MEM, ABI_LIST), ABI_SUCCESS);
	assert_int_equal(count_at(a, ABI_LIST), 0);
}

static uint64_t fault_page;

/* A page that cannot be zeroed or granted is given to nobody; those before it are given, those
 * behind it are there for the next call. */
static bool faulty_withdraw(struct abi *a)
{
	struct hm_regs regs = { .rax = ABI_WITHDRAW_MEM, .rcx = ABI_LIST };
	const uint64_t first = fault_page;
	unsigned int given = 0;
	unsigned int withheld = 0;
	uint32_t result = 0;
	bool struck;

	fault_page += 4U * ABI_4K;
	deposit_run(a, first, 4);
	struck = abi_faulty(a, &regs, &result);
	assert_int_equal(result, ABI_SUCCESS);
	given = count_at(a, ABI_LIST);
	if (!struck) {
		assert_int_equal(given, 4);
		return false;
	}
	for (unsigned int i = 0; i < given; i++) {
		abi_expect_page(a, abi_read64(a, ABI_LIST + HEAD + i * 8U), ABI_GRANTED);
	}
	assert_int_equal(abi_core(a, ABI_WITHDRAW_MEM, ABI_LIST), ABI_SUCCESS);
	assert_int_equal(count_at(a, ABI_LIST), 3U - given);
	for (unsigned int i = 0; i < 4U; i++) {
		if (abi_rights(a, first + i * ABI_4K, a->vmpl) == 0U) {
			abi_expect_page(a, first + i * ABI_4K, ABI_PRIVATE);
			withheld++;
		}
	}
	assert_int_equal(withheld, 1);
	return true;
}

static void test_host_fault_at_each_page(void **state)
{
	struct abi *a = *state;

	fault_page = PAGE;
	assert_int_equal(abi_sweep(a, HM_INJECT_ZERO, 0, faulty_withdraw), 4);
	assert_int_equal(abi_sweep(a, HM_INJECT_RMPADJUST_CODE, 2, faulty_withdraw), 4U * a->vmpl);
	assert_int_equal(abi_sweep(a, HM_INJECT_RMPADJUST_FAULT, 0, faulty_withdraw), 4U * a->vmpl);
}

static void test_host_takes_a_deposited_page(void **state)
{
	struct abi *a = *state;

	deposit_run(a, PAGE, 8);
	assert_true(hm_steal(a->m, PAGE + 3U * ABI_4K, false));
	for (unsigned int i = 0; i < 3U; i++) {
		assert_int_equal(abi_core(a, ABI_WITHDRAW_MEM, ABI_LIST), ABI_SUCCESS);
	}
	abi_expect_pages(a, PAGE, 3, ABI_GRANTED);
	abi_expect_page(a, PAGE + 3U * ABI_4K, ABI_LOST);
	abi_expect_pages(a, PAGE + 4U * ABI_4K, 4, ABI_GRANTED);
	assert_int_equal(flag(a), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ABI_TEST(test_withdraw_failures_in_order),
		ABI_TEST(test_withdraw_of_nothing_to_a_bad_address),
		ABI_TEST(test_nothing_to_withdraw),
		ABI_TEST(test_deposited_pages_come_back_zeroed),
		ABI_TEST(test_order_of_list_zero_grant_and_count),
		ABI_TEST(test_room_of_the_list),
		ABI_TEST(test_2m_deposit_comes_back_as_4k_pages),
		ABI_TEST_WITH(test_withdraw_is_never_incomplete, abi_setup_pages),
		ABI_TEST(test_withdrawn_pages_serve_any_purpose),
		ABI_TEST(test_reserve_is_not_withdrawn),
		ABI_TEST(test_any_vcpu_withdraws),
		ABI_TEST(test_decision_flag_after_another_vcpus_withdraw),
		ABI_TEST(test_decision_hints_when_less_was_found),
		ABI_TEST(test_list_in_the_own_calling_area),
		ABI_TEST(test_list_in_work_is_busy),
		ABI_TEST(test_host_fault_at_the_list),
		ABI_TEST(test_host_fault_at_the_count),
		ABI_TEST(test_host_fault_at_each_page),
		ABI_TEST(test_host_takes_a_deposited_page),
	};

	return ABI_RUN(tests);
}
