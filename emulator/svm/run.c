/* SPDX-License-Identifier: Apache-2.0 */

/* The loop of a vCPU: requests, sleep, entry, exit. */

#include "cpu_ops.h"
#include "ghcb.h"
#include "hostile.h"
#include "npt.h"
#include "shootdown.h"
#include "svm.h"
#include "trace.h"

/* Exits that reach the guest as #VC with their code (clients 1.6). */
static void reflect(struct vcpu *vcpu)
{
	guest_vc(vcpu, (uint32_t)run_of(vcpu)->exitcode);
}

static void nothing(struct vcpu *vcpu)
{
	(void)vcpu;
}

static void halt(struct vcpu *vcpu)
{
	guest_skip(vcpu, 1);
	vcpu->state = VCPU_HALTED;
}

static _Noreturn void shutdown(struct vcpu *vcpu)
{
	const struct vmcb_save *save = &vcpu->vmcb->save;

	emu_stop(EMU_EXIT_GUEST_SHUTDOWN,
		 "vCPU %u VMPL%u: shutdown (triple fault), RIP 0x%lx, CR2 0x%lx, CR0 0x%lx",
		 vcpu->cpu, vcpu->vmpl, save->rip, save->cr2, save->cr0);
}

static void shutdown_exit(struct vcpu *vcpu)
{
	shutdown(vcpu);
}

static void (*const exits[])(struct vcpu *vcpu) = {
	[SVM_EXIT_CR8_WRITE] = insn_cr8_write,
	[SVM_EXIT_DR7_READ] = reflect,
	[SVM_EXIT_DR7_WRITE] = reflect,
	[SVM_EXIT_UD] = insn_undefined,
	[SVM_EXIT_INTR] = nothing,
	[SVM_EXIT_NMI] = nothing,
	[SVM_EXIT_RDPMC] = reflect,
	[SVM_EXIT_CPUID] = reflect,
	[SVM_EXIT_IRET] = interrupt_iret,
	[SVM_EXIT_INVD] = reflect,
	[SVM_EXIT_HLT] = halt,
	[SVM_EXIT_INVLPG] = insn_invlpg,
	[SVM_EXIT_INVLPGA] = reflect,
	[SVM_EXIT_IOIO] = reflect,
	[SVM_EXIT_MSR] = msr_exit,
	[SVM_EXIT_SHUTDOWN] = shutdown_exit,
	[SVM_EXIT_VMRUN] = reflect,
	[SVM_EXIT_VMMCALL] = insn_vmmcall,
	[SVM_EXIT_VMLOAD] = reflect,
	[SVM_EXIT_VMSAVE] = reflect,
	[SVM_EXIT_STGI] = reflect,
	[SVM_EXIT_CLGI] = reflect,
	[SVM_EXIT_SKINIT] = reflect,
	[SVM_EXIT_WBINVD] = reflect,
	[SVM_EXIT_MONITOR] = reflect,
	[SVM_EXIT_MWAIT] = reflect,
	[SVM_EXIT_NPF] = npf_exit,
};

#define NR_EXITS (sizeof(exits) / sizeof(exits[0]))
#define RETRY_HZ 1000U /* entries that VMRUN refuses, writes that never succeed */

/* Nested root, and whether translations of before may be used. All roots have one ASID. in_guest is
 * set. */
static void choose_tables(struct vcpu *vcpu)
{
	struct vcpu_run *run = run_of(vcpu);
	struct vmcb_control *control = &vcpu->vmcb->control;
	uint64_t root = npt_root(vcpu->vmpl, svm_unpaged(vcpu));
	uint64_t epoch = shootdown_epoch();

	control->tlb_control = SVM_TLB_KEEP;
	if (root != control->ncr3 || epoch != run->flushed) {
		control->tlb_control = SVM_TLB_FLUSH_ALL;
	}
	control->ncr3 = root;
	run->flushed = epoch;
	control->clean = 0;
}

