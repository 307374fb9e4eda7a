/* SPDX-License-Identifier: Apache-2.0 */
#include "rmp_word.h"

static enum snpm_code refusal(uint64_t word)
{
	if ((word & SNPM_ASSIGNED) == 0U || (word & SNPM_SPLIT) != 0U) {
		return SNPM_FAIL_NOT_2M;
	}
	if (rmp_asid(word) == SNPM_ASID_FIRMWARE) {
		return SNPM_FAIL_PERMISSION;
	}
	return (word & SNPM_INUSE) != 0U ? SNPM_FAIL_INUSE : SNPM_OK;
}

uint32_t snpm_psmash(struct snpm_rmp *rmp, uint64_t spn)
{
	_Atomic(uint64_t) *region;

	if (spn >= rmp->nr_pages || !rmp_aligned(spn) || rmp->nr_pages - spn < RMP_REGION_PAGES) {
		return SNPM_FAIL_INPUT;
	}
	region = rmp_region(rmp, spn);
	for (;; rmp_pause()) {
		const uint64_t word = rmp_load(region);
		enum snpm_code code;

		if ((word & SNPM_LOCKED) != 0U) {
			continue;
		}
		code = refusal(word);
		if (code != SNPM_OK) {
			return code;
		}
		if (!rmp_swap(region, word, word | SNPM_LOCKED)) {
			continue;
		}
		for (uint64_t i = 0; i < RMP_REGION_PAGES; i++) {
			rmp_publish(&rmp->words_4k[spn + i], word + (i << SNPM_GPN_SHIFT));
		}
		rmp_publish(region, SNPM_SPLIT);
		return SNPM_OK;
	}
}
