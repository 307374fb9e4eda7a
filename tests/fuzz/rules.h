/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FUZZ_RULES_H
#define FUZZ_RULES_H

/* What 58019 sections 5 to 7 let a call answer, apart from the SVSM's own tables. */

#include <stdbool.h>
#include <stdint.h>

struct fz_rules_context {
	unsigned int codes;   /* EAX values 1..15 that were injected, by bit; larger ones: bit 0 */
	bool shared;	      /* others acted during the call: BUSY is possible */
	bool served_vmpl;     /* the caller runs at the VMPL that is served */
	bool psp;	      /* attestation is offered */
	unsigned int pending; /* what the guest wrote: 1 or above */
};

/*
 * May a call whose RAX was @rax answer @result? BUSY only where another vCPU can be in the way;
 * RMP codes only those that PVALIDATE and RMPADJUST have or that were injected.
 */
bool fz_result_allowed(uint64_t rax, uint32_t result, const struct fz_rules_context *context);

/* Registers that a call with this result may write, as a set of these. */
#define FZ_OUT_RCX 1U
#define FZ_OUT_RDX 2U
#define FZ_OUT_R8 4U
#define FZ_OUT_JUMP 8U /* CR3, RIP and RSP */
unsigned int fz_outputs(uint64_t rax, uint64_t rcx, uint32_t result);

#endif
