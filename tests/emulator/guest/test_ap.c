/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>

#include "guest.h"

/* AP creation, replacement and destruction of VMSAs, AP reset hold, run-VMPL by page (7.8, 7.10).
 */

#define LOW 2U
#define MALFORMED 2U
#define EXIT_AP_HOLD 0x80000004U
#define EXIT_AP_CREATION 0x80000013U
#define EXIT_RUN_VMPL 0x80000018U
#define CREATE 1U
#define DESTROY 2U
#define MSR_AP_HOLD 0x006U
#define MSR_AP_HOLD_ANSWER 0x007U
#define MSR_FEATURES 0x080U
#define MSR_ICR 0x830U
#define ICR_SIPI UINT64_C(0x600)
#define EXITS 1000U
/* A page for one more VMSA: that of a context which no test uses. */
#define SPARE_CPU (NR_CPUS - 1U)

static uint64_t ran[2];
static struct ghcb_answer low_answer;
static _Atomic(uint64_t) spins;
static uint64_t hold_msr;
static struct ghcb_answer hold_page;

static void low_mark(uint64_t index)
{
	for (;;) {
		ran[index]++;
		(void)run_vmpl(0);
	}
}

static void low_by_page(uint64_t arg)
{
	(void)arg;
	ghcb_setup();
	for (;;) {
		low_answer = ghcb_call(EXIT_RUN_VMPL, 0, UINT64_MAX, 0, false);
		ran[0]++;
	}
}

static void low_spin(uint64_t arg)
{
	(void)arg;
	for (;;) {
		(void)atomic_fetch_add_explicit(&spins, 1, memory_order_relaxed);
		__asm__ volatile("pause");
	}
}

static uint64_t ap_event(unsigned int cpu, unsigned int event, uint64_t vmsa)
{
	return ghcb_call(EXIT_AP_CREATION, (uint64_t)cpu << 32 | LOW << 16 | event, vmsa,
			 VMSA_SEV_SNP, true)
		.info1;
}

static void test_create(void)
{
	struct vmsa_page *spare = vmsa_of(SPARE_CPU, LOW);

	(void)vmsa_remake(0, LOW, low_mark, 0);
	check("7.10", "run the first VMSA", run_vmpl(LOW) ? 1 : 0, 1);
	vmsa_make(spare, 0, LOW, low_mark, 1);
	check("7.1", "AP creation with a page that is no VMSA",
	      ap_event(0, CREATE, (uint64_t)spare), MALFORMED);
	check("7.8", "AP creation with an address in a page",
	      ap_event(0, CREATE, (uint64_t)vmsa_of(0, LOW) + 8U), MALFORMED);
	(void)run_vmpl(LOW);
	check("7.8", "  the first stays", ran[0], 2);
	(void)rmpadjust((uint64_t)spare, 0, rmp_rdx(1, 0) | RMP_VMSA);
	check("7.8", "replaced by another", ap_event(0, CREATE, (uint64_t)spare), 0);
	check("7.10", "run it", run_vmpl(LOW) ? 1 : 0, 1);
	check("7.8", "  it ran", ran[1], 1);
	check("7.8", "  not the first", ran[0], 2);
	check("7.8", "the first once more", ap_event(0, CREATE, (uint64_t)vmsa_of(0, LOW)), 0);
	(void)run_vmpl(LOW);
	check("7.8", "  goes on where it was", ran[0], 3);
	check("7.8", "destroyed", ap_event(0, DESTROY, 0), 0);
	check("7.8", "  does not run", run_vmpl(LOW) ? 1 : 0, 0);
	spare->vmpl = 1;
	(void)ap_event(0, CREATE, (uint64_t)spare);
	check("4.7", "VMSA of another VMPL does not run", run_vmpl(LOW) ? 1 : 0, 0);
	(void)rmpadjust((uint64_t)spare, 0, rmp_rdx(1, 0));
}

void test_run_vmpl_page(void)
{
	ran[0] = 0;
	low_answer.info1 = MALFORMED;
	(void)vmsa_remake(0, LOW, low_by_page, 0);
	check("7.10", "run VMPL2 by page", ghcb_call(EXIT_RUN_VMPL, LOW, 0, 0, false).info1, 0);
	check("7.10", "  it asked for VMPL0 by page", ran[0], 0);
	check("7.10", "run it again", ghcb_call(EXIT_RUN_VMPL, LOW, 0, 0, false).info1, 0);
	check("7.10", "  it went on", ran[0], 1);
	check("7.10", "  with its answer", low_answer.info1 | low_answer.info2, 0);
	check("7.10", "run by page of a VMPL without VMSA",
	      ghcb_call(EXIT_RUN_VMPL, 3, 0, 0, false).info1, MALFORMED);
}

void test_ap(void)
{
	test_create();
	test_run_vmpl_page();
}

/* At VMPL0 of vCPU 1: only an SIPI ends either. */
static void hold(uint64_t arg)
{
	(void)arg;
	hold_msr = msr_protocol(MSR_AP_HOLD);
	hold_page = ghcb_call(EXIT_AP_HOLD, 0, 0, 0, false);
}

static void send_sipi(unsigned int cpu)
{
	(void)ghcb_wrmsr(MSR_ICR, (uint64_t)cpu << 32 | ICR_SIPI);
}

static void test_hold(void)
{
	hold_page.info2 = 0;
	cpu_call(1, hold, 0);
	for (unsigned int i = 0; i < EXITS; i++) {
		(void)msr_protocol(MSR_FEATURES);
		__asm__ volatile("pause");
	}
	check("GHCB", "AP reset hold holds", hold_msr, 0);
	while (!cpu_idle(1)) {
		send_sipi(1);
		__asm__ volatile("pause");
	}
	check("GHCB", "  answer by MSR", hold_msr & 0xfffU, MSR_AP_HOLD_ANSWER);
	check("GHCB", "  woken", hold_msr >> 12 != 0U ? 1 : 0, 1);
	check("GHCB", "  answer by page", hold_page.info1, 0);
	check("GHCB", "  woken", hold_page.info2 != 0U ? 1 : 0, 1);
}

static void run_spin(uint64_t arg)
{
	(void)arg;
	(void)vmsa_remake(1, LOW, low_spin, 0);
	(void)run_vmpl(LOW);
}

static void wait_for_spin(void)
{
	const uint64_t before = atomic_load_explicit(&spins, memory_order_relaxed);

	while (atomic_load_explicit(&spins, memory_order_relaxed) == before) {
		__asm__ volatile("pause");
	}
}

/* When the request is complete nobody uses the page. */
static void test_destroy_running(void)
{
	const uint64_t vmsa = (uint64_t)vmsa_of(1, LOW);
	uint64_t seen;

	cpu_call(1, run_spin, 0);
	wait_for_spin();
	check("4.8", "VMSA that runs is in use", rmpadjust(vmsa, 0, rmp_rdx(1, 0) | RMP_VMSA).code,
	      3);
	check("7.8", "destroyed while it ran", ap_event(1, DESTROY, 0), 0);
	check("4.8", "  not in use", rmpadjust(vmsa, 0, rmp_rdx(1, 0)).code, 0);
	seen = atomic_load_explicit(&spins, memory_order_relaxed);
	for (unsigned int i = 0; i < EXITS; i++) {
		(void)msr_protocol(MSR_FEATURES);
		__asm__ volatile("pause");
	}
	check("7.8", "  does not run", atomic_load_explicit(&spins, memory_order_relaxed), seen);
	cpu_restart(1);
}

void test_ap_others(void)
{
	test_hold();
	test_destroy_running();
}
