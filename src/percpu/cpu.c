/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu.h"

struct svsm_cpu *svsm_cpus;

/* Written once by svsm_cpus_init() before any other CPU runs, read-only afterwards. */
static struct {
	unsigned int count;
	uint32_t *sorted_ids; /* APIC ids ascending, and the index each belongs to */
	uint32_t *sorted_index;
} cpus;

uint64_t svsm_cpus_bytes(unsigned int count)
{
	return (uint64_t)count * (sizeof(struct svsm_cpu) + 2U * sizeof(uint32_t)) +
	       2U * SVSM_PAGE_SIZE;
}

/* Insertion sort: boot only, and hosts hand APIC ids out in ascending order. False on a duplicate.
 */
static bool insert_id(uint32_t apic_id, uint32_t index)
{
	uint32_t at = index;

	while (at > 0U && cpus.sorted_ids[at - 1U] > apic_id) {
		cpus.sorted_ids[at] = cpus.sorted_ids[at - 1U];
		cpus.sorted_index[at] = cpus.sorted_index[at - 1U];
		at--;
	}
	cpus.sorted_ids[at] = apic_id;
	cpus.sorted_index[at] = index;
	return at == 0U || cpus.sorted_ids[at - 1U] != apic_id;
}

bool svsm_cpus_init(struct svsm_arena *arena, const uint32_t *apic_ids, unsigned int count)
{
	cpus.count = count;
	svsm_cpus = svsm_arena_alloc(arena, count * sizeof(struct svsm_cpu), SVSM_PAGE_SIZE);
	cpus.sorted_ids = svsm_arena_alloc(arena, count * sizeof(uint32_t), SVSM_CACHE_LINE);
	cpus.sorted_index = svsm_arena_alloc(arena, count * sizeof(uint32_t), SVSM_CACHE_LINE);
	if (svsm_cpus == NULL || cpus.sorted_ids == NULL || cpus.sorted_index == NULL) {
		return false;
	}
	for (unsigned int i = 0U; i < count; i++) {
		svsm_cpus[i].index = i;
		svsm_cpus[i].apic_id = apic_ids[i];
		svsm_inbox_init(&svsm_cpus[i].inbox);
		if (!insert_id(apic_ids[i], i)) {
			return false;
		}
	}
	return true;
}

unsigned int svsm_cpus_count(void)
{
	return cpus.count;
}

struct svsm_cpu *svsm_cpu_by_apic(uint32_t apic_id)
{
	unsigned int low = 0U;
	unsigned int high = cpus.count;

	while (low < high) {
		const unsigned int middle = low + (high - low) / 2U;

		if (cpus.sorted_ids[middle] == apic_id) {
			return &svsm_cpus[cpus.sorted_index[middle]];
		}
		if (cpus.sorted_ids[middle] < apic_id) {
			low = middle + 1U;
		} else {
			high = middle;
		}
	}
	return NULL;
}
