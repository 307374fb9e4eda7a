/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine_internal.h"

static bool refuse(const char *why, uint64_t value)
{
	(void)fprintf(stderr, "hosted machine: %s (0x%" PRIx64 ")\n", why, value);
	return false;
}

static uint64_t align_up(uint64_t value, uint64_t alignment)
{
	return (value + alignment - 1U) & ~(alignment - 1U);
}

static bool range_has(const struct hm_range *range, uint64_t gpa)
{
	return gpa >= range->start && gpa < range->end;
}

static bool range_ok(const struct hm_range *range, uint64_t limit)
{
	return ((range->start | range->end) & SVSM_PAGE_MASK) == 0U && range->start < range->end &&
	       range->end <= limit;
}

static void set_defaults(struct hm_config *config)
{
	config->nr_vcpus = config->nr_vcpus == 0U ? 1U : config->nr_vcpus;
	config->guest_vmpl = config->guest_vmpl == 0U ? 2U : config->guest_vmpl;
	config->phys_bits = config->phys_bits == 0U ? 46U : config->phys_bits;
	config->spare_pages = config->spare_pages == 0U ? 1024U : config->spare_pages;
	if (config->sev_features == 0U) {
		config->sev_features = VMSA_SEV_SNP;
	}
}

static bool check_numbers(const struct hm_config *config)
{
	if (config->nr_vcpus > HM_MAX_VCPUS) {
		return refuse("too many vCPUs", config->nr_vcpus);
	}
	if (config->guest_vmpl >= SVSM_NR_VMPLS) {
		return refuse("guest VMPL must be 1 to 3", config->guest_vmpl);
	}
	if (config->phys_bits < 32U || config->phys_bits > 51U) {
		return refuse("physical width must be 32 to 51 bits", config->phys_bits);
	}
	if (config->nr_ram == 0U || config->nr_ram > HM_MAX_RANGES || config->nr_rom > 4U ||
	    config->nr_valid > HM_MAX_RANGES) {
		return refuse("bad number of memory ranges", config->nr_ram);
	}
	return true;
}

static int by_start(const void *left, const void *right)
{
	const struct hm_range *a = left, *b = right;

	return (a->start > b->start) - (a->start < b->start);
}

static bool collect_ram(const struct hm_config *config, struct hm_layout *layout)
{
	uint64_t limit = UINT64_C(1) << config->phys_bits;

	for (unsigned int i = 0; i < config->nr_ram; i++) {
		layout->ram[layout->nr_ram++] = config->ram[i];
		if (config->ram[i].end > layout->ram_top) {
			layout->ram_top = config->ram[i].end;
		}
	}
	for (unsigned int i = 0; i < config->nr_rom; i++) {
		layout->ram[layout->nr_ram++] = config->rom[i];
	}
	qsort(layout->ram, layout->nr_ram, sizeof(layout->ram[0]), by_start);
	for (unsigned int i = 0; i < layout->nr_ram; i++) {
		if (!range_ok(&layout->ram[i], limit)) {
			return refuse("RAM or ROM range unaligned, empty or too high",
				      layout->ram[i].start);
		}
		if (i > 0U && layout->ram[i].start < layout->ram[i - 1U].end) {
			return refuse("RAM or ROM ranges overlap", layout->ram[i].start);
		}
	}
	layout->top = align_up(layout->ram[layout->nr_ram - 1U].end, SVSM_REGION_SIZE);
	if (HM_TSAN && layout->top > HM_TSAN_TOP) {
		return refuse("ThreadSanitizer builds are limited to 1 TiB of gPA space",
			      layout->top);
	}
	return true;
}

bool hm_layout_has(const struct hm_layout *layout, uint64_t gpa)
{
	for (unsigned int i = 0; i < layout->nr_ram; i++) {
		if (range_has(&layout->ram[i], gpa)) {
			return true;
		}
	}
	return false;
}

static bool inside_ram(const struct hm_layout *layout, const struct hm_range *range)
{
	for (unsigned int i = 0; i < layout->nr_ram; i++) {
		if (range->start >= layout->ram[i].start && range->end <= layout->ram[i].end) {
			return true;
		}
	}
	return false;
}

