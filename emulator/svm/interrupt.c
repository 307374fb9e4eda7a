/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Interrupts of the active VMPL. The highest vector that its local APIC lets through is offered by
 * V_IRQ; the processor takes it when the guest's interrupt flag and shadow allow, which clears
 * V_IRQ. What was not taken is withdrawn at the exit and looked for anew. NMIs and vcpu.event are
 * delivered at once; NMIs in software, so that QEMU does not hold back the kicks of the emulator,
 * which are NMIs too.
 */

#include "svm.h"
#include "trace.h"
#include "vlapic.h"

#define VECTOR_NMI 2U
#define LOOK_AGAIN_HZ 1000U

static struct vlapic *apic_of(const struct vcpu *vcpu)
{
	return vcpu->vlapic[vcpu->vmpl];
}

void interrupt_timer(struct vcpu *vcpu, uint64_t limit)
{
	struct vcpu_run *run = run_of(vcpu);
	uint64_t now = host_tsc();
	uint64_t next = vlapic_timer(apic_of(vcpu), now);

	limit = limit < run_limit() ? limit : run_limit();
	next = next < limit ? next : limit;
	/* A deadline that has passed may have been used up by the real timer: set it again. */
	if (next != run->deadline || run->deadline <= now) {
		run->deadline = next;
		host_timer(next);
	}
}

static void deliver_event(struct vcpu *vcpu)
{
	uint64_t event = vcpu->event;
	bool has_error = (event & SVM_EVENT_HAS_ERROR) != 0;

	vcpu->event = 0;
	trace_note(vcpu, TRACE_INTERRUPT, event & 0xffU, event, 0, 0);
	switch (SVM_EVENT_TYPE(event)) {
	case SVM_TYPE_INTERRUPT:
		vcpu->vmcb->control.eventinj = event;
		break;
	case SVM_TYPE_NMI:
		run_of(vcpu)->nmi_pending = true;
		break;
	default:
		guest_exception(vcpu, (unsigned int)event & 0xffU, has_error,
				(uint32_t)(event >> 32U));
	}
}

/* IRET ends the time in which no other NMI is taken. */
static void deliver_nmi(struct vcpu *vcpu)
{
	struct vcpu_run *run = run_of(vcpu);

	run->nmi_pending = false;
	run->nmi_blocked = true;
	vcpu->vmcb->control.misc1 |= SVM_INTERCEPT1(SVM_EXIT_IRET);
	trace_note(vcpu, TRACE_INTERRUPT, VECTOR_NMI, 0, 0, 0);
	guest_exception(vcpu, VECTOR_NMI, false, 0);
}

void interrupt_iret(struct vcpu *vcpu)
{
	run_of(vcpu)->nmi_blocked = false;
	vcpu->vmcb->control.misc1 &= ~SVM_INTERCEPT1(SVM_EXIT_IRET);
}

static void offer(struct vcpu *vcpu)
{
	struct vmcb_control *control = &vcpu->vmcb->control;
	int vector = vlapic_pending(apic_of(vcpu));

	control->int_ctl = SVM_INT_MASKING | vlapic_tpr(apic_of(vcpu));
	run_of(vcpu)->irq = VCPU_NO_VECTOR;
	if (vector >= 0) {
		control->int_vector = (uint32_t)vector;
		control->int_ctl |= SVM_INT_V_IRQ | SVM_INT_PRIO_15 | SVM_INT_IGNORE_TPR;
		run_of(vcpu)->irq = (uint32_t)vector;
	}
}

void interrupt_prepare(struct vcpu *vcpu)
{
	struct vcpu_run *run = run_of(vcpu);

	interrupt_timer(vcpu, UINT64_MAX);
	if ((vcpu->event & SVM_EVENT_VALID) != 0) {
		deliver_event(vcpu);
	}
	run->nmi_pending |= vlapic_take_nmi(apic_of(vcpu));
	if (run->nmi_pending && !run->nmi_blocked &&
	    (vcpu->vmcb->control.int_state & SVM_INT_SHADOW) == 0) {
		deliver_nmi(vcpu);
	}
	offer(vcpu);
	if (run->irq != VCPU_NO_VECTOR) {
		/* Only such a VMRUN loses kicks and interrupts of devices (host/idle.c). */
		interrupt_timer(vcpu, host_tsc() + host_tsc_hz() / LOOK_AGAIN_HZ);
	}
}

void interrupt_settle(struct vcpu *vcpu)
{
	struct vmcb_control *control = &vcpu->vmcb->control;
	struct vcpu_run *run = run_of(vcpu);
	uint64_t lost = control->exitintinfo;
	bool taken = (control->int_ctl & SVM_INT_V_IRQ) == 0;

	if (run->irq != VCPU_NO_VECTOR && taken) {
		vlapic_take(apic_of(vcpu), run->irq);
		trace_note(vcpu, TRACE_INTERRUPT, run->irq, 0, 0, 0);
	}
	/* An exit while an interrupt was delivered. QEMU leaves V_IRQ set then; a processor that
	 * has taken it says so here only. */
	if ((lost & SVM_EVENT_VALID) != 0 && SVM_EVENT_TYPE(lost) == SVM_TYPE_INTERRUPT &&
	    (run->irq == VCPU_NO_VECTOR || taken)) {
		vcpu->event = lost & UINT32_MAX;
	}
	run->irq = VCPU_NO_VECTOR;
	control->int_ctl &= ~SVM_INT_V_IRQ;
}

/* HLT waits for what the processor would take: with interrupts off, for NMIs only. */
bool interrupt_wakes(struct vcpu *vcpu)
{
	struct vcpu_run *run = run_of(vcpu);
	bool enabled = (vcpu->vmcb->save.rflags & X86_FLAG_IF) != 0;

	run->nmi_pending |= vlapic_take_nmi(apic_of(vcpu));
	return (vcpu->event & SVM_EVENT_VALID) != 0 || (run->nmi_pending && !run->nmi_blocked) ||
	       (enabled && vlapic_pending(apic_of(vcpu)) >= 0);
}
