/* SPDX-License-Identifier: Apache-2.0 */
#include "limit_priv.h"

#include <stdatomic.h>
#include <stddef.h>

#include "abi/vmsa_abi.h"
#include "bench_impl.h"

#define FIELD(name) offsetof(struct vmsa_page, name)

#define SLOTS 8U
#define SLOT_TAKEN UINT64_C(1)

/* A vCPU's VMSAs with their calling areas; vmsa 0: free, ca 0: cannot call. Other vCPUs create and
 * delete. */
struct limit_cpu {
	_Alignas(SVSM_CACHE_LINE) _Atomic(uint64_t) vmsa[SLOTS];
	_Atomic(uint64_t) ca[SLOTS];
	_Atomic(uint32_t) used;
	uint32_t apic_id;
	unsigned int last; /* slot served last; owner only */
	uint64_t entries[BENCH_LIST_MAX];
};

unsigned int limit_guest_vmpl;

/* Set at boot. */
static struct limit_cpu *cpus;
static unsigned int nr_cpus;

/* ---- bench_impl.h ---- */

const char *bench_impl_name(void)
{
	return "limit";
}

bool bench_impl_serves(enum bench_call call)
{
	return call <= BENCH_CALL_DELETE_VCPU;
}

void bench_impl_costs(unsigned int mask)
{
	(void)mask;
}

/* ---- boot ---- */

static uint64_t cpus_bytes(unsigned int count)
{
	return ((uint64_t)count * sizeof(struct limit_cpu) + SVSM_PAGE_MASK) & ~SVSM_PAGE_MASK;
}

uint64_t svsm_boot_bytes(uint64_t top_gpa, unsigned int count)
{
	(void)top_gpa;
	return cpus_bytes(count) + LIMIT_SCRATCH;
}

/* A calling area serves the VMSA made last with it. */
static bool add(struct limit_cpu *cpu, uint64_t vmsa, uint64_t ca)
{
	for (unsigned int slot = 0U; slot < SLOTS; slot++) {
		uint64_t expected = ca;

		(void)atomic_compare_exchange_strong_explicit(
			&cpu->ca[slot], &expected, 0U, memory_order_relaxed, memory_order_relaxed);
	}
	for (unsigned int slot = 0U; slot < SLOTS; slot++) {
		uint64_t expected = 0U;

		if (atomic_compare_exchange_strong_explicit(&cpu->vmsa[slot], &expected, SLOT_TAKEN,
							    memory_order_relaxed,
							    memory_order_relaxed)) {
			atomic_store_explicit(&cpu->ca[slot], ca, memory_order_relaxed);
			/* release: pairs with slot_vmsa() */
			atomic_store_explicit(&cpu->vmsa[slot], vmsa, memory_order_release);
			(void)atomic_fetch_add_explicit(&cpu->used, 1U, memory_order_relaxed);
			return true;
		}
	}
	return false;
}

enum svsm_boot_status svsm_boot(const struct svsm_boot_info *info)
{
	if (info->nr_cpus == 0U || info->nr_cpus > SVSM_MAX_CPUS) {
		return SVSM_BOOT_BAD_CPUS;
	}
	if (info->arena.end < info->arena.start ||
	    info->arena.end - info->arena.start < svsm_boot_bytes(0U, info->nr_cpus)) {
		return SVSM_BOOT_NO_MEMORY;
	}
	limit_guest_vmpl = info->guest_vmpl;
	nr_cpus = info->nr_cpus;
	cpus = arch_private_ptr(gpa_make(info->arena.start));
	for (unsigned int i = 0U; i < nr_cpus; i++) {
		cpus[i].apic_id = info->apic_ids[i];
	}
	limit_zero_choose(gpa_make(info->arena.start + cpus_bytes(nr_cpus)));
	return add(&cpus[0], info->startup_vmsa.raw, info->startup_ca.raw) ? SVSM_BOOT_OK
									   : SVSM_BOOT_NO_MEMORY;
}

/* ---- calls ---- */

static uint64_t slot_vmsa(const struct limit_cpu *cpu, unsigned int slot)
{
	/* acquire: pairs with add() */
	const uint64_t vmsa = atomic_load_explicit(&cpu->vmsa[slot], memory_order_acquire);

	return vmsa == SLOT_TAKEN ? 0U : vmsa;
}

static uint64_t slot_ca(const struct limit_cpu *cpu, unsigned int slot)
{
	return atomic_load_explicit(&cpu->ca[slot], memory_order_relaxed);
}

static struct limit_cpu *by_apic(uint32_t apic_id)
{
	for (unsigned int i = 0U; i < nr_cpus; i++) {
		if (cpus[i].apic_id == apic_id) {
			return &cpus[i];
		}
	}
	return NULL;
}

/* VMSA attribute and rights of @guest for VMPL1 to the guest's, none for the others. */
static uint32_t adjust(gpa_t page, uint8_t guest, bool vmsa)
{
	uint32_t status = BENCH_SUCCESS;

	for (unsigned int vmpl = 1U; vmpl < SVSM_NR_VMPLS; vmpl++) {
		const struct arch_rmp_result rmp =
			arch_rmpadjust(page, SVSM_PAGE_4K, vmpl,
				       vmpl <= limit_guest_vmpl ? guest : SVSM_PERM_NONE, vmsa);

		status |= limit_status(&rmp);
	}
	return status;
}

