/* SPDX-License-Identifier: Apache-2.0 */
#include "ghcb_priv.h"
#include "platform.h"

#define LEAF_XSAVE 0xdU

/* The size of the XSAVE area depends on XCR0, so that leaf needs it (56421 section 4.1.2). */
void ghcb_exit_cpuid(struct vcpu *vcpu, struct ghcb_call *call)
{
	uint32_t leaf = (uint32_t)call->rax;
	uint32_t regs[4];

	if (leaf == LEAF_XSAVE && !GHCB_CALL_HAS(call, xcr0)) {
		ghcb_malformed(call, GHCB_REASON_MISSING);
		return;
	}
	platform_cpuid(vcpu->cpu, leaf, (uint32_t)call->rcx, regs);
	GHCB_CALL_RETURN(call, rax, regs[0]);
	GHCB_CALL_RETURN(call, rbx, regs[1]);
	GHCB_CALL_RETURN(call, rcx, regs[2]);
	GHCB_CALL_RETURN(call, rdx, regs[3]);
}
