/* SPDX-License-Identifier: Apache-2.0 */
#include <sched.h>

#include "machine_internal.h"

#define RMP_RETRIES 1000U

static void emit(struct hm_machine *m, enum hm_event_kind kind, uint64_t gpn, uint64_t spn,
		 enum svsm_page_size size, bool assigned, uint32_t code)
{
	if (hm_observed(m)) {
		hm_emit(m, &(struct hm_event){ .kind = kind,
					       .cpu = HM_MAX_VCPUS,
					       .size = size,
					       .gpa = gpn << SVSM_PAGE_SHIFT,
					       .spn = spn,
					       .a = assigned,
					       .code = code });
	}
}

uint32_t hm_host_rmpupdate(struct hm_machine *m, uint64_t gpn, uint64_t spn, bool assigned,
			   enum svsm_page_size size)
{
	struct snpm_update update = { .gpn = assigned ? gpn : 0U,
				      .assigned = assigned,
				      .size = (unsigned int)size,
				      .asid = assigned ? SNPM_ASID_GUEST : SNPM_ASID_NONE };
	uint32_t code = snpm_rmpupdate(&m->rmp, spn, &update);

	emit(m, HM_EV_RMPUPDATE, gpn, spn, size, assigned, code);
	return code;
}

/* Linux repeats PSMASH while it says in use (rmp-semantics 2.5). */
uint32_t hm_host_psmash(struct hm_machine *m, uint64_t gpn, uint64_t spn)
{
	uint64_t base = spn - spn % SVSM_PAGES_PER_REGION;
	uint32_t code = ARCH_RMP_FAIL_INUSE;

	for (unsigned int tries = 0; code == ARCH_RMP_FAIL_INUSE && tries < RMP_RETRIES; tries++) {
		code = snpm_psmash(&m->rmp, base);
		if (code == ARCH_RMP_FAIL_INUSE) {
			(void)sched_yield();
		}
	}
	hm_count(m, HM_COUNT_PSMASH);
	emit(m, HM_EV_PSMASH, gpn - gpn % SVSM_PAGES_PER_REGION, base, SVSM_PAGE_2M, true, code);
	return code;
}

static bool is_guest_page(uint64_t word, uint64_t gpn)
{
	uint64_t asid = (word >> SNPM_ASID_SHIFT) & 3U;

	return (word & SNPM_ASSIGNED) != 0U && (word & SNPM_IMMUTABLE) == 0U &&
	       asid == SNPM_ASID_GUEST && word >> SNPM_GPN_SHIFT == gpn;
}

/*
 * What KVM does about a nested fault of VMPL0 (rmp-semantics 2.8, 2.9): split, wait for a VMSA in
 * use, or convert the page back to private, unvalidated; the instruction is then run again.
 */
void hm_host_npf(struct hm_machine *m, uint64_t gpn, uint64_t spn, enum snpm_fault fault)
{
	unsigned int size;
	uint64_t word = snpm_word(&m->rmp, spn, &size);

	hm_count(m, HM_COUNT_NPF);
	if (fault == SNPM_NPF_SIZEM) {
		if (size == 1U) {
			(void)hm_host_psmash(m, gpn, spn);
		}
		return;
	}
	if ((word & SNPM_INUSE) != 0U) {
		hm_force_exit(m, spn);
		(void)sched_yield();
		return;
	}
	if (is_guest_page(word, gpn)) {
		(void)sched_yield();
		return;
	}
	if (size == 1U) {
		(void)hm_host_psmash(m, gpn, spn);
	}
	(void)hm_host_rmpupdate(m, gpn, spn, true, SVSM_PAGE_4K);
	hm_brackets_wait(m);
}

static bool psc_4k(struct hm_machine *m, uint64_t gpn, bool to_private)
{
	uint64_t spn = hm_walk(m, gpn);
	unsigned int size;
	uint64_t word = snpm_word(&m->rmp, spn, &size);

	/* KVM leaves a page that is already as asked for alone */
	if (to_private ? is_guest_page(word, gpn) : (word & SNPM_ASSIGNED) == 0U) {
		return true;
	}
	if (size == 1U) {
		(void)hm_host_psmash(m, gpn, spn);
	}
	return hm_host_rmpupdate(m, gpn, spn, to_private, SVSM_PAGE_4K) == ARCH_RMP_OK;
}

