/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>

#include "guest.h"

/* Each VMPL of a vCPU has a local APIC of its own; interrupts wait for their VMPL. */

#define LOW 2U
#define MSR_APIC_BASE 0x1bU
#define MSR_EOI 0x80bU
#define MSR_SPURIOUS 0x80fU
#define MSR_ICR 0x830U
#define MSR_TIMER 0x832U
#define MSR_TIMER_COUNT 0x838U
#define MSR_TIMER_DIVIDE 0x83eU
#define MSR_SELF_IPI 0x83fU
#define MSR_FEATURES 0x080U
#define X2APIC_ENABLED UINT64_C(0xc00)
#define APIC_SOFTWARE_ENABLED 0x1ffU
#define DIVIDE_BY_1 0xbU
#define VECTOR_IPI 0x30U
#define VECTOR_TIMER 0x31U
#define EXITS 1000U

static _Atomic(uint64_t) ready;
static struct {
	uint64_t before, after;
} low;

static void apic_enable(void)
{
	(void)ghcb_wrmsr(MSR_APIC_BASE, ghcb_rdmsr(MSR_APIC_BASE) | X2APIC_ENABLED);
	(void)ghcb_wrmsr(MSR_SPURIOUS, APIC_SOFTWARE_ENABLED);
}

/* The instruction after STI is still covered by it. */
static void let_interrupts_in(void)
{
	__asm__ volatile("sti\n\tnop\n\tnop\n\tcli" : : : "memory");
}

/* At VMPL2: an interrupt to itself, a timer; both come while VMPL0 runs. */
static void low_pending(uint64_t arg)
{
	struct context *context = this_context();

	(void)arg;
	ghcb_setup();
	apic_enable();
	(void)ghcb_wrmsr(MSR_SELF_IPI, VECTOR_IPI);
	(void)run_vmpl(0);
	low.before = context->interrupts;
	let_interrupts_in();
	low.after = context->last_interrupt;
	(void)ghcb_wrmsr(MSR_EOI, 0);
	(void)ghcb_wrmsr(MSR_TIMER_DIVIDE, DIVIDE_BY_1);
	(void)ghcb_wrmsr(MSR_TIMER, VECTOR_TIMER);
	(void)ghcb_wrmsr(MSR_TIMER_COUNT, 1000);
	(void)run_vmpl(0);
	low.before = context->interrupts;
	let_interrupts_in();
	low.after = context->last_interrupt;
	(void)ghcb_wrmsr(MSR_EOI, 0);
	for (;;) {
		(void)run_vmpl(0);
	}
}

/* Many exits at VMPL0 with interrupts on and off. */
static void linger(void)
{
	for (unsigned int i = 0; i < EXITS; i++) {
		(void)msr_protocol(MSR_FEATURES);
		let_interrupts_in();
	}
}

void test_interrupts(void)
{
	const struct context *context = this_context();

	apic_enable();
	(void)vmsa_remake(0, LOW, low_pending, 0);
	(void)run_vmpl(LOW);
	linger();
	check("8.1", "interrupt of VMPL2: not to VMPL0", context->interrupts, 0);
	(void)run_vmpl(LOW);
	check("8.1", "  nor to VMPL2 with interrupts off", low.before, 0);
	check("8.1", "  but once they are on", low.after, VECTOR_IPI);
	linger();
	check("8.1", "timer of VMPL2: not to VMPL0", context->interrupts, 0);
	(void)run_vmpl(LOW);
	check("8.1", "  but to VMPL2", low.after, VECTOR_TIMER);
	check("8.1", "  once", low.before, 1);
}

static void wait_for_interrupt(uint64_t halt)
{
	struct context *context = this_context();
	const uint64_t before = context->interrupts;

	apic_enable();
	/* Pairs with the acquire in send_ipi(): the APIC takes interrupts. */
	atomic_store_explicit(&ready, 1, memory_order_release);
	while (context->interrupts == before) {
		if (halt != 0U) {
			__asm__ volatile("sti\n\thlt\n\tcli" : : : "memory");
		} else {
			let_interrupts_in();
			__asm__ volatile("pause");
		}
	}
	(void)ghcb_wrmsr(MSR_EOI, 0);
}

static void send_ipi(uint64_t halt)
{
	struct context *other = context_of(1, 0);

	other->last_interrupt = 0;
	atomic_store_explicit(&ready, 0, memory_order_relaxed);
	cpu_call(1, wait_for_interrupt, halt);
	/* Pairs with the release in wait_for_interrupt(). */
	while (atomic_load_explicit(&ready, memory_order_acquire) == 0U) {
		__asm__ volatile("pause");
	}
	(void)ghcb_wrmsr(MSR_ICR, UINT64_C(1) << 32 | VECTOR_IPI);
	cpu_wait(1);
	check("8.1",
	      halt != 0U ? "interrupt to a vCPU that halts" : "interrupt to a vCPU that runs",
	      other->last_interrupt, VECTOR_IPI);
}

void test_ipi(void)
{
	send_ipi(0);
	send_ipi(1);
	check("8.1", "  each once", context_of(1, 0)->interrupts, 2);
	check("8.1", "  none to the sender", this_context()->interrupts, 0);
}
