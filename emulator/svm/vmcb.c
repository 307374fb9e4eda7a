/* SPDX-License-Identifier: Apache-2.0 */

/* VMCBs as a hypervisor of SNP guests has them: intercepts, bitmaps, fixed fields. */

#include <string.h>

#include "cpu_ops.h"
#include "svm.h"

#define MSR_EFER 0xc0000080U
#define MSR_VM_HSAVE_PA 0xc0010117U
#define CPUID_7_SMEP (UINT32_C(1) << 7)
#define CPUID_7_SMAP (UINT32_C(1) << 20)
#define IOPM_PAGES 3U
#define MSRPM_PAGES 2U
#define PAT_RESET UINT64_C(0x0007040600070406)

/* State that a VMSA holds or that a guest cannot hurt anyone with (clients 1.6): no exits. */
static const uint32_t passed_msrs[] = {
	0xc0000081, /* STAR */
	0xc0000082, /* LSTAR */
	0xc0000083, /* CSTAR */
	0xc0000084, /* SFMASK */
	0xc0000100, /* FS_BASE */
	0xc0000101, /* GS_BASE */
	0xc0000102, /* KERNEL_GS_BASE */
	0xc0000103, /* TSC_AUX */
	0x10,	    /* TSC */
	0x48,	    /* SPEC_CTRL */
	0x49,	    /* PRED_CMD */
	0x174,	    /* SYSENTER_CS */
	0x175,	    /* SYSENTER_ESP */
	0x176,	    /* SYSENTER_EIP */
	0x1d9,	    /* DEBUGCTL */
	0x277,	    /* PAT */
	0xda0,	    /* XSS */
};

static struct {
	uint8_t *iopm, *msrpm;
	bool intercept_invlpg;
} tables;

static void *pages(size_t nr)
{
	void *got = host_pages(nr);

	if (!got) {
		emu_stop(EMU_EXIT_EMULATOR, "out of memory for VMCBs: raise the reserve");
	}
	return got;
}

/* Two bits per MSR; three ranges of 8192 MSRs, 2 KiB each (APM vol. 2, 15.11). */
static void pass_msr(uint32_t msr)
{
	uint32_t range = msr < 0x2000U ? 0U : msr < 0xc0010000U ? 1U : 2U;
	uint32_t index = range * 8192U + (msr & 0x1fffU);

	tables.msrpm[index / 4U] &= (uint8_t)~(3U << (index % 4U * 2U));
}

void svm_tables_init(bool intercept_invlpg)
{
	tables.intercept_invlpg = intercept_invlpg;
	tables.iopm = pages(IOPM_PAGES);
	tables.msrpm = pages(MSRPM_PAGES);
	memset(tables.iopm, 0xff, IOPM_PAGES * EMU_PAGE_SIZE);
	memset(tables.msrpm, 0xff, MSRPM_PAGES * EMU_PAGE_SIZE);
	for (size_t i = 0; i < sizeof(passed_msrs) / sizeof(passed_msrs[0]); i++) {
		pass_msr(passed_msrs[i]);
	}
}

struct vmcb *svm_vmcb_create(void)
{
	struct vmcb *vmcb = pages(1);
	struct vmcb_control *control = &vmcb->control;

	control->cr_write = 1U << 8U;
	control->dr_read = 1U << 7U;
	control->dr_write = 1U << 7U;
	control->exceptions = 1U << (SVM_EXIT_UD - 0x40U);
	control->misc1 = SVM_INTERCEPT1(SVM_EXIT_INTR) | SVM_INTERCEPT1(SVM_EXIT_NMI) |
			 SVM_INTERCEPT1(SVM_EXIT_RDPMC) | SVM_INTERCEPT1(SVM_EXIT_CPUID) |
			 SVM_INTERCEPT1(SVM_EXIT_INVD) | SVM_INTERCEPT1(SVM_EXIT_HLT) |
			 SVM_INTERCEPT1(SVM_EXIT_INVLPGA) | SVM_INTERCEPT1(SVM_EXIT_IOIO) |
			 SVM_INTERCEPT1(SVM_EXIT_MSR) | SVM_INTERCEPT1(SVM_EXIT_SHUTDOWN);
	if (tables.intercept_invlpg) {
		control->misc1 |= SVM_INTERCEPT1(SVM_EXIT_INVLPG);
	}
	control->misc2 = SVM_INTERCEPT2(SVM_EXIT_VMRUN) | SVM_INTERCEPT2(SVM_EXIT_VMMCALL) |
			 SVM_INTERCEPT2(SVM_EXIT_VMLOAD) | SVM_INTERCEPT2(SVM_EXIT_VMSAVE) |
			 SVM_INTERCEPT2(SVM_EXIT_STGI) | SVM_INTERCEPT2(SVM_EXIT_CLGI) |
			 SVM_INTERCEPT2(SVM_EXIT_SKINIT) | SVM_INTERCEPT2(SVM_EXIT_WBINVD) |
			 SVM_INTERCEPT2(SVM_EXIT_MONITOR) | SVM_INTERCEPT2(SVM_EXIT_MWAIT);
	control->iopm = (uintptr_t)tables.iopm;
	control->msrpm = (uintptr_t)tables.msrpm;
	control->asid = 1;
	control->int_ctl = SVM_INT_MASKING;
	control->np_enable = 1;
	vmcb->save.g_pat = PAT_RESET;
	return vmcb;
}

/*
 * The bits for which QEMU flushes its translations when they change, as Linux has them: each such
 * bit that differs costs a flush at VMRUN and one at #VMEXIT. None of the emulator's pages is a
 * user page, so the protections change nothing else.
 */
static void match_guests(void)
{
	uint32_t features = cpu_features7();
	uint64_t cr4 = cpu_cr4() | X86_CR4_PSE | X86_CR4_PGE;

	cr4 |= (features & CPUID_7_SMEP) != 0 ? X86_CR4_SMEP : 0;
	cr4 |= (features & CPUID_7_SMAP) != 0 ? X86_CR4_SMAP : 0;
	cpu_set_cr0(cpu_cr0() | X86_CR0_WP);
	cpu_set_cr4(cr4);
}

void svm_cpu_init(void)
{
	match_guests();
	svm_wrmsr(MSR_EFER, svm_rdmsr(MSR_EFER) | X86_EFER_SVME);
	svm_wrmsr(MSR_VM_HSAVE_PA, (uintptr_t)pages(1));
}
