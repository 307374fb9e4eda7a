/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GHCB_PRIV_H
#define GHCB_PRIV_H

/* One VMGEXIT as its handlers see it. */

#include "abi/ghcb_abi.h"

#include "ghcb.h"

#define GHCB_OWN_FEATURES                                                                          \
	(GHCB_HV_SNP | GHCB_HV_AP_CREATION | GHCB_HV_APIC_ID_LIST | GHCB_HV_MULTI_VMPL)

/* sw_exit_info2 beside GHCB_RESULT_MALFORMED (56421 section 4.1) */
enum ghcb_reason {
	GHCB_REASON_UNREGISTERED = 1,
	GHCB_REASON_USAGE = 2,
	GHCB_REASON_SCRATCH = 3,
	GHCB_REASON_MISSING = 4, /* a field that the exit needs is not marked valid */
	GHCB_REASON_INVALID = 5,
	GHCB_REASON_EVENT = 6, /* no such exit */
};

/*
 * Private copy of what the exit may use of the page, each field read once. There is no pointer to
 * the page: the guest can turn it private, and rewrite it, at any time.
 */
struct ghcb_call {
	gpa_t page;
	uint8_t valid[16];
	uint64_t rax, rbx, rcx, rdx;
	uint64_t exit_code, info1, info2, scratch, xcr0;
	uint16_t version;
	uint32_t usage;
	/* the answer */
	uint8_t returned[16];
	uint64_t out_info1, out_info2;
	bool deferred; /* the page is answered later, or never */
};

#define GHCB_CALL_HAS(call, field)                                                                 \
	(((call)->valid[GHCB_VALID_BYTE(field)] & GHCB_VALID_MASK(field)) != 0U)

#define GHCB_CALL_RETURN(call, field, value)                                                       \
	do {                                                                                       \
		(call)->field = (value);                                                           \
		(call)->returned[GHCB_VALID_BYTE(field)] |= GHCB_VALID_MASK(field);                \
	} while (0)

void ghcb_malformed(struct ghcb_call *call, enum ghcb_reason reason);
void ghcb_inject_gp(struct ghcb_call *call);

/* scratch.c: the area that sw_scratch names, by offset. */

/*
 * Is [scratch, scratch + bytes) shared memory, inside the shared buffer if it is in the page? If
 * not the call is marked as malformed.
 */
bool ghcb_scratch_check(struct ghcb_call *call, uint64_t bytes);
/* After a check of at least offset + len bytes. False, and marked, if the memory is not shared any
 * more. */
bool ghcb_scratch_read(struct ghcb_call *call, uint64_t offset, void *data, size_t len);
bool ghcb_scratch_write(struct ghcb_call *call, uint64_t offset, const void *data, size_t len);

/* msr_protocol.c: serve a request of the MSR form; @vcpu->ghcb_msr gets the answer. */
void ghcb_msr_request(struct vcpu *vcpu, uint64_t request);

/* What both forms share. */
bool ghcb_psc(struct vcpu *vcpu, gpa_t page, unsigned int op, bool large, bool by_msr);
/* False: not allowed, or the VMPL cannot run. True: the vCPU has switched. */
bool ghcb_run_vmpl(struct vcpu *vcpu, unsigned int target, bool by_msr);
_Noreturn void ghcb_terminate(const struct vcpu *vcpu, unsigned int set, unsigned int reason);

/* Exits of the page form. */
typedef void ghcb_exit_fn(struct vcpu *vcpu, struct ghcb_call *call);
ghcb_exit_fn ghcb_exit_dr7_read, ghcb_exit_dr7_write, ghcb_exit_rdtsc, ghcb_exit_rdtscp;
ghcb_exit_fn ghcb_exit_rdpmc, ghcb_exit_vmmcall, ghcb_exit_nothing;
ghcb_exit_fn ghcb_exit_cpuid, ghcb_exit_msr, ghcb_exit_io, ghcb_exit_mmio_read;
ghcb_exit_fn ghcb_exit_mmio_write, ghcb_exit_ap_hold, ghcb_exit_psc, ghcb_exit_guest_request;
ghcb_exit_fn ghcb_exit_ap_creation, ghcb_exit_apic_ids, ghcb_exit_run_vmpl, ghcb_exit_features;
ghcb_exit_fn ghcb_exit_terminate, ghcb_exit_unsupported;

#endif
