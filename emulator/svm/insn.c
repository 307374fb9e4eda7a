/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Instructions of SNP. QEMU's processor does not know them: they arrive as #UD, and VMGEXIT as
 * VMMCALL. Results: rmp-semantics 3 to 5.
 */

#include "decode.h"
#include "ghcb.h"
#include "npt.h"
#include "rmp.h"
#include "shootdown.h"
#include "trace.h"

#define EXIT_VMGEXIT 0x403U
#define VMGEXIT_LAST 0xd9U /* of 0F 01 D9 */
#define PF_P_RSVD 9U
#define RDX_RESERVED(rdx) ((rdx) >> 17U)
#define NR_RETRIES 4U

/* An RMP instruction while it is done. */
struct rmp_insn {
	uint64_t va, rdx;
	gpa_t gpa;
	unsigned int size;
};

static uint64_t narrow(const struct vcpu *vcpu, uint64_t value)
{
	return svm_code64(vcpu) ? value : value & UINT32_MAX;
}

/* Linux leaves rubbish above the low byte of ECX and EDX (bool operands), so a processor cannot
 * look at more than bit 0 of what is one bit. */
static unsigned int size_operand(const struct vcpu *vcpu)
{
	return vcpu->gpr[REG_RCX] & 1U;
}

/* OF, ZF, AF, PF, SF follow EAX. */
static void set_result(struct vcpu *vcpu, uint32_t eax, bool carry)
{
	struct vmcb_save *save = &vcpu->vmcb->save;
	uint64_t flags = save->rflags & ~(X86_FLAG_CF | X86_FLAG_PF | X86_FLAG_AF | X86_FLAG_ZF |
					  X86_FLAG_SF | X86_FLAG_OF);

	flags |= carry ? X86_FLAG_CF : 0;
	flags |= eax == 0 ? X86_FLAG_ZF : 0;
	flags |= (__builtin_popcount(eax & 0xffU) & 1) == 0 ? X86_FLAG_PF : 0;
	save->rflags = flags;
	save->rax = eax;
}

static void complete(struct vcpu *vcpu, const struct decode *insn, uint32_t eax, bool carry)
{
	set_result(vcpu, eax, carry);
	guest_skip(vcpu, insn->opcode + 3U);
}

/* Where the operand lies; false: the guest has got a fault, or the host would never let it by. */
static bool operand(struct vcpu *vcpu, struct rmp_insn *op)
{
	struct guest_walk walk = guest_walk(vcpu, op->va, false, false);

	if (!walk.ok) {
		guest_page_fault(vcpu, op->va, walk.pf_error);
		return false;
	}
	if (!walk.private_) {
		guest_page_fault(vcpu, op->va, PF_P_RSVD);
		return false;
	}
	op->gpa = gpa_make(walk.gpa.raw & ~EMU_PAGE_MASK);
	return true;
}

/*
 * What the result other than a code comes to. True: the host has resolved it, the instruction is
 * tried again.
 */
static bool resolve(struct vcpu *vcpu, const struct rmp_insn *op, enum snpm_fault fault)
{
	switch (fault) {
	case SNPM_GP:
		guest_gp(vcpu);
		return false;
	case SNPM_VC_404:
		vcpu->vmcb->save.cr2 = op->va;
		guest_vc(vcpu, SVM_EXIT_NOT_VALIDATED);
		return false;
	case SNPM_NPF_SIZEM:
		return rmp_smash(op->gpa);
	case SNPM_NPF:
		if (rmp_is_shared(op->gpa)) {
			return rmp_make_private(op->gpa, false);
		}
		npf_stuck(vcpu, op->gpa, "RMP violation of an instruction");
		return false;
	default:
		npf_stuck(vcpu, op->gpa, "no permission for an instruction");
		return false;
	}
}