/* Into the guest and out. False: a request was there first. */
static bool run_guest(struct vcpu *vcpu)
{
	struct vcpu_run *run = run_of(vcpu);
	struct vmcb_control *control = &vcpu->vmcb->control;
	uint64_t start;

	cpu_clgi();
	/* seq_cst both: in_guest is seen by shoot-downs before the tables are walked, and requests
	 * are read after it; pairs with shootdown_wait() and vcpu_request() */
	atomic_store_explicit(&run->in_guest, 1U + vcpu->vmpl, memory_order_seq_cst);
	if (atomic_load_explicit(&vcpu->requests, memory_order_seq_cst) != 0) {
		atomic_store_explicit(&run->in_guest, 0, memory_order_release);
		/* release: pairs with shootdown_wait(); the processor was not in its guest */
		atomic_fetch_add_explicit(&run->exits, 1, memory_order_release);
		cpu_stgi();
		return false;
	}
	choose_tables(vcpu);
	start = host_tsc();
	trace_count_entry(start);
	svm_vmrun((uintptr_t)vcpu->vmcb, vcpu->gpr, run->fresh);
	run->fresh = false;
	trace_count_exit(vcpu, control->exitcode, host_tsc() - start);
	/* release both: all that the guest did is done; pairs with shootdown_wait() */
	atomic_store_explicit(&run->in_guest, 0, memory_order_release);
	atomic_fetch_add_explicit(&run->exits, 1, memory_order_release);
	control->eventinj = 0;
	run->exitcode = control->exitcode;
	run->exitinfo1 = control->exitinfo1;
	run->exitinfo2 = control->exitinfo2;
	interrupt_settle(vcpu);
	cpu_stgi();
	host_window();
	return true;
}

/* VMRUN found the state of a VMSA inconsistent: as if it had refused the VMSA. */
static void invalid_state(struct vcpu *vcpu)
{
	host_log("vCPU %u VMPL%u: VMRUN refuses the state of VMSA 0x%lx\n", vcpu->cpu, vcpu->vmpl,
		 vcpu->vmsa[vcpu->vmpl].raw);
	vcpu_leave(vcpu, SVM_EXIT_INVALID, 0, 0);
	run_sleep(vcpu, host_tsc() + host_tsc_hz() / RETRY_HZ);
}

static void handle_exit(struct vcpu *vcpu)
{
	const struct vcpu_run *run = run_of(vcpu);
	uint64_t code = run->exitcode;

	trace_note(vcpu, TRACE_EXIT, code, run->exitinfo1, run->exitinfo2, vcpu->vmcb->save.rip);
	hostile_exit(vcpu);
	if (code == SVM_EXIT_INVALID) {
		invalid_state(vcpu);
	} else if (code < NR_EXITS && exits[code]) {
		exits[code](vcpu);
	} else {
		emu_stop(EMU_EXIT_EMULATOR, "vCPU %u VMPL%u: exit 0x%lx, RIP 0x%lx, not emulated",
			 vcpu->cpu, vcpu->vmpl, code, vcpu->vmcb->save.rip);
	}
}

/* Of the word limit=SECONDS of the command line: a run that takes longer ends with a dump of the
 * ring, which a QEMU that is killed would not leave. */
static uint64_t time_limit = UINT64_MAX;

void run_init(void)
{
	uint64_t seconds = 0;

	if (host_option_number("limit", &seconds) && seconds != 0 && seconds < UINT32_MAX) {
		time_limit = host_tsc() + seconds * host_tsc_hz();
	}
}

static void check_limit(void)
{
	if (time_limit != UINT64_MAX && host_tsc() >= time_limit) {
		emu_stop(EMU_EXIT_STUCK, "the time limit is over");
	}
}

uint64_t run_limit(void)
{
	return time_limit;
}

struct sleeper {
	struct vcpu *vcpu;
	uint64_t until;
};

