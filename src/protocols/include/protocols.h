/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVSM_PROTOCOLS_H
#define SVSM_PROTOCOLS_H

/*
 * Protocol dispatch (58019 section 5): a const table per protocol, one row per call. The request
 * loop copies the guest's registers into a struct svsm_call; svsm_dispatch() is the only reader of
 * the protocol and call numbers in it.
 */

#include "boot.h"
#include "record.h"

/* Output registers: the handler sets the bit and the value; others keep what the guest put there.
 */
enum svsm_out {
	SVSM_OUT_RCX = 1U << 0,
	SVSM_OUT_RDX = 1U << 1,
	SVSM_OUT_R8 = 1U << 2,
};

/*
 * One call being served. Lives on the serving thread's stack; register values are the guest's and
 * unchecked.
 * @caller is SERVING for the whole call, so its VMSA and calling area stay what they are.
 */
struct svsm_call {
	struct svsm_cpu *cpu;
	struct svsm_record_ref caller;
	gpa_t vmsa;
	gpa_t ca; /* calling area the request came through */
	unsigned int vmpl;
	uint64_t rax, rcx, rdx, r8, r9;
	unsigned int out; /* enum svsm_out bits */
	uint64_t out_rcx, out_rdx, out_r8;
	bool ca_moved;	/* REMAP_CA: the old area @ca becomes the guest's once its pending byte is
			   cleared */
	bool no_return; /* DELETE_VCPU of the caller itself: nothing is written back, the record is
			   gone */
};

/* Result codes: svsm_abi.h. */
typedef uint32_t svsm_handler(struct svsm_call *call);

struct svsm_call_desc {
	uint32_t id;
	const char *name; /* as in the specification */
	svsm_handler *handler;
	uint32_t since;	     /* first protocol version that has the call */
	unsigned int out;    /* output registers the call may write */
	const char *section; /* of 58019 rev 1.01 */
};

struct svsm_protocol {
	uint32_t number;
	uint32_t min_version;
	uint32_t max_version;
	const struct svsm_call_desc *calls; /* indexed by call id; a NULL handler is an unknown call
					     */
	uint32_t nr_calls;
	bool (*offered)(void); /* NULL: always */
};

/*
 * Run the call that RAX names. Returns the result for RAX; UNSUPPORTED_PROTOCOL or UNSUPPORTED_CALL
 * if there is none. On the vCPU that serves, any number of vCPUs at once; bounded by the limits of
 * limits.h; waits for nobody.
 */
uint32_t svsm_dispatch(struct svsm_call *call);

/* The protocol with @number, NULL if it is not offered. */
const struct svsm_protocol *svsm_protocol_find(uint32_t number);

/* Limits and features that the launch fixes. Boot only. */
void svsm_protocols_init(const struct svsm_boot_info *info, uint64_t startup_sev_features);

/*
 * Write SVSM_MEM_AVAILABLE into the startup vCPU's calling area @ca (58019 section 6.7). Only the
 * startup vCPU's own thread may: another could hit a page that stopped being the calling area (A6).
 */
void svsm_mem_available_refresh(gpa_t ca);

#endif
