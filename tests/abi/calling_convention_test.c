/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <string.h>

/* 58019 section 5: how a call is recognised, answered and refused; for the calls themselves see the
 * other files. */

#define FIELD(name) offsetof(struct vmsa_page, name)
#define CORE_V1 UINT64_C(1)
#define CORE_VERSIONS ((UINT64_C(2) << 32) | 1U)

static struct hm_regs query(void)
{
	return (struct hm_regs){ .rax = ABI_QUERY_PROTOCOL, .rcx = CORE_V1 };
}

static void expect_query_works(struct abi *a)
{
	struct hm_regs regs = query();

	assert_int_equal(abi_call(a, &regs), ABI_SUCCESS);
	assert_int_equal(regs.rcx, CORE_VERSIONS);
}

static void set_pending(struct abi *a, uint8_t value)
{
	abi_write(a, a->ca[a->cpu], &value, sizeof(value));
}

static uint8_t pending(struct abi *a)
{
	return abi_read8(a, a->ca[a->cpu]);
}

/* The VMSA of the CPU being played as it lies in memory, without what VMRUN itself writes. */
static void snapshot_vmsa(struct abi *a, struct vmsa_page *to)
{
	memcpy(to, hm_system_page(a->m, hm_spn(a->m, a->vmsa[a->cpu])), sizeof(*to));
	to->pcpu_id = 0;
}

static void expect_same_vmsa(struct abi *a, const struct vmsa_page *before)
{
	struct vmsa_page now;

	snapshot_vmsa(a, &now);
	assert_memory_equal(&now, before, sizeof(now));
}

/* ---- recognising a call ---- */

static void test_pending_zero_is_no_call(void **state)
{
	struct abi *a = *state;
	struct hm_regs regs = { .rax = ABI_REMAP_CA, .rcx = ABI_SPARE };
	const struct hm_regs before = regs;
	struct vmsa_page vmsa;

	abi_fill(a, ABI_SPARE, 0x5a);
	assert_true(hm_guest_exit(a->m, &regs, VMSA_EXIT_VMGEXIT));
	snapshot_vmsa(a, &vmsa);
	assert_int_equal(hm_spurious_entry(a->m), HM_RESUMED);
	expect_same_vmsa(a, &vmsa);
	assert_int_equal(hm_vmgexit(a->m, &regs), HM_RESUMED);
	assert_memory_equal(&regs, &before, sizeof(regs));
	assert_int_equal(pending(a), 0);
	abi_expect_filled(a, ABI_SPARE, 0x5a);
	abi_judge(a);
}

/* Architecture section 7: "CALL_PENDING above 1 is INVALID_FORMAT". */
static void test_decision_pending_above_one_is_invalid_format(void **state)
{
	static const uint8_t values[] = { 2, 3, 0x10, 0x7f, 0x80, 0xff };
	struct abi *a = *state;

	for (size_t i = 0; i < sizeof(values); i++) {
		struct hm_regs regs = { .rax = ABI_REMAP_CA, .rcx = ABI_SPARE };

		set_pending(a, values[i]);
		assert_int_equal(hm_vmgexit(a->m, &regs), HM_RESUMED);
		assert_int_equal(regs.rax, ABI_INVALID_FORMAT);
		assert_int_equal(regs.rcx, ABI_SPARE);
		assert_int_equal(pending(a), 0);
		abi_expect_page(a, ABI_SPARE, ABI_GRANTED);
		abi_judge(a);
	}
	expect_query_works(a);
}

/* An exit that is no VMGEXIT, or one that was served already, starts no call. */
static void test_exit_code_other_than_vmgexit_is_no_call(void **state)
{
	static const uint64_t codes[] = { 0,	 0x40,	0x60,  0x78,	   0x400,
					  0x402, 0x404, 0x401, 0x10000403, VMSA_EXIT_CONSUMED };
	struct abi *a = *state;

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		const struct hm_regs regs = { .rax = ABI_REMAP_CA, .rcx = ABI_SPARE };
		struct vmsa_page vmsa;

		set_pending(a, 1);
		assert_true(hm_guest_exit(a->m, &regs, codes[i]));
		snapshot_vmsa(a, &vmsa);
		assert_int_equal(hm_spurious_entry(a->m), HM_RESUMED);
		expect_same_vmsa(a, &vmsa);
		assert_int_equal(pending(a), 1);
		abi_expect_page(a, ABI_SPARE, ABI_GRANTED);
		abi_judge(a);
	}
	expect_query_works(a);
}

