/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "host.h"

/*
 * malloc for BoringSSL: free lists by power of two over pages that are never given back. Only the
 * processor that holds the PSP calls it.
 */

#define CLASS_MIN 5U  /* 32 bytes, header included */
#define CLASS_MAX 20U /* 1 MiB */
#define CHUNK_PAGES 16U

struct block {
	size_t class_index;
	size_t size; /* asked for */
};

union free_block {
	struct block used;
	union free_block *next;
};

static union free_block *free_lists[CLASS_MAX + 1U];
static uint8_t *chunk;
static size_t chunk_left;

static size_t class_of(size_t bytes)
{
	size_t index = CLASS_MIN;

	while (index <= CLASS_MAX && ((size_t)1 << index) < bytes) {
		index++;
	}
	return index;
}

static void *fresh(size_t bytes)
{
	void *at;

	if (bytes > CHUNK_PAGES * EMU_PAGE_SIZE) {
		return host_pages(bytes / EMU_PAGE_SIZE);
	}
	if (bytes > chunk_left) {
		chunk = host_pages(CHUNK_PAGES);
		chunk_left = chunk == NULL ? 0U : CHUNK_PAGES * EMU_PAGE_SIZE;
	}
	if (bytes > chunk_left) {
		return NULL;
	}
	at = chunk;
	chunk += bytes;
	chunk_left -= bytes;
	return at;
}

void *malloc(size_t size)
{
	union free_block *block;
	size_t index;

	if (size > ((size_t)1 << CLASS_MAX) - sizeof(struct block)) {
		return NULL;
	}
	index = class_of(size + sizeof(struct block));
	block = free_lists[index];
	if (block != NULL) {
		free_lists[index] = block->next;
	} else {
		block = fresh((size_t)1 << index);
		if (block == NULL) {
			return NULL;
		}
	}
	block->used = (struct block){ .class_index = index, .size = size };
	return &block->used + 1;
}

void free(void *at)
{
	union free_block *block;
	size_t index;

	if (at == NULL) {
		return;
	}
	block = (union free_block *)(void *)((struct block *)at - 1);
	index = block->used.class_index;
	block->next = free_lists[index];
	free_lists[index] = block;
}

void *calloc(size_t count, size_t size)
{
	size_t bytes;
	void *at;

	if (__builtin_mul_overflow(count, size, &bytes)) {
		return NULL;
	}
	at = malloc(bytes);
	if (at != NULL) {
		memset(at, 0, bytes);
	}
	return at;
}
