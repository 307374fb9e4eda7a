/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "host.h"
#include "launch_priv.h"
#include "ram.h"
#include "rmp.h"

static bool add_rom(const struct launch_entry *entry)
{
	void *copy = host_pages(entry->bytes / EMU_PAGE_SIZE);

	if (copy == NULL) {
		host_log("launch: no room for %lu bytes of ROM: raise --reserve\n", entry->bytes);
		return false;
	}
	ram_add_rom(gpa_make(entry->gpa), entry->bytes, copy);
	return true;
}

static bool add_regions(const struct launch_plan *plan)
{
	for (uint32_t i = 0; i < plan->header.nr_entries; i++) {
		const struct launch_entry *entry = &plan->entries[i];

		if (entry->type == LAUNCH_RAM) {
			ram_add(gpa_make(entry->gpa), entry->bytes);
		} else if (entry->type == LAUNCH_ROM && !add_rom(entry)) {
			return false;
		}
	}
	return true;
}

/* Most memory is zero already: only looking at it keeps it unallocated on the machine that runs
 * QEMU. */
static void clear(uint8_t *page)
{
	const uint64_t *words = (const uint64_t *)(const void *)page;
	uint64_t any = 0;

	for (size_t i = 0; i < EMU_PAGE_SIZE / sizeof(*words); i++) {
		any |= words[i];
	}
	if (any != 0U) {
		memset(page, 0, EMU_PAGE_SIZE);
	}
}

static void write_page(const struct launch_plan *plan, const struct launch_entry *entry,
		       uint64_t offset, uint8_t *page)
{
	const uint64_t left = entry->data_bytes > offset ? entry->data_bytes - offset : 0;
	const uint64_t len = left < EMU_PAGE_SIZE ? left : EMU_PAGE_SIZE;

	clear(page);
	if (len != 0U) {
		memcpy(page, plan->package + entry->data_offset + offset, len);
	}
}

static bool launch_chunk(const struct launch_entry *entry, uint64_t gpa, unsigned int size)
{
	hpa_t hpa;

	if (!ram_translate(gpa_make(gpa), &hpa)) {
		return false;
	}
	return snpm_launch_page(rmp_table(), hpa.raw >> EMU_PAGE_SHIFT, gpa >> EMU_PAGE_SHIFT, size,
				entry->perms, entry->type == LAUNCH_VMSA);
}

/* RMP entries of the pages of @entry, 2 MiB where all of one can be; ROM is of 4 KiB pages because
 * its copy has no alignment. */
static bool claim(const struct launch_entry *entry)
{
	const uint64_t end = launch_end(entry);
	uint64_t gpa = entry->gpa;

	while (gpa < end) {
		const unsigned int size = entry->type != LAUNCH_ROM &&
							  (gpa & EMU_LARGE_MASK) == 0U &&
							  end - gpa >= EMU_LARGE_SIZE
						  ? 1U
						  : 0U;

		if (!launch_chunk(entry, gpa, size)) {
			host_log("launch: no RMP entry for %lx\n", gpa);
			return false;
		}
		gpa += size == 1U ? EMU_LARGE_SIZE : EMU_PAGE_SIZE;
	}
	return true;
}

static void place_entry(const struct launch_plan *plan, const struct launch_entry *entry,
			uint8_t digest[LAUNCH_DIGEST_BYTES])
{
	for (uint64_t offset = 0; offset < entry->bytes; offset += EMU_PAGE_SIZE) {
		const uint64_t gpa = entry->gpa + offset;
		uint8_t *page = ram_pointer(gpa_make(gpa), EMU_PAGE_SIZE);

		write_page(plan, entry, offset, page);
		if (entry->type == LAUNCH_CPUID) {
			launch_fill_cpuid(page);
		}
		launch_measure(digest, entry, gpa, page);
	}
}

static bool is_covered(const struct launch_plan *plan, uint64_t gpa, uint64_t bytes)
{
	const struct launch_entry range = { .gpa = gpa, .bytes = bytes };

	for (uint32_t i = 0; i < plan->header.nr_entries; i++) {
		if (launch_has_pages(plan->entries[i].type) &&
		    launch_overlap(&plan->entries[i], &range)) {
			return true;
		}
	}
	return false;
}

static bool assign(uint64_t gpa, unsigned int size)
{
	const struct snpm_update update = { .gpn = gpa >> EMU_PAGE_SHIFT,
					    .assigned = true,
					    .size = size,
					    .asid = SNPM_ASID_GUEST };

	if (snpm_rmpupdate(rmp_table(), gpa >> EMU_PAGE_SHIFT, &update) == SNPM_OK) {
		return true;
	}
	host_log("launch: no RMP entry for %lx\n", gpa);
	return false;
}

/* The memory that no other entry covers: assigned to the guest, for it to validate. */
static bool assign_rest(const struct launch_plan *plan, const struct launch_entry *ram)
{
	const uint64_t end = launch_end(ram);
	uint64_t gpa = ram->gpa;

	while (gpa < end) {
		const bool large = (gpa & EMU_LARGE_MASK) == 0U && end - gpa >= EMU_LARGE_SIZE;

		if (large && !is_covered(plan, gpa, EMU_LARGE_SIZE)) {
			if (!assign(gpa, 1)) {
				return false;
			}
			gpa += EMU_LARGE_SIZE;
			continue;
		}
		if (!is_covered(plan, gpa, EMU_PAGE_SIZE) && !assign(gpa, 0)) {
			return false;
		}
		gpa += EMU_PAGE_SIZE;
	}
	return true;
}

bool launch_place(const struct launch_plan *plan, uint8_t digest[LAUNCH_DIGEST_BYTES])
{
	if (!add_regions(plan)) {
		return false;
	}
	for (uint32_t i = 0; i < plan->header.nr_entries; i++) {
		const struct launch_entry *entry = &plan->entries[i];

		if (!launch_has_pages(entry->type)) {
			continue;
		}
		if (entry->type != LAUNCH_SHARED && !claim(entry)) {
			return false;
		}
		place_entry(plan, entry, digest);
	}
	for (uint32_t i = 0; i < plan->header.nr_entries; i++) {
		const struct launch_entry *entry = &plan->entries[i];

		if (entry->type == LAUNCH_RAM && !assign_rest(plan, entry)) {
			return false;
		}
	}
	return true;
}
