/* SPDX-License-Identifier: Apache-2.0 */
#include "sample_package.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "abi/vmsa_abi.h"

#define DATA_OFFSET 0x1000U
#define DATA_BYTES 0x1100U
#define VMSA_OFFSET (DATA_OFFSET + DATA_BYTES + 0x100U)
#define ROOTS_OFFSET (VMSA_OFFSET + 0x1000U)
#define PACKAGE_BYTES (ROOTS_OFFSET + 8U)
#define RIGHTS { 0x0f, 0x0f, 0x07, 0x00 }

static const struct launch_entry entries[SAMPLE_ENTRIES] = {
	[SAMPLE_RAM_LOW] = { .type = LAUNCH_RAM, .gpa = 0, .bytes = 0xa0000 },
	[SAMPLE_RAM] = { .type = LAUNCH_RAM, .gpa = 0x100000, .bytes = 0x500000 },
	[SAMPLE_ROM] = { .type = LAUNCH_ROM,
			 .gpa = SAMPLE_ROM_GPA,
			 .bytes = 0x2000,
			 .data_offset = DATA_OFFSET,
			 .data_bytes = 0x20,
			 .perms = RIGHTS },
	[SAMPLE_NORMAL] = { .type = LAUNCH_NORMAL,
			    .gpa = SAMPLE_NORMAL_GPA,
			    .bytes = 0x3000,
			    .data_offset = DATA_OFFSET,
			    .data_bytes = SAMPLE_NORMAL_BYTES,
			    .perms = RIGHTS },
	[SAMPLE_ZERO] = { .type = LAUNCH_ZERO, .gpa = SAMPLE_ZERO_GPA, .bytes = 0x1000 },
	[SAMPLE_SECRETS] = { .type = LAUNCH_SECRETS,
			     .gpa = SAMPLE_SECRETS_GPA,
			     .bytes = 0x1000,
			     .data_offset = DATA_OFFSET,
			     .data_bytes = 0x200 },
	[SAMPLE_CPUID] = { .type = LAUNCH_CPUID, .gpa = SAMPLE_CPUID_GPA, .bytes = 0x1000 },
	[SAMPLE_UNMEASURED] = { .type = LAUNCH_UNMEASURED,
				.gpa = SAMPLE_UNMEASURED_GPA,
				.bytes = 0x1000,
				.data_offset = DATA_OFFSET,
				.data_bytes = 0x10 },
	[SAMPLE_VALID] = { .type = LAUNCH_VALID,
			   .gpa = SAMPLE_VALID_GPA,
			   .bytes = SAMPLE_VALID_BYTES,
			   .perms = RIGHTS },
	[SAMPLE_SHARED] = { .type = LAUNCH_SHARED,
			    .gpa = SAMPLE_SHARED_GPA,
			    .bytes = 0x1000,
			    .data_offset = DATA_OFFSET,
			    .data_bytes = 0x10 },
	[SAMPLE_VMSA] = { .type = LAUNCH_VMSA,
			  .gpa = SAMPLE_VMSA_GPA,
			  .bytes = 0x1000,
			  .data_offset = VMSA_OFFSET,
			  .data_bytes = 0x1000,
			  .perms = { 0, 0, 1, 0 } },
	[SAMPLE_USABLE] = { .type = LAUNCH_USABLE, .gpa = 0, .bytes = 0x500000 },
	[SAMPLE_KERNEL] = { .type = LAUNCH_FW_KERNEL,
			    .bytes = 0x123,
			    .data_offset = DATA_OFFSET,
			    .data_bytes = 0x123 },
	[SAMPLE_CMDLINE] = { .type = LAUNCH_FW_CMDLINE,
			     .bytes = 5,
			     .data_offset = DATA_OFFSET,
			     .data_bytes = 5 },
	[SAMPLE_ROOTS] = { .type = LAUNCH_PSP_ROOTS,
			   .bytes = 8,
			   .data_offset = ROOTS_OFFSET,
			   .data_bytes = 8 },
};

uint8_t *sample_package(size_t *bytes)
{
	struct launch_header header = { .magic = LAUNCH_MAGIC,
					.version = 1,
					.nr_entries = SAMPLE_ENTRIES,
					.start_vmpl = SAMPLE_VMPL,
					.irq_vmpl = 1,
					.policy = 0x30000,
					.seed = 7 };
	uint8_t *package = calloc(1, PACKAGE_BYTES);

	assert_non_null(package);
	header.host_data[31] = 31;
	memcpy(package, &header, sizeof(header));
	memcpy(package + sizeof(header), entries, sizeof(entries));
	for (size_t i = 0; i < DATA_BYTES; i++) {
		package[DATA_OFFSET + i] = SAMPLE_DATA(i);
	}
	sample_vmsa(package)->vmpl = SAMPLE_VMPL;
	sample_vmsa(package)->efer = VMSA_EFER_SVME;
	sample_vmsa(package)->sev_features = VMSA_SEV_SNP;
	package[ROOTS_OFFSET] = 'R';
	*bytes = PACKAGE_BYTES;
	return package;
}

struct launch_header *sample_header(uint8_t *package)
{
	return (struct launch_header *)(void *)package;
}

struct launch_entry *sample_entry(uint8_t *package, unsigned int index)
{
	return (struct launch_entry *)(void *)(package + sizeof(struct launch_header)) + index;
}

struct vmsa_page *sample_vmsa(uint8_t *package)
{
	return (struct vmsa_page *)(void *)(package + VMSA_OFFSET);
}
