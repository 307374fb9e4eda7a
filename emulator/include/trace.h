/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TRACE_H
#define TRACE_H

/*
 * Observation: a ring of the last exits and RMP changes (dumped by emu_stop), counts of exits by
 * reason and VMPL, and, in trace mode, SVSM calls, page state changes and AP creation in the format
 * of recorded traces (docs/replay.md). Every function may be called on any processor.
 */

#include "vcpu.h"

enum trace_event {
	TRACE_EXIT,	 /* a: exit code, b: info1, c: info2, d: RIP */
	TRACE_ENTER,	 /* a: VMPL, b: VMSA */
	TRACE_VMGEXIT,	 /* a: GHCB MSR or exit code, b: info1, c: info2 */
	TRACE_PVALIDATE, /* a: gPA, b: size | validate << 1, c: result code | fault << 8 | CF << 16
			  */
	TRACE_RMPADJUST, /* a: gPA, b: RDX, c: result */
	TRACE_PSC,	 /* a: gPA, b: operation, c: 0 4K, 1 2M */
	TRACE_EXCEPTION, /* a: vector, b: error, c: RIP */
	TRACE_INTERRUPT, /* a: vector */
	TRACE_AP,	 /* a: target, b: event, c: VMSA */
	TRACE_HOSTILE,	 /* a: action, b: operand */
	TRACE_NR_EVENTS,
};
void trace_note(const struct vcpu *vcpu, enum trace_event event, uint64_t a, uint64_t b, uint64_t c,
		uint64_t d);
void trace_dump(unsigned int last); /* ring of every processor, merged by time */
/*
 * Own processor. entry: right before VMRUN; the time since the last exit was spent on that exit.
 * exit: right after it, with the ticks since the entry. request: a VMGEXIT, by exit code or by
 * value of the GHCB MSR.
 */
void trace_count_entry(uint64_t now);
void trace_count_exit(struct vcpu *vcpu, uint64_t code, uint64_t cycles);
void trace_count_request(uint64_t request, bool by_msr);
void trace_report(void); /* the counts */

/*
 * Trace mode. begin: at the run-VMPL request of the guest, its VMSA loaded; end: when VMPL0 gives
 * the vCPU back. Both also feed the report. What VMPL0 asks for itself is left out.
 */
void trace_svsm_begin(struct vcpu *vcpu, bool by_msr);
void trace_svsm_end(struct vcpu *vcpu);
void trace_psc(struct vcpu *vcpu, gpa_t page, bool to_private, bool large, bool by_msr);
/* A page that became shared by the guest's access to it alone: a page state change that nobody
 * asked for. */
void trace_implicit(struct vcpu *vcpu, gpa_t page);
void trace_ap(struct vcpu *vcpu, unsigned int event, unsigned int apic_id, unsigned int vmpl,
	      gpa_t vmsa, uint64_t features);
/*
 * Before vCPUs run. Lines of the trace begin with TRACE_MARK on the debug console: what is behind
 * it in these lines, in order, is a file for `phalanx replay`.
 */
#define TRACE_MARK "~ "
void trace_enable(bool calls);

#endif
