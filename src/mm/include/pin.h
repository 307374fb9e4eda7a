/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVSM_PIN_H
#define SVSM_PIN_H

/*
 * Pins: how a copy to or from a guest page is kept apart from a call that makes the page private
 * (A1).
 *
 * Copier: publish the page in the own pin (seq_cst exchange: a full fence), then read the page's
 * state (seq_cst); VALID: copy at most 4 KiB; clear the pin (release). Claimer: CAS the page to
 * CLAIMED (seq_cst), then read all pins (seq_cst). In the total order of these four either the
 * copier's load follows the CAS, and it sees CLAIMED and does not copy; or the claimer's load
 * follows the pin store, and it sees the pin and gives up before any RMP operation. Giving up
 * before: after a RMPADJUST there is no way back, the old masks are unknown (A2).
 *
 * A copier stopped by the host keeps one page from becoming private, nothing else (A16). The scan
 * re-reads a conflicting pin a bounded number of times. Clearing is a release that pairs with the
 * scan's load: the copy is complete. Rescinds scan too: a copier that passed its
 * check could otherwise resume when the page is validated again over an SVSM page and not yet
 * zeroed, and take a secret for guest input. Not needed for the caller's own calling area: it is
 * private by its record, and only its owner touches it.
 */

#include "cpu.h"

/* Publish the pin of the page at @gpa. One at a time; no RMP operation and no second page until
 * svsm_pin_clear(). */
void svsm_pin_set(struct svsm_cpu *cpu, gpa_t gpa);
void svsm_pin_clear(struct svsm_cpu *cpu);

/*
 * Does any vCPU pin a page of [gpa, gpa + pages * 4 KiB)? Re-reads a conflicting pin a bounded
 * number of times. The pages must be claimed by the caller. O(vCPUs).
 */
bool svsm_pin_conflict(struct svsm_cpu *cpu, gpa_t gpa, uint64_t pages);

/*
 * The same for a list: pins that are set now, at most @limit of them (page addresses) into @pinned.
 * The caller compares them with its claims. Returns how many; *@overflow is set when there were
 * more: treat everything as pinned.
 */
unsigned int svsm_pin_snapshot(struct svsm_cpu *cpu, gpa_t *pinned, unsigned int limit,
			       bool *overflow);

#endif
