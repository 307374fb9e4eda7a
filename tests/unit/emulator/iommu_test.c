/* SPDX-License-Identifier: Apache-2.0 */

/* What devices reach, as a VT-d unit finds it: by registers, tables, and translations that it
 * remembers until they are invalidated (VT-d specification 6, 9 and 11.4). */

#include "iommu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host.h"
#include "hw.h"
#include "iommu_abi.h"
#include "ram.h"
#include "rmp.h"

#define MIB UINT64_C(0x100000)
#define OWN (4U * MIB)
#define NR_PAGES (8U * MIB / EMU_PAGE_SIZE)
#define ROM UINT64_C(0xffffe000)
#define ROM_COPY (OWN + MIB)
#define PAGE (2U * MIB + 5U * EMU_PAGE_SIZE)
#define OTHER (2U * MIB + 6U * EMU_PAGE_SIZE)
#define NOWHERE UINT64_MAX
#define MAX_CACHED 32U
#define MAX_POOL 32U

#define IOTLB_AT 0xf0U
#define FAULT_AT 0x220U
#define CAP_USUAL                                                                                  \
	(IOMMU_CAP_39_BITS | IOMMU_CAP_48_BITS | IOMMU_CAP_BY_PAGE | UINT64_C(18) << 48 |          \
	 (uint64_t)FAULT_AT / 16U << 24)

static struct {
	uint32_t version, status, faults;
	uint64_t cap, root, address, record[2];
	unsigned int stores, global, by_page;
	struct {
		uint64_t iova, to;
	} cached[MAX_CACHED];
	unsigned int nr_cached;
} unit;

static struct snpm_rmp rmp;
static _Atomic(uint64_t) words_2m[NR_PAGES / 512U], words_4k[NR_PAGES];
static struct host_boot boot;
static uint64_t moved; /* where PAGE is; 0: at its address */
static void *pool[MAX_POOL];
static unsigned int nr_pool, max_pool;
static unsigned int logged;

/* ---- the machine ---- */

const struct host_boot *host_boot(void)
{
	return &boot;
}

void *host_pages(size_t nr_pages)
{
	void *page;

	if (nr_pool == max_pool) {
		return NULL;
	}
	page = aligned_alloc(EMU_PAGE_SIZE, nr_pages * EMU_PAGE_SIZE);
	assert_non_null(page);
	memset(page, 0, nr_pages * EMU_PAGE_SIZE);
	pool[nr_pool++] = page;
	return page;
}

void host_log(const char *format, ...)
{
	(void)format;
	logged++;
}

void emu_stop(enum emu_exit code, const char *format, ...)
{
	(void)code;
	fail_msg("%s", format);
	abort();
}

struct snpm_rmp *rmp_table(void)
{
	return &rmp;
}

bool ram_translate(gpa_t gpa, hpa_t *hpa)
{
	if (gpa.raw >= ROM) {
		*hpa = hpa_make(gpa.raw - ROM + ROM_COPY);
		return true;
	}
	*hpa = hpa_make(gpa.raw == PAGE && moved != 0U ? moved : gpa.raw);
	return gpa.raw < OWN;
}

bool rmp_is_shared(gpa_t gpa)
{
	hpa_t hpa;

	return ram_translate(gpa, &hpa) &&
	       snpm_shared_check(&rmp, hpa.raw >> EMU_PAGE_SHIFT) == SNPM_NO_FAULT;
}

/* ---- VT-d ---- */

uint64_t hw_load(uint64_t address, unsigned int bytes)
{
	switch (address - IOMMU_BASE) {
	case IOMMU_VERSION:
		return unit.version;
	case IOMMU_CAP:
		assert_int_equal(bytes, 8);
		return unit.cap;
	case IOMMU_ECAP:
		return (uint64_t)IOTLB_AT / 16U << 8;
	case IOMMU_GSTS:
		return unit.status;
	case IOMMU_FSTS:
		return unit.faults;
	case FAULT_AT:
		return unit.record[0];
	case FAULT_AT + 8U:
		return unit.record[1];
	default:
		return 0;
	}
}

