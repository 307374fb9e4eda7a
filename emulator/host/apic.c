/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The real local APIC in xAPIC mode, and the timer in it. Not x2APIC: under -icount QEMU lets
 * device memory look at the clock and raise interrupts, but not RDMSR and WRMSR.
 */

#include "cpu_insn.h"
#include "host_priv.h"

#define MSR_APIC_BASE 0x1bU
#define APIC_BASE_ENABLE UINT64_C(0x800)
#define APIC_BASE_X2APIC UINT64_C(0x400)
#define APIC_ADDRESS UINT64_C(0xfee00000)

enum apic_register {
	APIC_ID = 0x20,
	APIC_TPR = 0x80,
	APIC_EOI = 0xb0,
	APIC_LDR = 0xd0,
	APIC_DFR = 0xe0,
	APIC_SVR = 0xf0,
	APIC_TMR = 0x180,
	APIC_ICR = 0x300,
	APIC_ICR_HIGH = 0x310,
	APIC_LVT_TIMER = 0x320,
	APIC_LVT_PERF = 0x340,
	APIC_LVT_LINT0 = 0x350,
	APIC_LVT_LINT1 = 0x360,
	APIC_LVT_ERROR = 0x370,
	APIC_TIMER_INITIAL = 0x380,
	APIC_TIMER_CURRENT = 0x390,
	APIC_TIMER_DIVIDE = 0x3e0,
};

#define DESTINATION_SHIFT 24U
#define DFR_FLAT UINT32_MAX
#define ICR_BUSY 0x1000U
#define LVT_MASKED 0x10000U
#define SVR_ENABLE 0x100U
#define DIVIDE_BY_1 0xbU
#define COUNT_MAX UINT32_C(0x7fffffff)

static uint64_t counts_per_tsc; /* fixed point, 32 bits behind the point */

static volatile uint32_t *apic(uint32_t reg)
{
	return (volatile uint32_t *)(uintptr_t)(APIC_ADDRESS + reg);
}

static void enable(void)
{
	uint64_t base = cpu_rdmsr(MSR_APIC_BASE) & ~(APIC_BASE_ENABLE | APIC_BASE_X2APIC);

	/* from x2APIC mode there is no way back but through off */
	cpu_wrmsr(MSR_APIC_BASE, base);
	cpu_wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE);
}

/* Logical ids as guests with flat destinations expect them: their devices write messages that this
 * APIC receives. */
void host_apic_init(void)
{
	static const uint16_t masked[] = { APIC_LVT_PERF, APIC_LVT_LINT0, APIC_LVT_LINT1,
					   APIC_LVT_ERROR };

	enable();
	*apic(APIC_SVR) = SVR_ENABLE | VECTOR_SPURIOUS;
	for (unsigned int i = 0; i < sizeof(masked) / sizeof(masked[0]); i++) {
		*apic(masked[i]) = LVT_MASKED;
	}
	*apic(APIC_TPR) = 0;
	*apic(APIC_DFR) = DFR_FLAT;
	*apic(APIC_LDR) = host_cpu() < 8U ? 1U << host_cpu() << DESTINATION_SHIFT : 0U;
	*apic(APIC_TIMER_DIVIDE) = DIVIDE_BY_1;
	*apic(APIC_TIMER_INITIAL) = 0;
	*apic(APIC_LVT_TIMER) = VECTOR_TIMER;
	host_percpu(host_cpu())->deadline = UINT64_MAX;
}

void host_apic_set_id(uint32_t id)
{
	*apic(APIC_ID) = id << DESTINATION_SHIFT;
}

uint32_t host_apic_id(void)
{
	return *apic(APIC_ID) >> DESTINATION_SHIFT;
}

void host_apic_eoi(void)
{
	*apic(APIC_EOI) = 0;
}

bool host_apic_level(unsigned int vector)
{
	return (*apic(APIC_TMR + vector / 32U * 16U) >> (vector % 32U) & 1U) != 0;
}

void host_apic_ipi(unsigned int cpu, uint32_t command)
{
	while ((*apic(APIC_ICR) & ICR_BUSY) != 0) {
		cpu_pause();
	}
	*apic(APIC_ICR_HIGH) = cpu << DESTINATION_SHIFT;
	*apic(APIC_ICR) = command;
}

void host_apic_count(uint32_t count)
{
	*apic(APIC_TIMER_INITIAL) = count;
}

uint32_t host_apic_counter(void)
{
	return *apic(APIC_TIMER_CURRENT);
}

void host_apic_set_ratio(uint64_t counts, uint64_t tsc)
{
	counts_per_tsc = (counts << 32U) / tsc;
}

/* A deadline that is further away than the counter reaches is approached in steps. */
static void arm(uint64_t deadline)
{
	uint64_t now = host_tsc();
	uint64_t count = 1;

	if (deadline > now) {
		unsigned __int128 product = (unsigned __int128)(deadline - now) * counts_per_tsc;

		product >>= 32U;
		count = product < COUNT_MAX ? (uint64_t)product + 1U : COUNT_MAX;
	}
	host_apic_count((uint32_t)count);
}

void host_timer(uint64_t tsc)
{
	struct host_percpu *self = host_percpu(host_cpu());

	/* Exits are many and deadlines few: the same again costs nothing. */
	if (tsc == self->deadline) {
		return;
	}
	self->deadline = tsc;
	if (tsc == UINT64_MAX) {
		host_apic_count(0);
	} else {
		arm(tsc);
	}
}

void host_apic_timer_expired(void)
{
	struct host_percpu *self = host_percpu(host_cpu());

	if (self->deadline == UINT64_MAX) {
		return;
	}
	if (host_tsc() >= self->deadline) {
		self->deadline = UINT64_MAX;
	} else {
		arm(self->deadline);
	}
}
