/* SPDX-License-Identifier: Apache-2.0 */
#include "guest.h"

/*
 * VMPL2 beside VMPL0 on one vCPU. The host is started with the policy to enter VMPL0 when another
 * VMPL faults in the nested tables and cannot go on, as a host may: VMPL0 then reads the exit from
 * the VMSA.
 */

#define LOW 2U
#define PERM_READ 0x1U
#define PERM_WRITE 0x2U
#define PERM_XSUPER 0x8U
#define EXIT_NPF UINT64_C(0x400)
#define EXIT_VMGEXIT UINT64_C(0x403)
#define EXIT_AP_CREATION 0x80000013U
#define AP_DESTROY 2U
#define NPF_WRITE (UINT64_C(1) << 1)
#define NPF_FETCH (UINT64_C(1) << 4)
#define NPF_RMP (UINT64_C(1) << 31)
#define NPF_FINAL (UINT64_C(1) << 32)
#define NPF_VMPL (UINT64_C(1) << 36)
#define NPF_CHECKED (NPF_WRITE | NPF_FETCH | NPF_RMP | NPF_FINAL | NPF_VMPL)
#define PAGE_UNDER_TEST (ARENA + 8U * LARGE)
#define FAIL_PERMISSION 2U
#define OPCODE_RET UINT64_C(0xc3)

/* What VMPL2 found out, for VMPL0 to check. */
static struct {
	uint64_t ran;
	bool answered, sideways;
	struct rmp_answer pvalidate, raise, lower, make_vmsa, query;
	struct trap probe;
} low;

static void low_first(uint64_t arg)
{
	low.ran = arg;
	for (;;) {
		low.answered = run_vmpl(0);
		low.ran++;
	}
}

static void low_instructions(uint64_t page)
{
	low.pvalidate = pvalidate(page, 0, 1);
	low.raise = rmpadjust(page, 0, rmp_rdx(3, PERM_READ | PERM_WRITE));
	low.lower = rmpadjust(page, 0, rmp_rdx(3, PERM_READ));
	low.make_vmsa = rmpadjust(page, 0, rmp_rdx(3, 0) | RMP_VMSA);
	low.query = rmpquery(page, 1);
	for (;;) {
		(void)run_vmpl(0);
	}
}

static void low_ask(uint64_t vmpl)
{
	low.sideways = run_vmpl((unsigned int)vmpl);
	for (;;) {
		(void)run_vmpl(0);
	}
}

static void low_write(uint64_t page)
{
	low.probe = probe_write(page, OPCODE_RET);
	for (;;) {
		(void)run_vmpl(0);
	}
}

static void low_read(uint64_t page)
{
	low.probe = probe_read(page, NULL);
	for (;;) {
		(void)run_vmpl(0);
	}
}

/* The page is mapped when the write comes. */
static void low_read_write(uint64_t page)
{
	(void)probe_read(page, NULL);
	low_write(page);
}

static void low_call(uint64_t page)
{
	(void)probe_read(page, NULL);
	low.probe = probe_call(page);
	for (;;) {
		(void)run_vmpl(0);
	}
}

static struct vmsa_page *make_low(void (*fn)(uint64_t), uint64_t arg)
{
	return vmsa_remake(this_context()->cpu, LOW, fn, arg);
}

static void grant(unsigned int perms)
{
	(void)rmpadjust(PAGE_UNDER_TEST, 0, rmp_rdx(LOW, perms));
}

static void test_switch(void)
{
	const struct vmsa_page *vmsa = make_low(low_first, 7);

	check("7.10", "run VMPL2", run_vmpl(LOW) ? 1 : 0, 1);
	check("7.10", "  it ran", low.ran, 7);
	check("7.10", "  exit code in its VMSA", vmsa->guest_exitcode, EXIT_VMGEXIT);
	check("7.14", "  VMPL in its VMSA", vmsa->vmpl, LOW);
	check("7.10", "run VMPL2 again", run_vmpl(LOW) ? 1 : 0, 1);
	check("7.10", "  it went on", low.ran, 8);
	check("7.10", "  with its answer", low.answered ? 1 : 0, 1);
	check("7.1", "no VMSA at VMPL3: refused", run_vmpl(3) ? 1 : 0, 0);
}

