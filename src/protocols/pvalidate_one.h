/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVSM_PVALIDATE_ONE_H
#define SVSM_PVALIDATE_ONE_H

/*
 * The steps of pvalidate_pages.h for one claimed page, inline: the path of single entries and the
 * loops over lists share them. What follows a failure is out of line.
 */

#include "pagerights.h"
#include "pvalidate_pages.h"
#include "svsm_abi.h"
#include "zero.h"

/* The page that a list entry names. */
static inline gpa_t svsm_pv_page(uint64_t entry)
{
	return gpa_page(gpa_make(entry));
}

/* A result, and what the page is now: VALID or INVALID as asked for, if the result is SUCCESS. */
struct svsm_pv_fate {
	uint32_t result;
	enum svsm_page_state state;
};

/* Of a page whose PVALIDATE(1) or rescind failed with @rmp. */
struct svsm_pv_fate svsm_pv_not_validated(struct svsm_cpu *cpu, struct arch_rmp_result rmp);
struct svsm_pv_fate svsm_pv_not_rescinded(struct svsm_cpu *cpu, struct arch_rmp_result rmp);

/*
 * Take back a page that was validated but must not be granted. Rights first: a grant may have got
 * half way. INVALID only if PVALIDATE(0) says that it rescinded the binding; else PRIVATE for ever
 * (A13, and the argument in pvalidate_pages.h). A flush is due.
 */
enum svsm_page_state svsm_pv_undo(struct svsm_cpu *cpu, gpa_t gpa, enum svsm_page_size size);

/* A validated 4 KiB page could not be zeroed (NULL) or granted (@rmp): undo, flush. */
struct svsm_pv_fate svsm_pv_not_granted(struct svsm_cpu *cpu, gpa_t gpa,
					const struct arch_rmp_result *rmp);

/* PVALIDATE(1). */
static inline struct svsm_pv_fate svsm_pv_validate_one(struct svsm_cpu *cpu, gpa_t gpa,
						       enum svsm_page_size size)
{
	struct arch_rmp_result rmp;

	/* A11: a translation from the page's earlier life would send the zeroing stores to its old
	 * system page. */
	arch_flush_local(gpa, size);
	rmp = arch_pvalidate(gpa, size, true);
	return svsm_rmp_done(&rmp) ? (struct svsm_pv_fate){ SVSM_SUCCESS, SVSM_PAGE_VALID }
				   : svsm_pv_not_validated(cpu, rmp);
}

/* Revoke, PVALIDATE(0). */
static inline struct svsm_pv_fate svsm_pv_rescind_one(struct svsm_cpu *cpu, gpa_t gpa,
						      enum svsm_page_size size)
{
	struct arch_rmp_result rmp = svsm_rights_drop(gpa, size);

	if (svsm_rmp_ok(&rmp)) {
		rmp = arch_pvalidate(gpa, size, false);
	}
	return svsm_rmp_done(&rmp) ? (struct svsm_pv_fate){ SVSM_SUCCESS, SVSM_PAGE_INVALID }
				   : svsm_pv_not_rescinded(cpu, rmp);
}

#endif
