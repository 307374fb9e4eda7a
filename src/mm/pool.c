/* SPDX-License-Identifier: Apache-2.0 */
#include "pool.h"

#include "arch.h"
#include "depot.h"
#include "mm_cpu.h"

/* Written at boot only. */
static uint64_t reserve_start;
static uint64_t reserve_end;

void svsm_pool_set_reserve(uint64_t start, uint64_t end)
{
	reserve_start = start;
	reserve_end = end;
}

static bool is_reserve(gpa_t page)
{
	return page.raw >= reserve_start && page.raw < reserve_end;
}

static void to_depot(const struct svsm_cpu *cpu, gpa_t page)
{
	svsm_depot_put(is_reserve(page) ? svsm_depot_reserve() : svsm_depot_deposited(), cpu->index,
		       &page, 1U);
}

bool svsm_pool_get(struct svsm_cpu *cpu, gpa_t *page)
{
	struct svsm_pool *pool = &mm_cpu(cpu)->pool;

	if (!arch_alloc_permitted()) {
		return false;
	}
	if (pool->count == 0U) {
		pool->count = svsm_depot_take(svsm_depot_reserve(), cpu->index, pool->pages,
					      SVSM_POOL_BATCH);
	}
	if (pool->count == 0U) {
		pool->count = svsm_depot_take(svsm_depot_deposited(), cpu->index, pool->pages, 1U);
		if (pool->count == 1U) {
			/* See chunk_arrived() in depot.c. */
			arch_flush_local(pool->pages[0], SVSM_PAGE_4K);
		}
	}
	if (pool->count == 0U) {
		return false;
	}
	pool->count--;
	*page = pool->pages[pool->count];
	return true;
}

void svsm_pool_put(struct svsm_cpu *cpu, gpa_t page)
{
	struct svsm_pool *pool = &mm_cpu(cpu)->pool;

	if (pool->count == SVSM_POOL_CAP) {
		for (unsigned int i = 0U; i < SVSM_POOL_BATCH; i++) {
			pool->count--;
			to_depot(cpu, pool->pages[pool->count]);
		}
	}
	pool->pages[pool->count] = page;
	pool->count++;
}

void svsm_pool_flush(struct svsm_cpu *cpu)
{
	struct svsm_pool *pool = &mm_cpu(cpu)->pool;
	unsigned int kept = 0U;

	for (unsigned int i = 0U; i < pool->count; i++) {
		if (is_reserve(pool->pages[i])) {
			pool->pages[kept] = pool->pages[i];
			kept++;
		} else {
			to_depot(cpu, pool->pages[i]);
		}
	}
	pool->count = kept;
}

void svsm_pool_walk(struct svsm_cpu *cpu, void (*visit)(void *ctx, gpa_t page), void *ctx)
{
	const struct svsm_pool *pool = &mm_cpu(cpu)->pool;

	for (unsigned int i = 0U; i < pool->count; i++) {
		visit(ctx, pool->pages[i]);
	}
}
