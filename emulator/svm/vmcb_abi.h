/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VMCB_ABI_H
#define VMCB_ABI_H

/* Virtual machine control block (AMD APM vol. 2, appendix B): the fields that the emulator uses. */

#include <stddef.h>
#include <stdint.h>

#include "abi/vmsa_abi.h"

struct vmcb_control {
	uint16_t cr_read; /* 0x000 */
	uint16_t cr_write;
	uint16_t dr_read;
	uint16_t dr_write;
	uint32_t exceptions; /* 0x008 */
	uint32_t misc1;
	uint32_t misc2; /* 0x010 */
	uint8_t reserved_014[0x040 - 0x014];
	uint64_t iopm; /* 0x040 */
	uint64_t msrpm;
	uint64_t tsc_offset; /* 0x050 */
	uint32_t asid;	     /* 0x058 */
	uint32_t tlb_control;
	uint32_t int_ctl; /* 0x060 */
	uint32_t int_vector;
	uint64_t int_state; /* 0x068 */
	uint64_t exitcode;  /* 0x070 */
	uint64_t exitinfo1;
	uint64_t exitinfo2; /* 0x080 */
	uint64_t exitintinfo;
	uint64_t np_enable; /* 0x090 */
	uint8_t reserved_098[0x0a8 - 0x098];
	uint64_t eventinj; /* 0x0a8 */
	uint64_t ncr3;	   /* 0x0b0 */
	uint64_t lbr;
	uint32_t clean; /* 0x0c0 */
	uint8_t reserved_0c4[0x400 - 0x0c4];
};

/* State save area: offsets as in a VMSA. */
struct vmcb_save {
	struct vmsa_segment es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr; /* 0x000 */
	uint8_t reserved_0a0[0x0cb - 0x0a0];
	uint8_t cpl; /* 0x0cb */
	uint8_t reserved_0cc[4];
	uint64_t efer; /* 0x0d0 */
	uint8_t reserved_0d8[0x148 - 0x0d8];
	uint64_t cr4; /* 0x148 */
	uint64_t cr3;
	uint64_t cr0;
	uint64_t dr7; /* 0x160 */
	uint64_t dr6;
	uint64_t rflags; /* 0x170 */
	uint64_t rip;
	uint8_t reserved_180[0x1d8 - 0x180];
	uint64_t rsp; /* 0x1d8 */
	uint8_t reserved_1e0[0x1f8 - 0x1e0];
	uint64_t rax; /* 0x1f8 */
	uint64_t star, lstar, cstar, sfmask, kernel_gs_base;
	uint64_t sysenter_cs, sysenter_esp, sysenter_eip;
	uint64_t cr2; /* 0x240 */
	uint8_t reserved_248[0x268 - 0x248];
	uint64_t g_pat; /* 0x268 */
	uint64_t dbgctl;
	uint8_t reserved_278[0xc00 - 0x278];
};

struct vmcb {
	struct vmcb_control control;
	struct vmcb_save save;
};

