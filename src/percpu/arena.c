/* SPDX-License-Identifier: Apache-2.0 */
#include "arena.h"

#include "arch.h"

void svsm_arena_init(struct svsm_arena *arena, gpa_t start, uint64_t size)
{
	arena->start = start;
	arena->used = 0U;
	arena->size = size;
}

void *svsm_arena_alloc(struct svsm_arena *arena, uint64_t bytes, uint64_t align)
{
	const uint64_t at = (arena->used + align - 1U) & ~(align - 1U);

	if (at > arena->size || bytes > arena->size - at) {
		return NULL;
	}
	arena->used = at + bytes;
	return (unsigned char *)arch_private_ptr(arena->start) + at;
}

gpa_t svsm_arena_rest(const struct svsm_arena *arena)
{
	return gpa_make((arena->start.raw + arena->used + SVSM_PAGE_MASK) & ~SVSM_PAGE_MASK);
}
