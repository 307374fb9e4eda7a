/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>

#include "guest.h"

/* Several vCPUs: VMSAs in use, and rights that end while another vCPU uses them. */

#define LOW 2U
#define FAIL_INUSE 3U
#define ROUNDS 20U
#define PAUSES 200U
#define LONG_WAIT 3000U /* exits */
#define MSR_FEATURES 0x080U
#define PERM_READ 0x1U
#define PERM_WRITE 0x2U
#define COUNTER_PAGE (ARENA + 9U * LARGE)

static _Atomic(uint64_t) low_runs;
static _Atomic(uint64_t) stop;

static void increment(uint64_t arg)
{
	(void)arg;
	(void)atomic_fetch_add_explicit((_Atomic(uint64_t) *)COUNTER_PAGE, 1, memory_order_relaxed);
}

/* At VMPL2 of another vCPU: runs without an exit until told to stop. */
static void low_spin(uint64_t arg)
{
	(void)arg;
	for (;;) {
		/* Pairs with nothing: only the value matters. */
		(void)atomic_fetch_add_explicit(&low_runs, 1, memory_order_relaxed);
		__asm__ volatile("pause");
		if (atomic_load_explicit(&stop, memory_order_relaxed) != 0U) {
			(void)run_vmpl(0);
		}
	}
}

/* At VMPL2: writes to the counter page for ever. */
static void low_write(uint64_t arg)
{
	(void)arg;
	for (;;) {
		increment(0);
		__asm__ volatile("pause");
		if (atomic_load_explicit(&stop, memory_order_relaxed) != 0U) {
			(void)run_vmpl(0);
		}
	}
}

/*
 * At VMPL0 of another vCPU: make VMPL2 run until it comes back because of @stop. It also comes back
 * when it faults, and then faults again at once: PAUSE lets others go on where QEMU runs vCPUs in
 * turn.
 */
static void run_low(uint64_t fn)
{
	(void)vmsa_remake(this_context()->cpu, LOW, (void (*)(uint64_t))fn, 0);
	do {
		(void)run_vmpl(LOW);
		__asm__ volatile("pause");
	} while (atomic_load_explicit(&stop, memory_order_relaxed) == 0U);
}

static void wait_for_progress(_Atomic(uint64_t) *counter)
{
	const uint64_t before = atomic_load_explicit(counter, memory_order_relaxed);

	while (atomic_load_explicit(counter, memory_order_relaxed) == before) {
		__asm__ volatile("pause");
	}
}

/* Lines of two vCPUs would mix: the other one prints before it is let go on. */
static void start_low(unsigned int cpu, void (*fn)(uint64_t))
{
	atomic_store_explicit(&stop, 0, memory_order_relaxed);
	cpu_call(cpu, run_low, (uint64_t)fn);
}

static void stop_low(unsigned int cpu)
{
	atomic_store_explicit(&stop, 1, memory_order_relaxed);
	cpu_wait(cpu);
}

/* Does the counter move within a long time? */
static bool moves(_Atomic(uint64_t) *counter)
{
	const uint64_t before = atomic_load_explicit(counter, memory_order_relaxed);

	/* Exits take long enough for any other processor to get its turn. */
	for (unsigned int i = 0; i < LONG_WAIT; i++) {
		if (atomic_load_explicit(counter, memory_order_relaxed) != before) {
			return true;
		}
		(void)msr_protocol(MSR_FEATURES);
		__asm__ volatile("pause");
	}
	return false;
}

static void test_in_use(unsigned int cpu)
{
	struct vmsa_page *vmsa = vmsa_of(cpu, LOW);

	start_low(cpu, low_spin);
	wait_for_progress(&low_runs);
	check("4.8", "RMPADJUST of a VMSA in use",
	      rmpadjust((uint64_t)vmsa, 0, rmp_rdx(1, 0) | RMP_VMSA).code, FAIL_INUSE);
	/* The store may wait until the vCPU leaves VMPL2, but it takes place. */
	(void)__atomic_and_fetch(&vmsa->efer, ~VMSA_EFER_SVME, __ATOMIC_SEQ_CST);
	check("7.3", "SVME cleared while it ran", vmsa->efer & VMSA_EFER_SVME, 0);
	check("7.4", "  it does not run any more", moves(&low_runs) ? 1 : 0, 0);
	(void)__atomic_or_fetch(&vmsa->efer, VMSA_EFER_SVME, __ATOMIC_SEQ_CST);
	wait_for_progress(&low_runs);
	check("7.4", "set again: it goes on", vmsa->efer & VMSA_EFER_SVME, VMSA_EFER_SVME);
	stop_low(cpu);
}

/* A right that was taken away cannot be used once RMPADJUST and the flush are done. */
static void test_revocation(unsigned int cpu)
{
	_Atomic(uint64_t) *counter = (_Atomic(uint64_t) *)COUNTER_PAGE;
	uint64_t late = 0;

	(void)pvalidate(COUNTER_PAGE, 0, 1);
	(void)rmpadjust(COUNTER_PAGE, 0, rmp_rdx(LOW, PERM_READ | PERM_WRITE));
	start_low(cpu, low_write);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		uint64_t seen;

		wait_for_progress(counter);
		(void)rmpadjust(COUNTER_PAGE, 0, rmp_rdx(LOW, PERM_READ));
		(void)flush_all();
		seen = atomic_load_explicit(counter, memory_order_relaxed);
		for (unsigned int i = 0; i < PAUSES; i++) {
			__asm__ volatile("pause");
		}
		late += atomic_load_explicit(counter, memory_order_relaxed) != seen ? 1U : 0U;
		(void)rmpadjust(COUNTER_PAGE, 0, rmp_rdx(LOW, PERM_READ | PERM_WRITE));
	}
	check("4.10", "writes of another vCPU after revocation and flush", late, 0);
	stop_low(cpu);
}

static void check_identity(uint64_t arg)
{
	check("7.14", "context of a started vCPU", this_context()->cpu, arg);
}

void test_cpus(unsigned int cpus)
{
	for (unsigned int cpu = 1; cpu < cpus; cpu++) {
		cpu_start(cpu);
		cpu_call(cpu, check_identity, cpu);
		cpu_wait(cpu);
	}
	if (cpus > 1U) {
		test_in_use(1);
		test_revocation(1);
		test_ap_others();
		test_ipi();
	}
	if (cpus > 2U) {
		test_revocation(cpus - 1U);
	}
}

/*
 * A reduced right may stay usable to a processor that used it, until the flush: both are right.
 * Which of them this machine does is printed, for who started it to compare.
 */
void test_stale(unsigned int cpus)
{
	_Atomic(uint64_t) *counter = (_Atomic(uint64_t) *)COUNTER_PAGE;

	if (cpus < 2U) {
		return;
	}
	(void)rmpadjust(COUNTER_PAGE, 0, rmp_rdx(LOW, PERM_READ | PERM_WRITE));
	start_low(1, low_write);
	wait_for_progress(counter);
	(void)rmpadjust(COUNTER_PAGE, 0, rmp_rdx(LOW, PERM_READ));
	print(moves(counter) ? "stale translations: yes\n" : "stale translations: no\n");
	(void)flush_all();
	check("6.13", "writes after the flush", moves(counter) ? 1 : 0, 0);
	(void)rmpadjust(COUNTER_PAGE, 0, rmp_rdx(LOW, PERM_READ | PERM_WRITE));
	stop_low(1);
}