static uint32_t create_vcpu(uint64_t vmsa, uint64_t ca, uint32_t apic_id)
{
	const uint8_t not_pending = 0U;
	struct limit_cpu *target = by_apic(apic_id);
	uint32_t status = BENCH_INVALID_PARAMETER;

	if (target != NULL) {
		status = adjust(gpa_make(vmsa), SVSM_PERM_READ, true);
		arch_flush_global();
		(void)arch_guest_write(gpa_make(ca), &not_pending, sizeof(not_pending));
		status |= add(target, vmsa, ca) ? BENCH_SUCCESS : BENCH_INVALID_REQUEST;
	}
	return status;
}

static bool forget(struct limit_cpu *cpu, uint64_t vmsa)
{
	for (unsigned int slot = 0U; slot < SLOTS; slot++) {
		if (slot_vmsa(cpu, slot) == vmsa) {
			(void)atomic_fetch_sub_explicit(&cpu->used, 1U, memory_order_relaxed);
			/* release: pairs with the exchange of add() */
			atomic_store_explicit(&cpu->vmsa[slot], 0U, memory_order_release);
			return true;
		}
	}
	return false;
}

static uint32_t delete_vcpu(uint64_t vmsa)
{
	for (unsigned int i = 0U; i < nr_cpus; i++) {
		if (forget(&cpus[i], vmsa)) {
			return adjust(gpa_make(vmsa), SVSM_PERM_RWX, false);
		}
	}
	return BENCH_INVALID_PARAMETER;
}

static uint32_t remap_ca(struct limit_cpu *cpu, unsigned int slot, uint64_t ca)
{
	const uint8_t not_pending = 0U;

	(void)arch_guest_write(gpa_make(ca), &not_pending, sizeof(not_pending));
	atomic_store_explicit(&cpu->ca[slot], ca, memory_order_relaxed);
	return BENCH_SUCCESS;
}

/* ---- one entry of VMPL0 ---- */

static uint64_t reg(gpa_t vmsa, size_t field)
{
	uint64_t value = 0U;

	(void)arch_vmsa_read(vmsa, field, &value);
	return value;
}

static uint32_t dispatch(struct limit_cpu *cpu, unsigned int slot, gpa_t vmsa)
{
	switch (reg(vmsa, FIELD(rax))) {
	case BENCH_REMAP_CA:
		return remap_ca(cpu, slot, reg(vmsa, FIELD(rcx)));
	case BENCH_PVALIDATE:
		return limit_pvalidate(gpa_make(reg(vmsa, FIELD(rcx))), cpu->entries);
	case BENCH_CREATE_VCPU:
		return create_vcpu(reg(vmsa, FIELD(rcx)), reg(vmsa, FIELD(rdx)),
				   (uint32_t)reg(vmsa, FIELD(r8)));
	case BENCH_DELETE_VCPU:
		return delete_vcpu(reg(vmsa, FIELD(rcx)));
	case BENCH_QUERY_PROTOCOL:
		(void)arch_vmsa_write(vmsa, FIELD(rcx), bench_query(reg(vmsa, FIELD(rcx))));
		return BENCH_SUCCESS;
	default:
		return BENCH_UNSUPPORTED_CALL;
	}
}

static bool pending(const struct limit_cpu *cpu, unsigned int slot)
{
	uint8_t byte = 0U;

	return slot_vmsa(cpu, slot) != 0U && slot_ca(cpu, slot) != 0U &&
	       arch_guest_read(&byte, gpa_make(slot_ca(cpu, slot)), sizeof(byte)) && byte != 0U;
}

/* The slot that calls. A vCPU with one VMSA is believed; with several, the pending byte tells. */
static unsigned int calling_slot(const struct limit_cpu *cpu)
{
	if (atomic_load_explicit(&cpu->used, memory_order_relaxed) == 1U &&
	    slot_vmsa(cpu, cpu->last) != 0U) {
		return cpu->last;
	}
	for (unsigned int slot = 0U; slot < SLOTS; slot++) {
		if (pending(cpu, slot)) {
			return slot;
		}
	}
	return SLOTS;
}

unsigned int svsm_serve(unsigned int cpu_index)
{
	const uint8_t not_pending = 0U;
	struct limit_cpu *cpu = &cpus[cpu_index];
	const unsigned int slot = calling_slot(cpu);
	uint32_t status = BENCH_SUCCESS;
	gpa_t vmsa;
	gpa_t ca;

	if (slot == SLOTS) {
		return limit_guest_vmpl;
	}
	cpu->last = slot;
	vmsa = gpa_make(slot_vmsa(cpu, slot));
	ca = gpa_make(slot_ca(cpu, slot));
	status = dispatch(cpu, slot, vmsa);
	(void)arch_vmsa_write(vmsa, FIELD(rax), status);
	(void)arch_guest_write(ca, &not_pending, sizeof(not_pending));
	return limit_guest_vmpl;
}
