/* SPDX-License-Identifier: Apache-2.0 */
#include "rmp_word.h"

/* rmp-semantics 1.4: hypervisor (nothing set), a guest, or firmware (immutable); no other owner can
 * be encoded. */
static bool owner_ok(const struct snpm_update *update)
{
	if (!update->assigned) {
		return update->asid == SNPM_ASID_NONE && !update->immutable;
	}
	switch (update->asid) {
	case SNPM_ASID_GUEST:
	case SNPM_ASID_OTHER:
		return true;
	case SNPM_ASID_FIRMWARE:
		return update->immutable;
	case SNPM_ASID_NONE:
	default:
		return false;
	}
}

static bool range_ok(const struct snpm_rmp *rmp, uint64_t spn, const struct snpm_update *update)
{
	if (spn >= rmp->nr_pages || update->gpn >> RMP_GPN_BITS != 0U || update->size > 1U) {
		return false;
	}
	if (update->size == 0U) {
		return true;
	}
	return rmp_aligned(spn) && rmp_aligned(update->gpn) &&
	       rmp->nr_pages - spn >= RMP_REGION_PAGES;
}

static uint64_t encode(const struct snpm_update *update)
{
	if (!update->assigned) {
		return 0;
	}
	return SNPM_ASSIGNED | (update->immutable ? SNPM_IMMUTABLE : 0U) |
	       ((uint64_t)update->asid << SNPM_ASID_SHIFT) | (update->gpn << SNPM_GPN_SHIFT);
}

static enum snpm_code refusal(uint64_t word)
{
	if ((word & SNPM_IMMUTABLE) != 0U) {
		return SNPM_FAIL_PERMISSION;
	}
	return (word & SNPM_INUSE) != 0U ? SNPM_FAIL_INUSE : SNPM_OK;
}

/*
 * Validated, VMSA and the permissions are lost with every update (rmp-semantics 2.2); U4: unless it
 * changes nothing.
 */
static uint64_t updated(const struct snpm_rmp *rmp, uint64_t word, uint64_t entry)
{
	const bool same = entry != 0U && (word & RMP_UPDATE_MASK) == entry;

	return same && rmp->switches.u4_identity_keeps ? word : entry;
}

/* Make an unassigned 2 MiB word split. The caller looks again whether this thread or another one
 * did it. */
static void split_unassigned(struct snpm_rmp *rmp, uint64_t spn)
{
	const uint64_t base = spn - spn % RMP_REGION_PAGES;
	_Atomic(uint64_t) *region = rmp_region(rmp, spn);

	if (!rmp_swap(region, 0, SNPM_LOCKED)) {
		return;
	}
	for (uint64_t i = base; i < base + RMP_REGION_PAGES && i < rmp->nr_pages; i++) {
		rmp_publish(&rmp->words_4k[i], 0);
	}
	rmp_publish(region, SNPM_SPLIT);
}

static enum snpm_code update_4k(struct snpm_rmp *rmp, uint64_t spn, uint64_t entry)
{
	for (;; rmp_pause()) {
		const struct rmp_slot slot = rmp_lookup(rmp, spn);
		enum snpm_code code;

		if (slot.size == 1U) {
			return SNPM_FAIL_OVERLAP;
		}
		if (slot.cell == NULL) {
			if (entry == 0U) {
				return SNPM_OK;
			}
			split_unassigned(rmp, spn);
			continue;
		}
		code = refusal(slot.word);
		if (code != SNPM_OK ||
		    rmp_swap(slot.cell, slot.word, updated(rmp, slot.word, entry))) {
			return code;
		}
	}
}

/* Replace a split range, whose 2 MiB word this thread locked, by @entry; only if all its pages are
 * unassigned. */
static enum snpm_code unsplit(struct snpm_rmp *rmp, uint64_t spn, uint64_t entry)
{
	_Atomic(uint64_t) *words = &rmp->words_4k[spn];
	uint64_t locked = 0;

	while (locked < RMP_REGION_PAGES && rmp_swap(&words[locked], 0, SNPM_LOCKED)) {
		locked++;
	}
	if (locked == RMP_REGION_PAGES) {
		rmp_publish(rmp_region(rmp, spn), entry);
		return SNPM_OK;
	}
	while (locked > 0U) {
		rmp_publish(&words[--locked], 0);
	}
	rmp_publish(rmp_region(rmp, spn), SNPM_SPLIT);
	return SNPM_FAIL_OVERLAP;
}

static enum snpm_code update_2m(struct snpm_rmp *rmp, uint64_t spn, uint64_t entry)
{
	_Atomic(uint64_t) *region = rmp_region(rmp, spn);

	for (;; rmp_pause()) {
		const uint64_t word = rmp_load(region);
		enum snpm_code code;

		if ((word & SNPM_LOCKED) != 0U) {
			continue;
		}
		if ((word & SNPM_SPLIT) != 0U) {
			if (rmp_swap(region, word, word | SNPM_LOCKED)) {
				return unsplit(rmp, spn, entry);
			}
			continue;
		}
		code = refusal(word);
		if (code != SNPM_OK || rmp_swap(region, word, updated(rmp, word, entry))) {
			return code;
		}
	}
}

uint32_t snpm_rmpupdate(struct snpm_rmp *rmp, uint64_t spn, const struct snpm_update *update)
{
	const uint64_t entry = encode(update);

	if (!range_ok(rmp, spn, update) || !owner_ok(update)) {
		return SNPM_FAIL_INPUT;
	}
	return update->size == 1U ? update_2m(rmp, spn, entry) : update_4k(rmp, spn, entry);
}
