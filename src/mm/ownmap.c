/* SPDX-License-Identifier: Apache-2.0 */
#include "ownmap.h"

#include "arch.h"
#include "mm_cpu.h"

#define PAGES_PER_WORD SVSM_MAP_RUN

struct svsm_map svsm_map;

static uint64_t uniform(enum svsm_page_state state)
{
	return (uint64_t)SVSM_REGION_UNIFORM | ((uint64_t)state << SVSM_REGION_STATE_SHIFT);
}

static enum svsm_page_state uniform_state(uint64_t region)
{
	return (enum svsm_page_state)((region >> SVSM_REGION_STATE_SHIFT) & 3U);
}

static struct svsm_leaf *leaf_of(uint64_t region)
{
	return svsm_leaf_at((uint32_t)(region >> SVSM_REGION_LEAF_SHIFT));
}

static uint64_t region_leaf(uint32_t leaf)
{
	return (uint64_t)SVSM_REGION_LEAF | ((uint64_t)leaf << SVSM_REGION_LEAF_SHIFT);
}

/* Two-bit @state repeated for the pages [first, first + count) of a leaf word; @count is not 0. */
static uint64_t spread(enum svsm_page_state state, unsigned int first, unsigned int count)
{
	const uint64_t all = UINT64_C(0x5555555555555555) * (uint64_t)state;

	return (all & (UINT64_MAX >> (2U * (PAGES_PER_WORD - count)))) << (2U * first);
}

static _Atomic(uint64_t) *region_of(gpa_t gpa)
{
	const uint64_t index = gpa.raw >> SVSM_REGION_SHIFT;

	return index < svsm_map.count ? &svsm_map.regions[index] : NULL;
}

static uint64_t map_regions(uint64_t top_gpa)
{
	return (top_gpa + SVSM_REGION_MASK) >> SVSM_REGION_SHIFT;
}

uint64_t svsm_map_bytes(uint64_t top_gpa, unsigned int nr_cpus)
{
	const uint64_t regions = map_regions(top_gpa);

	return regions * sizeof(uint64_t) + SVSM_PAGE_SIZE + svsm_leaf_bytes(regions, nr_cpus);
}

bool svsm_map_init(struct svsm_arena *arena, uint64_t top_gpa, unsigned int nr_cpus)
{
	svsm_map.count = map_regions(top_gpa);
	svsm_map.regions =
		svsm_arena_alloc(arena, svsm_map.count * sizeof(uint64_t), SVSM_PAGE_SIZE);
	return svsm_map.regions != NULL && svsm_leaf_init(arena, svsm_map.count, nr_cpus);
}

static void leaf_fill(struct svsm_leaf *leaf, enum svsm_page_state state)
{
	for (unsigned int i = 0U; i < SVSM_LEAF_WORDS; i++) {
		/* relaxed: published by the release of the region word that names the leaf */
		atomic_store_explicit(&leaf->word[i], spread(state, 0U, PAGES_PER_WORD),
				      memory_order_relaxed);
	}
}

static void boot_set_page(struct svsm_leaf *leaf, gpa_t gpa, enum svsm_page_state state)
{
	_Atomic(uint64_t) *word = &leaf->word[svsm_word_in_leaf(gpa)];
	const uint64_t kept = atomic_load_explicit(word, memory_order_relaxed) &
			      ~spread(SVSM_PAGE_PRIVATE, svsm_page_in_word(gpa), 1U);

	atomic_store_explicit(word, kept | spread(state, svsm_page_in_word(gpa), 1U),
			      memory_order_relaxed);
}

/* The leaf of a region at boot: made from what the region is now, everything never named being
 * PRIVATE. */
static struct svsm_leaf *boot_leaf(struct svsm_cpu *cpu, _Atomic(uint64_t) *word)
{
	const uint64_t region = atomic_load_explicit(word, memory_order_relaxed);
	uint32_t index = 0U;

	if (svsm_region_split(region)) {
		return leaf_of(region);
	}
	index = svsm_leaf_alloc(&mm_cpu(cpu)->leaf);
	if (index == SVSM_LEAF_NONE) {
		return NULL;
	}
	leaf_fill(svsm_leaf_at(index), svsm_region_kind(region) == SVSM_REGION_UNIFORM
					       ? uniform_state(region)
					       : SVSM_PAGE_PRIVATE);
	atomic_store_explicit(word, region_leaf(index), memory_order_relaxed);
	return svsm_leaf_at(index);
}

