/* SPDX-License-Identifier: Apache-2.0 */
#include "vlapic_internal.h"

#include "host.h"

/*
 * The counter runs at 1 GHz before division: what QEMU's own APIC does and what firmware built for
 * it takes for granted. Inside, everything is the TSC of the next expiry.
 */
#define BUS_HZ UINT64_C(1000000000)

/* A guest that asks for a shorter period gets this, or its vCPU would do nothing else. */
#define SHORTEST_PERIOD_NS UINT64_C(20000)

static uint32_t *timer_lvt(struct vlapic *apic)
{
	return &apic->lvt[0];
}

static unsigned int divide_shift(uint32_t divide)
{
	return (((divide >> 1U & 4U) | (divide & 3U)) + 1U) & 7U;
}

/* No overflow: counts are below 2^39, host_tsc_hz() below 2^34. */
static uint64_t ns_to_tsc(uint64_t ns)
{
	uint64_t hz = host_tsc_hz();

	return ns / BUS_HZ * hz + ns % BUS_HZ * hz / BUS_HZ;
}

static uint64_t tsc_to_ns(uint64_t tsc)
{
	uint64_t hz = host_tsc_hz();

	return tsc / hz * BUS_HZ + tsc % hz * BUS_HZ / hz;
}

static uint64_t count_to_tsc(const struct vlapic *apic, uint32_t count)
{
	uint64_t tsc = ns_to_tsc((uint64_t)count << divide_shift(apic->timer_divide));

	return tsc == 0U ? 1U : tsc;
}

static uint64_t period(const struct vlapic *apic)
{
	uint64_t tsc = count_to_tsc(apic, apic->timer_initial);
	uint64_t shortest = ns_to_tsc(SHORTEST_PERIOD_NS);

	return tsc < shortest ? shortest : tsc;
}

static void expire(struct vlapic *apic, uint64_t now)
{
	uint32_t lvt = *timer_lvt(apic);

	if (APIC_LVT_MODE(lvt) == APIC_MODE_PERIODIC && apic->timer_initial != 0U) {
		uint64_t step = period(apic);

		apic->timer_deadline += step * (1U + (now - apic->timer_deadline) / step);
	} else {
		apic->timer_deadline = UINT64_MAX;
	}
	if ((lvt & APIC_LVT_MASKED) != 0U) {
		return;
	}
	if ((lvt & 0xffU) < 16U) {
		vlapic_error(apic, APIC_ESR_RECEIVE_ILLEGAL);
	} else {
		vlapic_raise(apic, lvt & 0xffU, false);
	}
}

uint64_t vlapic_timer(struct vlapic *apic, uint64_t now)
{
	if (apic->timer_deadline <= now) {
		expire(apic, now);
	}
	return (*timer_lvt(apic) & APIC_LVT_MASKED) != 0U ? UINT64_MAX : apic->timer_deadline;
}

void vlapic_timer_stop(struct vlapic *apic)
{
	apic->timer_initial = 0;
	apic->timer_deadline = UINT64_MAX;
}

static uint32_t remaining(const struct vlapic *apic, uint64_t now)
{
	if (apic->timer_deadline == UINT64_MAX || apic->timer_deadline <= now) {
		return 0;
	}
	return (uint32_t)(tsc_to_ns(apic->timer_deadline - now) >>
			  divide_shift(apic->timer_divide));
}

uint32_t vlapic_timer_current(struct vlapic *apic)
{
	uint64_t now = host_tsc();

	(void)vlapic_timer(apic, now);
	return APIC_LVT_MODE(*timer_lvt(apic)) == APIC_MODE_DEADLINE ? 0U : remaining(apic, now);
}

void vlapic_timer_set_initial(struct vlapic *apic, uint32_t count)
{
	if (APIC_LVT_MODE(*timer_lvt(apic)) == APIC_MODE_DEADLINE) {
		return;
	}
	apic->timer_initial = count;
	if (count == 0U) {
		apic->timer_deadline = UINT64_MAX;
	} else if (APIC_LVT_MODE(*timer_lvt(apic)) == APIC_MODE_PERIODIC) {
		apic->timer_deadline = host_tsc() + period(apic);
	} else {
		apic->timer_deadline = host_tsc() + count_to_tsc(apic, count);
	}
}

/* A running count goes on from where it is, at the new speed. */
void vlapic_timer_set_divide(struct vlapic *apic, uint32_t divide)
{
	uint32_t count = vlapic_timer_current(apic);

	apic->timer_divide = divide & 0xbU;
	if (count != 0U) {
		apic->timer_deadline = host_tsc() + count_to_tsc(apic, count);
	}
}

void vlapic_timer_set_lvt(struct vlapic *apic, uint32_t lvt)
{
	/* What has expired under the old setting must not be raised by the new one. */
	(void)vlapic_timer(apic, host_tsc());
	if ((APIC_LVT_MODE(lvt) == APIC_MODE_DEADLINE) !=
	    (APIC_LVT_MODE(*timer_lvt(apic)) == APIC_MODE_DEADLINE)) {
		vlapic_timer_stop(apic);
	}
	*timer_lvt(apic) = lvt;
}

void vlapic_timer_set_deadline(struct vlapic *apic, uint64_t tsc)
{
	if (APIC_LVT_MODE(*timer_lvt(apic)) == APIC_MODE_DEADLINE) {
		apic->timer_deadline = tsc == 0U ? UINT64_MAX : tsc;
	}
}

uint64_t vlapic_timer_deadline(struct vlapic *apic)
{
	(void)vlapic_timer(apic, host_tsc());
	if (APIC_LVT_MODE(*timer_lvt(apic)) != APIC_MODE_DEADLINE ||
	    apic->timer_deadline == UINT64_MAX) {
		return 0;
	}
	return apic->timer_deadline;
}
