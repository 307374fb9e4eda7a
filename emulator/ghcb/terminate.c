/* SPDX-License-Identifier: Apache-2.0 */
#include "ghcb_priv.h"
#include "host.h"

#define SET_GENERAL 0U
#define SET_LINUX 1U

/* 56421 section 2.3.1 and, for set 1, what Linux means by it */
static const struct {
	unsigned int set, reason;
	const char *text;
} meanings[] = {
	{ SET_GENERAL, 0, "general request" },
	{ SET_GENERAL, 1, "protocol version not supported" },
	{ SET_GENERAL, 2, "SEV-SNP features not supported" },
	{ SET_LINUX, 0, "GHCB page not registered" },
	{ SET_LINUX, 1, "page state change failed" },
	{ SET_LINUX, 2, "PVALIDATE failed" },
	{ SET_LINUX, 3, "not at VMPL0" },
	{ SET_LINUX, 4, "bad CPUID page" },
	{ SET_LINUX, 5, "bad CPUID answer of the hypervisor" },
	{ SET_LINUX, 6, "bad secrets page" },
	{ SET_LINUX, 7, "no SVSM" },
	{ SET_LINUX, 8, "SVSM at VMPL0 of the guest" },
	{ SET_LINUX, 9, "calling area not aligned" },
	{ SET_LINUX, 10, "SecureTSC failed" },
	{ SET_LINUX, 11, "calling area not remapped" },
	{ SET_LINUX, 12, "Secure AVIC failed" },
};

void ghcb_terminate(const struct vcpu *vcpu, unsigned int set, unsigned int reason)
{
	const char *text = "unknown";

	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
		if (meanings[i].set == set && meanings[i].reason == reason) {
			text = meanings[i].text;
		}
	}
	emu_stop(EMU_EXIT_GUEST_TERMINATED,
		 "guest asked to terminate: set %u reason %u (%s), vCPU %u VMPL%u", set, reason,
		 text, vcpu->cpu, vcpu->vmpl);
}

void ghcb_exit_terminate(struct vcpu *vcpu, struct ghcb_call *call)
{
	ghcb_terminate(vcpu, (unsigned int)call->info1 & 0xfU,
		       (unsigned int)(call->info1 >> 4) & 0xffU);
}

/* The guest tells of an exception that it cannot handle; it decides what to do next. */
void ghcb_exit_unsupported(struct vcpu *vcpu, struct ghcb_call *call)
{
	host_log("vCPU %u VMPL%u: guest has no handler for exit 0x%lx\n", vcpu->cpu, vcpu->vmpl,
		 (unsigned long)call->info1);
}
