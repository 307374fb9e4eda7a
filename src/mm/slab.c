/* SPDX-License-Identifier: Apache-2.0 */
#include "slab.h"

#include <string.h>

#include "arch.h"
#include "mm_cpu.h"
#include "pool.h"

#define HEADER_BYTES 64U
#define BITMAP_WORDS 2U

/* First in its page. */
struct svsm_slab {
	struct svsm_slab *next; /* owner's list */
	uint64_t gpa;
	uint32_t class_index;
	uint32_t objects;
	_Atomic(uint64_t) free[BITMAP_WORDS];
};

_Static_assert(sizeof(struct svsm_slab) <= HEADER_BYTES, "objects start behind the header");

static const uint16_t class_bytes[SVSM_SLAB_CLASSES] = { 32U,  64U,  96U,   128U,
							 160U, 192U, 224U,  256U,
							 320U, 384U, 448U,  512U,
							 576U, 672U, 1024U, SVSM_SLAB_MAX };

_Static_assert((SVSM_PAGE_SIZE - HEADER_BYTES) / 32U <= UINT64_C(64) * BITMAP_WORDS,
	       "one bit per object");
_Static_assert(UINT64_C(3) * SVSM_SLAB_MAX + HEADER_BYTES <= SVSM_PAGE_SIZE,
	       "the largest class fits three to a page");

static unsigned int class_of(size_t size)
{
	unsigned int index = 0U;

	while (index < SVSM_SLAB_CLASSES && class_bytes[index] < size) {
		index++;
	}
	return index;
}

size_t svsm_slab_class_size(size_t size)
{
	const unsigned int index = class_of(size);

	return index < SVSM_SLAB_CLASSES ? class_bytes[index] : 0U;
}

static struct svsm_slab *slab_of(void *object)
{
	return (struct svsm_slab *)((uintptr_t)object & ~(uintptr_t)SVSM_PAGE_MASK);
}

static void *object_at(struct svsm_slab *slab, unsigned int index)
{
	return (unsigned char *)slab + HEADER_BYTES +
	       (size_t)index * class_bytes[slab->class_index];
}

static uint64_t full_word(const struct svsm_slab *slab, unsigned int word)
{
	const unsigned int below = word * 64U;

	if (slab->objects <= below) {
		return 0U;
	}
	return slab->objects - below >= 64U ? UINT64_MAX
					    : (UINT64_C(1) << (slab->objects - below)) - 1U;
}

static void mark_free(void *object)
{
	struct svsm_slab *slab = slab_of(object);
	const size_t offset =
		(size_t)((unsigned char *)object - (unsigned char *)slab) - HEADER_BYTES;
	const unsigned int index = (unsigned int)(offset / class_bytes[slab->class_index]);

	/* release: pairs with the acquire in take_objects() and slab_is_free(): this thread is done
	 * with the object */
	atomic_fetch_or_explicit(&slab->free[index / 64U], UINT64_C(1) << (index % 64U),
				 memory_order_release);
}

/* Move free objects of a slab of this vCPU into its cache. */
static void take_objects(struct svsm_slab_cpu *mine, struct svsm_slab *slab)
{
	const uint32_t class_index = slab->class_index;

	for (unsigned int word = 0U; word < BITMAP_WORDS; word++) {
		uint64_t bits = atomic_load_explicit(&slab->free[word], memory_order_relaxed);
		uint64_t taken = 0U;

		while (bits != 0U && mine->cached[class_index] < SVSM_SLAB_CACHE) {
			const unsigned int bit = (unsigned int)__builtin_ctzll(bits);

			mine->cache[class_index][mine->cached[class_index]] =
				object_at(slab, word * 64U + bit);
			mine->cached[class_index]++;
			taken |= UINT64_C(1) << bit;
			bits &= bits - 1U;
		}
		/* acquire: pairs with mark_free(). Bits only get set by others, so all of @taken
		 * are still there */
		atomic_fetch_and_explicit(&slab->free[word], ~taken, memory_order_acquire);
	}
}