/* Between VMPLs other than 0 nobody passes the vCPU on. */
static void test_sideways(void)
{
	(void)vmsa_remake(0, 3, low_first, 7);
	(void)make_low(low_ask, 3);
	low.ran = 0;
	low.sideways = true;
	(void)run_vmpl(LOW);
	check("7.10", "VMPL2 asks for VMPL3: refused", low.sideways ? 1 : 0, 0);
	check("7.10", "  which did not run", low.ran, 0);
	check("7.8", "VMPL3 destroyed",
	      ghcb_call(EXIT_AP_CREATION, UINT64_C(3) << 16 | AP_DESTROY, 0, 0, true).info1, 0);
}

static void test_instructions(void)
{
	grant(PERM_READ);
	(void)make_low(low_instructions, PAGE_UNDER_TEST);
	(void)run_vmpl(LOW);
	check("3.2a", "PVALIDATE at VMPL2: #GP", low.pvalidate.trap.vector, VECTOR_GP);
	check("4.4", "more than the own rights", low.raise.code, FAIL_PERMISSION);
	check("4.4", "no more than the own rights", low.lower.code, 0);
	check("5.2", "RMPQUERY of a more privileged VMPL", low.query.code, FAIL_PERMISSION);
	check("4.5", "VMSA bit at VMPL2: no failure", low.make_vmsa.code, 0);
	check("4.5", "  and no effect", rmpquery(PAGE_UNDER_TEST, 3).rdx & RMP_VMSA, 0);
}

/* VMPL2 does fn(page) with @perms; it must fault with @bits, or not (0). */
static void test_fault(const char *what, void (*fn)(uint64_t), unsigned int perms, uint64_t bits)
{
	const struct vmsa_page *vmsa;

	grant(perms);
	(void)flush_all();
	low.probe.vector = 0;
	vmsa = make_low(fn, PAGE_UNDER_TEST);
	(void)run_vmpl(LOW);
	if (bits == 0U) {
		check("6.6", what, low.probe.vector, NO_TRAP);
		return;
	}
	check("6.6", what, vmsa->guest_exitcode, EXIT_NPF);
	check("6.7", "  bits", vmsa->guest_exitinfo1 & NPF_CHECKED, bits);
	check("6.7", "  address", vmsa->guest_exitinfo2 & ~(PAGE - 1U) & ~c_bit, PAGE_UNDER_TEST);
	grant(PERM_READ | PERM_WRITE | PERM_XSUPER);
	check("6.9", "  granted: goes on", run_vmpl(LOW) ? 1 : 0, 1);
	check("6.9", "  without a trap", low.probe.vector, NO_TRAP);
}

static void test_faults(void)
{
	const uint64_t violation = NPF_RMP | NPF_FINAL | NPF_VMPL;

	(void)probe_write(PAGE_UNDER_TEST, OPCODE_RET);
	test_fault("read with R", low_read, PERM_READ, 0);
	test_fault("read without rights", low_read, 0, violation);
	test_fault("write with R", low_write, PERM_READ, violation | NPF_WRITE);
	test_fault("write with R after a read", low_read_write, PERM_READ, violation | NPF_WRITE);
	test_fault("write with W alone", low_write, PERM_WRITE, violation | NPF_WRITE);
	test_fault("write with R and W", low_write, PERM_READ | PERM_WRITE, 0);
	(void)probe_write(PAGE_UNDER_TEST, OPCODE_RET);
	test_fault("fetch with R", low_call, PERM_READ, violation | NPF_FETCH);
	(void)probe_write(PAGE_UNDER_TEST, OPCODE_RET);
	test_fault("fetch with R and X", low_call, PERM_READ | PERM_XSUPER, 0);
}

/* The host must have a policy for faults of VMPL2 (the command line says so). */
void test_vmpl(void)
{
	(void)pvalidate(PAGE_UNDER_TEST, 0, 1);
	test_switch();
	test_sideways();
	test_instructions();
	test_faults();
}
