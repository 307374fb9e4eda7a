/* SPDX-License-Identifier: Apache-2.0 */
#include "leaf.h"

#include "tsan.h"

static struct {
	uint64_t total;
	_Alignas(SVSM_CACHE_LINE) _Atomic(uint64_t) fresh; /* leaves below were handed out at least
							      once */
	_Alignas(2U * sizeof(void *)) ck_stack_t free;	   /* cmpxchg16b operand */
} store;

static uint64_t leaf_total(uint64_t regions, unsigned int nr_cpus)
{
	return regions +
	       (uint64_t)nr_cpus * (SVSM_LEAF_CACHE + SVSM_LEAF_BATCH * SVSM_LEAF_BATCHES + 1U);
}

uint64_t svsm_leaf_bytes(uint64_t regions, unsigned int nr_cpus)
{
	return leaf_total(regions, nr_cpus) * sizeof(struct svsm_leaf) + SVSM_PAGE_SIZE;
}

bool svsm_leaf_init(struct svsm_arena *arena, uint64_t regions, unsigned int nr_cpus)
{
	store.total = leaf_total(regions, nr_cpus);
	svsm_map.leaves =
		svsm_arena_alloc(arena, store.total * sizeof(struct svsm_leaf), SVSM_PAGE_SIZE);
	atomic_init(&store.fresh, 0U);
	ck_stack_init(&store.free);
	return svsm_map.leaves != NULL;
}

void svsm_leaf_cpu_init(struct svsm_leaf_cpu *cpu)
{
	for (unsigned int i = 0U; i < SVSM_LEAF_BATCHES; i++) {
		cpu->batches[i].owner = cpu;
	}
}

/* The link occupies the first word of a free leaf; ck writes it with its own atomics. */
SVSM_NO_TSAN static void shared_push(uint32_t index)
{
	svsm_tsan_release(&store.free);
	ck_stack_push_upmc(&store.free, (struct ck_stack_entry *)(void *)&svsm_map.leaves[index]);
}

SVSM_NO_TSAN static uint32_t shared_pop(void)
{
	struct ck_stack_entry *entry = ck_stack_pop_upmc(&store.free);

	if (entry == NULL) {
		return SVSM_LEAF_NONE;
	}
	svsm_tsan_acquire(&store.free);
	return (uint32_t)((struct svsm_leaf *)(void *)entry - svsm_map.leaves);
}

static uint32_t take_fresh(void)
{
	uint64_t next = atomic_load_explicit(&store.fresh, memory_order_relaxed);

	do {
		if (next == store.total) {
			return SVSM_LEAF_NONE;
		}
	} while (!atomic_compare_exchange_weak_explicit(
		&store.fresh, &next, next + 1U, memory_order_relaxed, memory_order_relaxed));
	return (uint32_t)next;
}

uint32_t svsm_leaf_alloc(struct svsm_leaf_cpu *cpu)
{
	uint32_t index = SVSM_LEAF_NONE;

	if (cpu->cached > 0U) {
		cpu->cached--;
		return cpu->cache[cpu->cached];
	}
	index = shared_pop();
	return index != SVSM_LEAF_NONE ? index : take_fresh();
}

void svsm_leaf_discard(struct svsm_leaf_cpu *cpu, uint32_t index)
{
	if (cpu->cached < SVSM_LEAF_CACHE) {
		cpu->cache[cpu->cached] = index;
		cpu->cached++;
	} else {
		shared_push(index);
	}
}

/* Runs on the owner's thread inside svsm_epoch_poll(): the grace period of the batch is over. */
static void batch_done(ck_epoch_entry_t *entry)
{
	struct svsm_leaf_batch *batch = (struct svsm_leaf_batch *)(void *)entry;

	for (uint32_t i = 0U; i < batch->count; i++) {
		svsm_leaf_discard(batch->owner, batch->leaf[i]);
	}
	batch->count = 0U;
	batch->waiting = false;
}

_Static_assert(offsetof(struct svsm_leaf_batch, entry) == 0U, "batch_done() casts the entry");

bool svsm_leaf_may_retire(struct svsm_leaf_cpu *cpu, struct svsm_epoch *epoch)
{
	if (!cpu->batches[cpu->filling].waiting) {
		return true;
	}
	svsm_epoch_poll(epoch);
	for (unsigned int i = 0U; i < SVSM_LEAF_BATCHES; i++) {
		if (!cpu->batches[i].waiting) {
			cpu->filling = i;
			return true;
		}
	}
	return false;
}

void svsm_leaf_retire(struct svsm_leaf_cpu *cpu, struct svsm_epoch *epoch, uint32_t index)
{
	struct svsm_leaf_batch *batch = &cpu->batches[cpu->filling];

	batch->leaf[batch->count] = index;
	batch->count++;
	if (batch->count == SVSM_LEAF_BATCH) {
		batch->waiting = true;
		svsm_epoch_defer(epoch, &batch->entry, batch_done);
		svsm_epoch_poll(epoch);
	}
}

uint64_t svsm_leaf_touched(void)
{
	return atomic_load_explicit(&store.fresh, memory_order_relaxed);
}
