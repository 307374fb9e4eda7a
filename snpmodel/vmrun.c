/* SPDX-License-Identifier: Apache-2.0 */
#include "rmp_word.h"

static bool runnable(const struct snpm_rmp *rmp, const struct rmp_slot *slot, uint64_t gpn)
{
	if (rmp_owner_fault(slot, gpn) != SNPM_NO_FAULT || slot->size != 0U) {
		return false;
	}
	if (rmp->switches.u6_vmrun_needs_valid && (slot->word & SNPM_VALIDATED) == 0U) {
		return false;
	}
	return (slot->word & (SNPM_VMSA | SNPM_INUSE)) == SNPM_VMSA;
}

bool snpm_vmrun_begin(struct snpm_rmp *rmp, uint64_t spn, uint64_t gpn)
{
	for (;;) {
		const struct rmp_slot slot = rmp_lookup(rmp, spn);

		if (!runnable(rmp, &slot, gpn)) {
			return false;
		}
		if (rmp_swap(slot.cell, slot.word, slot.word | SNPM_INUSE)) {
			return true;
		}
	}
}

void snpm_vmrun_end(struct snpm_rmp *rmp, uint64_t spn)
{
	if (spn < rmp->nr_pages) {
		/* An entry in use stays where it is: no operation splits, un-splits or changes it.
		 * release: pairs with rmp_load: what #VMEXIT saved is in the page before it is free
		 */
		(void)atomic_fetch_and_explicit(&rmp->words_4k[spn], ~SNPM_INUSE,
						memory_order_release);
	}
}
