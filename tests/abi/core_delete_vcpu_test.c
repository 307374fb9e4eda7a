/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "record.h"

/* 58019 section 6.5, SVSM_CORE_DELETE_VCPU. */

#define FIELD(name) offsetof(struct vmsa_page, name)
#define VMSA abi_vmsa_of(1)
#define CA abi_ca_of(1)
#define DEPOSITED (ABI_SPARE + 0x10000U)

/* ---- failures in order: all are INVALID_PARAMETER ---- */

enum { LOW = 1, BASE = 2 };

static void good_delete(struct abi *a, struct abi_request *r)
{
	(void)a;
	r->regs.rax = ABI_DELETE_VCPU;
	r->regs.rcx = VMSA;
}

static void base(struct abi_request *r, uint64_t page)
{
	r->regs.rcx = (r->regs.rcx & 0xfffU) | page;
}

ABI_SPOIL(misaligned, r->regs.rcx |= 8U)
ABI_SPOIL(zero, base(r, 0))
ABI_SPOIL(beyond_width, base(r, ABI_C_BIT << 1))
ABI_SPOIL(c_bit_alias, base(r, VMSA | ABI_C_BIT))
ABI_SPOIL(wraps, base(r, ABI_WRAP))
ABI_SPOIL(in_a_hole, base(r, ABI_HOLE))
ABI_SPOIL(of_the_svsm, base(r, abi_svsm_page(a)))
ABI_SPOIL(ordinary_page, base(r, ABI_SPARE))
ABI_SPOIL(calling_area, base(r, CA))
ABI_SPOIL(deposited, base(r, DEPOSITED))
ABI_SPOIL(not_validated, base(r, ABI_INVALID))
ABI_SPOIL(startup, base(r, a->vmsa[0]))

static const struct abi_row rows[] = {
	{ "misaligned", LOW, misaligned, ABI_INVALID_PARAMETER },
	{ "zero", BASE, zero, ABI_INVALID_PARAMETER },
	{ "beyond-width", BASE, beyond_width, ABI_INVALID_PARAMETER },
	{ "c-bit-alias", BASE, c_bit_alias, ABI_INVALID_PARAMETER },
	{ "wraps", BASE, wraps, ABI_INVALID_PARAMETER },
	{ "in-a-hole", BASE, in_a_hole, ABI_INVALID_PARAMETER },
	{ "of-the-svsm", BASE, of_the_svsm, ABI_INVALID_PARAMETER },
	{ "ordinary-page", BASE, ordinary_page, ABI_INVALID_PARAMETER },
	{ "calling-area", BASE, calling_area, ABI_INVALID_PARAMETER },
	{ "deposited", BASE, deposited, ABI_INVALID_PARAMETER },
	{ "not-validated", BASE, not_validated, ABI_INVALID_PARAMETER },
	{ "startup", BASE, startup, ABI_INVALID_PARAMETER },
};

static void test_delete_failures_in_order(void **state)
{
	struct abi *a = *state;

	abi_start_cpu(a, 1);
	hm_ap_destroy(a->m, 1);
	assert_int_equal(abi_deposit(a, DEPOSITED), ABI_SUCCESS);
	ABI_CHECK_ROWS(a, rows, good_delete);
}

/* No call can make such a record, so the test writes its VMPL by hand. */
static void test_vmsa_of_a_more_privileged_vmpl(void **state)
{
	struct abi *a = *state;
	struct hm_regs regs = { .rax = ABI_DELETE_VCPU, .rcx = VMSA };
	struct svsm_record_view view;

	abi_start_cpu(a, 1);
	hm_ap_destroy(a->m, 1);
	assert_true(svsm_record_find_vmsa(gpa_make(VMSA), &view));
	svsm_record_set(view.ref, gpa_make(VMSA), gpa_make(CA), a->vmpl - 1U);
	assert_int_equal(abi_call_unjudged(a, &regs), ABI_INVALID_PARAMETER);
	svsm_record_set(view.ref, gpa_make(VMSA), gpa_make(CA), a->vmpl);
	abi_judge(a);
	assert_int_equal(abi_core(a, ABI_DELETE_VCPU, VMSA), ABI_SUCCESS);
}