#define VMCB_CONTROL_ASSERT(field, offset)                                                         \
	_Static_assert(offsetof(struct vmcb_control, field) == (offset), "VMCB offset of " #field)
#define VMCB_SAVE_ASSERT(field)                                                                    \
	_Static_assert(offsetof(struct vmcb_save, field) == offsetof(struct vmsa_page, field),     \
		       "VMCB and VMSA differ in " #field)

_Static_assert(sizeof(struct vmcb) == 0x1000, "a VMCB is one page");
_Static_assert(offsetof(struct vmcb, save) == 0x400, "save area");
VMCB_CONTROL_ASSERT(iopm, 0x040);
VMCB_CONTROL_ASSERT(asid, 0x058);
VMCB_CONTROL_ASSERT(int_ctl, 0x060);
VMCB_CONTROL_ASSERT(int_state, 0x068);
VMCB_CONTROL_ASSERT(exitcode, 0x070);
VMCB_CONTROL_ASSERT(exitintinfo, 0x088);
VMCB_CONTROL_ASSERT(np_enable, 0x090);
VMCB_CONTROL_ASSERT(eventinj, 0x0a8);
VMCB_CONTROL_ASSERT(ncr3, 0x0b0);
VMCB_SAVE_ASSERT(tr);
VMCB_SAVE_ASSERT(cpl);
VMCB_SAVE_ASSERT(efer);
VMCB_SAVE_ASSERT(cr4);
VMCB_SAVE_ASSERT(rip);
VMCB_SAVE_ASSERT(rsp);
VMCB_SAVE_ASSERT(rax);
VMCB_SAVE_ASSERT(star);
VMCB_SAVE_ASSERT(cr2);
VMCB_SAVE_ASSERT(g_pat);

#undef VMCB_CONTROL_ASSERT
#undef VMCB_SAVE_ASSERT

/* Intercepts of misc1 and misc2: bit n of misc1 is exit 0x60 + n, of misc2 exit 0x80 + n. */
#define SVM_INTERCEPT1(exit) (UINT32_C(1) << ((exit) - 0x60U))
#define SVM_INTERCEPT2(exit) (UINT32_C(1) << ((exit) - 0x80U))

#define SVM_EXIT_CR8_WRITE 0x18U
#define SVM_EXIT_DR7_READ 0x27U
#define SVM_EXIT_DR7_WRITE 0x37U
#define SVM_EXIT_UD 0x46U
#define SVM_EXIT_INTR 0x60U
#define SVM_EXIT_NMI 0x61U
#define SVM_EXIT_RDPMC 0x6fU
#define SVM_EXIT_CPUID 0x72U
#define SVM_EXIT_IRET 0x74U
#define SVM_EXIT_INVD 0x76U
#define SVM_EXIT_HLT 0x78U
#define SVM_EXIT_INVLPG 0x79U
#define SVM_EXIT_INVLPGA 0x7aU
#define SVM_EXIT_IOIO 0x7bU
#define SVM_EXIT_MSR 0x7cU
#define SVM_EXIT_SHUTDOWN 0x7fU
#define SVM_EXIT_VMRUN 0x80U
#define SVM_EXIT_VMMCALL 0x81U
#define SVM_EXIT_VMLOAD 0x82U
#define SVM_EXIT_VMSAVE 0x83U
#define SVM_EXIT_STGI 0x84U
#define SVM_EXIT_CLGI 0x85U
#define SVM_EXIT_SKINIT 0x86U
#define SVM_EXIT_WBINVD 0x89U
#define SVM_EXIT_MONITOR 0x8aU
#define SVM_EXIT_MWAIT 0x8bU
#define SVM_EXIT_NPF 0x400U
#define SVM_EXIT_NOT_VALIDATED 0x404U /* as error code of #VC only */
#define SVM_EXIT_INVALID UINT64_MAX

#define SVM_INT_V_TPR UINT32_C(0xff)
#define SVM_INT_V_IRQ (UINT32_C(1) << 8)
#define SVM_INT_PRIO_15 (UINT32_C(15) << 16)
#define SVM_INT_IGNORE_TPR (UINT32_C(1) << 20)
#define SVM_INT_MASKING (UINT32_C(1) << 24)
#define SVM_INT_SHADOW UINT64_C(1) /* int_state */
#define SVM_TLB_KEEP 0U
#define SVM_TLB_FLUSH_ALL 1U

#define SVM_EVENT_VALID (UINT64_C(1) << 31)
#define SVM_EVENT_HAS_ERROR (UINT64_C(1) << 11)
#define SVM_EVENT_TYPE(event) ((unsigned int)((event) >> 8) & 7U)
#define SVM_TYPE_INTERRUPT 0U
#define SVM_TYPE_NMI 2U
#define SVM_TYPE_EXCEPTION 3U

/* EXITINFO1 of a nested page fault */
#define SVM_NPF_WRITE (UINT64_C(1) << 1)
#define SVM_NPF_FETCH (UINT64_C(1) << 4)
#define SVM_NPF_RMP (UINT64_C(1) << 31)
#define SVM_NPF_WALK (UINT64_C(1) << 33)
#define SVM_NPF_VMPL (UINT64_C(1) << 36)

/* VINTR_CTRL of a VMSA */
#define VMSA_VINTR_TPR UINT64_C(0xf)
#define VMSA_VINTR_SHADOW (UINT64_C(1) << 10)

#define X86_CR0_PE (UINT64_C(1) << 0)
#define X86_CR0_WP (UINT64_C(1) << 16)
#define X86_CR0_PG (UINT64_C(1) << 31)
#define X86_CR4_PSE (UINT64_C(1) << 4)
#define X86_CR4_PAE (UINT64_C(1) << 5)
#define X86_CR4_PGE (UINT64_C(1) << 7)
#define X86_CR4_SMEP (UINT64_C(1) << 20)
#define X86_CR4_SMAP (UINT64_C(1) << 21)
#define X86_EFER_SCE (UINT64_C(1) << 0)
#define X86_EFER_LME (UINT64_C(1) << 8)
#define X86_EFER_LMA (UINT64_C(1) << 10)
#define X86_EFER_NXE (UINT64_C(1) << 11)
#define X86_EFER_SVME (UINT64_C(1) << 12)
#define X86_EFER_FFXSR (UINT64_C(1) << 14)
#define X86_FLAG_CF (UINT64_C(1) << 0)
#define X86_FLAG_PF (UINT64_C(1) << 2)
#define X86_FLAG_AF (UINT64_C(1) << 4)
#define X86_FLAG_ZF (UINT64_C(1) << 6)
#define X86_FLAG_SF (UINT64_C(1) << 7)
#define X86_FLAG_TF (UINT64_C(1) << 8)
#define X86_FLAG_IF (UINT64_C(1) << 9)
#define X86_FLAG_OF (UINT64_C(1) << 11)
#define X86_FLAG_NT (UINT64_C(1) << 14)
#define X86_FLAG_RF (UINT64_C(1) << 16)
#define X86_FLAG_VM (UINT64_C(1) << 17)
#define X86_FLAG_AC (UINT64_C(1) << 18)

/* Attributes of a segment as VMCB and VMSA pack them: descriptor bits 47:40 and 55:52. */
#define X86_SEG_TYPE 0x0fU
#define X86_SEG_S 0x10U
#define X86_SEG_DPL(attributes) (((unsigned int)(attributes) >> 5) & 3U)
#define X86_SEG_P 0x80U
#define X86_SEG_L 0x200U
#define X86_SEG_DB 0x400U
#define X86_SEG_G 0x800U

#endif