static void test_spurious_entry_changes_nothing(void **state)
{
	struct abi *a = *state;
	const struct hm_regs regs = { .rax = ABI_REMAP_CA, .rcx = ABI_SPARE, .rdx = 7, .r8 = 8 };
	unsigned char before[SVSM_PAGE_SIZE];
	unsigned char after[SVSM_PAGE_SIZE];
	struct vmsa_page vmsa;

	abi_fill(a, ABI_SPARE, 0x11);
	assert_true(hm_guest_exit(a->m, &regs, VMSA_EXIT_INTR));
	snapshot_vmsa(a, &vmsa);
	memcpy(before, hm_system_page(a->m, hm_spn(a->m, ABI_CA)), sizeof(before));
	for (unsigned int i = 0; i < 5U; i++) {
		a->logged = 0;
		assert_int_equal(hm_spurious_entry(a->m), HM_RESUMED);
		assert_int_equal(abi_count(a, HM_EV_SVSM_WRITE), 0);
		assert_int_equal(abi_count(a, HM_EV_RMPADJUST), 0);
		assert_int_equal(abi_count(a, HM_EV_PVALIDATE), 0);
		expect_same_vmsa(a, &vmsa);
	}
	memcpy(after, hm_system_page(a->m, hm_spn(a->m, ABI_CA)), sizeof(after));
	assert_memory_equal(before, after, sizeof(before));
	abi_expect_filled(a, ABI_SPARE, 0x11);
	abi_judge(a);
	expect_query_works(a);
}

/* The host enters VMPL0 twice for one VMGEXIT: the second time the guest has already set pending
 * for its next call and its registers are not those of that call. */
static void test_one_vmgexit_is_served_once(void **state)
{
	struct abi *a = *state;
	struct hm_regs regs = query();
	struct vmsa_page vmsa;

	assert_int_equal(abi_call(a, &regs), ABI_SUCCESS);
	set_pending(a, 1);
	snapshot_vmsa(a, &vmsa);
	assert_int_equal(vmsa.guest_exitcode != VMSA_EXIT_VMGEXIT, 1);
	assert_int_equal(hm_spurious_entry(a->m), HM_RESUMED);
	expect_same_vmsa(a, &vmsa);
	assert_int_equal(pending(a), 1);
	expect_query_works(a);
}

/* ---- answering ---- */

static unsigned int find_store(const struct abi *a, uint64_t field, unsigned int from)
{
	unsigned int i = abi_find(a, HM_EV_VMSA_WRITE, a->vmsa[a->cpu], from);

	while (i < a->logged && a->log[i].a != field) {
		i = abi_find(a, HM_EV_VMSA_WRITE, a->vmsa[a->cpu], i + 1U);
	}
	return i;
}

/* Gate closed, pending looked at, RAX, pending cleared, gate open: in this order. */
static void test_order_of_gate_result_and_pending(void **state)
{
	struct abi *a = *state;
	unsigned int closed, looked, answered, cleared, opened;

	expect_query_works(a);
	closed = find_store(a, FIELD(efer), 0);
	looked = abi_find(a, HM_EV_SVSM_READ, a->ca[0], 0);
	answered = find_store(a, FIELD(rax), 0);
	cleared = abi_find(a, HM_EV_SVSM_WRITE, a->ca[0], 0);
	opened = find_store(a, FIELD(efer), closed + 1U);
	assert_true(closed < looked && looked < answered);
	assert_true(answered < cleared && cleared < opened);
	assert_true(opened < abi_find(a, HM_EV_SVSM_LEAVE, a->vmsa[0], 0));
	assert_int_equal(a->log[closed].b & VMSA_EFER_SVME, 0);
	assert_int_equal(a->log[opened].b & VMSA_EFER_SVME, VMSA_EFER_SVME);
	assert_int_equal(a->log[closed].b | VMSA_EFER_SVME, a->log[opened].b);
	assert_int_equal(find_store(a, FIELD(rcx), 0) < answered, 1);
}

