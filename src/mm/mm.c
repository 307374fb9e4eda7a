/* SPDX-License-Identifier: Apache-2.0 */
#include "mm.h"

#include "arch.h"
#include "depot.h"
#include "mm_cpu.h"
#include "ownmap.h"
#include "pin.h"
#include "range.h"
#include "zero.h"

/* Pages kept for services beyond the core protocol, so that Linux never sees a request for memory
 * at boot. */
#define RESERVE_PAGES 64U
#define RESERVE_PAGES_PER_CPU 2U

unsigned int svsm_mm_guest_vmpl;

/* Written at boot only. */
static uint64_t ram_top;

uint64_t svsm_ram_top(void)
{
	return ram_top;
}

uint64_t svsm_mm_bytes(uint64_t top_gpa, unsigned int nr_cpus)
{
	return svsm_map_bytes(top_gpa, nr_cpus) + svsm_pin_bytes(nr_cpus) +
	       (RESERVE_PAGES + (uint64_t)nr_cpus * RESERVE_PAGES_PER_CPU) * SVSM_PAGE_SIZE;
}

static bool range_ok(const struct svsm_boot_range *range)
{
	return range->start < range->end && ((range->start | range->end) & SVSM_PAGE_MASK) == 0U;
}

static bool inside(const struct svsm_boot_range *inner, const struct svsm_boot_range *outer)
{
	return inner->start >= outer->start && inner->end <= outer->end;
}

static bool inside_ram(const struct svsm_boot_info *info, const struct svsm_boot_range *range)
{
	for (unsigned int i = 0U; i < info->nr_ram; i++) {
		if (inside(range, &info->ram[i])) {
			return true;
		}
	}
	return false;
}

static bool info_ok(const struct svsm_boot_info *info)
{
	if (info->nr_ram == 0U || info->nr_ram > SVSM_BOOT_RANGES ||
	    info->nr_valid > SVSM_BOOT_RANGES || info->phys_bits < 32U || info->phys_bits > 52U ||
	    info->guest_vmpl == 0U || info->guest_vmpl >= SVSM_NR_VMPLS) {
		return false;
	}
	for (unsigned int i = 0U; i < info->nr_ram; i++) {
		if (!range_ok(&info->ram[i]) || info->ram[i].end > UINT64_C(1) << info->phys_bits ||
		    (i > 0U && info->ram[i].start < info->ram[i - 1U].end)) {
			return false;
		}
	}
	for (unsigned int i = 0U; i < info->nr_valid; i++) {
		if (!range_ok(&info->valid[i]) || !inside_ram(info, &info->valid[i])) {
			return false;
		}
	}
	return range_ok(&info->svsm) && inside_ram(info, &info->svsm) && range_ok(&info->arena) &&
	       inside(&info->arena, &info->svsm);
}

/* Later entries win: RAM, then what was validated at launch, then what is private. */
static bool fill_map(struct svsm_cpu *cpu, const struct svsm_boot_info *info)
{
	const uint64_t vmsa = info->startup_vmsa.raw;
	const uint64_t top = info->ram[info->nr_ram - 1U].end;
	bool ok = true;

	for (unsigned int i = 0U; i < info->nr_ram; i++) {
		ok = ok && svsm_map_boot_set(cpu, info->ram[i].start, info->ram[i].end,
					     SVSM_PAGE_INVALID);
	}
	for (unsigned int i = 0U; i < info->nr_valid; i++) {
		ok = ok && svsm_map_boot_set(cpu, info->valid[i].start, info->valid[i].end,
					     SVSM_PAGE_VALID);
	}
	ok = ok && svsm_map_boot_set(cpu, info->svsm.start, info->svsm.end, SVSM_PAGE_PRIVATE);
	ok = ok && svsm_map_boot_set(cpu, info->startup_ca.raw,
				     info->startup_ca.raw + SVSM_PAGE_SIZE, SVSM_PAGE_PRIVATE);
	/* A startup VMSA outside RAM (0xFFFF_FFFF_F000) is ABSENT for every call: refused already.
	 */
	if (ok && vmsa < top) {
		ok = svsm_map_boot_set(cpu, vmsa, vmsa + SVSM_PAGE_SIZE, SVSM_PAGE_PRIVATE);
	}
	return ok;
}

static void init_cpus(void)
{
	svsm_epoch_init();
	for (unsigned int i = 0U; i < svsm_cpus_count(); i++) {
		struct mm_cpu *mm = mm_cpu(svsm_cpu_at(i));

		svsm_epoch_register(&mm->epoch);
		svsm_leaf_cpu_init(&mm->leaf);
	}
}

enum svsm_boot_status svsm_mm_init(struct svsm_arena *arena, const struct svsm_boot_info *info)
{
	gpa_t rest;
	uint64_t rest_bytes = 0U;

	if (!info_ok(info) || !gpa_aligned(info->startup_ca, SVSM_PAGE_SIZE) ||
	    !gpa_aligned(info->startup_vmsa, SVSM_PAGE_SIZE)) {
		return SVSM_BOOT_BAD_MAP;
	}
	svsm_mm_guest_vmpl = info->guest_vmpl;
	ram_top = info->ram_top;
	svsm_range_init(info->phys_bits);
	init_cpus();
	if (!svsm_map_init(arena, info->ram[info->nr_ram - 1U].end, svsm_cpus_count()) ||
	    !svsm_pin_init(arena, svsm_cpus_count())) {
		return SVSM_BOOT_NO_MEMORY;
	}
	if (!fill_map(svsm_cpu_at(0U), info)) {
		return SVSM_BOOT_BAD_MAP;
	}
	rest = svsm_arena_rest(arena);
	if (rest.raw >= info->arena.end) {
		return SVSM_BOOT_NO_MEMORY;
	}
	rest_bytes = info->arena.end - rest.raw;
	svsm_zero_calibrate(rest, rest_bytes);
	svsm_depot_init();
	svsm_pool_set_reserve(info->svsm.start, info->svsm.end);
	svsm_depot_put_run(svsm_depot_reserve(), 0U, rest, rest_bytes >> SVSM_PAGE_SHIFT);
	return SVSM_BOOT_OK;
}