static void test_startup_vcpu_is_never_deleted(void **state)
{
	struct abi *a = *state;

	assert_int_equal(abi_core(a, ABI_DELETE_VCPU, a->vmsa[0]), ABI_INVALID_PARAMETER);
	abi_start_cpu(a, 1);
	abi_on(a, 1);
	assert_int_equal(abi_core(a, ABI_DELETE_VCPU, a->vmsa[0]), ABI_INVALID_PARAMETER);
	abi_on(a, 0);
	assert_int_equal(abi_core(a, ABI_QUERY_PROTOCOL, 1), ABI_SUCCESS);
}

/* ---- success ---- */

static void test_pages_are_the_guests_again(void **state)
{
	struct abi *a = *state;
	const uint8_t byte = 0x5a;

	abi_start_cpu(a, 1);
	abi_fill(a, CA, 0x31);
	hm_ap_destroy(a->m, 1);
	assert_int_equal(abi_core(a, ABI_DELETE_VCPU, VMSA), ABI_SUCCESS);
	abi_expect_page(a, VMSA, ABI_GRANTED);
	abi_expect_page(a, CA, ABI_GRANTED);
	abi_expect_filled(a, CA, 0x31);
	/* Any purpose. */
	abi_write(a, VMSA, &byte, 1);
	assert_int_equal(abi_deposit(a, VMSA), ABI_SUCCESS);
	assert_int_equal(abi_pvalidate(a, CA), ABI_SUCCESS);
	assert_int_equal(abi_core(a, ABI_DELETE_VCPU, VMSA), ABI_INVALID_PARAMETER);
}

/* The gate is closed, and seen closed, before the page stops being a VMSA. */
static void test_gate_is_closed_first(void **state)
{
	struct abi *a = *state;
	unsigned int closed;

	abi_start_cpu(a, 1);
	hm_ap_destroy(a->m, 1);
	assert_int_equal(abi_core(a, ABI_DELETE_VCPU, VMSA), ABI_SUCCESS);
	closed = abi_find(a, HM_EV_VMSA_WRITE, VMSA, 0);
	assert_true(closed < abi_find(a, HM_EV_RMPADJUST, VMSA, 0));
	assert_int_equal(a->log[closed].a, FIELD(efer));
	assert_int_equal(a->log[closed].b & VMSA_EFER_SVME, 0);
	assert_int_equal(abi_vmsa_peek(a, VMSA, FIELD(efer)) & VMSA_EFER_SVME, 0);
	/* Every RMPADJUST takes the attribute away. */
	for (unsigned int i = 0; i < a->logged; i++) {
		if (a->log[i].kind == HM_EV_RMPADJUST) {
			assert_int_equal(a->log[i].b & 0x100U, 0);
		}
	}
}

static void test_deleted_vcpu_cannot_run(void **state)
{
	struct abi *a = *state;
	uint8_t byte;

	abi_start_cpu(a, 1);
	assert_int_equal(abi_core(a, ABI_DELETE_VCPU, VMSA), ABI_SUCCESS);
	abi_on(a, 1);
	assert_int_equal(hm_guest_read(a->m, ABI_SPARE, &byte, 1), HM_NOT_RUNNING);
	(void)hm_spurious_entry(a->m);
	abi_judge(a);
	abi_on(a, 0);
	abi_start_cpu(a, 1);
	abi_on(a, 1);
	assert_int_equal(abi_core(a, ABI_QUERY_PROTOCOL, 1), ABI_SUCCESS);
}

