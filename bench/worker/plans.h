/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_PLANS_H
#define WORKER_PLANS_H

#include "bench_impl.h"
#include "rig.h"

/* How a kind of load is made: a cycle is one run of calls of each of its kinds. */
struct plan {
	const char *kind[2]; /* [1] NULL: one kind */
	enum bench_call needs;
	bool single; /* vCPU 0 alone makes the calls */
	uint64_t (*work_bytes)(const struct rig *rig);
	/* On the bound thread; false after a complaint. May set w->plan. */
	bool (*prepare)(struct worker *w);
	/* False: stop, because the time is over or something failed. */
	bool (*run)(struct worker *w, unsigned int kind);
};

extern const struct plan plan_null, plan_pvalidate, plan_create, plan_remap, plan_deposit;

struct call_list {
	uint16_t count;
	uint16_t next;
	uint32_t reserved;
	uint64_t entry[LOAD_MAX_ENTRIES];
};

/* Where a list of @entries goes: behind the calling area, or to a page of its own. */
uint64_t plan_list_gpa(const struct worker *w, unsigned int entries);
bool plan_write_list(struct worker *w, const struct call_list *list);

/* Extra vCPUs beside the measured ones: until the phase is RIG_STOPPING. */
void beside_storm(struct worker *w);
void beside_victim(struct worker *w);
/* Host side: stop the victim in the middle of a call. False after a message. */
bool beside_freeze(struct rig *rig);
void beside_thaw(struct rig *rig);

/* Recorded boots: no rig of its own. Prints the result. */
bool traces_run(const struct load *load);

/* Map-word conflicts so far, all vCPUs; 0 where the implementation has no such words. */
uint64_t worker_conflicts(void);

#endif
