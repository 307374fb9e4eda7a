/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Nested page faults (rmp-semantics 6). An access is private if its address has the C-bit, if
 * paging is off, and always if it is a fetch or a walk of page tables.
 */

#include "decode.h"
#include "npt.h"
#include "ram.h"
#include "rmp.h"
#include "svm.h"
#include "trace.h"

#define STUCK_FAULTS 4000U
#define STUCK_HZ 1000U

struct npf {
	gpa_t gpa;
	enum npt_tree tree; /* whose entry was missing */
	enum snpm_access access;
	bool private_, walk, fetch;
};

/* On hardware the host returns to the guest and the same fault comes again, for ever
 * (rmp-semantics 2.8). So it does here, but once it is clear that nothing changes, slowly. A host
 * may as well give the vCPU to VMPL0, which finds the fault in the VMSA. */
void npf_stuck(struct vcpu *vcpu, gpa_t gpa, const char *why)
{
	struct vcpu_run *run = run_of(vcpu);
	struct vcpu_stuck *stuck = &run->stuck;
	uint64_t rip = vcpu->vmcb->save.rip;

	if (vcpu->vmpl != 0 && host_option("fault-to-vmpl0") && vcpu_switch(vcpu, 0)) {
		return;
	}
	if (stuck->gpa != gpa.raw || stuck->rip != rip) {
		*stuck = (struct vcpu_stuck){ .gpa = gpa.raw, .rip = rip };
	}
	if (stuck->count < STUCK_FAULTS) {
		stuck->count++;
		return;
	}
	if (stuck->count == STUCK_FAULTS) {
		stuck->count++;
		host_log("vCPU %u VMPL%u: stuck, endless #NPF on gPA 0x%lx at RIP 0x%lx: %s\n",
			 vcpu->cpu, vcpu->vmpl, gpa.raw, rip, why);
		if (host_option("stuck")) {
			emu_stop(EMU_EXIT_STUCK, "vCPU %u is stuck", vcpu->cpu);
		}
	}
	run_sleep(vcpu, host_tsc() + host_tsc_hz() / STUCK_HZ);
}

/* Firmware images lie above low memory. They are private for good: without the C-bit their address
 * is a flash device that is not there. */
static bool is_device(const struct npf *npf)
{
	bool rom = npf->gpa.raw >= ram_top_low().raw && npf->gpa.raw < UINT64_C(1) << 32U;

	return !ram_is_memory(npf->gpa) || (rom && !npf->private_);
}

static void not_validated(struct vcpu *vcpu, const struct npf *npf)
{
	vcpu->vmcb->save.cr2 = decode_fault_address(vcpu, npf->gpa, npf->walk, npf->fetch);
	guest_vc(vcpu, SVM_EXIT_NOT_VALIDATED);
}

static void private_access(struct vcpu *vcpu, const struct npf *npf)
{
	enum snpm_fault fault =
		npt_fill_private(vcpu->vmpl, npf->tree, npf->gpa, npf->access, false);

	/* QEMU knows no RMP: the bits that would say so in the VMSA (rmp-semantics 6.7). */
	if (fault != SNPM_NO_FAULT) {
		run_of(vcpu)->exitinfo1 |= SVM_NPF_RMP;
	}
	if (fault == SNPM_NPF_VMPL) {
		run_of(vcpu)->exitinfo1 |= SVM_NPF_VMPL;
	}
	switch (fault) {
	case SNPM_NO_FAULT:
		break;
	case SNPM_VC_404:
		not_validated(vcpu, npf);
		break;
	case SNPM_NPF_VMPL:
		npf_stuck(vcpu, npf->gpa, "no permission at this VMPL");
		break;
	default:
		if (rmp_is_shared(npf->gpa)) {
			/* The host provides what the guest asks for; the guest then finds the page
			 * not validated (rmp-semantics 2.9). */
			(void)rmp_make_private(npf->gpa, false);
		} else if (npf->access == SNPM_WRITE && rmp_is_vmsa(npf->gpa)) {
			vmsa_write_fault(vcpu, npf->gpa);
		} else {
			npf_stuck(vcpu, npf->gpa, "RMP violation");
		}
	}
}

static void shared_access(struct vcpu *vcpu, const struct npf *npf)
{
	if (npt_fill_shared(vcpu->vmpl, npf->gpa)) {
		return;
	}
	if (rmp_make_shared(npf->gpa, false)) {
		trace_implicit(vcpu, npf->gpa);
	} else {
		npf_stuck(vcpu, npf->gpa,
			  "shared access to a private page that cannot be converted");
	}
}

static enum snpm_access access_of(const struct vcpu *vcpu, uint64_t info)
{
	if ((info & SVM_NPF_WALK) != 0) {
		return SNPM_WRITE; /* QEMU walks guest tables as if it wrote them */
	}
	if ((info & SVM_NPF_FETCH) != 0) {
		return vcpu->vmcb->save.cpl == 3 ? SNPM_XUSER : SNPM_XSUPER;
	}
	return (info & SVM_NPF_WRITE) != 0 ? SNPM_WRITE : SNPM_READ;
}

void npf_exit(struct vcpu *vcpu)
{
	const struct vcpu_run *run = run_of(vcpu);
	uint64_t info = run->exitinfo1;
	bool unpaged = svm_unpaged(vcpu);
	bool c_bit = (run->exitinfo2 & SVM_C_MASK) != 0;
	struct npf npf = {
		.gpa = gpa_make(run->exitinfo2 & ~SVM_C_MASK),
		.tree = unpaged || c_bit ? NPT_PRIVATE : NPT_SHARED,
		.access = access_of(vcpu, info),
		.walk = (info & SVM_NPF_WALK) != 0,
		.fetch = (info & SVM_NPF_FETCH) != 0,
	};

	/* Paging was switched on or off in the guest: go on with the other root. */
	if (vcpu->vmcb->control.ncr3 != npt_root(vcpu->vmpl, unpaged)) {
		return;
	}
	npf.private_ = unpaged || c_bit || npf.walk || npf.fetch;
	if (is_device(&npf)) {
		guest_vc(vcpu, SVM_EXIT_NPF);
	} else if (npf.private_) {
		private_access(vcpu, &npf);
	} else {
		shared_access(vcpu, &npf);
	}
}
