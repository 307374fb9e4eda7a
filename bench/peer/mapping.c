/* SPDX-License-Identifier: Apache-2.0 */
#include "peer_priv.h"

/*
 * Bookkeeping of temporary mappings, in memory as a page-table editor would do it. The page itself
 * is reached through arch.h, which has a direct map: no store here makes anything accessible.
 *
 * Tables: 0 root, 1 second level, 2 directory of 4 KiB slots, 3 and 4 its page tables, 5 directory
 * of 2 MiB slots.
 */
#define PRESENT UINT64_C(1)
#define LARGE UINT64_C(0x80)
#define TABLE_DIRECTORY 2U
#define TABLE_PAGES 3U
#define TABLE_LARGE 5U

#define INDEX_BITS 9U
#define INDEX_MASK ((1U << INDEX_BITS) - 1U)

/* A mapping and the guard behind it. */
#define SLOT_PAGES 2U

static void link_table(uint64_t *tables, unsigned int from, unsigned int index, unsigned int to)
{
	tables[from * PEER_TABLE_ENTRIES + index] = ((uint64_t)to << SVSM_PAGE_SHIFT) | PRESENT;
}

void peer_mapping_init(struct peer_cpu *cpu, uint64_t *tables)
{
	cpu->tables = tables;
	link_table(tables, 0U, 0U, 1U);
	link_table(tables, 1U, 0U, TABLE_DIRECTORY);
	link_table(tables, 1U, 1U, TABLE_LARGE);
	link_table(tables, TABLE_DIRECTORY, 0U, TABLE_PAGES);
	link_table(tables, TABLE_DIRECTORY, 1U, TABLE_PAGES + 1U);
}

/* Virtual address of a slot, in units of 4 KiB. */
static uint64_t slot_page(enum svsm_page_size size, unsigned int slot)
{
	return size == SVSM_PAGE_2M
		       ? (UINT64_C(1) << (2U * INDEX_BITS)) | ((uint64_t)slot << INDEX_BITS)
		       : slot;
}

static unsigned int level_index(uint64_t page, unsigned int level)
{
	return (unsigned int)(page >> (level * INDEX_BITS)) & INDEX_MASK;
}

/* The entry that maps @page at @leaf level (0: 4 KiB, 1: 2 MiB); NULL where a table is missing. */
static uint64_t *walk(const struct peer_cpu *cpu, uint64_t page, unsigned int leaf)
{
	uint64_t *table = cpu->tables;

	for (unsigned int level = 3U; level > leaf; level--) {
		const uint64_t entry = table[level_index(page, level)];

		if ((entry & PRESENT) == 0U) {
			return NULL;
		}
		table = cpu->tables + (entry >> SVSM_PAGE_SHIFT) * PEER_TABLE_ENTRIES;
	}
	return &table[level_index(page, leaf)];
}

static bool bit(const struct peer_slots *slots, unsigned int index)
{
	return ((slots->bits[index / 64U] >> (index % 64U)) & 1U) != 0U;
}

static void set_bits(struct peer_slots *slots, unsigned int index, bool on)
{
	for (unsigned int i = index; i < index + SLOT_PAGES; i++) {
		const uint64_t mask = UINT64_C(1) << (i % 64U);

		slots->bits[i / 64U] = on ? slots->bits[i / 64U] | mask
					  : slots->bits[i / 64U] & ~mask;
	}
}

static bool take_slot(struct peer_cpu *cpu, struct peer_slots *slots, unsigned int limit,
		      unsigned int *slot)
{
	bool found = false;

	peer_write_lock(cpu, &slots->lock);
	for (unsigned int i = 0U; i + SLOT_PAGES <= limit && !found; i++) {
		if (!bit(slots, i) && !bit(slots, i + 1U)) {
			set_bits(slots, i, true);
			*slot = i;
			found = true;
		}
	}
	peer_write_unlock(&slots->lock);
	return found;
}

static void give_slot(struct peer_cpu *cpu, struct peer_slots *slots, unsigned int slot)
{
	peer_write_lock(cpu, &slots->lock);
	set_bits(slots, slot, false);
	peer_write_unlock(&slots->lock);
}

bool peer_map(struct peer_cpu *cpu, gpa_t gpa, enum svsm_page_size size, struct peer_mapping *map)
{
	const bool large = size == SVSM_PAGE_2M;
	uint64_t *entry = NULL;

	*map = (struct peer_mapping){ .gpa = gpa, .size = size };
	if (!peer.costs.mapping) {
		return true;
	}
	if (!take_slot(cpu, &cpu->slots[size], large ? PEER_TABLE_ENTRIES : PEER_SLOTS,
		       &map->slot)) {
		return false;
	}
	entry = walk(cpu, slot_page(size, map->slot), large ? 1U : 0U);
	if (entry == NULL) {
		give_slot(cpu, &cpu->slots[size], map->slot);
		return false;
	}
	*entry = gpa.raw | PRESENT | (large ? LARGE : 0U);
	peer_count(cpu, PEER_COUNT_MAPPINGS, 1U);
	return true;
}

void peer_unmap(struct peer_cpu *cpu, const struct peer_mapping *map)
{
	uint64_t *entry = NULL;

	if (!peer.costs.mapping) {
		return;
	}
	entry = walk(cpu, slot_page(map->size, map->slot), map->size == SVSM_PAGE_2M ? 1U : 0U);
	if (entry != NULL) {
		*entry = 0U;
	}
	arch_flush_local(map->gpa, map->size);
	give_slot(cpu, &cpu->slots[map->size], map->slot);
}
