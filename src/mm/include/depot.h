/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVSM_DEPOT_H
#define SVSM_DEPOT_H

/*
 * Depots: all free private pages that no vCPU caches. One holds the boot reserve, one the pages
 * that the guest deposited and can withdraw (58019 sections 6.6, 6.7). Pages have no home: whoever
 * frees them keeps or returns them.
 *
 * A depot is an array of slots, each 0 or a link to the head of a chain. A chain stores its pages
 * in its own pages: a chunk page lists others, and is itself the last page that comes out of it.
 * Taking a chain is one exchange of the slot with 0: from then on it is exclusively the taker's, so
 * its links are plain memory, nobody reads a page that somebody else may meanwhile have given to
 * the guest, and there is no ABA. (A ck_stack of pages was rejected for that: its pop reads the
 * link of a page that a rival may have withdrawn.)
 *
 * Invariant: a page is in exactly one chain, cache or user. Linearisation: the exchange; the CAS
 * that fills an empty slot. Progress: put is lock-free (it retries only if another put succeeded),
 * take is wait-free. A vCPU stopped in between keeps the chain it holds: others see fewer free
 * pages, none waits. Nothing is reclaimed.
 */

#include <stdatomic.h>

#include "svsm_types.h"

#define SVSM_DEPOT_SLOTS 64U

struct svsm_depot {
	struct {
		_Alignas(SVSM_CACHE_LINE) _Atomic(uint64_t) chain;
	} slots[SVSM_DEPOT_SLOTS];
	_Alignas(SVSM_CACHE_LINE) _Atomic(uint64_t) pages; /* statistic; may lag behind the chains
							    */
};

/* Empty both. Boot only. */
void svsm_depot_init(void);

/* The two depots. */
struct svsm_depot *svsm_depot_reserve(void);
struct svsm_depot *svsm_depot_deposited(void);

/*
 * Add @count consecutive 4 KiB pages from @start on, or an array of them. Private to the SVSM and
 * flushed: they are written here. @hint spreads vCPUs over the slots (their index). Any vCPU.
 */
void svsm_depot_put_run(struct svsm_depot *depot, unsigned int hint, gpa_t start, uint64_t count);
void svsm_depot_put(struct svsm_depot *depot, unsigned int hint, const gpa_t *pages,
		    unsigned int count);

/* Take up to @max pages; returns how many. Fewer than exist when rivals hold chains. Any vCPU. */
unsigned int svsm_depot_take(struct svsm_depot *depot, unsigned int hint, gpa_t *pages,
			     unsigned int max);

/* Pages in the depot, as a hint. */
uint64_t svsm_depot_pages(const struct svsm_depot *depot);

/* Call @visit for each page of the depot. Only while no vCPU runs: reports and the judge. */
void svsm_depot_walk(const struct svsm_depot *depot, void (*visit)(void *ctx, gpa_t page),
		     void *ctx);

#endif
