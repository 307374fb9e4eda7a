/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PVH_ABI_H
#define PVH_ABI_H

/* What EBX points to at a PVH entry (Xen: "x86/HVM direct boot ABI"). */

#include <stddef.h>
#include <stdint.h>

#define PVH_MAGIC UINT32_C(0x336ec578)

struct pvh_start_info {
	uint32_t magic;
	uint32_t version; /* memory map since 1 */
	uint32_t flags;
	uint32_t nr_modules;
	uint64_t modules;
	uint64_t cmdline;
	uint64_t rsdp;
	uint64_t memmap;
	uint32_t memmap_entries;
	uint32_t reserved;
};

struct pvh_module {
	uint64_t start;
	uint64_t bytes;
	uint64_t cmdline;
	uint64_t reserved;
};

struct pvh_memory {
	uint64_t start;
	uint64_t bytes;
	uint32_t type;
	uint32_t reserved;
};

#define PVH_MEMORY_RAM 1U

_Static_assert(sizeof(struct pvh_start_info) == 56, "start info");
_Static_assert(offsetof(struct pvh_start_info, memmap) == 40, "start info");
_Static_assert(sizeof(struct pvh_module) == 32, "module");
_Static_assert(sizeof(struct pvh_memory) == 24, "memory map entry");

#endif
