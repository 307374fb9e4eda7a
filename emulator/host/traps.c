/* SPDX-License-Identifier: Apache-2.0 */

/* Vectors of the emulator itself. */

#include "host_priv.h"
#include "image.h"

#define VECTOR_NMI 2U
#define CODE64 0x8U
#define GATE_INTERRUPT 0x8eU

static struct gate {
	uint16_t offset_0;
	uint16_t selector;
	uint8_t ist;
	uint8_t type;
	uint16_t offset_16;
	uint32_t offset_32;
	uint32_t reserved;
} idt[256];
_Static_assert(sizeof(struct gate) == 16, "gate");

struct __attribute__((packed)) table_register {
	uint16_t limit;
	uint64_t base;
};

static void ignore(unsigned int cpu, unsigned int vector, bool level)
{
	(void)cpu;
	(void)vector;
	(void)level;
}

void (*host_on_interrupt)(unsigned int cpu, unsigned int vector, bool level) = ignore;

void host_traps_load(void)
{
	const struct table_register idtr = { sizeof(idt) - 1U, (uintptr_t)idt };

	for (unsigned int i = 0; i < 256U; i++) {
		uint64_t at = (uintptr_t)boot_vectors + i * 16UL;

		/* The same values by every processor. */
		idt[i] = (struct gate){
			.offset_0 = (uint16_t)at,
			.selector = CODE64,
			.type = GATE_INTERRUPT,
			.offset_16 = (uint16_t)(at >> 16U),
			.offset_32 = (uint32_t)(at >> 32U),
		};
	}
	__asm__ volatile("lidt %0" ::"m"(idtr));
}

/* The flags of the kick were set before it was sent: nothing is left to do but to look. */
static void nmi(struct host_frame *frame)
{
	struct host_percpu *self = host_percpu(host_cpu());

	if (atomic_load_explicit(&self->frozen, memory_order_relaxed)) {
		for (;;) {
			__asm__ volatile("cli; hlt");
		}
	}
	/* acquire: what was stored before a kick that relied on this NMI is seen after it; pairs
	 * with the release of host_kick() */
	atomic_fetch_and_explicit(&self->kick, ~KICK_FLIGHT, memory_order_acquire);
	if (frame->rip >= (uintptr_t)host_sleep && frame->rip < (uintptr_t)host_sleep_end) {
		frame->rip = (uintptr_t)host_sleep_end;
	}
}

static _Noreturn void exception(const struct host_frame *frame)
{
	uint64_t cr2;
	const uint64_t *stack = (const uint64_t *)frame->rsp;

	__asm__ volatile("mov %%cr2, %0" : "=r"(cr2));
	emu_stop(EMU_EXIT_EMULATOR,
		 "exception %lu in the emulator, error 0x%lx, RIP 0x%lx, CR2 0x%lx, RSP 0x%lx, "
		 "stack 0x%lx 0x%lx 0x%lx 0x%lx, RAX 0x%lx RCX 0x%lx RDX 0x%lx RSI 0x%lx RDI 0x%lx",
		 frame->vector, frame->error, frame->rip, cr2, frame->rsp, stack[0], stack[1],
		 stack[2], stack[3], frame->rax, frame->rcx, frame->rdx, frame->rsi, frame->rdi);
}

void host_trap(struct host_frame *frame)
{
	unsigned int vector = (unsigned int)frame->vector;

	if (vector == VECTOR_NMI) {
		nmi(frame);
	} else if (vector == VECTOR_TIMER) {
		host_apic_timer_expired();
		host_apic_eoi();
	} else if (vector >= 32U) {
		/* Masked first and ended then, a level-triggered input is not raised twice. */
		host_on_interrupt(host_cpu(), vector, host_apic_level(vector));
		host_apic_eoi();
	} else if (vector != VECTOR_SPURIOUS || frame->error != 0) {
		exception(frame);
	}
}
