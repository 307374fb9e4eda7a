/* SPDX-License-Identifier: Apache-2.0 */
/* Run-VMPL, AP creation, AP reset hold and guest requests (56421 sections 2.3.1, 4.1). */
#include "ghcb_rig.h"

#define MALFORMED 2U
#define MSR_RUN(vmpl) (UINT64_C(0x016) | ((uint64_t)(vmpl) << 32))
#define MSR_OK UINT64_C(0x017)
#define MSR_FAILED (UINT64_C(0x017) | (UINT64_C(1) << 32))

/* ---- run-VMPL ---- */

static void run_vmpl_by_msr(void **state)
{
	struct vcpu *vcpu = rig_reset(2);

	(void)state;
	assert_int_equal(rig_msr(MSR_RUN(0)), MSR_RUN(0)); /* no answer yet */
	assert_int_equal(vcpu->vmpl, 0);
	assert_int_equal(vcpu->caller_vmpl, 2);
	assert_int_equal(rig.svsm_begins, 1);
	assert_int_equal(rig.svsm_ends, 0);
	assert_int_equal(rig_msr(MSR_RUN(2)), MSR_OK);
	assert_int_equal(vcpu->vmpl, 2);
	assert_int_equal(vcpu->ghcb_msr[2], MSR_OK);
	assert_int_equal(vcpu->caller_vmpl, -1);
	assert_int_equal(rig.svsm_ends, 1);
}

static void run_vmpl_by_page(void **state)
{
	struct vcpu *vcpu = rig_reset(2);

	(void)state;
	rig_exit(GHCB_EXIT_RUN_VMPL, 0, 0);
	RIG_SET(rax, 1);
	rig_ghcb()->sw_exit_info1 = 0;
	ghcb_vmgexit(vcpu);
	assert_int_equal(vcpu->vmpl, 0);
	assert_true(RIG_IS_VALID(rax)); /* not answered yet */
	assert_int_equal(rig_msr(MSR_RUN(2)), MSR_OK);
	assert_int_equal(vcpu->vmpl, 2);
	assert_int_equal(rig_ghcb()->sw_exit_info1, 0);
	assert_int_equal(rig_ghcb()->sw_exit_info2, 0);
	assert_int_equal(rig_valid_bits(), 2);
	assert_true(RIG_IS_VALID(sw_exit_info1));
}

/* VMPL0 uses its page: it is answered when it has switched. */
static void vmpl0_by_page(void **state)
{
	struct vcpu *vcpu = rig_reset(0);

	(void)state;
	rig_exit(GHCB_EXIT_RUN_VMPL, 3, 0);
	rig_expect(0, 0);
	assert_int_equal(vcpu->vmpl, 3);
	assert_int_equal(vcpu->caller_vmpl, -1);
}

