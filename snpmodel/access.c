/* SPDX-License-Identifier: Apache-2.0 */
#include "rmp_word.h"

/* Mask bits that an access needs. A page with Write and without Read allows no data access
 * (rmp-semantics 1.3). */
static uint8_t needed(enum snpm_access access)
{
	switch (access) {
	case SNPM_READ:
		return 0x01;
	case SNPM_WRITE:
		return 0x03;
	case SNPM_XUSER:
		return 0x04;
	case SNPM_XSUPER:
	default:
		return 0x08;
	}
}

enum snpm_fault snpm_access_check(const struct snpm_rmp *rmp, unsigned int vmpl, uint64_t spn,
				  uint64_t gpn, enum snpm_access access)
{
	const struct rmp_slot slot = rmp_lookup(rmp, spn);

	if (rmp_owner_fault(&slot, gpn) != SNPM_NO_FAULT) {
		return SNPM_NPF;
	}
	if ((slot.word & SNPM_VALIDATED) == 0U) {
		return SNPM_VC_404;
	}
	if ((needed(access) & ~rmp_perms(slot.word, vmpl)) != 0) {
		return SNPM_NPF_VMPL;
	}
	return SNPM_NO_FAULT;
}

enum snpm_fault snpm_shared_check(const struct snpm_rmp *rmp, uint64_t spn)
{
	return (rmp_lookup(rmp, spn).word & SNPM_ASSIGNED) != 0U ? SNPM_NPF : SNPM_NO_FAULT;
}
