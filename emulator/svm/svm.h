/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVM_H
#define SVM_H

/* Between the files of emulator/svm. */

#include <stdatomic.h>

#include "emu_types.h"
#include "guest_access.h"
#include "host.h"
#include "snpmodel.h"
#include "vcpu.h"
#include "vmcb_abi.h"

#define SVM_C_MASK (UINT64_C(1) << EMU_C_BIT)

#define VCPU_NO_VECTOR UINT32_MAX

/* What the run loop keeps of a vCPU (struct vcpu.priv). */
struct vcpu_run {
	/* Written by the own processor, read by shoot-downs: 0, or 1 + VMPL that is in the guest */
	_Alignas(64) _Atomic(uint32_t) in_guest;
	_Atomic(uint64_t) exits;
	_Atomic(uint64_t) loaded_vmsa; /* gPA of the VMSA in use, or UINT64_MAX */
	/* Set by the own processor: it sleeps until another one has left its guest or a VMSA */
	_Atomic(uint32_t) waits;
	_Atomic(uint32_t) sipi;

	/* Own processor only. */
	_Alignas(64) uint64_t exitcode; /* of the last exit, for the VMSA */
	uint64_t exitinfo1, exitinfo2;
	uint64_t flushed;  /* shootdown_epoch() at the last flush */
	uint64_t deadline; /* as host_timer() was set */
	uint32_t irq;	   /* vector that was offered by V_IRQ, VCPU_NO_VECTOR: none */
	bool nmi_pending, nmi_blocked;
	bool fresh;	  /* what VMLOAD takes from the VMCB is not in the processor yet */
	bool refused;	  /* the entry that failed was logged */
	uint32_t created; /* VMPLs whose VMSA was created while another one ran */
	gpa_t on_init[EMU_NR_VMPLS];
	struct vcpu_stuck {
		uint64_t gpa, rip;
		uint32_t count;
	} stuck;
};

static inline struct vcpu_run *run_of(const struct vcpu *vcpu)
{
	return vcpu->priv;
}

/* vmrun.S */
void svm_vmrun(uint64_t vmcb, uint64_t *gpr, bool load);

/* vmcb.c: the tables that all vCPUs share; a new VMCB; the calling processor. */
void svm_tables_init(bool intercept_invlpg);
struct vmcb *svm_vmcb_create(void);
void svm_cpu_init(void);

/* All accesses are private and no page has a C-bit: paging off, or without PAE. */
static inline bool svm_unpaged(const struct vcpu *vcpu)
{
	const struct vmcb_save *save = &vcpu->vmcb->save;

	return (save->cr0 & X86_CR0_PG) == 0 || (save->cr4 & X86_CR4_PAE) == 0;
}

static inline bool svm_long_mode(const struct vcpu *vcpu)
{
	return (vcpu->vmcb->save.efer & X86_EFER_LMA) != 0;
}

/* 64-bit code, as opposed to compatibility mode. */
static inline bool svm_code64(const struct vcpu *vcpu)
{
	return svm_long_mode(vcpu) && (vcpu->vmcb->save.cs.attributes & X86_SEG_L) != 0;
}

/* vmsa.c */
struct vmsa_page *vmsa_pointer(gpa_t vmsa);
bool vmsa_enterable(const struct vmsa_page *page, unsigned int vmpl);
void vmsa_load(struct vcpu *vcpu, struct vmsa_page *page);
void vmsa_store(const struct vcpu *vcpu, struct vmsa_page *page);

/* vmsa_write.c: a write to a VMSA page that RMP permissions allow. */
void vmsa_write_fault(struct vcpu *vcpu, gpa_t gpa);

/* interrupt.c */
void interrupt_prepare(struct vcpu *vcpu); /* before VMRUN */
void interrupt_settle(struct vcpu *vcpu);  /* after #VMEXIT */
bool interrupt_wakes(struct vcpu *vcpu);   /* does HLT end? */
void interrupt_timer(struct vcpu *vcpu, uint64_t limit);
void interrupt_iret(struct vcpu *vcpu);

/* npf.c, insn.c, msr.c, decode.c: exits */
void npf_exit(struct vcpu *vcpu);
void npf_stuck(struct vcpu *vcpu, gpa_t gpa, const char *why);
void insn_undefined(struct vcpu *vcpu);
void insn_vmmcall(struct vcpu *vcpu);
void insn_cr8_write(struct vcpu *vcpu);
void insn_invlpg(struct vcpu *vcpu);
void msr_exit(struct vcpu *vcpu);

/* Serve VMGEXIT if it is what follows, @at bytes from the start of @insn, where RIP is. */
struct decode;
void insn_vmgexit_at(struct vcpu *vcpu, const struct decode *insn, unsigned int at);

/* run.c: TSC at which the run ends, UINT64_MAX: never. */
void run_init(void);
uint64_t run_limit(void);
/* Sleep until @until or a request, an interrupt, a kick */
void run_sleep(struct vcpu *vcpu, uint64_t until);

#endif
