/* SPDX-License-Identifier: Apache-2.0 */

/* Exceptions delivered in software (APM vol. 2, chapter 8). */

#include <stdarg.h>

#include "svm_rig.h"

#include <cmocka.h>
#include <stddef.h>
#include <string.h>

#define IDT 0x10000U
#define GDT 0x11000U
#define TSS 0x12000U
#define HANDLER UINT64_C(0xffff800000123456)
#define STACK 0x20ff8U
#define SELECTOR 0x10U
#define CODE64 UINT64_C(0x00af9b000000ffff)
#define CODE32 UINT64_C(0x00cf9b000000ffff)
#define DATA32 UINT64_C(0x00cf93000000ffff)

static void gate64(unsigned int vector, unsigned int ist, unsigned int type)
{
	uint64_t *gate = &rig_word(IDT)[vector * 2U];

	gate[0] = (HANDLER & 0xffffU) | SELECTOR << 16U | (uint64_t)ist << 32U |
		  (uint64_t)(0x80U | type) << 40U | (HANDLER >> 16U & 0xffffU) << 48U;
	gate[1] = HANDLER >> 32U;
}

static struct vcpu *start64(void)
{
	struct vcpu *vcpu = rig_start(0);
	struct vmcb_save *save = &vcpu->vmcb->save;

	for (uint64_t va = IDT; va < 0x30000U; va += EMU_PAGE_SIZE) {
		rig_map(va, va | SVM_C_MASK | RIG_P | RIG_W);
	}
	save->idtr = (struct vmsa_segment){ .base = IDT, .limit = 0xfff };
	save->gdtr = (struct vmsa_segment){ .base = GDT, .limit = 0xff };
	save->tr = (struct vmsa_segment){ .base = TSS, .limit = 0x67, .attributes = 0x8b };
	rig_word(GDT)[SELECTOR / 8U] = CODE64;
	save->cs.selector = 0x33;
	save->ss.selector = 0x2b;
	save->rsp = STACK;
	save->rip = 0x1234;
	save->rflags = X86_FLAG_IF | X86_FLAG_TF | 2U;
	gate64(29, 0, 0xe);
	gate64(14, 0, 0xf);
	gate64(8, 0, 0xe);
	return vcpu;
}

static void expect_frame(uint64_t top, uint64_t error, uint64_t rip)
{
	const uint64_t *frame = rig_word(top - 48U);

	assert_int_equal(frame[0], error);
	assert_int_equal(frame[1], rip);
	assert_int_equal(frame[2], 0x33);
	assert_int_equal(frame[3], X86_FLAG_IF | X86_FLAG_TF | X86_FLAG_RF | 2U);
	assert_int_equal(frame[4], STACK);
	assert_int_equal(frame[5], 0x2b);
}

static void same_privilege(void **state)
{
	struct vcpu *vcpu = start64();
	struct vmcb_save *save = &vcpu->vmcb->save;

	(void)state;
	vcpu->vmcb->control.int_state = SVM_INT_SHADOW;
	guest_vc(vcpu, 0x72);
	expect_frame(STACK & ~UINT64_C(15), 0x72, 0x1234);
	assert_int_equal(save->rip, HANDLER);
	assert_int_equal(save->rsp, (STACK & ~UINT64_C(15)) - 48U);
	assert_int_equal(save->rflags, 2); /* interrupt gate */
	assert_int_equal(save->cs.selector, SELECTOR);
	assert_int_equal(save->cs.attributes, 0xa9b);
	assert_int_equal(save->ss.selector, 0x2b);
	assert_int_equal(vcpu->vmcb->control.int_state, 0);
	/* dirty bit of the stack's page */
	assert_int_equal(rig_word(RIG_PT)[0x20] & (RIG_A | RIG_D), RIG_A | RIG_D);
}

/* Stack pointers of a TSS are not aligned. */
static void set_tss(size_t offset, uint64_t value)
{
	memcpy((char *)rig_word(TSS) + offset, &value, sizeof(value));
}

static void ist_and_privilege(void **state)
{
	struct vcpu *vcpu = start64();
	struct vmcb_save *save = &vcpu->vmcb->save;

	(void)state;
	gate64(29, 3, 0xe);
	set_tss(0x34, 0x23000U);
	guest_vc(vcpu, 0x7b);
	expect_frame(0x23000, 0x7b, 0x1234);
	/* from CPL 3 to RSP0; trap gate: IF stays */
	vcpu = start64();
	save = &vcpu->vmcb->save;
	save->cpl = 3;
	set_tss(4, 0x24000U);
	guest_page_fault(vcpu, 0xabc, 6);
	expect_frame(0x24000, 6, 0x1234);
	assert_int_equal(save->cpl, 0);
	assert_int_equal(save->ss.selector, 0);
	assert_int_equal(save->cr2, 0xabc);
	assert_int_equal(save->rflags, X86_FLAG_IF | 2U);
}

