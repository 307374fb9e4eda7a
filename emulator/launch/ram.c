/* SPDX-License-Identifier: Apache-2.0 */
#include "ram.h"

#include <stdatomic.h>

#include "host.h"
#include "rmp.h"

#define MAX_REGIONS 8U
#define FOUR_GIB (UINT64_C(1) << 32)
/* Pages that a hostile host moved: open addressing, entries are never removed. */
#define MOVED_SLOTS 1024U
#define MOVED_MAX (MOVED_SLOTS / 2U)

struct region {
	uint64_t start, bytes;
	uint64_t host; /* where it is; equal to start for memory */
	bool rom;
};

/* Written before vCPUs run, constant afterwards. */
static struct region regions[MAX_REGIONS];
static unsigned int nr_regions;

struct moved {
	_Atomic(uint64_t) page; /* page number + 1; 0: free */
	_Atomic(uint64_t) host; /* hPA of the page; 0: not set yet */
};
static struct moved moved[MOVED_SLOTS];
static _Atomic(unsigned int) nr_moved;

static void add(const struct region *region)
{
	if (nr_regions == MAX_REGIONS) {
		emu_stop(EMU_EXIT_EMULATOR, "more than %u memory regions", MAX_REGIONS);
	}
	regions[nr_regions++] = *region;
}

void ram_add(gpa_t start, uint64_t bytes)
{
	add(&(struct region){ .start = start.raw, .bytes = bytes, .host = start.raw });
}

void ram_add_rom(gpa_t start, uint64_t bytes, void *copy)
{
	add(&(struct region){
		.start = start.raw, .bytes = bytes, .host = (uint64_t)copy, .rom = true });
}

static gpa_t top_below(uint64_t limit)
{
	uint64_t top = 0;

	for (unsigned int i = 0; i < nr_regions; i++) {
		const uint64_t end = regions[i].start + regions[i].bytes;

		if (!regions[i].rom && end <= limit && end > top) {
			top = end;
		}
	}
	return gpa_make(top);
}

gpa_t ram_top_low(void)
{
	return top_below(FOUR_GIB);
}

gpa_t ram_top(void)
{
	return top_below(UINT64_MAX);
}

static const struct region *find(uint64_t gpa)
{
	for (unsigned int i = 0; i < nr_regions; i++) {
		if (gpa >= regions[i].start && gpa - regions[i].start < regions[i].bytes) {
			return &regions[i];
		}
	}
	return NULL;
}

bool ram_is_memory(gpa_t gpa)
{
	return find(gpa.raw) != NULL;
}

/* Slot of @page, or the free one where it would be; the table is never full. */
static struct moved *moved_slot(uint64_t page)
{
	unsigned int i = (unsigned int)(page * UINT64_C(0x9e3779b97f4a7c15) >> 54U);

	for (;; i = (i + 1U) % MOVED_SLOTS) {
		/* pairs with ram_move: a page seen here has its slot for good */
		const uint64_t at = atomic_load_explicit(&moved[i].page, memory_order_acquire);

		if (at == 0U || at == page + 1U) {
			return &moved[i];
		}
	}
}

static uint64_t moved_to(uint64_t page)
{
	const struct moved *slot;

	if (atomic_load_explicit(&nr_moved, memory_order_relaxed) == 0U) {
		return 0;
	}
	slot = moved_slot(page);
	/* pairs with ram_move: what the caller wrote to the new page before it moved it */
	return atomic_load_explicit(&slot->host, memory_order_acquire);
}

bool ram_translate(gpa_t gpa, hpa_t *hpa)
{
	const struct region *region = find(gpa.raw);
	uint64_t page;

	if (region == NULL) {
		return false;
	}
	page = moved_to(gpa_page_number(gpa));
	hpa->raw = page != 0U ? page | (gpa.raw & EMU_PAGE_MASK)
			      : region->host + (gpa.raw - region->start);
	return true;
}

void *ram_pointer(gpa_t gpa, size_t len)
{
	hpa_t hpa;

	if (len > EMU_PAGE_SIZE - (gpa.raw & EMU_PAGE_MASK) || !ram_translate(gpa, &hpa)) {
		return NULL;
	}
	/* not the identity mapping, in which page 0 would be NULL */
	return (void *)(HOST_DIRECT + hpa.raw);
}

void *ram_shared_pointer(gpa_t gpa, size_t len)
{
	return rmp_is_shared(gpa) ? ram_pointer(gpa, len) : NULL;
}

bool ram_move(gpa_t gpa, hpa_t hpa)
{
	const uint64_t page = gpa_page_number(gpa);

	if (!ram_is_memory(gpa) || (hpa.raw & EMU_PAGE_MASK) != 0U || hpa.raw == 0U) {
		return false;
	}
	for (;;) {
		struct moved *slot = moved_slot(page);
		uint64_t at = 0;

		/* pairs with moved_slot */
		if (atomic_load_explicit(&slot->page, memory_order_acquire) != 0U) {
			/* pairs with moved_to */
			atomic_store_explicit(&slot->host, hpa.raw, memory_order_release);
			return true;
		}
		if (atomic_fetch_add_explicit(&nr_moved, 1, memory_order_relaxed) >= MOVED_MAX) {
			atomic_fetch_sub_explicit(&nr_moved, 1, memory_order_relaxed);
			return false;
		}
		/* A slot that another processor takes first belongs to another page or to this
		 * one: look again. pairs with moved_slot */
		if (!atomic_compare_exchange_strong_explicit(&slot->page, &at, page + 1U,
							     memory_order_acq_rel,
							     memory_order_acquire)) {
			atomic_fetch_sub_explicit(&nr_moved, 1, memory_order_relaxed);
		}
	}
}
