/* SPDX-License-Identifier: Apache-2.0 */
#include "rmp_word.h"

static struct rmp_slot region_slot(_Atomic(uint64_t) *cell, uint64_t word, uint64_t spn)
{
	if ((word & SNPM_ASSIGNED) == 0U) {
		return (struct rmp_slot){ .cell = NULL };
	}
	return (struct rmp_slot){
		.cell = cell,
		.word = word,
		.gpn = (word >> SNPM_GPN_SHIFT) + spn % RMP_REGION_PAGES,
		.size = 1,
	};
}

struct rmp_slot rmp_lookup(const struct snpm_rmp *rmp, uint64_t spn)
{
	if (spn >= rmp->nr_pages) {
		return (struct rmp_slot){ .cell = NULL };
	}
	for (;; rmp_pause()) {
		_Atomic(uint64_t) *cell = rmp_region(rmp, spn);
		uint64_t word = rmp_load(cell);

		if ((word & SNPM_LOCKED) != 0U) {
			continue;
		}
		if ((word & SNPM_SPLIT) == 0U) {
			return region_slot(cell, word, spn);
		}
		cell = &rmp->words_4k[spn];
		word = rmp_load(cell);
		if ((word & SNPM_LOCKED) == 0U) {
			return (struct rmp_slot){ .cell = cell,
						  .word = word,
						  .gpn = word >> SNPM_GPN_SHIFT };
		}
	}
}

enum snpm_fault rmp_owner_fault(const struct rmp_slot *slot, uint64_t gpn)
{
	if ((slot->word & SNPM_ASSIGNED) == 0U || (slot->word & SNPM_IMMUTABLE) != 0U ||
	    rmp_asid(slot->word) != SNPM_ASID_GUEST || slot->gpn != gpn) {
		return SNPM_NPF;
	}
	return SNPM_NO_FAULT;
}

uint64_t snpm_word(const struct snpm_rmp *rmp, uint64_t spn, unsigned int *size)
{
	const struct rmp_slot slot = rmp_lookup(rmp, spn);

	if (size != NULL) {
		*size = slot.size;
	}
	return (slot.word & ~RMP_GPN_MASK) | (slot.gpn << SNPM_GPN_SHIFT);
}
