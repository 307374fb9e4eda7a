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
 * A list is claimed whole before one scan for all of it: the argument above is per page, and each
 * page's CAS comes before the scan's load of each pin. A page that was claimed after the scan began
 * would not be covered (tests/model/batch.pml, variants SCANFIRST and SCANEARLY).
 *
 * A copier stopped by the host keeps one page from becoming private, nothing else (A16). The scan
 * re-reads a conflicting pin a bounded number of times, and no longer than it has the value first
 * seen: a pin set after the claims belongs to a copier that sees them. Clearing is a release that
 * pairs with the scan's load: the copy is complete. Rescinds scan too: a copier that passed its
 * check could otherwise resume when the page is validated again over an SVSM page and not yet
 * zeroed, and take a secret for guest input. Not needed for the caller's own calling area: it is
 * private by its record, and only its owner touches it.
 */

#include "cpu.h"

#define SVSM_PINNED UINT64_C(1)

/* A line each, side by side: a scan reads them in order, and no two vCPUs write the same line. */
struct svsm_pin {
	_Alignas(SVSM_CACHE_LINE) _Atomic(uint64_t) page; /* gPA of the page being copied |
							     SVSM_PINNED, or 0 */
};

/* Set at boot. Index: struct svsm_cpu.index. */
extern struct svsm_pins {
	struct svsm_pin *of;
	unsigned int count;
} svsm_pins;

/* The pins of all vCPUs, none set. Boot only; false if the arena is too small. */
bool svsm_pin_init(struct svsm_arena *arena, unsigned int nr_cpus);
uint64_t svsm_pin_bytes(unsigned int nr_cpus);

/* Publish the pin of the page at @gpa. One at a time; no RMP operation and no second page until
 * svsm_pin_clear(). */
void svsm_pin_set(const struct svsm_cpu *cpu, gpa_t gpa);
void svsm_pin_clear(const struct svsm_cpu *cpu);

/* Does @cpu hold a pin now? For checks between calls. */
bool svsm_pinned(const struct svsm_cpu *cpu);

/*
 * Does any vCPU pin a page of [gpa, gpa + pages * 4 KiB)? Re-reads a conflicting pin a bounded
 * number of times. The pages must be claimed by the caller. O(vCPUs).
 */
bool svsm_pin_conflict(struct svsm_cpu *cpu, gpa_t gpa, uint64_t pages);

/*
 * @pin had the value @seen, a page that the caller has claimed. Does it stay? Another value ends
 * the conflict, whatever it is: that pin was set after the claims, and its copier sees them.
 */
bool svsm_pin_outlasts(struct svsm_cpu *cpu, const struct svsm_pin *pin, uint64_t seen);

/* svsm_pin_conflict() for one page (4 KiB aligned), inline for single entries. */
static inline bool svsm_pin_on_page(struct svsm_cpu *cpu, gpa_t gpa)
{
	const uint64_t wanted = gpa.raw | SVSM_PINNED;
	const struct svsm_pin *const end = &svsm_pins.of[svsm_pins.count];

	for (const struct svsm_pin *pin = svsm_pins.of; pin < end; pin++) {
		/* seq_cst: after the claim CAS; pairs with svsm_pin_set() */
		if (atomic_load_explicit(&pin->page, memory_order_seq_cst) == wanted &&
		    svsm_pin_outlasts(cpu, pin, wanted)) {
			return true;
		}
	}
	return false;
}

/*
 * One scan for the pages that @count list entries name in their bits 63:12, all claimed by the
 * caller. Returns the index of the first pinned one, as svsm_pin_conflict() means it; @count if
 * there is none. O(vCPUs), and O(@count) for each pin that is set.
 */
unsigned int svsm_pin_first(struct svsm_cpu *cpu, const uint64_t *list, unsigned int count);

/*
 * Pins that are set now, at most @limit of them (page addresses) into @pinned.
 * The caller compares them with its claims. Returns how many; *@overflow is set when there were
 * more: treat everything as pinned.
 */
unsigned int svsm_pin_snapshot(struct svsm_cpu *cpu, gpa_t *pinned, unsigned int limit,
			       bool *overflow);

#endif
