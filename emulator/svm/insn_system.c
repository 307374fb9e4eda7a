/* SPDX-License-Identifier: Apache-2.0 */

/* Ordinary instructions that are intercepted because of QEMU, or for stale mode. */

#include "decode.h"
#include "rmp.h"
#include "vlapic.h"

#define REX_B 1U

/* QEMU 10.0 stops when CR8 is written with an interrupt pending (emulator.md), so it never is. */
void insn_cr8_write(struct vcpu *vcpu)
{
	static const uint8_t mov_to_cr[] = { 0x0f, 0x22 };
	struct decode insn;
	unsigned int reg;
	uint64_t value;

	if (!decode_start(vcpu, &insn) || !decode_is(&insn, mov_to_cr, 2) ||
	    insn.opcode + 2U >= insn.len) {
		guest_exception(vcpu, 6, false, 0); /* changed by another processor meanwhile */
		return;
	}
	reg = (insn.bytes[insn.opcode + 2U] & 7U) | ((insn.rex & REX_B) != 0 ? 8U : 0U);
	value = vcpu_reg(vcpu, reg);
	if (value > 15U) {
		guest_gp(vcpu);
		return;
	}
	vlapic_set_tpr(vcpu->vlapic[vcpu->vmpl], (uint8_t)value);
	guest_skip(vcpu, insn.opcode + 3U);
}

/* Stale mode: a flush of one page flushes all. */
void insn_invlpg(struct vcpu *vcpu)
{
	static const uint8_t group[] = { 0x0f, 0x01 };
	struct decode insn;
	uint64_t address;
	unsigned int len;

	if (!decode_start(vcpu, &insn) || !decode_is(&insn, group, 2) ||
	    !decode_memory(vcpu, &insn, insn.opcode + 2U, 0, &address, &len)) {
		guest_exception(vcpu, 6, false, 0);
		return;
	}
	run_of(vcpu)->flushed = 0;
	rmp_guest_flushed();
	guest_skip(vcpu, insn.opcode + 2U + len);
}
