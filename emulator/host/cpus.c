/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Processors: start, and how one knows which it is.
 *
 * The first processor that QEMU has boots the emulator and then sleeps: QEMU 10.0 changes flags of
 * this processor, whether nested paging is on among them, without a lock when any other restores
 * x87 state (FXRSTOR, XRSTOR, as every guest does when it switches tasks). VMRUN or #VMEXIT at that
 * moment would leave the host in the guest's nested tables, or the guest without them. So processor
 * N of the emulator is the one that QEMU numbers N + 1, and takes APIC id N, as messages of devices
 * and guests name it.
 */

#include <string.h>

#include "cpu_insn.h"
#include "host_priv.h"
#include "image.h"

#define FW_CFG_SELECTOR 0x510U
#define FW_CFG_DATA 0x511U
#define FW_CFG_NB_CPUS 5U
#define MSR_EFER 0xc0000080U
#define EFER_SVME UINT64_C(0x1000)
#define CPUID_80000001_ECX_SVM (1U << 2)

#define APIC_ID_BOOT 0xfeU /* nobody's destination */

_Static_assert(LAYOUT_BOOT_CPU == EMU_MAX_CPUS, "the boot processor has the index behind theirs");

static struct host_percpu percpu[EMU_MAX_CPUS + 1U];
static _Atomic(uint32_t) up;
static void (*_Atomic start)(unsigned int cpu);

struct host_percpu *host_percpu(unsigned int cpu)
{
	return &percpu[cpu];
}

unsigned int host_cpu(void)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);

	return (unsigned int)((here - (uintptr_t)boot_stacks) >> LAYOUT_STACK_SHIFT);
}

static void check_features(void)
{
	uint32_t leaf[4];

	cpu_cpuid(0x80000001U, leaf);
	if ((leaf[2] & CPUID_80000001_ECX_SVM) == 0) {
		emu_stop(EMU_EXIT_USAGE, "no SVM: QEMU needs -cpu ...,+svm,+npt");
	}
}

static void set_up(void)
{
	host_traps_load();
	host_apic_init();
	cpu_wrmsr(MSR_EFER, cpu_rdmsr(MSR_EFER) | EFER_SVME);
}

/* That run vCPUs. */
static unsigned int count_processors(void)
{
	unsigned int low, high;

	cpu_out16(FW_CFG_SELECTOR, FW_CFG_NB_CPUS);
	low = cpu_in8(FW_CFG_DATA);
	high = cpu_in8(FW_CFG_DATA);
	return (high << 8U | low) - 1U;
}

static void wait_ms(uint64_t ms)
{
	uint64_t until = host_tsc() + host_tsc_hz() / 1000U * ms;

	while (host_tsc() < until) {
		cpu_pause();
	}
}

/* A processor that is already up ignores another SIPI. */
static void bring_up(unsigned int cpu)
{
	uint64_t stack = (uintptr_t)boot_stacks + ((cpu + 1UL) << LAYOUT_STACK_SHIFT);
	size_t stack_at = (size_t)(boot_trampoline_stack - boot_trampoline);

	memcpy((void *)(LAYOUT_TRAMPOLINE + stack_at), &stack, sizeof(stack));
	for (unsigned int tries = 0; tries < 100U; tries++) {
		host_apic_ipi(cpu + 1U, APIC_STARTUP | LAYOUT_TRAMPOLINE >> 12);
		for (unsigned int ms = 0; ms < 200U; ms++) {
			/* acquire: pairs with the release of host_ap_main() */
			if (atomic_load_explicit(&up, memory_order_acquire) > cpu) {
				return;
			}
			wait_ms(1);
		}
	}
	emu_stop(EMU_EXIT_EMULATOR, "processor %u did not start", cpu);
}

void host_cpus_bring_up(void)
{
	static uint8_t kept[EMU_PAGE_SIZE];
	void *trampoline = (void *)LAYOUT_TRAMPOLINE;
	size_t cr3_at = (size_t)(boot_trampoline_cr3 - boot_trampoline);
	uint64_t cr3 = boot_cr3();

	memcpy(kept, trampoline, sizeof(kept));
	memcpy(trampoline, boot_trampoline, (size_t)(boot_trampoline_end - boot_trampoline));
	memcpy((uint8_t *)trampoline + cr3_at, &cr3, sizeof(cr3));
	for (unsigned int cpu = 0; cpu < host_boot()->nr_cpus; cpu++) {
		host_apic_ipi(cpu + 1U, APIC_INIT);
	}
	wait_ms(10);
	/* In this order each takes an id that the one before has left. */
	for (unsigned int cpu = 0; cpu < host_boot()->nr_cpus; cpu++) {
		bring_up(cpu);
	}
	memcpy(trampoline, kept, sizeof(kept));
}

static bool not_started(void *unused)
{
	(void)unused;
	/* acquire: pairs with the release of host_start_cpus() */
	return atomic_load_explicit(&start, memory_order_acquire) == NULL;
}

_Noreturn void host_ap_main(void)
{
	unsigned int cpu = host_cpu();

	set_up();
	if (host_apic_id() != cpu + 1U) {
		emu_stop(EMU_EXIT_USAGE, "APIC ids are not 0..%u: use -smp N without sockets",
			 host_boot()->nr_cpus);
	}
	host_apic_set_id(cpu);
	/* release: pairs with the acquire of bring_up() */
	atomic_store_explicit(&up, cpu + 1U, memory_order_release);
	while (not_started(NULL)) {
		host_idle(not_started, NULL);
	}
	atomic_load_explicit(&start, memory_order_relaxed)(cpu);
	emu_stop(EMU_EXIT_EMULATOR, "processor %u has nothing to do", cpu);
}

_Noreturn void host_start_cpus(void (*fn)(unsigned int cpu))
{
	host_running();
	/* release: pairs with the acquire of not_started() */
	atomic_store_explicit(&start, fn, memory_order_release);
	for (unsigned int cpu = 0; cpu < host_boot()->nr_cpus; cpu++) {
		host_kick(cpu);
	}
	for (;;) {
		cpu_halt();
	}
}

_Noreturn void host_main(void)
{
	check_features();
	set_up();
	host_apic_set_id(APIC_ID_BOOT);
	host_calibrate();
	host_ioapic_init();
	host_boot_fill()->nr_cpus = count_processors();
	if (host_boot()->nr_cpus - 1U >= EMU_MAX_CPUS) {
		host_boot_fill()->nr_cpus = 0;
		emu_stop(EMU_EXIT_USAGE, "vCPUs: 1 to %u; QEMU needs -smp with one processor more",
			 EMU_MAX_CPUS);
	}
	host_cpus_bring_up();
	host_boot_show();
	emu_main();
}
