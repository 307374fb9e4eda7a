/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVSM_OWNMAP_H
#define SVSM_OWNMAP_H

/*
 * Ownership map: what every 4 KiB page of guest memory is, and who is changing it.
 *
 * One 64-bit word per 2 MiB region: ABSENT, UNIFORM(state) or LEAF(index); a leaf holds two bits
 * for each of the 512 pages. What a private page is for lives in its owner's record, never here.
 *
 * Claims. A change is: claim (CAS to CLAIMED, seq_cst), RMP operations, release (store or xor of
 * the new state). A claim is a per-page try-lock: nobody waits for one; "claimed elsewhere" is
 * SVSM_ERR_BUSY at once, and no claim survives svsm_serve(). A claimed page is touched by its
 * claimer only.
 *
 * Invariants:
 *  M1 at most one claimer per page; in UNIFORM(CLAIMED) one claimer has the whole region;
 *  M2 while a page of a leaf is claimed, its region word is LEAF(that leaf): only the claimer of
 * all 512 pages may make the region uniform again; M3 a leaf not named by a region word reads
 * all-CLAIMED until its grace period is over: a stale lookup finds nothing to claim in it (A8).
 * Linearisation points: the CAS on the region word (UNIFORM claims and splits) or on the leaf word;
 * releases at their store. Progress: every operation is wait-free but for CAS loops whose retry
 * means that another vCPU changed the same word (lock-free). Memory order: claims are seq_cst RMWs,
 * because they pair with the pin store of a copier (pin.h); releases are release operations and
 * pair with the acquire part of the next claim. Reclamation: leaves through ck_epoch (leaf.h);
 * lookup and leaf CAS happen inside one epoch section, which holds no guest access and no RMP
 * operation.
 */

#include "cpu.h"

enum svsm_page_state {
	SVSM_PAGE_INVALID = 0, /* not validated: the guest cannot use it */
	SVSM_PAGE_VALID = 1,   /* the guest's */
	SVSM_PAGE_CLAIMED = 2, /* a call is changing it */
	SVSM_PAGE_PRIVATE = 3, /* image, VMSA, calling area, deposited, quarantined: no call may
				  name it */
	SVSM_PAGE_ABSENT = 4,  /* no RAM: only as an answer, never stored in a leaf */
	SVSM_PAGE_MIXED = 5,   /* a region without one state: only as an answer */
};

/* Map words and leaves for gPAs below @top_gpa, all ABSENT. Boot only; false if the arena is too
 * small. */
bool svsm_map_init(struct svsm_arena *arena, uint64_t top_gpa, unsigned int nr_cpus);
uint64_t svsm_map_bytes(uint64_t top_gpa, unsigned int nr_cpus);

/* Boot only: give [start, end), 4 KiB aligned, the state. Pages of a region never named are PRIVATE
 * (refused). */
bool svsm_map_boot_set(struct svsm_cpu *cpu, uint64_t start, uint64_t end,
		       enum svsm_page_state state);

/*
 * State of the page at @gpa now; ABSENT above the map. seq_cst load: after a pin store it decides
 * for the pinned copy (pin.h). Any vCPU.
 */
enum svsm_page_state svsm_map_state(struct svsm_cpu *cpu, gpa_t gpa);

/*
 * Claim up to @count (1..32) consecutive 4 KiB pages from @gpa on that all have state @from. The
 * run must not leave the 128 KiB-aligned block of its first page (32 pages: one leaf word). Returns
 * how many pages, from the first, are claimed now; if 0, *@seen is the first page's state.
 */
#define SVSM_MAP_RUN 32U
unsigned int svsm_map_claim_run(struct svsm_cpu *cpu, gpa_t gpa, unsigned int count,
				enum svsm_page_state from, enum svsm_page_state *seen);

/* Release a run claimed by svsm_map_claim_run() (the same block rule) to @to. Claimer only. */
void svsm_map_release_run(gpa_t gpa, unsigned int count, enum svsm_page_state to);

/*
 * The same for @count entries (at least 1) of a list of the guest, whose bits 63:12 name pages and
 * whose bits 11:0 are flags: claims entries from the first on, as far as they have its flags and
 * state @from. Returns how many are claimed now; if 0, *@seen is the state of the first. One CAS
 * for neighbours within a leaf word: @runs[i] is how many from entry i on, if a run begins there;
 * each is released by svsm_map_release_run(). One epoch section for all.
 */
unsigned int svsm_map_claim_list(struct svsm_cpu *cpu, const uint64_t *list, uint8_t *runs,
				 unsigned int count, enum svsm_page_state from,
				 enum svsm_page_state *seen);

/* The runs of @count entries, as svsm_map_claim_list() notes them: for a list that begins inside a
 * run of another. Pure. */
void svsm_map_list_runs(const uint64_t *list, uint8_t *runs, unsigned int count);

/*
 * A PRIVATE page that the caller owns (by a record it holds, or taken from a depot) becomes @to.
 * Splits its region if need be. Cannot fail: nobody else may claim a page the caller owns.
 */
void svsm_map_disown(struct svsm_cpu *cpu, gpa_t gpa, enum svsm_page_state to);

/*
 * Claim the 2 MiB region at @gpa (aligned) if all its 512 pages have state @from. On failure
 * nothing is claimed and
 * *@seen tells why, in this order: PRIVATE or ABSENT if any page is, CLAIMED if any page is, the
 * uniform state if there is one, else MIXED.
 */
bool svsm_map_claim_region(struct svsm_cpu *cpu, gpa_t gpa, enum svsm_page_state from,
			   enum svsm_page_state *seen);

/* Release a claimed region to one state, or page by page: @states[i] for page i (each below
 * CLAIMED, or PRIVATE). */
void svsm_map_release_region(struct svsm_cpu *cpu, gpa_t gpa, enum svsm_page_state to);
void svsm_map_release_pages(struct svsm_cpu *cpu, gpa_t gpa,
			    const uint8_t states[SVSM_PAGES_PER_REGION]);

/*
 * Are all pages that [start, start + len) touches VALID? VALID; else CLAIMED if none is worse, else
 * INVALID, PRIVATE or ABSENT. A snapshot: a copy checks again under its pin. At most 16 words per 2
 * MiB.
 */
enum svsm_page_state svsm_map_state_range(struct svsm_cpu *cpu, gpa_t start, uint64_t len);

/* Leaves that exist now, for the memory report. */
uint64_t svsm_map_leaves(void);

#endif
