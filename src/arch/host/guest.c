/* SPDX-License-Identifier: Apache-2.0 */
#include <sched.h>
#include <string.h>

#include "machine_internal.h"

enum guest_op { GUEST_READ, GUEST_WRITE, GUEST_EXCHANGE };

struct guest_access {
	enum guest_op op;
	bool shared;
	void *dst;
	const void *src;
};

static const struct {
	size_t vmsa;
	size_t regs;
} saved_regs[] = {
	{ offsetof(struct vmsa_page, rax), offsetof(struct hm_regs, rax) },
	{ offsetof(struct vmsa_page, rcx), offsetof(struct hm_regs, rcx) },
	{ offsetof(struct vmsa_page, rdx), offsetof(struct hm_regs, rdx) },
	{ offsetof(struct vmsa_page, r8), offsetof(struct hm_regs, r8) },
	{ offsetof(struct vmsa_page, r9), offsetof(struct hm_regs, r9) },
	{ offsetof(struct vmsa_page, rip), offsetof(struct hm_regs, rip) },
	{ offsetof(struct vmsa_page, rsp), offsetof(struct hm_regs, rsp) },
	{ offsetof(struct vmsa_page, cr3), offsetof(struct hm_regs, cr3) },
};

/* The VMSA is marked in use while they run, so only its CPU and VMPL0 look at these fields. */
static void save_regs(const struct hm_machine *m, uint64_t spn, const struct hm_regs *regs)
{
	for (size_t i = 0; i < sizeof(saved_regs) / sizeof(saved_regs[0]); i++) {
		uint64_t value;

		memcpy(&value, (const char *)regs + saved_regs[i].regs, sizeof(value));
		atomic_store_explicit(hm_vmsa_field(m, spn, saved_regs[i].vmsa), value,
				      memory_order_relaxed);
	}
}

static void load_regs(const struct hm_machine *m, uint64_t spn, struct hm_regs *regs)
{
	for (size_t i = 0; i < sizeof(saved_regs) / sizeof(saved_regs[0]); i++) {
		uint64_t value = atomic_load_explicit(hm_vmsa_field(m, spn, saved_regs[i].vmsa),
						      memory_order_relaxed);

		memcpy((char *)regs + saved_regs[i].regs, &value, sizeof(value));
	}
}

static void emit_run(const struct hm_cpu *cpu, enum hm_event_kind kind, uint64_t a)
{
	if (hm_observed(cpu->machine)) {
		uint64_t gpa = atomic_load_explicit(&cpu->vmsa_gpa, memory_order_relaxed);
		uint64_t spn = atomic_load_explicit(&cpu->vmsa_spn, memory_order_relaxed);

		hm_emit(cpu->machine,
			&(struct hm_event){
				.kind = kind, .cpu = cpu->index, .gpa = gpa, .spn = spn, .a = a });
	}
}

/* What VMRUN wants of the VMSA itself (rmp-semantics 7.4); *vmpl is what will run. */
static bool vmsa_accepted(const struct hm_machine *m, uint64_t spn, uint64_t efer,
			  unsigned int *vmpl)
{
	const unsigned char *byte = hm_page(m, spn) + offsetof(struct vmsa_page, vmpl);
	uint64_t features = atomic_load_explicit(
		hm_vmsa_field(m, spn, offsetof(struct vmsa_page, sev_features)),
		memory_order_relaxed);

	*vmpl = atomic_load_explicit((const _Atomic(uint8_t) *)byte, memory_order_relaxed);
	return (efer & VMSA_EFER_SVME) != 0U && (features & VMSA_SEV_SNP) != 0U &&
	       *vmpl < SVSM_NR_VMPLS;
}

/* Entries belong to the TLB_ID of one VMSA and die when its PCPU_ID is not this CPU
 * (rmp-semantics 7.12). */
