/* SPDX-License-Identifier: Apache-2.0 */

/* Page walks in software (APM vol. 2, chapter 5; rmp-semantics 6). */

#include <stdarg.h>

#include "svm_rig.h"
#include "walk.h"

#include <cmocka.h>
#include <stddef.h>

#define VA 0x5000U
#define PAGE 0x100000U
#define LEAF (PAGE | SVM_C_MASK | RIG_P | RIG_W | RIG_U)

static void expect_fault(struct vcpu *vcpu, uint64_t va, unsigned int how, uint32_t error)
{
	const struct guest_walk walk = walk_as(vcpu, va, how, NULL);

	assert_false(walk.ok);
	assert_int_equal(walk.pf_error, error);
}

static void expect_page(struct vcpu *vcpu, uint64_t va, unsigned int how, uint64_t gpa,
			bool private_)
{
	const struct guest_walk walk = walk_as(vcpu, va, how, NULL);

	assert_true(walk.ok);
	assert_int_equal(walk.gpa.raw, gpa);
	assert_int_equal(walk.private_, private_);
}

static void c_bit_of_the_leaf(void **state)
{
	struct vcpu *vcpu = rig_start(0);

	(void)state;
	rig_map(VA, LEAF);
	expect_page(vcpu, VA + 0x123U, 0, PAGE + 0x123U, true);
	rig_map(VA, LEAF & ~SVM_C_MASK);
	expect_page(vcpu, VA + 0x123U, 0, PAGE + 0x123U, false);
}

static void large_pages(void **state)
{
	struct vcpu *vcpu = rig_start(0);

	(void)state;
	rig_word(RIG_PD)[1] = 0x400000U | SVM_C_MASK | RIG_P | RIG_LARGE;
	expect_page(vcpu, 0x2abcdeU, 0, 0x4abcdeU, true);
	rig_word(RIG_PDPT)[1] = RIG_P | RIG_LARGE;
	expect_page(vcpu, 0x40123456U, 0, 0x123456U, false);
}

/* Accessed on all levels, dirty on the leaf for writes; a probe leaves no trace. */
static void accessed_and_dirty(void **state)
{
	struct vcpu *vcpu = rig_start(0);

	(void)state;
	rig_map(VA, LEAF);
	expect_page(vcpu, VA, WALK_PROBE | WALK_WRITE, PAGE, true);
	assert_int_equal(rig_word(RIG_PT)[5], LEAF);
	assert_int_equal(rig_word(RIG_PML4)[0] & RIG_A, 0);
	expect_page(vcpu, VA, 0, PAGE, true);
	assert_int_equal(rig_word(RIG_PT)[5], LEAF | RIG_A);
	assert_int_equal(rig_word(RIG_PML4)[0] & RIG_A, RIG_A);
	assert_int_equal(rig_word(RIG_PD)[0] & (RIG_A | RIG_D), RIG_A);
	expect_page(vcpu, VA, WALK_WRITE, PAGE, true);
	assert_int_equal(rig_word(RIG_PT)[5], LEAF | RIG_A | RIG_D);
}

static void faults(void **state)
{
	struct vcpu *vcpu = rig_start(0);

	(void)state;
	expect_fault(vcpu, VA, 0, 0);
	expect_fault(vcpu, VA, WALK_WRITE | WALK_USER, 6);
	rig_map(VA, LEAF | (UINT64_C(1) << 40U));
	expect_fault(vcpu, VA, WALK_WRITE, 0xb);
	rig_map(VA, LEAF & ~RIG_W);
	expect_fault(vcpu, VA, WALK_WRITE, 3);
	vcpu->vmcb->save.cr0 &= ~X86_CR0_WP;
	expect_page(vcpu, VA, WALK_WRITE, PAGE, true);
	expect_fault(vcpu, VA, WALK_WRITE | WALK_USER, 7);
	rig_map(VA, LEAF & ~RIG_U);
	expect_fault(vcpu, VA, WALK_USER, 5);
	rig_map(VA, LEAF | RIG_NX);
	expect_fault(vcpu, VA, WALK_FETCH, 0x11);
	/* Rights of an upper level count as well. */
	rig_map(VA, LEAF);
	rig_word(RIG_PD)[0] &= ~RIG_U;
	expect_fault(vcpu, VA, WALK_USER, 5);
}

