/* SPDX-License-Identifier: Apache-2.0 */

/* Intercepted MSRs. Those of SNP itself are the hypervisor's or the hardware's business; all others
 * are #VC, and the guest asks over its GHCB. */

#include "decode.h"
#include "svm.h"

#define MSR_EFER 0xc0000080U
#define MSR_GHCB 0xc0010130U
#define MSR_SEV_STATUS 0xc0010131U
#define MSR_VIRTUAL_TOM 0xc0010135U
#define MSR_GUEST_TSC_FREQ 0xc0010134U
#define SEV_STATUS_ENABLED UINT64_C(3) /* SEV, SEV-ES */
#define EFER_KNOWN                                                                                 \
	(X86_EFER_SCE | X86_EFER_LME | X86_EFER_LMA | X86_EFER_NXE | X86_EFER_SVME | X86_EFER_FFXSR)

/* The guest neither sees SVME nor changes it; LMA is the processor's. */
static bool write_efer(struct vcpu *vcpu, uint64_t value)
{
	struct vmcb_save *save = &vcpu->vmcb->save;
	uint64_t kept = X86_EFER_LMA | X86_EFER_SVME;

	if ((value & ~EFER_KNOWN) != 0) {
		return false;
	}
	if ((save->cr0 & X86_CR0_PG) != 0 && ((value ^ save->efer) & X86_EFER_LME) != 0) {
		return false;
	}
	save->efer = (value & ~kept) | (save->efer & kept);
	run_of(vcpu)->flushed = 0; /* NXE changes what page tables mean */
	return true;
}

static bool write_msr(struct vcpu *vcpu, uint32_t msr, uint64_t value)
{
	switch (msr) {
	case MSR_EFER:
		return write_efer(vcpu, value);
	case MSR_GHCB:
		vcpu->ghcb_msr[vcpu->vmpl] = value;
		return true;
	default:
		return false;
	}
}

static bool read_msr(const struct vcpu *vcpu, uint32_t msr, uint64_t *value)
{
	switch (msr) {
	case MSR_EFER:
		*value = vcpu->vmcb->save.efer & ~X86_EFER_SVME;
		return true;
	case MSR_GHCB:
		*value = vcpu->ghcb_msr[vcpu->vmpl];
		return true;
	case MSR_SEV_STATUS:
		*value = VMSA_SEV_SNP << 2U | SEV_STATUS_ENABLED;
		return true;
	default:
		return false;
	}
}

static bool is_own(uint32_t msr)
{
	return msr == MSR_EFER || msr == MSR_GHCB || msr == MSR_SEV_STATUS ||
	       msr == MSR_VIRTUAL_TOM || msr == MSR_GUEST_TSC_FREQ;
}

/*
 * To a processor that has the register a write of it is no exit. Guests write it right before
 * VMGEXIT: that comes in the same exit then, unless something is to happen in between.
 */
static void next_instruction(struct vcpu *vcpu, bool may_be_vmgexit)
{
	struct decode insn;
	unsigned int len = 2;

	if (decode_start(vcpu, &insn)) {
		len += insn.opcode;
	}
	guest_skip(vcpu, len);
	if (may_be_vmgexit && (vcpu->vmcb->save.rflags & X86_FLAG_TF) == 0) {
		insn_vmgexit_at(vcpu, &insn, len);
	}
}

void msr_exit(struct vcpu *vcpu)
{
	uint32_t msr = (uint32_t)vcpu->gpr[REG_RCX];
	bool write = run_of(vcpu)->exitinfo1 != 0;
	uint64_t value = vcpu->gpr[REG_RDX] << 32U | (uint32_t)vcpu->vmcb->save.rax;

	if (!is_own(msr)) {
		guest_vc(vcpu, SVM_EXIT_MSR);
		return;
	}
	if (write ? !write_msr(vcpu, msr, value) : !read_msr(vcpu, msr, &value)) {
		guest_gp(vcpu);
		return;
	}
	if (!write) {
		vcpu->vmcb->save.rax = (uint32_t)value;
		vcpu->gpr[REG_RDX] = value >> 32U;
	}
	next_instruction(vcpu, write && msr == MSR_GHCB);
}
