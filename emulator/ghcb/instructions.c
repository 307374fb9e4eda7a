/* SPDX-License-Identifier: Apache-2.0 */

/* Instructions of which the exit is the whole operand. */

#include "ghcb_priv.h"
#include "host.h"

#define DR7_RESET UINT64_C(0x400)
/* "no such call" of the hypercall interface that CPUID leaf 0x40000000 names */
#define HYPERCALL_NONE ((uint64_t)-1000)

/* XOR with the reset value, so that zero stands for it. Kept for reads only: breakpoints of a guest
 * are not armed. */
static uint64_t dr7_xor[EMU_MAX_CPUS][EMU_NR_VMPLS];

void ghcb_exit_dr7_read(struct vcpu *vcpu, struct ghcb_call *call)
{
	GHCB_CALL_RETURN(call, rax, dr7_xor[vcpu->cpu][vcpu->vmpl] ^ DR7_RESET);
}

void ghcb_exit_dr7_write(struct vcpu *vcpu, struct ghcb_call *call)
{
	if (call->rax >> 32 != 0U) {
		ghcb_inject_gp(call);
		return;
	}
	dr7_xor[vcpu->cpu][vcpu->vmpl] = (call->rax | DR7_RESET) ^ DR7_RESET;
}

void ghcb_exit_rdtsc(struct vcpu *vcpu, struct ghcb_call *call)
{
	uint64_t tsc = host_tsc();

	(void)vcpu;
	GHCB_CALL_RETURN(call, rax, tsc & UINT32_MAX);
	GHCB_CALL_RETURN(call, rdx, tsc >> 32);
}

/* TSC_AUX is the guest's own register; a guest that exits for RDTSCP has not set it up. */
void ghcb_exit_rdtscp(struct vcpu *vcpu, struct ghcb_call *call)
{
	ghcb_exit_rdtsc(vcpu, call);
	GHCB_CALL_RETURN(call, rcx, 0);
}

/* No counters are offered. */
void ghcb_exit_rdpmc(struct vcpu *vcpu, struct ghcb_call *call)
{
	(void)vcpu;
	ghcb_inject_gp(call);
}

void ghcb_exit_vmmcall(struct vcpu *vcpu, struct ghcb_call *call)
{
	(void)vcpu;
	GHCB_CALL_RETURN(call, rax, HYPERCALL_NONE);
}

/* Caches are coherent, MWAIT may end at once, and NMIs end with IRET. */
void ghcb_exit_nothing(struct vcpu *vcpu, struct ghcb_call *call)
{
	(void)vcpu;
	(void)call;
}
