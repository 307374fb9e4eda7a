/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVSM_SLAB_CPU_H
#define SVSM_SLAB_CPU_H

#include "svsm_types.h"

/* Size classes: see class_bytes[] in slab.c. */
#define SVSM_SLAB_CLASSES 16U
#define SVSM_SLAB_CACHE 8U

struct svsm_slab;

/* Owner-only part of the slab allocator. */
struct svsm_slab_cpu {
	struct svsm_slab *slabs[SVSM_SLAB_CLASSES]; /* slabs that this vCPU made */
	uint32_t cached[SVSM_SLAB_CLASSES];
	void *cache[SVSM_SLAB_CLASSES][SVSM_SLAB_CACHE];
};

#endif
