/* SPDX-License-Identifier: Apache-2.0 */
#include "ghcb_priv.h"
#include "ram.h"
#include "trace.h"

static void answer_page(gpa_t gpa, bool ok)
{
	volatile struct ghcb_page *page = ram_shared_pointer(gpa, sizeof(*page));

	if (page == NULL) {
		return;
	}
	for (size_t i = 0; i < sizeof(page->valid_bitmap); i++) {
		page->valid_bitmap[i] = 0;
	}
	page->valid_bitmap[GHCB_VALID_BYTE(sw_exit_info1)] |= GHCB_VALID_MASK(sw_exit_info1);
	page->valid_bitmap[GHCB_VALID_BYTE(sw_exit_info2)] |= GHCB_VALID_MASK(sw_exit_info2);
	page->sw_exit_info1 = ok ? GHCB_RESULT_OK : GHCB_RESULT_MALFORMED;
	page->sw_exit_info2 = ok ? 0U : (uint64_t)GHCB_REASON_INVALID;
}

void ghcb_complete_run_vmpl(struct vcpu *vcpu, unsigned int caller, bool ok)
{
	uint64_t msr;

	if (caller >= EMU_NR_VMPLS) {
		return;
	}
	msr = vcpu->ghcb_msr[caller];
	if (ghcb_msr_code(msr) == GHCB_MSR_RUN_VMPL_REQ) {
		vcpu->ghcb_msr[caller] = ghcb_msr_with_result(GHCB_MSR_RUN_VMPL_RESP, ok ? 0U : 1U);
	} else if (ghcb_msr_code(msr) == GHCB_MSR_GHCB_PAGE) {
		answer_page(gpa_make(msr), ok);
	}
}

/* VMPL0 was given the vCPU for @caller, which waits for its answer. Had another VMPL been waiting,
 * VMPL0 ran for that one too. */
static void begin_wait(struct vcpu *vcpu, unsigned int caller)
{
	int before = vcpu->caller_vmpl;

	if (before >= 0 && before != (int)caller) {
		ghcb_complete_run_vmpl(vcpu, (unsigned int)before, true);
	}
	vcpu->caller_vmpl = (int)caller;
}

/*
 * A lower VMPL asks for VMPL0 only; VMPL0 for any other. The guest's side of a call is traced while
 * its own VMSA is loaded: before the switch to VMPL0, after the switch back.
 */
bool ghcb_run_vmpl(struct vcpu *vcpu, unsigned int target, bool by_msr)
{
	unsigned int caller = vcpu->vmpl;

	if (target >= EMU_NR_VMPLS || target == caller || (caller != 0U && target != 0U)) {
		return false;
	}
	if (caller != 0U) {
		trace_svsm_begin(vcpu, by_msr);
	}
	if (!vcpu_switch(vcpu, target)) {
		return false;
	}
	if (caller != 0U) {
		begin_wait(vcpu, caller);
		return true;
	}
	trace_svsm_end(vcpu);
	if (vcpu->caller_vmpl == (int)target) {
		vcpu->caller_vmpl = -1;
		ghcb_complete_run_vmpl(vcpu, target, true);
	}
	return true;
}

void ghcb_exit_run_vmpl(struct vcpu *vcpu, struct ghcb_call *call)
{
	unsigned int caller = vcpu->vmpl;

	if (call->info1 >= EMU_NR_VMPLS || !ghcb_run_vmpl(vcpu, (unsigned int)call->info1, false)) {
		ghcb_malformed(call, GHCB_REASON_INVALID);
		return;
	}
	call->deferred = caller != 0U;
}
