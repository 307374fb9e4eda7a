/* SPDX-License-Identifier: Apache-2.0 */
#include "ghcb_priv.h"
#include "platform.h"
#include "ram.h"

/* Nonzero: the vCPU was woken by an SIPI. It does not see the answer before. */
#define HOLD_WOKEN (UINT64_C(1) << 12)

#define RUN_VMPL_MUST_BE_ZERO (~(GHCB_MSR_CODE_MASK | (UINT64_C(0xff) << 32)))

typedef uint64_t msr_fn(struct vcpu *vcpu, uint64_t request);

static uint64_t sev_info(struct vcpu *vcpu, uint64_t request)
{
	(void)vcpu;
	(void)request;
	return ghcb_msr_sev_info(GHCB_PROTOCOL_MAX, GHCB_PROTOCOL_MIN, EMU_C_BIT);
}

static uint64_t cpuid(struct vcpu *vcpu, uint64_t request)
{
	uint32_t regs[4];

	platform_cpuid(vcpu->cpu, (uint32_t)(request >> 32), 0, regs);
	return ghcb_msr_with_result(GHCB_MSR_CPUID_RESP, regs[(request >> 30) & 3U]);
}

static uint64_t ap_hold(struct vcpu *vcpu, uint64_t request)
{
	(void)request;
	vcpu->state = VCPU_AP_HOLD;
	return GHCB_MSR_AP_HOLD_RESP | HOLD_WOKEN;
}

static uint64_t preferred(struct vcpu *vcpu, uint64_t request)
{
	(void)vcpu;
	(void)request;
	return ghcb_msr_with_gfn(GHCB_MSR_PREFERRED_RESP, GHCB_MSR_NO_PREFERENCE);
}

/* The page may still be private: firmware registers first and lets its first access convert. */
static uint64_t register_page(struct vcpu *vcpu, uint64_t request)
{
	gpa_t page = gpa_make(request & ~GHCB_MSR_CODE_MASK);

	if (!ram_is_memory(page)) {
		return ghcb_msr_with_gfn(GHCB_MSR_REGISTER_RESP, GHCB_MSR_GFN_MASK);
	}
	vcpu->ghcb_registered[vcpu->vmpl] = page;
	return ghcb_msr_with_gfn(GHCB_MSR_REGISTER_RESP, ghcb_msr_gfn(request));
}

static uint64_t psc(struct vcpu *vcpu, uint64_t request)
{
	gpa_t page = gpa_make(ghcb_msr_psc_gfn(request) << EMU_PAGE_SHIFT);
	unsigned int op = ghcb_msr_psc_op(request);
	bool ok = (op == GHCB_PSC_PRIVATE || op == GHCB_PSC_SHARED) &&
		  ghcb_psc(vcpu, page, op, false, true);

	return ghcb_msr_with_result(GHCB_MSR_PSC_RESP, ok ? 0U : 1U);
}

/* A VMPL that asked for VMPL0 keeps its request in the register until it is given the vCPU again:
 * ghcb_complete_run_vmpl() then knows where to answer. */
static uint64_t run_vmpl(struct vcpu *vcpu, uint64_t request)
{
	unsigned int caller = vcpu->vmpl;

	if ((request & RUN_VMPL_MUST_BE_ZERO) != 0U ||
	    !ghcb_run_vmpl(vcpu, ghcb_msr_vmpl(request), true)) {
		return ghcb_msr_with_result(GHCB_MSR_RUN_VMPL_RESP, 1U);
	}
	return caller == 0U ? GHCB_MSR_RUN_VMPL_RESP : request;
}

static uint64_t features(struct vcpu *vcpu, uint64_t request)
{
	(void)vcpu;
	(void)request;
	return GHCB_MSR_FEATURES_RESP | (GHCB_OWN_FEATURES << 12);
}

static uint64_t terminate(struct vcpu *vcpu, uint64_t request)
{
	ghcb_terminate(vcpu, (unsigned int)(request >> 12) & 0xfU,
		       (unsigned int)(request >> 16) & 0xffU);
}

static const struct {
	uint64_t request;
	msr_fn *serve;
} requests[] = {
	{ GHCB_MSR_RUN_VMPL_REQ, run_vmpl },
	{ GHCB_MSR_PSC_REQ, psc },
	{ GHCB_MSR_CPUID_REQ, cpuid },
	{ GHCB_MSR_SEV_INFO_REQ, sev_info },
	{ GHCB_MSR_AP_HOLD_REQ, ap_hold },
	{ GHCB_MSR_PREFERRED_REQ, preferred },
	{ GHCB_MSR_REGISTER_REQ, register_page },
	{ GHCB_MSR_FEATURES_REQ, features },
	{ GHCB_MSR_TERMINATE_REQ, terminate },
};

/* The protocol has no answer to an unknown request: the guest finds its own value, which is not the
 * response that it waits for. */
void ghcb_msr_request(struct vcpu *vcpu, uint64_t request)
{
	unsigned int caller = vcpu->vmpl;

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		if (requests[i].request == ghcb_msr_code(request)) {
			vcpu->ghcb_msr[caller] = requests[i].serve(vcpu, request);
			return;
		}
	}
}
