/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BOOT_H
#define BOOT_H

/*
 * What the arch tells the core at boot, and the two entry points of the core that an arch calls:
 * once svsm_boot() on the boot CPU, then svsm_serve() at every entry of VMPL0. Implemented by
 * src/sched.
 */

#include "svsm_types.h"

#define SVSM_MAX_CPUS 4096U
#define SVSM_BOOT_RANGES 128U

struct svsm_boot_range {
	uint64_t start; /* inclusive, 4 KiB aligned */
	uint64_t end;	/* exclusive */
};

struct svsm_boot_info {
	struct svsm_boot_range ram[SVSM_BOOT_RANGES]; /* ascending, disjoint; firmware ROM included
						       */
	unsigned int nr_ram;
	struct svsm_boot_range valid[SVSM_BOOT_RANGES]; /* validated and granted to the guest at
							   launch; inside ram */
	unsigned int nr_valid;
	struct svsm_boot_range svsm;  /* the SVSM's own range, inside ram, never granted */
	struct svsm_boot_range arena; /* part of svsm for the core's tables and page reserve; zeroed
					 by the arch */
	gpa_t startup_vmsa;	      /* may lie outside ram (0xFFFF_FFFF_F000) or anywhere in it */
	gpa_t startup_ca;
	unsigned int guest_vmpl; /* 1..3 */
	unsigned int nr_cpus;	 /* CPUs with an SVSM thread; index 0 is the startup vCPU */
	const uint32_t *apic_ids;
	uint64_t ram_top; /* end of the highest RAM, without ROM */
	unsigned int phys_bits;
	bool vtom_supported;
	unsigned int budget_entries; /* per call, 0: no bound by entries */
	unsigned int budget_pages;   /* per call, 0: the default */
	uint8_t vmpck0[32]; /* from the secrets page, whose guest copy has it zeroed; all zero: no
			       attestation */
};

/* Bytes of arena that the core needs for this RAM and CPU count, including its page reserve. Pure.
 */
uint64_t svsm_boot_bytes(uint64_t top_gpa, unsigned int nr_cpus);

enum svsm_boot_status {
	SVSM_BOOT_OK,
	SVSM_BOOT_BAD_MAP,   /* ranges unaligned, overlapping, out of order, or svsm/arena/valid not
				inside ram */
	SVSM_BOOT_BAD_CPUS,  /* no CPU, too many, or an APIC id twice */
	SVSM_BOOT_BAD_VMSA,  /* startup VMSA unreadable, wrong VMPL, SVME clear, or SEV_FEATURES
				unsupported */
	SVSM_BOOT_NO_MEMORY, /* arena smaller than svsm_boot_bytes() */
};

/* Build all core state. Called once, before any svsm_serve(), with no other CPU running. */
enum svsm_boot_status svsm_boot(const struct svsm_boot_info *info);

/* No VMSA of this CPU may be entered (the caller deleted itself and no other record can run). */
#define SVSM_ENTER_NONE 0U

/*
 * Serve one entry of VMPL0 on CPU @cpu_index (58019 section 5): at most one call of at most one
 * record. Returns the VMPL to enter next (1..3) or SVSM_ENTER_NONE. Runs concurrently on different
 * CPUs, never twice at a time on the same CPU. Never waits for another CPU.
 */
unsigned int svsm_serve(unsigned int cpu_index);

#endif
