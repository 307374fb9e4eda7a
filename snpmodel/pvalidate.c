/* SPDX-License-Identifier: Apache-2.0 */
#include "rmp_word.h"

/* The checks from the RMP access on (rmp-semantics 3.2 e to i); *next is the word to store. */
static struct snpm_result decide(const struct rmp_slot *slot, uint64_t gpn, unsigned int size,
				 bool validate, uint64_t *next)
{
	*next = slot->word;
	if (rmp_owner_fault(slot, gpn) != SNPM_NO_FAULT || (slot->word & SNPM_INUSE) != 0U) {
		return rmp_fault(SNPM_NPF);
	}
	if (slot->size == 1U && size == 0U) {
		return rmp_fault(SNPM_NPF_SIZEM);
	}
	if (slot->size == 0U && size == 1U) {
		return rmp_code(SNPM_FAIL_SIZEMISMATCH);
	}
	if (((slot->word & SNPM_VALIDATED) != 0U) == validate) {
		return (struct snpm_result){ .carry = true };
	}
	*next = slot->word ^ SNPM_VALIDATED;
	return rmp_code(SNPM_OK);
}

struct snpm_result snpm_pvalidate(struct snpm_rmp *rmp, unsigned int vmpl, uint64_t spn,
				  uint64_t gpn, unsigned int size, bool validate)
{
	if (vmpl != 0U) {
		return rmp_fault(SNPM_GP);
	}
	if (!rmp_operand_ok(size, gpn)) {
		return rmp_code(SNPM_FAIL_INPUT);
	}
	for (;;) {
		const struct rmp_slot slot = rmp_lookup(rmp, spn);
		uint64_t next;
		const struct snpm_result result = decide(&slot, gpn, size, validate, &next);

		if (next == slot.word || rmp_swap(slot.cell, slot.word, next)) {
			return result;
		}
	}
}
