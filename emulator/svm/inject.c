/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Delivery of exceptions in software. QEMU's EVENTINJ pushes no error code for #VC, so no exception
 * goes that way. Long mode, protected mode with 32-bit and 16-bit gates and TSSs, and real mode;
 * not virtual 8086 mode and task gates, which end as a double fault.
 */

#include "trace.h"
#include "walk.h"

#define VECTOR_NMI 2U
#define VECTOR_DF 8U
#define VECTOR_TS 10U
#define VECTOR_NP 11U
#define VECTOR_SS 12U
#define VECTOR_GP 13U
#define VECTOR_PF 14U
#define VECTOR_VC 29U

#define GATE_TYPE(gate) ((unsigned int)((gate) >> 40U) & 0x1fU)
#define GATE_P (UINT64_C(1) << 47)
#define GATE_IST(gate) ((unsigned int)((gate) >> 32U) & 7U)
#define GATE_TRAP 1U  /* bit of the type: the interrupt flag stays */
#define GATE_32BIT 8U /* bit of the type */
#define SEG_CODE 0x8U /* bits of a segment type */
#define SEG_CONFORMING 0x4U
#define TSS_RSP0 4U
#define TSS_IST1 0x24U
#define SELECTOR_TI 4U

/* A delivery under way: where it goes, and what went wrong. */
struct delivery {
	unsigned int vector;
	bool has_error;
	uint32_t error;
	struct walk_fault fault;
	unsigned int width; /* bytes of a word on the stack */
	unsigned int type;  /* of the gate */
	uint64_t target;    /* RIP of the handler */
	struct vmsa_segment cs, ss;
	unsigned int cpl;
	uint64_t sp;
	bool new_stack;
};

static bool fails(struct delivery *d, unsigned int vector, uint32_t error)
{
	d->fault = (struct walk_fault){ .vector = vector, .error = error };
	return false;
}

/* Error code of a fault at the gate itself. */
static uint32_t gate_error(const struct delivery *d)
{
	return d->vector * 8U + 2U;
}

static bool read_gate(struct vcpu *vcpu, struct delivery *d, uint64_t gate[2], unsigned int bytes)
{
	const struct vmsa_segment *idtr = &vcpu->vmcb->save.idtr;
	unsigned int at = d->vector * bytes;

	if (at + bytes - 1U > idtr->limit) {
		return fails(d, VECTOR_GP, gate_error(d));
	}
	gate[0] = 0;
	gate[1] = 0;
	return walk_read(vcpu, idtr->base + at, gate, bytes, &d->fault);
}

/* Descriptor of @selector as a segment register holds it; @vector: what a bad one raises. */
static bool read_segment(struct vcpu *vcpu, struct delivery *d, uint16_t selector,
			 unsigned int vector, struct vmsa_segment *segment)
{
	const struct vmcb_save *save = &vcpu->vmcb->save;
	const struct vmsa_segment *table = (selector & SELECTOR_TI) != 0 ? &save->ldtr
									 : &save->gdtr;
	unsigned int at = selector & 0xfff8U;
	uint64_t raw;

	if (at == 0 || at + 7U > table->limit) {
		return fails(d, vector, at);
	}
	if (!walk_read(vcpu, table->base + at, &raw, sizeof(raw), &d->fault)) {
		return false;
	}
	segment->selector = selector;
	segment->attributes = (uint16_t)((raw >> 40U & 0xffU) | (raw >> 44U & 0xf00U));
	segment->limit = (uint32_t)((raw & 0xffffU) | (raw >> 32U & 0xf0000U));
	if ((segment->attributes & X86_SEG_G) != 0) {
		segment->limit = segment->limit << 12U | 0xfffU;
	}
	segment->base = (raw >> 16U & 0xffffffU) | (raw >> 32U & 0xff000000U);
	if ((segment->attributes & X86_SEG_P) == 0) {
		return fails(d, VECTOR_NP, at);
	}
	return true;
}

