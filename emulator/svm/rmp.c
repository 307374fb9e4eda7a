/* SPDX-License-Identifier: Apache-2.0 */

#include "rmp.h"

#include "iommu.h"
#include "npt.h"
#include "ram.h"
#include "shootdown.h"

#define LARGE_PAGES (EMU_LARGE_SIZE / EMU_PAGE_SIZE)

static struct {
	struct snpm_rmp rmp;
	bool stale;
} machine;

static void *table_pages(uint64_t bytes)
{
	void *got = host_pages((size_t)((bytes + EMU_PAGE_MASK) >> EMU_PAGE_SHIFT));

	if (!got) {
		emu_stop(EMU_EXIT_EMULATOR, "out of memory for the RMP: raise the reserve");
	}
	return got;
}

/* The table covers the emulator's own memory too, where firmware images of guests lie. */
static uint64_t machine_pages(void)
{
	const struct host_boot *boot = host_boot();
	uint64_t top = boot->own.start.raw + boot->own.bytes;

	for (unsigned int i = 0; i < boot->nr_ram; i++) {
		uint64_t end = boot->ram[i].start.raw + boot->ram[i].bytes;

		top = end > top ? end : top;
	}
	return (top + EMU_LARGE_MASK) / EMU_LARGE_SIZE * LARGE_PAGES;
}

void rmp_init(const struct snpm_switches *switches, bool stale)
{
	uint64_t nr_pages = machine_pages();

	machine.stale = stale;
	machine.rmp.nr_pages = nr_pages;
	machine.rmp.words_2m = table_pages(nr_pages / LARGE_PAGES * sizeof(uint64_t));
	machine.rmp.words_4k = table_pages(nr_pages * sizeof(uint64_t));
	if (switches) {
		machine.rmp.switches = *switches;
	}
}

struct snpm_rmp *rmp_table(void)
{
	return &machine.rmp;
}

bool rmp_stale(void)
{
	return machine.stale;
}

static bool page_number(gpa_t gpa, uint64_t *spn)
{
	hpa_t hpa;

	if (!ram_translate(gpa, &hpa)) {
		return false;
	}
	*spn = hpa.raw >> EMU_PAGE_SHIFT;
	return true;
}

void rmp_invalidate(gpa_t gpa, uint64_t bytes)
{
	shootdown_begin();
	if (npt_remove(NPT_ALL_VMPLS, gpa, bytes) || shootdown_under_way()) {
		shootdown_wait(NPT_ALL_VMPLS);
	}
	shootdown_end();
}

/* What a guest instruction took away; stale mode leaves it to the guest to flush. */
static void guest_revoked(gpa_t gpa, unsigned int size)
{
	if (!machine.stale) {
		rmp_invalidate(gpa, size == 0 ? EMU_PAGE_SIZE : EMU_LARGE_SIZE);
	}
}

void rmp_guest_flushed(void)
{
	if (machine.stale) {
		shootdown_begin();
		npt_remove_all();
		shootdown_wait(NPT_ALL_VMPLS);
		shootdown_end();
	}
}

struct snpm_result rmp_pvalidate(struct vcpu *vcpu, gpa_t gpa, unsigned int size, bool validate)
{
	struct snpm_result result = { .fault = SNPM_NPF };
	uint64_t spn;

	if (!page_number(gpa, &spn)) {
		return result;
	}
	result =
		snpm_pvalidate(&machine.rmp, vcpu->vmpl, spn, gpa_page_number(gpa), size, validate);
	if (result.fault == SNPM_NO_FAULT && result.code == SNPM_OK && !result.carry && !validate) {
		guest_revoked(gpa, size);
	}
	return result;
}

struct snpm_result rmp_adjust(struct vcpu *vcpu, gpa_t gpa, unsigned int size, unsigned int target,
			      uint8_t perms, bool vmsa)
{
	struct snpm_result result = { .fault = SNPM_NPF };
	uint64_t spn;

	if (!page_number(gpa, &spn)) {
		return result;
	}
	result = snpm_rmpadjust(&machine.rmp, vcpu->vmpl, spn, gpa_page_number(gpa), size, target,
				perms, vmsa);
	if (result.fault == SNPM_NO_FAULT && result.code == SNPM_OK) {
		guest_revoked(gpa, size);
	}
	return result;
}

struct snpm_result rmp_query(struct vcpu *vcpu, gpa_t gpa, unsigned int target,
			     struct snpm_query *query)
{
	uint64_t spn;