static void test_caller_cannot_run_during_its_call(void **state)
{
	struct abi *a = *state;
	const struct hm_regs regs = query();
	struct abi_frozen f;
	uint8_t byte;

	abi_start_cpu(a, 1);
	abi_freeze(a, &f, 1, &regs, ARCH_POINT_GATE_CLOSED, 1);
	assert_int_equal(abi_vmsa_peek(a, a->vmsa[1], FIELD(efer)) & VMSA_EFER_SVME, 0);
	hm_ap_create(a->m, 2, a->vmsa[1]);
	hm_unbind(a->m);
	hm_bind(a->m, 2);
	assert_int_equal(hm_guest_read(a->m, ABI_SPARE, &byte, 1), HM_NOT_RUNNING);
	hm_unbind(a->m);
	hm_ap_destroy(a->m, 2);
	hm_bind(a->m, 0);
	assert_int_equal(abi_thaw(a, &f), ABI_SUCCESS);
	assert_int_equal(f.regs.rcx, CORE_VERSIONS);
	assert_int_equal(abi_vmsa_peek(a, a->vmsa[1], FIELD(efer)) & VMSA_EFER_SVME,
			 VMSA_EFER_SVME);
}

/* U3, both settings: the host runs the caller's VMSA on another CPU while VMPL0 is entered. */
static void test_vmsa_running_elsewhere_is_not_served(void **state)
{
	struct abi *a = *state;
	const struct hm_regs regs = { .rax = ABI_REMAP_CA, .rcx = ABI_SPARE };
	struct abi_running r;

	abi_start_cpu(a, 1);
	abi_on(a, 1);
	set_pending(a, 1);
	assert_true(hm_guest_exit(a->m, &regs, VMSA_EXIT_VMGEXIT));
	hm_ap_create(a->m, 2, a->vmsa[1]);
	abi_run_guest(a, &r, 2);
	(void)hm_spurious_entry(a->m);
	assert_int_equal(*(uint8_t *)hm_system_page(a->m, hm_spn(a->m, a->ca[1])), 1);
	assert_int_equal(abi_vmsa_peek(a, a->vmsa[1], FIELD(rax)), ABI_REMAP_CA);
	abi_expect_page(a, ABI_SPARE, ABI_GRANTED);
	abi_stop_guest(&r);
	hm_ap_destroy(a->m, 2);
	abi_judge(a);
	expect_query_works(a);
}

static void test_rax_is_a_32_bit_value(void **state)
{
	struct abi *a = *state;
	struct hm_regs regs = { .rax = UINT64_MAX };

	assert_int_equal(abi_call(a, &regs), ABI_UNSUPPORTED_PROTOCOL);
	assert_int_equal(regs.rax, UINT64_C(0x80000001));
	assert_int_equal(abi_vmsa_peek(a, a->vmsa[0], FIELD(rax)), UINT64_C(0x80000001));
}

static void test_unknown_protocols_and_calls(void **state)
{
	static const struct {
		uint64_t rax;
		uint32_t code;
	} rows[] = {
		{ UINT64_C(5) << 32, ABI_UNSUPPORTED_PROTOCOL },
		{ UINT64_C(5) << 32 | ABI_QUERY_PROTOCOL, ABI_UNSUPPORTED_PROTOCOL },
		{ UINT64_C(0x7fffffff) << 32, ABI_UNSUPPORTED_PROTOCOL },
		{ UINT64_C(0x80000000) << 32, ABI_UNSUPPORTED_PROTOCOL },
		{ UINT64_C(0x8000ffff) << 32 | 0xffffffffU, ABI_UNSUPPORTED_PROTOCOL },
		{ UINT64_C(0xffffffff) << 32, ABI_UNSUPPORTED_PROTOCOL },
		{ 8, ABI_UNSUPPORTED_CALL },
		{ 9, ABI_UNSUPPORTED_CALL },
		{ 0x106, ABI_UNSUPPORTED_CALL },
		{ 0x80000006U, ABI_UNSUPPORTED_CALL },
		{ 0xffffffffU, ABI_UNSUPPORTED_CALL },
	};
	struct abi *a = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hm_regs regs = { rows[i].rax, 1, 2, 3, 4, 5, 6, 7 };

		assert_int_equal(abi_call(a, &regs), rows[i].code);
	}
	expect_query_works(a);
}

