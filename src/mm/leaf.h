/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVSM_LEAF_H
#define SVSM_LEAF_H

/*
 * Store of ownership-map leaves: 512 two-bit page states, 128 bytes each, all reserved at boot.
 *
 * Number: one per region of the map, plus for every vCPU its cache, its retired leaves and one in
 * its hands. So svsm_leaf_alloc() cannot run dry: were all leaves elsewhere, every other bound
 * would be reached at once, the caller's own empty cache included. It still has a failure answer,
 * which callers turn into BUSY.
 *
 * Life: free -> filled by a splitter -> named by one region word -> (the region becomes uniform)
 * retired, all-CLAIMED, for a grace period of ck_epoch -> free. A vCPU retires in batches; while
 * all its batches wait for a grace period svsm_leaf_may_retire() says no and regions stay split:
 * stopped vCPUs cost memory bounded here, never progress.
 *
 * Free leaves: per-vCPU cache, then a shared ck_stack whose links live in the first word of the
 * free leaves (type-stable memory; pop_upmc carries a generation against ABA), then a counter of
 * leaves never used.
 */

#include "cpu.h"
#include "epoch.h"
#include "ownmap_words.h"

#define SVSM_LEAF_CACHE 16U
#define SVSM_LEAF_BATCH 32U
#define SVSM_LEAF_BATCHES 4U
#define SVSM_LEAF_NONE UINT32_MAX

struct svsm_leaf_batch {
	ck_epoch_entry_t entry;
	struct svsm_leaf_cpu *owner;
	uint32_t count;
	bool waiting;
	uint32_t leaf[SVSM_LEAF_BATCH];
};

/* Owner-only. */
struct svsm_leaf_cpu {
	uint32_t cached;
	uint32_t cache[SVSM_LEAF_CACHE];
	unsigned int filling; /* batch that retired leaves go to */
	struct svsm_leaf_batch batches[SVSM_LEAF_BATCHES];
};

bool svsm_leaf_init(struct svsm_arena *arena, uint64_t regions, unsigned int nr_cpus);
uint64_t svsm_leaf_bytes(uint64_t regions, unsigned int nr_cpus);
void svsm_leaf_cpu_init(struct svsm_leaf_cpu *cpu);

static inline struct svsm_leaf *svsm_leaf_at(uint32_t index)
{
	return &svsm_map.leaves[index];
}

/* A leaf that nobody names, contents undefined; SVSM_LEAF_NONE if there is none. Owner thread. */
uint32_t svsm_leaf_alloc(struct svsm_leaf_cpu *cpu);

/* Give back a leaf that no region word has named since it was allocated: no reader can hold it. */
void svsm_leaf_discard(struct svsm_leaf_cpu *cpu, uint32_t index);

/* May this vCPU retire one more leaf? Polls the epoch when its current batch is full. */
bool svsm_leaf_may_retire(struct svsm_leaf_cpu *cpu, struct svsm_epoch *epoch);

/* Retire a leaf (all-CLAIMED, no longer named). Only after svsm_leaf_may_retire() said yes. */
void svsm_leaf_retire(struct svsm_leaf_cpu *cpu, struct svsm_epoch *epoch, uint32_t index);

/* Leaves taken from the never-used counter so far: the high-water mark of leaf memory. */
uint64_t svsm_leaf_touched(void);

#endif