static bool may_sleep(void *ctx)
{
	const struct sleeper *sleeper = ctx;
	struct vcpu *vcpu = sleeper->vcpu;

	/* acquire: pairs with vcpu_request() */
	if (atomic_load_explicit(&vcpu->requests, memory_order_acquire) != 0) {
		return false;
	}
	if (vcpu->state == VCPU_HALTED && interrupt_wakes(vcpu)) {
		return false;
	}
	return host_tsc() < sleeper->until;
}

void run_sleep(struct vcpu *vcpu, uint64_t until)
{
	struct sleeper sleeper = { .vcpu = vcpu, .until = until };

	interrupt_timer(vcpu, until);
	host_idle(may_sleep, &sleeper);
}

static void serve_requests(struct vcpu *vcpu)
{
	uint64_t requests;

	if (atomic_load_explicit(&vcpu->requests, memory_order_relaxed) == 0) {
		return;
	}
	/* acquire: pairs with vcpu_request() */
	requests = atomic_exchange_explicit(&vcpu->requests, 0, memory_order_acquire);
	if ((requests & VCPU_REQ_SHOOT) != 0) {
		shootdown_wake();
	}
	if ((requests & VCPU_REQ_LEAVE) != 0 && vcpu->loaded) {
		vcpu_leave(vcpu, SVM_EXIT_INTR, 0, 0);
		/* Whoever wants to write now gets the chance to. */
		run_sleep(vcpu, host_tsc() + host_tsc_hz() / RETRY_HZ);
	}
	if ((requests & VCPU_REQ_AP) != 0) {
		vcpu_ap_serve(vcpu);
	}
}

/* A VMPL whose VMSA came while another one ran gets its turn when that one halts. */
static bool run_created(struct vcpu *vcpu)
{
	struct vcpu_run *run = run_of(vcpu);

	for (unsigned int v = 0; v < EMU_NR_VMPLS; v++) {
		if ((run->created >> v & 1U) != 0) {
			run->created &= ~(1U << v);
			return vcpu_switch(vcpu, v);
		}
	}
	return false;
}

static void idle(struct vcpu *vcpu)
{
	if (vcpu->state == VCPU_HALTED) {
		if (interrupt_wakes(vcpu)) {
			vcpu->state = VCPU_RUN;
			return;
		}
		if (run_created(vcpu)) {
			return;
		}
	}
	if (vcpu->loaded) {
		vcpu_leave(vcpu, run_of(vcpu)->exitcode, run_of(vcpu)->exitinfo1,
			   run_of(vcpu)->exitinfo2);
	}
	run_sleep(vcpu, UINT64_MAX);
}

/* A gate that is shut (EFER.SVME), a VMSA that is no more: KVM would give up; here the vCPU waits,
 * for VMPL0 may open the gate again. */
static void refused(struct vcpu *vcpu)
{
	struct vcpu_run *run = run_of(vcpu);

	if (!run->refused) {
		run->refused = true;
		host_log("vCPU %u: VMRUN refuses VMSA 0x%lx of VMPL%u, the vCPU waits\n", vcpu->cpu,
			 vcpu->vmsa[vcpu->vmpl].raw, vcpu->vmpl);
	}
	run_sleep(vcpu, host_tsc() + host_tsc_hz() / RETRY_HZ);
}

static void step(struct vcpu *vcpu)
{
	if (!vcpu->loaded && !vcpu_enter(vcpu)) {
		refused(vcpu);
		return;
	}
	if (vcpu->vmpl != 0 && hostile_spurious_vmpl0(vcpu)) {
		(void)vcpu_switch(vcpu, 0);
	}
	interrupt_prepare(vcpu);
	if (run_guest(vcpu)) {
		handle_exit(vcpu);
	}
}

_Noreturn void vcpu_loop(unsigned int cpu)
{
	struct vcpu *vcpu = vcpu_at(cpu);

	svm_cpu_init();
	for (;;) {
		check_limit();
		(void)host_take_kick();
		serve_requests(vcpu);
		if (vcpu->state == VCPU_RUN) {
			step(vcpu);
		} else {
			idle(vcpu);
		}
	}
}
