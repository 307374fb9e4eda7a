/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVSM_SLAB_H
#define SVSM_SLAB_H

/*
 * Slab allocator for objects of 1..1344 bytes, in the manner of jemalloc: size classes, a per-vCPU
 * array cache per class without atomics on a hit, slabs of one page below. No core call allocates;
 * attestation and vTPM will.
 *
 * A slab belongs to the vCPU that made it; its free objects are bits in its header. Any vCPU may
 * free any object: it keeps it in its own cache, and on overflow sets the bits (fetch_or). Only the
 * owner takes bits (fetch_and) and only the owner returns a slab's page, when all bits are set:
 * then no cache and no user has an object of it, and a remote fetch_or was that thread's last touch
 * of the page. Linearisation: fetch_or and fetch_and on the bitmap word. Progress: wait-free. Free
 * objects of a stopped vCPU's slabs stay unused; nobody waits for them.
 */

#include "cpu.h"

#define SVSM_SLAB_MAX 1344U

/* Zeroed object of @size bytes (1..SVSM_SLAB_MAX), 32-byte aligned; NULL when no page is to be had.
 * Owner thread. */
void *svsm_slab_alloc(struct svsm_cpu *cpu, size_t size);

/* Free an object of any vCPU's slab; NULL is ignored. The caller has wiped secrets. Owner thread of
 * @cpu. */
void svsm_slab_free(struct svsm_cpu *cpu, void *object);

/* Empty the caches of @cpu and return its wholly free slabs' pages to its pool. Owner thread. */
void svsm_slab_trim(struct svsm_cpu *cpu);

/* Object size that serves @size, for tests and sizing; 0 if too large. Pure. */
size_t svsm_slab_class_size(size_t size);

#endif
