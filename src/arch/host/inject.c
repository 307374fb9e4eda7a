/* SPDX-License-Identifier: Apache-2.0 */
#include "machine_internal.h"

atomic_uint hm_alloc_armed;

_Static_assert(HM_INJECT_NR <= 32U, "injections are bits of one word");

/* Keep hm_alloc_armed the number of CPUs whose HM_INJECT_ALLOC bit is set. */
static void arm_bit(struct hm_cpu *cpu, enum hm_injected what, bool arm)
{
	unsigned int bit = 1U << what;
	/* pairs with hm_injected_slow: countdown and value are set */
	unsigned int before =
		arm ? atomic_fetch_or_explicit(&cpu->injections, bit, memory_order_release)
		    : atomic_fetch_and_explicit(&cpu->injections, ~bit, memory_order_relaxed);

	if (what != HM_INJECT_ALLOC || ((before & bit) != 0U) == arm) {
		return;
	}
	if (arm) {
		(void)atomic_fetch_add_explicit(&hm_alloc_armed, 1U, memory_order_relaxed);
	} else {
		(void)atomic_fetch_sub_explicit(&hm_alloc_armed, 1U, memory_order_relaxed);
	}
}

void hm_inject(struct hm_machine *m, unsigned int index, enum hm_injected what, unsigned int nth,
	       uint32_t value)
{
	struct hm_cpu *cpu = &m->cpus[index];

	arm_bit(cpu, what, false);
	if (nth == 0U) {
		return;
	}
	atomic_store_explicit(&cpu->inject[what].countdown, nth, memory_order_relaxed);
	atomic_store_explicit(&cpu->inject[what].value, value, memory_order_relaxed);
	atomic_store_explicit(&cpu->inject[what].fired, false, memory_order_relaxed);
	arm_bit(cpu, what, true);
}

bool hm_injection_fired(struct hm_machine *m, unsigned int index, enum hm_injected what)
{
	return atomic_load_explicit(&m->cpus[index].inject[what].fired, memory_order_relaxed);
}

bool hm_injected_slow(struct hm_cpu *cpu, enum hm_injected what, uint32_t *value)
{
	struct hm_injection *injection = &cpu->inject[what];

	/* pairs with arm_bit */
	if ((atomic_load_explicit(&cpu->injections, memory_order_acquire) & (1U << what)) == 0U ||
	    atomic_fetch_sub_explicit(&injection->countdown, 1U, memory_order_relaxed) != 1U) {
		return false;
	}
	if (value != NULL) {
		*value = atomic_load_explicit(&injection->value, memory_order_relaxed);
	}
	arm_bit(cpu, what, false);
	atomic_store_explicit(&injection->fired, true, memory_order_relaxed);
	return true;
}

bool hm_alloc_permitted(void)
{
	struct hm_cpu *cpu = hm_self;

	return cpu == NULL || !hm_injected_now(cpu, HM_INJECT_ALLOC, NULL);
}
