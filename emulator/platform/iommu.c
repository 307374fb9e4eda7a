/* SPDX-License-Identifier: Apache-2.0 */

/* Registers of VT-d (VT-d specification 11.4). QEMU carries a command out before the write that
 * gives it ends, and its walks see what processors wrote. */

#include "iommu.h"

#include <stdatomic.h>

#include "host.h"
#include "hw.h"
#include "iommu_abi.h"
#include "iommu_table.h"
#include "rmp.h"

#define MAX_POLLS 1000000U
#define LARGE_ORDER 9U

static struct {
	atomic_flag lock;
	bool on; /* constant from iommu_start() on, as are the following */
	bool by_page;
	uint64_t iotlb, fault;
} iommu = { .lock = ATOMIC_FLAG_INIT };

/* Short and never held while asleep. acquire, pairs with the release in unlock() */
static void lock(void)
{
	while (atomic_flag_test_and_set_explicit(&iommu.lock, memory_order_acquire)) {
		__builtin_ia32_pause();
	}
}

/* release, pairs with the acquire in lock() */
static void unlock(void)
{
	atomic_flag_clear_explicit(&iommu.lock, memory_order_release);
}

static void wait_for(uint64_t at, unsigned int bytes, uint64_t mask, uint64_t value)
{
	for (unsigned int i = 0; i < MAX_POLLS; i++) {
		if ((hw_load(at, bytes) & mask) == value) {
			return;
		}
		__builtin_ia32_pause();
	}
	emu_stop(EMU_EXIT_EMULATOR, "dma: the IOMMU does not finish a command, register 0x%lx", at);
}

static void command(uint32_t bit)
{
	uint64_t status = hw_load(IOMMU_BASE + IOMMU_GSTS, 4);

	hw_store(IOMMU_BASE + IOMMU_GCMD, 4, (status & IOMMU_GSTS_KEPT) | bit);
	wait_for(IOMMU_BASE + IOMMU_GSTS, 4, bit, bit);
}

static void flush_contexts(void)
{
	hw_store(IOMMU_BASE + IOMMU_CCMD, 8, IOMMU_CCMD_INVALIDATE | IOMMU_CCMD_GLOBAL);
	wait_for(IOMMU_BASE + IOMMU_CCMD, 8, IOMMU_CCMD_INVALIDATE, 0);
}

static void flush_translations(uint64_t what)
{
	uint64_t at = iommu.iotlb + IOMMU_IOTLB_COMMAND;

	hw_store(at, 8, IOMMU_IOTLB_INVALIDATE | what);
	wait_for(at, 8, IOMMU_IOTLB_INVALIDATE, 0);
}

static void flush_range(gpa_t gpa, uint64_t bytes)
{
	uint64_t order = bytes == EMU_PAGE_SIZE ? 0U : LARGE_ORDER;

	if (!iommu.by_page) {
		flush_translations(IOMMU_IOTLB_GLOBAL);
		return;
	}
	hw_store(iommu.iotlb + IOMMU_IOTLB_ADDRESS, 8, gpa.raw | order);
	flush_translations(IOMMU_IOTLB_PAGES | IOMMU_IOTLB_DOMAIN(IOMMU_DOMAIN));
}

/* All of the memory: what is private in large pages is passed over. */
static void enter_range(const struct host_range *range)
{
	uint64_t end = range->start.raw + range->bytes;
	uint64_t step;

	for (uint64_t at = range->start.raw; at < end; at += step) {
		unsigned int size;
		uint64_t word = snpm_word(rmp_table(), at >> EMU_PAGE_SHIFT, &size);

		if ((word & SNPM_ASSIGNED) != 0U && size == 1U) {
			step = EMU_LARGE_SIZE - (at & EMU_LARGE_MASK);
		} else {
			step = EMU_PAGE_SIZE;
			(void)iommu_table_update(gpa_make(at), EMU_PAGE_SIZE);
		}
	}
}

/* Levels of tables for 39 or 48 bits; 0: something that this file does not know. */
static unsigned int usable_levels(uint64_t capabilities)
{
	if ((capabilities & IOMMU_CAP_WRITE_BUFFER) != 0U) {
		return 0;
	}
	if ((capabilities & IOMMU_CAP_39_BITS) != 0U) {
		return 3;
	}
	return (capabilities & IOMMU_CAP_48_BITS) != 0U ? 4U : 0U;
}

static bool prepare(void)
{
	uint64_t version = hw_load(IOMMU_BASE + IOMMU_VERSION, 4);
	uint64_t capabilities = hw_load(IOMMU_BASE + IOMMU_CAP, 8);
	uint64_t more = hw_load(IOMMU_BASE + IOMMU_ECAP, 8);
	unsigned int levels = usable_levels(capabilities);

	if (version == 0U || version == UINT32_MAX || levels == 0U) {
		return false;
	}
	if (!iommu_table_init(levels)) {
		emu_stop(EMU_EXIT_EMULATOR, "dma: no memory for tables: raise --reserve");
	}
	iommu.by_page = (capabilities & IOMMU_CAP_BY_PAGE) != 0U &&
			IOMMU_CAP_MAX_ORDER(capabilities) >= LARGE_ORDER;
	iommu.fault = IOMMU_BASE + IOMMU_CAP_FAULT(capabilities);
	iommu.iotlb = IOMMU_BASE + IOMMU_ECAP_IOTLB(more);
	return true;
}

void iommu_start(void)
{
	const struct host_boot *boot = host_boot();

	iommu.on = false;
	if (!prepare()) {
		host_log("dma: no IOMMU, DMA is not restricted\n");
		return;
	}
	for (unsigned int i = 0; i < boot->nr_ram; i++) {
		enter_range(&boot->ram[i]);
	}
	hw_store(IOMMU_BASE + IOMMU_ROOT, 8, iommu_table_root());
	command(IOMMU_GCMD_SET_ROOT);
	flush_contexts();
	flush_translations(IOMMU_IOTLB_GLOBAL);
	command(IOMMU_GCMD_TRANSLATE);
	iommu.on = true;
	host_log("dma: restricted to shared memory\n");
}

void iommu_update(gpa_t gpa, uint64_t bytes)
{
	if (!iommu.on) {
		return;
	}
	lock();
	if (iommu_table_update(gpa, bytes)) {
		flush_range(gpa, bytes);
	}
	unlock();
}

void iommu_report(void)
{
	uint64_t address, what;

	if (!iommu.on || (hw_load(IOMMU_BASE + IOMMU_FSTS, 4) & IOMMU_FSTS_PENDING) == 0U) {
		return;
	}
	address = hw_load(iommu.fault, 8);
	what = hw_load(iommu.fault + 8U, 8);
	host_log("dma: stopped a %s of device %02lx:%02lx.%lx, address 0x%lx, reason %lu\n",
		 (what & IOMMU_FAULT_READ) != 0U ? "read" : "write", what >> 8U & 0xffU,
		 what >> 3U & 0x1fU, what & 7U, address & ~EMU_PAGE_MASK, what >> 32U & 0xffU);
}