static bool pvalidate_once(struct vcpu *vcpu, const struct decode *insn, const struct rmp_insn *op)
{
	struct snpm_result result = rmp_pvalidate(vcpu, op->gpa, op->size, (op->rdx & 1U) != 0);

	trace_note(vcpu, TRACE_PVALIDATE, op->gpa.raw, op->size | (op->rdx & 1U) << 1U,
		   result.code | (uint64_t)result.fault << 8U | (uint64_t)result.carry << 16U, 0);
	if (result.fault != SNPM_NO_FAULT) {
		return resolve(vcpu, op, result.fault);
	}
	complete(vcpu, insn, result.code, result.carry);
	return false;
}

static void pvalidate(struct vcpu *vcpu, const struct decode *insn)
{
	struct rmp_insn op = {
		.va = narrow(vcpu, vcpu_reg(vcpu, REG_RAX)) & ~EMU_PAGE_MASK,
		.size = size_operand(vcpu),
		.rdx = vcpu->gpr[REG_RDX] & 1U,
	};

	if (vcpu->vmpl != 0) {
		guest_gp(vcpu);
		return;
	}
	if (op.size == 1U && (op.va & EMU_LARGE_MASK) != 0) {
		complete(vcpu, insn, SNPM_FAIL_INPUT, false);
		return;
	}
	if (!operand(vcpu, &op)) {
		return;
	}
	for (unsigned int i = 0; i < NR_RETRIES && pvalidate_once(vcpu, insn, &op); i++) {
	}
}

static bool rmpadjust_once(struct vcpu *vcpu, const struct decode *insn, const struct rmp_insn *op)
{
	struct snpm_result result = rmp_adjust(vcpu, op->gpa, op->size, op->rdx & 0xffU,
					       (uint8_t)(op->rdx >> 8U),
					       (op->rdx >> 16U & 1U) != 0);

	trace_note(vcpu, TRACE_RMPADJUST, op->gpa.raw, op->rdx,
		   result.code | (uint64_t)result.fault << 8U, 0);
	if (result.fault != SNPM_NO_FAULT) {
		return resolve(vcpu, op, result.fault);
	}
	complete(vcpu, insn, result.code, false);
	return false;
}

/* Checks that come before the walk (rmp-semantics 4.2). */
static uint32_t rmpadjust_input(const struct vcpu *vcpu, const struct rmp_insn *op)
{
	uint64_t target = op->rdx & 0xffU;

	if ((op->size == 1U && (op->va & EMU_LARGE_MASK) != 0) || RDX_RESERVED(op->rdx) != 0 ||
	    target >= EMU_NR_VMPLS) {
		return SNPM_FAIL_INPUT;
	}
	return target <= vcpu->vmpl ? SNPM_FAIL_PERMISSION : SNPM_OK;
}

static void rmpadjust(struct vcpu *vcpu, const struct decode *insn)
{
	struct rmp_insn op = {
		.va = narrow(vcpu, vcpu_reg(vcpu, REG_RAX)) & ~EMU_PAGE_MASK,
		.size = size_operand(vcpu),
		.rdx = narrow(vcpu, vcpu->gpr[REG_RDX]),
	};
	uint32_t refused = rmpadjust_input(vcpu, &op);

	if (refused != SNPM_OK) {
		complete(vcpu, insn, refused, false);
		return;
	}
	if (!operand(vcpu, &op)) {
		return;
	}
	for (unsigned int i = 0; i < NR_RETRIES && rmpadjust_once(vcpu, insn, &op); i++) {
	}
}

static bool rmpquery_once(struct vcpu *vcpu, const struct decode *insn, const struct rmp_insn *op)
{
	struct snpm_query query;
	struct snpm_result result = rmp_query(vcpu, op->gpa, op->rdx & 0xffU, &query);

	if (result.fault != SNPM_NO_FAULT) {
		return resolve(vcpu, op, result.fault);
	}
	vcpu->gpr[REG_RDX] = (op->rdx & 0xffU) | (uint64_t)query.perms << 8U |
			     (uint64_t)query.vmsa << 16U;
	vcpu->gpr[REG_RCX] = query.size;
	complete(vcpu, insn, result.code, false);
	return false;
}

