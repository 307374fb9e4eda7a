/* SPDX-License-Identifier: Apache-2.0 */
#include "rmp_word.h"

static bool clashes(const struct rmp_slot *slot, uint64_t gpn, unsigned int size)
{
	return rmp_asid(slot->word) != SNPM_ASID_GUEST || slot->size != size || slot->gpn != gpn ||
	       (slot->word & (SNPM_VALIDATED | SNPM_VMSA | SNPM_INUSE)) != 0U;
}

static bool perms_ok(const uint8_t perms[4])
{
	return ((perms[1] | perms[2] | perms[3]) & ~SNPM_PERM_BITS) == 0U;
}

bool snpm_launch_page(struct snpm_rmp *rmp, uint64_t spn, uint64_t gpn, unsigned int size,
		      const uint8_t perms[4], bool vmsa)
{
	const struct snpm_update update = {
		.gpn = gpn, .assigned = true, .size = size, .asid = SNPM_ASID_GUEST
	};
	struct rmp_slot slot = rmp_lookup(rmp, spn);
	uint64_t word;

	if (!perms_ok(perms) || (vmsa && size != 0U)) {
		return false;
	}
	if ((slot.word & SNPM_ASSIGNED) == 0U) {
		if (snpm_rmpupdate(rmp, spn, &update) != SNPM_OK) {
			return false;
		}
		slot = rmp_lookup(rmp, spn);
	}
	if (clashes(&slot, gpn, size) || (size == 1U && !rmp_aligned(spn))) {
		return false;
	}
	word = (slot.word & ~SNPM_IMMUTABLE) | SNPM_VALIDATED | (vmsa ? SNPM_VMSA : 0U);
	for (unsigned int vmpl = 1; vmpl < RMP_NR_VMPLS; vmpl++) {
		word = rmp_set_perms(word, vmpl, perms[vmpl]);
	}
	return rmp_swap(slot.cell, slot.word, word);
}
