/* SPDX-License-Identifier: Apache-2.0 */

/* Nested tables say what the RMP allows (rmp-semantics 6), read as the processor's walker reads
 * them. */

#include <stdarg.h>

#include "npt.h"
#include "svm_rig.h"

#include <cmocka.h>
#include <stddef.h>

#define PAGE UINT64_C(0x305000)
#define SPN (PAGE >> 12U)
#define W UINT64_C(2)
#define NX (UINT64_C(1) << 63)

/* Leaf that an access of @vmpl to @address meets; 0: none. */
static uint64_t leaf(unsigned int vmpl, bool unpaged, uint64_t address)
{
	uint64_t entry = npt_root(vmpl, unpaged);

	for (unsigned int shift = 39; shift >= 12U; shift -= 9U) {
		const uint64_t *table = (const uint64_t *)(entry & UINT64_C(0xffffffffff000));

		entry = table[address >> shift & 511U];
		if ((entry & 1U) == 0) {
			return 0;
		}
		if (shift == 21 && (entry & 0x80U) != 0) {
			return entry;
		}
	}
	return entry;
}

static enum snpm_fault fill(unsigned int vmpl, enum snpm_access access)
{
	return npt_fill_private(vmpl, NPT_PRIVATE, gpa_make(PAGE), access, false);
}

static struct vcpu *start(uint8_t perms)
{
	struct vcpu *vcpu = rig_start(perms);

	npt_init();
	return vcpu;
}

static void private_and_shared(void **state)
{
	(void)state;
	start(0);
	assert_int_equal(leaf(0, false, PAGE | SVM_C_MASK), 0);
	assert_int_equal(fill(0, SNPM_WRITE), SNPM_NO_FAULT);
	assert_int_equal(leaf(0, false, PAGE | SVM_C_MASK) & ~NX, PAGE | 0x67U);
	assert_int_equal(leaf(0, true, PAGE) & ~NX, PAGE | 0x67U); /* unpaged */
	assert_int_equal(leaf(0, false, PAGE), 0);
	assert_false(npt_fill_shared(0, gpa_make(PAGE)));
	assert_int_equal(snpm_rmpupdate(&rig.rmp, SPN, &(struct snpm_update){ .gpn = 0 }), SNPM_OK);
	assert_true(npt_remove(NPT_ALL_VMPLS, gpa_make(PAGE), EMU_PAGE_SIZE));
	assert_int_equal(leaf(0, false, PAGE | SVM_C_MASK), 0);
	assert_true(npt_fill_shared(0, gpa_make(PAGE)));
	assert_int_equal(leaf(0, false, PAGE), PAGE | 0x67U | NX);
	assert_int_equal(fill(0, SNPM_READ), SNPM_NPF);
	assert_int_equal(leaf(0, false, PAGE | SVM_C_MASK), 0);
	assert_true(npt_remove(1U, gpa_make(PAGE + 8), 1));
	assert_false(npt_remove(1U, gpa_make(PAGE), EMU_PAGE_SIZE));
}

static void rights(void **state)
{
	(void)state;
	start(1); /* VMPL1: read */
	assert_int_equal(fill(1, SNPM_READ), SNPM_NO_FAULT);
	assert_int_equal(leaf(1, false, PAGE | SVM_C_MASK) & (W | NX), NX);
	assert_int_equal(fill(1, SNPM_WRITE), SNPM_NPF_VMPL);
	assert_int_equal(fill(1, SNPM_XSUPER), SNPM_NPF_VMPL);
	start(0xb); /* read, write, execute supervisor */
	assert_int_equal(fill(2, SNPM_XSUPER), SNPM_NO_FAULT);
	assert_int_equal(leaf(2, false, PAGE | SVM_C_MASK) & (W | NX), W);
	assert_int_equal(fill(2, SNPM_XUSER), SNPM_NPF_VMPL);
	start(0);
	assert_int_equal(fill(3, SNPM_READ), SNPM_NPF_VMPL);
	assert_int_equal(leaf(3, false, PAGE | SVM_C_MASK), 0);
	(void)snpm_pvalidate(&rig.rmp, 0, SPN, SPN, 0, false);
	assert_int_equal(fill(0, SNPM_READ), SNPM_VC_404);
}

/* Nobody writes a VMSA page that is not opened, not even VMPL0 (7.3). */
static void vmsa_pages(void **state)
{
	unsigned int vmpls;

	(void)state;
	start(1);
	assert_int_equal(fill(0, SNPM_WRITE), SNPM_NO_FAULT);
	(void)snpm_rmpadjust(&rig.rmp, 0, SPN, SPN, 0, 1, 1, true);
	(void)npt_remove(NPT_ALL_VMPLS, gpa_make(PAGE), EMU_PAGE_SIZE);
	assert_int_equal(fill(0, SNPM_READ), SNPM_NO_FAULT);
	assert_int_equal(leaf(0, false, PAGE | SVM_C_MASK) & W, 0);
	assert_int_equal(fill(0, SNPM_WRITE), SNPM_NPF);
	assert_false(npt_protect(gpa_make(PAGE), &vmpls));
	assert_int_equal(npt_fill_private(0, NPT_PRIVATE, gpa_make(PAGE), SNPM_WRITE, true),
			 SNPM_NO_FAULT);
	assert_int_equal(leaf(0, false, PAGE | SVM_C_MASK) & W, W);
	assert_true(npt_protect(gpa_make(PAGE), &vmpls));
	assert_int_equal(vmpls, 1);
	assert_int_equal(leaf(0, false, PAGE | SVM_C_MASK), 0);
}

/* A 2 MiB RMP entry is mapped as one; split, it never comes back as a large translation. */
static void large_entries(void **state)
{
	const uint64_t base = PAGE & ~EMU_LARGE_MASK;
	const uint8_t perms[EMU_NR_VMPLS] = { 0xf, 0, 0, 0 };

	(void)state;
	start(0);
	for (uint64_t i = 0; i < 512U; i++) {
		assert_int_equal(snpm_rmpupdate(&rig.rmp, (base >> 12U) + i,
						&(struct snpm_update){ .gpn = 0 }),
				 SNPM_OK);
	}
	assert_true(snpm_launch_page(&rig.rmp, base >> 12U, base >> 12U, 1, perms, false));
	assert_int_equal(fill(0, SNPM_WRITE), SNPM_NO_FAULT);
	assert_int_equal(leaf(0, false, PAGE | SVM_C_MASK) & ~NX, base | 0xe7U);
	assert_int_equal(snpm_psmash(&rig.rmp, base >> 12U), SNPM_OK);
	assert_true(npt_remove(NPT_ALL_VMPLS, gpa_make(PAGE), EMU_PAGE_SIZE));
	assert_int_equal(fill(0, SNPM_WRITE), SNPM_NO_FAULT);
	assert_int_equal(leaf(0, false, PAGE | SVM_C_MASK) & ~NX, PAGE | 0x67U);
	assert_int_equal(leaf(0, false, base | SVM_C_MASK), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(private_and_shared),
		cmocka_unit_test(rights),
		cmocka_unit_test(vmsa_pages),
		cmocka_unit_test(large_entries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