/* The SVSM looks at neither page any more, whatever the guest writes there. */
static void test_pages_are_not_looked_at_any_more(void **state)
{
	struct abi *a = *state;
	const uint8_t one = 1;

	abi_start_cpu(a, 1);
	abi_remove_cpu(a, 1);
	abi_vmsa_write(a, VMSA, a->vmpl);
	abi_write(a, CA, &one, 1);
	abi_on(a, 1);
	a->logged = 0;
	(void)hm_spurious_entry(a->m);
	assert_int_equal(abi_find(a, HM_EV_SVSM_READ, CA, 0), a->logged);
	assert_int_equal(abi_find(a, HM_EV_SVSM_WRITE, CA, 0), a->logged);
	assert_int_equal(abi_find(a, HM_EV_VMSA_WRITE, VMSA, 0), a->logged);
	abi_on(a, 0);
	assert_int_equal(abi_read8(a, CA), 1);
	abi_judge(a);
}

/* The read right of a less privileged VMPL goes, with its translations. */
static void test_less_privileged_vmsa(void **state)
{
	struct abi *a = *state;

	for (unsigned int vmpl = a->vmpl + 1U; vmpl < SVSM_NR_VMPLS; vmpl++) {
		abi_vmsa_write(a, VMSA, vmpl);
		assert_int_equal(abi_create(a, VMSA, CA, 1), ABI_SUCCESS);
		assert_int_equal(abi_core(a, ABI_DELETE_VCPU, VMSA), ABI_SUCCESS);
		assert_true(abi_count(a, HM_EV_FLUSH_GLOBAL) >= 1U);
		abi_expect_pages(a, VMSA, 2, ABI_GRANTED);
	}
}

static void test_one_of_several_vmsas(void **state)
{
	struct abi *a = *state;

	abi_start_cpu(a, 1);
	abi_vmsa_write(a, ABI_SPARE, a->vmpl);
	assert_int_equal(abi_create(a, ABI_SPARE, ABI_SPARE + ABI_4K, 1), ABI_SUCCESS);
	assert_int_equal(abi_core(a, ABI_DELETE_VCPU, ABI_SPARE), ABI_SUCCESS);
	abi_expect_pages(a, ABI_SPARE, 2, ABI_GRANTED);
	abi_on(a, 1);
	assert_int_equal(abi_core(a, ABI_QUERY_PROTOCOL, 1), ABI_SUCCESS);
}

/* ---- the caller itself ---- */

/* No return to the caller: it does not run, nothing is written to its pages after the call. */
static void test_caller_deletes_itself(void **state)
{
	struct abi *a = *state;
	struct hm_regs regs = { .rax = ABI_DELETE_VCPU, .rcx = VMSA };
	uint8_t byte;

	abi_start_cpu(a, 1);
	abi_on(a, 1);
	assert_int_equal(abi_call(a, &regs), ABI_STOPPED);
	assert_int_equal(abi_find(a, HM_EV_SVSM_WRITE, CA, 0), a->logged);
	assert_int_equal(abi_vmsa_peek(a, VMSA, FIELD(efer)) & VMSA_EFER_SVME, 0);
	assert_int_equal(abi_vmsa_peek(a, VMSA, FIELD(rax)), ABI_DELETE_VCPU);
	abi_expect_pages(a, VMSA, 2, ABI_GRANTED);
	assert_int_equal(hm_guest_read(a->m, ABI_SPARE, &byte, 1), HM_NOT_RUNNING);
	(void)hm_spurious_entry(a->m);
	abi_on(a, 0);
	assert_int_equal(abi_deposit(a, VMSA), ABI_SUCCESS);
	abi_judge(a);
}

static void test_caller_that_deleted_itself_can_be_created_again(void **state)
{
	struct abi *a = *state;
	struct hm_regs regs = { .rax = ABI_DELETE_VCPU, .rcx = VMSA };

	for (unsigned int i = 0; i < 10U; i++) {
		abi_on(a, 0);
		abi_start_cpu(a, 1);
		abi_on(a, 1);
		assert_int_equal(abi_core(a, ABI_QUERY_PROTOCOL, 1), ABI_SUCCESS);
		assert_int_equal(abi_call(a, &regs), ABI_STOPPED);
	}
}