static bool place_svsm(struct hm_config *config, const struct hm_layout *layout)
{
	const struct hm_range *last = &config->ram[config->nr_ram - 1U];
	uint64_t need = svsm_boot_bytes(layout->top, config->nr_vcpus) + UINT64_C(0x10000);

	if (config->svsm.start == config->svsm.end) {
		uint64_t size = align_up(need, SVSM_REGION_SIZE);

		for (unsigned int i = 0; i < config->nr_ram; i++) {
			last = config->ram[i].start > last->start ? &config->ram[i] : last;
		}
		if (last->end < size || ((last->end - size) & ~SVSM_REGION_MASK) < last->start) {
			return refuse("the last RAM range is too small for the SVSM, which needs",
				      size);
		}
		config->svsm.start = (last->end - size) & ~SVSM_REGION_MASK;
		config->svsm.end = config->svsm.start + size;
	}
	if (!range_ok(&config->svsm, layout->ram_top) || !inside_ram(layout, &config->svsm)) {
		return refuse("the SVSM range is unaligned or not inside one RAM range",
			      config->svsm.start);
	}
	if (config->svsm.end - config->svsm.start < 4U * SVSM_PAGE_SIZE) {
		return refuse("the SVSM range is too small", config->svsm.end - config->svsm.start);
	}
	return true;
}

/* The header, secrets and CPUID pages follow the VMSA, the arena follows them. */
static bool place_launch_pages(const struct hm_config *config, struct hm_layout *layout)
{
	layout->arena = layout->startup_vmsa + SVSM_PAGE_SIZE;
	if (config->psp) {
		layout->header = layout->arena;
		layout->secrets = layout->header + SVSM_PAGE_SIZE;
		layout->cpuid = layout->secrets + SVSM_PAGE_SIZE;
		layout->arena = layout->cpuid + SVSM_PAGE_SIZE;
	}
	if (layout->arena >= config->svsm.end) {
		return refuse("the SVSM range is too small for its launch pages",
			      config->svsm.end - config->svsm.start);
	}
	return true;
}

/* The guest's copy of the secrets page: a page of its own, valid at launch. */
static bool check_secrets(const struct hm_config *config, const struct hm_layout *layout)
{
	uint64_t gpa = config->secrets_gpa;

	if (gpa != 0U && ((gpa & SVSM_PAGE_MASK) != 0U || gpa == config->startup_ca ||
			  range_has(&config->svsm, gpa) || !hm_layout_has(layout, gpa))) {
		return refuse("the guest's secrets page is unaligned, no RAM or in other use", gpa);
	}
	return true;
}

static bool place_startup(struct hm_config *config, struct hm_layout *layout)
{
	/* KVM refuses a 2 MiB aligned VMSA (rmp-semantics 7.7) */
	layout->startup_vmsa = config->svsm.start;
	if ((layout->startup_vmsa & SVSM_REGION_MASK) == 0U) {
		layout->startup_vmsa += SVSM_PAGE_SIZE;
	}
	if (config->startup_ca == 0U) {
		config->startup_ca = config->svsm.start - SVSM_PAGE_SIZE;
	}
	if ((config->startup_ca & SVSM_PAGE_MASK) != 0U ||
	    range_has(&config->svsm, config->startup_ca) ||
	    !hm_layout_has(layout, config->startup_ca)) {
		return refuse("the startup calling area is unaligned, in the SVSM range or not RAM",
			      config->startup_ca);
	}
	return place_launch_pages(config, layout);
}

static enum hm_class class_at(const struct hm_config *config, uint64_t gpa)
{
	if (range_has(&config->svsm, gpa)) {
		return HM_CLASS_SVSM;
	}
	if (gpa >= config->startup_ca && gpa - config->startup_ca < SVSM_PAGE_SIZE) {
		return HM_CLASS_VALID;
	}
	if (config->secrets_gpa != 0U && gpa >= config->secrets_gpa &&
	    gpa - config->secrets_gpa < SVSM_PAGE_SIZE) {
		return HM_CLASS_VALID;
	}
	for (unsigned int i = 0; i < config->nr_valid; i++) {
		if (range_has(&config->valid[i], gpa)) {
			return HM_CLASS_VALID;
		}
	}
	for (unsigned int i = 0; i < config->nr_rom; i++) {
		if (range_has(&config->rom[i], gpa)) {
			return HM_CLASS_VALID;
		}
	}
	return HM_CLASS_RAM;
}

