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

/*
 * The record that the call of @cpu is about. The same as call->caller; said so that nothing but
 * @cpu has to be kept over a seam call.
 */
static struct svsm_record_ref record_of(struct svsm_cpu *cpu)
{
	return (struct svsm_record_ref){ cpu, svsm_call_of(cpu)->caller.slot };
}

enum request {
	REQUEST_NONE,
	REQUEST_CALL,
	REQUEST_MALFORMED, /* SVSM_CALL_PENDING is neither 0 nor 1 */
};

static bool consume_exit(const struct svsm_call *call)
{
	return arch_vmsa_write(call->vmsa, FIELD(guest_exitcode), VMSA_EXIT_CONSUMED);
}

/*
 * Is there a call? The exit code is consumed only together with a pending call: one VMGEXIT serves
 * at most one, and a spurious entry leaves the VMSA as it was. The registers are read once, behind
 * the closed gate: the guest cannot run, so they stand still.
 */
static enum request take_request(struct svsm_call *call)
{
	unsigned int pending = 0U;

	if (arch_vmsa_read_call(call->vmsa, &call->in) != VMSA_EXIT_VMGEXIT) {
		return REQUEST_NONE;
	}
	pending = arch_guest_read_byte(call->ca);
	if (pending == 1U) {
		return consume_exit(call) ? REQUEST_CALL : REQUEST_NONE;
	}
	return pending != 0U && pending != ARCH_BYTE_FAULT && consume_exit(call) ? REQUEST_MALFORMED
										 : REQUEST_NONE;
}

static uint32_t serve_call(struct svsm_call *call)
{
	/* Nothing separates the pages of two guest VMPLs: only the launch's VMPL is served. */
	if (call->vmpl != svsm_guest_vmpl()) {
		return SVSM_ERR_INVALID_REQUEST;
	}
	return svsm_dispatch(call);
}

/*
 * Results, then pending; the gate comes behind both. A fault means that the host took the VMSA or
 * the calling area away. Pending is cleared only behind results that were all written: a guest that
 * still runs must not take its own RAX for the answer.
 */
static void answer(struct svsm_call *call, uint32_t result)
{
	call->answer.rax = result;
	call->answer.out &= call->may_out;
	if (arch_vmsa_write_call(call->vmsa, &call->answer)) {
		(void)arch_guest_write_byte(call->ca, 0U);
	}
}

/* After the answer: the guest may run, and the record may be served or deleted again. */
static void let_go(struct svsm_cpu *cpu)
{
	(void)svsm_gate_open(svsm_call_of(cpu)->vmsa);
	arch_point(ARCH_POINT_COMPLETED);
	svsm_record_release(record_of(cpu));
}

static void end_call(struct svsm_cpu *cpu, uint32_t result)
{
	struct svsm_call *call = svsm_call_of(cpu);

	if (call->ending == SVSM_ENDING_NO_RETURN) {
		cpu->last_vmpl = SVSM_ENTER_NONE;
		return;
	}
	answer(call, result);
	if (call->ending == SVSM_ENDING_CA_MOVED) {
		/* The old calling area is never touched again: from here on it is the guest's
		 * (section 6.2). */
		svsm_map_disown(cpu, call->ca, SVSM_PAGE_VALID);
	}
	let_go(cpu);
}

static void count(struct svsm_cpu *cpu, uint32_t result)
{
	svsm_stat_add(cpu, SVSM_STAT_CALLS, 1U);
	if (result == SVSM_SUCCESS) {
		return;
	}
	if (result == SVSM_ERR_BUSY) {
		svsm_stat_add(cpu, SVSM_STAT_BUSY, 1U);
	} else if (result == SVSM_ERR_INCOMPLETE) {
		svsm_stat_add(cpu, SVSM_STAT_INCOMPLETE, 1U);
	}
}

/* The rest of the call is written before it is read: registers by the seam, an output by the
 * handler that sets its bit. */
static void start_call(struct svsm_cpu *cpu)
{
	struct svsm_call *call = svsm_call_of(cpu);

	call->vmsa = svsm_record_vmsa(record_of(cpu));
	call->ca = svsm_record_ca(record_of(cpu));
	call->vmpl = svsm_record_vmpl(record_of(cpu));
	call->ending = SVSM_ENDING_PLAIN;
	call->answer.out = 0U;
}

/* svsm_gate_close(), whose two steps take the address from the call: it need not be kept. */
static bool close_gate(const struct svsm_call *call)
{
	return svsm_gate_clear(call->vmsa) == SVSM_GATE_OK &&
	       svsm_gate_confirm(call->vmsa) == SVSM_GATE_OK;
}

/* Serve the caller's record, which this thread holds as SERVING, if it has a call. True: it had;
 * the record is released. */
static bool serve_held(struct svsm_cpu *cpu)
{
	struct svsm_call *call = svsm_call_of(cpu);
	enum request request = REQUEST_NONE;
	uint32_t result = SVSM_SUCCESS;

	start_call(cpu);
	if (call->ca.raw == 0U || !close_gate(call)) {
		svsm_record_release(record_of(cpu));
		return false;
	}
	arch_point(ARCH_POINT_GATE_CLOSED);
	request = take_request(call);
	if (request == REQUEST_NONE) {
		(void)svsm_gate_open(call->vmsa);
		svsm_record_release(record_of(cpu));
		return false;
	}
	cpu->last_slot = call->caller.slot;
	cpu->last_vmpl = call->vmpl;
	result = request == REQUEST_CALL ? serve_call(call) : SVSM_ERR_INVALID_FORMAT;
	count(cpu, result);
	end_call(cpu, result);
	return true;
}

static bool serve_record(struct svsm_cpu *cpu)
{
	if (!svsm_record_try(record_of(cpu), SVSM_RECORD_IDLE, SVSM_RECORD_SERVING)) {
		return false;
	}
	arch_point(ARCH_POINT_RECORD_SERVING);
	return serve_held(cpu);
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

/* The record served last first, then the others. False: none had a call. */
static bool serve_one(struct svsm_cpu *cpu)
{
	unsigned int *slot = &svsm_call_of(cpu)->caller.slot;

	*slot = cpu->last_slot;
	while (!serve_record(cpu)) {
		*slot = (*slot + 1U) % SVSM_RECORDS_PER_CPU;
		if (*slot == cpu->last_slot) {
			return false;
		}
	}
	return true;
}

/* The VMPL of any record that could run. */
static unsigned int any_vmpl(struct svsm_cpu *cpu)
{
	for (unsigned int slot = 0U; slot < SVSM_RECORDS_PER_CPU; slot++) {
		const struct svsm_record_ref ref = { cpu, slot };

		if (svsm_record_ca(ref).raw != 0U) {
			return svsm_record_vmpl(ref);
		}
	}
	return SVSM_ENTER_NONE;
}

unsigned int svsm_serve(unsigned int cpu_index)
{
	struct svsm_cpu *cpu = svsm_cpu_at(cpu_index);

	if (svsm_inbox_any(&cpu->inbox)) {
		drain_inbox(cpu);
	}
	if (!serve_one(cpu)) {
		svsm_stat_add(cpu, SVSM_STAT_SPURIOUS, 1U);
	}
	/* A call of the startup vCPU that freed memory tells itself at once. */
	if (svsm_inbox_any(&cpu->inbox)) {
		drain_inbox(cpu);
	}
	/* The VMPL served last is entered again after a spurious entry. */
	if (cpu->last_vmpl == SVSM_ENTER_NONE) {
		return any_vmpl(cpu);
	}
	return cpu->last_vmpl;
}
