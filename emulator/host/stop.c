/* SPDX-License-Identifier: Apache-2.0 */

/* The end of a run. */

#include "cpu_insn.h"
#include "host_priv.h"
#include "image.h"
#include "iommu.h"
#include "trace.h"

#define EXIT_PORT 0xf4U
#define DUMP_EVENTS 200U
#define NOBODY UINT32_MAX

static _Atomic(uint32_t) stopper = NOBODY;
static bool running; /* all parts of the emulator are initialised */

void host_running(void)
{
	running = true;
}

bool host_stopping(void)
{
	return atomic_load_explicit(&stopper, memory_order_relaxed) == host_cpu();
}

static _Noreturn void halt(void)
{
	for (;;) {
		cpu_halt();
	}
}

static _Noreturn void quit(enum emu_exit code)
{
	/* QEMU exits with (code << 1) | 1. */
	cpu_out32(EXIT_PORT, (uint32_t)code);
	/* Without the isa-debug-exit device: asleep, with what was said on the console. */
	halt();
}

static void stop_others(void)
{
	for (unsigned int cpu = 0; cpu < host_boot()->nr_cpus; cpu++) {
		if (cpu != host_cpu()) {
			atomic_store_explicit(&host_percpu(cpu)->frozen, true,
					      memory_order_relaxed);
			/* A processor with an NMI in flight still has to see this one. */
			host_apic_ipi(cpu, APIC_NMI);
		}
	}
}

_Noreturn void emu_stop(enum emu_exit code, const char *format, ...)
{
	uint32_t first = NOBODY;
	va_list args;

	if (!atomic_compare_exchange_strong_explicit(&stopper, &first, host_cpu(),
						     memory_order_relaxed, memory_order_relaxed)) {
		if (first == host_cpu()) {
			/* the report itself failed */
			quit(EMU_EXIT_EMULATOR);
		}
		halt();
	}
	stop_others();
	host_log("emulator: processor %u stops the run, code %d: ", host_cpu(), (int)code);
	va_start(args, format);
	host_log_list(format, args);
	va_end(args);
	host_log("\n");
	if (running && (code != EMU_EXIT_OK || host_option("report") != NULL)) {
		iommu_report();
		trace_report();
	}
	if (running && code != EMU_EXIT_OK) {
		trace_dump(DUMP_EVENTS);
	}
	quit(code);
}
