/* SPDX-License-Identifier: Apache-2.0 */
#include "ghcb_priv.h"
#include "host.h"
#include "launch.h"
#include "ram.h"
#include "rmp.h"
#include "trace.h"

#define EXIT_VMGEXIT 0x403U
#define VMPL_SHIFT 16U
#define REQUEST_BITS 16U
#define HOLD_WOKEN 1U

struct wait {
	struct vcpu *self;
	unsigned int target;
};

/* acquire, pairs with vcpu_request() */
static bool still_waits(void *ctx)
{
	const struct wait *wait = ctx;

	return !vcpu_ap_done(wait->target) &&
	       (atomic_load_explicit(&wait->self->requests, memory_order_acquire) & VCPU_REQ_AP) ==
		       0U;
}

/* The own VMSA is given back first: what the target waits for may be just that. Events for the
 * waiting vCPU itself are served meanwhile: two that destroy each other would wait for ever. */
static void wait_done(struct vcpu *vcpu, unsigned int target)
{
	struct wait wait = { .self = vcpu, .target = target };

	while (!vcpu_ap_done(target)) {
		if (vcpu->loaded) {
			vcpu_leave(vcpu, EXIT_VMGEXIT, 0, 0);
		}
		vcpu_ap_serve(vcpu);
		if (still_waits(&wait)) {
			host_idle(still_waits, &wait);
		}
	}
}

static bool vmsa_ok(const struct ghcb_call *call)
{
	gpa_t vmsa = gpa_make(call->info2);

	return (vmsa.raw & EMU_PAGE_MASK) == 0U && ram_is_memory(vmsa) && rmp_is_vmsa(vmsa) &&
	       call->rax == launch_get()->sev_features;
}

/* A VMPL may neither run nor stop what is more privileged than it. */
static bool target_ok(const struct vcpu *vcpu, uint64_t cpu, uint64_t vmpl, uint64_t event)
{
	return cpu < vcpu_count() && vmpl < EMU_NR_VMPLS && vmpl >= vcpu->vmpl &&
	       event <= VCPU_AP_DESTROY;
}

void ghcb_exit_ap_creation(struct vcpu *vcpu, struct ghcb_call *call)
{
	unsigned int cpu = (unsigned int)(call->info1 >> 32);
	unsigned int vmpl = (unsigned int)(call->info1 >> VMPL_SHIFT) & 0xffffU;
	unsigned int event = (unsigned int)(call->info1 & ((1U << REQUEST_BITS) - 1U));
	gpa_t vmsa = event == VCPU_AP_DESTROY ? GPA_NONE : gpa_make(call->info2);

	if (!target_ok(vcpu, cpu, vmpl, event)) {
		ghcb_malformed(call, GHCB_REASON_INVALID);
		return;
	}
	if (event != VCPU_AP_DESTROY && !GHCB_CALL_HAS(call, rax)) {
		ghcb_malformed(call, GHCB_REASON_MISSING);
		return;
	}
	if (event != VCPU_AP_DESTROY && !vmsa_ok(call)) {
		ghcb_malformed(call, GHCB_REASON_INVALID);
		return;
	}
	trace_note(vcpu, TRACE_AP, cpu, event, call->info2, 0);
	trace_ap(vcpu, event, cpu, vmpl, gpa_make(call->info2), call->rax);
	while (!vcpu_ap_event(cpu, (enum vcpu_ap_event)event, vmpl, vmsa)) {
		wait_done(vcpu, cpu);
	}
	if (event == VCPU_AP_DESTROY) {
		wait_done(vcpu, cpu);
	}
}

/* The vCPU sleeps until an SIPI; it then finds that there was one. */
void ghcb_exit_ap_hold(struct vcpu *vcpu, struct ghcb_call *call)
{
	vcpu->state = VCPU_AP_HOLD;
	call->out_info2 = HOLD_WOKEN;
}
