/* SPDX-License-Identifier: Apache-2.0 */
#include "pagerights.h"

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