static void run_vmpl_errors(void **state)
{
	static const struct {
		unsigned int from;
		uint64_t to;
		bool fails; /* the VMSA */
	} cases[] = {
		{ 0, 0, false },   { 1, 1, false }, { 2, 1, false },
		{ 2, 3, false },   { 0, 4, false }, { 2, 4, false },
		{ 0, 255, false }, { 2, 0, true },  { 0, 2, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct vcpu *vcpu = rig_reset(cases[i].from);

		rig.switch_fails = cases[i].fails;
		rig_exit(GHCB_EXIT_RUN_VMPL, cases[i].to, 0);
		rig_expect(MALFORMED, 5);
		assert_int_equal(rig_msr(MSR_RUN(cases[i].to)), MSR_FAILED);
		assert_int_equal(vcpu->vmpl, cases[i].from);
		assert_int_equal(vcpu->caller_vmpl, -1);
	}
	/* numbers that do not fit their field */
	rig_reset(2);
	rig_exit(GHCB_EXIT_RUN_VMPL, UINT64_C(0x100000000), 0);
	rig_expect(MALFORMED, 5);
	assert_int_equal(rig_msr(MSR_RUN(0x100)), MSR_FAILED);
	assert_int_equal(rig_msr(MSR_RUN(0) | 0x1000), MSR_FAILED);
	assert_int_equal(rig.switches, 0);
}

/* VMPL0 runs another VMPL than the one that asked: that one goes on waiting. */
static void other_vmpl_meanwhile(void **state)
{
	struct vcpu *vcpu = rig_reset(2);

	(void)state;
	(void)rig_msr(MSR_RUN(0));
	assert_int_equal(rig_msr(MSR_RUN(3)), MSR_OK);
	assert_int_equal(vcpu->ghcb_msr[2], MSR_RUN(0));
	assert_int_equal(vcpu->caller_vmpl, 2);
	/* a second caller: the first one's call is over, VMPL0 ran */
	(void)rig_msr(MSR_RUN(0));
	assert_int_equal(vcpu->ghcb_msr[2], MSR_OK);
	assert_int_equal(vcpu->caller_vmpl, 3);
	assert_int_equal(rig_msr(MSR_RUN(2)), MSR_OK);
	assert_int_equal(vcpu->ghcb_msr[3], MSR_RUN(0));
}

/* VMPL0 was entered without being asked: nothing of VMPL2 is answered. */
static void uncalled_return(void **state)
{
	struct vcpu *vcpu = rig_reset(0);

	(void)state;
	vcpu->ghcb_msr[2] = RIG_PAGE(5);
	rig.pages[5] = RIG_SHARED;
	assert_int_equal(rig_msr(MSR_RUN(2)), MSR_OK);
	assert_int_equal(rig.memory[5][0x398], 0);
	assert_int_equal(vcpu->ghcb_msr[2], RIG_PAGE(5));
}

static void completion_elsewhere(void **state)
{
	struct vcpu *vcpu = rig_reset(0);

	(void)state;
	vcpu->ghcb_msr[2] = MSR_RUN(0);
	ghcb_complete_run_vmpl(vcpu, 2, false);
	assert_int_equal(vcpu->ghcb_msr[2], MSR_FAILED);
	vcpu->ghcb_msr[1] = RIG_GHCB;
	ghcb_complete_run_vmpl(vcpu, 1, false);
	assert_int_equal(rig_ghcb()->sw_exit_info1, MALFORMED);
	assert_int_equal(rig_ghcb()->sw_exit_info2, 5);
	/* the page went private meanwhile, another register content, no such VMPL */
	rig.pages[0] = RIG_PRIVATE;
	rig_ghcb()->sw_exit_info1 = 7;
	ghcb_complete_run_vmpl(vcpu, 1, true);
	assert_int_equal(rig_ghcb()->sw_exit_info1, 7);
	vcpu->ghcb_msr[3] = 0x1007;
	ghcb_complete_run_vmpl(vcpu, 3, true);
	assert_int_equal(vcpu->ghcb_msr[3], 0x1007);
	ghcb_complete_run_vmpl(vcpu, EMU_NR_VMPLS, true);
}

/* A repeated run-VMPL is served once: the second would be VMPL0's. */
static void repeated(void **state)
{
	struct vcpu *vcpu = rig_reset(2);

	(void)state;
	rig.times = 2;
	(void)rig_msr(MSR_RUN(0));
	assert_int_equal(rig.switches, 1);
	assert_int_equal(vcpu->vmpl, 0);
	assert_int_equal(vcpu->ghcb_msr[0], 0);
	vcpu = rig_reset(2);
	rig.times = 2;
	rig_exit(GHCB_EXIT_RUN_VMPL, 0, 0);
	ghcb_vmgexit(vcpu);
	assert_int_equal(vcpu->vmpl, 0);
	assert_int_equal(rig_ghcb()->sw_exit_info1, 0);
	assert_int_equal(rig_valid_bits(), 3); /* not answered */
}

/* ---- AP creation ---- */

static uint64_t info1(uint64_t cpu, uint64_t vmpl, uint64_t event)
{
	return (cpu << 32) | (vmpl << 16) | event;
}

static void ask(uint64_t first, uint64_t vmsa, uint64_t features)
{
	rig_exit(GHCB_EXIT_AP_CREATION, first, vmsa);
	RIG_SET(rax, features);
}

static void ap_creation(void **state)
{
	(void)state;
	for (unsigned int event = 0; event < 3U; event++) {
		rig_reset(1);
		rig.pages[4] = RIG_VMSA;
		ask(info1(2, 3, event), RIG_PAGE(4), RIG_FEATURES);
		rig_expect(0, 0);
		assert_int_equal(rig.ap_events, 1);
		assert_int_equal(rig.ap_cpu, 2);
		assert_int_equal(rig.ap_event, event);
		assert_int_equal(rig.ap_vmpl, 3);
		assert_int_equal(rig.ap_vmsa, event == 2U ? UINT64_MAX : RIG_PAGE(4));
	}
}

static void ap_creation_errors(void **state)
{
	const struct {
		uint64_t info1, vmsa, features;
	} cases[] = {
		{ info1(RIG_CPUS, 1, 1), RIG_PAGE(4), RIG_FEATURES },
		{ info1(UINT32_MAX, 1, 1), RIG_PAGE(4), RIG_FEATURES },
		{ info1(1, 4, 1), RIG_PAGE(4), RIG_FEATURES },
		{ info1(1, 0x101, 1), RIG_PAGE(4), RIG_FEATURES },
		{ info1(1, 0, 1), RIG_PAGE(4), RIG_FEATURES }, /* above the caller */
		{ info1(1, 0, 2), RIG_PAGE(4), RIG_FEATURES },
		{ info1(1, 1, 3), RIG_PAGE(4), RIG_FEATURES },
		{ info1(1, 1, 0x101), RIG_PAGE(4), RIG_FEATURES },
		{ info1(1, 1, 1), RIG_PAGE(4) + 8, RIG_FEATURES },
		{ info1(1, 1, 1), RIG_PAGE(5), RIG_FEATURES }, /* no VMSA */
		{ info1(1, 1, 1), RIG_PAGE(RIG_PAGES), RIG_FEATURES },
		{ info1(1, 1, 1), UINT64_MAX, RIG_FEATURES },
		{ info1(1, 1, 1), RIG_PAGE(4), RIG_FEATURES | 0x8 },
		{ info1(1, 1, 0), RIG_PAGE(4), 0 },
	};

	(void)state;
	rig_reset(1);
	rig.pages[4] = RIG_VMSA;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ask(cases[i].info1, cases[i].vmsa, cases[i].features);
		rig_expect(MALFORMED, 5);
	}
	assert_int_equal(rig.ap_events, 0);
}

