/* SPDX-License-Identifier: Apache-2.0 */
#include "introspect.h"

#include "boot_state.h"
#include "depot.h"
#include "ownmap.h"
#include "pool.h"
#include "record.h"

struct walk {
	void (*visit)(void *ctx, enum svsm_private_kind kind, gpa_t page, unsigned int vmpl);
	void *ctx;
};

static void visit_deposited(void *ctx, gpa_t page)
{
	const struct walk *walk = ctx;

	/* Pools hold reserve pages too; those belong to the SVSM's own range. */
	if (!svsm_boot_in_own_range(page)) {
		walk->visit(walk->ctx, SVSM_PRIVATE_DEPOSITED, page, 0U);
	}
}

static void visit_records(const struct walk *walk, struct svsm_cpu *cpu)
{
	for (unsigned int slot = 0U; slot < SVSM_RECORDS_PER_CPU; slot++) {
		const struct svsm_record_ref ref = { cpu, slot };
		const gpa_t vmsa = svsm_record_vmsa(ref);
		const gpa_t ca = svsm_record_ca(ref);
		const unsigned int vmpl = svsm_record_vmpl(ref);

		if (vmsa.raw != 0U) {
			walk->visit(walk->ctx, SVSM_PRIVATE_VMSA, vmsa, vmpl);
		}
		if (ca.raw != 0U) {
			walk->visit(walk->ctx, SVSM_PRIVATE_CALLING_AREA, ca, vmpl);
		}
	}
}

void svsm_introspect_private(void (*visit)(void *ctx, enum svsm_private_kind kind, gpa_t page,
					   unsigned int vmpl),
			     void *ctx)
{
	struct walk walk = { visit, ctx };

	for (unsigned int i = 0U; i < svsm_cpus_count(); i++) {
		visit_records(&walk, svsm_cpu_at(i));
		svsm_pool_walk(svsm_cpu_at(i), visit_deposited, &walk);
	}
	svsm_depot_walk(svsm_depot_deposited(), visit_deposited, &walk);
}

uint64_t svsm_introspect_stat(enum svsm_stat stat)
{
	uint64_t sum = 0U;

	for (unsigned int i = 0U; i < svsm_cpus_count(); i++) {
		sum += atomic_load_explicit(&svsm_cpu_at(i)->stats[stat], memory_order_relaxed);
	}
	return sum;
}

void svsm_introspect_memory(struct svsm_memory_use *use)
{
	const uint64_t top = svsm_boot_top_gpa();
	const uint64_t regions = (top + SVSM_REGION_MASK) >> SVSM_REGION_SHIFT;

	use->per_cpu_bytes = svsm_cpus_bytes(svsm_cpus_count());
	use->map_bytes = regions * sizeof(uint64_t);
	use->leaf_bytes = svsm_map_leaves() * 128U;
	use->leaf_reserved = svsm_map_bytes(top, svsm_cpus_count()) - use->map_bytes;
	use->reserve_pages = svsm_depot_pages(svsm_depot_reserve());
	use->deposited_pages = svsm_depot_pages(svsm_depot_deposited());
}
