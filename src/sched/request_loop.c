/* SPDX-License-Identifier: Apache-2.0 */
#include "abi/vmsa_abi.h"
#include "arch.h"
#include "boot.h"
#include "gate.h"
#include "mm.h"
#include "ownmap.h"
#include "pool.h"
#include "protocols.h"
#include "record.h"
#include "svsm_abi.h"

/*
 * One entry of VMPL0 (58019 section 5). The host decides when VMPL0 runs, so nothing here believes
 * that a call was made until the record, its gate, the exit code and the pending byte all say so;
 * an entry without a call changes nothing that the guest can see.
 */

#define FIELD(name) offsetof(struct vmsa_page, name)

/* Registers of the caller, each read once after the gate closed: the guest cannot run, so they
 * stand still. */
static bool read_registers(struct svsm_call *call)
{
	return arch_vmsa_read(call->vmsa, FIELD(rax), &call->rax) &&
	       arch_vmsa_read(call->vmsa, FIELD(rcx), &call->rcx) &&
	       arch_vmsa_read(call->vmsa, FIELD(rdx), &call->rdx) &&
	       arch_vmsa_read(call->vmsa, FIELD(r8), &call->r8) &&
	       arch_vmsa_read(call->vmsa, FIELD(r9), &call->r9);
}

/*
 * Is there a call? The exit code is consumed only together with a pending call: one VMGEXIT serves
 * at most one, and a spurious entry leaves the VMSA as it was.
 */
static bool call_requested(struct svsm_call *call, uint8_t *pending)
{
	uint64_t exitcode = 0U;

	return arch_vmsa_read(call->vmsa, FIELD(guest_exitcode), &exitcode) &&
	       exitcode == VMSA_EXIT_VMGEXIT &&
	       arch_guest_read(pending, call->ca, sizeof(*pending)) && *pending != 0U &&
	       arch_vmsa_write(call->vmsa, FIELD(guest_exitcode), VMSA_EXIT_CONSUMED) &&
	       read_registers(call);
}

static uint32_t serve_call(struct svsm_call *call, uint8_t pending)
{
	if (pending != 1U) {
		return SVSM_ERR_INVALID_FORMAT;
	}
	/* Nothing separates the pages of two guest VMPLs: only the launch's VMPL is served. */
	if (call->vmpl != svsm_guest_vmpl()) {
		return SVSM_ERR_INVALID_REQUEST;
	}
	return svsm_dispatch(call);
}

static bool write_out(const struct svsm_call *call, enum svsm_out reg, size_t field, uint64_t value)
{
	return (call->out & reg) == 0U || arch_vmsa_write(call->vmsa, field, value);
}

/*
 * Results, then pending, then the gate. A fault means that the host took the VMSA or the calling
 * area away. Pending is cleared only behind results that were all written: a guest that still runs
 * must not take its own RAX for the answer.
 */
static void complete(struct svsm_call *call, uint32_t result)
{
	const uint8_t not_pending = 0U;

	if (write_out(call, SVSM_OUT_RCX, FIELD(rcx), call->out_rcx) &&
	    write_out(call, SVSM_OUT_RDX, FIELD(rdx), call->out_rdx) &&
	    write_out(call, SVSM_OUT_R8, FIELD(r8), call->out_r8) &&
	    arch_vmsa_write(call->vmsa, FIELD(rax), result)) {
		(void)arch_guest_write(call->ca, &not_pending, sizeof(not_pending));
	}
	if (call->ca_moved) {
		/* The old calling area is never touched again: from here on it is the guest's
		 * (section 6.2). */
		svsm_map_disown(call->cpu, call->ca, SVSM_PAGE_VALID);
	}
	(void)svsm_gate_open(call->vmsa);
	arch_point(ARCH_POINT_COMPLETED);
}

static void count(struct svsm_cpu *cpu, uint32_t result)
{
	svsm_stat_add(cpu, SVSM_STAT_CALLS, 1U);
	if (result == SVSM_ERR_BUSY) {
		svsm_stat_add(cpu, SVSM_STAT_BUSY, 1U);
	} else if (result == SVSM_ERR_INCOMPLETE) {
		svsm_stat_add(cpu, SVSM_STAT_INCOMPLETE, 1U);
	}
}

