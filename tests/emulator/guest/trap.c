/* SPDX-License-Identifier: Apache-2.0 */
#include "guest.h"

#define FIRST_INTERRUPT 32U

struct frame {
	uint64_t vector, error, rip, cs, rflags, rsp, ss;
};

void guest_trap(struct frame *frame);

static uint64_t read_cr2(void)
{
	uint64_t value;

	__asm__ volatile("movq %%cr2, %0" : "=r"(value));
	return value;
}

void guest_trap(struct frame *frame)
{
	struct context *context = this_context();

	if (frame->vector >= FIRST_INTERRUPT) {
		context->interrupts++;
		context->last_interrupt = frame->vector;
		return;
	}
	context->trap =
		(struct trap){ .vector = frame->vector, .error = frame->error, .cr2 = read_cr2() };
	if (context->recover != 0U) {
		frame->rip = context->recover;
		context->recover = 0;
		return;
	}
	print("trap without a probe: vector ");
	print_hex(frame->vector);
	print(" error ");
	print_hex(frame->error);
	print(" rip ");
	print_hex(frame->rip);
	print(" cr2 ");
	print_hex(context->trap.cr2);
	print("\n");
	guest_exit(false);
}