static void supervisor_on_user_pages(void **state)
{
	struct vcpu *vcpu = rig_start(0);

	(void)state;
	rig_map(VA, LEAF);
	vcpu->vmcb->save.cr4 |= X86_CR4_SMEP | X86_CR4_SMAP;
	expect_fault(vcpu, VA, WALK_FETCH, 0x11);
	expect_fault(vcpu, VA, 0, 1);
	vcpu->vmcb->save.rflags |= X86_FLAG_AC;
	expect_page(vcpu, VA, 0, PAGE, true);
	expect_fault(vcpu, VA, WALK_IMPLICIT, 1);
}

static void legacy_modes(void **state)
{
	struct vcpu *vcpu = rig_start(0);
	struct vmcb_save *save = &vcpu->vmcb->save;
	uint32_t *table = (uint32_t *)(void *)rig_word(0x6000);

	(void)state;
	/* PAE: the four entries of the top have no rights; the C-bit is there. */
	save->efer &= ~(X86_EFER_LMA | X86_EFER_LME);
	save->cs.attributes = X86_SEG_DB;
	save->cr3 = RIG_PDPT;
	rig_word(RIG_PDPT)[0] = RIG_PD | SVM_C_MASK | RIG_P;
	rig_map(VA, LEAF);
	expect_page(vcpu, VA | UINT64_C(0x100000000), WALK_WRITE, PAGE, true);
	/* 32-bit tables: everything is private (no entry can say otherwise). */
	save->cr4 = X86_CR4_PSE;
	save->cr3 = 0x6000;
	table[0] = 0x7000U | 7U;
	((uint32_t *)(void *)rig_word(0x7000))[5] = PAGE | 7U;
	table[1] = 0x800000U | 0x87U;
	expect_page(vcpu, VA, WALK_WRITE, PAGE, true);
	assert_int_equal(((uint32_t *)(void *)rig_word(0x7000))[5], PAGE | 7U | 0x60U);
	expect_page(vcpu, 0x412345U, 0, 0x812345U, true);
	save->cr0 &= ~X86_CR0_PG;
	expect_page(vcpu, 0x777777U, WALK_WRITE, 0x777777U, true);
}

/* The processor's own accesses obey the RMP: rmp-semantics 6.8. */
static void rmp_stands_against(void **state)
{
	struct vcpu *vcpu = rig_start(1); /* read only */
	struct walk_fault fault;
	uint64_t value = 7;

	(void)state;
	rig_map(VA, LEAF);
	rig_map(VA + 0x1000U, LEAF + 0x1000U);
	assert_true(walk_write(vcpu, VA + 0xffcU, &value, sizeof(value), &fault));
	assert_int_equal(*rig_word(PAGE + 0xff8U) >> 32U, 7);
	vcpu->vmpl = 1;
	assert_true(walk_read(vcpu, VA, &value, sizeof(value), &fault));
	assert_false(walk_write(vcpu, VA, &value, sizeof(value), &fault));
	assert_int_equal(fault.vector, 29);
	vcpu->vmpl = 0;
	(void)snpm_pvalidate(&rig.rmp, 0, PAGE >> 12U, PAGE >> 12U, 0, false);
	assert_false(walk_read(vcpu, VA, &value, sizeof(value), &fault));
	assert_int_equal(fault.error, 0x404);
	assert_int_equal(fault.cr2, VA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(c_bit_of_the_leaf),	    cmocka_unit_test(large_pages),
		cmocka_unit_test(accessed_and_dirty),	    cmocka_unit_test(faults),
		cmocka_unit_test(supervisor_on_user_pages), cmocka_unit_test(legacy_modes),
		cmocka_unit_test(rmp_stands_against),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