static void forget(uint64_t start, uint64_t bytes)
{
	for (unsigned int i = 0; i < unit.nr_cached; i++) {
		if (unit.cached[i].iova - start < bytes) {
			unit.cached[i].iova = NOWHERE;
		}
	}
}

static void invalidate(uint64_t what)
{
	assert_true((what & IOMMU_IOTLB_INVALIDATE) != 0U);
	if ((what & IOMMU_IOTLB_PAGES) == IOMMU_IOTLB_PAGES) {
		assert_int_equal(what >> 32 & 0xffffU, 1);
		assert_true((unit.cap & IOMMU_CAP_BY_PAGE) != 0U);
		forget(unit.address & ~EMU_PAGE_MASK, EMU_PAGE_SIZE << (unit.address & 0x3fU));
		unit.by_page++;
	} else {
		assert_int_equal(what & IOMMU_IOTLB_PAGES, IOMMU_IOTLB_GLOBAL);
		forget(0, UINT64_MAX);
		unit.global++;
	}
}

void hw_store(uint64_t address, unsigned int bytes, uint64_t value)
{
	unit.stores++;
	switch (address - IOMMU_BASE) {
	case IOMMU_ROOT:
		assert_int_equal(bytes, 8);
		unit.root = value;
		break;
	case IOMMU_GCMD:
		assert_int_equal(bytes, 4);
		unit.status |= (uint32_t)value;
		break;
	case IOMMU_CCMD:
		assert_int_equal(value, IOMMU_CCMD_INVALIDATE | IOMMU_CCMD_GLOBAL);
		break;
	case IOTLB_AT:
		unit.address = value;
		break;
	case IOTLB_AT + 8U:
		invalidate(value);
		break;
	default:
		fail_msg("store to register 0x%lx", (unsigned long)(address - IOMMU_BASE));
	}
}

static uint64_t entry_at(uint64_t table, uint64_t index)
{
	return ((const uint64_t *)(uintptr_t)(table & UINT64_C(0xffffffffff000)))[index];
}

static uint64_t walk(uint64_t context, uint64_t width, uint64_t iova)
{
	unsigned int levels = (unsigned int)(width & 7U) + 2U;
	uint64_t entry = context;

	if (iova >> (12U + 9U * levels) != 0U) {
		return NOWHERE;
	}
	for (unsigned int level = levels; level > 0U; level--) {
		entry = entry_at(entry, iova >> (12U + 9U * (level - 1U)) & 511U);
		if ((entry & 3U) != 3U) {
			return NOWHERE;
		}
	}
	return entry & UINT64_C(0xffffffffff000);
}

/* Where a transfer of the device ends up; what it finds is remembered. */
static uint64_t reached_by(unsigned int bus, unsigned int function, uint64_t iova)
{
	uint64_t root, context, width, to;

	if ((unit.status & IOMMU_GCMD_TRANSLATE) == 0U) {
		return iova;
	}
	for (unsigned int i = 0; i < unit.nr_cached; i++) {
		if (unit.cached[i].iova == iova) {
			return unit.cached[i].to;
		}
	}
	root = entry_at(unit.root, bus * UINT64_C(2));
	assert_int_equal(root & 1U, 1);
	context = entry_at(root, function * UINT64_C(2));
	width = entry_at(root, function * UINT64_C(2) + 1U);
	assert_int_equal(context & 0xfU, 1);
	assert_int_equal(width >> 8, 1);
	to = walk(context, width, iova);
	if (to != NOWHERE) {
		assert_in_range(unit.nr_cached, 0, MAX_CACHED - 1U);
		unit.cached[unit.nr_cached].iova = iova;
		unit.cached[unit.nr_cached++].to = to;
	}
	return to;
}

static uint64_t reached(uint64_t iova)
{
	return reached_by(0, 0x10, iova);
}

/* ---- tests ---- */

static void assign(uint64_t gpa, unsigned int size, bool private_)
{
	const struct snpm_update entry = { .gpn = private_ ? gpa >> EMU_PAGE_SHIFT : 0U,
					   .assigned = private_,
					   .size = size,
					   .asid = private_ ? SNPM_ASID_GUEST : SNPM_ASID_NONE };

	assert_int_equal(snpm_rmpupdate(&rmp, gpa >> EMU_PAGE_SHIFT, &entry), SNPM_OK);
}