static void rmpquery(struct vcpu *vcpu, const struct decode *insn)
{
	struct rmp_insn op = {
		.va = narrow(vcpu, vcpu_reg(vcpu, REG_RAX)) & ~EMU_PAGE_MASK,
		.rdx = narrow(vcpu, vcpu->gpr[REG_RDX]),
	};

	if (!operand(vcpu, &op)) {
		return;
	}
	for (unsigned int i = 0; i < NR_RETRIES && rmpquery_once(vcpu, insn, &op); i++) {
	}
}

/* INVLPGB only announces; TLBSYNC flushes all that any processor holds, and waits for it. */
static void invlpgb(struct vcpu *vcpu, const struct decode *insn)
{
	guest_skip(vcpu, insn->opcode + 3U);
}

static void tlbsync(struct vcpu *vcpu, const struct decode *insn)
{
	rmp_guest_flushed();
	shootdown_wait(NPT_ALL_VMPLS);
	guest_skip(vcpu, insn->opcode + 3U);
}

static void vmgexit(struct vcpu *vcpu, unsigned int bytes)
{
	struct vcpu_run *run = run_of(vcpu);

	run->exitcode = EXIT_VMGEXIT;
	run->exitinfo1 = 0;
	run->exitinfo2 = 0;
	guest_skip(vcpu, bytes);
	ghcb_vmgexit(vcpu);
}

void insn_vmgexit_at(struct vcpu *vcpu, const struct decode *insn, unsigned int at)
{
	const uint8_t *bytes = &insn->bytes[at];

	if (insn->len >= at + 4U && (bytes[0] == 0xf2 || bytes[0] == 0xf3) && bytes[1] == 0x0f &&
	    bytes[2] == 0x01 && bytes[3] == VMGEXIT_LAST) {
		vmgexit(vcpu, 4);
	}
}

enum prefix { NO_REP, REPNE, REP };

static const struct {
	enum prefix prefix;
	uint8_t last; /* of 0F 01 xx */
	void (*serve)(struct vcpu *vcpu, const struct decode *insn);
} instructions[] = {
	{ REPNE, 0xff, pvalidate }, { REP, 0xfe, rmpadjust },  { REP, 0xfd, rmpquery },
	{ NO_REP, 0xfe, invlpgb },  { NO_REP, 0xff, tlbsync },
};

#define NR_INSTRUCTIONS (sizeof(instructions) / sizeof(instructions[0]))

static enum prefix prefix_of(const struct decode *insn)
{
	return insn->rep ? REP : insn->repne ? REPNE : NO_REP;
}

/* Last byte of 0F 01 xx, or 0. */
static uint8_t group_last(const struct decode *insn)
{
	static const uint8_t group[] = { 0x0f, 0x01 };

	return decode_is(insn, group, 2) && insn->opcode + 2U < insn->len
		       ? insn->bytes[insn->opcode + 2U]
		       : 0;
}

void insn_undefined(struct vcpu *vcpu)
{
	struct decode insn;
	uint8_t last = 0;

	if (decode_start(vcpu, &insn)) {
		last = group_last(&insn);
	}
	if (last == VMGEXIT_LAST && prefix_of(&insn) != NO_REP) {
		vmgexit(vcpu, insn.opcode + 3U);
		return;
	}
	for (size_t i = 0; i < NR_INSTRUCTIONS; i++) {
		if (instructions[i].last != last || instructions[i].prefix != prefix_of(&insn)) {
			continue;
		}
		if (vcpu->vmcb->save.cpl != 0) {
			guest_gp(vcpu);
		} else {
			instructions[i].serve(vcpu, &insn);
		}
		return;
	}
	guest_exception(vcpu, 6, false, 0);
}

/* VMMCALL with a repeat prefix is VMGEXIT. */
void insn_vmmcall(struct vcpu *vcpu)
{
	struct decode insn;

	if (decode_start(vcpu, &insn) && group_last(&insn) == VMGEXIT_LAST &&
	    prefix_of(&insn) != NO_REP) {
		vmgexit(vcpu, insn.opcode + 3U);
		return;
	}
	guest_vc(vcpu, SVM_EXIT_VMMCALL);
}