static void sync_tlb(struct hm_cpu *cpu, uint64_t gpa, uint64_t spn, unsigned int vmpl)
{
	struct hm_tlb *tlb = &cpu->tlb[vmpl];
	/* pairs with flush_pcpu: a flush that stored 0 before this exchange is seen, a later one
	 * finds the VMSA in use */
	uint64_t pcpu = atomic_exchange_explicit(
		hm_vmsa_field(cpu->machine, spn, offsetof(struct vmsa_page, pcpu_id)),
		(uint64_t)cpu->index + 1U, memory_order_acq_rel);

	if (vmpl != 0U && (pcpu != (uint64_t)cpu->index + 1U || tlb->vmsa != gpa)) {
		hm_tlb_clear(tlb);
		tlb->vmsa = gpa;
	}
}

/*
 * As the hardware does it: the RMP first. A page that is no VMSA (the host may name any) is not
 * looked at, and one that is marked in use cannot stop being one while it is.
 */
static bool vmrun(struct hm_machine *m, uint64_t gpn, uint64_t spn, unsigned int *vmpl)
{
	_Atomic(uint64_t) *efer = hm_vmsa_field(m, spn, offsetof(struct vmsa_page, efer));

	if (!snpm_vmrun_begin(&m->rmp, spn, gpn)) {
		return false;
	}
	/* pairs with arch_vmsa_svme_clear: either this sees the gate closed, or it sees the VMSA in
	 * use */
	if (!vmsa_accepted(m, spn, atomic_fetch_or_explicit(efer, 0U, memory_order_acq_rel),
			   vmpl)) {
		snpm_vmrun_end(&m->rmp, spn);
		return false;
	}
	return true;
}

bool hm_guest_enter(struct hm_cpu *cpu)
{
	struct hm_machine *m = cpu->machine;
	/* pairs with hm_ap_create: the VMSA was made before the host was told */
	uint64_t gpa = atomic_load_explicit(&cpu->want_vmsa, memory_order_acquire);
	uint64_t gpn = gpa >> SVSM_PAGE_SHIFT;
	unsigned int vmpl;
	uint64_t spn;

	if (gpa == 0U || (gpa & SVSM_PAGE_MASK) != 0U || gpn >= m->guest_pages) {
		return false;
	}
	spn = hm_walk(m, gpn);
	if (!vmrun(m, gpn, spn, &vmpl)) {
		return false;
	}
	sync_tlb(cpu, gpa, spn, vmpl);
	atomic_store_explicit(&cpu->vmsa_gpa, gpa, memory_order_relaxed);
	atomic_store_explicit(&cpu->vmsa_spn, spn, memory_order_relaxed);
	atomic_store_explicit(&cpu->vmpl, vmpl, memory_order_relaxed);
	emit_run(cpu, HM_EV_VMRUN, vmpl);
	/* pairs with force_exit: which VMSA runs */
	atomic_store_explicit(&cpu->run, HM_RUN_GUEST, memory_order_release);
	return true;
}

static unsigned int wait_exiting(struct hm_cpu *cpu)
{
	for (;;) {
		/* pairs with force_exit: its #VMEXIT is complete */
		unsigned int run = atomic_load_explicit(&cpu->run, memory_order_acquire);

		if (run != HM_RUN_EXITING) {
			return run;
		}
		(void)sched_yield();
	}
}

/* #VMEXIT of a CPU that has been taken out of HM_RUN_GUEST. Reported before the in-use mark goes.
 */
static void vmexit(const struct hm_cpu *cpu, const struct hm_regs *regs, const uint64_t *exitcode)
{
	struct hm_machine *m = cpu->machine;
	uint64_t spn = atomic_load_explicit(&cpu->vmsa_spn, memory_order_relaxed);

	if (regs != NULL) {
		save_regs(m, spn, regs);
	}
	if (exitcode != NULL) {
		atomic_store_explicit(
			hm_vmsa_field(m, spn, offsetof(struct vmsa_page, guest_exitcode)),
			*exitcode, memory_order_relaxed);
	}
	emit_run(cpu, HM_EV_VMEXIT, exitcode == NULL ? 0U : *exitcode);
	snpm_vmrun_end(&m->rmp, spn);
}

bool hm_guest_leave(struct hm_cpu *cpu, const struct hm_regs *regs, const uint64_t *exitcode)
{
	unsigned int run = HM_RUN_GUEST;

	/* pairs with force_exit: only one of the two makes the #VMEXIT */
	if (!atomic_compare_exchange_strong_explicit(&cpu->run, &run, HM_RUN_NONE,
						     memory_order_acq_rel, memory_order_acquire)) {
		(void)wait_exiting(cpu);
		return false;
	}
	vmexit(cpu, regs, exitcode);
	return true;
}