/* Every byte of the caller's VMSA but RAX, the one output and the exit code stays. */
static void test_nothing_else_in_the_vmsa_changes(void **state)
{
	struct abi *a = *state;
	struct hm_regs regs = { ABI_QUERY_PROTOCOL, CORE_V1, 0x1111, 0x2222, 0x3333, 4, 5, 6 };
	struct vmsa_page *raw = hm_system_page(a->m, hm_spn(a->m, a->vmsa[0]));
	struct vmsa_page before;
	struct vmsa_page after;

	set_pending(a, 1);
	assert_true(hm_guest_exit(a->m, &regs, VMSA_EXIT_VMGEXIT));
	raw->rbx = 0xb;
	raw->rsi = 0x51;
	raw->r15 = 0x15;
	raw->rflags = 0x202;
	raw->guest_exitinfo1 = 0x80000018U;
	memset(raw->reserved_412, 0x77, sizeof(raw->reserved_412));
	snapshot_vmsa(a, &before);
	assert_int_equal(hm_spurious_entry(a->m), HM_RESUMED);
	snapshot_vmsa(a, &after);
	assert_int_equal(after.rax, ABI_SUCCESS);
	assert_int_equal(after.rcx, CORE_VERSIONS);
	before.rax = after.rax;
	before.rcx = after.rcx;
	before.guest_exitcode = after.guest_exitcode;
	assert_memory_equal(&before, &after, sizeof(before));
}

static void test_registers_that_are_no_outputs_are_kept(void **state)
{
	struct abi *a = *state;

	for (uint64_t call = 0; call < 10U; call++) {
		struct hm_regs regs = { .rax = call, .rcx = 3, .rdx = UINT64_MAX };

		regs.r8 = UINT64_C(0x8888888888888888);
		regs.r9 = UINT64_C(0x9999999999999999);
		regs.rip = UINT64_C(0xffffffff81000000);
		regs.rsp = UINT64_C(0xffffc90000000000);
		regs.cr3 = UINT64_C(0x8000000001234000);
		/* abi_call() compares them. */
		assert_int_not_equal(abi_call(a, &regs), ABI_NOT_SERVED);
	}
}

static void test_rest_of_the_calling_area_is_the_guests(void **state)
{
	struct abi *a = *state;
	unsigned char page[SVSM_PAGE_SIZE];
	unsigned char now[SVSM_PAGE_SIZE];

	memset(page, 0xc3, sizeof(page));
	page[0] = 0;
	abi_write(a, ABI_CA, page, sizeof(page));
	expect_query_works(a);
	assert_int_equal(abi_core(a, ABI_REMAP_CA, 1), ABI_INVALID_PARAMETER);
	abi_read(a, ABI_CA, now, sizeof(now));
	assert_memory_equal(now, page, sizeof(page));
}

/* Architecture section 3: "one guest VMPL is served". */
static void test_decision_calls_of_another_vmpl_are_invalid_request(void **state)
{
	struct abi *a = *state;

	if (a->vmpl == 3U) {
		skip();
	}
	abi_vmsa_write(a, abi_vmsa_of(1), a->vmpl + 1U);
	assert_int_equal(abi_create(a, abi_vmsa_of(1), abi_ca_of(1), 1), ABI_SUCCESS);
	hm_ap_create(a->m, 1, abi_vmsa_of(1));
	abi_on(a, 1);
	for (uint64_t rax = 0; rax < 10U; rax++) {
		/* Its guest has no right to write the area: its owner would grant it. */
		uint8_t *byte = hm_system_page(a->m, hm_spn(a->m, abi_ca_of(1)));
		struct hm_regs regs = { .rax = rax, .rcx = rax == 6U ? CORE_V1 : ABI_SPARE };
		const struct hm_regs before = regs;

		*byte = 1;
		assert_int_equal(hm_vmgexit(a->m, &regs), HM_RESUMED);
		assert_int_equal(regs.rax, ABI_INVALID_REQUEST);
		assert_int_equal(*byte, 0);
		regs.rax = before.rax;
		assert_memory_equal(&regs, &before, sizeof(regs));
		abi_expect_page(a, ABI_SPARE, ABI_GRANTED);
		abi_judge(a);
	}
	abi_on(a, 0);
	expect_query_works(a);
}

/* ---- busy ---- */

/* Section 5: BUSY leaves nothing half done and describes its progress. Here: none. */
static void test_busy_changes_nothing_and_can_be_issued_again(void **state)
{
	static const uint64_t entry = (ABI_SPARE + 8U * ABI_4K) | ABI_PV_IGNORE_CF;
	static const uint64_t own = ABI_SPARE + 8U * ABI_4K;
	struct abi *a = *state;
	const struct hm_regs regs = { .rax = ABI_PVALIDATE, .rcx = ABI_LIST };
	struct hm_regs again = { .rax = ABI_PVALIDATE, .rcx = ABI_LIST + 0x800U };
	const struct abi_list list = { .count = 1, .entry = { entry } };
	struct abi_frozen f;

	abi_start_cpu(a, 1);
	abi_list_write(a, ABI_LIST, &list, 1);
	abi_list_write(a, ABI_LIST + 0x800U, &list, 1);
	abi_freeze(a, &f, 1, &regs, ARCH_POINT_CLAIMED, 1);
	assert_int_equal(abi_call_unjudged(a, &again), ABI_BUSY);
	assert_int_equal(abi_list_next(a, ABI_LIST + 0x800U), 0);
	/* Other pages are not its business. */
	again = (struct hm_regs){ .rax = ABI_REMAP_CA, .rcx = ABI_SPARE + 9U * ABI_4K };
	assert_int_equal(abi_call_unjudged(a, &again), ABI_SUCCESS);
	assert_int_equal(abi_thaw(a, &f), ABI_SUCCESS);
	abi_expect_page(a, own, ABI_UNVALIDATED);
	assert_int_equal(abi_core(a, ABI_PVALIDATE, ABI_LIST + 0x800U), ABI_SUCCESS);
}

