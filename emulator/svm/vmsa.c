/* SPDX-License-Identifier: Apache-2.0 */

/*
 * VMSA page <-> VMCB, general registers and x87/SSE registers of the processor. The vector
 * registers are the guest's from vmsa_load() to vmsa_store(): the emulator does not use them.
 */

#include <string.h>

#include "cpu_ops.h"
#include "ram.h"
#include "svm.h"

#define MSR_TSC_AUX 0xc0000103U

struct fxsave_image {
	uint16_t fcw, fsw;
	uint8_t ftw; /* one bit per register: not empty */
	uint8_t reserved_05;
	uint16_t fop;
	uint64_t rip, dp;
	uint32_t mxcsr, mxcsr_mask;
	struct {
		uint64_t significand;
		uint16_t exponent;
		uint8_t reserved[6];
	} st[8];
	uint64_t xmm[16][2];
	uint8_t reserved_1a0[512 - 0x1a0];
} __attribute__((aligned(16)));
_Static_assert(sizeof(struct fxsave_image) == 512, "FXSAVE image");

struct vmsa_page *vmsa_pointer(gpa_t vmsa)
{
	if (gpa_is_none(vmsa) || (vmsa.raw & EMU_PAGE_MASK) != 0) {
		return NULL;
	}
	return ram_pointer(vmsa, EMU_PAGE_SIZE);
}

/* What VMRUN looks at besides the RMP (rmp-semantics 7.4, 7.6). Features other than SNP itself are
 * not emulated, so VMRUN refuses them as a processor without them does. The guest may write the
 * page meanwhile: each field is read once. */
bool vmsa_enterable(const struct vmsa_page *page, unsigned int vmpl)
{
	const volatile struct vmsa_page *seen = page;

	return (seen->efer & VMSA_EFER_SVME) != 0 && seen->sev_features == VMSA_SEV_SNP &&
	       seen->vmpl == vmpl;
}

enum x87_tag { TAG_VALID, TAG_ZERO, TAG_SPECIAL, TAG_EMPTY };

/* A VMSA holds two bits per physical register, FXSAVE one; ST(i) is register (TOP + i) mod 8. */
static uint16_t full_tags(const struct fxsave_image *image)
{
	unsigned int top = image->fsw >> 11U & 7U;
	unsigned int tags = 0;

	for (unsigned int reg = 0; reg < 8U; reg++) {
		unsigned int st = (reg + 8U - top) % 8U;
		unsigned int exponent = image->st[st].exponent & 0x7fffU;
		uint64_t significand = image->st[st].significand;
		enum x87_tag tag = TAG_VALID;

		if ((image->ftw >> reg & 1U) == 0) {
			tag = TAG_EMPTY;
		} else if (exponent == 0 && significand == 0) {
			tag = TAG_ZERO;
		} else if (exponent == 0 || exponent == 0x7fffU || significand >> 63U == 0) {
			tag = TAG_SPECIAL;
		}
		tags |= (unsigned int)tag << (2U * reg);
	}
	return (uint16_t)tags;
}

static uint8_t short_tags(uint16_t tags)
{
	unsigned int used = 0;

	for (unsigned int reg = 0; reg < 8U; reg++) {
		used |= (tags >> (2U * reg) & 3U) != TAG_EMPTY ? 1U << reg : 0U;
	}
	return (uint8_t)used;
}

static void fpu_load(const struct vmsa_page *page)
{
	struct fxsave_image image = {
		.fcw = page->x87_fcw,
		.fsw = page->x87_fsw,
		.ftw = short_tags(page->x87_ftw),
		.fop = page->x87_fop,
		.rip = page->x87_rip,
		.dp = page->x87_dp,
		.mxcsr = page->mxcsr & 0xffffU, /* reserved bits would fault */
	};

	for (unsigned int i = 0; i < 8U; i++) {
		image.st[i].significand = page->x87_significand[i];
		image.st[i].exponent = page->x87_exponent[i];
	}
	memcpy(image.xmm, page->xmm, sizeof(image.xmm));
	__asm__ volatile("fxrstor64 %0" ::"m"(image));
}

static void fpu_store(struct vmsa_page *page)
{
	struct fxsave_image image;

	__asm__ volatile("fxsave64 %0" : "=m"(image));
	page->x87_fcw = image.fcw;
	page->x87_fsw = image.fsw;
	page->x87_ftw = full_tags(&image);
	page->x87_fop = image.fop;
	page->x87_rip = image.rip;
	page->x87_dp = image.dp;
	page->mxcsr = image.mxcsr;
	for (unsigned int i = 0; i < 8U; i++) {
		page->x87_significand[i] = image.st[i].significand;
		page->x87_exponent[i] = image.st[i].exponent;
	}
	memcpy(page->xmm, image.xmm, sizeof(image.xmm));
}