static void force_exit(struct hm_cpu *cpu)
{
	static const uint64_t intr = VMSA_EXIT_INTR;
	unsigned int run = HM_RUN_GUEST;

	/* seq_cst: pairs with hm_bracket_begin: the CPU sees it left the guest, or its open bracket
	 * is seen below */
	if (!atomic_compare_exchange_strong_explicit(&cpu->run, &run, HM_RUN_EXITING,
						     memory_order_seq_cst, memory_order_relaxed)) {
		return;
	}
	hm_bracket_wait(cpu);
	vmexit(cpu, NULL, &intr);
	/* pairs with wait_exiting */
	atomic_store_explicit(&cpu->run, HM_RUN_NONE, memory_order_release);
}

static bool cpu_runs(const struct hm_cpu *cpu, uint64_t spn)
{
	/* pairs with hm_guest_enter */
	return atomic_load_explicit(&cpu->run, memory_order_acquire) != HM_RUN_NONE &&
	       atomic_load_explicit(&cpu->vmsa_spn, memory_order_relaxed) == spn;
}

void hm_force_exit(struct hm_machine *m, uint64_t spn)
{
	for (unsigned int i = 0; i < m->config.nr_vcpus; i++) {
		if (cpu_runs(&m->cpus[i], spn)) {
			force_exit(&m->cpus[i]);
		}
	}
}

bool hm_runs(struct hm_machine *m, uint64_t spn)
{
	for (unsigned int i = 0; i < m->config.nr_vcpus; i++) {
		if (cpu_runs(&m->cpus[i], spn)) {
			return true;
		}
	}
	return false;
}

/* In the guest, on the VMSA that the host wants; false if VMRUN fails. */
static bool ensure_running(struct hm_cpu *cpu)
{
	static const uint64_t intr = VMSA_EXIT_INTR;

	for (;;) {
		if (wait_exiting(cpu) == HM_RUN_NONE) {
			return hm_guest_enter(cpu);
		}
		if (atomic_load_explicit(&cpu->vmsa_gpa, memory_order_relaxed) ==
		    atomic_load_explicit(&cpu->want_vmsa, memory_order_relaxed)) {
			return true;
		}
		(void)hm_guest_leave(cpu, NULL, &intr);
	}
}

static enum hm_access access_result(struct hm_machine *m, enum snpm_fault fault)
{
	switch (fault) {
	case SNPM_NO_FAULT:
		return HM_OK;
	case SNPM_VC_404:
		return HM_VC_404;
	case SNPM_NPF:
	case SNPM_NPF_SIZEM:
	case SNPM_NPF_VMPL:
	case SNPM_GP:
	default:
		hm_count(m, HM_COUNT_NPF);
		return HM_NPF;
	}
}

static void perform(const struct guest_access *access, unsigned char *address, size_t len)
{
	switch (access->op) {
	case GUEST_READ:
		hm_copy_from(access->dst, address, len);
		break;
	case GUEST_WRITE:
		hm_copy_to(address, access->src, len);
		break;
	case GUEST_EXCHANGE:
	default:
		/* pairs with the 1-byte store of arch_guest_write: the results of the call */
		*(uint8_t *)access->dst = atomic_exchange_explicit((_Atomic(uint8_t) *)address, 0,
								   memory_order_acq_rel);
		break;
	}
}

static enum hm_access private_access(struct hm_cpu *cpu, uint64_t generation,
				     const struct guest_access *access, uint64_t gpa, size_t len)
{
	unsigned int vmpl = atomic_load_explicit(&cpu->vmpl, memory_order_relaxed);
	bool write = access->op != GUEST_READ;
	struct hm_view view = { .gpn = gpa >> SVSM_PAGE_SHIFT };
	enum snpm_fault fault =
		hm_translate(cpu, vmpl, generation, write ? SNPM_WRITE : SNPM_READ, &view);

	if (fault != SNPM_NO_FAULT) {
		return access_result(cpu->machine, fault);
	}
	perform(access, view.page + (gpa & SVSM_PAGE_MASK), len);
	if (hm_observed(cpu->machine)) {
		hm_emit(cpu->machine,
			&(struct hm_event){ .kind = write ? HM_EV_GUEST_WRITE : HM_EV_GUEST_READ,
					    .cpu = cpu->index,
					    .gpa = view.gpn << SVSM_PAGE_SHIFT,
					    .spn = view.spn,
					    .a = vmpl,
					    .b = view.cached });
	}
	return HM_OK;
}

