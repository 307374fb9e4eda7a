/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVSM_MM_H
#define SVSM_MM_H

/* Boot of the memory layer, and the parts that its files share: the per-vCPU state and its use of
 * ck_epoch. */

#include "boot.h"
#include "cpu.h"

/*
 * Build the ownership map, leaf store, depot and pools from @arena, and give the arena's rest to
 * the reserve. Single-threaded, after svsm_cpus_init(). NO_MEMORY if the arena is too small,
 * BAD_MAP if the ranges are not as boot.h asks.
 */
enum svsm_boot_status svsm_mm_init(struct svsm_arena *arena, const struct svsm_boot_info *info);

/* Bytes that svsm_mm_init() takes from the arena for guest memory up to @top_gpa, page reserve
 * included. Pure. */
uint64_t svsm_mm_bytes(uint64_t top_gpa, unsigned int nr_cpus);

/* Written by svsm_mm_init(), read-only afterwards. For svsm_guest_vmpl() alone. */
extern unsigned int svsm_mm_guest_vmpl;

/* The guest VMPL that is served, 1..3. */
static inline unsigned int svsm_guest_vmpl(void)
{
	return svsm_mm_guest_vmpl;
}

/* End of the highest RAM (without ROM), bytes. */
uint64_t svsm_ram_top(void);

#endif
