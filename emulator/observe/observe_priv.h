/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OBSERVE_PRIV_H
#define OBSERVE_PRIV_H

#include "trace.h"
#include "trace_text.h"

/* What a guest has asked of the SVSM, as it was when VMPL0 was entered. */
#define CALL_MAX_ENTRIES 511U
#define CALL_OP_WORDS 12U
struct svsm_call {
	bool open;
	bool by_msr;
	bool captured; /* lists and structures below are filled in */
	bool nocall;
	unsigned int vmpl;
	gpa_t caa; /* GPA_NONE: not known */
	uint64_t began;
	uint64_t cycles; /* in VMPL0 on this vCPU since */
	uint64_t rax, rcx, rdx, r8, r9;
	bool has_header;
	bool has_list;
	uint16_t n;
	uint16_t next;
	uint32_t reserved;
	bool has_op;
	bool has_vmsa;
	uint64_t op[CALL_OP_WORDS];
	uint64_t entries[CALL_MAX_ENTRIES];
	struct {
		uint64_t selector, base, rip, cr0, cr4, efer, vmpl, features, rflags, rdx;
	} vmsa;
};

#define CALL_PROTOCOL(rax) ((uint32_t)((rax) >> 32U))
#define CALL_NUMBER(rax) ((uint32_t)(rax))
#define PROTOCOL_CORE 0U
#define PROTOCOL_ATTEST 1U
#define PROTOCOL_VTPM 2U
#define CORE_REMAP_CA 0U
#define CORE_PVALIDATE 1U
#define CORE_CREATE_VCPU 2U
#define CORE_DELETE_VCPU 3U
#define CORE_QUERY_PROTOCOL 6U
#define RESULT_INCOMPLETE UINT64_C(0x80000000)
#define RESULT_BUSY UINT64_C(0x80000007)

/* "core.pvalidate", "core.9", "proto7.1" */
void svsm_call_name(struct trace_text *line, uint64_t rax);
/* Index of a call for counting, 0..SVSM_CALL_KINDS-1; the last one is all that have no name. */
#define SVSM_CALL_KINDS 41U
unsigned int svsm_call_kind(uint64_t rax);
void svsm_call_kind_name(struct trace_text *line, unsigned int kind);

/* Fill in what the call refers to in guest memory; the guest's VMSA is loaded. */
void svsm_call_capture(struct svsm_call *call);
/* The line of the call, and comment lines in front of it; @now: registers it returned with. */
struct svsm_return {
	uint64_t rax, rcx, rdx, r8, r9;
};
void svsm_call_line(struct trace_text *line, const struct svsm_call *call, unsigned int cpu,
		    uint64_t ticks, const struct svsm_return *now);

/*
 * Header lines: memory, what is valid for @vmpl, and what its secrets page tells it of the SVSM.
 * Passes each line to @emit. Returns the first calling area, GPA_NONE if there is no secrets page.
 */
gpa_t svsm_header(unsigned int vmpl, void (*emit)(const struct trace_text *line));
/* Can a guest at @vmpl read and write the page of @gpa as private memory? */
bool svsm_page_accessible(gpa_t gpa, unsigned int vmpl);

/* svsm_trace.c: cycles that VMPL0 ran on a vCPU; a vCPU that waits in AP reset hold; a page state
 * change request by page begins. */
void svsm_call_cycles(const struct vcpu *vcpu, uint64_t cycles);
void svsm_ap_hold(const struct vcpu *vcpu);
void svsm_psc_request(const struct vcpu *vcpu);
/* Write down state changes that wait for their continuation. */
void svsm_trace_flush(void);

/* report.c: a call has ended on the calling processor. */
void report_call(uint64_t rax, uint64_t cycles);
/* Reason of an exit by name, or NULL. */
const char *report_exit_name(uint64_t code);

/* requests.c: its part of the report. */
void report_requests(void);

#endif
