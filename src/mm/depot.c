/* SPDX-License-Identifier: Apache-2.0 */
#include "depot.h"

#include "arch.h"

#define CHUNK_PAGES 509U

/* A link is the gPA of a chunk with this bit set: gPA 0 is a page like any other, 0 is no link. */
#define LINK UINT64_C(1)

struct chunk {
	uint64_t next; /* link to the next chunk, 0 at the end */
	uint64_t tail; /* in the head only: link to the last chunk */
	uint64_t count;
	uint64_t page[CHUNK_PAGES];
};

_Static_assert(sizeof(struct chunk) == SVSM_PAGE_SIZE, "a chunk fills its page");

static struct svsm_depot reserve;
static struct svsm_depot deposited;

static void depot_clear(struct svsm_depot *depot)
{
	for (unsigned int slot = 0U; slot < SVSM_DEPOT_SLOTS; slot++) {
		atomic_init(&depot->slots[slot].chain, 0U);
	}
	atomic_init(&depot->pages, 0U);
}

void svsm_depot_init(void)
{
	depot_clear(&reserve);
	depot_clear(&deposited);
}

struct svsm_depot *svsm_depot_reserve(void)
{
	return &reserve;
}

struct svsm_depot *svsm_depot_deposited(void)
{
	return &deposited;
}

static gpa_t link_page(uint64_t link)
{
	return gpa_make(link & ~LINK);
}

static struct chunk *chunk_at(uint64_t link)
{
	return arch_private_ptr(link_page(link));
}

/*
 * A chunk that another vCPU wrote, now in this thread's hands. Where the hardware has no broadcast
 * flush that reaches VMPL0's own translations, this CPU may still hold one from before the page was
 * deposited.
 */
static struct chunk *chunk_arrived(uint64_t link)
{
	arch_flush_local(link_page(link), SVSM_PAGE_4K);
	return chunk_at(link);
}

/* Add a page to a chain that this thread holds (0: empty); returns the new head. */
static uint64_t chain_push(uint64_t head, uint64_t page)
{
	struct chunk *chunk = NULL;

	if (head != 0U && chunk_at(head)->count < CHUNK_PAGES) {
		chunk = chunk_at(head);
		chunk->page[chunk->count] = page;
		chunk->count++;
		return head;
	}
	chunk = chunk_at(page | LINK);
	chunk->next = head;
	chunk->tail = head != 0U ? chunk_at(head)->tail : page | LINK;
	chunk->count = 0U;
	return page | LINK;
}

/* Take a page out of a held, non-empty chain; returns the new head. */
static uint64_t chain_pop(uint64_t head, gpa_t *page)
{
	struct chunk *chunk = chunk_at(head);
	const uint64_t next = chunk->next;

	if (chunk->count > 0U) {
		chunk->count--;
		*page = gpa_make(chunk->page[chunk->count]);
		return head;
	}
	*page = link_page(head);
	if (next != 0U) {
		chunk_arrived(next)->tail = chunk->tail;
	}
	return next;
}

static uint64_t chain_join(uint64_t a, uint64_t b)
{
	if (a == 0U || b == 0U) {
		return a | b;
	}
	chunk_arrived(chunk_at(a)->tail)->next = b;
	chunk_at(a)->tail = chunk_at(b)->tail;
	return a;
}

static uint64_t slot_take(struct svsm_depot *depot, unsigned int slot)
{
	_Atomic(uint64_t) *chain = &depot->slots[slot % SVSM_DEPOT_SLOTS].chain;
	uint64_t head = 0U;

	if (atomic_load_explicit(chain, memory_order_relaxed) != 0U) {
		/* acquire: pairs with the release in slot_put(): the chain's links are visible */
		head = atomic_exchange_explicit(chain, 0U, memory_order_acquire);
	}
	if (head != 0U) {
		(void)chunk_arrived(head);
	}
	return head;
}

/*
 * Into the first empty slot from @slot on. Only when all are taken are chains joined: a thread that
 * gathered them would make other takers find an empty depot.
 */
static void slot_put(struct svsm_depot *depot, unsigned int slot, uint64_t head)
{
	if (head == 0U) {
		return;
	}
	for (unsigned int i = 0U;; i++) {
		_Atomic(uint64_t) *chain = &depot->slots[(slot + i) % SVSM_DEPOT_SLOTS].chain;
		uint64_t expected = 0U;

		/* release: pairs with slot_take() */
		if (atomic_compare_exchange_strong_explicit(
			    chain, &expected, head, memory_order_release, memory_order_relaxed)) {
			return;
		}
		if (i % SVSM_DEPOT_SLOTS == SVSM_DEPOT_SLOTS - 1U) {
			head = chain_join(head, slot_take(depot, slot));
		}
	}
}

void svsm_depot_put_run(struct svsm_depot *depot, unsigned int hint, gpa_t start, uint64_t count)
{
	uint64_t head = slot_take(depot, hint);

	arch_point(ARCH_POINT_DEPOT_TAKEN);
	for (uint64_t i = 0U; i < count; i++) {
		head = chain_push(head, start.raw + i * SVSM_PAGE_SIZE);
	}
	slot_put(depot, hint, head);
	atomic_fetch_add_explicit(&depot->pages, count, memory_order_relaxed);
}

void svsm_depot_put(struct svsm_depot *depot, unsigned int hint, const gpa_t *pages,
		    unsigned int count)
{
	uint64_t head = slot_take(depot, hint);

	arch_point(ARCH_POINT_DEPOT_TAKEN);
	for (unsigned int i = 0U; i < count; i++) {
		head = chain_push(head, pages[i].raw);
	}
	slot_put(depot, hint, head);
	atomic_fetch_add_explicit(&depot->pages, count, memory_order_relaxed);
}

unsigned int svsm_depot_take(struct svsm_depot *depot, unsigned int hint, gpa_t *pages,
			     unsigned int max)
{
	unsigned int taken = 0U;

	for (unsigned int i = 0U; i < SVSM_DEPOT_SLOTS && taken < max; i++) {
		uint64_t head = slot_take(depot, hint + i);

		arch_point(ARCH_POINT_DEPOT_TAKEN);
		while (head != 0U && taken < max) {
			head = chain_pop(head, &pages[taken]);
			taken++;
		}
		slot_put(depot, hint + i, head);
	}
	atomic_fetch_sub_explicit(&depot->pages, taken, memory_order_relaxed);
	return taken;
}

uint64_t svsm_depot_pages(const struct svsm_depot *depot)
{
	const uint64_t pages = atomic_load_explicit(&depot->pages, memory_order_relaxed);

	/* A take may be counted before the put it drew from: never show that as a huge number. */
	return pages > UINT64_MAX / 2U ? 0U : pages;
}

void svsm_depot_walk(const struct svsm_depot *depot, void (*visit)(void *ctx, gpa_t page),
		     void *ctx)
{
	for (unsigned int slot = 0U; slot < SVSM_DEPOT_SLOTS; slot++) {
		uint64_t at = atomic_load_explicit(&depot->slots[slot].chain, memory_order_relaxed);

		while (at != 0U) {
			const struct chunk *chunk = chunk_at(at);

			for (uint64_t i = 0U; i < chunk->count; i++) {
				visit(ctx, gpa_make(chunk->page[i]));
			}
			visit(ctx, link_page(at));
			at = chunk->next;
		}
	}
}
