/* SPDX-License-Identifier: Apache-2.0 */
#include "iommu_table.h"

#include <stdatomic.h>

#include "host.h"
#include "ram.h"
#include "rmp.h"

#define ENTRIES 512U
#define INDEX_BITS 9U
#define ADDRESS_MASK UINT64_C(0x000ffffffffff000)

#define SL_READ_WRITE UINT64_C(3)
#define ROOT_PRESENT UINT64_C(1)
#define CONTEXT_PRESENT UINT64_C(1) /* translation type 0: through the second level */
#define CONTEXT_DOMAIN(id) ((uint64_t)(id) << 8U)

typedef _Atomic(uint64_t) entry_t;

static struct {
	unsigned int levels;
	entry_t *root;	 /* 256 buses */
	entry_t *second; /* root of the second level */
	bool out_of_memory;
} table;

/* Pages of the heap have their physical address. */
static uint64_t address_of(const entry_t *page)
{
	return (uint64_t)(uintptr_t)page;
}

static void set(entry_t *entry, uint64_t value)
{
	/* release: pairs with the walk of a device, which finds a table that is filled */
	atomic_store_explicit(entry, value, memory_order_release);
}

static uint64_t get(const entry_t *entry)
{
	return atomic_load_explicit(entry, memory_order_relaxed);
}

bool iommu_table_init(unsigned int levels)
{
	entry_t *context;

	table.levels = levels;
	table.out_of_memory = false;
	table.root = host_pages(1);
	table.second = host_pages(1);
	context = host_pages(1);
	if (!table.root || !table.second || !context) {
		return false;
	}
	for (unsigned int i = 0; i < ENTRIES; i += 2U) {
		/* The width of addresses is 30 bits and 9 for each unit of the second word. */
		set(&context[i + 1U], CONTEXT_DOMAIN(IOMMU_DOMAIN) | (levels - 2U));
		set(&context[i], address_of(table.second) | CONTEXT_PRESENT);
		set(&table.root[i], address_of(context) | ROOT_PRESENT);
	}
	return true;
}

uint64_t iommu_table_root(void)
{
	return address_of(table.root);
}

/* Devices do not reach the page then, which is the safe side. */
static entry_t *new_table(void)
{
	entry_t *page = host_pages(1);

	if (!page && !table.out_of_memory) {
		table.out_of_memory = true;
		host_log("dma: no memory for a table, transfers will fail: raise --reserve\n");
	}
	return page;
}

/* The entry of the page of @gpa; NULL: none, and with @make no memory either. */
static entry_t *leaf(uint64_t gpa, bool make)
{
	entry_t *at = table.second;

	for (unsigned int level = table.levels; level > 1U; level--) {
		entry_t *entry =
			&at[gpa >> (EMU_PAGE_SHIFT + INDEX_BITS * (level - 1U)) & (ENTRIES - 1U)];

		if (get(entry) == 0U) {
			at = make ? new_table() : NULL;
			if (!at) {
				return NULL;
			}
			set(entry, address_of(at) | SL_READ_WRITE);
		}
		at = (entry_t *)(uintptr_t)(get(entry) & ADDRESS_MASK);
	}
	return &at[gpa >> EMU_PAGE_SHIFT & (ENTRIES - 1U)];
}

/* Firmware is memory to guests, but no memory of the machine at its address. */
static bool is_machine_memory(uint64_t address)
{
	const struct host_boot *boot = host_boot();

	for (unsigned int i = 0; i < boot->nr_ram; i++) {
		if (address - boot->ram[i].start.raw < boot->ram[i].bytes) {
			return true;
		}
	}
	return false;
}

/* What the entry of the page should be; 0: none. */
static uint64_t wanted(uint64_t gpa)
{
	hpa_t hpa;

	if (!is_machine_memory(gpa) || !rmp_is_shared(gpa_make(gpa)) ||
	    !ram_translate(gpa_make(gpa), &hpa)) {
		return 0;
	}
	return (hpa.raw & ADDRESS_MASK) | SL_READ_WRITE;
}

bool iommu_table_update(gpa_t gpa, uint64_t bytes)
{
	bool removed = false;

	for (uint64_t at = gpa.raw; at < gpa.raw + bytes; at += EMU_PAGE_SIZE) {
		uint64_t value = wanted(at);
		entry_t *entry = leaf(at, value != 0U);
		uint64_t former = entry ? get(entry) : value;

		if (former != value) {
			set(entry, value);
			removed = removed || former != 0U;
		}
	}
	return removed;
}