/* The caller sleeps, without its VMSA, until the other vCPU has let go. */
static void destroy_waits(void **state)
{
	(void)state;
	rig_reset(1);
	rig.ap_done_after = 3;
	ask(info1(2, 1, 2), 0, 0);
	rig_expect(0, 0);
	assert_int_equal(rig.idles, 3);
	assert_int_equal(rig.leaves, 1);
	/* creation does not wait */
	rig_reset(1);
	rig.pages[4] = RIG_VMSA;
	rig.ap_done_after = 3;
	ask(info1(2, 1, 1), RIG_PAGE(4), RIG_FEATURES);
	rig_expect(0, 0);
	assert_int_equal(rig.idles, 0);
	/* but for an event before it */
	rig_reset(1);
	rig.pages[4] = RIG_VMSA;
	rig.ap_busy = 1;
	rig.ap_done_after = 2;
	ask(info1(2, 1, 1), RIG_PAGE(4), RIG_FEATURES);
	rig_expect(0, 0);
	assert_int_equal(rig.idles, 2);
	assert_int_equal(rig.ap_events, 1);
}

/* Two vCPUs destroy each other: each serves the other's event while it waits for its own. */
static void destroy_does_not_deadlock(void **state)
{
	struct vcpu *vcpu = rig_reset(1);

	(void)state;
	rig.ap_done_after = 2;
	atomic_store_explicit(&vcpu->requests, VCPU_REQ_AP, memory_order_relaxed);
	ask(info1(2, 1, 2), 0, 0);
	rig_expect(0, 0);
	assert_int_equal(rig.idles, 2);
	assert_int_equal(rig.ap_served, 2);
	assert_int_equal(rig.ap_events, 1);
	assert_int_equal(atomic_load_explicit(&vcpu->requests, memory_order_relaxed), 0);
}

static void ap_hold(void **state)
{
	struct vcpu *vcpu = rig_reset(1);

	(void)state;
	rig_exit(GHCB_EXIT_AP_HOLD, 0, 0);
	rig_expect(0, 1);
	assert_int_equal(vcpu->state, VCPU_AP_HOLD);
}

/* ---- guest requests ---- */

