/* SPDX-License-Identifier: Apache-2.0 */
#include "acpi_filter.h"

/* Head of a table: signature, then its length */
#define TABLE_LENGTH 4U
#define TABLE_HEAD 8U
#define TABLE_NONE (UINT64_C(1) << 62)

#define SIGNATURE(a, b, c, d)                                                                      \
	((uint32_t)(a) | (uint32_t)(b) << 8U | (uint32_t)(c) << 16U | (uint32_t)(d) << 24U)
#define DMAR SIGNATURE('D', 'M', 'A', 'R')
#define MADT SIGNATURE('A', 'P', 'I', 'C')

/* MADT (ACPI 6.5 section 5.2.12): entries from here on, each with type and length first */
#define MADT_ENTRIES 44U
#define ENTRY_TYPE 0U
#define ENTRY_LENGTH 1U
#define ENTRY_HEAD 2U
#define LOCAL_APIC 0U /* type; then the ACPI id, the APIC id and 4 bytes of flags */
#define LOCAL_APIC_ID 3U
#define NO_APIC_ID 0xffU

void acpi_filter_start(struct acpi_filter *filter)
{
	*filter = (struct acpi_filter){ .start = 0 };
}

/* @at: offset in the entry. */
static uint8_t madt_entry(struct acpi_filter *filter, uint64_t at, uint8_t byte,
			  unsigned int nr_cpus)
{
	switch (at) {
	case ENTRY_TYPE:
		filter->entry_type = byte;
		filter->hidden = false;
		return byte;
	case ENTRY_LENGTH:
		return byte;
	default:
		break;
	}
	if (filter->entry_type != LOCAL_APIC || at < LOCAL_APIC_ID) {
		return byte;
	}
	if (at == LOCAL_APIC_ID) {
		filter->hidden = byte >= nr_cpus;
		return filter->hidden ? NO_APIC_ID : byte;
	}
	return filter->hidden ? 0U : byte;
}

static uint8_t madt(struct acpi_filter *filter, uint64_t at, uint8_t byte, unsigned int nr_cpus)
{
	uint64_t in_entry;

	if (at < MADT_ENTRIES) {
		filter->entry_start = MADT_ENTRIES;
		filter->entry_length = ENTRY_HEAD;
		return byte;
	}
	if (at == filter->entry_start + filter->entry_length) {
		filter->entry_start = at;
		filter->entry_length = ENTRY_HEAD;
	}
	in_entry = at - filter->entry_start;
	if (in_entry == ENTRY_LENGTH && byte > ENTRY_HEAD) {
		filter->entry_length = byte;
	}
	return madt_entry(filter, in_entry, byte, nr_cpus);
}

static uint8_t head(struct acpi_filter *filter, uint64_t at, uint8_t byte)
{
	if (at < TABLE_LENGTH) {
		filter->name = (at == 0U ? 0U : filter->name) | (uint32_t)byte << (8U * at);
		return filter->name == DMAR ? 'X' : byte;
	}
	filter->length |= (uint32_t)byte << (8U * (at - TABLE_LENGTH));
	return byte;
}

uint8_t acpi_filter_byte(struct acpi_filter *filter, uint64_t offset, uint8_t byte,
			 unsigned int nr_cpus)
{
	uint64_t at;

	if (filter->start == TABLE_NONE) {
		return byte;
	}
	at = offset - filter->start;
	if (at >= TABLE_HEAD && at == filter->length) {
		filter->start = offset;
		filter->length = 0;
		at = 0;
	}
	if (at < TABLE_HEAD) {
		byte = head(filter, at, byte);
		if (at == TABLE_HEAD - 1U && filter->length <= TABLE_HEAD) {
			filter->start = TABLE_NONE; /* nothing to hold on to behind this */
		}
		return byte;
	}
	return filter->name == MADT ? madt(filter, at, byte, nr_cpus) : byte;
}
