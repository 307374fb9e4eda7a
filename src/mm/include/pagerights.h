/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVSM_PAGERIGHTS_H
#define SVSM_PAGERIGHTS_H

/*
 * VMPL rights of pages that the caller has claimed. A reduction takes effect in the RMP at once but
 * cached translations keep working: svsm_flush() is due before the page is used as private,
 * checked, or released (A3, A11).
 */

#include "arch.h"
#include "cpu.h"

/* Full rights for VMPL1..@vmpl, VMSA attribute off. The page must be zeroed or the guest's own
 * (58019 section 6.3). */
struct arch_rmp_result svsm_rights_grant(gpa_t gpa, enum svsm_page_size size, unsigned int vmpl);

/* No rights for VMPL1..3. Stops at the first failure; after a failure of the first step nothing
 * changed. */
struct arch_rmp_result svsm_rights_revoke(gpa_t gpa, enum svsm_page_size size);

/* VMSA attribute on; read for VMPL1..@vmpl (Linux reads its VMSAs), nothing above. */
struct arch_rmp_result svsm_rights_make_vmsa(gpa_t gpa, unsigned int vmpl);

static inline bool svsm_rmp_ok(const struct arch_rmp_result *result)
{
	return !result->fault && result->code == ARCH_RMP_OK;
}

/* Global flush, counted. One per call where possible, never on a plain call. */
void svsm_flush(struct svsm_cpu *cpu);

#endif
