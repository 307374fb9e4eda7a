/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DECODE_H
#define DECODE_H

/* What QEMU's exits do not say: length and operands of the instruction at CS:RIP. */

#include "svm.h"

#define DECODE_MAX 15U

struct decode {
	uint8_t bytes[DECODE_MAX];
	unsigned int len;      /* bytes that could be fetched */
	unsigned int opcode;   /* where the opcode begins: behind all prefixes */
	uint8_t rex;	       /* 0: none */
	bool rep, repne, lock; /* prefixes F3, F2, F0 */
	bool address_size;     /* prefix 67 */
	uint8_t segment;       /* 64 or 65 for FS, GS; else 0 */
};

/* Prefixes of the instruction; false: nothing could be fetched, or no opcode. */
bool decode_start(struct vcpu *vcpu, struct decode *insn);

/* Do the bytes from the opcode on begin so? */
bool decode_is(const struct decode *insn, const uint8_t *opcode, unsigned int len);

/*
 * Memory operand whose ModRM byte is at @at: linear address; *len: bytes of ModRM, SIB and
 * displacement. @tail: bytes of the instruction behind them (for addresses relative to RIP).
 * False: a register operand, 16-bit addressing, or bytes are missing.
 */
bool decode_memory(const struct vcpu *vcpu, const struct decode *insn, unsigned int at,
		   unsigned int tail, uint64_t *address, unsigned int *len);

/*
 * Which virtual address of the running instruction led to @gpa? Every address that the instruction
 * may have used is tried against the guest's page tables; @gpa itself if none fits.
 */
uint64_t decode_fault_address(struct vcpu *vcpu, gpa_t gpa, bool walk, bool fetch);

#endif