/* ---- in use ---- */

/* Architecture section 7: "DELETE_VCPU of a vCPU that the host was just told to destroy succeeds
 * ...; FAIL_INUSE only when it is truly running". Both readings of U3: the store that closes the
 * gate waits for the vCPU to leave the guest, or is lost. */
static void test_decision_running_vcpu(void **state)
{
	struct abi *a = *state;
	const bool lost = hm_config(a->m)->vmsa_store_lost;
	struct hm_regs regs = { .rax = ABI_DELETE_VCPU, .rcx = VMSA };
	struct abi_running r;

	abi_start_cpu(a, 1);
	abi_run_guest(a, &r, 1);
	assert_int_equal(abi_call_unjudged(a, &regs), lost ? ABI_IN_USE : ABI_SUCCESS);
	abi_stop_guest(&r);
	abi_judge(a);
	if (lost) {
		/* Nothing changed: it goes on, and can be deleted when it is stopped. */
		abi_expect_page(a, VMSA, ABI_VMSA_PAGE);
		abi_on(a, 1);
		assert_int_equal(abi_core(a, ABI_QUERY_PROTOCOL, 1), ABI_SUCCESS);
		abi_remove_cpu(a, 1);
	}
	abi_expect_pages(a, VMSA, 2, ABI_GRANTED);
}

static void test_decision_vcpu_that_the_host_destroyed(void **state)
{
	struct abi *a = *state;
	struct abi_running r;

	abi_start_cpu(a, 1);
	abi_run_guest(a, &r, 1);
	hm_ap_destroy(a->m, 1);
	assert_int_equal(abi_core(a, ABI_DELETE_VCPU, VMSA), ABI_SUCCESS);
	abi_stop_guest(&r);
	abi_expect_pages(a, VMSA, 2, ABI_GRANTED);
}

/* The hardware's FAIL_INUSE from RMPADJUST: 0x8000_1003, and the VMSA is as before. */
static void test_in_use_by_rmpadjust(void **state)
{
	struct abi *a = *state;

	abi_start_cpu(a, 1);
	for (unsigned int step = 1; step <= 3U; step++) {
		hm_inject(a->m, 0, HM_INJECT_RMPADJUST_CODE, step, 3);
		/* A passing state of the hardware: tried again. */
		assert_int_equal(abi_core(a, ABI_DELETE_VCPU, VMSA), ABI_SUCCESS);
		abi_start_cpu(a, 1);
	}
}

static void test_vcpu_that_calls_is_busy(void **state)
{
	static const enum arch_point points[] = { ARCH_POINT_RECORD_SERVING, ARCH_POINT_GATE_CLOSED,
						  ARCH_POINT_COMPLETED };
	struct abi *a = *state;
	const struct hm_regs query = { .rax = ABI_QUERY_PROTOCOL, .rcx = 1 };
	struct abi_frozen f;

	abi_start_cpu(a, 1);
	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
		struct hm_regs regs = { .rax = ABI_DELETE_VCPU, .rcx = VMSA };

		abi_freeze(a, &f, 1, &query, points[i], 1);
		assert_int_equal(abi_call_unjudged(a, &regs), ABI_BUSY);
		assert_int_equal(abi_thaw(a, &f), ABI_SUCCESS);
		abi_expect_page(a, VMSA, ABI_VMSA_PAGE);
	}
	abi_remove_cpu(a, 1);
}

/* ---- host faults ---- */

