/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LAUNCH_ABI_H
#define LAUNCH_ABI_H

/*
 * Launch package, little-endian: header, nr_entries entries, then data. Offsets count from the
 * start of the package. docs/emulator.md describes it for people.
 */

#include <stddef.h>
#include <stdint.h>

#define LAUNCH_MAGIC UINT64_C(0x314b4e4c58414850) /* "PHAXLNK1" */

struct launch_header {
	uint64_t magic;
	uint32_t version; /* 1 */
	uint32_t nr_entries;
	uint32_t start_vmpl;
	uint32_t irq_vmpl;
	uint64_t policy;
	uint64_t seed; /* of VMPCKs */
	uint8_t host_data[32];
	uint64_t reserved[4];
};

enum launch_entry_type {
	LAUNCH_RAM = 1,	   /* guest memory [gpa, gpa+bytes): private, assigned, not validated unless
			      an entry of another type covers it */
	LAUNCH_ROM = 2,	   /* firmware outside memory, NORMAL pages */
	LAUNCH_NORMAL = 3, /* measured pages; data, rest of bytes zero */
	LAUNCH_ZERO = 4,   /* measured zero pages */
	LAUNCH_UNMEASURED = 5,
	LAUNCH_SECRETS = 6, /* data: template, with SVSM fields; VMPCKs and version are filled in */
	LAUNCH_CPUID = 7,
	LAUNCH_VMSA = 8,    /* boot VMSA of vCPU 0 at start_vmpl */
	LAUNCH_VALID = 9,   /* validated with @perms but not measured: stands for what an SVSM or
			       firmware in front would have validated; zeroed */
	LAUNCH_SHARED = 10, /* hypervisor-owned at start; data allowed (not measured) */
	LAUNCH_USABLE = 11, /* shown by fw_cfg etc/e820 */
	LAUNCH_FW_KERNEL = 12,
	LAUNCH_FW_INITRD = 13,
	LAUNCH_FW_CMDLINE = 14, /* shown by fw_cfg */
	LAUNCH_PSP_ROOTS = 15,	/* certificates of the security processor, for psp_service_init() */
};

struct launch_entry {
	uint32_t type;
	uint32_t flags; /* 0 */
	uint64_t gpa;	/* page aligned where pages are meant */
	uint64_t bytes; /* multiple of 4096 likewise */
	uint64_t data_offset;
	uint64_t data_bytes; /* 0..bytes */
	uint8_t perms[4];    /* VMPL0..3; [0] ignored */
	uint32_t reserved;
	uint64_t reserved2;
};

_Static_assert(sizeof(struct launch_header) == 0x68, "launch header");
_Static_assert(sizeof(struct launch_entry) == 56, "launch entry");

#endif
