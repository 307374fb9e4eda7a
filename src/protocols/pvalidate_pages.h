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
 *
 * A page becomes INVALID only by a PVALIDATE(0) that returned 0 with CF clear. #VC 0x404 or CF on a
 * page the map calls VALID does not prove that its binding is gone: the host may show an SVSM page
 * in its place and keep the old system page validated. A later PVALIDATE(1) would bind the second
 * one (I3), the zeroing could be led to the first and the grant to the second, with its secret.
 * Such a page is lost (tests/model/rescind.pml, variant LOSTINVALID).
 *
 * Pages are named as in the guest's list: bits 63:12 of an entry, its flags below are ignored.
 */

#include "ownmap.h"
#include "protocols.h"

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

/* Validate, zero and grant the claimed INVALID 4 KiB pages that @count entries name. */
struct svsm_pv_outcome svsm_pv_validate(struct svsm_cpu *cpu, const uint64_t *list,
					unsigned int count, unsigned int vmpl);

/* The same for a claimed INVALID 2 MiB region as one 2 MiB page. done is 0 or 512. */
struct svsm_pv_outcome svsm_pv_validate_2m(struct svsm_cpu *cpu, gpa_t gpa, unsigned int vmpl);

/*
 * Zero and grant claimed VALID pages again: "validate" with CF ignored on a page that is validated
 * executes no PVALIDATE, a second one could bind another system page (A9).
 */
struct svsm_pv_outcome svsm_pv_regrant(gpa_t gpa, enum svsm_page_size size, unsigned int vmpl);

/*
 * Revoke and rescind the claimed VALID 4 KiB pages that @count entries name, or a 2 MiB region. A
 * page that the host took away fails with SVSM_ERR_RMP_CARRY and failed_as PRIVATE; an entry that
 * ignores CF goes on behind it. The caller has scanned the pins: a copier that passed its check
 * before the claim could otherwise read what a later validation finds in the page, before it is
 * zeroed.
 *
 * All of VMPL1 to 3 are revoked one by one. None of the three is redundant: the SVSM granted the
 * served VMPL and those above it (58019 section 6.3 asks for both), and a guest at VMPLn may have
 * granted the VMPLs below it, which no call of the SVSM shows. A VMPL that nobody has ever granted
 * on this page cannot be told from one that was, without a memory of the guest's RMPADJUSTs.
 */
struct svsm_pv_outcome svsm_pv_rescind(struct svsm_cpu *cpu, const uint64_t *list,
				       unsigned int count);
struct svsm_pv_outcome svsm_pv_rescind_2m(struct svsm_cpu *cpu, gpa_t gpa);

#endif
