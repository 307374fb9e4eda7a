/* SPDX-License-Identifier: Apache-2.0 */

/* vCPUs: their records, registers, and which VMSA they use. */

#include "vcpu.h"

#include "hostile.h"
#include "npt.h"
#include "ram.h"
#include "rmp.h"
#include "shootdown.h"
#include "svm.h"
#include "trace.h"
#include "vlapic.h"

/* What the GHCB MSR reads at reset: protocol versions 1 to 2, C-bit (56421, SEV information). */
#define GHCB_MSR_SEV_INFO                                                                          \
	(UINT64_C(2) << 48U | UINT64_C(1) << 32U | (uint64_t)EMU_C_BIT << 24U | 1U)

static struct vcpu vcpus[EMU_MAX_CPUS];
static struct vcpu_run runs[EMU_MAX_CPUS];
static unsigned int nr_vcpus;

unsigned int vcpu_count(void)
{
	return nr_vcpus;
}

struct vcpu *vcpu_at(unsigned int cpu)
{
	return &vcpus[cpu];
}

void vcpu_request(unsigned int cpu, uint64_t bits)
{
	/* seq_cst: pairs with the load of the run loop after it has set in_guest: either it sees
	 * the bits, or the kick ends its VMRUN */
	atomic_fetch_or_explicit(&vcpus[cpu].requests, bits, memory_order_seq_cst);
	if (cpu != host_cpu()) {
		host_kick(cpu);
	}
}

uint64_t vcpu_reg(const struct vcpu *vcpu, unsigned int reg)
{
	switch (reg) {
	case REG_RAX:
		return vcpu->vmcb->save.rax;
	case REG_RSP:
		return vcpu->vmcb->save.rsp;
	default:
		return vcpu->gpr[reg];
	}
}

static void init_one(unsigned int cpu)
{
	struct vcpu *vcpu = &vcpus[cpu];
	struct vcpu_run *run = &runs[cpu];

	vcpu->cpu = cpu;
	vcpu->priv = run;
	vcpu->vmcb = svm_vmcb_create();
	vcpu->caller_vmpl = -1;
	run->irq = VCPU_NO_VECTOR;
	run->deadline = UINT64_MAX;
	atomic_init(&run->loaded_vmsa, UINT64_MAX);
	for (unsigned int v = 0; v < EMU_NR_VMPLS; v++) {
		vcpu->vmsa[v] = GPA_NONE;
		vcpu->ghcb_registered[v] = GPA_NONE;
		vcpu->ghcb_msr[v] = GHCB_MSR_SEV_INFO;
		run->on_init[v] = GPA_NONE;
		vcpu->vlapic[v] = vlapic_create(cpu, v);
	}
}

void vcpu_init(unsigned int n)
{
	run_init();
	svm_tables_init(rmp_stale());
	npt_init();
	nr_vcpus = n;
	for (unsigned int cpu = 0; cpu < n; cpu++) {
		init_one(cpu);
	}
}

void vcpu_set_vmsa(struct vcpu *vcpu, unsigned int vmpl, gpa_t vmsa, bool run)
{
	if (vcpu->loaded && vcpu->vmpl == vmpl) {
		vcpu_leave(vcpu, SVM_EXIT_INTR, 0, 0);
	}
	vcpu->vmsa[vmpl] = vmsa;
	/* The answer was for the VMSA that asked. */
	if (vcpu->caller_vmpl == (int)vmpl) {
		vcpu->caller_vmpl = -1;
	}
	if (!run) {
		return;
	}
	if (vcpu->loaded) {
		vcpu_leave(vcpu, SVM_EXIT_INTR, 0, 0);
	}
	vcpu->vmpl = vmpl;
	vcpu->state = gpa_is_none(vmsa) ? VCPU_NONE : VCPU_RUN;
}

/* Nobody may write the page while VMRUN uses it: take back what vmsa_write.c has opened. */
static void close_page(gpa_t vmsa)
{
	unsigned int vmpls;

	shootdown_begin();
	if (npt_protect(vmsa, &vmpls)) {
		shootdown_wait(vmpls);
	}
	shootdown_end();
}

