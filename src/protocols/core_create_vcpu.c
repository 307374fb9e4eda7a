/* SPDX-License-Identifier: Apache-2.0 */
#include "abi/vmsa_abi.h"
#include "arch.h"
#include "core_calls.h"
#include "gate.h"
#include "ownmap.h"
#include "pagerights.h"
#include "pin.h"
#include "range.h"
#include "svsm_abi.h"

/*
 * 58019 section 6.4. Order: record CREATING; claim the VMSA page and the calling area; look at the
 * VMSA (cheap refusal while everything can still be undone exactly); pins; revoke; flush; only now
 * check the VMSA for good, because a guest vCPU with a cached translation could still write it
 * before the flush (A3); close the gate; VMSA attribute; map; open the gate; IDLE last. A record
 * published before the gate is open could be deleted and its page deposited by another vCPU, and
 * the gate store would then hit private memory.
 */
struct create_plan {
	struct svsm_call *call;
	gpa_t vmsa;
	gpa_t ca;
	struct svsm_cpu *target;
	struct svsm_record_ref record;
	bool rebind;		    /* the calling area moves here from @old */
	struct svsm_record_ref old; /* REBINDING while this call runs */
	unsigned int vmpl;	    /* of the checked VMSA */
	bool gate_shut;		    /* EFER.SVME of the new VMSA was cleared */
};

#define FIELD(name) offsetof(struct vmsa_page, name)

static uint32_t decode(struct svsm_call *call, struct create_plan *plan)
{
	struct svsm_range range;

	*plan = (struct create_plan){ .call = call,
				      .vmsa = gpa_make(call->in.rcx),
				      .ca = gpa_make(call->in.rdx) };
	plan->target = svsm_cpu_by_apic((uint32_t)call->in.r8);
	if (!gpa_aligned(plan->vmsa, SVSM_PAGE_SIZE) || !gpa_aligned(plan->ca, SVSM_PAGE_SIZE) ||
	    plan->target == NULL) {
		return SVSM_ERR_INVALID_PARAMETER;
	}
	/* gPA 0 is how a record says that it has no VMSA or calling area. */
	if (plan->vmsa.raw == 0U || plan->ca.raw == 0U || gpa_equal(plan->vmsa, plan->ca) ||
	    !svsm_range_make(plan->vmsa, SVSM_PAGE_SIZE, &range) ||
	    !svsm_range_make(plan->ca, SVSM_PAGE_SIZE, &range)) {
		return SVSM_ERR_INVALID_ADDRESS;
	}
	return SVSM_SUCCESS;
}

static uint32_t claim_page(struct svsm_cpu *cpu, gpa_t gpa)
{
	enum svsm_page_state seen = SVSM_PAGE_ABSENT;

	if (svsm_map_claim_run(cpu, gpa, 1U, SVSM_PAGE_VALID, &seen) == 1U) {
		return SVSM_SUCCESS;
	}
	return seen == SVSM_PAGE_CLAIMED ? SVSM_ERR_BUSY : SVSM_ERR_INVALID_ADDRESS;
}

/*
 * The calling area is private: it may be re-bound if an IDLE record of the same APIC id has it (a
 * CPU that comes online again). The caller's own area is not: its answer is still to be written
 * there.
 */
static uint32_t take_bound_ca(struct create_plan *plan)
{
	struct svsm_record_view view;

	if (!svsm_record_find_ca(plan->target, plan->ca, &view) ||
	    gpa_equal(plan->ca, plan->call->ca)) {
		return SVSM_ERR_INVALID_ADDRESS;
	}
	if (view.state != SVSM_RECORD_IDLE ||
	    !svsm_record_take(view.ref, view.word, SVSM_RECORD_REBINDING)) {
		return SVSM_ERR_BUSY;
	}
	/* REMAP_CA may have moved it between the look and the take. */
	if (!gpa_equal(svsm_record_ca(view.ref), plan->ca)) {
		svsm_record_release(view.ref);
		return SVSM_ERR_BUSY;
	}
	plan->rebind = true;
	plan->old = view.ref;
	return SVSM_SUCCESS;
}

static uint32_t claim_ca(struct create_plan *plan)
{
	struct svsm_cpu *cpu = plan->call->cpu;
	enum svsm_page_state seen = SVSM_PAGE_ABSENT;

	if (svsm_map_claim_run(cpu, plan->ca, 1U, SVSM_PAGE_VALID, &seen) == 1U) {
		return SVSM_SUCCESS;
	}
	if (seen == SVSM_PAGE_PRIVATE) {
		return take_bound_ca(plan);
	}
	return seen == SVSM_PAGE_CLAIMED ? SVSM_ERR_BUSY : SVSM_ERR_INVALID_ADDRESS;
}

static void release_ca(const struct create_plan *plan)
{
	if (plan->rebind) {
		svsm_record_release(plan->old);
	} else {
		svsm_map_release_run(plan->ca, 1U, SVSM_PAGE_VALID);
	}
}

/* The checks of section 6.4 in its order, on single reads of each field. */
static uint32_t check_vmsa(struct create_plan *plan)
{
	uint64_t vmpl_word = 0U;
	uint64_t efer = 0U;
	uint64_t features = 0U;

	if (!arch_vmsa_read(plan->vmsa, FIELD(vmpl) & ~(size_t)7U, &vmpl_word) ||
	    !arch_vmsa_read(plan->vmsa, FIELD(efer), &efer) ||
	    !arch_vmsa_read(plan->vmsa, FIELD(sev_features), &features)) {
		return SVSM_ERR_INVALID_ADDRESS;
	}
	plan->vmpl = (unsigned int)(vmpl_word >> (8U * (FIELD(vmpl) & 7U))) & 0xffU;
	if (plan->vmpl == 0U || plan->vmpl < plan->call->vmpl || plan->vmpl >= SVSM_NR_VMPLS ||
	    (efer & VMSA_EFER_SVME) == 0U || features != svsm_startup_sev_features()) {
		return SVSM_ERR_INVALID_PARAMETER;
	}
	if (plan->rebind && svsm_record_vmpl(plan->old) != plan->vmpl) {
		return SVSM_ERR_INVALID_ADDRESS;
	}
	return SVSM_SUCCESS;
}