/* Code segment of the handler, and its privilege. */
static bool load_code(struct vcpu *vcpu, struct delivery *d, uint16_t selector)
{
	unsigned int cpl = vcpu->vmcb->save.cpl, dpl;
	uint32_t error = selector & 0xfff8U;

	if (!read_segment(vcpu, d, selector, VECTOR_GP, &d->cs)) {
		return false;
	}
	dpl = X86_SEG_DPL(d->cs.attributes);
	if ((d->cs.attributes & (X86_SEG_S | SEG_CODE)) != (X86_SEG_S | SEG_CODE) || dpl > cpl) {
		return fails(d, VECTOR_GP, error);
	}
	if (svm_long_mode(vcpu) && (d->cs.attributes & (X86_SEG_L | X86_SEG_DB)) != X86_SEG_L) {
		return fails(d, VECTOR_GP, error);
	}
	d->cpl = (d->cs.attributes & SEG_CONFORMING) != 0 ? cpl : dpl;
	d->cs.selector = (uint16_t)((selector & ~3U) | d->cpl);
	return true;
}

/* What the handler finds on its stack, in the order in which it is pushed. */
struct frame {
	uint64_t words[6];
	unsigned int nr;
};

static void frame_add(struct frame *frame, uint64_t word)
{
	frame->words[frame->nr++] = word;
}

static uint64_t stack_mask(const struct vcpu *vcpu, const struct delivery *d)
{
	if (svm_long_mode(vcpu)) {
		return UINT64_MAX;
	}
	return (d->ss.attributes & X86_SEG_DB) != 0 ? UINT32_MAX : 0xffffU;
}

static bool push(struct vcpu *vcpu, struct delivery *d, uint64_t word)
{
	uint64_t mask = stack_mask(vcpu, d);

	d->sp = (d->sp & ~mask) | ((d->sp - d->width) & mask);
	return walk_write(vcpu, (svm_long_mode(vcpu) ? 0 : d->ss.base) + (d->sp & mask), &word,
			  d->width, &d->fault);
}

/* The whole frame by one walk, the usual case: long mode, within a page. */
static bool push_at_once(struct vcpu *vcpu, struct delivery *d, const struct frame *frame)
{
	uint64_t image[6];
	uint64_t bytes = frame->nr * sizeof(image[0]);
	uint64_t to = d->sp - bytes;

	if (!svm_long_mode(vcpu) || (to & EMU_PAGE_MASK) + bytes > EMU_PAGE_SIZE) {
		return false;
	}
	for (unsigned int i = 0; i < frame->nr; i++) {
		image[i] = frame->words[frame->nr - 1U - i];
	}
	if (!walk_write(vcpu, to, image, bytes, &d->fault)) {
		return false;
	}
	d->sp = to;
	return true;
}

/* Push from the top of the new stack; then the registers change. */
static bool push_frame(struct vcpu *vcpu, struct delivery *d)
{
	const struct vmcb_save *save = &vcpu->vmcb->save;
	uint64_t flags = save->rflags;
	struct frame frame = { .nr = 0 };

	/* Faults may be restarted behind a breakpoint; the others here do not set RF. */
	if (d->vector != VECTOR_DF && d->vector != VECTOR_NMI) {
		flags |= X86_FLAG_RF;
	}
	if (d->new_stack) {
		frame_add(&frame, save->ss.selector);
		frame_add(&frame, save->rsp);
	}
	frame_add(&frame, flags);
	frame_add(&frame, save->cs.selector);
	frame_add(&frame, save->rip);
	if (d->has_error) {
		frame_add(&frame, d->error);
	}
	if (push_at_once(vcpu, d, &frame)) {
		return true;
	}
	for (unsigned int i = 0; i < frame.nr; i++) {
		if (!push(vcpu, d, frame.words[i])) {
			return false;
		}
	}
	return true;
}

