/* SPDX-License-Identifier: Apache-2.0 */

#include "shootdown.h"

#include "svm.h"

#define AGAIN_HZ 200U

static _Atomic(uint32_t) active;
static _Atomic(uint64_t) epoch = 1;

struct wait {
	uint32_t cpus; /* that were in their guests */
	uint64_t exits[EMU_MAX_CPUS];
};

void shootdown_begin(void)
{
	/* seq_cst: before the removal; pairs with shootdown_under_way() after a search in vain */
	atomic_fetch_add_explicit(&active, 1, memory_order_seq_cst);
}

void shootdown_end(void)
{
	/* release: pairs with shootdown_under_way(), whoever sees no removal under way knows the
	 * processors to be clean */
	atomic_fetch_sub_explicit(&active, 1, memory_order_release);
}

bool shootdown_under_way(void)
{
	/* seq_cst: pairs with shootdown_begin() and shootdown_end() */
	return atomic_load_explicit(&active, memory_order_seq_cst) > 1U;
}

uint64_t shootdown_epoch(void)
{
	/* seq_cst: after the store of in_guest in run.c; pairs with shootdown_wait() */
	return atomic_load_explicit(&epoch, memory_order_seq_cst);
}

static bool must_wait(void *ctx)
{
	const struct wait *wait = ctx;

	for (unsigned int cpu = 0; cpu < vcpu_count(); cpu++) {
		const struct vcpu_run *run = run_of(vcpu_at(cpu));

		/* acquire: pairs with the release after #VMEXIT in run.c */
		if ((wait->cpus >> cpu & 1U) != 0 &&
		    atomic_load_explicit(&run->exits, memory_order_acquire) == wait->exits[cpu]) {
			return true;
		}
	}
	return false;
}

/* Who is in the guest, and how often each has left it so far. */
static void snapshot(struct wait *wait, unsigned int vmpls)
{
	unsigned int self = host_cpu();

	wait->cpus = 0;
	for (unsigned int cpu = 0; cpu < vcpu_count(); cpu++) {
		const struct vcpu_run *run = run_of(vcpu_at(cpu));
		uint32_t inside;

		/* seq_cst both: the count is read first, so that an exit in between is seen as one;
		 * in_guest pairs with the store before VMRUN in run.c */
		wait->exits[cpu] = atomic_load_explicit(&run->exits, memory_order_seq_cst);
		inside = atomic_load_explicit(&run->in_guest, memory_order_seq_cst);
		if (cpu != self && inside != 0 && (vmpls >> (inside - 1U) & 1U) != 0) {
			wait->cpus |= UINT32_C(1) << cpu;
		}
	}
}

static void request_exits(const struct wait *wait)
{
	for (unsigned int cpu = 0; cpu < vcpu_count(); cpu++) {
		/* acquire: pairs with the release after #VMEXIT in run.c */
		if ((wait->cpus >> cpu & 1U) != 0 &&
		    atomic_load_explicit(&run_of(vcpu_at(cpu))->exits, memory_order_acquire) ==
			    wait->exits[cpu]) {
			vcpu_request(cpu, VCPU_REQ_SHOOT);
		}
	}
}

void shootdown_wait(unsigned int vmpls)
{
	struct vcpu_run *own = run_of(vcpu_at(host_cpu()));
	struct wait wait;

	/* seq_cst: entries are removed before the epoch ends, and that comes before anyone's
	 * in_guest is read; pairs with the store of in_guest and shootdown_epoch() in run.c */
	atomic_fetch_add_explicit(&epoch, 1, memory_order_seq_cst);
	snapshot(&wait, vmpls);
	if (wait.cpus == 0) {
		return;
	}
	/* seq_cst: visible before the request that leads to shootdown_wake() */
	atomic_store_explicit(&own->waits, 1, memory_order_seq_cst);
	while (must_wait(&wait)) {
		request_exits(&wait);
		/* A request can be lost (host_kick()): look again after a while. */
		host_timer(host_tsc() + host_tsc_hz() / AGAIN_HZ);
		host_idle(must_wait, &wait);
	}
	own->deadline = 0; /* the timer was used: interrupt_timer() sets it anew */
	atomic_store_explicit(&own->waits, 0, memory_order_relaxed);
}

void shootdown_wake(void)
{
	for (unsigned int cpu = 0; cpu < vcpu_count(); cpu++) {
		const struct vcpu_run *run = run_of(vcpu_at(cpu));

		/* seq_cst: pairs with the store in shootdown_wait() */
		if (atomic_load_explicit(&run->waits, memory_order_seq_cst) != 0) {
			host_kick(cpu);
		}
	}
}