	if (!page_number(gpa, &spn)) {
		*query = (struct snpm_query){ 0 };
		return (struct snpm_result){ .fault = SNPM_NPF };
	}
	return snpm_rmpquery(&machine.rmp, vcpu->vmpl, spn, gpa_page_number(gpa), target, query);
}

/* Split the 2 MiB entry that rules the page, if one does. */
static bool smash(gpa_t gpa, uint64_t spn)
{
	unsigned int size;

	(void)snpm_word(&machine.rmp, spn, &size);
	if (size == 0) {
		return true;
	}
	if (snpm_psmash(&machine.rmp, spn & ~(LARGE_PAGES - 1U)) == SNPM_OK) {
		/* Large translations would outlive later changes of single pages. */
		rmp_invalidate(gpa_make(gpa.raw & ~EMU_LARGE_MASK), EMU_LARGE_SIZE);
		return true;
	}
	(void)snpm_word(&machine.rmp, spn, &size);
	return size == 0; /* another processor was faster */
}

bool rmp_smash(gpa_t gpa)
{
	uint64_t spn;

	return page_number(gpa, &spn) && smash(gpa, spn);
}

static bool update(gpa_t gpa, uint64_t spn, unsigned int size, bool private_)
{
	const struct snpm_update entry = {
		.gpn = private_ ? gpa_page_number(gpa) : 0,
		.assigned = private_,
		.size = size,
		.asid = private_ ? SNPM_ASID_GUEST : SNPM_ASID_NONE,
	};

	return snpm_rmpupdate(&machine.rmp, spn, &entry) == SNPM_OK;
}

static bool one_private(gpa_t gpa)
{
	uint64_t spn;

	if (!page_number(gpa, &spn)) {
		return false;
	}
	if ((snpm_word(&machine.rmp, spn, NULL) & SNPM_ASSIGNED) != 0) {
		return true;
	}
	/* Two processors may convert the same page: one update fails, the page is private. */
	return update(gpa, spn, 0, true) ||
	       (snpm_word(&machine.rmp, spn, NULL) & SNPM_ASSIGNED) != 0;
}

static bool one_shared(gpa_t gpa)
{
	uint64_t spn;

	if (!page_number(gpa, &spn)) {
		return false;
	}
	if ((snpm_word(&machine.rmp, spn, NULL) & SNPM_ASSIGNED) == 0) {
		return true;
	}
	return smash(gpa, spn) && update(gpa, spn, 0, false);
}

/* All of the region unassigned, or all of it one 2 MiB entry: a 2 MiB update will do. */
static bool uniform(gpa_t gpa, bool private_, uint64_t *first)
{
	unsigned int size;
	uint64_t word;

	if ((gpa.raw & EMU_LARGE_MASK) != 0 || !page_number(gpa, first) ||
	    *first % LARGE_PAGES != 0) {
		return false;
	}
	for (uint64_t i = 0; i < LARGE_PAGES; i++) {
		uint64_t spn;

		if (!page_number(gpa_make(gpa.raw + (i << EMU_PAGE_SHIFT)), &spn) ||
		    spn != *first + i) {
			return false;
		}
		word = snpm_word(&machine.rmp, spn, &size);
		if (private_ ? (word & SNPM_ASSIGNED) != 0 : size == 0) {
			return false;
		}
	}
	return true;
}

static bool convert(gpa_t gpa, bool large, bool private_)
{
	uint64_t bytes = large ? EMU_LARGE_SIZE : EMU_PAGE_SIZE;
	bool done = true;
	uint64_t first;

	gpa = gpa_make(gpa.raw & ~(bytes - 1U));
	if (!large || !uniform(gpa, private_, &first) || !update(gpa, first, 1, private_)) {
		for (uint64_t at = 0; at < bytes; at += EMU_PAGE_SIZE) {
			gpa_t page = gpa_make(gpa.raw + at);

			done = (private_ ? one_private(page) : one_shared(page)) && done;
		}
	}
	iommu_update(gpa, bytes);
	rmp_invalidate(gpa, bytes);
	return done;
}

bool rmp_make_private(gpa_t gpa, bool large)
{
	return convert(gpa, large, true);
}

bool rmp_make_shared(gpa_t gpa, bool large)
{
	return convert(gpa, large, false);
}

bool rmp_is_shared(gpa_t gpa)
{
	uint64_t spn;

	return page_number(gpa, &spn) && snpm_shared_check(&machine.rmp, spn) == SNPM_NO_FAULT;
}

bool rmp_is_vmsa(gpa_t gpa)
{
	uint64_t spn;

	return page_number(gpa, &spn) && (snpm_word(&machine.rmp, spn, NULL) & SNPM_VMSA) != 0;
}