static void registers_load(struct vcpu *vcpu, const struct vmsa_page *page)
{
	uint64_t *gpr = vcpu->gpr;

	vcpu->vmcb->save.rax = page->rax;
	vcpu->vmcb->save.rsp = page->rsp;
	gpr[REG_RCX] = page->rcx;
	gpr[REG_RDX] = page->rdx;
	gpr[REG_RBX] = page->rbx;
	gpr[REG_RBP] = page->rbp;
	gpr[REG_RSI] = page->rsi;
	gpr[REG_RDI] = page->rdi;
	memcpy(&gpr[REG_R8], &page->r8, 8U * sizeof(uint64_t));
}

static void registers_store(const struct vcpu *vcpu, struct vmsa_page *page)
{
	const uint64_t *gpr = vcpu->gpr;

	page->rax = vcpu->vmcb->save.rax;
	page->rsp = vcpu->vmcb->save.rsp;
	page->rcx = gpr[REG_RCX];
	page->rdx = gpr[REG_RDX];
	page->rbx = gpr[REG_RBX];
	page->rbp = gpr[REG_RBP];
	page->rsi = gpr[REG_RSI];
	page->rdi = gpr[REG_RDI];
	memcpy(&page->r8, &gpr[REG_R8], 8U * sizeof(uint64_t));
}

static void system_load(struct vmcb_save *save, const struct vmsa_page *page)
{
	memcpy(&save->es, &page->es, 10U * sizeof(struct vmsa_segment));
	save->cpl = page->cpl;
	save->efer = page->efer;
	save->cr4 = page->cr4;
	save->cr3 = page->cr3;
	save->cr0 = page->cr0;
	save->dr7 = page->dr7;
	save->dr6 = page->dr6;
	save->rflags = page->rflags;
	save->rip = page->rip;
	memcpy(&save->star, &page->star, 8U * sizeof(uint64_t));
	save->cr2 = page->cr2;
	save->g_pat = page->g_pat;
	save->dbgctl = page->dbgctl;
}

static void system_store(const struct vmcb_save *save, struct vmsa_page *page)
{
	memcpy(&page->es, &save->es, 10U * sizeof(struct vmsa_segment));
	page->cpl = save->cpl;
	page->efer = save->efer;
	page->cr4 = save->cr4;
	page->cr3 = save->cr3;
	page->cr0 = save->cr0;
	page->dr7 = save->dr7;
	page->dr6 = save->dr6;
	page->rflags = save->rflags;
	page->rip = save->rip;
	memcpy(&page->star, &save->star, 8U * sizeof(uint64_t));
	page->cr2 = save->cr2;
	page->g_pat = save->g_pat;
	page->dbgctl = save->dbgctl;
}

void vmsa_load(struct vcpu *vcpu, struct vmsa_page *page)
{
	struct vmcb *vmcb = vcpu->vmcb;

	system_load(&vmcb->save, page);
	/* The gate was open when the page was checked; what is run is run with SVME (7.4). */
	vmcb->save.efer |= X86_EFER_SVME;
	run_of(vcpu)->fresh = true;
	registers_load(vcpu, page);
	fpu_load(page);
	svm_wrmsr(MSR_TSC_AUX, page->tsc_aux);
	vmcb->control.int_state = (page->vintr_ctrl & VMSA_VINTR_SHADOW) != 0 ? SVM_INT_SHADOW : 0;
	vmcb->control.eventinj = 0;
}

void vmsa_store(const struct vcpu *vcpu, struct vmsa_page *page)
{
	const struct vmcb *vmcb = vcpu->vmcb;
	uint64_t vintr = page->vintr_ctrl & ~(VMSA_VINTR_TPR | VMSA_VINTR_SHADOW);

	system_store(&vmcb->save, page);
	registers_store(vcpu, page);
	fpu_store(page);
	page->tsc_aux = (uint32_t)svm_rdmsr(MSR_TSC_AUX);
	vintr |= vmcb->control.int_ctl & VMSA_VINTR_TPR;
	vintr |= (vmcb->control.int_state & SVM_INT_SHADOW) != 0 ? VMSA_VINTR_SHADOW : 0;
	page->vintr_ctrl = vintr;
}
