/* SPDX-License-Identifier: Apache-2.0 */

/* Kicks, sleep, and the window for interrupts. */

#include "host_priv.h"
#include "image.h"

/* QEMU 10.0 loses an NMI or interrupt now and then: a processor that starts a guest with V_IRQ
 * pending changes its word of pending interrupts without the lock under which others set bits in
 * it. Such a guest exits soon (svm/interrupt.c), and what was requested is done then; but no later
 * kick may rely on the NMI that is lost. */
#define KICKS_LOST_HZ 500U

/*
 * Nobody reads the bits without the kick that follows them: FLIGHT set means that an NMI will be
 * handled on that processor after this store, so one more would say nothing new, unless it is so
 * old that it must be lost. Who waits for an effect kicks again.
 */
void host_kick(unsigned int cpu)
{
	uint64_t now = host_tsc();
	/* release: what the caller stored is seen by who takes the kick or handles its NMI; pairs
	 * with host_take_kick(), host_idle() and the NMI handler */
	uint32_t before = atomic_fetch_or_explicit(
		&host_percpu(cpu)->kick, KICK_TAKE | KICK_WAKE | KICK_FLIGHT, memory_order_release);

	if ((before & KICK_FLIGHT) == 0 ||
	    now - atomic_load_explicit(&host_percpu(cpu)->kicked_at, memory_order_relaxed) >
		    host_tsc_hz() / KICKS_LOST_HZ) {
		atomic_store_explicit(&host_percpu(cpu)->kicked_at, now, memory_order_relaxed);
		host_apic_ipi(cpu, APIC_NMI);
	}
}

bool host_take_kick(void)
{
	struct host_percpu *self = host_percpu(host_cpu());

	/* On every entry to a guest: do not lock the bus for nothing. */
	if ((atomic_load_explicit(&self->kick, memory_order_relaxed) & KICK_TAKE) == 0) {
		return false;
	}
	/* acquire: pairs with the release of host_kick() */
	return (atomic_fetch_and_explicit(&self->kick, ~KICK_TAKE, memory_order_acquire) &
		KICK_TAKE) != 0;
}

void host_idle(bool (*still_needed)(void *ctx), void *ctx)
{
	struct host_percpu *self = host_percpu(host_cpu());

	/* acquire: a kick before this is answered by @still_needed, which sees what came before the
	 * kick (pairs with the release of host_kick()); a kick after it ends the sleep */
	atomic_fetch_and_explicit(&self->kick, ~KICK_WAKE, memory_order_acquire);
	if (still_needed(ctx)) {
		host_sleep(&self->kick, KICK_WAKE);
	}
}

void host_window(void)
{
	__asm__ volatile("sti; nop; cli" ::: "memory");
}
