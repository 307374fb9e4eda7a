/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <string.h>

/* 58019 section 6.2, SVSM_CORE_REMAP_CA. */

#define NEW_CA ABI_SPARE
#define DEPOSITED (ABI_SPARE + 0x10000U)

/* ---- failures in order ---- */

enum { LOW = 1, BASE = 2 };

static void good_remap(struct abi *a, struct abi_request *r)
{
	(void)a;
	r->regs.rax = ABI_REMAP_CA;
	r->regs.rcx = NEW_CA;
}

static void set_base(struct abi_request *r, uint64_t page)
{
	r->regs.rcx = (r->regs.rcx & 0xfffU) | page;
}

ABI_SPOIL(misaligned, r->regs.rcx |= 8U)
ABI_SPOIL(misaligned_by_one, r->regs.rcx |= 1U)
ABI_SPOIL(beyond_width, set_base(r, ABI_C_BIT << 1))
ABI_SPOIL(c_bit_alias, set_base(r, NEW_CA | ABI_C_BIT))
ABI_SPOIL(wraps, set_base(r, ABI_WRAP))
ABI_SPOIL(above_ram, set_base(r, ABI_NOWHERE))
ABI_SPOIL(in_a_hole, set_base(r, ABI_HOLE))
ABI_SPOIL(of_the_svsm, set_base(r, abi_svsm_page(a)))
ABI_SPOIL(startup_vmsa, set_base(r, a->vmsa[0]))
ABI_SPOIL(other_vmsa, set_base(r, a->vmsa[1]))
ABI_SPOIL(other_calling_area, set_base(r, a->ca[1]))
ABI_SPOIL(deposited, set_base(r, DEPOSITED))
ABI_SPOIL(not_validated, set_base(r, ABI_INVALID))

static const struct abi_row rows[] = {
	{ "misaligned", LOW, misaligned, ABI_INVALID_PARAMETER },
	{ "misaligned-by-one", LOW, misaligned_by_one, ABI_INVALID_PARAMETER },
	{ "beyond-width", BASE, beyond_width, ABI_INVALID_ADDRESS },
	{ "c-bit-alias", BASE, c_bit_alias, ABI_INVALID_ADDRESS },
	{ "wraps", BASE, wraps, ABI_INVALID_ADDRESS },
	{ "above-ram", BASE, above_ram, ABI_INVALID_ADDRESS },
	{ "in-a-hole", BASE, in_a_hole, ABI_INVALID_ADDRESS },
	{ "of-the-svsm", BASE, of_the_svsm, ABI_INVALID_ADDRESS },
	{ "startup-vmsa", BASE, startup_vmsa, ABI_INVALID_ADDRESS },
	{ "other-vmsa", BASE, other_vmsa, ABI_INVALID_ADDRESS },
	{ "other-calling-area", BASE, other_calling_area, ABI_INVALID_ADDRESS },
	{ "deposited", BASE, deposited, ABI_INVALID_ADDRESS },
	{ "not-validated", BASE, not_validated, ABI_INVALID_ADDRESS },
};

static void test_decision_remap_failures_in_order(void **state)
{
	struct abi *a = *state;

	abi_start_cpu(a, 1);
	assert_int_equal(abi_deposit(a, DEPOSITED), ABI_SUCCESS);
	ABI_CHECK_ROWS(a, rows, good_remap);
}

/* ---- success ---- */

static void test_new_area_is_used_and_old_one_is_the_guests(void **state)
{
	struct abi *a = *state;

	assert_int_equal(abi_core(a, ABI_REMAP_CA, NEW_CA), ABI_SUCCESS);
	assert_int_equal(a->ca[0], NEW_CA);
	abi_expect_page(a, NEW_CA, ABI_CALLING_AREA);
	abi_expect_page(a, ABI_CA, ABI_GRANTED);
	/* Any purpose: deposited, and rescinded. */
	assert_int_equal(abi_deposit(a, ABI_CA), ABI_SUCCESS);
	abi_expect_page(a, ABI_CA, ABI_PRIVATE);
	assert_int_equal(abi_core(a, ABI_REMAP_CA, NEW_CA + ABI_4K), ABI_SUCCESS);
	assert_int_equal(abi_pvalidate(a, NEW_CA), ABI_SUCCESS);
}

/* The pending byte of the new area is 0 before a spurious entry could look at it; nothing else of
 * its page is touched by the call. */
