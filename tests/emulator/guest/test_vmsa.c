/* SPDX-License-Identifier: Apache-2.0 */
#include "guest.h"

/* What VMPL0 sees and changes in the VMSA of VMPL2, and VMSAs that must not run. */

#define LOW 2U
#define MARK_R12 UINT64_C(0x1212121212121212)
#define MARK_R13 UINT64_C(0x1313131313131313)
#define NEW_R8 UINT64_C(0x0808080808080808)
#define NEW_R9 UINT64_C(0x0909090909090909)
#define NEW_XMM3 UINT64_C(0x0303030303030303)
#define NEW_AUX 0x55U
#define XMM_OFFSET UINT64_C(0x470)
#define XMM_BYTES UINT64_C(16)
#define SEV_DEBUG_SWAP (UINT64_C(1) << 5)

static struct trap low_trap;
static uint32_t low_aux_value;

extern void exchange_registers(uint64_t arg);
extern uint64_t seen_r8, seen_r9, seen_xmm3;

static uint64_t *xmm(struct vmsa_page *vmsa, unsigned int index)
{
	return (uint64_t *)(void *)((uint8_t *)vmsa + XMM_OFFSET + XMM_BYTES * index);
}

static void test_registers(void)
{
	struct vmsa_page *vmsa = vmsa_remake(0, LOW, exchange_registers, 0);
	uint64_t rip;

	check("7.10", "run VMPL2", run_vmpl(LOW) ? 1 : 0, 1);
	check("7.14", "R12 in the VMSA", vmsa->r12, MARK_R12);
	check("7.14", "R13", vmsa->r13, MARK_R13);
	check("7.14", "XMM7", *xmm(vmsa, 7), MARK_R12);
	check("7.14", "CPL", vmsa->cpl, 0);
	rip = vmsa->rip;
	check("7.10", "RIP behind the VMGEXIT", *(const uint8_t *)(rip - 4U), 0xf3);
	vmsa->r8 = NEW_R8;
	vmsa->r9 = NEW_R9;
	*xmm(vmsa, 3) = NEW_XMM3;
	check("7.10", "run VMPL2", run_vmpl(LOW) ? 1 : 0, 1);
	check("7.14", "R8 as VMPL0 set it", seen_r8, NEW_R8);
	check("7.14", "R9", seen_r9, NEW_R9);
	check("7.14", "XMM3", seen_xmm3, NEW_XMM3);
}

static void test_refused(void)
{
	struct vmsa_page *vmsa = vmsa_of(0, LOW);
	const uint64_t page = (uint64_t)vmsa;

	vmsa->efer &= ~VMSA_EFER_SVME;
	check("7.4", "EFER.SVME clear: does not run", run_vmpl(LOW) ? 1 : 0, 0);
	check("7.4", "  and stays clear", vmsa->efer & VMSA_EFER_SVME, 0);
	vmsa->efer |= VMSA_EFER_SVME;
	check("7.4", "set: runs", run_vmpl(LOW) ? 1 : 0, 1);
	(void)rmpadjust(page, 0, rmp_rdx(1, 0));
	check("7.1", "VMSA attribute clear: does not run", run_vmpl(LOW) ? 1 : 0, 0);
	(void)rmpadjust(page, 0, rmp_rdx(1, 0) | RMP_VMSA);
	check("7.1", "set: runs", run_vmpl(LOW) ? 1 : 0, 1);
	vmsa->sev_features |= SEV_DEBUG_SWAP;
	check("7.6", "a feature the host does not allow: does not run", run_vmpl(LOW) ? 1 : 0, 0);
	vmsa->sev_features = VMSA_SEV_SNP;
	check("7.6", "without it: runs", run_vmpl(LOW) ? 1 : 0, 1);
	vmsa->pcpu_id = 0;
	check("7.12", "PCPU_ID cleared: runs", run_vmpl(LOW) ? 1 : 0, 1);
	check("7.12", "  and PCPU_ID is set", vmsa->pcpu_id != 0U ? 1 : 0, 1);
}

static void low_aux(uint64_t arg)
{
	(void)arg;
	for (;;) {
		low_trap = probe_rdtscp(&low_aux_value);
		(void)run_vmpl(0);
	}
}

/* TSC_AUX belongs to the VMSA. */
static void test_tsc_aux(void)
{
	struct vmsa_page *vmsa = vmsa_remake(0, LOW, low_aux, 0);
	uint32_t own_before, own_after;

	(void)probe_rdtscp(&own_before);
	vmsa->tsc_aux = NEW_AUX;
	(void)run_vmpl(LOW);
	check("7.14", "RDTSCP at VMPL2 is no exit", low_trap.vector, NO_TRAP);
	check("7.14", "  TSC_AUX of its VMSA", low_aux_value, NEW_AUX);
	(void)probe_rdtscp(&own_after);
	check("7.14", "  VMPL0 keeps its own", own_after, own_before);
}

void test_vmsa(void)
{
	test_tsc_aux();
	test_registers();
	test_refused();
}
