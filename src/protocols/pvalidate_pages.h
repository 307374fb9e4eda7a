/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVSM_PVALIDATE_PAGES_H
#define SVSM_PVALIDATE_PAGES_H

/*
 * The page operations of PVALIDATE (58019 section 6.3) on pages that the caller has claimed. They
 * keep the ownership map's claims; the caller releases them to the states they report.
 *
 * Validate: INVLPG (A11), PVALIDATE(1), zero, store fence (A12), grant. Rescind: revoke,
 * PVALIDATE(0); the caller owes a global flush before it releases the claim. A failure after
 * PVALIDATE(1) succeeded is undone by PVALIDATE(0); if that fails too the page is quarantined:
 * PRIVATE for ever (A13).
 */

#include "cpu.h"
#include "ownmap.h"

/* What happened to a page, or to a run or region up to its first failing page. */
struct svsm_pv_outcome {
	uint32_t result;   /* SUCCESS, or the call's result code for the failing page */
	unsigned int done; /* pages before the failing one: all succeeded */
	enum svsm_page_state failed_as; /* state of the failing page now (any result but SUCCESS) */
	bool size_mismatch; /* 2 MiB operation: RMP entries are 4 KiB, nothing was changed */
	bool tail_lost;	    /* a page behind the failing one is quarantined: treat all of them as
			       PRIVATE */
	bool flush_due; /* a rescind or an undo happened: flush before the claims are released */
};

/* Validate, zero and grant @count claimed INVALID 4 KiB pages from @gpa on. */
struct svsm_pv_outcome svsm_pv_validate(struct svsm_cpu *cpu, gpa_t gpa, unsigned int count,
					unsigned int vmpl);

/* The same for a claimed INVALID 2 MiB region as one 2 MiB page. done is 0 or 512. */
struct svsm_pv_outcome svsm_pv_validate_2m(struct svsm_cpu *cpu, gpa_t gpa, unsigned int vmpl);

/*
 * Zero and grant claimed VALID pages again: "validate" with CF ignored on a page that is validated
 * executes no PVALIDATE, a second one could bind another system page (A9).
 */
struct svsm_pv_outcome svsm_pv_regrant(gpa_t gpa, enum svsm_page_size size, unsigned int vmpl);

/* Revoke and rescind @count claimed VALID pages of @size. @ignore_cf: a page that the host took
 * counts as done. */
struct svsm_pv_outcome svsm_pv_rescind(struct svsm_cpu *cpu, gpa_t gpa, unsigned int count,
				       enum svsm_page_size size, bool ignore_cf);

#endif