bool svsm_map_boot_set(struct svsm_cpu *cpu, uint64_t start, uint64_t end,
		       enum svsm_page_state state)
{
	uint64_t at = start;

	while (at < end) {
		_Atomic(uint64_t) *word = region_of(gpa_make(at));
		struct svsm_leaf *leaf = NULL;

		if (word == NULL) {
			return false;
		}
		if ((at & SVSM_REGION_MASK) == 0U && end - at >= SVSM_REGION_SIZE) {
			atomic_store_explicit(word, uniform(state), memory_order_relaxed);
			at += SVSM_REGION_SIZE;
			continue;
		}
		leaf = boot_leaf(cpu, word);
		if (leaf == NULL) {
			return false;
		}
		boot_set_page(leaf, gpa_make(at), state);
		at += SVSM_PAGE_SIZE;
	}
	return true;
}

/* State of a page in a leaf word value. */
static enum svsm_page_state state_in(uint64_t word, unsigned int page)
{
	return (enum svsm_page_state)((word >> (2U * page)) & 3U);
}

/* The state that a region word answers without a leaf: ABSENT, or UNIFORM's. */
static enum svsm_page_state plain_state(uint64_t region)
{
	return svsm_region_kind(region) == SVSM_REGION_ABSENT ? SVSM_PAGE_ABSENT
							      : uniform_state(region);
}

static enum svsm_page_state leaf_state(struct svsm_cpu *cpu, const _Atomic(uint64_t) *region_word,
				       gpa_t gpa)
{
	struct svsm_epoch *epoch = &mm_cpu(cpu)->epoch;
	enum svsm_page_state state = SVSM_PAGE_ABSENT;
	uint64_t region = 0U;

	svsm_epoch_enter(epoch);
	arch_point(ARCH_POINT_EPOCH);
	region = atomic_load_explicit(region_word, memory_order_seq_cst);
	if (svsm_region_split(region)) {
		const uint64_t word =
			atomic_load_explicit(svsm_leaf_word(region, gpa), memory_order_seq_cst);

		state = state_in(word, svsm_page_in_word(gpa));
	} else {
		state = plain_state(region);
	}
	svsm_epoch_leave(epoch);
	return state;
}

enum svsm_page_state svsm_map_state(struct svsm_cpu *cpu, gpa_t gpa)
{
	const _Atomic(uint64_t) *region_word = region_of(gpa);
	uint64_t region = 0U;

	if (region_word == NULL) {
		return SVSM_PAGE_ABSENT;
	}
	/* seq_cst: after a seq_cst pin store; pairs with the seq_cst claim CAS, see pin.h */
	region = atomic_load_explicit(region_word, memory_order_seq_cst);
	return svsm_region_split(region) ? leaf_state(cpu, region_word, gpa) : plain_state(region);
}

/*
 * The worst state among @count pages from @first on in a word: anything but VALID and CLAIMED is
 * final.
 */
static enum svsm_page_state worst_in(uint64_t word, unsigned int first, unsigned int count,
				     enum svsm_page_state worst)
{
	for (unsigned int page = first; page < first + count; page++) {
		const enum svsm_page_state state = state_in(word, page);

		if (state == SVSM_PAGE_CLAIMED) {
			worst = SVSM_PAGE_CLAIMED;
		} else if (state != SVSM_PAGE_VALID) {
			return state;
		}
	}
	return worst;
}

/* The part [at, end) of a range that lies in one leaf word's 32 pages. */
static enum svsm_page_state block_state(struct svsm_cpu *cpu, gpa_t at, uint64_t pages,
					enum svsm_page_state worst)
{
	const _Atomic(uint64_t) *region_word = region_of(at);
	struct svsm_epoch *epoch = &mm_cpu(cpu)->epoch;
	uint64_t region = 0U;

	if (region_word == NULL) {
		return SVSM_PAGE_ABSENT;
	}
	svsm_epoch_enter(epoch);
	arch_point(ARCH_POINT_EPOCH);
	/* acquire: pairs with the CAS that published the leaf */
	region = atomic_load_explicit(region_word, memory_order_acquire);
	if (svsm_region_split(region)) {
		const uint64_t word =
			atomic_load_explicit(svsm_leaf_word(region, at), memory_order_relaxed);

		worst = worst_in(word, svsm_page_in_word(at), (unsigned int)pages, worst);
	} else if (plain_state(region) != SVSM_PAGE_VALID) {
		worst = plain_state(region);
	}
	svsm_epoch_leave(epoch);
	return worst;
}