/* A bad stack: #PF while #VC is delivered is delivered in its place; twice is a double fault. */
static void nested_faults(void **state)
{
	struct vcpu *vcpu = start64();
	struct vmcb_save *save = &vcpu->vmcb->save;

	(void)state;
	save->rsp = 0x40000; /* not mapped */
	gate64(14, 1, 0xe);
	set_tss(0x24, 0x25000U);
	guest_vc(vcpu, 0x72);
	assert_int_equal(*rig_word(0x25000U - 48U), 2); /* write, not present */
	assert_int_equal(save->cr2, 0x40000 - 8);

	vcpu = start64();
	save = &vcpu->vmcb->save;
	save->rsp = 0x40000;
	gate64(8, 1, 0xe);
	set_tss(0x24, 0x25000U);
	guest_page_fault(vcpu, 0xabc, 0);
	assert_int_equal(*rig_word(0x25000U - 48U), 0);
	assert_int_equal(*rig_word(0x25000U - 40U), 0x1234);
}

/* A frame that crosses a page is pushed word by word: CR2 is the word that fails. */
static void frame_across_pages(void **state)
{
	struct vcpu *vcpu = start64();

	(void)state;
	vcpu->vmcb->save.rsp = 0x21018;
	guest_vc(vcpu, 0x72);
	assert_int_equal(vcpu->vmcb->save.rsp, 0x21010 - 48);
	assert_int_equal(*rig_word(0x20fe0), 0x72);
	assert_int_equal(*rig_word(0x20fe8), 0x1234);
	assert_int_equal(*rig_word(0x21000), 0x21018);
	assert_int_equal(*rig_word(0x21008), 0x2b);

	vcpu = start64();
	vcpu->vmcb->save.rsp = 0x21018;
	rig_map(0x20000, 0);
	gate64(14, 1, 0xe);
	set_tss(0x24, 0x25000U);
	guest_vc(vcpu, 0x72);
	assert_int_equal(vcpu->vmcb->save.cr2, 0x20ff8);
}

static void triple_fault(void **state)
{
	struct vcpu *vcpu = start64();

	(void)state;
	vcpu->vmcb->save.idtr.limit = 0;
	rig.stops = true;
	if (setjmp(rig.stopped) == 0) {
		guest_vc(vcpu, 0x72);
		fail_msg("a triple fault was survived");
	}
	assert_int_equal(rig.stop_code, EMU_EXIT_GUEST_SHUTDOWN);
}

static void protected_mode(void **state)
{
	struct vcpu *vcpu = start64();
	struct vmcb_save *save = &vcpu->vmcb->save;
	const uint32_t *stack32 = (const uint32_t *)(const void *)rig_word(0x21000U - 16U);
	const uint16_t *stack16 = (const uint16_t *)(const void *)rig_word(0x21000U - 8U);

	(void)state;
	save->efer = X86_EFER_SVME;
	save->cr0 = X86_CR0_PE;
	save->cs.attributes = X86_SEG_DB;
	save->ss.attributes = X86_SEG_DB;
	save->rsp = 0x21000;
	rig_word(GDT)[SELECTOR / 8U] = CODE32;
	rig_word(IDT)[29] = UINT64_C(0x00128e0000105678);
	guest_vc(vcpu, 0x72);
	assert_int_equal(stack32[0], 0x72);
	assert_int_equal(stack32[1], 0x1234);
	assert_int_equal(stack32[2], 0x33);
	assert_int_equal(save->rip, 0x125678);
	assert_int_equal(save->rsp, 0x21000 - 16);
	/* 16-bit interrupt gate */
	save->rsp = 0x21000;
	save->rip = 0x1234;
	rig_word(IDT)[29] = UINT64_C(0x0000860000105678);
	guest_vc(vcpu, 0x7c);
	assert_int_equal(stack16[0], 0x7c);
	assert_int_equal(stack16[1], 0x1234);
	assert_int_equal(save->rip, 0x5678);
	/* 32-bit gate from CPL 3: stack of the TSS */
	save->cpl = 3;
	save->rsp = 0x22000;
	save->rip = 0x1234;
	rig_word(IDT)[29] = UINT64_C(0x00128e0000105678);
	rig_word(GDT)[3] = DATA32;
	((uint32_t *)(void *)rig_word(TSS))[1] = 0x21000;
	((uint32_t *)(void *)rig_word(TSS))[2] = 0x18;
	guest_vc(vcpu, 0x72);
	assert_int_equal(save->rsp, 0x21000 - 24);
	assert_int_equal(save->ss.selector, 0x18);
	assert_int_equal(stack32[2], 0x22000); /* old ESP */
}

static void real_mode(void **state)
{
	struct vcpu *vcpu = start64();
	struct vmcb_save *save = &vcpu->vmcb->save;
	const uint16_t *stack = (const uint16_t *)(const void *)rig_word(0x21000U - 8U);

	(void)state;
	save->efer = X86_EFER_SVME;
	save->cr0 = 0;
	save->ss = (struct vmsa_segment){ .selector = 0x2000, .base = 0x20000 };
	save->rsp = 0x1000;
	((uint32_t *)(void *)rig_word(IDT))[6] = 0x12345678;
	guest_exception(vcpu, 6, false, 0);
	assert_int_equal(stack[1], 0x1234);
	assert_int_equal(stack[2], 0x33);
	assert_int_equal(save->rip, 0x5678);
	assert_int_equal(save->cs.base, 0x12340);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_privilege), cmocka_unit_test(ist_and_privilege),
		cmocka_unit_test(nested_faults),  cmocka_unit_test(frame_across_pages),
		cmocka_unit_test(triple_fault),	  cmocka_unit_test(protected_mode),
		cmocka_unit_test(real_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
