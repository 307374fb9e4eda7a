/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RMP_WORD_H
#define RMP_WORD_H

/*
 * RMP words: fields, and the rules by which threads share them. Private to snpmodel.
 *
 * Invariants:
 * - The 512 words of a range in the 4 KiB table have a meaning only while its 2 MiB word is split.
 *   They are 0 before the first split and LOCKED after each un-split: a thread that read "split"
 *   before, and comes late with its compare-and-swap, finds a word it does not expect and looks
 *   the range up again.
 * - A LOCKED word is written by the thread that locked it only.
 *
 * Linearisation: guest operations and 4 KiB updates at the compare-and-swap of their word, or at
 * the load when nothing changes. psmash and 2 MiB updates of a split range at the publishing store
 * of the 2 MiB word, or at the first moment a late thread meets one of the new 4 KiB words (every
 * other thread waits for the lock meanwhile).
 *
 * ABA: each swap is justified by the present value of its one word, whatever happened in between.
 *
 * Progress: lock-free, but for the short loops of psmash, split and un-split, which others wait
 * for.
 */

#include "snpmodel.h"

#define RMP_REGION_PAGES UINT64_C(512)
#define RMP_REGION_SHIFT 9U
#define RMP_NR_VMPLS 4U
#define RMP_GPN_BITS 39U
#define RMP_ASID_MASK (UINT64_C(3) << SNPM_ASID_SHIFT)
#define RMP_GPN_MASK (~UINT64_C(0) << SNPM_GPN_SHIFT)
/* The fields that RMPUPDATE names. */
#define RMP_UPDATE_MASK (SNPM_ASSIGNED | SNPM_IMMUTABLE | RMP_ASID_MASK | RMP_GPN_MASK)

/* The entry that rules a system page, as one consistent reading. */
struct rmp_slot {
	_Atomic(uint64_t) *cell; /* borrowed from the RMP; NULL: hypervisor-owned, no entry */
	uint64_t word;		 /* never locked or split */
	uint64_t gpn;		 /* of the page itself */
	unsigned int size;
};

/* Look up the entry of @spn, waiting while its range is locked. Any @spn is allowed. */
struct rmp_slot rmp_lookup(const struct snpm_rmp *rmp, uint64_t spn);

/* Private guest access or instruction: may this guest use the entry as @gpn at all
 * (rmp-semantics 6.3)? */
enum snpm_fault rmp_owner_fault(const struct rmp_slot *slot, uint64_t gpn);

static inline void rmp_pause(void)
{
	__builtin_ia32_pause();
}

static inline enum snpm_asid rmp_asid(uint64_t word)
{
	return (enum snpm_asid)((word & RMP_ASID_MASK) >> SNPM_ASID_SHIFT);
}

static inline uint8_t rmp_perms(uint64_t word, unsigned int vmpl)
{
	if (vmpl == 0U) {
		return (uint8_t)SNPM_PERM_BITS;
	}
	if (vmpl >= RMP_NR_VMPLS) {
		return 0;
	}
	return (uint8_t)((word >> SNPM_PERM_SHIFT(vmpl)) & SNPM_PERM_BITS);
}

/* @vmpl 1..3. */
static inline uint64_t rmp_set_perms(uint64_t word, unsigned int vmpl, uint8_t perms)
{
	return (word & ~(SNPM_PERM_BITS << SNPM_PERM_SHIFT(vmpl))) |
	       ((perms & SNPM_PERM_BITS) << SNPM_PERM_SHIFT(vmpl));
}

static inline bool rmp_aligned(uint64_t pn)
{
	return pn % RMP_REGION_PAGES == 0U;
}

static inline bool rmp_operand_ok(unsigned int size, uint64_t gpn)
{
	return size == 0U || (size == 1U && rmp_aligned(gpn));
}

static inline _Atomic(uint64_t) *rmp_region(const struct snpm_rmp *rmp, uint64_t spn)
{
	return &rmp->words_2m[spn >> RMP_REGION_SHIFT];
}

static inline uint64_t rmp_load(const _Atomic(uint64_t) *cell)
{
	/* pairs with rmp_swap and rmp_publish: the 4 KiB words behind a split bit are written */
	return atomic_load_explicit(cell, memory_order_acquire);
}

static inline bool rmp_swap(_Atomic(uint64_t) *cell, uint64_t expected, uint64_t desired)
{
	/* pairs with rmp_load, and makes what happened before an RMP change visible to who sees it
	 */
	return atomic_compare_exchange_strong_explicit(cell, &expected, desired,
						       memory_order_acq_rel, memory_order_relaxed);
}

/* Unlock: store the new value of a word that this thread locked. */
static inline void rmp_publish(_Atomic(uint64_t) *cell, uint64_t word)
{
	/* pairs with rmp_load and with the read of rmp_swap: all writes under the lock are done */
	atomic_store_explicit(cell, word, memory_order_release);
}

static inline struct snpm_result rmp_fault(enum snpm_fault fault)
{
	return (struct snpm_result){ .fault = fault };
}

static inline struct snpm_result rmp_code(enum snpm_code code)
{
	return (struct snpm_result){ .code = (uint32_t)code };
}

#endif