enum svsm_page_state svsm_map_state_range(struct svsm_cpu *cpu, gpa_t start, uint64_t len)
{
	enum svsm_page_state worst = SVSM_PAGE_VALID;
	gpa_t at = gpa_page(start);
	uint64_t pages = (gpa_offset(start) + len + SVSM_PAGE_MASK) >> SVSM_PAGE_SHIFT;

	while (pages > 0U && (worst == SVSM_PAGE_VALID || worst == SVSM_PAGE_CLAIMED)) {
		const uint64_t block = PAGES_PER_WORD - svsm_page_in_word(at);
		const uint64_t n = pages < block ? pages : block;

		worst = block_state(cpu, at, n, worst);
		at = gpa_add(at, n * SVSM_PAGE_SIZE);
		pages -= n;
	}
	return worst;
}

/*
 * Split UNIFORM(from) with the run already claimed in the new leaf: one CAS makes the split and the
 * claim. Returns the pages claimed; 0 with *retry when the region word changed meanwhile.
 */
static unsigned int split_claim(struct svsm_cpu *cpu, _Atomic(uint64_t) *region_word, gpa_t gpa,
				unsigned int count, enum svsm_page_state from, bool *retry)
{
	struct svsm_leaf_cpu *leaves = &mm_cpu(cpu)->leaf;
	const uint32_t index = svsm_leaf_alloc(leaves);
	uint64_t expected = uniform(from);
	_Atomic(uint64_t) *word = NULL;

	*retry = false;
	if (index == SVSM_LEAF_NONE) {
		return 0U;
	}
	leaf_fill(svsm_leaf_at(index), from);
	word = svsm_leaf_word(region_leaf(index), gpa);
	atomic_store_explicit(word,
			      (spread(from, 0U, PAGES_PER_WORD) &
			       ~spread(SVSM_PAGE_PRIVATE, svsm_page_in_word(gpa), count)) |
				      spread(SVSM_PAGE_CLAIMED, svsm_page_in_word(gpa), count),
			      memory_order_relaxed);
	/* seq_cst: the claim (pairs with pins), and publishes the filled leaf to every later lookup
	 */
	if (!atomic_compare_exchange_strong_explicit(region_word, &expected, region_leaf(index),
						     memory_order_seq_cst, memory_order_relaxed)) {
		svsm_leaf_discard(leaves, index);
		*retry = true;
		return 0U;
	}
	svsm_stat_add(cpu, SVSM_STAT_LEAF_SPLITS, 1U);
	return count;
}

/*
 * Claim the pages from @first on that have state @from, at most @count. 0: *@seen is the first's.
 */
static inline unsigned int word_claim(struct svsm_cpu *cpu, _Atomic(uint64_t) *word,
				      unsigned int first, unsigned int count,
				      enum svsm_page_state from, enum svsm_page_state *seen)
{
	const uint64_t wanted = spread((enum svsm_page_state)1, first, count);
	uint64_t old = atomic_load_explicit(word, memory_order_relaxed);

	for (;;) {
		const uint64_t differing = (old ^ wanted * (uint64_t)from) & wanted * 3U;
		const unsigned int n =
			differing == 0U ? count
					: (unsigned int)__builtin_ctzll(differing) / 2U - first;
		const uint64_t pages =
			n == count || n == 0U ? wanted : spread((enum svsm_page_state)1, first, n);

		if (n == 0U) {
			*seen = state_in(old, first);
			return 0U;
		}
		/* seq_cst: pairs with the seq_cst pin store and map load of a copier, see pin.h */
		if (atomic_compare_exchange_strong_explicit(
			    word, &old, old ^ pages * (uint64_t)(from ^ SVSM_PAGE_CLAIMED),
			    memory_order_seq_cst, memory_order_relaxed)) {
			return n;
		}
		svsm_stat_add(cpu, SVSM_STAT_MAP_CONFLICTS, 1U);
	}
}

/* Claim in the leaf that the region names now, inside one epoch section. *@retry: the region is no
 * leaf any more. */
static unsigned int leaf_claim(struct svsm_cpu *cpu, const _Atomic(uint64_t) *region_word,
			       gpa_t gpa, unsigned int count, enum svsm_page_state from,
			       enum svsm_page_state *seen, bool *retry)
{
	struct svsm_epoch *epoch = &mm_cpu(cpu)->epoch;
	unsigned int claimed = 0U;
	uint64_t region = 0U;