static uint64_t system_page(gpa_t gpa)
{
	hpa_t hpa = hpa_make(UINT64_MAX);

	(void)ram_translate(gpa, &hpa);
	return hpa.raw >> EMU_PAGE_SHIFT;
}

/* VMRUN's checks; the page is in use if they pass. */
static struct vmsa_page *begin_use(unsigned int vmpl, gpa_t vmsa)
{
	struct vmsa_page *page = vmsa_pointer(vmsa);

	if (!page || !vmsa_enterable(page, vmpl)) {
		return NULL;
	}
	if (!snpm_vmrun_begin(rmp_table(), system_page(vmsa), gpa_page_number(vmsa))) {
		return NULL;
	}
	close_page(vmsa);
	if (!vmsa_enterable(page, vmpl)) { /* changed before it was closed */
		snpm_vmrun_end(rmp_table(), system_page(vmsa));
		return NULL;
	}
	return page;
}

static void load(struct vcpu *vcpu, unsigned int vmpl, struct vmsa_page *page)
{
	struct vcpu_run *run = run_of(vcpu);

	vcpu->vmpl = vmpl;
	vmsa_load(vcpu, page);
	run->flushed = 0;	  /* other page tables under the same ASID */
	if (page->pcpu_id == 0) { /* a request to flush (rmp-semantics 7.12) */
		rmp_guest_flushed();
		page->tlb_id = 1;
		page->pcpu_id = vcpu->cpu + 1U;
	}
	vcpu->loaded = true;
	run->refused = false;
	/* release: pairs with the acquire in vmsa_write.c */
	atomic_store_explicit(&run->loaded_vmsa, vcpu->vmsa[vmpl].raw, memory_order_release);
	trace_note(vcpu, TRACE_ENTER, vmpl, vcpu->vmsa[vmpl].raw, 0, 0);
}

bool vcpu_enter(struct vcpu *vcpu)
{
	struct vmsa_page *page = begin_use(vcpu->vmpl, vcpu->vmsa[vcpu->vmpl]);

	if (!page) {
		return false;
	}
	load(vcpu, vcpu->vmpl, page);
	return true;
}

void vcpu_leave(struct vcpu *vcpu, uint64_t exitcode, uint64_t info1, uint64_t info2)
{
	struct vcpu_run *run = run_of(vcpu);
	gpa_t vmsa = vcpu->vmsa[vcpu->vmpl];
	struct vmsa_page *page = vmsa_pointer(vmsa);

	vmsa_store(vcpu, page);
	page->guest_exitcode = hostile_exitcode(vcpu, exitcode);
	page->guest_exitinfo1 = info1;
	page->guest_exitinfo2 = info2;
	page->guest_exitintinfo = 0;
	page->guest_nrip = page->rip;
	vcpu->loaded = false;
	snpm_vmrun_end(rmp_table(), system_page(vmsa));
	/* release: the page is written; pairs with the acquire in vmsa_write.c */
	atomic_store_explicit(&run->loaded_vmsa, UINT64_MAX, memory_order_release);
	shootdown_wake();
}

bool vcpu_switch(struct vcpu *vcpu, unsigned int vmpl)
{
	const struct vcpu_run *run = run_of(vcpu);
	struct vmsa_page *page;

	if (vmpl >= EMU_NR_VMPLS || (vmpl == vcpu->vmpl && !vcpu->loaded)) {
		return false;
	}
	if (vmpl == vcpu->vmpl) {
		return true;
	}
	page = begin_use(vmpl, vcpu->vmsa[vmpl]);
	if (!page) {
		return false;
	}
	if (vcpu->loaded) {
		vcpu_leave(vcpu, run->exitcode, run->exitinfo1, run->exitinfo2);
	}
	load(vcpu, vmpl, page);
	vcpu->state = VCPU_RUN;
	return true;
}
