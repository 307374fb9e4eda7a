/* SPDX-License-Identifier: Apache-2.0 */
#include <sched.h>
#include <string.h>

#include "machine_internal.h"

void hm_bracket_wait(struct hm_cpu *cpu)
{
	/* pairs with hm_bracket_begin and hm_bracket_end */
	uint64_t seq = atomic_load_explicit(&cpu->bracket, memory_order_seq_cst);
	unsigned int spins = 0;

	if ((seq & 1U) == 0U) {
		return;
	}
	while (atomic_load_explicit(&cpu->bracket, memory_order_seq_cst) == seq) {
		arch_relax();
		if (++spins % 64U == 0U) {
			(void)sched_yield();
		}
	}
}

void hm_brackets_wait(struct hm_machine *m)
{
	for (unsigned int i = 0; i < m->config.nr_vcpus; i++) {
		if (&m->cpus[i] != hm_self) {
			hm_bracket_wait(&m->cpus[i]);
		}
	}
}

void hm_flush_all(struct hm_machine *m)
{
	/*
	 * pairs with hm_bracket_begin: a bracket that opens later reads this generation, uses no
	 * entry of an older one, and its walks see every RMP change made before this line.
	 */
	(void)atomic_fetch_add_explicit(&m->generation, 1U, memory_order_seq_cst);
	hm_brackets_wait(m);
}

void hm_tlb_clear(struct hm_tlb *tlb)
{
	memset(tlb->entry, 0, sizeof(tlb->entry));
}

void hm_tlb_drop(struct hm_tlb *tlb, uint64_t gpn, uint64_t pages)
{
	if (pages == 1U) {
		struct hm_tlb_entry *entry = &tlb->entry[gpn % HM_TLB_ENTRIES];

		entry->generation = entry->gpn == gpn ? 0U : entry->generation;
		return;
	}
	for (unsigned int i = 0; i < HM_TLB_ENTRIES; i++) {
		struct hm_tlb_entry *entry = &tlb->entry[i];

		if (entry->gpn - gpn < pages) {
			entry->generation = 0;
		}
	}
}

/* Rights beside @access that the RMP would also give now: hardware caches all of them with the
 * entry. */
static uint64_t cached_perms(struct hm_cpu *cpu, unsigned int vmpl, const struct hm_view *view,
			     enum snpm_access access)
{
	enum snpm_access other = access == SNPM_WRITE ? SNPM_READ : SNPM_WRITE;
	uint64_t own = access == SNPM_WRITE ? HM_PERM_WRITE : HM_PERM_READ;

	if (snpm_access_check(&cpu->machine->rmp, vmpl, view->spn, view->gpn, other) !=
	    SNPM_NO_FAULT) {
		return own;
	}
	return HM_PERM_READ | HM_PERM_WRITE;
}

enum snpm_fault hm_translate(struct hm_cpu *cpu, unsigned int vmpl, uint64_t generation,
			     enum snpm_access access, struct hm_view *view)
{
	struct hm_machine *m = cpu->machine;
	struct hm_tlb_entry *entry = &cpu->tlb[vmpl].entry[view->gpn % HM_TLB_ENTRIES];
	uint64_t need = access == SNPM_WRITE ? HM_PERM_WRITE : HM_PERM_READ;
	enum snpm_fault fault;

	view->cached = entry->generation == generation && entry->gpn == view->gpn &&
		       (entry->perms & need) != 0U && !m->config.instant_revoke;
	if (view->cached) {
		view->spn = entry->spn;
		view->page = hm_page(m, view->spn);
		return SNPM_NO_FAULT;
	}
	view->spn = hm_walk(m, view->gpn);
	view->page = hm_page(m, view->spn);
	fault = snpm_access_check(&m->rmp, vmpl, view->spn, view->gpn, access);
	if (fault == SNPM_NO_FAULT) {
		*entry = (struct hm_tlb_entry){ .gpn = view->gpn,
						.spn = view->spn,
						.generation = generation,
						.perms = cached_perms(cpu, vmpl, view, access) };
	}
	return fault;
}

bool hm_vmpl0_begin(struct hm_cpu *cpu, uint64_t gpa, enum snpm_access access, struct hm_view *view)
{
	struct hm_machine *m = cpu->machine;

	view->gpn = gpa >> SVSM_PAGE_SHIFT;
	if (view->gpn >= m->guest_pages || !hm_layout_has(&m->layout, gpa)) {
		hm_die("VMPL0 reached for a gPA that is not RAM", gpa);
	}
	if (m->config.no_invlpgb) {
		/*
		 * The rule of arch.h for hardware without a flush that reaches other CPUs' VMPL0.
		 */
		hm_tlb_drop(&cpu->tlb[0], view->gpn, 1U);
	}
	for (unsigned int tries = 0; tries < HM_NPF_RETRIES; tries++) {
		uint64_t generation = hm_bracket_begin(cpu);
		enum snpm_fault fault = hm_translate(cpu, 0, generation, access, view);

		if (fault == SNPM_NO_FAULT) {
			return true;
		}
		hm_bracket_end(cpu);
		if (fault == SNPM_VC_404) {
			return false;
		}
		hm_host_npf(m, view->gpn, view->spn, fault);
	}
	hm_die("the host cannot repair a nested fault of VMPL0", gpa);
}