static bool psc_2m(struct hm_machine *m, uint64_t gpn, bool to_private)
{
	unsigned int size;
	uint64_t word = snpm_word(&m->rmp, hm_walk(m, gpn), &size);

	if (!m->config.rmp_4k && !hm_region_remapped(m, gpn)) {
		if (to_private && size == 1U && is_guest_page(word, gpn)) {
			return true;
		}
		if (hm_host_rmpupdate(m, gpn, gpn, to_private, SVSM_PAGE_2M) == ARCH_RMP_OK) {
			return true;
		}
	}
	for (uint64_t i = 0; i < SVSM_PAGES_PER_REGION; i++) {
		if (!psc_4k(m, gpn + i, to_private)) {
			return false;
		}
	}
	return true;
}

bool hm_psc(struct hm_machine *m, uint64_t gpa, uint64_t pages, enum svsm_page_size size,
	    bool to_private)
{
	uint64_t unit = svsm_page_bytes(size);
	bool ok = (gpa & (unit - 1U)) == 0U;

	for (uint64_t i = 0; ok && i < pages; i++, gpa += unit) {
		uint64_t gpn = gpa >> SVSM_PAGE_SHIFT;

		ok = hm_layout_has(&m->layout, gpa) && hm_layout_has(&m->layout, gpa + unit - 1U) &&
		     (size == SVSM_PAGE_2M ? psc_2m(m, gpn, to_private)
					   : psc_4k(m, gpn, to_private));
	}
	/* KVM takes nested mappings away first: no C=0 store that was checked before may land from
	 * here on */
	hm_brackets_wait(m);
	return ok;
}

bool hm_psmash(struct hm_machine *m, uint64_t gpa)
{
	uint64_t gpn = gpa >> SVSM_PAGE_SHIFT;
	uint64_t spn = hm_walk(m, gpn);
	unsigned int size;

	(void)snpm_word(&m->rmp, spn, &size);
	return size == 1U && hm_host_psmash(m, gpn, spn) == ARCH_RMP_OK;
}

void hm_remap(struct hm_machine *m, uint64_t gpa, uint64_t spn)
{
	uint64_t gpn = gpa >> SVSM_PAGE_SHIFT;

	if (gpn >= m->guest_pages || spn >= m->system_pages) {
		hm_die("hm_remap outside the machine", gpa);
	}
	/* pairs with hm_region_remapped: set first, so that whoever finds the entry below finds the
	 * mark */
	atomic_store_explicit(&m->remapped[gpn / SVSM_PAGES_PER_REGION], 1, memory_order_release);
	/* pairs with hm_walk */
	atomic_store_explicit(&m->nested[gpn], spn ^ gpn, memory_order_release);
}

uint64_t hm_spn(struct hm_machine *m, uint64_t gpa)
{
	return hm_walk(m, gpa >> SVSM_PAGE_SHIFT);
}

uint64_t hm_spare_spn(const struct hm_machine *m)
{
	return m->guest_pages;
}

bool hm_steal(struct hm_machine *m, uint64_t gpa, bool leave_unassigned)
{
	uint64_t gpn = gpa >> SVSM_PAGE_SHIFT;
	uint64_t spn = hm_walk(m, gpn);
	unsigned int size;
	bool ok;

	(void)snpm_word(&m->rmp, spn, &size);
	if (size == 1U) {
		(void)hm_host_psmash(m, gpn, spn);
	}
	ok = hm_host_rmpupdate(m, gpn, spn, false, SVSM_PAGE_4K) == ARCH_RMP_OK;
	if (ok && !leave_unassigned) {
		ok = hm_host_rmpupdate(m, gpn, spn, true, SVSM_PAGE_4K) == ARCH_RMP_OK;
	}
	hm_brackets_wait(m);
	return ok;
}

void *hm_system_page(struct hm_machine *m, uint64_t spn)
{
	return spn < m->system_pages ? hm_page(m, spn) : NULL;
}