/* Reads too: KVM converts a page that is assigned before it lets a C=0 access through
 * (rmp-semantics 2.9). */
static enum hm_access shared_access(struct hm_cpu *cpu, const struct guest_access *access,
				    uint64_t gpa, size_t len)
{
	struct hm_machine *m = cpu->machine;
	uint64_t spn = hm_walk(m, gpa >> SVSM_PAGE_SHIFT);
	enum snpm_fault fault = snpm_shared_check(&m->rmp, spn);

	if (fault == SNPM_NO_FAULT) {
		perform(access, hm_page(m, spn) + (gpa & SVSM_PAGE_MASK), len);
	}
	return access_result(m, fault);
}

static enum hm_access access_page(struct hm_cpu *cpu, const struct guest_access *access,
				  uint64_t gpa, size_t len)
{
	for (;;) {
		uint64_t generation;
		enum hm_access result;

		if (!ensure_running(cpu)) {
			return HM_NOT_RUNNING;
		}
		generation = hm_bracket_begin(cpu);
		/* seq_cst: pairs with force_exit */
		if (atomic_load_explicit(&cpu->run, memory_order_seq_cst) != HM_RUN_GUEST) {
			hm_bracket_end(cpu);
			continue;
		}
		result = access->shared ? shared_access(cpu, access, gpa, len)
					: private_access(cpu, generation, access, gpa, len);
		hm_bracket_end(cpu);
		return result;
	}
}

static enum hm_access guest_access(const char *function, struct guest_access access, uint64_t gpa,
				   size_t len)
{
	struct hm_cpu *cpu = hm_self_checked(function);

	while (len > 0U) {
		size_t step = SVSM_PAGE_SIZE - (gpa & SVSM_PAGE_MASK);
		enum hm_access result;

		step = step < len ? step : len;
		if (!hm_layout_has(&cpu->machine->layout, gpa)) {
			return HM_NO_MEMORY;
		}
		result = access_page(cpu, &access, gpa, step);
		if (result != HM_OK) {
			return result;
		}
		access.dst = access.dst == NULL ? NULL : (unsigned char *)access.dst + step;
		access.src = access.src == NULL ? NULL : (const unsigned char *)access.src + step;
		gpa += step;
		len -= step;
	}
	return HM_OK;
}

enum hm_access hm_guest_read(struct hm_machine *m, uint64_t gpa, void *dst, size_t len)
{
	(void)m;
	return guest_access(__func__, (struct guest_access){ .op = GUEST_READ, .dst = dst }, gpa,
			    len);
}

enum hm_access hm_guest_write(struct hm_machine *m, uint64_t gpa, const void *src, size_t len)
{
	(void)m;
	return guest_access(__func__, (struct guest_access){ .op = GUEST_WRITE, .src = src }, gpa,
			    len);
}

enum hm_access hm_guest_read_shared(struct hm_machine *m, uint64_t gpa, void *dst, size_t len)
{
	(void)m;
	return guest_access(__func__,
			    (struct guest_access){ .op = GUEST_READ, .shared = true, .dst = dst },
			    gpa, len);
}

enum hm_access hm_guest_write_shared(struct hm_machine *m, uint64_t gpa, const void *src,
				     size_t len)
{
	(void)m;
	return guest_access(__func__,
			    (struct guest_access){ .op = GUEST_WRITE, .shared = true, .src = src },
			    gpa, len);
}

void hm_guest_flush(struct hm_machine *m)
{
	struct hm_cpu *cpu = hm_self_checked(__func__);

	(void)m;
	if (ensure_running(cpu)) {
		hm_tlb_clear(&cpu->tlb[atomic_load_explicit(&cpu->vmpl, memory_order_relaxed)]);
	}
}