static void guest_request(void **state)
{
	(void)state;
	rig_reset(2);
	rig.pages[1] = rig.pages[2] = RIG_SHARED;
	rig.psp = true;
	rig.psp_result = (struct ghcb_psp_result){ .firmware_error = 0x16, .vmm_error = 2 };
	rig_exit(GHCB_EXIT_GUEST_REQUEST, RIG_PAGE(1), RIG_PAGE(2));
	rig_expect(0, UINT64_C(0x200000016));
	assert_int_equal(rig_valid_bits(), 2);
	/* no security processor */
	rig.psp = false;
	rig_exit(GHCB_EXIT_GUEST_REQUEST, RIG_PAGE(1), RIG_PAGE(2));
	rig_expect(MALFORMED, 6);
}

static void extended_request(void **state)
{
	(void)state;
	rig_reset(2);
	rig.pages[1] = rig.pages[2] = rig.pages[3] = rig.pages[4] = RIG_SHARED;
	rig.psp = true;
	rig_exit(GHCB_EXIT_EXT_GUEST_REQUEST, RIG_PAGE(1), RIG_PAGE(2));
	RIG_SET(rax, RIG_PAGE(3));
	RIG_SET(rbx, 2);
	rig_expect(0, 0);
	assert_int_equal(rig.psp_certs, RIG_PAGE(3));
	assert_int_equal(rig.psp_cert_pages, 2);
	assert_false(RIG_IS_VALID(rbx));
	rig.psp_result = (struct ghcb_psp_result){ .vmm_error = 1, .pages_needed = 5 };
	rig_exit(GHCB_EXIT_EXT_GUEST_REQUEST, RIG_PAGE(1), RIG_PAGE(2));
	RIG_SET(rax, 0);
	RIG_SET(rbx, 0);
	rig_expect(0, UINT64_C(0x100000000));
	assert_true(RIG_IS_VALID(rbx));
	assert_int_equal(rig_ghcb()->rbx, 5);
}

static void request_errors(void **state)
{
	const struct {
		uint64_t request, response, certs, pages;
	} cases[] = {
		{ RIG_PAGE(1) + 16, RIG_PAGE(2), RIG_PAGE(3), 1 },
		{ RIG_PAGE(1), RIG_PAGE(2) + 16, RIG_PAGE(3), 1 },
		{ RIG_PAGE(1), RIG_PAGE(1), RIG_PAGE(3), 1 },
		{ RIG_PAGE(6), RIG_PAGE(2), RIG_PAGE(3), 1 }, /* private */
		{ RIG_PAGE(1), RIG_PAGE(6), RIG_PAGE(3), 1 },
		{ RIG_PAGE(RIG_PAGES), RIG_PAGE(2), RIG_PAGE(3), 1 },
		{ RIG_PAGE(1), RIG_PAGE(2), RIG_PAGE(3) + 8, 1 },
		{ RIG_PAGE(1), RIG_PAGE(2), RIG_PAGE(3), 3 }, /* the third is private */
		{ RIG_PAGE(1), RIG_PAGE(2), RIG_PAGE(3), UINT64_MAX },
		{ RIG_PAGE(1), RIG_PAGE(2), UINT64_MAX & ~EMU_PAGE_MASK, 2 },
	};

	(void)state;
	rig_reset(2);
	rig.psp = true;
	rig.pages[1] = rig.pages[2] = rig.pages[3] = rig.pages[4] = RIG_SHARED;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		rig_exit(GHCB_EXIT_EXT_GUEST_REQUEST, cases[i].request, cases[i].response);
		RIG_SET(rax, cases[i].certs);
		RIG_SET(rbx, cases[i].pages);
		rig_expect(MALFORMED, 5);
	}
	assert_int_equal(rig.psp_calls, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(run_vmpl_by_msr),
		cmocka_unit_test(run_vmpl_by_page),
		cmocka_unit_test(vmpl0_by_page),
		cmocka_unit_test(run_vmpl_errors),
		cmocka_unit_test(other_vmpl_meanwhile),
		cmocka_unit_test(uncalled_return),
		cmocka_unit_test(completion_elsewhere),
		cmocka_unit_test(repeated),
		cmocka_unit_test(ap_creation),
		cmocka_unit_test(ap_creation_errors),
		cmocka_unit_test(destroy_waits),
		cmocka_unit_test(destroy_does_not_deadlock),
		cmocka_unit_test(ap_hold),
		cmocka_unit_test(guest_request),
		cmocka_unit_test(extended_request),
		cmocka_unit_test(request_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
