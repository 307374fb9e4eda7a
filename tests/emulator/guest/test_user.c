/* SPDX-License-Identifier: Apache-2.0 */
#include "guest.h"

/* Instructions of SNP at CPL 3, at VMPL2: VMPL0 makes the context and gets the vCPU back. */

#define LOW 2U
#define SELECTOR_CODE_USER 0x1bU
#define SELECTOR_DATA_USER 0x23U
#define ATTR_DATA_USER 0xcf3U
#define RFLAGS_RESERVED 2U
#define TSS_BYTES 104U
#define TSS_RSP0 4U
#define PAGE_UNDER_TEST (ARENA + 7U * LARGE + 2U * PAGE)

static uint8_t tss[TSS_BYTES] __attribute__((aligned(16)));
static uint8_t user_stack[4096] __attribute__((aligned(16)));
static struct {
	struct rmp_answer pvalidate, rmpadjust, rmpquery;
	struct trap rdmsr;
	uint64_t cs;
} user;

/* Ends in the request that ring 0 has put into the GHCB MSR: run VMPL0. */
static void user_main(void)
{
	user.pvalidate = pvalidate(PAGE_UNDER_TEST, 0, 1);
	user.rmpadjust = rmpadjust(PAGE_UNDER_TEST, 0, rmp_rdx(3, 1));
	user.rmpquery = rmpquery(PAGE_UNDER_TEST, 3);
	user.rdmsr = probe_rdmsr(0xc0010131U, NULL);
	__asm__ volatile("movq %%cs, %0" : "=r"(user.cs));
	for (;;) {
		__asm__ volatile("rep; vmmcall" : : : "memory");
	}
}

static void low_enter_user(uint64_t arg)
{
	(void)arg;
	ghcb_request(0x016);
	__asm__ volatile("pushq %0\n\t"
			 "pushq %1\n\t"
			 "pushq %2\n\t"
			 "pushq %3\n\t"
			 "pushq %4\n\t"
			 "iretq"
			 :
			 : "i"(SELECTOR_DATA_USER), "r"(user_stack + sizeof(user_stack) - 8U),
			   "i"(RFLAGS_RESERVED), "i"(SELECTOR_CODE_USER), "r"(user_main)
			 : "memory");
}

void test_user(void)
{
	struct vmsa_page *vmsa = vmsa_remake(0, LOW, low_enter_user, 0);
	const struct context *context = context_of(0, LOW);

	(void)pvalidate(PAGE_UNDER_TEST, 0, 1);
	*(uint32_t *)(void *)(tss + TSS_RSP0) =
		(uint32_t)(uint64_t)(context->stack + sizeof(context->stack));
	vmsa->tr.base = (uint64_t)tss;
	vmsa->tr.limit = TSS_BYTES - 1U;
	vmsa->ds.attributes = ATTR_DATA_USER;
	vmsa->es.attributes = ATTR_DATA_USER;
	vmsa->fs.attributes = ATTR_DATA_USER;
	vmsa->gs.attributes = ATTR_DATA_USER;
	check("7.10", "run VMPL2", run_vmpl(LOW) ? 1 : 0, 1);
	check("7.14", "CPL in its VMSA", vmsa->cpl, 3);
	check("7.14", "  code segment", user.cs, SELECTOR_CODE_USER);
	check("3.2a", "PVALIDATE at CPL 3: #GP", user.pvalidate.trap.vector, VECTOR_GP);
	check("4.2", "RMPADJUST at CPL 3: #GP", user.rmpadjust.trap.vector, VECTOR_GP);
	check("4.2", "RMPQUERY at CPL 3: #GP", user.rmpquery.trap.vector, VECTOR_GP);
	check("7.11", "RDMSR at CPL 3: #GP", user.rdmsr.vector, VECTOR_GP);
	check("3.2a", "the page was not touched", rmpquery(PAGE_UNDER_TEST, 3).rdx >> 8 & 0xffU, 0);
}