/* Serve the record, which this thread holds as SERVING, if it has a call. True: it had; the record
 * is released. */
static bool serve_held(struct svsm_cpu *cpu, struct svsm_record_ref ref)
{
	struct svsm_call call = { .cpu = cpu, .caller = ref };
	uint8_t pending = 0U;
	uint32_t result = SVSM_SUCCESS;

	call.vmsa = svsm_record_vmsa(ref);
	call.ca = svsm_record_ca(ref);
	call.vmpl = svsm_record_vmpl(ref);
	if (call.ca.raw == 0U || svsm_gate_close(call.vmsa) != SVSM_GATE_OK) {
		svsm_record_release(ref);
		return false;
	}
	arch_point(ARCH_POINT_GATE_CLOSED);
	if (!call_requested(&call, &pending)) {
		(void)svsm_gate_open(call.vmsa);
		svsm_record_release(ref);
		return false;
	}
	cpu->last_slot = ref.slot;
	cpu->last_vmpl = call.vmpl;
	result = serve_call(&call, pending);
	count(cpu, result);
	if (call.no_return) {
		cpu->last_vmpl = SVSM_ENTER_NONE;
		return true;
	}
	complete(&call, result);
	svsm_record_release(ref);
	return true;
}

static bool serve_record(struct svsm_cpu *cpu, unsigned int slot)
{
	const struct svsm_record_ref ref = { cpu, slot };

	if (!svsm_record_try(ref, SVSM_RECORD_IDLE, SVSM_RECORD_SERVING)) {
		return false;
	}
	arch_point(ARCH_POINT_RECORD_SERVING);
	return serve_held(cpu, ref);
}

/* Only the startup vCPU's own thread writes its calling area, and only while it holds the record
 * (A6). */
static void refresh_mem_available(struct svsm_cpu *cpu)
{
	const struct svsm_record_ref startup = { cpu, 0U };

	if (!svsm_record_try(startup, SVSM_RECORD_IDLE, SVSM_RECORD_SERVING)) {
		/* Somebody re-binds or looks at the record: next entry. */
		svsm_inbox_post(&cpu->inbox, SVSM_NOTICE_MEM_AVAILABLE);
		return;
	}
	if (svsm_record_ca(startup).raw != 0U) {
		svsm_mem_available_refresh(svsm_record_ca(startup));
	}
	svsm_record_release(startup);
}

/* Hints and notices that other vCPUs left. Bounded by the inbox's capacity. */
static void drain_inbox(struct svsm_cpu *cpu)
{
	for (unsigned int i = 0U; i < SVSM_INBOX_LANES * SVSM_INBOX_LANE_SLOTS; i++) {
		const enum svsm_hint hint = svsm_inbox_next(&cpu->inbox);

		if (hint == SVSM_HINT_NONE) {
			break;
		}
		svsm_pool_flush(cpu);
	}
	if ((svsm_inbox_notices(&cpu->inbox) & (UINT64_C(1) << SVSM_NOTICE_MEM_AVAILABLE)) != 0U) {
		refresh_mem_available(cpu);
	}
}

/* The VMPL to enter: the one served last, or that of any record that could run. */
static unsigned int next_vmpl(struct svsm_cpu *cpu)
{
	for (unsigned int slot = 0U;
	     slot < SVSM_RECORDS_PER_CPU && cpu->last_vmpl == SVSM_ENTER_NONE; slot++) {
		const struct svsm_record_ref ref = { cpu, slot };

		if (svsm_record_ca(ref).raw != 0U) {
			return svsm_record_vmpl(ref);
		}
	}
	return cpu->last_vmpl;
}

unsigned int svsm_serve(unsigned int cpu_index)
{
	struct svsm_cpu *cpu = svsm_cpu_at(cpu_index);
	const unsigned int first = cpu->last_slot;

	drain_inbox(cpu);
	if (!serve_record(cpu, first)) {
		bool served = false;

		for (unsigned int slot = 0U; slot < SVSM_RECORDS_PER_CPU && !served; slot++) {
			served = slot != first && serve_record(cpu, slot);
		}
		if (!served) {
			svsm_stat_add(cpu, SVSM_STAT_SPURIOUS, 1U);
		}
	}
	/* A call of the startup vCPU that freed memory tells itself at once. */
	drain_inbox(cpu);
	return next_vmpl(cpu);
}
