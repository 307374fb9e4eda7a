/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ACPI_FILTER_H
#define ACPI_FILTER_H

/*
 * The file with QEMU's ACPI tables, as guests may see it: without the IOMMU and without the
 * processor that boots the emulator, which are the emulator's own. Both entries stay where they
 * are, for the file comes byte by byte and has places that QEMU's loader script patches: the
 * signature of the one, the APIC id of the other become values that nobody looks at. The guest
 * computes checksums afterwards.
 */

#include "emu_types.h"

struct acpi_filter {
	uint64_t start; /* offset of the table that is read or read next */
	uint32_t length;
	uint32_t name;	      /* its signature, so far */
	uint64_t entry_start; /* of the entry in the MADT that is read or read next */
	uint32_t entry_length;
	uint32_t entry_type;
	bool hidden; /* this entry */
};

/* At the beginning of the file. */
void acpi_filter_start(struct acpi_filter *filter);

/*
 * What a guest sees of @byte at @offset of the file; offsets ascend one by one. @nr_cpus processors
 * are the guest's, with the APIC ids below it.
 */
uint8_t acpi_filter_byte(struct acpi_filter *filter, uint64_t offset, uint8_t byte,
			 unsigned int nr_cpus);

#endif
