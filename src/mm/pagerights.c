/* SPDX-License-Identifier: Apache-2.0 */
#include "pagerights.h"

struct arch_rmp_result svsm_rights_grant(gpa_t gpa, enum svsm_page_size size, unsigned int vmpl)
{
	struct arch_rmp_result result = { 0 };

	for (unsigned int v = 1U; v <= vmpl && svsm_rmp_ok(&result); v++) {
		result = arch_rmpadjust(gpa, size, v, SVSM_PERM_RWX, false);
	}
	return result;
}

struct arch_rmp_result svsm_rights_revoke(gpa_t gpa, enum svsm_page_size size)
{
	struct arch_rmp_result result = { 0 };

	for (unsigned int v = 1U; v < SVSM_NR_VMPLS && svsm_rmp_ok(&result); v++) {
		result = arch_rmpadjust(gpa, size, v, SVSM_PERM_NONE, false);
	}
	arch_point(ARCH_POINT_REVOKED);
	return result;
}

struct arch_rmp_result svsm_rights_make_vmsa(gpa_t gpa, unsigned int vmpl)
{
	struct arch_rmp_result result = { 0 };

	for (unsigned int v = 1U; v < SVSM_NR_VMPLS && svsm_rmp_ok(&result); v++) {
		/* Every RMPADJUST at VMPL0 rewrites the VMSA attribute: it must be set in each. */
		result = arch_rmpadjust(gpa, SVSM_PAGE_4K, v,
					v <= vmpl ? SVSM_PERM_READ : SVSM_PERM_NONE, true);
	}
	return result;
}

void svsm_flush(struct svsm_cpu *cpu)
{
	arch_flush_global();
	svsm_stat_add(cpu, SVSM_STAT_FLUSHES, 1U);
	arch_point(ARCH_POINT_FLUSHED);
}
