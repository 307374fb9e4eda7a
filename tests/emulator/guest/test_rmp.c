/* SPDX-License-Identifier: Apache-2.0 */
#include "guest.h"

/* Results of PVALIDATE, RMPADJUST and RMPQUERY in the order that they are checked. Each test has 2
 * MiB regions of the arena of its own. */

#define FAIL_INPUT 1U
#define FAIL_PERMISSION 2U
#define FAIL_SIZEMISMATCH 6U
#define VC_NOT_VALIDATED UINT64_C(0x404)
#define UNMAPPED (UINT64_C(8) << 30)
#define PF_RESERVED UINT64_C(8)
#define PATTERN UINT64_C(0x1122334455667788)

static uint64_t region(unsigned int index)
{
	return ARENA + index * LARGE;
}

static uint64_t outcome(const struct rmp_answer *answer)
{
	return (uint64_t)answer->code | ((answer->flags & FLAG_CF) != 0U ? 0x100U : 0U);
}

void test_pvalidate(void)
{
	const uint64_t small = region(0), large = region(1), mixed = region(2);
	struct rmp_answer answer;
	uint64_t value = 0;

	answer = pvalidate(small, 0, 1);
	check("3.2i", "validate 4K", outcome(&answer), 0);
	check("3.3", "ZF follows EAX", answer.flags & FLAG_ZF, FLAG_ZF);
	answer = pvalidate(small, 0, 1);
	check("3.2h", "validate again: CF", outcome(&answer), 0x100);
	(void)probe_write(small, PATTERN);
	answer = pvalidate(small, 0, 0);
	check("3.2i", "rescind 4K", outcome(&answer), 0);
	answer = pvalidate(small, 0, 0);
	check("3.2h", "rescind again: CF", outcome(&answer), 0x100);
	(void)pvalidate(small, 0, 1);
	(void)probe_read(small, &value);
	check("3.6", "contents stay", value, PATTERN);

	answer = pvalidate(large + PAGE, 1, 1);
	check("3.2b", "2M not aligned", outcome(&answer), FAIL_INPUT);
	answer = pvalidate(large, 1, 1);
	check("3.2i", "validate 2M", outcome(&answer), 0);
	check("6.3", "its last page can be written", probe_write(large + LARGE - 8U, 1).vector,
	      NO_TRAP);
	answer = pvalidate(large, 1, 1);
	check("3.2h", "validate 2M again: CF", outcome(&answer), 0x100);
	answer = pvalidate(large, 1, 0);
	check("3.2i", "rescind 2M", outcome(&answer), 0);

	answer = pvalidate(mixed + PAGE, 0, 1);
	check("3.2f", "4K in a 2M entry: the host splits it", outcome(&answer), 0);
	answer = pvalidate(mixed, 1, 1);
	check("3.2g", "2M over 4K entries", outcome(&answer), FAIL_SIZEMISMATCH);
	check("3.3", "ZF clear on failure", answer.flags & FLAG_ZF, 0);

	answer = pvalidate(UNMAPPED, 0, 1);
	check("3.2c", "not mapped: #PF", answer.trap.vector, VECTOR_PF);
	check("3.2c", "  its address", answer.trap.cr2, UNMAPPED);
	answer = pvalidate(SHARED_WINDOW + small, 0, 0);
	check("3.2d", "through a shared mapping: #PF", answer.trap.vector, VECTOR_PF);
	check("3.2d", "  reserved bit", answer.trap.error & PF_RESERVED, PF_RESERVED);
}

