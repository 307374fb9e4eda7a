/* SPDX-License-Identifier: Apache-2.0 */

/* Operands of the running instruction (APM vol. 3, chapter 1), and CR2 of #VC 0x404. */

#include <stdarg.h>
#include <string.h>

#include "decode.h"
#include "svm_rig.h"

#include <cmocka.h>
#include <stddef.h>

#define CODE 0x6000U
#define DATA 0x9000U
#define HIDDEN 0x300000U /* gPA of DATA */

static struct vcpu *start(const uint8_t *bytes, size_t len)
{
	struct vcpu *vcpu = rig_start(0);

	rig_map(CODE, CODE | SVM_C_MASK | RIG_P);
	rig_map(DATA, HIDDEN | SVM_C_MASK | RIG_P | RIG_W);
	memcpy(rig_word(CODE), bytes, len);
	vcpu->vmcb->save.rip = CODE;
	return vcpu;
}

static void expect_operand(const uint8_t *bytes, size_t len, unsigned int at, uint64_t address,
			   unsigned int operand_len)
{
	struct vcpu *vcpu = start(bytes, len);
	struct decode insn;
	uint64_t got;
	unsigned int got_len;

	vcpu->vmcb->save.rax = 0x1000;
	vcpu->vmcb->save.rsp = 0x2000;
	vcpu->vmcb->save.gs.base = 0x100000;
	vcpu->gpr[REG_RCX] = 0x30;
	vcpu->gpr[9] = 0x5000;
	assert_true(decode_start(vcpu, &insn));
	assert_true(decode_memory(vcpu, &insn, insn.opcode + at, 0, &got, &got_len));
	assert_int_equal(got, address);
	assert_int_equal(got_len, operand_len);
}

#define OPERAND(at, address, len, ...)                                                             \
	do {                                                                                       \
		static const uint8_t code[] = { __VA_ARGS__ };                                     \
		expect_operand(code, sizeof(code), at, address, len);                              \
	} while (0)

static void operands(void **state)
{
	(void)state;
	OPERAND(2, 0x1000, 1, 0x0f, 0x01, 0x38);		    /* invlpg (%rax) */
	OPERAND(2, 0xff0, 2, 0x0f, 0x01, 0x78, 0xf0);		    /* -16(%rax) */
	OPERAND(1, 0x2008, 3, 0x8b, 0x44, 0x24, 0x08);		    /* 8(%rsp) */
	OPERAND(1, 0x10c0, 3, 0x8b, 0x44, 0x88, 0x00);		    /* (%rax,%rcx,4) */
	OPERAND(1, 0x5000, 1, 0x41, 0x8b, 0x01);		    /* (%r9) */
	OPERAND(1, 0x101000, 1, 0x65, 0x8b, 0x00);		    /* %gs:(%rax) */
	OPERAND(1, CODE + 6 + 0x10, 5, 0x8b, 0x05, 0x10, 0, 0, 0);  /* 16(%rip) */
	OPERAND(1, 0x1234, 6, 0x8b, 0x04, 0x25, 0x34, 0x12, 0, 0);  /* 0x1234 */
	OPERAND(1, 0x51000, 5, 0x8b, 0x80, 0x00, 0x00, 0x05, 0x00); /* 0x50000(%rax) */
}

static void not_memory(void **state)
{
	static const uint8_t code[] = { 0x66, 0x8b, 0xc0 };
	struct vcpu *vcpu = start(code, sizeof(code));
	struct decode insn;
	uint64_t address;
	unsigned int len;

	(void)state;
	assert_true(decode_start(vcpu, &insn));
	assert_int_equal(insn.opcode, 1);
	assert_false(decode_memory(vcpu, &insn, insn.opcode + 1U, 0, &address, &len));
	vcpu->vmcb->save.rip = 0x7000; /* not mapped */
	assert_false(decode_start(vcpu, &insn));
}

/* The address is found by what the guest's tables say of the candidates. */
static void fault_address(void **state)
{
	static const uint8_t load[] = { 0x48, 0x8b, 0x43, 0x10 }; /* 16(%rbx) */
	static const uint8_t movs[] = { 0xf3, 0xa4 };
	static const uint8_t push[] = { 0x50 };
	struct vcpu *vcpu = start(load, sizeof(load));

	(void)state;
	vcpu->gpr[REG_RBX] = DATA + 0x20;
	assert_int_equal(decode_fault_address(vcpu, gpa_make(HIDDEN + 0x30), false, false),
			 DATA + 0x30);
	/* across a page: the second one is missing */
	vcpu->gpr[REG_RBX] = DATA - 0x14;
	assert_int_equal(decode_fault_address(vcpu, gpa_make(HIDDEN), false, false), DATA);
	vcpu = start(movs, sizeof(movs));
	vcpu->gpr[REG_RDI] = DATA + 5;
	assert_int_equal(decode_fault_address(vcpu, gpa_make(HIDDEN + 5), false, false), DATA + 5);
	vcpu = start(push, sizeof(push));
	vcpu->vmcb->save.rsp = DATA + 0x1000;
	assert_int_equal(decode_fault_address(vcpu, gpa_make(HIDDEN + 0xff8), false, false),
			 DATA + 0xff8);
	/* a fetch, and a table that a fetch walks */
	assert_int_equal(decode_fault_address(vcpu, gpa_make(CODE), false, true), CODE);
	assert_int_equal(decode_fault_address(vcpu, gpa_make(RIG_PT + 48), true, false), CODE);
	/* nothing fits */
	assert_int_equal(decode_fault_address(vcpu, gpa_make(0x900000), false, false), 0x900000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(operands),
		cmocka_unit_test(not_memory),
		cmocka_unit_test(fault_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
