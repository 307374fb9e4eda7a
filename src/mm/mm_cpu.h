/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVSM_MM_CPU_H
#define SVSM_MM_CPU_H

/* The memory layer's owner-only state of a vCPU, kept in the slot that percpu reserves. */

#include "cpu.h"
#include "epoch.h"
#include "leaf.h"
#include "pool.h"
#include "slab_cpu.h"

struct mm_cpu {
	struct svsm_epoch epoch;
	struct svsm_leaf_cpu leaf;
	struct svsm_pool pool;
	struct svsm_slab_cpu slab;
};

_Static_assert(sizeof(struct mm_cpu) <= SVSM_CPU_MM_BYTES, "fits the slot of struct svsm_cpu");
_Static_assert(offsetof(struct mm_cpu, epoch) == 0U, "svsm_map_epoch()");
_Static_assert(_Alignof(struct mm_cpu) <= SVSM_CACHE_LINE, "the slot is line-aligned");

static inline struct mm_cpu *mm_cpu(struct svsm_cpu *cpu)
{
	return (struct mm_cpu *)(void *)cpu->mm;
}

#endif
