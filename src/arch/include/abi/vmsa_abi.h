/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VMSA_ABI_H
#define VMSA_ABI_H

/*
 * VM Save Area of an SEV-ES/SNP vCPU (AMD APM vol. 2, appendix B, table B-4) and the parts of it
 * that a VMPL0 monitor reads or writes. The whole page is 4 KiB.
 */

#include <stddef.h>
#include <stdint.h>

struct vmsa_segment {
	uint16_t selector;
	uint16_t attributes;
	uint32_t limit;
	uint64_t base;
};

struct vmsa_page {
	struct vmsa_segment es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr; /* 0x000 */
	uint64_t pl_ssp[4];						  /* 0x0a0 */
	uint64_t u_cet;							  /* 0x0c0 */
	uint8_t reserved_0c8[2];
	uint8_t vmpl; /* 0x0ca */
	uint8_t cpl;
	uint32_t reserved_0cc;
	uint64_t efer; /* 0x0d0 */
	uint8_t reserved_0d8[0x140 - 0x0d8];
	uint64_t xss; /* 0x140 */
	uint64_t cr4;
	uint64_t cr3; /* 0x150 */
	uint64_t cr0;
	uint64_t dr7; /* 0x160 */
	uint64_t dr6;
	uint64_t rflags; /* 0x170 */
	uint64_t rip;
	uint64_t dr[4]; /* 0x180 */
	uint64_t dr_mask[4];
	uint8_t reserved_1c0[0x1d8 - 0x1c0];
	uint64_t rsp; /* 0x1d8 */
	uint64_t s_cet;
	uint64_t ssp;
	uint64_t isst_addr;
	uint64_t rax; /* 0x1f8 */
	uint64_t star, lstar, cstar, sfmask, kernel_gs_base;
	uint64_t sysenter_cs, sysenter_esp, sysenter_eip;
	uint64_t cr2; /* 0x240 */
	uint8_t reserved_248[0x268 - 0x248];
	uint64_t g_pat; /* 0x268 */
	uint64_t dbgctl;
	uint8_t reserved_278[0x2ec - 0x278];
	uint32_t tsc_aux;	  /* 0x2ec */
	uint64_t guest_tsc_scale; /* 0x2f0 */
	uint64_t guest_tsc_offset;
	uint64_t reg_prot_nonce; /* 0x300 */
	uint64_t rcx;
	uint64_t rdx; /* 0x310 */
	uint64_t rbx;
	uint64_t secure_avic_control; /* 0x320 */
	uint64_t rbp;
	uint64_t rsi; /* 0x330 */
	uint64_t rdi;
	uint64_t r8; /* 0x340 */
	uint64_t r9, r10, r11, r12, r13, r14, r15;
	uint8_t reserved_380[0x390 - 0x380];
	uint64_t guest_exitinfo1; /* 0x390 */
	uint64_t guest_exitinfo2;
	uint64_t guest_exitintinfo; /* 0x3a0 */
	uint64_t guest_nrip;
	uint64_t sev_features; /* 0x3b0 */
	uint64_t vintr_ctrl;
	uint64_t guest_exitcode; /* 0x3c0 */
	uint64_t virtual_tom;
	uint64_t tlb_id; /* 0x3d0 */
	uint64_t pcpu_id;
	uint64_t eventinj; /* 0x3e0 */
	uint64_t xcr0;
	uint8_t xsave_valid_bitmap[16]; /* 0x3f0 */
	uint64_t x87_dp;		/* 0x400 */
	uint32_t mxcsr;
	uint16_t x87_ftw;
	uint16_t x87_fsw;
	uint16_t x87_fcw; /* 0x410 */
	union {
		uint8_t reserved_412[0x1000 - 0x412]; /* state that the SVSM never looks into */
		struct __attribute__((packed, aligned(2))) {
			uint16_t x87_fop;
			uint16_t x87_ds;
			uint16_t x87_cs;
			uint64_t x87_rip;	     /* 0x418 */
			uint64_t x87_significand[8]; /* 0x420 */
			uint16_t x87_exponent[8];    /* 0x460, with the sign */
			uint64_t xmm[16][2];	     /* 0x470 */
		};
	};
};

#define VMSA_ASSERT(field, offset)                                                                 \
	_Static_assert(offsetof(struct vmsa_page, field) == (offset), "VMSA offset of " #field)

_Static_assert(sizeof(struct vmsa_page) == 0x1000, "a VMSA is one page");
VMSA_ASSERT(cs, 0x010);
VMSA_ASSERT(tr, 0x090);
VMSA_ASSERT(vmpl, 0x0ca);
VMSA_ASSERT(efer, 0x0d0);
VMSA_ASSERT(xss, 0x140);
VMSA_ASSERT(cr3, 0x150);
VMSA_ASSERT(cr0, 0x158);
VMSA_ASSERT(rflags, 0x170);
VMSA_ASSERT(rip, 0x178);
VMSA_ASSERT(rsp, 0x1d8);
VMSA_ASSERT(rax, 0x1f8);
VMSA_ASSERT(cr2, 0x240);
VMSA_ASSERT(g_pat, 0x268);
VMSA_ASSERT(reg_prot_nonce, 0x300);
VMSA_ASSERT(rcx, 0x308);
VMSA_ASSERT(rdx, 0x310);
VMSA_ASSERT(r8, 0x340);
VMSA_ASSERT(r9, 0x348);
VMSA_ASSERT(guest_exitinfo1, 0x390);
VMSA_ASSERT(sev_features, 0x3b0);
VMSA_ASSERT(vintr_ctrl, 0x3b8);
VMSA_ASSERT(guest_exitcode, 0x3c0);
VMSA_ASSERT(virtual_tom, 0x3c8);
VMSA_ASSERT(pcpu_id, 0x3d8);
VMSA_ASSERT(xcr0, 0x3e8);
VMSA_ASSERT(mxcsr, 0x408);
VMSA_ASSERT(x87_fcw, 0x410);
VMSA_ASSERT(dr_mask, 0x1a0);
VMSA_ASSERT(tsc_aux, 0x2ec);
VMSA_ASSERT(guest_tsc_scale, 0x2f0);
VMSA_ASSERT(x87_rip, 0x418);
VMSA_ASSERT(x87_significand, 0x420);
VMSA_ASSERT(xmm, 0x470);

#undef VMSA_ASSERT

#define VMSA_EFER_SVME (UINT64_C(1) << 12)
#define VMSA_EXIT_VMGEXIT UINT64_C(0x403)
#define VMSA_EXIT_INTR UINT64_C(0x60)
#define VMSA_EXIT_HLT UINT64_C(0x78)
/* Written by the SVSM once a VMGEXIT has been served: no hardware exit code has this value. */
#define VMSA_EXIT_CONSUMED UINT64_MAX

#define VMSA_SEV_SNP (UINT64_C(1) << 0)
#define VMSA_SEV_VTOM (UINT64_C(1) << 1)
#define VMSA_SEV_VMSA_REG_PROT (UINT64_C(1) << 14)

#endif
