/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Frequencies of the TSC and of the APIC timer, measured against the ACPI PM timer. The host may
 * stop this processor at any instruction, so a clock is read between two readings of the TSC, and
 * of several tries the one with the narrowest window counts.
 */

#include "cpu_insn.h"
#include "host_priv.h"

#define PCI_ADDRESS 0xcf8U
#define PCI_DATA 0xcfcU
#define LPC_PMBASE 0x8000f840U /* bus 0, device 31, function 0, register 0x40 */
#define PM_TIMER_OFFSET 8U
#define PM_HZ UINT64_C(3579545)
#define PM_MASK 0xffffffU
#define INTERVAL (PM_HZ / 20U)
#define TRIES 32U

struct sample {
	uint64_t tsc;
	uint32_t clock;
};

static uint64_t tsc_hz;
static uint16_t pm_port;

uint64_t host_tsc_hz(void)
{
	return tsc_hz;
}

uint64_t host_tsc(void)
{
	uint32_t low, high;

	__asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high)::"memory");
	return (uint64_t)high << 32U | low;
}

static uint32_t pm_timer(void)
{
	return cpu_in32(pm_port) & PM_MASK;
}

static struct sample take(uint32_t (*clock)(void))
{
	struct sample best = { 0, 0 };
	uint64_t narrowest = UINT64_MAX;

	for (unsigned int i = 0; i < TRIES; i++) {
		uint64_t before = host_tsc();
		uint32_t value = clock();
		uint64_t window = host_tsc() - before;

		if (window < narrowest) {
			narrowest = window;
			best.tsc = before + window / 2U;
			best.clock = value;
		}
	}
	return best;
}

static uint32_t elapsed(uint32_t from, uint32_t to)
{
	return (to - from) & PM_MASK;
}

void host_calibrate(void)
{
	struct sample pm[2], apic[2];
	uint64_t tsc;

	cpu_out32(PCI_ADDRESS, LPC_PMBASE);
	pm_port = (uint16_t)((cpu_in32(PCI_DATA) & 0xff80U) + PM_TIMER_OFFSET);
	if (pm_port == PM_TIMER_OFFSET || pm_timer() == PM_MASK) {
		emu_stop(EMU_EXIT_EMULATOR, "no ACPI timer: not a q35 machine");
	}
	host_apic_count(UINT32_MAX);
	pm[0] = take(pm_timer);
	apic[0] = take(host_apic_counter);
	while (elapsed(pm[0].clock, pm_timer()) < INTERVAL) {
		cpu_pause();
	}
	pm[1] = take(pm_timer);
	apic[1] = take(host_apic_counter);
	host_apic_count(0);

	tsc = pm[1].tsc - pm[0].tsc;
	tsc_hz = tsc * PM_HZ / elapsed(pm[0].clock, pm[1].clock);
	host_apic_set_ratio(apic[0].clock - apic[1].clock, apic[1].tsc - apic[0].tsc);
}