/* Memory of 4 MiB, the first half private in one entry, the second shared but for OTHER. */
static void reset(void)
{
	while (nr_pool > 0U) {
		free(pool[--nr_pool]);
	}
	max_pool = MAX_POOL;
	memset(&unit, 0, sizeof(unit));
	memset(words_2m, 0, sizeof(words_2m));
	memset(words_4k, 0, sizeof(words_4k));
	rmp = (struct snpm_rmp){ .words_2m = words_2m, .words_4k = words_4k, .nr_pages = NR_PAGES };
	memset(&boot, 0, sizeof(boot));
	boot.nr_ram = 2;
	boot.ram[0] = (struct host_range){ .start = { 0 }, .bytes = UINT64_C(0xa0000) };
	boot.ram[1] = (struct host_range){ .start = { MIB }, .bytes = 3U * MIB };
	boot.own = (struct host_range){ .start = { OWN }, .bytes = OWN };
	unit.version = 0x10;
	unit.cap = CAP_USUAL;
	moved = 0;
	logged = 0;
	assign(0, 1, true);
	assign(OTHER, 0, true);
}

static void start(void)
{
	reset();
	iommu_start();
	assert_int_equal(unit.status, IOMMU_GCMD_TRANSLATE | IOMMU_GCMD_SET_ROOT);
	assert_int_equal(unit.global, 1);
}

static void convert(uint64_t gpa, bool large, bool private_)
{
	assign(gpa, large ? 1U : 0U, private_);
	iommu_update(gpa_make(gpa), large ? EMU_LARGE_SIZE : EMU_PAGE_SIZE);
}

static void only_shared_memory(void **state)
{
	(void)state;
	start();
	assert_int_equal(reached(PAGE), PAGE);
	assert_int_equal(reached(2U * MIB), 2U * MIB);
	assert_int_equal(reached(OWN - EMU_PAGE_SIZE), OWN - EMU_PAGE_SIZE);
	assert_int_equal(reached(0), NOWHERE);
	assert_int_equal(reached(MIB), NOWHERE);
	assert_int_equal(reached(OTHER), NOWHERE);
	assert_int_equal(reached(OWN), NOWHERE);
	assert_int_equal(reached(ROM_COPY), NOWHERE);
	assert_int_equal(reached(ROM), NOWHERE);
	assert_int_equal(reached(UINT64_C(1) << 39), NOWHERE);
}

static void every_device(void **state)
{
	(void)state;
	start();
	for (unsigned int bus = 0; bus < 256U; bus++) {
		for (unsigned int function = 0; function < 256U; function++) {
			assert_int_equal(reached_by(bus, function, OTHER), NOWHERE);
		}
	}
	assert_int_equal(reached_by(255, 255, PAGE), PAGE);
}

static void converted_page(void **state)
{
	(void)state;
	start();
	assert_int_equal(reached(PAGE), PAGE);
	convert(PAGE, false, true);
	assert_int_equal(reached(PAGE), NOWHERE);
	assert_int_equal(unit.by_page, 1);
	assert_int_equal(reached(PAGE + 2U * EMU_PAGE_SIZE), PAGE + 2U * EMU_PAGE_SIZE);
	convert(OTHER, false, false);
	assert_int_equal(reached(OTHER), OTHER);
	convert(PAGE, false, false);
	assert_int_equal(reached(PAGE), PAGE);
	/* nothing was taken away, nothing to forget */
	assert_int_equal(unit.by_page, 1);
	assert_int_equal(unit.global, 1);
}

static void converted_region(void **state)
{
	(void)state;
	start();
	convert(0, true, false);
	assert_int_equal(reached(MIB), MIB);
	assert_int_equal(reached(EMU_PAGE_SIZE), EMU_PAGE_SIZE);
	/* between the ranges of memory */
	assert_int_equal(reached(0xa0000), NOWHERE);
	convert(0, true, true);
	assert_int_equal(unit.by_page, 1);
	assert_int_equal(reached(MIB), NOWHERE);
	assert_int_equal(reached(EMU_PAGE_SIZE), NOWHERE);
	assert_int_equal(reached(PAGE), PAGE);
}