static void test_pending_of_the_new_area_is_cleared_first(void **state)
{
	struct abi *a = *state;
	unsigned char page[SVSM_PAGE_SIZE];
	unsigned int cleared;

	abi_start_cpu(a, 1);
	abi_fill(a, NEW_CA, 0xff);
	abi_on(a, 1);
	assert_int_equal(abi_core(a, ABI_REMAP_CA, NEW_CA), ABI_SUCCESS);
	cleared = abi_find(a, HM_EV_SVSM_WRITE, NEW_CA, 0);
	assert_true(cleared < abi_find(a, HM_EV_SVSM_WRITE, abi_ca_of(1), 0));
	assert_int_equal(a->log[cleared].a, 0);
	assert_int_equal(a->log[cleared].b, 1);
	abi_read(a, NEW_CA, page, sizeof(page));
	assert_int_equal(page[0], 0);
	for (size_t i = 1; i < sizeof(page); i++) {
		assert_int_equal(page[i], 0xff);
	}
	assert_int_equal(hm_spurious_entry(a->m), HM_RESUMED);
	assert_int_equal(abi_core(a, ABI_QUERY_PROTOCOL, 1), ABI_SUCCESS);
}

static void test_old_area_is_not_looked_at_any_more(void **state)
{
	struct abi *a = *state;
	struct hm_regs regs = { .rax = ABI_QUERY_PROTOCOL, .rcx = 1 };
	const uint8_t one = 1;

	assert_int_equal(abi_core(a, ABI_REMAP_CA, NEW_CA), ABI_SUCCESS);
	abi_write(a, ABI_CA, &one, sizeof(one));
	a->logged = 0;
	assert_int_equal(hm_vmgexit(a->m, &regs), HM_RESUMED);
	assert_int_equal(abi_find(a, HM_EV_SVSM_READ, ABI_CA, 0), a->logged);
	assert_int_equal(regs.rax, ABI_QUERY_PROTOCOL);
	assert_int_equal(abi_read8(a, ABI_CA), 1);
	abi_judge(a);
	assert_int_equal(abi_core(a, ABI_QUERY_PROTOCOL, 1), ABI_SUCCESS);
	assert_int_equal(abi_find(a, HM_EV_SVSM_READ, ABI_CA, 0), a->logged);
	assert_int_equal(abi_find(a, HM_EV_SVSM_WRITE, ABI_CA, 0), a->logged);
}

static void test_other_vcpus_keep_their_areas(void **state)
{
	struct abi *a = *state;

	abi_start_cpu(a, 1);
	abi_start_cpu(a, 2);
	abi_on(a, 1);
	assert_int_equal(abi_core(a, ABI_REMAP_CA, NEW_CA), ABI_SUCCESS);
	for (unsigned int cpu = 0; cpu < 3U; cpu++) {
		abi_on(a, cpu);
		assert_int_equal(abi_core(a, ABI_QUERY_PROTOCOL, 1), ABI_SUCCESS);
	}
	abi_expect_page(a, ABI_CA, ABI_CALLING_AREA);
	abi_expect_page(a, abi_ca_of(2), ABI_CALLING_AREA);
}

/* A gap of the text: the area in use is named again. */
static void test_decision_remap_to_the_same_area_succeeds(void **state)
{
	struct abi *a = *state;

	assert_int_equal(abi_core(a, ABI_REMAP_CA, ABI_CA), ABI_SUCCESS);
	abi_expect_page(a, ABI_CA, ABI_CALLING_AREA);
	assert_int_equal(abi_core(a, ABI_REMAP_CA, ABI_CA), ABI_SUCCESS);
}

static void test_remap_back_and_forth(void **state)
{
	struct abi *a = *state;

	for (unsigned int i = 0; i < 8U; i++) {
		assert_int_equal(abi_core(a, ABI_REMAP_CA, i % 2U == 0U ? NEW_CA : ABI_CA),
				 ABI_SUCCESS);
	}
	assert_int_equal(abi_core(a, ABI_REMAP_CA, ABI_VALID), ABI_SUCCESS);
	abi_expect_pages(a, ABI_VALID + ABI_4K, 511, ABI_GRANTED);
}

/* No rights change and no RMP instruction: a calling area stays the guest's memory. */
static void test_remap_changes_no_rights(void **state)
{
	struct abi *a = *state;

	assert_int_equal(abi_core(a, ABI_REMAP_CA, NEW_CA), ABI_SUCCESS);
	assert_int_equal(abi_count(a, HM_EV_RMPADJUST), 0);
	assert_int_equal(abi_count(a, HM_EV_PVALIDATE), 0);
	assert_int_equal(abi_count(a, HM_EV_FLUSH_GLOBAL), 0);
}