static void commit(struct vcpu *vcpu, const struct delivery *d)
{
	struct vmcb_save *save = &vcpu->vmcb->save;
	uint64_t cleared = X86_FLAG_TF | X86_FLAG_NT | X86_FLAG_RF | X86_FLAG_VM;

	if ((d->type & GATE_TRAP) == 0) {
		cleared |= X86_FLAG_IF;
	}
	save->rflags &= ~cleared;
	save->cs = d->cs;
	save->ss = d->ss;
	save->cpl = (uint8_t)d->cpl;
	save->rip = d->target;
	save->rsp = d->sp;
	vcpu->vmcb->control.int_state &= ~SVM_INT_SHADOW;
}

/* Stack of the handler: IST, or RSP of its privilege, or the present one. */
static bool stack64(struct vcpu *vcpu, struct delivery *d, unsigned int ist)
{
	const struct vmcb_save *save = &vcpu->vmcb->save;
	unsigned int at = ist != 0 ? TSS_IST1 + (ist - 1U) * 8U : TSS_RSP0 + d->cpl * 8U;

	d->new_stack = true; /* the frame of long mode always has SS and RSP */
	d->sp = save->rsp;
	d->ss = save->ss;
	if (ist != 0 || d->cpl != save->cpl) {
		if (at + 7U > save->tr.limit) {
			return fails(d, VECTOR_TS, save->tr.selector & 0xfff8U);
		}
		if (!walk_read(vcpu, save->tr.base + at, &d->sp, sizeof(d->sp), &d->fault)) {
			return false;
		}
	}
	if (d->cpl != save->cpl) {
		d->ss = (struct vmsa_segment){ .selector = (uint16_t)d->cpl };
	}
	d->sp &= ~UINT64_C(15);
	return true;
}

static bool deliver64(struct vcpu *vcpu, struct delivery *d)
{
	uint64_t gate[2];

	if (!read_gate(vcpu, d, gate, sizeof(gate))) {
		return false;
	}
	d->type = GATE_TYPE(gate[0]);
	if ((d->type & ~GATE_TRAP) != 0xeU) {
		return fails(d, VECTOR_GP, gate_error(d));
	}
	if ((gate[0] & GATE_P) == 0) {
		return fails(d, VECTOR_NP, gate_error(d));
	}
	d->width = 8;
	d->target = (gate[0] & 0xffffU) | (gate[0] >> 32U & 0xffff0000U) | gate[1] << 32U;
	return load_code(vcpu, d, (uint16_t)(gate[0] >> 16U)) &&
	       stack64(vcpu, d, GATE_IST(gate[0])) && push_frame(vcpu, d);
}

/* SS:ESP of the more privileged level, from a 32-bit or a 16-bit TSS. */
static bool inner_stack32(struct vcpu *vcpu, struct delivery *d)
{
	const struct vmsa_segment *tr = &vcpu->vmcb->save.tr;
	bool wide = (tr->attributes & GATE_32BIT) != 0;
	unsigned int word = wide ? 4U : 2U;
	unsigned int at = word + d->cpl * 2U * word;
	uint16_t selector = 0;

	if (at + 2U * word - 1U > tr->limit) {
		return fails(d, VECTOR_TS, tr->selector & 0xfff8U);
	}
	d->sp = 0;
	if (!walk_read(vcpu, tr->base + at, &d->sp, word, &d->fault) ||
	    !walk_read(vcpu, tr->base + at + word, &selector, sizeof(selector), &d->fault)) {
		return false;
	}
	return read_segment(vcpu, d, selector, VECTOR_TS, &d->ss);
}

static bool deliver32(struct vcpu *vcpu, struct delivery *d)
{
	const struct vmcb_save *save = &vcpu->vmcb->save;
	uint64_t gate[2];

	if (!read_gate(vcpu, d, gate, 8)) {
		return false;
	}
	d->type = GATE_TYPE(gate[0]);
	if ((d->type & ~(GATE_TRAP | GATE_32BIT)) != 6U || (save->rflags & X86_FLAG_VM) != 0) {
		return fails(d, VECTOR_GP, gate_error(d));
	}
	if ((gate[0] & GATE_P) == 0) {
		return fails(d, VECTOR_NP, gate_error(d));
	}
	d->width = (d->type & GATE_32BIT) != 0 ? 4 : 2;
	d->target = gate[0] & 0xffffU;
	if (d->width == 4) {
		d->target |= gate[0] >> 32U & 0xffff0000U;
	}
	if (!load_code(vcpu, d, (uint16_t)(gate[0] >> 16U))) {
		return false;
	}
	d->sp = save->rsp;
	d->ss = save->ss;
	d->new_stack = d->cpl != save->cpl;
	return (!d->new_stack || inner_stack32(vcpu, d)) && push_frame(vcpu, d);
}