static bool slab_is_free(const struct svsm_slab *slab)
{
	for (unsigned int word = 0U; word < BITMAP_WORDS; word++) {
		/* acquire: pairs with mark_free(): no other thread touches the page any more */
		if (atomic_load_explicit(&slab->free[word], memory_order_acquire) !=
		    full_word(slab, word)) {
			return false;
		}
	}
	return true;
}

static bool grow(struct svsm_cpu *cpu, struct svsm_slab_cpu *mine, uint32_t class_index)
{
	struct svsm_slab *slab = NULL;
	gpa_t page;

	if (!svsm_pool_get(cpu, &page)) {
		return false;
	}
	slab = arch_private_ptr(page);
	slab->gpa = page.raw;
	slab->class_index = class_index;
	slab->objects = (uint32_t)((SVSM_PAGE_SIZE - HEADER_BYTES) / class_bytes[class_index]);
	for (unsigned int word = 0U; word < BITMAP_WORDS; word++) {
		atomic_store_explicit(&slab->free[word], full_word(slab, word),
				      memory_order_relaxed);
	}
	slab->next = mine->slabs[class_index];
	mine->slabs[class_index] = slab;
	return true;
}

static bool refill(struct svsm_cpu *cpu, struct svsm_slab_cpu *mine, uint32_t class_index)
{
	for (struct svsm_slab *slab = mine->slabs[class_index]; slab != NULL; slab = slab->next) {
		take_objects(mine, slab);
		if (mine->cached[class_index] == SVSM_SLAB_CACHE) {
			return true;
		}
	}
	if (mine->cached[class_index] == 0U && grow(cpu, mine, class_index)) {
		take_objects(mine, mine->slabs[class_index]);
	}
	return mine->cached[class_index] > 0U;
}

void *svsm_slab_alloc(struct svsm_cpu *cpu, size_t size)
{
	struct svsm_slab_cpu *mine = &mm_cpu(cpu)->slab;
	const unsigned int class_index = class_of(size);
	void *object = NULL;

	if (size == 0U || class_index == SVSM_SLAB_CLASSES) {
		return NULL;
	}
	if (mine->cached[class_index] == 0U && !refill(cpu, mine, class_index)) {
		return NULL;
	}
	mine->cached[class_index]--;
	object = mine->cache[class_index][mine->cached[class_index]];
	memset(object, 0, class_bytes[class_index]);
	return object;
}

void svsm_slab_free(struct svsm_cpu *cpu, void *object)
{
	struct svsm_slab_cpu *mine = &mm_cpu(cpu)->slab;
	uint32_t class_index = 0U;

	if (object == NULL) {
		return;
	}
	class_index = slab_of(object)->class_index;
	if (mine->cached[class_index] == SVSM_SLAB_CACHE) {
		for (unsigned int i = 0U; i < SVSM_SLAB_CACHE / 2U; i++) {
			mine->cached[class_index]--;
			mark_free(mine->cache[class_index][mine->cached[class_index]]);
		}
	}
	mine->cache[class_index][mine->cached[class_index]] = object;
	mine->cached[class_index]++;
}

void svsm_slab_trim(struct svsm_cpu *cpu)
{
	struct svsm_slab_cpu *mine = &mm_cpu(cpu)->slab;

	for (unsigned int i = 0U; i < SVSM_SLAB_CLASSES; i++) {
		struct svsm_slab **link = &mine->slabs[i];

		while (mine->cached[i] > 0U) {
			mine->cached[i]--;
			mark_free(mine->cache[i][mine->cached[i]]);
		}
		while (*link != NULL) {
			struct svsm_slab *slab = *link;

			if (slab_is_free(slab)) {
				*link = slab->next;
				svsm_pool_put(cpu, gpa_make(slab->gpa));
			} else {
				link = &slab->next;
			}
		}
	}
}
