/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HOST_H
#define HOST_H

/*
 * The processors that QEMU provides, as the emulator uses them: one thread of the emulator per
 * processor, started at boot, never preempted. Host interrupts are taken only inside
 * host_window() and host_idle(), and while a guest runs (as an exit); the emulator's own code runs
 * with them off. Interrupts that belong to the guest are handed to host_on_interrupt.
 *
 * State of each processor when main or a function of host_start_cpus() is entered: 64-bit mode, the
 * page tables of the emulator, EFER.SVME set, GIF set, interrupts off, local APIC in xAPIC mode.
 * The processor is known by its stack, and no vector uses a TSS: FS, GS, TR and LDTR may hold the
 * guest's values in the emulator's code. CR0, CR3, CR4, GDTR and IDTR may not.
 */

/* All of the first 512 GiB of physical memory is mapped twice: at its own address, and from here
 * on; there its first byte is no null pointer. */
#ifndef HOST_DIRECT /* hosted tests have their own */
#define HOST_DIRECT UINT64_C(0xffff800000000000)
#endif

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
	unsigned int nr_cpus;  /* processors for vCPUs that came up, APIC ids 0..nr_cpus-1 */
};

/* Filled by the boot code before main() of the emulator runs; constant from then on. */
const struct host_boot *host_boot(void);

/* Index of the calling processor, 0..nr_cpus-1; equal to its APIC id. EMU_MAX_CPUS on the boot
 * processor, which runs no vCPU (host/cpus.c). */
unsigned int host_cpu(void);

/* Called by the boot code on the boot processor (main.c). */
_Noreturn void emu_main(void);

/*
 * A word NAME=VALUE of the command line: where VALUE begins (it ends at a space or the end), NULL:
 * none. host_option("NAME"): a word without value is found as well, as an empty one.
 */
const char *host_option(const char *name);
/* False: there is such a word, but no number (decimal, or hexadecimal after 0x). Without the word
 * @value stays. */
bool host_option_number(const char *name, uint64_t *value);

/* Run fn(cpu) on every processor, which must not return from it; the boot processor sleeps. */
_Noreturn void host_start_cpus(void (*fn)(unsigned int cpu));

/*
 * Pages of the emulator's own memory, zeroed, page aligned, never freed; any processor, lock-free.
 * NULL when the heap is used up: callers stop the emulator with a message that names the option to
 * raise.
 */
void *host_pages(size_t nr_pages);

/*
 * Make the processor leave its guest, or host_idle(), soon. An NMI, so that no guest vector is
 * stolen; kicks whose NMI has not arrived yet are one. Idempotent; never waits. A kick says only
 * "look again": who kicks first stores (release or stronger) what is to be seen.
 *
 * Protocol of the run loop, by which no kick is lost:
 *	1. CLGI: from here on an NMI is held.
 *	2. Look at the requests (acquire; pairs with the release before the kick), and at
 *	   host_take_kick() if wanted. Something there: STGI, and not into the guest.
 *	3. STI and VMRUN, with NMI and INTR intercepted. A held NMI is an exit before the first
 *	   instruction of the guest.
 *	4. After #VMEXIT GIF is clear, and the NMI still held: CLI, STGI (its handler runs here and
 *	   ends with IRET, which opens NMIs again), host_window(), go on at 1.
 * A kick before 1 has run its handler and is seen in 2; one after 1 ends 3. NMIs for the guest must
 * be delivered in software: EVENTINJ of one would block kicks until the guest's IRET.
 */
void host_kick(unsigned int cpu);

/* True once for all kicks since the last call, on the calling processor. Independent of what
 * host_idle() has seen of them. */
bool host_take_kick(void);

/*
 * Sleep (HLT) until an interrupt, a kick or the timer. Interrupts are handed on before it returns.
 * Returns at once if @still_needed(ctx) is false when interrupts are already off, so that no
 * wake-up is lost: who makes it false kicks afterwards. May return early: call it in a loop. Only
 * kicks during the call end it: @still_needed covers all that the caller wants to be woken for.
 * GIF set, no locks held.
 */
void host_idle(bool (*still_needed)(void *ctx), void *ctx);

/* Let pending host interrupts in, and hand them on. After each #VMEXIT. */
void host_window(void);

/*
 * Set by the platform before processors start: called on the processor that took interrupt @vector
 * (32..255), with interrupts off. @level: it came from a level-triggered input; mask that input, or
 * the interrupt comes again: after the call its end is signalled to the real local APIC.
 */
extern void (*host_on_interrupt)(unsigned int cpu, unsigned int vector, bool level);

/* One-shot timer of this processor: an interrupt at @tsc or shortly after, once; UINT64_MAX: off.
 * Replaces the former setting. */
void host_timer(uint64_t tsc);
uint64_t host_tsc(void);
uint64_t host_tsc_hz(void); /* measured at boot */

/* The real IOAPIC. Pin 0..23; @rte as the 82093AA has it, with a physical destination. */
void host_ioapic_write(unsigned int pin, uint64_t rte);

/* Log to QEMU's debug console (port 0xe9), one line per call or several, each with its newline;
 * never to the guest's serial port. Formats: d i u x X c s p %, with flags - and 0, width,
 * precision (of %s), hh h l ll z. Calls of processors do not mix. Anywhere but in an NMI handler.
 */
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