/* From here on rights are revoked: failures give the page back with full rights for the served
 * VMPL. */
static uint32_t make_vmsa(struct create_plan *plan)
{
	const uint8_t not_pending = 0U;
	uint64_t efer = 0U;
	uint32_t result = SVSM_SUCCESS;
	struct arch_rmp_result rmp = svsm_rights_revoke(plan->vmsa, SVSM_PAGE_4K);

	svsm_flush(plan->call->cpu);
	if (!svsm_rmp_ok(&rmp)) {
		return rmp.fault ? SVSM_ERR_INVALID_ADDRESS : svsm_rmp_error(rmp.code);
	}
	result = check_vmsa(plan);
	if (result != SVSM_SUCCESS) {
		return result;
	}
	if (!arch_vmsa_read(plan->vmsa, FIELD(efer), &efer) ||
	    !arch_vmsa_write(plan->vmsa, FIELD(efer), efer & ~VMSA_EFER_SVME)) {
		return SVSM_ERR_INVALID_ADDRESS;
	}
	plan->gate_shut = true;
	if (!arch_vmsa_write(plan->vmsa, FIELD(guest_exitcode), VMSA_EXIT_CONSUMED) ||
	    !arch_guest_write(plan->ca, &not_pending, sizeof(not_pending))) {
		return SVSM_ERR_INVALID_ADDRESS;
	}
	rmp = svsm_rights_make_vmsa(plan->vmsa, plan->vmpl);
	if (!svsm_rmp_ok(&rmp)) {
		return rmp.fault ? SVSM_ERR_INVALID_ADDRESS : svsm_rmp_error(rmp.code);
	}
	return SVSM_SUCCESS;
}

/*
 * Give a page back whose rights were revoked, as the guest left it. One that the host took away
 * meanwhile, or that keeps its VMSA attribute because RMPADJUST refuses, is quarantined.
 */
static void give_back_vmsa(const struct create_plan *plan)
{
	struct arch_rmp_result rmp;
	enum svsm_page_state state = SVSM_PAGE_VALID;

	if (plan->gate_shut) {
		(void)svsm_gate_open(plan->vmsa);
	}
	rmp = svsm_rights_grant(plan->vmsa, SVSM_PAGE_4K, plan->call->vmpl);
	if (!svsm_rmp_ok(&rmp)) {
		state = SVSM_PAGE_PRIVATE;
		svsm_stat_add(plan->call->cpu, SVSM_STAT_QUARANTINED, 1U);
	}
	svsm_map_release_run(plan->vmsa, 1U, state);
}

static void publish(struct create_plan *plan)
{
	svsm_record_set(plan->record, plan->vmsa, plan->ca, plan->vmpl);
	if (plan->rebind) {
		/* A7: one record per calling area. The old VMSA stays, deletable, and is never
		 * served again. */
		svsm_record_set_ca(plan->old, gpa_make(0U));
		svsm_record_release(plan->old);
	} else {
		svsm_map_release_run(plan->ca, 1U, SVSM_PAGE_PRIVATE);
	}
	svsm_map_release_run(plan->vmsa, 1U, SVSM_PAGE_PRIVATE);
	/* A fault means that the host took the new VMSA away: it cannot run, and DELETE_VCPU still
	 * finds it. */
	(void)svsm_gate_open(plan->vmsa);
	svsm_record_release(plan->record);
}

/* Both pages claimed, nothing changed yet: refuse while refusing is exact, then commit. */
static uint32_t commit(struct create_plan *plan)
{
	uint32_t result = check_vmsa(plan);

	if (result == SVSM_SUCCESS && svsm_pin_conflict(plan->call->cpu, plan->vmsa, 1U)) {
		result = SVSM_ERR_BUSY;
	}
	if (result != SVSM_SUCCESS) {
		release_ca(plan);
		svsm_map_release_run(plan->vmsa, 1U, SVSM_PAGE_VALID);
		return result;
	}
	result = make_vmsa(plan);
	if (result != SVSM_SUCCESS) {
		release_ca(plan);
		give_back_vmsa(plan);
		return result;
	}
	publish(plan);
	return SVSM_SUCCESS;
}

static uint32_t claim_and_commit(struct create_plan *plan)
{
	uint32_t result = claim_page(plan->call->cpu, plan->vmsa);

	if (result != SVSM_SUCCESS) {
		return result;
	}
	result = claim_ca(plan);
	if (result != SVSM_SUCCESS) {
		svsm_map_release_run(plan->vmsa, 1U, SVSM_PAGE_VALID);
		return result;
	}
	return commit(plan);
}

uint32_t svsm_core_create_vcpu(struct svsm_call *call)
{
	struct create_plan plan;
	uint32_t result = decode(call, &plan);

	if (result != SVSM_SUCCESS) {
		return result;
	}
	if (!svsm_record_create(plan.target, &plan.record)) {
		/* SVSM_RECORDS_PER_CPU VMSAs of this APIC id live: the guest deletes one first. */
		return SVSM_ERR_INVALID_REQUEST;
	}
	result = claim_and_commit(&plan);
	if (result != SVSM_SUCCESS) {
		svsm_record_free(plan.record);
	}
	return result;
}
