/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Where the emulator lives: directly below the launch package, which QEMU puts at the top of low
 * memory, so that one range of memory is the guest's from 0 up. And the page tables: the image at
 * its linked address, and all physical memory as it is.
 */

#include "host.h"
#include "host_priv.h"
#include "image.h"
#include "pvh_abi.h"

#define PTE_TABLE UINT64_C(0x3)
#define PTE_LARGE UINT64_C(0x83)
#define PML4_INDEX(va) (((va) >> 39) & 511U)
#define PDPT_INDEX(va) (((va) >> 30) & 511U)
#define GIB_SHIFT 30U
#define FOUR_GIB (UINT64_C(1) << 32)
#define DEFAULT_RESERVE_MIB 64U
#define CONVENTIONAL_END UINT64_C(0xa0000)

static _Alignas(4096) uint64_t pml4[512];
static _Alignas(4096) uint64_t pdpt_physical[512];
static _Alignas(4096) uint64_t pdpt_image[512];
static _Alignas(4096) uint64_t pd_image[512];
static uint64_t image_at;

static uint64_t image_bytes(void)
{
	return (uint64_t)(image_end - image_start);
}

/* Physical address of something in the image, once it is copied. */
static uint64_t placed(const void *object)
{
	return image_at + (uint64_t)((uintptr_t)object - (uintptr_t)image_start);
}

uint64_t boot_cr3(void)
{
	return placed(pml4);
}

static void build_tables(void)
{
	for (uint64_t i = 0; i < 512U; i++) {
		pdpt_physical[i] = i << GIB_SHIFT | PTE_LARGE;
	}
	for (uint64_t at = 0; at < image_bytes(); at += EMU_LARGE_SIZE) {
		pd_image[at / EMU_LARGE_SIZE] = (image_at + at) | PTE_LARGE;
	}
	pml4[0] = placed(pdpt_physical) | PTE_TABLE;
	pml4[PML4_INDEX(HOST_DIRECT)] = placed(pdpt_physical) | PTE_TABLE;
	pml4[PML4_INDEX(LAYOUT_VIRT)] = placed(pdpt_image) | PTE_TABLE;
	pdpt_image[PDPT_INDEX(LAYOUT_VIRT)] = placed(pd_image) | PTE_TABLE;
}

static const void *physical(uint64_t address)
{
	return (const void *)(uintptr_t)address;
}

/* The memory range below 4 GiB that ends highest. */
static struct host_range low_memory(const struct pvh_memory *map, unsigned int entries)
{
	struct host_range best = { { 0 }, 0 };

	for (unsigned int i = 0; i < entries; i++) {
		if (map[i].type == PVH_MEMORY_RAM && map[i].start >= best.start.raw &&
		    map[i].start + map[i].bytes <= FOUR_GIB) {
			best.start = hpa_make(map[i].start);
			best.bytes = map[i].bytes;
		}
	}
	return best;
}

static uint64_t reserve_bytes(void)
{
	uint64_t mib = DEFAULT_RESERVE_MIB;

	if (!host_option_number("reserve", &mib) || mib > 2048U) {
		emu_stop(EMU_EXIT_USAGE, "reserve=MIB: not a number up to 2048");
	}
	return (mib << 20U) + EMU_LARGE_SIZE;
}

static void choose_place(struct host_boot *boot, struct host_range low)
{
	uint64_t top = low.start.raw + low.bytes;
	uint64_t end = top & ~EMU_PAGE_MASK;
	uint64_t reserve = reserve_bytes();
	uint64_t lowest = LAYOUT_LOAD + image_bytes();

	if (boot->package_bytes != 0) {
		if (boot->package.raw < low.start.raw || boot->package.raw >= top ||
		    boot->package_bytes > top - boot->package.raw) {
			emu_stop(EMU_EXIT_USAGE, "the package is not in low memory");
		}
		end = boot->package.raw & ~EMU_PAGE_MASK;
	}
	if (end < reserve + lowest || image_bytes() >= reserve / 2U) {
		emu_stop(EMU_EXIT_USAGE,
			 "too little memory: %lu MiB below the package, reserve %lu MiB",
			 end >> 20U, reserve >> 20U);
	}
	image_at = (end - reserve) & ~EMU_LARGE_MASK;
	boot->own.start = hpa_make(image_at);
	boot->own.bytes = top - image_at;
	host_heap_init(image_at + image_bytes(), end);
}

static void add_ram(struct host_boot *boot, uint64_t start, uint64_t end)
{
	start = (start + EMU_PAGE_MASK) & ~EMU_PAGE_MASK;
	end &= ~EMU_PAGE_MASK;
	if (start >= end) {
		return;
	}
	if (boot->nr_ram == sizeof(boot->ram) / sizeof(boot->ram[0])) {
		host_log("boot: memory at 0x%lx left out, too many ranges\n", start);
		return;
	}
	boot->ram[boot->nr_ram].start = hpa_make(start);
	boot->ram[boot->nr_ram].bytes = end - start;
	boot->nr_ram++;
}

/* Memory of the map without the emulator's. Of conventional memory QEMU's firmware keeps the end
 * for itself; it does not run any more. */
static void list_ram(struct host_boot *boot, const struct pvh_memory *map, unsigned int entries)
{
	uint64_t own_start = boot->own.start.raw;

	for (unsigned int i = 0; i < entries; i++) {
		uint64_t start = map[i].start;
		uint64_t end = start + map[i].bytes;

		if (map[i].type != PVH_MEMORY_RAM) {
			continue;
		}
		if (start == 0 && end <= CONVENTIONAL_END) {
			end = CONVENTIONAL_END;
		}
		if (start < own_start && own_start < end) {
			end = own_start;
		}
		add_ram(boot, start, end);
	}
}

struct boot_place_result boot_place(uint64_t start_info)
{
	const struct pvh_start_info *info = physical(start_info);
	struct host_boot *boot = host_boot_fill();
	const struct pvh_memory *map;

	if (info->magic != PVH_MAGIC || info->version < 1U) {
		emu_stop(EMU_EXIT_USAGE, "no PVH start information: boot with -kernel");
	}
	host_boot_cmdline(info->cmdline == 0 ? "" : physical(info->cmdline));
	if (info->nr_modules != 0) {
		const struct pvh_module *module = physical(info->modules);

		boot->package = hpa_make(module->start);
		boot->package_bytes = module->bytes;
	}
	map = physical(info->memmap);
	choose_place(boot, low_memory(map, info->memmap_entries));
	list_ram(boot, map, info->memmap_entries);
	build_tables();
	return (struct boot_place_result){ .image = image_at, .cr3 = boot_cr3() };
}