void test_rmpadjust(void)
{
	const uint64_t page = region(3), large = region(4);
	struct rmp_answer answer;

	(void)pvalidate(page, 0, 1);
	answer = rmpadjust(page, 0, rmp_rdx(0, 0xf));
	check("4.2", "own VMPL", answer.code, FAIL_PERMISSION);
	answer = rmpadjust(page, 0, rmp_rdx(4, 0xf));
	check("4.2", "no such VMPL", answer.code, FAIL_INPUT);
	answer = rmpadjust(page, 0, rmp_rdx(1, 0xf) | UINT64_C(1) << 17);
	check("4.1", "reserved bit", answer.code, FAIL_INPUT);
	answer = rmpadjust(page, 0, rmp_rdx(1, 0x3));
	check("4.2", "grant", answer.code, 0);
	check("4.1", "ZF follows EAX", answer.flags & FLAG_ZF, FLAG_ZF);
	answer = rmpadjust(page, 1, rmp_rdx(1, 0x3));
	check("4.2", "2M over 4K entries", answer.code, FAIL_SIZEMISMATCH);
	answer = rmpadjust(page + PAGE, 1, rmp_rdx(1, 0x3));
	check("4.2", "2M not aligned", answer.code, FAIL_INPUT);
	answer = rmpadjust(page + PAGE, 0, rmp_rdx(1, 0x3));
	check("4.9", "not validated: #VC", answer.trap.vector, VECTOR_VC);
	check("4.9", "  error code", answer.trap.error, VC_NOT_VALIDATED);
	check("4.9", "  address", answer.trap.cr2, page + PAGE);
	answer = rmpadjust(UNMAPPED, 0, rmp_rdx(1, 0x3));
	check("4.2", "not mapped: #PF", answer.trap.vector, VECTOR_PF);

	(void)pvalidate(large, 1, 1);
	answer = rmpadjust(large, 1, rmp_rdx(2, 0x1));
	check("4.2", "grant 2M", answer.code, 0);
	answer = rmpquery(large + LARGE - PAGE, 2);
	check("5.1", "  seen on its last page", answer.rdx >> 8 & 0xffU, 0x1);
	check("5.1", "  size", answer.rcx, 1);
	answer = rmpadjust(large + PAGE, 0, rmp_rdx(2, 0x7));
	check("4.2", "4K in a 2M entry: the host splits it", answer.code, 0);
	answer = rmpquery(large + PAGE, 2);
	check("4.3", "  mask replaced", answer.rdx >> 8 & 0xffU, 0x7);
	check("5.1", "  size", answer.rcx, 0);
	answer = rmpquery(large, 2);
	check("2.5", "  neighbours keep theirs", answer.rdx >> 8 & 0xffU, 0x1);
}

void test_rmpquery(void)
{
	const uint64_t page = region(5);
	struct rmp_answer answer;

	(void)pvalidate(page, 0, 1);
	answer = rmpquery(page, 1);
	check("1.6", "fresh page: no rights below VMPL0", answer.rdx >> 8 & 0xffU, 0);
	check("5.1", "  no VMSA", answer.rdx & RMP_VMSA, 0);
	(void)rmpadjust(page, 0, rmp_rdx(3, 0x5) | RMP_VMSA);
	answer = rmpquery(page, 3);
	check("4.3", "mask", answer.rdx >> 8 & 0xffU, 0x5);
	check("4.5", "VMSA bit set at VMPL0", answer.rdx & RMP_VMSA, RMP_VMSA);
	(void)rmpadjust(page, 0, rmp_rdx(1, 0x1));
	answer = rmpquery(page, 3);
	check("4.6", "VMSA bit cleared by any RMPADJUST", answer.rdx & RMP_VMSA, 0);
	check("4.3", "other masks stay", answer.rdx >> 8 & 0xffU, 0x5);
	answer = rmpquery(page + PAGE, 1);
	check("5.2", "not validated: #VC", answer.trap.vector, VECTOR_VC);
	(void)pvalidate(page, 0, 0);
	(void)pvalidate(page, 0, 1);
	answer = rmpquery(page, 3);
	check("3.4", "PVALIDATE leaves masks", answer.rdx >> 8 & 0xffU, 0x5);
	(void)page_state(page, false);
	(void)page_state(page, true);
	(void)pvalidate(page, 0, 1);
	answer = rmpquery(page, 3);
	check("2.2", "the host's change resets them", answer.rdx >> 8 & 0xffU, 0);
}

void test_access(void)
{
	const uint64_t page = region(6);
	struct trap trap;
	uint64_t value = 0;

	trap = probe_read(page, NULL);
	check("6.8", "read of a page not validated: #VC", trap.vector, VECTOR_VC);
	check("6.8", "  error code", trap.error, VC_NOT_VALIDATED);
	check("6.8", "  address", trap.cr2, page);
	trap = probe_write(page + 8U, 1);
	check("6.8", "write: #VC", trap.error, VC_NOT_VALIDATED);
	check("6.8", "  address", trap.cr2, page + 8U);
	trap = probe_call(page);
	check("6.8", "fetch: #VC", trap.error, VC_NOT_VALIDATED);
	(void)pvalidate(page, 0, 1);
	check("6.8", "validated: write", probe_write(page, PATTERN).vector, NO_TRAP);
	(void)probe_read(page, &value);
	check("6.8", "  read back", value, PATTERN);
	(void)pvalidate(page, 0, 0);
	(void)flush_all();
	check("3.5", "rescinded and flushed: #VC", probe_read(page, NULL).vector, VECTOR_VC);
	check("2.7", "made shared", page_state(page, false) ? 1 : 0, 1);
	check("6.4", "  written without C-bit", probe_write(SHARED_WINDOW + page, PATTERN).vector,
	      NO_TRAP);
	check("2.7", "made private", page_state(page, true) ? 1 : 0, 1);
	check("2.2", "  not validated", probe_read(page, NULL).error, VC_NOT_VALIDATED);
}
