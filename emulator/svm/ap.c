/* SPDX-License-Identifier: Apache-2.0 */

/*
 * AP creation events and SIPIs, from any processor to one vCPU. A mailbox per vCPU holds one event:
 * FREE -> FILLING by the compare-exchange of one poster, POSTED when it is complete, FREE again by
 * the vCPU's own processor.
 */

#include "svm.h"
#include "trace.h"

enum { FREE, FILLING, POSTED };

static struct mailbox {
	_Alignas(64) _Atomic(uint32_t) state;
	enum vcpu_ap_event event;
	unsigned int vmpl;
	gpa_t vmsa;
} mailboxes[EMU_MAX_CPUS];

/* The created VMPL runs at once, unless another one is just running: then when that one halts. */
static void create(struct vcpu *vcpu, unsigned int vmpl, gpa_t vmsa)
{
	bool other_runs = vcpu->state == VCPU_RUN && vcpu->vmpl != vmpl;

	vcpu_set_vmsa(vcpu, vmpl, vmsa, !other_runs);
	if (other_runs) {
		run_of(vcpu)->created |= 1U << vmpl;
	}
}

static void destroy(struct vcpu *vcpu, unsigned int vmpl)
{
	vcpu_set_vmsa(vcpu, vmpl, GPA_NONE, false);
	run_of(vcpu)->created &= ~(1U << vmpl);
	if (vcpu->vmpl == vmpl) {
		vcpu->state = VCPU_NONE;
	}
}

static void apply(struct vcpu *vcpu, enum vcpu_ap_event event, unsigned int vmpl, gpa_t vmsa)
{
	bool frozen = vcpu->state == VCPU_FROZEN;

	trace_note(vcpu, TRACE_AP, vcpu->cpu, event, vmsa.raw, vmpl);
	switch (event) {
	case VCPU_AP_ON_INIT:
		run_of(vcpu)->on_init[vmpl] = vmsa;
		break;
	case VCPU_AP_CREATE:
		create(vcpu, vmpl, vmsa);
		break;
	case VCPU_AP_DESTROY:
		destroy(vcpu, vmpl);
		break;
	}
	if (frozen) { /* the host takes note and runs it no more for that */
		vcpu->state = VCPU_FROZEN;
	}
}

bool vcpu_ap_event(unsigned int cpu, enum vcpu_ap_event event, unsigned int vmpl, gpa_t vmsa)
{
	struct mailbox *box = &mailboxes[cpu];
	uint32_t expected = FREE;

	if (cpu >= vcpu_count() || vmpl >= EMU_NR_VMPLS) {
		return false;
	}
	/* acquire: pairs with the release that frees the box */
	if (!atomic_compare_exchange_strong_explicit(&box->state, &expected, FILLING,
						     memory_order_acquire, memory_order_relaxed)) {
		return false;
	}
	if (cpu == host_cpu()) {
		apply(vcpu_at(cpu), event, vmpl, vmsa);
		/* release: pairs with the acquire of the next poster */
		atomic_store_explicit(&box->state, FREE, memory_order_release);
		return true;
	}
	box->event = event;
	box->vmpl = vmpl;
	box->vmsa = vmsa;
	/* release: pairs with the acquire in vcpu_ap_serve() */
	atomic_store_explicit(&box->state, POSTED, memory_order_release);
	vcpu_request(cpu, VCPU_REQ_AP);
	return true;
}

bool vcpu_ap_done(unsigned int cpu)
{
	/* acquire: pairs with the release in vcpu_ap_serve(), the VMSA is no longer used */
	return atomic_load_explicit(&mailboxes[cpu].state, memory_order_acquire) == FREE;
}

void vcpu_sipi(unsigned int cpu)
{
	if (cpu < vcpu_count()) {
		/* release: pairs with the exchange in vcpu_ap_serve() */
		atomic_store_explicit(&run_of(vcpu_at(cpu))->sipi, 1, memory_order_release);
		vcpu_request(cpu, VCPU_REQ_AP);
	}
}

/* A VMSA that waits for INIT becomes the vCPU's; AP reset hold ends. */
static void take_sipi(struct vcpu *vcpu)
{
	struct vcpu_run *run = run_of(vcpu);

	for (unsigned int v = 0; v < EMU_NR_VMPLS; v++) {
		gpa_t vmsa = run->on_init[v];

		if (!gpa_is_none(vmsa)) {
			run->on_init[v] = GPA_NONE;
			create(vcpu, v, vmsa);
			return;
		}
	}
	if (vcpu->state == VCPU_AP_HOLD) {
		vcpu->state = VCPU_RUN;
	}
}

/* Posters that wait for the event, or for the box. */
static void wake_waiters(unsigned int self)
{
	for (unsigned int cpu = 0; cpu < vcpu_count(); cpu++) {
		if (cpu != self) {
			host_kick(cpu);
		}
	}
}

void vcpu_ap_serve(struct vcpu *vcpu)
{
	struct mailbox *box = &mailboxes[vcpu->cpu];

	/* acquire: pairs with vcpu_request() */
	atomic_fetch_and_explicit(&vcpu->requests, ~VCPU_REQ_AP, memory_order_acquire);

	/* acquire: pairs with the release of the poster */
	if (atomic_load_explicit(&box->state, memory_order_acquire) == POSTED) {
		apply(vcpu, box->event, box->vmpl, box->vmsa);
		/* release: pairs with vcpu_ap_done() and the next poster */
		atomic_store_explicit(&box->state, FREE, memory_order_release);
		wake_waiters(vcpu->cpu);
	}
	/* A SIPI stays until someone waits for it. */
	if (vcpu->state != VCPU_RUN && vcpu->state != VCPU_HALTED &&
	    /* acquire: pairs with vcpu_sipi() */
	    atomic_exchange_explicit(&run_of(vcpu)->sipi, 0, memory_order_acquire) != 0) {
		take_sipi(vcpu);
	}
}
