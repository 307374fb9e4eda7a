/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVSM_ARENA_H
#define SVSM_ARENA_H

/*
 * Boot-time memory: a bump allocator over the arena that the arch hands to svsm_boot(). Used by one
 * CPU before any other runs; what it hands out is never freed.
 */

#include "svsm_types.h"

struct svsm_arena {
	gpa_t start;
	uint64_t used;
	uint64_t size;
};

/* @start: 4 KiB aligned, private and zeroed by the arch, contiguous under arch_private_ptr(). */
void svsm_arena_init(struct svsm_arena *arena, gpa_t start, uint64_t size);

/* @bytes zeroed bytes aligned to @align (a power of two, 1..4096); NULL when the arena is
 * exhausted. */
void *svsm_arena_alloc(struct svsm_arena *arena, uint64_t bytes, uint64_t align);

/* gPA of the first whole page not handed out. */
gpa_t svsm_arena_rest(const struct svsm_arena *arena);

#endif