/* ---- host faults ---- */

/* CPU 1 asks; whatever the fault does to it, CPU 0 goes on and can replace it. */
static bool faulty_query(struct abi *a)
{
	struct hm_regs regs = query();
	uint32_t result = 0;
	bool struck;

	abi_on(a, 0);
	abi_start_cpu(a, 1);
	abi_on(a, 1);
	struck = abi_faulty(a, &regs, &result);
	assert_true(result == ABI_SUCCESS || result == ABI_NOT_SERVED || result == ABI_STOPPED);
	assert_true(struck || result == ABI_SUCCESS);
	if (result != ABI_STOPPED) {
		expect_query_works(a);
	}
	abi_on(a, 0);
	expect_query_works(a);
	abi_remove_cpu(a, 1);
	return struck;
}

static void test_host_fault_at_the_callers_vmsa(void **state)
{
	struct abi *a = *state;

	/* Gate seen closed, exit code, five registers. */
	assert_true(abi_sweep(a, HM_INJECT_VMSA_READ, 0, faulty_query) >= 7U);
	/* Gate, exit code, RCX, RAX, gate again. */
	assert_true(abi_sweep(a, HM_INJECT_VMSA_WRITE, 0, faulty_query) >= 5U);
	assert_int_equal(abi_sweep(a, HM_INJECT_VMSA_LOST, 0, faulty_query), 1);
}

static void test_host_fault_at_the_calling_area(void **state)
{
	struct abi *a = *state;

	assert_int_equal(abi_sweep(a, HM_INJECT_GUEST_READ, 0, faulty_query), 1);
	assert_int_equal(abi_sweep(a, HM_INJECT_GUEST_WRITE, 0, faulty_query), 1);
}

/* The same without injection: the host takes the calling area, and gives it back unvalidated. */
static void test_host_takes_the_calling_area(void **state)
{
	struct abi *a = *state;
	struct hm_regs regs = query();

	abi_start_cpu(a, 1);
	assert_true(hm_steal(a->m, a->ca[1], false));
	abi_on(a, 1);
	assert_int_equal(hm_vmgexit(a->m, &regs), HM_RESUMED);
	assert_int_equal(regs.rax, ABI_QUERY_PROTOCOL);
	abi_judge(a);
	abi_on(a, 0);
	expect_query_works(a);
	abi_remove_cpu(a, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ABI_TEST(test_pending_zero_is_no_call),
		ABI_TEST(test_decision_pending_above_one_is_invalid_format),
		ABI_TEST(test_exit_code_other_than_vmgexit_is_no_call),
		ABI_TEST(test_spurious_entry_changes_nothing),
		ABI_TEST(test_one_vmgexit_is_served_once),
		ABI_TEST(test_order_of_gate_result_and_pending),
		ABI_TEST(test_caller_cannot_run_during_its_call),
		ABI_TEST(test_vmsa_running_elsewhere_is_not_served),
		ABI_TEST(test_rax_is_a_32_bit_value),
		ABI_TEST(test_unknown_protocols_and_calls),
		ABI_TEST(test_nothing_else_in_the_vmsa_changes),
		ABI_TEST(test_registers_that_are_no_outputs_are_kept),
		ABI_TEST(test_rest_of_the_calling_area_is_the_guests),
		ABI_TEST(test_decision_calls_of_another_vmpl_are_invalid_request),
		ABI_TEST(test_busy_changes_nothing_and_can_be_issued_again),
		ABI_TEST(test_host_fault_at_the_callers_vmsa),
		ABI_TEST(test_host_fault_at_the_calling_area),
		ABI_TEST(test_host_takes_the_calling_area),
	};

	return ABI_RUN(tests);
}
