/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CPUID_ABI_H
#define CPUID_ABI_H

/* SEV-SNP CPUID page (SEV-SNP firmware ABI 56860, section 8.14.2.6): values that the firmware has
 * checked at launch. */

#include <stddef.h>
#include <stdint.h>

#define CPUID_MAX_ENTRIES 64U

struct cpuid_entry {
	uint32_t eax_in; /* 0x00 */
	uint32_t ecx_in;
	uint64_t xcr0_in;
	uint64_t xss_in; /* 0x10 */
	uint32_t eax, ebx, ecx, edx;
	uint64_t reserved;
};

struct cpuid_page {
	uint32_t count; /* 1..CPUID_MAX_ENTRIES */
	uint32_t reserved_004;
	uint64_t reserved_008;
	struct cpuid_entry entries[CPUID_MAX_ENTRIES]; /* 0x010 */
	uint8_t reserved_c10[0x1000 - 0xc10];
};

#define CPUID_ASSERT(field, offset)                                                                \
	_Static_assert(offsetof(struct cpuid_entry, field) == (offset), "CPUID entry: " #field)

_Static_assert(sizeof(struct cpuid_page) == 0x1000, "the CPUID page is one page");
_Static_assert(sizeof(struct cpuid_entry) == 48, "size of a CPUID entry");
_Static_assert(offsetof(struct cpuid_page, entries) == 0x010, "start of the CPUID entries");
CPUID_ASSERT(ecx_in, 0x04);
CPUID_ASSERT(xcr0_in, 0x08);
CPUID_ASSERT(xss_in, 0x10);
CPUID_ASSERT(eax, 0x18);
CPUID_ASSERT(ebx, 0x1c);
CPUID_ASSERT(ecx, 0x20);
CPUID_ASSERT(edx, 0x24);

#undef CPUID_ASSERT

#endif
