/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_RIG_H
#define WORKER_RIG_H

/*
 * The machine of a worker and its guest's memory: from 2 MiB on four pages per vCPU (calling area,
 * VMSA, second calling area, second VMSA), behind them the work area. All of it is valid and the
 * guest's at launch.
 */

#include <stdatomic.h>

#include "histogram.h"
#include "load.h"
#include "machine.h"

#define RAX_REMAP_CA UINT64_C(0)
#define RAX_PVALIDATE UINT64_C(1)
#define RAX_CREATE_VCPU UINT64_C(2)
#define RAX_DELETE_VCPU UINT64_C(3)
#define RAX_DEPOSIT_MEM UINT64_C(4)
#define RAX_WITHDRAW_MEM UINT64_C(5)
#define RAX_QUERY_PROTOCOL UINT64_C(6)
#define RESULT_INCOMPLETE UINT64_C(0x80000000)
#define RESULT_BUSY UINT64_C(0x80000007)
#define CA_LIST 8U /* where Linux has its lists: in the calling area's page */

/* RIG_PAUSED: between two calls the runners wait, so that the host can stop another vCPU where it
 * wants to, however many they are. */
enum rig_phase { RIG_WARMING, RIG_PAUSED, RIG_MEASURING, RIG_STOPPING };

struct rig {
	struct load load;
	struct hm_machine *machine;
	unsigned int nr_vcpus;	       /* of the machine */
	unsigned int runners;	       /* vCPUs 0..runners-1 make the calls that are measured */
	uint64_t work;		       /* gPA of the work area */
	_Atomic(uint64_t) victim_base; /* beside.c: RMP instructions of the victim at its last call
					*/
	_Alignas(SVSM_CACHE_LINE) atomic_uint phase; /* enum rig_phase */
	_Alignas(SVSM_CACHE_LINE) atomic_uint ready; /* runners that are warm, and others that run
						      */
};

/* What one vCPU did of one kind of call. */
struct tally {
	uint64_t calls, pages, busy, incomplete;
	uint64_t late; /* calls that were under way when the time was over: in the histogram only */
	uint64_t flushes;
	uint64_t cpu_ns;
	struct histogram latency;
};

struct worker {
	_Alignas(SVSM_CACHE_LINE) struct rig *rig;
	unsigned int index;
	unsigned int ca; /* which of its calling areas is in use */
	unsigned int kind;
	bool measuring;
	bool failed;
	uint64_t last; /* ticks: when the last call was through */
	uint64_t cpu_mark, flush_mark;
	uint64_t answer; /* where results go, so that no call can be optimised away */
	void *plan;	 /* owns: of the kind of load */
	pthread_t thread;
	struct tally tally[2];
};

bool rig_start(struct rig *rig, uint64_t work_bytes);
void rig_stop(struct rig *rig);

uint64_t rig_ca(unsigned int vcpu, unsigned int which);
uint64_t rig_vmsa(unsigned int vcpu, unsigned int which);

/* CREATE_VCPU of @target, its fresh VMSA written by @w before; the guest's side alone, no AP start.
 */
bool rig_write_vmsa(struct worker *w, unsigned int target, unsigned int which);
struct hm_regs rig_create_regs(unsigned int target, unsigned int which);

/* ---- calls of a vCPU ---- */

/* The same registers again while the answer is BUSY or INCOMPLETE, as Linux does. True if it was
 * SUCCESS in the end; complains otherwise. */
bool worker_call(struct worker *w, struct hm_regs *regs);
/* A call over @pages pages, with all that the guest did for it since the last one, is through.
 * False: stop. */
bool worker_record(struct worker *w, uint64_t pages);
/* What was done since the last call is not part of the next one. */
void worker_skip(struct worker *w);
/* Begin and end of a run of calls of one kind. */
void worker_kind(struct worker *w, unsigned int kind);
void worker_settle(struct worker *w);
bool worker_complain(struct worker *w, const char *what, uint64_t value);
bool worker_stopping(const struct worker *w);

#endif
