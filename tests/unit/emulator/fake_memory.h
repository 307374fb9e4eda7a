/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FAKE_MEMORY_H
#define FAKE_MEMORY_H

/* Guest memory from 0 up and its RMP, for code of the emulator that runs hosted. From a reset on,
 * host_pages() of fake_host.h gives pages at low addresses that the RMP covers. */

#include "ram.h"
#include "rmp.h"

struct fake_memory {
	uint64_t bytes;
	unsigned int moved;
	gpa_t moved_page; /* the last one, and where it is now */
	hpa_t moved_to;
	unsigned int invalidated;
	bool all_vmsa; /* rmp_is_vmsa() says yes to every page */
};
extern struct fake_memory fake_memory;

/* Everything hypervisor-owned, filled with zeros. After fake_reset(). */
void fake_memory_reset(uint64_t bytes);
/* [start, end): valid, with full rights for VMPL0 and @perms for the others; 2 MiB entries where
 * they fit */
void fake_memory_grant(uint64_t start, uint64_t end, uint8_t perms);

#endif