/* A code other than FAIL_INUSE at each RMPADJUST: reported, and the vCPU is as before. */
static bool faulty_delete(struct abi *a)
{
	struct hm_regs regs = { .rax = ABI_DELETE_VCPU, .rcx = VMSA };
	uint32_t result = 0;
	bool struck;

	abi_start_cpu(a, 1);
	struck = abi_faulty(a, &regs, &result);
	if (!struck) {
		assert_int_equal(result, ABI_SUCCESS);
		return false;
	}
	assert_int_equal(result, ABI_RMP_ERROR(a->fault_value));
	abi_expect_page(a, VMSA, ABI_VMSA_PAGE);
	abi_expect_page(a, CA, ABI_CALLING_AREA);
	abi_on(a, 1);
	assert_int_equal(abi_core(a, ABI_QUERY_PROTOCOL, 1), ABI_SUCCESS);
	abi_remove_cpu(a, 1);
	return true;
}

static void test_host_fault_at_each_rmpadjust(void **state)
{
	struct abi *a = *state;

	assert_int_equal(abi_sweep(a, HM_INJECT_RMPADJUST_CODE, 2, faulty_delete), 3);
	assert_int_equal(abi_sweep(a, HM_INJECT_RMPADJUST_CODE, 7, faulty_delete), 3);
}

/* The host took the VMSA: it may live on behind what the host shows and be run, so its deletion is
 * not reported, and its record stays. */
static void test_decision_host_takes_the_vmsa(void **state)
{
	struct abi *a = *state;

	abi_start_cpu(a, 1);
	hm_ap_destroy(a->m, 1);
	assert_true(hm_steal(a->m, VMSA, false));
	assert_int_equal(abi_core(a, ABI_DELETE_VCPU, VMSA), ABI_INVALID_ADDRESS);
	abi_expect_page(a, VMSA, ABI_LOST);
	abi_expect_page(a, CA, ABI_CALLING_AREA);
	assert_int_equal(abi_core(a, ABI_DELETE_VCPU, VMSA), ABI_INVALID_ADDRESS);
}

/* The locked store that closes the gate is lost once: tried again. */
static void test_lost_gate_store(void **state)
{
	struct abi *a = *state;

	abi_start_cpu(a, 1);
	hm_ap_destroy(a->m, 1);
	/* The caller's own gate is the first. */
	hm_inject(a->m, 0, HM_INJECT_VMSA_LOST, 2, 0);
	assert_int_equal(abi_core(a, ABI_DELETE_VCPU, VMSA), ABI_SUCCESS);
	assert_true(hm_injection_fired(a->m, 0, HM_INJECT_VMSA_LOST));
	assert_int_equal(abi_vmsa_peek(a, VMSA, FIELD(efer)) & VMSA_EFER_SVME, 0);
	abi_expect_pages(a, VMSA, 2, ABI_GRANTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ABI_TEST(test_delete_failures_in_order),
		ABI_TEST(test_vmsa_of_a_more_privileged_vmpl),
		ABI_TEST(test_startup_vcpu_is_never_deleted),
		ABI_TEST(test_pages_are_the_guests_again),
		ABI_TEST(test_gate_is_closed_first),
		ABI_TEST(test_deleted_vcpu_cannot_run),
		ABI_TEST(test_pages_are_not_looked_at_any_more),
		ABI_TEST(test_less_privileged_vmsa),
		ABI_TEST(test_one_of_several_vmsas),
		ABI_TEST(test_caller_deletes_itself),
		ABI_TEST(test_caller_that_deleted_itself_can_be_created_again),
		ABI_TEST(test_decision_running_vcpu),
		ABI_TEST(test_decision_vcpu_that_the_host_destroyed),
		ABI_TEST(test_in_use_by_rmpadjust),
		ABI_TEST(test_vcpu_that_calls_is_busy),
		ABI_TEST(test_host_fault_at_each_rmpadjust),
		ABI_TEST(test_decision_host_takes_the_vmsa),
		ABI_TEST(test_lost_gate_store),
	};

	return ABI_RUN(tests);
}
