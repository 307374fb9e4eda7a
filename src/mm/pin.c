/* SPDX-License-Identifier: Apache-2.0 */
#include "pin.h"

#include "arch.h"

/* A copy of one page takes well below a microsecond; a pin that outlives this many re-reads belongs
 * to a stopped vCPU. */
#define REREADS 64U

#define PINNED UINT64_C(1)

void svsm_pin_set(struct svsm_cpu *cpu, gpa_t gpa)
{
	/* seq_cst: full fence before the map is read; pairs with the claim CAS and the scan's load
	 */
	(void)atomic_exchange_explicit(&cpu->pin, gpa_page(gpa).raw | PINNED, memory_order_seq_cst);
	arch_point(ARCH_POINT_PINNED);
}

void svsm_pin_clear(struct svsm_cpu *cpu)
{
	/* release: pairs with the scan's load: the copy is complete */
	atomic_store_explicit(&cpu->pin, 0U, memory_order_release);
}

static bool pin_in(uint64_t pin, gpa_t gpa, uint64_t pages)
{
	const uint64_t page = pin & ~SVSM_PAGE_MASK;

	return (pin & PINNED) != 0U && page >= gpa.raw && page - gpa.raw < pages * SVSM_PAGE_SIZE;
}

bool svsm_pin_conflict(struct svsm_cpu *cpu, gpa_t gpa, uint64_t pages)
{
	for (unsigned int i = 0U; i < svsm_cpus_count(); i++) {
		const _Atomic(uint64_t) *pin = &svsm_cpu_at(i)->pin;
		unsigned int reads = 0U;

		/* seq_cst: after the claim CAS; pairs with svsm_pin_set() */
		while (pin_in(atomic_load_explicit(pin, memory_order_seq_cst), gpa, pages)) {
			reads++;
			if (reads > REREADS) {
				svsm_stat_add(cpu, SVSM_STAT_PIN_CONFLICTS, 1U);
				return true;
			}
			arch_relax();
		}
	}
	return false;
}

unsigned int svsm_pin_snapshot(struct svsm_cpu *cpu, gpa_t *pinned, unsigned int limit,
			       bool *overflow)
{
	unsigned int found = 0U;

	(void)cpu;
	*overflow = false;
	for (unsigned int i = 0U; i < svsm_cpus_count(); i++) {
		/* seq_cst: after the claim CASes; pairs with svsm_pin_set() */
		const uint64_t pin =
			atomic_load_explicit(&svsm_cpu_at(i)->pin, memory_order_seq_cst);

		if ((pin & PINNED) == 0U) {
			continue;
		}
		if (found == limit) {
			*overflow = true;
			break;
		}
		pinned[found] = gpa_make(pin & ~SVSM_PAGE_MASK);
		found++;
	}
	return found;
}
