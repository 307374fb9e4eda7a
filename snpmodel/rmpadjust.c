/* SPDX-License-Identifier: Apache-2.0 */
#include "rmp_word.h"

#define PERM_READ 0x01U
#define PERM_WRITE 0x02U
#define PERM_SSS 0x10U

struct adjust {
	uint64_t gpn;
	unsigned int vmpl;
	unsigned int size;
	unsigned int target;
	uint8_t perms;
	bool vmsa;
};

static bool perms_ok(const struct snpm_switches *switches, uint8_t perms)
{
	if ((perms & ~SNPM_PERM_BITS) != 0U) {
		return false;
	}
	if (!switches->u7_reject_odd_masks) {
		return true;
	}
	return (perms & PERM_SSS) == 0U &&
	       ((perms & PERM_WRITE) == 0U || (perms & PERM_READ) != 0U);
}

/* The checks on operands alone, before the address is walked. */
static enum snpm_code check_operands(const struct snpm_switches *switches, const struct adjust *op)
{
	if (!rmp_operand_ok(op->size, op->gpn) || op->target >= RMP_NR_VMPLS ||
	    !perms_ok(switches, op->perms)) {
		return SNPM_FAIL_INPUT;
	}
	return op->target <= op->vmpl ? SNPM_FAIL_PERMISSION : SNPM_OK;
}

static struct snpm_result in_use(const struct snpm_switches *switches)
{
	return switches->u3_inuse_is_npf ? rmp_fault(SNPM_NPF) : rmp_code(SNPM_FAIL_INUSE);
}

/* The checks from the RMP access on; *next is the word to store. */
static struct snpm_result decide(const struct snpm_switches *switches, const struct rmp_slot *slot,
				 const struct adjust *op, uint64_t *next)
{
	const uint64_t word = slot->word;

	*next = word;
	if (rmp_owner_fault(slot, op->gpn) != SNPM_NO_FAULT) {
		return rmp_fault(SNPM_NPF);
	}
	if (slot->size == 1U && op->size == 0U) {
		return rmp_fault(SNPM_NPF_SIZEM);
	}
	if ((word & SNPM_INUSE) != 0U) {
		return in_use(switches);
	}
	if ((word & SNPM_VALIDATED) == 0U) {
		return rmp_fault(SNPM_VC_404);
	}
	if (slot->size == 0U && op->size == 1U) {
		return rmp_code(SNPM_FAIL_SIZEMISMATCH);
	}
	if ((op->perms & ~rmp_perms(word, op->vmpl)) != 0) {
		return rmp_code(SNPM_FAIL_PERMISSION);
	}
	*next = rmp_set_perms(word, op->target, op->perms);
	if (op->vmpl == 0U) {
		*next = (*next & ~SNPM_VMSA) | (op->vmsa ? SNPM_VMSA : 0U);
	}
	return rmp_code(SNPM_OK);
}

struct snpm_result snpm_rmpadjust(struct snpm_rmp *rmp, unsigned int vmpl, uint64_t spn,
				  uint64_t gpn, unsigned int size, unsigned int target,
				  uint8_t perms, bool vmsa)
{
	const struct adjust op = { gpn, vmpl, size, target, perms, vmsa };
	const enum snpm_code code = check_operands(&rmp->switches, &op);

	if (code != SNPM_OK) {
		return rmp_code(code);
	}
	for (;;) {
		const struct rmp_slot slot = rmp_lookup(rmp, spn);
		uint64_t next;
		const struct snpm_result result = decide(&rmp->switches, &slot, &op, &next);

		if (next == slot.word || rmp_swap(slot.cell, slot.word, next)) {
			return result;
		}
	}
}
