/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVSM_INTROSPECT_H
#define SVSM_INTROSPECT_H

/*
 * The SVSM's own account of what is private, for the judge, tests and reports. Only while no vCPU
 * is inside svsm_serve(): the lists are walked without protection.
 */

#include "cpu.h"

enum svsm_private_kind {
	SVSM_PRIVATE_VMSA,
	SVSM_PRIVATE_CALLING_AREA,
	SVSM_PRIVATE_DEPOSITED,
};

/* Call @visit for every page of the kind; @vmpl is the record's for VMSAs and calling areas, else
 * 0. */
void svsm_introspect_private(void (*visit)(void *ctx, enum svsm_private_kind kind, gpa_t page,
					   unsigned int vmpl),
			     void *ctx);

/* Sum of a statistic over all vCPUs. May run at any time. */
uint64_t svsm_introspect_stat(enum svsm_stat stat);

struct svsm_memory_use {
	uint64_t per_cpu_bytes; /* vCPU state, all vCPUs */
	uint64_t map_bytes;	/* region words */
	uint64_t leaf_bytes;	/* leaves that were ever in use */
	uint64_t leaf_reserved; /* address space held for leaves */
	uint64_t reserve_pages; /* free pages of the boot reserve */
	uint64_t deposited_pages;
};
void svsm_introspect_memory(struct svsm_memory_use *use);

#endif
