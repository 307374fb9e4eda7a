/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HOST_H
#define HOST_H

/*
 * The processors that QEMU provides, as the emulator uses them: one thread of the emulator per
 * processor, started at boot, never preempted. Host interrupts are taken only inside
 * host_window() and host_idle(), and while a guest runs (as an exit); the emulator's own code runs
 * with them off. Interrupts that belong to the guest are handed to host_on_interrupt.
 */

#include "emu_types.h"

struct host_boot {
	const char *cmdline; /* of the -append option */
	hpa_t package;	     /* launch package (the -initrd option); package_bytes 0: none */
	uint64_t package_bytes;
	struct host_range {
		hpa_t start;
		uint64_t bytes;
	} ram[8]; /* usable memory for guests, ascending; the emulator's own is left out */
	unsigned int nr_ram;
	struct host_range own; /* the emulator, its heap and the package */
	unsigned int nr_cpus;  /* processors that came up, APIC ids 0..nr_cpus-1 */
};

/* Filled by the boot code before main() of the emulator runs; constant from then on. */
const struct host_boot *host_boot(void);

/* Index of the calling processor, 0..nr_cpus-1; equal to its APIC id. */
unsigned int host_cpu(void);

/* Run fn(cpu) on every other processor; each calls it once, and must not return from it. */
void host_start_cpus(void (*fn)(unsigned int cpu));

/*
 * Pages of the emulator's own memory, zeroed, page aligned, never freed; any processor, lock-free.
 * NULL when the heap is used up: callers stop the emulator with a message that names the option to
 * raise.
 */
void *host_pages(size_t nr_pages);

/*
 * Make the processor leave its guest, or host_idle(), soon (NMI, so that no guest vector is stolen;
 * a kick that comes while it is in neither is remembered and ends the next host_enter window at
 * once). Idempotent; never waits.
 */
void host_kick(unsigned int cpu);

/* True once for all kicks since the last call, on the calling processor. */
bool host_take_kick(void);

/*
 * Sleep (HLT) until an interrupt, a kick or the timer. Interrupts are handed on before it returns.
 * Returns at once if @still_needed(ctx) is false when interrupts are already off, so that no
 * wake-up is lost: who makes it false kicks afterwards.
 */
void host_idle(bool (*still_needed)(void *ctx), void *ctx);

/* Let pending host interrupts in, and hand them on. After each #VMEXIT. */
void host_window(void);

/*
 * Set by the platform before processors start: called on the processor that took interrupt @vector
 * (32..255), with interrupts off. @level: it came from a level-triggered input. The emulator has
 * already signalled its end to the real local APIC.
 */
extern void (*host_on_interrupt)(unsigned int cpu, unsigned int vector, bool level);

/* One-shot timer of this processor: an interrupt at @tsc or shortly after, once; UINT64_MAX: off.
 * Replaces the former setting. */
void host_timer(uint64_t tsc);
uint64_t host_tsc(void);
uint64_t host_tsc_hz(void); /* measured at boot */

/* The real IOAPIC. Pin 0..23; @rte as the 82093AA has it, with a physical destination. */
void host_ioapic_write(unsigned int pin, uint64_t rte);
uint64_t host_ioapic_read(unsigned int pin);

/* Log to QEMU's debug console (port 0xe9), one line per call or several; never to the guest's
 * serial port. Formats: %s %c %d %u %x %lx %lu %ld %p %02x and the like. Lines of processors do not
 * mix. */
void host_log(const char *format, ...) __attribute__((format(printf, 1, 2)));
void host_log_raw(const char *text, size_t len);

/* End the run. @code: process exit status of `phalanx emulate` as listed in docs/emulator.md. Dumps
 * report and ring first when @code is not EMU_EXIT_OK. */
enum emu_exit {
	EMU_EXIT_OK = 0, /* the guest switched off, or a test guest said pass */
	EMU_EXIT_TEST_FAILED = 1,
	EMU_EXIT_USAGE = 2,	       /* bad package or command line */
	EMU_EXIT_GUEST_TERMINATED = 3, /* GHCB termination request */
	EMU_EXIT_GUEST_SHUTDOWN = 4,   /* triple fault */
	EMU_EXIT_EMULATOR = 5,	       /* a defect, or something that is not emulated */
	EMU_EXIT_STUCK = 6,	       /* every vCPU waits for something that cannot come */
};
_Noreturn void emu_stop(enum emu_exit code, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Around code that uses vector registers (cryptography): the guest's are live in them. Not nested.
 */
void host_fpu_begin(void);
void host_fpu_end(void);

#endif
