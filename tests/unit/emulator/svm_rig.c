/* SPDX-License-Identifier: Apache-2.0 */
#include "svm_rig.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ram.h"
#include "rmp.h"
#include "trace.h"

#include <cmocka.h>
#include <setjmp.h>
#include <stddef.h>

#define NR_PAGES (RIG_BYTES / EMU_PAGE_SIZE)

struct svm_rig rig;

static uint8_t memory[RIG_BYTES] __attribute__((aligned(4096)));
static _Atomic(uint64_t) words_2m[NR_PAGES / 512U], words_4k[NR_PAGES];

uint64_t *rig_word(uint64_t gpa)
{
	return (uint64_t *)(void *)&memory[gpa];
}

void rig_map(uint64_t va, uint64_t pte)
{
	rig_word(RIG_PT)[va >> EMU_PAGE_SHIFT] = pte;
}

struct vcpu *rig_start(uint8_t perms)
{
	const uint8_t rights[EMU_NR_VMPLS] = { 0xf, perms, perms, perms };
	struct vmcb_save *save = &rig.vmcb.save;

	memset(memory, 0, sizeof(memory));
	memset(words_2m, 0, sizeof(words_2m));
	memset(words_4k, 0, sizeof(words_4k));
	memset(&rig, 0, sizeof(rig));
	rig.rmp = (struct snpm_rmp){ .words_2m = words_2m,
				     .words_4k = words_4k,
				     .nr_pages = NR_PAGES };
	for (uint64_t page = 0; page < NR_PAGES; page++) {
		assert_true(snpm_launch_page(&rig.rmp, page, page, 0, rights, false));
	}
	rig.vcpu.vmcb = &rig.vmcb;
	rig.vcpu.priv = &rig.run;
	save->cr0 = X86_CR0_PG | X86_CR0_PE | X86_CR0_WP;
	save->cr4 = X86_CR4_PAE;
	save->efer = X86_EFER_LME | X86_EFER_LMA | X86_EFER_NXE | X86_EFER_SVME;
	save->cs.attributes = X86_SEG_L | X86_SEG_P | X86_SEG_S | 0xbU;
	save->cr3 = RIG_PML4 | SVM_C_MASK;
	rig_word(RIG_PML4)[0] = RIG_PDPT | SVM_C_MASK | RIG_P | RIG_W | RIG_U;
	rig_word(RIG_PDPT)[0] = RIG_PD | SVM_C_MASK | RIG_P | RIG_W | RIG_U;
	rig_word(RIG_PD)[0] = RIG_PT | SVM_C_MASK | RIG_P | RIG_W | RIG_U;
	return &rig.vcpu;
}

bool ram_is_memory(gpa_t gpa)
{
	return gpa.raw < RIG_BYTES;
}

gpa_t ram_top(void)
{
	return gpa_make(RIG_BYTES);
}

bool ram_translate(gpa_t gpa, hpa_t *hpa)
{
	*hpa = hpa_make(gpa.raw);
	return gpa.raw < RIG_BYTES;
}

void *ram_pointer(gpa_t gpa, size_t len)
{
	return gpa.raw < RIG_BYTES && RIG_BYTES - gpa.raw >= len ? &memory[gpa.raw] : NULL;
}

struct snpm_rmp *rmp_table(void)
{
	return &rig.rmp;
}

uint64_t vcpu_reg(const struct vcpu *vcpu, unsigned int reg)
{
	return reg == REG_RAX	? vcpu->vmcb->save.rax
	       : reg == REG_RSP ? vcpu->vmcb->save.rsp
				: vcpu->gpr[reg];
}

/* Pages are never freed; a list keeps them in sight of the leak checker. */
struct kept {
	struct kept *next;
	void *pages;
};
static _Atomic(struct kept *) kept_pages;

void *host_pages(size_t nr_pages)
{
	struct kept *kept = malloc(sizeof(*kept));
	void *pages = aligned_alloc(EMU_PAGE_SIZE, nr_pages * EMU_PAGE_SIZE);

	assert_non_null(kept);
	assert_non_null(pages);
	memset(pages, 0, nr_pages * EMU_PAGE_SIZE);
	kept->pages = pages;
	kept->next = atomic_load_explicit(&kept_pages, memory_order_relaxed);
	while (!atomic_compare_exchange_weak_explicit(&kept_pages, &kept->next, kept,
						      memory_order_relaxed, memory_order_relaxed)) {
	}
	return pages;
}

void trace_note(const struct vcpu *vcpu, enum trace_event event, uint64_t a, uint64_t b, uint64_t c,
		uint64_t d)
{
	(void)vcpu;
	(void)event;
	(void)a;
	(void)b;
	(void)c;
	(void)d;
}

_Noreturn void emu_stop(enum emu_exit code, const char *format, ...)
{
	(void)format;
	if (!rig.stops) {
		fail_msg("emu_stop(%d): %s", (int)code, format);
		abort();
	}
	rig.stop_code = code;
	longjmp(rig.stopped, 1);
}