	svsm_epoch_enter(epoch);
	/* acquire: pairs with the CAS that published the leaf: its fill is visible */
	region = atomic_load_explicit(region_word, memory_order_acquire);
	*retry = !svsm_region_split(region);
	if (!*retry) {
		arch_point(ARCH_POINT_LEAF_LOOKUP);
		claimed = word_claim(cpu, svsm_leaf_word(region, gpa), svsm_page_in_word(gpa),
				     count, from, seen);
	}
	svsm_epoch_leave(epoch);
	return claimed;
}

unsigned int svsm_map_claim_run(struct svsm_cpu *cpu, gpa_t gpa, unsigned int count,
				enum svsm_page_state from, enum svsm_page_state *seen)
{
	_Atomic(uint64_t) *region_word = region_of(gpa);
	unsigned int claimed = 0U;
	bool retry = region_word != NULL;

	*seen = SVSM_PAGE_ABSENT;
	while (retry) {
		const uint64_t region = atomic_load_explicit(region_word, memory_order_relaxed);

		if (svsm_region_split(region)) {
			claimed = leaf_claim(cpu, region_word, gpa, count, from, seen, &retry);
		} else if (region == uniform(from)) {
			*seen = SVSM_PAGE_CLAIMED;
			claimed = split_claim(cpu, region_word, gpa, count, from, &retry);
		} else {
			*seen = plain_state(region);
			retry = false;
		}
	}
	if (claimed > 0U) {
		arch_point(ARCH_POINT_CLAIMED);
	}
	return claimed;
}

/* The leaf word of a page that this thread claims or owns: the region cannot stop being that leaf
 * (M2). */
static _Atomic(uint64_t) *held_word(gpa_t gpa)
{
	const uint64_t region = atomic_load_explicit(
		&svsm_map.regions[gpa.raw >> SVSM_REGION_SHIFT], memory_order_relaxed);

	return svsm_leaf_word(region, gpa);
}

void svsm_map_release_run(gpa_t gpa, unsigned int count, enum svsm_page_state to)
{
	const uint64_t flip = spread((enum svsm_page_state)(to ^ SVSM_PAGE_CLAIMED),
				     svsm_page_in_word(gpa), count);

	/* release: pairs with the next claim of these pages: what was done to them is visible to
	 * its claimer */
	atomic_fetch_xor_explicit(held_word(gpa), flip, memory_order_release);
}

/* Entries of @list from the first on that are neighbours within one leaf word, flags alike. */
static inline unsigned int neighbours(const uint64_t *list, unsigned int count)
{
	const unsigned int block = PAGES_PER_WORD - svsm_page_in_word(gpa_make(list[0]));
	const uint64_t *const end = &list[count < block ? count : block];
	const uint64_t *at = &list[1];
	uint64_t next = list[0] + SVSM_PAGE_SIZE;

	while (at < end && *at == next) {
		at++;
		next += SVSM_PAGE_SIZE;
	}
	return (unsigned int)(at - list);
}

void svsm_map_list_runs(const uint64_t *list, uint8_t *runs, unsigned int count)
{
	for (unsigned int i = 0U; i < count; i += runs[i]) {
		runs[i] = (uint8_t)neighbours(&list[i], count - i);
	}
}

/* The leaf word of a page, if its region is split; inside an epoch section. */
static inline _Atomic(uint64_t) *split_word(gpa_t gpa)
{
	const uint64_t index = gpa.raw >> SVSM_REGION_SHIFT;
	uint64_t region = 0U;

	if (index >= svsm_map.count) {
		return NULL;
	}
	/* acquire: pairs with the CAS that published the leaf: its fill is visible */
	region = atomic_load_explicit(&svsm_map.regions[index], memory_order_acquire);
	return svsm_region_split(region) ? svsm_leaf_word(region, gpa) : NULL;
}

unsigned int svsm_map_claim_list(struct svsm_cpu *cpu, const uint64_t *list, uint8_t *runs,
				 unsigned int count, enum svsm_page_state from,
				 enum svsm_page_state *seen)
{
	struct svsm_epoch *epoch = svsm_map_epoch(cpu);
	const uint64_t flags = list[0] & SVSM_PAGE_MASK;
	unsigned int done = 0U;
	unsigned int run = 0U;
	unsigned int claimed = 0U;