/* A unit that cannot invalidate pages forgets all. */
static void coarse_invalidation(void **state)
{
	static const uint64_t caps[] = { CAP_USUAL & ~IOMMU_CAP_BY_PAGE,
					 CAP_USUAL & ~(UINT64_C(0x3f) << 48) };

	(void)state;
	for (size_t i = 0; i < sizeof(caps) / sizeof(caps[0]); i++) {
		reset();
		unit.cap = caps[i];
		iommu_start();
		assert_int_equal(reached(PAGE), PAGE);
		convert(PAGE, false, true);
		assert_int_equal(reached(PAGE), NOWHERE);
		assert_int_equal(unit.global, 2);
		assert_int_equal(unit.by_page, 0);
	}
}

static void four_levels(void **state)
{
	(void)state;
	reset();
	unit.cap &= ~IOMMU_CAP_39_BITS;
	iommu_start();
	assert_int_equal(reached(PAGE), PAGE);
	assert_int_equal(reached(OTHER), NOWHERE);
	convert(PAGE, false, true);
	assert_int_equal(reached(PAGE), NOWHERE);
}

/* A page that a hostile host moved is where the guest finds it. */
static void moved_page(void **state)
{
	(void)state;
	start();
	convert(PAGE, false, true);
	moved = OWN + 2U * MIB;
	iommu_update(gpa_make(PAGE), EMU_PAGE_SIZE);
	assert_int_equal(reached(PAGE), OWN + 2U * MIB);
}

static void nothing_to_program(void **state)
{
	static const struct {
		uint32_t version;
		uint64_t cap;
	} cases[] = { { 0, CAP_USUAL },
		      { UINT32_MAX, UINT64_MAX },
		      { 0x10, CAP_USUAL | IOMMU_CAP_WRITE_BUFFER },
		      { 0x10, CAP_USUAL & ~(IOMMU_CAP_39_BITS | IOMMU_CAP_48_BITS) } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		reset();
		unit.version = cases[i].version;
		unit.cap = cases[i].cap;
		unit.faults = IOMMU_FSTS_PENDING;
		iommu_start();
		assert_int_equal(logged, 1);
		convert(PAGE, false, true);
		iommu_report();
		assert_int_equal(unit.stores, 0);
		assert_int_equal(logged, 1);
	}
}

/* Root, second level, context, and three tables are needed: with less memory for later ones the
 * page stays out of reach, and that is said once. */
static void out_of_memory(void **state)
{
	(void)state;
	reset();
	for (uint64_t at = 2U * MIB; at < OWN; at += EMU_PAGE_SIZE) {
		if (at != OTHER) {
			assign(at, 0, true);
		}
	}
	max_pool = 4;
	iommu_start();
	logged = 0;
	convert(PAGE, false, false);
	convert(OTHER, false, false);
	assert_int_equal(logged, 1);
	assert_int_equal(reached(PAGE), NOWHERE);
	max_pool = MAX_POOL;
	convert(PAGE, false, false);
	assert_int_equal(reached(PAGE), PAGE);
}

static void report(void **state)
{
	(void)state;
	start();
	logged = 0;
	iommu_report();
	assert_int_equal(logged, 0);
	unit.faults = IOMMU_FSTS_PENDING;
	iommu_report();
	assert_int_equal(logged, 1);
}

static int end(void **state)
{
	(void)state;
	reset();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_shared_memory),  cmocka_unit_test(every_device),
		cmocka_unit_test(converted_page),      cmocka_unit_test(converted_region),
		cmocka_unit_test(coarse_invalidation), cmocka_unit_test(four_levels),
		cmocka_unit_test(moved_page),	       cmocka_unit_test(nothing_to_program),
		cmocka_unit_test(out_of_memory),       cmocka_unit_test(report),
	};

	return cmocka_run_group_tests(tests, NULL, end);
}
