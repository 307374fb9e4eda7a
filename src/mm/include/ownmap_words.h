/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVSM_OWNMAP_WORDS_H
#define SVSM_OWNMAP_WORDS_H

/*
 * Encoding of the ownership map's words (ownmap.h), and the claim of a single page, inline: it is
 * half of what the most frequent call does besides its RMP operations.
 *
 * Region word: bits 1:0 kind, bits 3:2 state (UNIFORM), bits 63:32 leaf index (LEAF). Leaf word:
 * two bits for each of 32 pages.
 */

#include "arch.h"
#include "epoch.h"
#include "ownmap.h"

enum svsm_region_kind { SVSM_REGION_ABSENT = 0, SVSM_REGION_UNIFORM = 1, SVSM_REGION_LEAF = 2 };

#define SVSM_REGION_KIND UINT64_C(3)
#define SVSM_REGION_STATE_SHIFT 2U
#define SVSM_REGION_LEAF_SHIFT 32U
#define SVSM_LEAF_WORDS 16U

struct svsm_leaf {
	_Alignas(SVSM_CACHE_LINE) _Atomic(uint64_t) word[SVSM_LEAF_WORDS];
};

_Static_assert(sizeof(struct svsm_leaf) == 128U, "64 MiB of leaves per TiB of guest memory");
_Static_assert(SVSM_LEAF_WORDS *SVSM_MAP_RUN == SVSM_PAGES_PER_REGION, "two bits per page");

/* Set at boot. */
extern struct svsm_map {
	_Atomic(uint64_t) *regions;
	uint64_t count;
	struct svsm_leaf *leaves;
} svsm_map;

static inline enum svsm_region_kind svsm_region_kind(uint64_t region)
{
	return (enum svsm_region_kind)(region & SVSM_REGION_KIND);
}

static inline bool svsm_region_split(uint64_t region)
{
	return (region & SVSM_REGION_LEAF) != 0U;
}

static inline unsigned int svsm_page_in_word(gpa_t gpa)
{
	return (unsigned int)(gpa.raw >> SVSM_PAGE_SHIFT) % SVSM_MAP_RUN;
}

static inline unsigned int svsm_word_in_leaf(gpa_t gpa)
{
	return (unsigned int)(gpa.raw >> SVSM_PAGE_SHIFT) / SVSM_MAP_RUN % SVSM_LEAF_WORDS;
}

/* The word of a page in the leaf that @region names. */
static inline _Atomic(uint64_t) *svsm_leaf_word(uint64_t region, gpa_t gpa)
{
	return &svsm_map.leaves[region >> SVSM_REGION_LEAF_SHIFT].word[svsm_word_in_leaf(gpa)];
}

/* The calling vCPU's part in the epoch: first in the slot of struct svsm_cpu (mm_cpu.h). */
static inline struct svsm_epoch *svsm_map_epoch(struct svsm_cpu *cpu)
{
	return (struct svsm_epoch *)(void *)cpu->mm;
}

/* One claimed 4 KiB page, and where its state is: the region cannot stop being that leaf (M2). */
struct svsm_map_claim {
	_Atomic(uint64_t) *word;
	unsigned int shift; /* of the page's state in the word */
};

/*
 * One attempt at one page. False: *@seen is its state if that was read and is not @from; else it
 * has not changed, because the region is not split, or the word was changed meanwhile.
 * svsm_map_claim_run() finds out.
 */
static inline bool svsm_map_claim_page(struct svsm_cpu *cpu, gpa_t gpa, enum svsm_page_state from,
				       struct svsm_map_claim *claim, enum svsm_page_state *seen)
{
	const uint64_t index = gpa.raw >> SVSM_REGION_SHIFT;
	const unsigned int shift = 2U * svsm_page_in_word(gpa);
	bool claimed = false;
	uint64_t region = 0U;

	if (index >= svsm_map.count) {
		return false;
	}
	svsm_epoch_enter(svsm_map_epoch(cpu));
	/* acquire: pairs with the CAS that published the leaf: its fill is visible */
	region = atomic_load_explicit(&svsm_map.regions[index], memory_order_acquire);
	if (svsm_region_split(region)) {
		_Atomic(uint64_t) *word = svsm_leaf_word(region, gpa);
		uint64_t old = 0U;

		arch_point(ARCH_POINT_LEAF_LOOKUP);
		old = atomic_load_explicit(word, memory_order_relaxed);
		*claim = (struct svsm_map_claim){ word, shift };
		if (((old >> shift) & 3U) != (uint64_t)from) {
			*seen = (enum svsm_page_state)((old >> shift) & 3U);
		} else {
			/* seq_cst: pairs with the seq_cst pin store and map load of a copier, see
			 * pin.h */
			claimed = atomic_compare_exchange_strong_explicit(
				word, &old, old ^ ((uint64_t)(from ^ SVSM_PAGE_CLAIMED) << shift),
				memory_order_seq_cst, memory_order_relaxed);
		}
	}
	svsm_epoch_leave(svsm_map_epoch(cpu));
	return claimed;
}

/* Release such a claim. Claimer only. */
static inline void svsm_map_release_page(struct svsm_map_claim claim, enum svsm_page_state to)
{
	/* release: pairs with the next claim, as svsm_map_release_run() */
	atomic_fetch_xor_explicit(claim.word, (uint64_t)(to ^ SVSM_PAGE_CLAIMED) << claim.shift,
				  memory_order_release);
}

#endif
