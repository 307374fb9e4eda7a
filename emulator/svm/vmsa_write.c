/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Writes to VMSA pages (rmp-semantics 6.10, 7.3). Such pages are read-only in the nested tables;
 * the first write comes here. Not in use: the page is opened, that is entered with write access,
 * and vcpu_enter() closes it again. In use: the writer stalls until its user has left it, as
 * hardware makes it retry; it does not spin, and its own VMSA is not in use meanwhile.
 */

#include "npt.h"
#include "rmp.h"
#include "shootdown.h"
#include "svm.h"

/* Another vCPU that runs on @vmsa; NULL: none. */
static const struct vcpu *user_of(gpa_t vmsa, const struct vcpu *writer)
{
	for (unsigned int cpu = 0; cpu < vcpu_count(); cpu++) {
		const struct vcpu *other = vcpu_at(cpu);

		/* acquire: pairs with the release in vcpu_leave() */
		if (other != writer && atomic_load_explicit(&run_of(other)->loaded_vmsa,
							    memory_order_acquire) == vmsa.raw) {
			return other;
		}
	}
	return NULL;
}

struct stall {
	const struct vcpu *writer;
	gpa_t vmsa;
};

static bool must_stall(void *ctx)
{
	const struct stall *stall = ctx;

	/* acquire: pairs with vcpu_request() */
	return user_of(stall->vmsa, stall->writer) != NULL &&
	       atomic_load_explicit(&stall->writer->requests, memory_order_acquire) == 0;
}

/* Wait a bounded time: on return the instruction is tried again in any case. */
static void stall_writer(struct vcpu *vcpu, gpa_t vmsa, unsigned int user)
{
	struct vcpu_run *run = run_of(vcpu);
	struct stall stall = { .writer = vcpu, .vmsa = vmsa };

	vcpu_leave(vcpu, run->exitcode, run->exitinfo1, run->exitinfo2);
	/* seq_cst: pairs with shootdown_wake() in the other's vcpu_leave() */
	atomic_store_explicit(&run->waits, 1, memory_order_seq_cst);
	vcpu_request(user, VCPU_REQ_LEAVE);
	if (must_stall(&stall)) {
		host_idle(must_stall, &stall);
	}
	atomic_store_explicit(&run->waits, 0, memory_order_relaxed);
}

void vmsa_write_fault(struct vcpu *vcpu, gpa_t gpa)
{
	gpa_t vmsa = gpa_make(gpa.raw & ~EMU_PAGE_MASK);
	const struct vcpu *user = user_of(vmsa, vcpu);

	if (user) {
		stall_writer(vcpu, vmsa, user->cpu);
		return;
	}
	if (vcpu->vmsa[vcpu->vmpl].raw == vmsa.raw) {
		npf_stuck(vcpu, vmsa, "write to the VMSA that runs");
		return;
	}
	/* A vCPU that takes the page into use right now closes it again in vcpu_enter(). */
	(void)npt_fill_private(vcpu->vmpl, NPT_PRIVATE, vmsa, SNPM_WRITE, true);
}