static void nearest(uint64_t gpa, uint64_t edge, uint64_t *best)
{
	if (edge > gpa && edge < *best) {
		*best = edge;
	}
}

static uint64_t next_edge(const struct hm_config *config, uint64_t gpa, uint64_t end)
{
	uint64_t best = end;

	nearest(gpa, config->svsm.start, &best);
	nearest(gpa, config->svsm.end, &best);
	nearest(gpa, config->startup_ca, &best);
	nearest(gpa, config->startup_ca + SVSM_PAGE_SIZE, &best);
	if (config->secrets_gpa != 0U) {
		nearest(gpa, config->secrets_gpa, &best);
		nearest(gpa, config->secrets_gpa + SVSM_PAGE_SIZE, &best);
	}
	for (unsigned int i = 0; i < config->nr_valid; i++) {
		nearest(gpa, config->valid[i].start, &best);
		nearest(gpa, config->valid[i].end, &best);
	}
	return best;
}

static void append(struct hm_layout *layout, bool merge, const struct hm_segment *segment)
{
	struct hm_segment *last = &layout->segment[layout->nr_segments];

	if (merge && last[-1].class == segment->class) {
		last[-1].end = segment->end;
		return;
	}
	*last = *segment;
	layout->nr_segments++;
}

/* At most 68 RAM ranges and 136 edges inside them: HM_MAX_SEGMENTS cannot be reached. */
static void make_segments(const struct hm_config *config, struct hm_layout *layout)
{
	for (unsigned int i = 0; i < layout->nr_ram; i++) {
		uint64_t gpa = layout->ram[i].start;

		while (gpa < layout->ram[i].end) {
			uint64_t end = next_edge(config, gpa, layout->ram[i].end);

			append(layout, gpa != layout->ram[i].start,
			       &(struct hm_segment){ gpa, end, class_at(config, gpa) });
			gpa = end;
		}
	}
}

bool hm_layout_make(struct hm_config *config, struct hm_layout *layout)
{
	memset(layout, 0, sizeof(*layout));
	set_defaults(config);
	if (!check_numbers(config) || !collect_ram(config, layout)) {
		return false;
	}
	for (unsigned int i = 0; i < config->nr_valid; i++) {
		if (!range_ok(&config->valid[i], layout->top) ||
		    !inside_ram(layout, &config->valid[i])) {
			return refuse("a valid range is unaligned or not inside one RAM range",
				      config->valid[i].start);
		}
	}
	if (!place_svsm(config, layout) || !place_startup(config, layout) ||
	    !check_secrets(config, layout)) {
		return false;
	}
	make_segments(config, layout);
	return true;
}

void hm_layout_boot_info(const struct hm_config *config, const struct hm_layout *layout,
			 struct svsm_boot_info *info)
{
	memset(info, 0, sizeof(*info));
	for (unsigned int i = 0; i < layout->nr_ram; i++) {
		info->ram[i].start = layout->ram[i].start;
		info->ram[i].end = layout->ram[i].end;
	}
	info->nr_ram = layout->nr_ram;
	for (unsigned int i = 0; i < layout->nr_segments; i++) {
		if (layout->segment[i].class == HM_CLASS_VALID &&
		    info->nr_valid < SVSM_BOOT_RANGES) {
			info->valid[info->nr_valid].start = layout->segment[i].start;
			info->valid[info->nr_valid].end = layout->segment[i].end;
			info->nr_valid++;
		}
	}
	info->svsm.start = config->svsm.start;
	info->svsm.end = config->svsm.end;
	info->arena.start = layout->arena;
	info->arena.end = config->svsm.end;
	info->startup_vmsa = gpa_make(layout->startup_vmsa);
	info->startup_ca = gpa_make(config->startup_ca);
	info->guest_vmpl = config->guest_vmpl;
	info->nr_cpus = config->nr_vcpus;
	info->ram_top = layout->ram_top;
	info->phys_bits = config->phys_bits;
	info->vtom_supported = config->vtom_supported;
	info->budget_entries = config->budget_entries;
	info->budget_pages = config->budget_pages;
}
