/* SPDX-License-Identifier: Apache-2.0 */
#include "pin.h"

#include "arch.h"
#include "arena.h"

/* A copy of one page takes well below a microsecond; a pin that outlives this many re-reads belongs
 * to a stopped vCPU. */
#define REREADS 64U

struct svsm_pins svsm_pins;

uint64_t svsm_pin_bytes(unsigned int nr_cpus)
{
	return (uint64_t)nr_cpus * sizeof(struct svsm_pin) + SVSM_CACHE_LINE;
}

bool svsm_pin_init(struct svsm_arena *arena, unsigned int nr_cpus)
{
	svsm_pins.count = nr_cpus;
	svsm_pins.of = svsm_arena_alloc(arena, nr_cpus * sizeof(struct svsm_pin), SVSM_CACHE_LINE);
	return svsm_pins.of != NULL;
}

void svsm_pin_set(const struct svsm_cpu *cpu, gpa_t gpa)
{
	/* seq_cst: full fence before the map is read; pairs with the claim CAS and the scan's load
	 */
	(void)atomic_exchange_explicit(&svsm_pins.of[cpu->index].page,
				       gpa_page(gpa).raw | SVSM_PINNED, memory_order_seq_cst);
	arch_point(ARCH_POINT_PINNED);
}

void svsm_pin_clear(const struct svsm_cpu *cpu)
{
	/* release: pairs with the scan's load: the copy is complete */
	atomic_store_explicit(&svsm_pins.of[cpu->index].page, 0U, memory_order_release);
}

bool svsm_pinned(const struct svsm_cpu *cpu)
{
	return atomic_load_explicit(&svsm_pins.of[cpu->index].page, memory_order_relaxed) != 0U;
}

static uint64_t read_pin(const struct svsm_pin *pin)
{
	/* seq_cst: after the claim CAS; pairs with svsm_pin_set() */
	return atomic_load_explicit(&pin->page, memory_order_seq_cst);
}

bool svsm_pin_outlasts(struct svsm_cpu *cpu, const struct svsm_pin *pin, uint64_t seen)
{
	for (unsigned int reads = 0U; reads < REREADS; reads++) {
		arch_relax();
		if (read_pin(pin) != seen) {
			return false;
		}
	}
	svsm_stat_add(cpu, SVSM_STAT_PIN_CONFLICTS, 1U);
	return true;
}

static bool pin_in(uint64_t pin, gpa_t gpa, uint64_t pages)
{
	const uint64_t page = pin & ~SVSM_PAGE_MASK;

	return (pin & SVSM_PINNED) != 0U && page >= gpa.raw &&
	       page - gpa.raw < pages * SVSM_PAGE_SIZE;
}

bool svsm_pin_conflict(struct svsm_cpu *cpu, gpa_t gpa, uint64_t pages)
{
	for (unsigned int i = 0U; i < svsm_pins.count; i++) {
		const uint64_t seen = read_pin(&svsm_pins.of[i]);

		if (pin_in(seen, gpa, pages) && svsm_pin_outlasts(cpu, &svsm_pins.of[i], seen)) {
			return true;
		}
	}
	return false;
}

/* The first of @count list entries that names the pinned page; @count if none does. */
static unsigned int entry_of(uint64_t pin, const uint64_t *list, unsigned int count)
{
	unsigned int i = 0U;

	while (i < count && ((list[i] ^ pin) & ~SVSM_PAGE_MASK) != 0U) {
		i++;
	}
	return i;
}

unsigned int svsm_pin_first(struct svsm_cpu *cpu, const uint64_t *list, unsigned int count)
{
	const struct svsm_pin *const end = &svsm_pins.of[svsm_pins.count];
	unsigned int first = count;

	for (const struct svsm_pin *pin = svsm_pins.of; pin < end; pin++) {
		const uint64_t seen = read_pin(pin);

		if (seen != 0U) {
			const unsigned int entry = entry_of(seen, list, first);

			if (entry < first && svsm_pin_outlasts(cpu, pin, seen)) {
				first = entry;
			}
		}
	}
	return first;
}

unsigned int svsm_pin_snapshot(struct svsm_cpu *cpu, gpa_t *pinned, unsigned int limit,
			       bool *overflow)
{
	unsigned int found = 0U;

	(void)cpu;
	*overflow = false;
	for (unsigned int i = 0U; i < svsm_pins.count; i++) {
		const uint64_t seen = read_pin(&svsm_pins.of[i]);

		if (seen == 0U) {
			continue;
		}
		if (found == limit) {
			*overflow = true;
			break;
		}
		pinned[found] = gpa_make(seen & ~SVSM_PAGE_MASK);
		found++;
	}
	return found;
}
