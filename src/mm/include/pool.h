/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVSM_POOL_H
#define SVSM_POOL_H

/*
 * Per-vCPU page pool: a small array stack in front of the depots, without atomics on a hit. Reserve
 * pages are used before deposited ones, and overflow goes back in batches, so that what the guest
 * can withdraw stays in the depot.
 */

#include "cpu.h"

#define SVSM_POOL_CAP 8U
#define SVSM_POOL_BATCH 4U

struct svsm_pool {
	unsigned int count;
	gpa_t pages[SVSM_POOL_CAP];
};

/* Where the reserve lies: pages outside [start, end) are deposited ones. Boot only. */
void svsm_pool_set_reserve(uint64_t start, uint64_t end);

/* A private page, contents undefined. False: out of memory, answer the call with 0x4000_0000 +
 * pages. Owner thread. */
bool svsm_pool_get(struct svsm_cpu *cpu, gpa_t *page);

/* Give a page back; the calling vCPU keeps it or returns a batch to the depots. Owner thread. */
void svsm_pool_put(struct svsm_cpu *cpu, gpa_t page);

/* Return cached deposited pages to their depot: the answer to SVSM_HINT_FLUSH_POOL. Owner thread.
 */
void svsm_pool_flush(struct svsm_cpu *cpu);

/* Call @visit for each page in the pool of @cpu. Only while no vCPU runs. */
void svsm_pool_walk(struct svsm_cpu *cpu, void (*visit)(void *ctx, gpa_t page), void *ctx);

#endif
