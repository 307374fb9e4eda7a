/* SPDX-License-Identifier: Apache-2.0 */
#include "guest.h"

/* Pages of page tables, and conversion by access alone. */

#define LOW 2U
#define TABLE (ARENA + 7U * LARGE)
#define CONVERTED (TABLE + PAGE)
#define PERM_READ 0x1U
#define PERM_WRITE 0x2U
#define VC_NOT_VALIDATED UINT64_C(0x404)
#define EXIT_NPF UINT64_C(0x400)
#define NPF_RMP (UINT64_C(1) << 31)
#define NPF_FINAL (UINT64_C(1) << 32)
#define NPF_WALK (UINT64_C(1) << 33)
#define NPF_VMPL (UINT64_C(1) << 36)
#define NPF_CHECKED (NPF_RMP | NPF_FINAL | NPF_WALK | NPF_VMPL)

static struct trap low_trap;

static void low_read(uint64_t va)
{
	low_trap = probe_read(va, NULL);
	for (;;) {
		(void)run_vmpl(0);
	}
}

static void test_table_not_validated(void)
{
	struct trap trap;

	map_table(TABLE);
	trap = probe_read(TEST_WINDOW + 8U, NULL);
	check("6.3", "page table not validated: #VC", trap.vector, VECTOR_VC);
	check("6.8", "  error code", trap.error, VC_NOT_VALIDATED);
	check("6.8", "  address", trap.cr2, TEST_WINDOW + 8U);
	(void)pvalidate(TABLE, 0, 1);
	memory_fill((void *)TABLE, 0, PAGE);
	trap = probe_read(TEST_WINDOW + 8U, NULL);
	check("6.3", "validated, empty: #PF", trap.vector, VECTOR_PF);
	check("6.3", "  error code", trap.error, 0);
	check("6.3", "  address", trap.cr2, TEST_WINDOW + 8U);
}

static void test_table_rights(void)
{
	const struct vmsa_page *vmsa = vmsa_remake(0, LOW, low_read, TEST_WINDOW);

	low_trap.vector = NO_TRAP;
	check("6.6", "VMPL2 walks a table without rights", run_vmpl(LOW) ? 1 : 0, 1);
	check("6.6", "  exit code", vmsa->guest_exitcode, EXIT_NPF);
	check("6.7", "  bits", vmsa->guest_exitinfo1 & NPF_CHECKED, NPF_RMP | NPF_WALK | NPF_VMPL);
	check("6.7", "  address", vmsa->guest_exitinfo2 & ~(PAGE - 1U) & ~c_bit, TABLE);
	(void)rmpadjust(TABLE, 0, rmp_rdx(LOW, PERM_READ | PERM_WRITE));
	check("6.9", "  granted: goes on", run_vmpl(LOW) ? 1 : 0, 1);
	check("6.9", "  to its #PF", low_trap.vector, VECTOR_PF);
}

/* The host converts a page to what the guest's access takes it for (also 6.4). */
static void test_conversion(void)
{
	(void)pvalidate(CONVERTED, 0, 1);
	(void)probe_write(CONVERTED, 1);
	check("2.9", "private page without C-bit", probe_write(SHARED_WINDOW + CONVERTED, 2).vector,
	      NO_TRAP);
	check("2.9", "  lost its validation", probe_read(CONVERTED, NULL).error, VC_NOT_VALIDATED);
	check("2.9", "  private again: first validation",
	      pvalidate(CONVERTED, 0, 1).flags & FLAG_CF, 0);
	check("2.9", "  and usable", probe_write(CONVERTED, 3).vector, NO_TRAP);
	(void)page_state(CONVERTED, false);
	check("2.9", "PVALIDATE of a shared page converts it", pvalidate(CONVERTED, 0, 1).code, 0);
	check("2.9", "  usable", probe_write(CONVERTED, 4).vector, NO_TRAP);
}

void test_walk(void)
{
	test_table_not_validated();
	test_table_rights();
	test_conversion();
}