/* Four bytes per vector, no error codes. */
static bool deliver_real(struct vcpu *vcpu, struct delivery *d)
{
	const struct vmcb_save *save = &vcpu->vmcb->save;
	uint64_t gate[2];

	if (!read_gate(vcpu, d, gate, 4)) {
		return false;
	}
	d->width = 2;
	d->has_error = false;
	d->target = gate[0] & 0xffffU;
	d->cs = save->cs;
	d->cs.selector = (uint16_t)(gate[0] >> 16U);
	d->cs.base = (uint64_t)d->cs.selector << 4U;
	d->ss = save->ss;
	d->sp = save->rsp;
	return push_frame(vcpu, d);
}

static bool deliver(struct vcpu *vcpu, struct delivery *d)
{
	bool done;

	if (svm_long_mode(vcpu)) {
		done = deliver64(vcpu, d);
	} else if ((vcpu->vmcb->save.cr0 & X86_CR0_PE) != 0) {
		done = deliver32(vcpu, d);
	} else {
		done = deliver_real(vcpu, d);
	}
	if (done) {
		commit(vcpu, d);
	}
	return done;
}

static bool contributory(unsigned int vector)
{
	return vector == 0 || (vector >= VECTOR_TS && vector <= VECTOR_GP) || vector == VECTOR_VC;
}

/* What a fault while @first was delivered becomes (APM vol. 2, 8.2.9). */
static unsigned int combine(unsigned int first, unsigned int second)
{
	if ((contributory(first) && contributory(second)) ||
	    (first == VECTOR_PF && (contributory(second) || second == VECTOR_PF))) {
		return VECTOR_DF;
	}
	return second;
}

void guest_exception(struct vcpu *vcpu, unsigned int vector, bool has_error, uint32_t error)
{
	struct delivery d = { .vector = vector, .has_error = has_error, .error = error };

	trace_note(vcpu, TRACE_EXCEPTION, vector, error, vcpu->vmcb->save.rip, 0);
	while (!deliver(vcpu, &d)) {
		const struct walk_fault fault = d.fault;
		unsigned int first = d.vector;

		if (first == VECTOR_DF) {
			emu_stop(
				EMU_EXIT_GUEST_SHUTDOWN,
				"vCPU %u VMPL%u: shutdown: vector %u, error 0x%x, came to a triple "
				"fault (last: vector %u, error 0x%x, CR2 0x%lx), RIP 0x%lx, "
				"RSP 0x%lx, CR0 0x%lx, CR3 0x%lx",
				vcpu->cpu, vcpu->vmpl, vector, error, fault.vector, fault.error,
				fault.cr2, vcpu->vmcb->save.rip, vcpu->vmcb->save.rsp,
				vcpu->vmcb->save.cr0, vcpu->vmcb->save.cr3);
		}
		d = (struct delivery){ .vector = combine(first, fault.vector), .has_error = true };
		if (d.vector != VECTOR_DF) {
			d.error = fault.error;
			vcpu->vmcb->save.cr2 = fault.cr2 != 0 ? fault.cr2 : vcpu->vmcb->save.cr2;
		}
	}
}

void guest_vc(struct vcpu *vcpu, uint32_t exitcode)
{
	guest_exception(vcpu, VECTOR_VC, true, exitcode);
}

void guest_page_fault(struct vcpu *vcpu, uint64_t va, uint32_t error)
{
	vcpu->vmcb->save.cr2 = va;
	guest_exception(vcpu, VECTOR_PF, true, error);
}

void guest_gp(struct vcpu *vcpu)
{
	guest_exception(vcpu, VECTOR_GP, true, 0);
}
