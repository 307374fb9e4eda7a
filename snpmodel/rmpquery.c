/* SPDX-License-Identifier: Apache-2.0 */
#include "rmp_word.h"

struct snpm_result snpm_rmpquery(struct snpm_rmp *rmp, unsigned int vmpl, uint64_t spn,
				 uint64_t gpn, unsigned int target, struct snpm_query *query)
{
	const struct rmp_slot slot = rmp_lookup(rmp, spn);

	*query = (struct snpm_query){ .perms = 0 };
	if (target >= RMP_NR_VMPLS || target < vmpl) {
		return rmp_code(SNPM_FAIL_PERMISSION);
	}
	if (rmp_owner_fault(&slot, gpn) != SNPM_NO_FAULT) {
		return rmp_fault(SNPM_NPF);
	}
	if ((slot.word & SNPM_VALIDATED) == 0U) {
		return rmp_fault(SNPM_VC_404);
	}
	query->perms = rmp_perms(slot.word, target);
	query->vmsa = (slot.word & SNPM_VMSA) != 0U;
	query->size = slot.size;
	return rmp_code(SNPM_OK);
}
