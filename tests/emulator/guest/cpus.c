/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>

#include "guest.h"

/* Other vCPUs at VMPL0: each waits for a function to call. */
struct mailbox {
	_Atomic(uint64_t) fn; /* 0: idle */
	uint64_t arg;
	_Atomic(uint64_t) done; /* calls that ended */
	uint64_t posted;
};
static struct mailbox mailboxes[NR_CPUS];

static void serve(uint64_t cpu)
{
	struct mailbox *mailbox = &mailboxes[cpu];

	ghcb_setup();
	atomic_fetch_add_explicit(&mailbox->done, 1, memory_order_release); /* cpu_wait */
	for (;;) {
		/* Pairs with the release in cpu_call(): the argument is there. */
		const uint64_t fn = atomic_load_explicit(&mailbox->fn, memory_order_acquire);

		if (fn == 0U) {
			__asm__ volatile("pause");
			continue;
		}
		((void (*)(uint64_t))fn)(mailbox->arg);
		atomic_store_explicit(&mailbox->fn, 0, memory_order_relaxed);
		atomic_fetch_add_explicit(&mailbox->done, 1, memory_order_release); /* cpu_wait */
	}
}

void cpu_start(unsigned int cpu)
{
	mailboxes[cpu].posted = 1;
	vmsa_make(vmsa_of(cpu, 0), cpu, 0, serve, cpu);
	check("7.14", "vCPU started by AP creation", vmsa_start(cpu, 0) ? 1 : 0, 1);
	cpu_wait(cpu);
}

void cpu_restart(unsigned int cpu)
{
	struct mailbox *mailbox = &mailboxes[cpu];

	atomic_store_explicit(&mailbox->fn, 0, memory_order_relaxed);
	atomic_store_explicit(&mailbox->done, 0, memory_order_relaxed);
	(void)rmpadjust((uint64_t)vmsa_of(cpu, 0), 0, rmp_rdx(1, 0));
	cpu_start(cpu);
}

void cpu_call(unsigned int cpu, void (*fn)(uint64_t), uint64_t arg)
{
	mailboxes[cpu].arg = arg;
	mailboxes[cpu].posted++;
	/* Pairs with the acquire in serve(). */
	atomic_store_explicit(&mailboxes[cpu].fn, (uint64_t)fn, memory_order_release);
}

bool cpu_idle(unsigned int cpu)
{
	/* Pairs with the releases in serve(). */
	return atomic_load_explicit(&mailboxes[cpu].done, memory_order_acquire) ==
	       mailboxes[cpu].posted;
}

void cpu_wait(unsigned int cpu)
{
	while (!cpu_idle(cpu)) {
		__asm__ volatile("pause");
	}
}
