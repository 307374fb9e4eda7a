/* SPDX-License-Identifier: Apache-2.0 */
#include "arch.h"
#include "core_calls.h"
#include "gate.h"
#include "ownmap.h"
#include "pagerights.h"
#include "svsm_abi.h"

/*
 * 58019 section 6.5. The record is taken first: its owner, stopped before it could serve, finds it
 * gone when it resumes (A4). Then the gate: closed and seen closed, so the VMSA cannot be entered
 * again; then RMPADJUST refuses a page that is still executing (A5). Only after both does the page
 * stop being a VMSA.
 */

/* A vCPU that the host is just told to destroy leaves its VMSA within a moment. */
#define IN_USE_ATTEMPTS 16U

static uint32_t find(const struct svsm_call *call, gpa_t vmsa, struct svsm_record_view *view)
{
	if (!gpa_aligned(vmsa, SVSM_PAGE_SIZE) || vmsa.raw == 0U ||
	    !svsm_record_find_vmsa(vmsa, view) || svsm_record_is_startup(view->ref) ||
	    view->vmpl < call->vmpl) {
		return SVSM_ERR_INVALID_PARAMETER;
	}
	return SVSM_SUCCESS;
}

static bool is_caller(const struct svsm_call *call, const struct svsm_record_view *view)
{
	return view->ref.cpu == call->caller.cpu && view->ref.slot == call->caller.slot;
}

/* Rights of the served VMPL back, VMSA attribute off, nothing for less privileged ones. */
static struct arch_rmp_result unmake_vmsa(struct svsm_call *call, gpa_t vmsa,
					  unsigned int record_vmpl)
{
	struct arch_rmp_result rmp = svsm_rights_grant(vmsa, SVSM_PAGE_4K, call->vmpl);

	for (unsigned int v = call->vmpl + 1U; v < SVSM_NR_VMPLS && svsm_rmp_ok(&rmp); v++) {
		rmp = arch_rmpadjust(vmsa, SVSM_PAGE_4K, v, SVSM_PERM_NONE, false);
	}
	if (record_vmpl > call->vmpl) {
		/* Less privileged VMPLs could read it: their translations must go before the page
		 * is reused. */
		svsm_flush(call->cpu);
	}
	return rmp;
}

static enum svsm_gate shut(gpa_t vmsa)
{
	enum svsm_gate gate = svsm_gate_close(vmsa);

	for (unsigned int i = 1U; i < IN_USE_ATTEMPTS && gate == SVSM_GATE_IN_USE; i++) {
		arch_relax();
		gate = svsm_gate_close(vmsa);
	}
	return gate;
}

static struct arch_rmp_result unmake_when_idle(struct svsm_call *call, gpa_t vmsa,
					       unsigned int record_vmpl)
{
	struct arch_rmp_result rmp = unmake_vmsa(call, vmsa, record_vmpl);

	for (unsigned int i = 1U;
	     i < IN_USE_ATTEMPTS && !rmp.fault && rmp.code == ARCH_RMP_FAIL_INUSE; i++) {
		arch_relax();
		rmp = unmake_vmsa(call, vmsa, record_vmpl);
	}
	return rmp;
}

/*
 * RMPADJUST refused, perhaps after a first VMPL got its rights: those must not outlast the call,
 * and no translation made under them may be left when the page is a VMSA again (A3).
 */
static void stay_vmsa(struct svsm_call *call, gpa_t vmsa, unsigned int record_vmpl)
{
	(void)svsm_rights_revoke(vmsa, SVSM_PAGE_4K);
	svsm_flush(call->cpu);
	(void)svsm_rights_make_vmsa(vmsa, record_vmpl);
}

static void forget(struct svsm_cpu *cpu, struct svsm_record_ref ref, gpa_t vmsa)
{
	const gpa_t ca = svsm_record_ca(ref);

	/* The record goes first: pages that are the guest's again must stand in no record. */
	svsm_record_free(ref);
	if (ca.raw != 0U) {
		svsm_map_disown(cpu, ca, SVSM_PAGE_VALID);
	}
	svsm_map_disown(cpu, vmsa, SVSM_PAGE_VALID);
}

/* The record is held (DELETING). The VMSA is untouched again after any error. */
static uint32_t commit(struct svsm_call *call, const struct svsm_record_view *view, gpa_t vmsa,
		       bool self)
{
	const enum svsm_gate gate = shut(vmsa);
	struct arch_rmp_result rmp;

	if (gate == SVSM_GATE_IN_USE) {
		return SVSM_ERR_VMSA_IN_USE;
	}
	/*
	 * A fault (section 5): the host took the page away, or only shows another one in its place.
	 * The VMSA may live on behind that and be run, so its deletion is not reported; the record
	 * stays and the guest may try again.
	 */
	if (gate == SVSM_GATE_FAULT) {
		return SVSM_ERR_INVALID_ADDRESS;
	}
	rmp = unmake_when_idle(call, vmsa, view->vmpl);
	if (svsm_rmp_ok(&rmp)) {
		forget(call->cpu, view->ref, vmsa);
		return SVSM_SUCCESS;
	}
	stay_vmsa(call, vmsa, view->vmpl);
	if (gate == SVSM_GATE_OK && !self) {
		(void)svsm_gate_open(vmsa);
	}
	return rmp.fault ? SVSM_ERR_INVALID_ADDRESS : svsm_rmp_error(rmp.code);
}

uint32_t svsm_core_delete_vcpu(struct svsm_call *call)
{
	const gpa_t vmsa = gpa_make(call->in.rcx);
	struct svsm_record_view view;
	uint32_t result = find(call, vmsa, &view);

	if (result != SVSM_SUCCESS) {
		return result;
	}
	if (is_caller(call, &view)) {
		result = commit(call, &view, vmsa, true);
		if (result == SVSM_SUCCESS) {
			call->ending = SVSM_ENDING_NO_RETURN;
		}
		return result;
	}
	if (view.state != SVSM_RECORD_IDLE ||
	    !svsm_record_take(view.ref, view.word, SVSM_RECORD_DELETING)) {
		return SVSM_ERR_BUSY;
	}
	result = commit(call, &view, vmsa, false);
	if (result != SVSM_SUCCESS) {
		svsm_record_release(view.ref);
	}
	return result;
}
