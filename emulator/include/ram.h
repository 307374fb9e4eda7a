/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RAM_H
#define RAM_H

/*
 * What a guest physical address is: memory, firmware (ROM that lies in memory of the emulator),
 * or neither, which is a device. Guest memory is identity mapped; a hostile host can move single
 * pages to spare ones.
 *
 * System page numbers (spn) index the RMP of snpmodel: spn is hPA >> 12 for all of them.
 */

#include "emu_types.h"

/* After the package was read; ranges do not overlap. At most 8 in all. */
void ram_add(gpa_t start, uint64_t bytes);
void ram_add_rom(gpa_t start, uint64_t bytes, void *copy); /* @copy page aligned, own memory */

/* First byte above all guest memory below 4 GiB, and above all. */
gpa_t ram_top_low(void);
gpa_t ram_top(void);

bool ram_is_memory(gpa_t gpa); /* memory or ROM */

/* hPA of the page of @gpa; false: not memory. Lock-free; a moved page is seen at once. */
bool ram_translate(gpa_t gpa, hpa_t *hpa);

/*
 * Pointer for [gpa, gpa+len), which must lie in one page; NULL: not memory. Says nothing of rights:
 * for launch, VMSAs and page-table walks.
 */
void *ram_pointer(gpa_t gpa, size_t len);

/*
 * The same if the page is hypervisor-owned in the RMP (shared), else NULL: for everything that a
 * hypervisor may touch (GHCB, scratch areas, request pages). The page can be taken away at any
 * time; contents can change at any time: read once.
 */
void *ram_shared_pointer(gpa_t gpa, size_t len);

/* Hostile host: from now on @gpa is backed by @hpa. Callers change the RMP and flush. */
bool ram_move(gpa_t gpa, hpa_t hpa);

#endif