	svsm_epoch_enter(epoch);
	while (claimed == run && done < count && (list[done] & SVSM_PAGE_MASK) == flags) {
		const gpa_t gpa = gpa_page(gpa_make(list[done]));
		_Atomic(uint64_t) *word = split_word(gpa);

		run = neighbours(&list[done], count - done);
		if (word != NULL) {
			arch_point(ARCH_POINT_LEAF_LOOKUP);
			claimed = word_claim(cpu, word, svsm_page_in_word(gpa), run, from, seen);
		} else {
			svsm_epoch_leave(epoch);
			claimed = svsm_map_claim_run(cpu, gpa, run, from, seen);
			svsm_epoch_enter(epoch);
		}
		runs[done] = (uint8_t)claimed;
		done += claimed;
	}
	svsm_epoch_leave(epoch);
	if (done > 0U) {
		arch_point(ARCH_POINT_CLAIMED);
	}
	return done;
}

void svsm_map_disown(struct svsm_cpu *cpu, gpa_t gpa, enum svsm_page_state to)
{
	enum svsm_page_state seen = SVSM_PAGE_ABSENT;

	if (svsm_map_claim_run(cpu, gpa, 1U, SVSM_PAGE_PRIVATE, &seen) == 1U) {
		svsm_map_release_run(gpa, 1U, to);
	}
}

/* Why a region cannot be claimed: see svsm_map_claim_region(). */
static enum svsm_page_state leaf_verdict(const struct svsm_leaf *leaf)
{
	unsigned int present = 0U;

	for (unsigned int i = 0U; i < SVSM_LEAF_WORDS; i++) {
		/* relaxed: a snapshot for an answer, not for a decision that needs order */
		const uint64_t word = atomic_load_explicit(&leaf->word[i], memory_order_relaxed);

		for (unsigned int page = 0U; page < PAGES_PER_WORD; page++) {
			present |= 1U << state_in(word, page);
		}
	}
	if ((present & (1U << SVSM_PAGE_PRIVATE)) != 0U) {
		return SVSM_PAGE_PRIVATE;
	}
	if ((present & (1U << SVSM_PAGE_CLAIMED)) != 0U) {
		return SVSM_PAGE_CLAIMED;
	}
	if (present == (1U << SVSM_PAGE_VALID)) {
		return SVSM_PAGE_VALID;
	}
	return present == (1U << SVSM_PAGE_INVALID) ? SVSM_PAGE_INVALID : SVSM_PAGE_MIXED;
}

/* Ascending word by word; on a mismatch the words taken go back: exact, because each was wholly
 * @from. */
static bool leaf_claim_all(struct svsm_leaf *leaf, enum svsm_page_state from)
{
	for (unsigned int i = 0U; i < SVSM_LEAF_WORDS; i++) {
		uint64_t expected = spread(from, 0U, PAGES_PER_WORD);

		/* seq_cst: pairs with pins, as word_claim() */
		if (!atomic_compare_exchange_strong_explicit(
			    &leaf->word[i], &expected,
			    spread(SVSM_PAGE_CLAIMED, 0U, PAGES_PER_WORD), memory_order_seq_cst,
			    memory_order_relaxed)) {
			while (i > 0U) {
				i--;
				/* release: nothing was done to the pages; keeps the release/claim
				 * pairing simple */
				atomic_store_explicit(&leaf->word[i],
						      spread(from, 0U, PAGES_PER_WORD),
						      memory_order_release);
			}
			return false;
		}
	}
	return true;
}

static bool leaf_claim_region(struct svsm_cpu *cpu, const _Atomic(uint64_t) *region_word,
			      enum svsm_page_state from, enum svsm_page_state *seen, bool *retry)
{
	struct svsm_epoch *epoch = &mm_cpu(cpu)->epoch;
	bool claimed = false;
	uint64_t region = 0U;

	svsm_epoch_enter(epoch);
	/* acquire: pairs with the CAS that published the leaf */
	region = atomic_load_explicit(region_word, memory_order_acquire);
	*retry = !svsm_region_split(region);
	if (!*retry) {
		arch_point(ARCH_POINT_LEAF_LOOKUP);
		claimed = leaf_claim_all(leaf_of(region), from);
		if (!claimed) {
			*seen = leaf_verdict(leaf_of(region));
		}
	}
	svsm_epoch_leave(epoch);
	return claimed;
}

