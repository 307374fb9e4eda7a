/* SPDX-License-Identifier: Apache-2.0 */
#include "ghcb_priv.h"
#include "platform.h"

#define MSR_READ 0U
#define MSR_WRITE 1U

static void read_msr(struct vcpu *vcpu, struct ghcb_call *call)
{
	uint64_t value = 0;

	if (!platform_rdmsr(vcpu, (uint32_t)call->rcx, &value)) {
		ghcb_inject_gp(call);
		return;
	}
	GHCB_CALL_RETURN(call, rax, value & UINT32_MAX);
	GHCB_CALL_RETURN(call, rdx, value >> 32);
}

static void write_msr(struct vcpu *vcpu, struct ghcb_call *call)
{
	uint64_t value = (call->rdx << 32) | (call->rax & UINT32_MAX);

	if (!GHCB_CALL_HAS(call, rax) || !GHCB_CALL_HAS(call, rdx)) {
		ghcb_malformed(call, GHCB_REASON_MISSING);
	} else if (!platform_wrmsr(vcpu, (uint32_t)call->rcx, value)) {
		ghcb_inject_gp(call);
	}
}

void ghcb_exit_msr(struct vcpu *vcpu, struct ghcb_call *call)
{
	if (call->info1 == MSR_READ) {
		read_msr(vcpu, call);
	} else if (call->info1 == MSR_WRITE) {
		write_msr(vcpu, call);
	} else {
		ghcb_malformed(call, GHCB_REASON_INVALID);
	}
}
