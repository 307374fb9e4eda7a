/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "machine_internal.h"

static void *map_sparse(uint64_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static void unmap(void *memory, uint64_t bytes)
{
	if (memory != NULL) {
		(void)munmap(memory, bytes);
	}
}

static uint64_t regions(uint64_t pages)
{
	return pages / SVSM_PAGES_PER_REGION;
}

static bool registry_create(struct hm_machine *m)
{
	if (pthread_mutex_init(&m->registry.lock, NULL) != 0) {
		return false;
	}
	if (!m->config.no_invlpgb) {
		return true;
	}
	m->registry.map = map_sparse(m->guest_pages / 8U + sizeof(uint64_t));
	return m->registry.map != NULL;
}

bool hm_memory_create(struct hm_machine *m)
{
	uint64_t spare =
		(m->config.spare_pages + SVSM_PAGES_PER_REGION - 1U) / SVSM_PAGES_PER_REGION;

	m->guest_pages = m->layout.top >> SVSM_PAGE_SHIFT;
	m->system_pages = m->guest_pages + spare * SVSM_PAGES_PER_REGION;
	m->pages = map_sparse(m->system_pages << SVSM_PAGE_SHIFT);
	m->nested = map_sparse(m->guest_pages * sizeof(uint64_t));
	m->remapped = map_sparse(regions(m->guest_pages));
	m->rmp.words_2m = map_sparse(regions(m->system_pages) * sizeof(uint64_t));
	m->rmp.words_4k = map_sparse(m->system_pages * sizeof(uint64_t));
	m->cpus = map_sparse(m->config.nr_vcpus * sizeof(struct hm_cpu));
	m->rmp.nr_pages = m->system_pages;
	m->rmp.switches = m->config.switches;
	if (m->pages == NULL || m->nested == NULL || m->remapped == NULL ||
	    m->rmp.words_2m == NULL || m->rmp.words_4k == NULL || m->cpus == NULL ||
	    !registry_create(m)) {
		perror("hosted machine: cannot reserve address space");
		return false;
	}
	/* Advice only: without huge pages the machine is slower, not wrong. */
	(void)madvise(m->pages, m->system_pages << SVSM_PAGE_SHIFT, MADV_HUGEPAGE);
	(void)madvise(m->pages, m->system_pages << SVSM_PAGE_SHIFT, MADV_DONTDUMP);
	return true;
}

void hm_memory_destroy(struct hm_machine *m)
{
	unmap(m->pages, m->system_pages << SVSM_PAGE_SHIFT);
	unmap((void *)m->nested, m->guest_pages * sizeof(uint64_t));
	unmap((void *)m->remapped, regions(m->guest_pages));
	unmap((void *)m->rmp.words_2m, regions(m->system_pages) * sizeof(uint64_t));
	unmap((void *)m->rmp.words_4k, m->system_pages * sizeof(uint64_t));
	unmap(m->cpus, m->config.nr_vcpus * sizeof(struct hm_cpu));
	unmap((void *)m->registry.map, m->guest_pages / 8U + sizeof(uint64_t));
	free(m->registry.vmsa);
	(void)pthread_mutex_destroy(&m->registry.lock);
}

static void launch_perms(const struct hm_machine *m, enum hm_class class, bool vmsa,
			 uint8_t perms[4])
{
	uint8_t granted = class == HM_CLASS_VALID ? SVSM_PERM_RWX : SVSM_PERM_NONE;

	/* Linux reads VMSA pages; nobody below VMPL0 may write one */
	granted = vmsa ? SVSM_PERM_READ : granted;
	memset(perms, 0, SVSM_NR_VMPLS);
	perms[0] = SVSM_PERM_RWX;
	for (unsigned int vmpl = 1; vmpl <= m->config.guest_vmpl; vmpl++) {
		perms[vmpl] = granted;
	}
}

static bool launch_unit(struct hm_machine *m, enum hm_class class, uint64_t gpn,
			enum svsm_page_size size)
{
	bool vmsa = gpn == m->layout.startup_vmsa >> SVSM_PAGE_SHIFT && size == SVSM_PAGE_4K;
	uint8_t perms[SVSM_NR_VMPLS];
	struct snpm_update update = {
		.gpn = gpn, .assigned = true, .size = (unsigned int)size, .asid = SNPM_ASID_GUEST
	};

	if (class == HM_CLASS_RAM) {
		return snpm_rmpupdate(&m->rmp, gpn, &update) == ARCH_RMP_OK;
	}
	launch_perms(m, class, vmsa, perms);
	return snpm_launch_page(&m->rmp, gpn, gpn, (unsigned int)size, perms, vmsa);
}

static bool launch_segment(struct hm_machine *m, const struct hm_segment *segment)
{
	uint64_t vmsa_region = m->layout.startup_vmsa & ~SVSM_REGION_MASK;
	uint64_t gpa = segment->start;

	while (gpa < segment->end) {
		bool large = !m->config.rmp_4k && (gpa & SVSM_REGION_MASK) == 0U &&
			     segment->end - gpa >= SVSM_REGION_SIZE && gpa != vmsa_region;
		enum svsm_page_size size = large ? SVSM_PAGE_2M : SVSM_PAGE_4K;

		if (!launch_unit(m, segment->class, gpa >> SVSM_PAGE_SHIFT, size)) {
			return false;
		}
		gpa += svsm_page_bytes(size);
	}
	return true;
}

/* Launch state of a vCPU as KVM's reset state leaves it (rmp-semantics 10.4). */
static void launch_vmsa(const struct hm_machine *m)
{
	static const struct vmsa_segment data = { .attributes = 0x93, .limit = 0xffff };
	struct vmsa_page *vmsa =
		(struct vmsa_page *)(void *)hm_page(m, m->layout.startup_vmsa >> SVSM_PAGE_SHIFT);

	memset(vmsa, 0, sizeof(*vmsa));
	vmsa->es = vmsa->ss = vmsa->ds = vmsa->fs = vmsa->gs = data;
	vmsa->cs = (struct vmsa_segment){ 0xf000, 0x9b, 0xffff, UINT64_C(0xffff0000) };
	vmsa->gdtr.limit = vmsa->idtr.limit = 0xffff;
	vmsa->ldtr.attributes = 0x82;
	vmsa->tr.attributes = 0x8b;
	vmsa->vmpl = (uint8_t)m->config.guest_vmpl;
	vmsa->efer = VMSA_EFER_SVME;
	vmsa->cr4 = 0x40;
	vmsa->cr0 = 0x10;
	vmsa->dr7 = 0x400;
	vmsa->dr6 = UINT64_C(0xffff0ff0);
	vmsa->rflags = 2;
	vmsa->rip = 0xfff0;
	vmsa->g_pat = UINT64_C(0x0007040600070406);
	vmsa->sev_features = m->config.sev_features;
	vmsa->xcr0 = 1;
	vmsa->mxcsr = 0x1f80;
	vmsa->x87_fcw = 0x37f;
}

bool hm_memory_launch(struct hm_machine *m)
{
	for (unsigned int i = 0; i < m->layout.nr_segments; i++) {
		if (!launch_segment(m, &m->layout.segment[i])) {
			(void)fputs("hosted machine: the RMP refused a launch page\n", stderr);
			return false;
		}
	}
	launch_vmsa(m);
	hm_registry_note(m, m->layout.startup_vmsa >> SVSM_PAGE_SHIFT, true);
	return true;
}