bool svsm_map_claim_region(struct svsm_cpu *cpu, gpa_t gpa, enum svsm_page_state from,
			   enum svsm_page_state *seen)
{
	_Atomic(uint64_t) *region_word = region_of(gpa);
	bool retry = region_word != NULL;
	bool claimed = false;

	*seen = SVSM_PAGE_ABSENT;
	while (retry) {
		uint64_t region = atomic_load_explicit(region_word, memory_order_relaxed);

		if (svsm_region_split(region)) {
			claimed = leaf_claim_region(cpu, region_word, from, seen, &retry);
		} else if (region == uniform(from)) {
			/* seq_cst: pairs with pins */
			claimed = atomic_compare_exchange_strong_explicit(
				region_word, &region, uniform(SVSM_PAGE_CLAIMED),
				memory_order_seq_cst, memory_order_relaxed);
			retry = !claimed;
		} else {
			*seen = plain_state(region);
			retry = false;
		}
	}
	/* A verdict equal to @from means the region became claimable after the attempt: the caller
	 * tries again. */
	if (!claimed && *seen == from) {
		*seen = SVSM_PAGE_CLAIMED;
	}
	if (claimed) {
		arch_point(ARCH_POINT_CLAIMED);
	}
	return claimed;
}

void svsm_map_release_region(struct svsm_cpu *cpu, gpa_t gpa, enum svsm_page_state to)
{
	_Atomic(uint64_t) *region_word = region_of(gpa);
	const uint64_t region = atomic_load_explicit(region_word, memory_order_relaxed);
	struct mm_cpu *mm = mm_cpu(cpu);

	if (svsm_region_split(region) && !svsm_leaf_may_retire(&mm->leaf, &mm->epoch)) {
		for (unsigned int i = 0U; i < SVSM_LEAF_WORDS; i++) {
			/* release: pairs with the next claim */
			atomic_store_explicit(&leaf_of(region)->word[i],
					      spread(to, 0U, PAGES_PER_WORD), memory_order_release);
		}
		return;
	}
	/* release: pairs with the next claim. The old leaf, if any, stays all-CLAIMED (M3) */
	atomic_store_explicit(region_word, uniform(to), memory_order_release);
	if (svsm_region_split(region)) {
		svsm_leaf_retire(&mm->leaf, &mm->epoch,
				 (uint32_t)(region >> SVSM_REGION_LEAF_SHIFT));
		svsm_stat_add(cpu, SVSM_STAT_LEAF_MERGES, 1U);
	}
}

/* The leaf of a region that this thread claimed whole, made if the region is UNIFORM(CLAIMED). */
static struct svsm_leaf *leaf_of_claimed(struct svsm_cpu *cpu, _Atomic(uint64_t) *region_word)
{
	const uint64_t region = atomic_load_explicit(region_word, memory_order_relaxed);
	uint32_t index = 0U;

	if (svsm_region_split(region)) {
		return leaf_of(region);
	}
	index = svsm_leaf_alloc(&mm_cpu(cpu)->leaf);
	if (index == SVSM_LEAF_NONE) {
		return NULL;
	}
	leaf_fill(svsm_leaf_at(index), SVSM_PAGE_CLAIMED);
	/* release: pairs with the acquire in leaf_claim(): the fill is visible */
	atomic_store_explicit(region_word, region_leaf(index), memory_order_release);
	return svsm_leaf_at(index);
}

void svsm_map_release_pages(struct svsm_cpu *cpu, gpa_t gpa,
			    const uint8_t states[SVSM_PAGES_PER_REGION])
{
	struct svsm_leaf *leaf = leaf_of_claimed(cpu, region_of(gpa));

	if (leaf == NULL) {
		/* Cannot happen (leaf.h). A region whose pages differ must not be called uniform:
		 * it stays claimed. */
		return;
	}
	for (unsigned int i = 0U; i < SVSM_LEAF_WORDS; i++) {
		uint64_t word = 0U;

		for (unsigned int page = 0U; page < PAGES_PER_WORD; page++) {
			word |= (uint64_t)states[i * PAGES_PER_WORD + page] << (2U * page);
		}
		/* release: pairs with the next claim */
		atomic_store_explicit(&leaf->word[i], word, memory_order_release);
	}
}

uint64_t svsm_map_leaves(void)
{
	return svsm_leaf_touched();
}
