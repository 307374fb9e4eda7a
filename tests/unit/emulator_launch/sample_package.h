/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SAMPLE_PACKAGE_H
#define SAMPLE_PACKAGE_H

/* A correct package with one entry of each kind, for tests to damage. */

#include <stddef.h>

#include "launch_abi.h"

enum sample_entry {
	SAMPLE_RAM_LOW,
	SAMPLE_RAM,
	SAMPLE_ROM,
	SAMPLE_NORMAL,
	SAMPLE_ZERO,
	SAMPLE_SECRETS,
	SAMPLE_CPUID,
	SAMPLE_UNMEASURED,
	SAMPLE_VALID,
	SAMPLE_SHARED,
	SAMPLE_VMSA,
	SAMPLE_USABLE,
	SAMPLE_KERNEL,
	SAMPLE_CMDLINE,
	SAMPLE_ROOTS,
	SAMPLE_ENTRIES,
};

#define SAMPLE_ROM_GPA UINT64_C(0xc0000)
#define SAMPLE_NORMAL_GPA UINT64_C(0x10000)
#define SAMPLE_NORMAL_BYTES UINT64_C(0x1100)
#define SAMPLE_ZERO_GPA UINT64_C(0x20000)
#define SAMPLE_SECRETS_GPA UINT64_C(0x21000)
#define SAMPLE_CPUID_GPA UINT64_C(0x22000)
#define SAMPLE_UNMEASURED_GPA UINT64_C(0x23000)
#define SAMPLE_SHARED_GPA UINT64_C(0x30000)
#define SAMPLE_VMSA_GPA UINT64_C(0x101000)
#define SAMPLE_VALID_GPA UINT64_C(0x1ff000) /* one page, then 2 MiB */
#define SAMPLE_VALID_BYTES UINT64_C(0x201000)
#define SAMPLE_VMPL 2U

/* Byte i of every entry's data is i modulo 251, plus 1. */
#define SAMPLE_DATA(i) ((uint8_t)((i) % 251U + 1U))

/* Image of the package in memory of its own size, to be freed; never NULL. */
uint8_t *sample_package(size_t *bytes);

struct launch_header *sample_header(uint8_t *package);
struct launch_entry *sample_entry(uint8_t *package, unsigned int index);
/* The VMSA that SAMPLE_VMSA places. */
struct vmsa_page *sample_vmsa(uint8_t *package);

#endif
