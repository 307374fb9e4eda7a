/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVSM_PAGERIGHTS_H
#define SVSM_PAGERIGHTS_H

/*
 * VMPL rights of pages that the caller has claimed. A reduction takes effect in the RMP at once but
 * cached translations keep working: svsm_flush() is due before the page is used as private,
 * checked, or released (A3, A11).
 */

#include <string.h>

#include "arch.h"
#include "cpu.h"

/* The seam returns a result in one register: looked at in one piece. */
static inline uint64_t svsm_rmp_bits(const struct arch_rmp_result *result)
{
	uint64_t bits = 0U;

	memcpy(&bits, result, sizeof(bits));
	return bits;
}

#define SVSM_RMP_FAILED UINT64_C(0x0000ff00ffffffff) /* code or fault */
#define SVSM_RMP_UNDONE UINT64_C(0x0000ffffffffffff) /* or CF */
_Static_assert(sizeof(struct arch_rmp_result) == sizeof(uint64_t) &&
		       offsetof(struct arch_rmp_result, code) == 0U &&
		       offsetof(struct arch_rmp_result, carry) == 4U &&
		       offsetof(struct arch_rmp_result, fault) == 5U,
	       "the masks above");

/* The instruction ran and returned 0. */
static inline bool svsm_rmp_ok(const struct arch_rmp_result *result)
{
	return (svsm_rmp_bits(result) & SVSM_RMP_FAILED) == 0U;
}

/* A PVALIDATE that did what it was asked for: CF clear too. */
static inline bool svsm_rmp_done(const struct arch_rmp_result *result)
{
	return (svsm_rmp_bits(result) & SVSM_RMP_UNDONE) == 0U;
}

/* Full rights for VMPL1..@vmpl, VMSA attribute off. The page must be zeroed or the guest's own
 * (58019 section 6.3). */
static inline struct arch_rmp_result svsm_rights_grant(gpa_t gpa, enum svsm_page_size size,
						       unsigned int vmpl)
{
	struct arch_rmp_result result = arch_rmpadjust(gpa, size, 1U, SVSM_PERM_RWX, false);

	if (!svsm_rmp_ok(&result) || vmpl == 1U) {
		return result;
	}
	result = arch_rmpadjust(gpa, size, 2U, SVSM_PERM_RWX, false);
	if (!svsm_rmp_ok(&result) || vmpl == 2U) {
		return result;
	}
	return arch_rmpadjust(gpa, size, 3U, SVSM_PERM_RWX, false);
}

/* No rights for VMPL1..3. Stops at the first failure; after a failure of the first step nothing
 * changed. */
static inline struct arch_rmp_result svsm_rights_drop(gpa_t gpa, enum svsm_page_size size)
{
	struct arch_rmp_result result = arch_rmpadjust(gpa, size, 1U, SVSM_PERM_NONE, false);

	if (!svsm_rmp_ok(&result)) {
		return result;
	}
	result = arch_rmpadjust(gpa, size, 2U, SVSM_PERM_NONE, false);
	if (!svsm_rmp_ok(&result)) {
		return result;
	}
	return arch_rmpadjust(gpa, size, 3U, SVSM_PERM_NONE, false);
}

/* The same, and the place where the host may stop this vCPU; loops name it once for all pages. */
static inline struct arch_rmp_result svsm_rights_revoke(gpa_t gpa, enum svsm_page_size size)
{
	const struct arch_rmp_result result = svsm_rights_drop(gpa, size);

	arch_point(ARCH_POINT_REVOKED);
	return result;
}

_Static_assert(SVSM_NR_VMPLS == 4U, "all VMPLs but 0");

/* VMSA attribute on; read for VMPL1..@vmpl (Linux reads its VMSAs), nothing above. */
struct arch_rmp_result svsm_rights_make_vmsa(gpa_t gpa, unsigned int vmpl);

/* Global flush, counted. One per call where possible, never on a plain call. */
static inline void svsm_flush(struct svsm_cpu *cpu)
{
	arch_flush_global();
	svsm_stat_add(cpu, SVSM_STAT_FLUSHES, 1U);
	arch_point(ARCH_POINT_FLUSHED);
}

#endif
