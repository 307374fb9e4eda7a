/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVSM_RECORD_H
#define SVSM_RECORD_H

/*
 * vCPU records: which VMSA with which calling area may call on which vCPU (58019
 * sections 6.4, 6.5).
 *
 * Records are type-stable slots; each is governed by one word {generation, state} that all vCPUs
 * move by CAS. Invariants:
 * - only the thread that moved a record out of IDLE or FREE may write its fields, until it stores
 * IDLE or FREE;
 * - only the owner's thread moves a record to SERVING, and only in SERVING does it touch the VMSA
 * or calling area: a thread stopped before its CAS finds another state or generation when it
 * resumes (A4);
 * - a calling area (ca != 0) stands in at most one record (A7); a record with ca == 0 cannot be
 * served;
 * - the generation grows with every FREE, so a word read earlier cannot match a later life of the
 * slot. Linearisation: the CAS, and the release store of IDLE or FREE. Progress: wait-free, losers
 * get "busy". Nothing is reclaimed.
 */

#include "cpu.h"

enum svsm_record_state {
	SVSM_RECORD_FREE = 0,
	SVSM_RECORD_CREATING,
	SVSM_RECORD_IDLE,
	SVSM_RECORD_SERVING,
	SVSM_RECORD_DELETING,
	SVSM_RECORD_REBINDING,
};

struct svsm_record_ref {
	struct svsm_cpu *cpu;
	unsigned int slot;
};

/* The word of a record: the state in the low bits, the generation above. Only the functions of this
 * header and record.c look into it. */
#define SVSM_RECORD_STATE_MASK UINT64_C(0xff)

static inline enum svsm_record_state svsm_record_word_state(uint64_t word)
{
	return (enum svsm_record_state)(word & SVSM_RECORD_STATE_MASK);
}

static inline uint64_t svsm_record_word_with(uint64_t word, enum svsm_record_state state)
{
	return (word & ~SVSM_RECORD_STATE_MASK) | (uint64_t)state;
}

static inline _Atomic(uint64_t) *svsm_record_word(struct svsm_record_ref ref)
{
	return &ref.cpu->records.word[ref.slot];
}

/*
 * Result of a lookup that does not hold the record. A later svsm_record_take() of @word proves that
 * VMSA and VMPL are the ones seen: they are fixed for a generation. The calling area is not: read
 * it again after taking.
 */
struct svsm_record_view {
	struct svsm_record_ref ref;
	uint64_t word;
	enum svsm_record_state state;
	unsigned int vmpl;
};

/* What svsm_record_take() and svsm_record_try() are made of. */
static inline bool svsm_record_swap(struct svsm_record_ref ref, uint64_t word, uint64_t to)
{
	/* acquire: pairs with the release stores of svsm_record_release() and svsm_record_free():
	 * the last holder's fields are visible */
	return atomic_compare_exchange_strong_explicit(svsm_record_word(ref), &word, to,
						       memory_order_acquire, memory_order_relaxed);
}

/*
 * Move a record from @from to @to if its word still has state @from (svsm_record_try) or still is
 * @word (svsm_record_take). False: somebody else moved it. Any thread; only the owner may name
 * SERVING.
 */
static inline bool svsm_record_take(struct svsm_record_ref ref, uint64_t word,
				    enum svsm_record_state to)
{
	return svsm_record_swap(ref, word, svsm_record_word_with(word, to));
}

static inline bool svsm_record_try(struct svsm_record_ref ref, enum svsm_record_state from,
				   enum svsm_record_state to)
{
	const uint64_t word = atomic_load_explicit(svsm_record_word(ref), memory_order_relaxed);

	/* The state is @from: one addition makes it @to and leaves the generation. */
	return svsm_record_word_state(word) == from &&
	       svsm_record_swap(ref, word, word + (uint64_t)to - (uint64_t)from);
}

/* Leave a state this thread holds: to IDLE, or to FREE (fields wiped, generation advanced). */
static inline void svsm_record_release(struct svsm_record_ref ref)
{
	const uint64_t word = atomic_load_explicit(svsm_record_word(ref), memory_order_relaxed);

	/* release: pairs with svsm_record_take() */
	atomic_store_explicit(svsm_record_word(ref), svsm_record_word_with(word, SVSM_RECORD_IDLE),
			      memory_order_release);
}
void svsm_record_free(struct svsm_record_ref ref);

/* Fields. Setters: holders only. Getters: holders, or readers that confirm the word afterwards. */
static inline gpa_t svsm_record_vmsa(struct svsm_record_ref ref)
{
	return gpa_make(
		atomic_load_explicit(ref.cpu->records.vmsa + ref.slot, memory_order_relaxed));
}

static inline gpa_t svsm_record_ca(struct svsm_record_ref ref)
{
	return gpa_make(atomic_load_explicit(ref.cpu->records.ca + ref.slot, memory_order_relaxed));
}

static inline unsigned int svsm_record_vmpl(struct svsm_record_ref ref)
{
	return atomic_load_explicit(&ref.cpu->records.vmpl[ref.slot], memory_order_relaxed);
}
void svsm_record_set(struct svsm_record_ref ref, gpa_t vmsa, gpa_t ca, unsigned int vmpl);
void svsm_record_set_ca(struct svsm_record_ref ref, gpa_t ca);

/* Take a FREE slot of @cpu to CREATING. False when all slots live. */
bool svsm_record_create(struct svsm_cpu *cpu, struct svsm_record_ref *ref);

/*
 * Find the record of @vmsa on any vCPU, or of @ca on @cpu. O(vCPUs) reads for the VMSA:
 * CREATE/DELETE paths only. False: no live record has it.
 */
bool svsm_record_find_vmsa(gpa_t vmsa, struct svsm_record_view *view);
bool svsm_record_find_ca(struct svsm_cpu *cpu, gpa_t ca, struct svsm_record_view *view);

/* True for the record made at boot for the startup vCPU; it is never deleted (58019 section 6.5).
 */
bool svsm_record_is_startup(struct svsm_record_ref ref);

/* Records of all vCPUs that are not FREE, at most @limit. For CONFIGURE_VTOM: "more than one vCPU
 * is configured". */
unsigned int svsm_record_count(unsigned int limit);

#endif
