/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORM_H
#define STORM_H

/*
 * Guests that issue random calls, valid and hostile, from all vCPUs, on few pages: most calls meet
 * others. A round works on regions of its own, because pages that the host takes away are lost.
 */

#include "stress.h"

#define STORM_REGIONS 2U
#define STORM_CALLS 8U

struct storm_vcpu {
	uint64_t random;
	bool stopped;	     /* no VMSA of this vCPU runs: the rest of the round is over for it */
	unsigned int misses; /* calls in a row that were not served */
	_Atomic(uint64_t) next_ca;	 /* of the VMSA that the host was told to run */
	uint64_t made[STORM_CALLS + 1U]; /* by call; last: all other entries of VMPL0 */
	uint64_t succeeded[STORM_CALLS];
	uint64_t busy, accesses;
};

struct storm {
	struct rig rig;
	uint64_t seed;
	atomic_bool stop;
	uint64_t valid[STORM_REGIONS];	 /* regions that were valid at launch */
	uint64_t invalid[STORM_REGIONS]; /* and such that were not */
	uint64_t home;			 /* valid pages that the host leaves alone */
	uint64_t spare;			 /* the last one used for a new VMSA or calling area */
	struct storm_vcpu vcpu[RIG_CPUS];
};

/* A round of random steps on the thread of a vCPU, until storm.stop. */
void storm_guest(struct rig *r, unsigned int cpu, void *ctx);

/* A page of this round, as the host picks one. */
uint64_t storm_page(const struct storm *s, uint64_t *random);

#endif