/* One entry of VMPL0, then VMRUN. */
static enum hm_exit serve(struct hm_cpu *cpu)
{
	unsigned int vmpl;

	emit_run(cpu, HM_EV_SVSM_ENTER, 0);
	vmpl = svsm_serve(cpu->index);
	emit_run(cpu, HM_EV_SVSM_LEAVE, vmpl);
	return vmpl != SVSM_ENTER_NONE && hm_guest_enter(cpu) ? HM_RESUMED : HM_STOPPED;
}

enum hm_exit hm_vmgexit(struct hm_machine *m, struct hm_regs *regs)
{
	static const uint64_t vmgexit = VMSA_EXIT_VMGEXIT;
	struct hm_cpu *cpu = hm_self_checked(__func__);

	do {
		if (!ensure_running(cpu)) {
			return HM_STOPPED;
		}
	} while (!hm_guest_leave(cpu, regs, &vmgexit));
	hm_count(m, HM_COUNT_VMGEXIT);
	hm_cost(m, m->config.cost_switch);
	if (serve(cpu) == HM_STOPPED) {
		return HM_STOPPED;
	}
	load_regs(m, atomic_load_explicit(&cpu->vmsa_spn, memory_order_relaxed), regs);
	return HM_RESUMED;
}

enum hm_call hm_call(struct hm_machine *m, uint64_t ca, struct hm_regs *regs)
{
	uint8_t pending = 1;
	enum hm_access result = hm_guest_write(m, ca, &pending, 1);

	if (result == HM_NOT_RUNNING || (result == HM_OK && hm_vmgexit(m, regs) == HM_STOPPED)) {
		return HM_CALL_STOPPED;
	}
	if (result == HM_OK) {
		result = guest_access(
			__func__, (struct guest_access){ .op = GUEST_EXCHANGE, .dst = &pending },
			ca, 1);
	}
	if (result != HM_OK) {
		return result == HM_NOT_RUNNING ? HM_CALL_STOPPED : HM_CALL_FAULT;
	}
	return pending == 0U ? HM_CALL_DONE : HM_CALL_NOT_SERVED;
}

void hm_guest_idle(struct hm_machine *m)
{
	static const uint64_t hlt = VMSA_EXIT_HLT;

	(void)m;
	(void)hm_guest_leave(hm_self_checked(__func__), NULL, &hlt);
}

bool hm_guest_exit(struct hm_machine *m, const struct hm_regs *regs, uint64_t exitcode)
{
	struct hm_cpu *cpu = hm_self_checked(__func__);

	(void)m;
	do {
		if (!ensure_running(cpu)) {
			return false;
		}
	} while (!hm_guest_leave(cpu, regs, &exitcode));
	return true;
}

enum hm_exit hm_spurious_entry(struct hm_machine *m)
{
	struct hm_cpu *cpu = hm_self_checked(__func__);

	(void)m;
	(void)hm_guest_leave(cpu, NULL, NULL);
	return serve(cpu);
}

enum hm_exit hm_spurious_entry_after(struct hm_machine *m, uint64_t exitcode)
{
	(void)hm_guest_exit(m, NULL, exitcode);
	return serve(hm_self_checked(__func__));
}

uint64_t hm_running_vmsa(struct hm_machine *m, unsigned int index)
{
	const struct hm_cpu *cpu = &m->cpus[index];

	/* pairs with hm_guest_enter */
	return atomic_load_explicit(&cpu->run, memory_order_acquire) == HM_RUN_NONE
		       ? 0U
		       : atomic_load_explicit(&cpu->vmsa_gpa, memory_order_relaxed);
}

unsigned int hm_running_vmpl(struct hm_machine *m, unsigned int index)
{
	return atomic_load_explicit(&m->cpus[index].vmpl, memory_order_relaxed);
}

void hm_ap_create(struct hm_machine *m, unsigned int index, uint64_t vmsa)
{
	/* pairs with hm_guest_enter */
	atomic_store_explicit(&m->cpus[index].want_vmsa, vmsa, memory_order_release);
	force_exit(&m->cpus[index]);
}

void hm_ap_destroy(struct hm_machine *m, unsigned int index)
{
	hm_ap_create(m, index, 0);
}
