/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GHCB_H
#define GHCB_H

/*
 * GHCB protocol version 2 (56421), both forms. Each VMGEXIT reads the GHCB page once into a copy,
 * works on the copy, and writes back what the exit returns. Every error of the guest is answered as
 * the protocol has it: malformed input with EXITINFO1 = 2, never by stopping, but for a request to
 * terminate.
 */

#include "vcpu.h"

/* Serve the VMGEXIT of the active VMPL; RIP is behind it. May change state, VMPL and VMSAs. */
void ghcb_vmgexit(struct vcpu *vcpu);

/* A VMPL that was asked for by run-VMPL returns to @vcpu->caller_vmpl: write the answer (0 or an
 * error) where that VMPL expects it (MSR 0x017, or EXITINFO1/2 of its page). */
void ghcb_complete_run_vmpl(struct vcpu *vcpu, unsigned int caller, bool ok);

/* Guest requests to the security processor (psp.c); false: no PSP in this build. */
struct ghcb_psp_result {
	uint32_t firmware_error;
	uint32_t vmm_error;
	uint64_t pages_needed;
};
bool ghcb_psp_request(struct vcpu *vcpu, gpa_t request, gpa_t response, gpa_t certs,
		      uint64_t cert_pages, bool extended, struct ghcb_psp_result *result);

#endif
