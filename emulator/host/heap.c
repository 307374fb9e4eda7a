/* SPDX-License-Identifier: Apache-2.0 */

/* Pages of the reserve, handed out upwards and never taken back. */

#include <string.h>

#include "host_priv.h"

static _Atomic(uint64_t) heap_next;
static uint64_t heap_end;

void host_heap_init(uint64_t start, uint64_t end)
{
	atomic_init(&heap_next, (start + EMU_PAGE_MASK) & ~EMU_PAGE_MASK);
	heap_end = end & ~EMU_PAGE_MASK;
}

void *host_pages(size_t nr_pages)
{
	uint64_t at = atomic_load_explicit(&heap_next, memory_order_relaxed);
	uint64_t bytes = nr_pages << EMU_PAGE_SHIFT;
	void *pages;

	do {
		if (nr_pages > (heap_end - at) >> EMU_PAGE_SHIFT) {
			return NULL;
		}
	} while (!atomic_compare_exchange_weak_explicit(
		&heap_next, &at, at + bytes, memory_order_relaxed, memory_order_relaxed));
	pages = (void *)(uintptr_t)at;
	memset(pages, 0, bytes);
	return pages;
}