/* Section 6.7 with 6.2: the startup vCPU finds SVSM_MEM_AVAILABLE in the area that it uses now. */
static void test_mem_available_follows_the_startup_area(void **state)
{
	struct abi *a = *state;

	abi_fill(a, NEW_CA, 0);
	assert_int_equal(abi_deposit(a, DEPOSITED), ABI_SUCCESS);
	assert_int_equal(abi_core(a, ABI_REMAP_CA, NEW_CA), ABI_SUCCESS);
	assert_int_equal(abi_read8(a, NEW_CA + ABI_MEM_AVAILABLE), 1);
}

/* ---- busy and host faults ---- */

static void test_remap_to_a_page_in_work_is_busy(void **state)
{
	struct abi *a = *state;
	const struct hm_regs regs = { .rax = ABI_PVALIDATE, .rcx = ABI_LIST };
	const struct abi_list list = { .count = 1, .entry = { NEW_CA } };
	struct hm_regs remap = { .rax = ABI_REMAP_CA, .rcx = NEW_CA };
	struct abi_frozen f;

	abi_start_cpu(a, 1);
	abi_list_write(a, ABI_LIST, &list, 1);
	abi_freeze(a, &f, 1, &regs, ARCH_POINT_CLAIMED, 1);
	assert_int_equal(abi_call_unjudged(a, &remap), ABI_BUSY);
	assert_int_equal(a->ca[0], ABI_CA);
	assert_int_equal(abi_thaw(a, &f), ABI_SUCCESS);
	assert_int_equal(abi_core(a, ABI_REMAP_CA, NEW_CA), ABI_INVALID_ADDRESS);
	assert_int_equal(abi_pvalidate(a, NEW_CA | ABI_PV_VALIDATE), ABI_SUCCESS);
	assert_int_equal(abi_core(a, ABI_REMAP_CA, NEW_CA), ABI_SUCCESS);
}

/* The host took the new page: refused, the old area stays, and the page is lost. */
static void test_host_takes_the_new_area(void **state)
{
	struct abi *a = *state;

	assert_true(hm_steal(a->m, NEW_CA, false));
	assert_int_equal(abi_core(a, ABI_REMAP_CA, NEW_CA), ABI_INVALID_ADDRESS);
	abi_expect_page(a, NEW_CA, ABI_LOST);
	abi_expect_page(a, ABI_CA, ABI_CALLING_AREA);
	assert_int_equal(abi_core(a, ABI_REMAP_CA, NEW_CA + ABI_4K), ABI_SUCCESS);
}

/* The old area is gone when its pending byte is to be cleared: the call has happened, the new area
 * is in use. */
static void test_host_fault_at_the_old_area(void **state)
{
	struct abi *a = *state;
	struct hm_regs regs = { .rax = ABI_REMAP_CA, .rcx = NEW_CA };

	hm_inject(a->m, 0, HM_INJECT_GUEST_WRITE, 2, 0);
	assert_int_equal(abi_call(a, &regs), ABI_NOT_SERVED);
	abi_expect_page(a, NEW_CA, ABI_CALLING_AREA);
	abi_expect_page(a, ABI_CA, ABI_GRANTED);
	a->ca[0] = NEW_CA;
	assert_int_equal(abi_core(a, ABI_REMAP_CA, ABI_CA), ABI_SUCCESS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ABI_TEST(test_decision_remap_failures_in_order),
		ABI_TEST(test_new_area_is_used_and_old_one_is_the_guests),
		ABI_TEST(test_pending_of_the_new_area_is_cleared_first),
		ABI_TEST(test_old_area_is_not_looked_at_any_more),
		ABI_TEST(test_other_vcpus_keep_their_areas),
		ABI_TEST(test_decision_remap_to_the_same_area_succeeds),
		ABI_TEST(test_remap_back_and_forth),
		ABI_TEST(test_remap_changes_no_rights),
		ABI_TEST(test_mem_available_follows_the_startup_area),
		ABI_TEST(test_remap_to_a_page_in_work_is_busy),
		ABI_TEST(test_host_takes_the_new_area),
		ABI_TEST(test_host_fault_at_the_old_area),
	};

	return ABI_RUN(tests);
}
