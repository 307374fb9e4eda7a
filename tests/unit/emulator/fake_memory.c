/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "fake_memory.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "fake_host.h"

#define ARENA_AT UINT64_C(0x60000000)
#define ARENA_BYTES (UINT64_C(2) << 20)
#define PAGES_2M 512U

struct fake_memory fake_memory;

static uint8_t *memory;
static struct snpm_rmp rmp;
static void *arena;

static void *map(uintptr_t at, size_t bytes)
{
	void *got = mmap((void *)at, bytes, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
				 (at == 0U ? 0 : MAP_FIXED_NOREPLACE),
			 -1, 0);

	if (got == MAP_FAILED || (at != 0U && (uintptr_t)got != at)) {
		abort();
	}
	return got;
}

void fake_memory_reset(uint64_t bytes)
{
	if (memory != NULL) {
		(void)munmap(memory, fake_memory.bytes);
		free((void *)rmp.words_2m);
		free((void *)rmp.words_4k);
	}
	if (arena == NULL) {
		arena = map(ARENA_AT, ARENA_BYTES);
	}
	fake.arena = arena;
	fake.arena_bytes = ARENA_BYTES;
	memory = map(0, bytes);
	fake_memory = (struct fake_memory){ .bytes = bytes };
	rmp = (struct snpm_rmp){ .nr_pages = (ARENA_AT + ARENA_BYTES) >> EMU_PAGE_SHIFT };
	rmp.words_2m = calloc(rmp.nr_pages / PAGES_2M, sizeof(rmp.words_2m[0]));
	rmp.words_4k = calloc(rmp.nr_pages, sizeof(rmp.words_4k[0]));
	if (rmp.words_2m == NULL || rmp.words_4k == NULL) {
		abort();
	}
}

void fake_memory_grant(uint64_t start, uint64_t end, uint8_t perms)
{
	const uint8_t all[4] = { 0x1f, perms, perms, perms };

	while (start < end) {
		bool large = (start & EMU_LARGE_MASK) == 0U && end - start >= EMU_LARGE_SIZE;

		if (!snpm_launch_page(&rmp, start >> EMU_PAGE_SHIFT, start >> EMU_PAGE_SHIFT,
				      large ? 1U : 0U, all, false)) {
			abort();
		}
		start += large ? EMU_LARGE_SIZE : EMU_PAGE_SIZE;
	}
}

bool ram_is_memory(gpa_t gpa)
{
	return gpa.raw < fake_memory.bytes;
}

gpa_t ram_top(void)
{
	return gpa_make(fake_memory.bytes);
}

bool ram_translate(gpa_t gpa, hpa_t *hpa)
{
	*hpa = hpa_make(gpa.raw);
	return gpa.raw < fake_memory.bytes;
}

void *ram_pointer(gpa_t gpa, size_t len)
{
	return gpa.raw < fake_memory.bytes && (gpa.raw & EMU_PAGE_MASK) + len <= EMU_PAGE_SIZE
		       ? memory + gpa.raw
		       : NULL;
}

bool ram_move(gpa_t gpa, hpa_t hpa)
{
	fake_memory.moved_page = gpa;
	fake_memory.moved_to = hpa;
	fake_memory.moved++;
	return true;
}

struct snpm_rmp *rmp_table(void)
{
	return &rmp;
}

void rmp_invalidate(gpa_t gpa, uint64_t bytes)
{
	(void)gpa;
	(void)bytes;
	fake_memory.invalidated++;
}

bool rmp_is_shared(gpa_t gpa)
{
	return (snpm_word(&rmp, gpa_page_number(gpa), NULL) & SNPM_ASSIGNED) == 0U;
}

bool rmp_is_vmsa(gpa_t gpa)
{
	return fake_memory.all_vmsa ||
	       (snpm_word(&rmp, gpa_page_number(gpa), NULL) & SNPM_VMSA) != 0U;
}

bool rmp_make_shared(gpa_t gpa, bool large)
{
	struct snpm_update update = { .size = 0 };

	(void)snpm_psmash(&rmp, gpa_page_number(gpa) & ~UINT64_C(511));
	return !large && snpm_rmpupdate(&rmp, gpa_page_number(gpa), &update) == SNPM_OK;
}
