/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVSM_PROTOCOLS_H
#define SVSM_PROTOCOLS_H

/*
 * Protocol dispatch (58019 section 5): a const table per protocol, one row per call. The request
 * loop copies the guest's registers into a struct svsm_call; svsm_dispatch() is the only reader of
 * the protocol and call numbers in it.
 */

#include "arch.h"
#include "boot.h"
#include "record.h"

/* What follows the handler. */
enum svsm_ending {
	SVSM_ENDING_PLAIN = 0,
	SVSM_ENDING_CA_MOVED,  /* REMAP_CA: the old area becomes the guest's once its pending byte
				  is cleared */
	SVSM_ENDING_NO_RETURN, /* DELETE_VCPU of the caller itself: nothing is written back, the
				  record is gone */
};

/*
 * The call being served, one per vCPU, in its owner-only part: what outlives a seam call is then
 * found through @cpu alone. Register values are the guest's and unchecked.
 * @caller is SERVING for the whole call, so its VMSA and calling area stay what they are.
 */
struct svsm_call {
	struct arch_call_regs in;
	struct svsm_cpu *cpu; /* fixed */
	gpa_t vmsa;
	gpa_t ca; /* calling area the request came through */
	unsigned int vmpl;
	enum svsm_ending ending;
	struct arch_call_answer answer; /* the handler sets a register and its bit in out; others
					   keep what the guest put there. RAX is the result's */
	struct svsm_record_ref caller;	/* cpu fixed */
	unsigned int may_out; /* ARCH_CALL_* bits that the table allows; of the last handler that
				 ran, so only for what a handler set in answer.out */
};
_Static_assert(sizeof(struct svsm_call) <= SVSM_CPU_REQUEST_BYTES, "fits its slot");

static inline struct svsm_call *svsm_call_of(struct svsm_cpu *cpu)
{
	return (struct svsm_call *)(void *)cpu->request;
}

/* Boot: the parts of @cpu's call that never change. */
static inline void svsm_call_init(struct svsm_cpu *cpu)
{
	svsm_call_of(cpu)->cpu = cpu;
	svsm_call_of(cpu)->caller.cpu = cpu;
}

/* Result codes: svsm_abi.h. */
typedef uint32_t svsm_handler(struct svsm_call *call);

struct svsm_call_desc {
	uint16_t id;
	uint16_t since;	  /* first protocol version that has the call */
	unsigned int out; /* ARCH_CALL_* bits: output registers the call may write */
	const char *name; /* as in the specification */
	svsm_handler *handler;
	const char *section; /* of 58019 rev 1.01 */
};

struct svsm_protocol {
	uint32_t number;
	uint32_t min_version;
	uint32_t max_version;
	const struct svsm_call_desc *calls; /* indexed by call id; a NULL handler is an unknown call
					     */
	uint32_t nr_calls;
};

/*
 * Run the call that RAX names. Returns the result for RAX; UNSUPPORTED_PROTOCOL or UNSUPPORTED_CALL
 * if there is none. On the vCPU that serves, any number of vCPUs at once; bounded by the limits of
 * limits.h; waits for nobody.
 */
uint32_t svsm_dispatch(struct svsm_call *call);

/* Limits and features that the launch fixes. Boot only. */
void svsm_protocols_init(const struct svsm_boot_info *info, uint64_t startup_sev_features);

/*
 * Write SVSM_MEM_AVAILABLE into the startup vCPU's calling area @ca (58019 section 6.7). Only the
 * startup vCPU's own thread may: another could hit a page that stopped being the calling area (A6).
 */
void svsm_mem_available_refresh(gpa_t ca);

#endif
