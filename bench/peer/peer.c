/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "abi/vmsa_abi.h"
#include "bench_impl.h"
#include "peer_priv.h"

#define FIELD(name) offsetof(struct vmsa_page, name)

struct peer peer = { .costs = { true, true, true, true } };

/* The first eight bytes of a calling area are copied in and out as one. */
#define CA_PENDING UINT64_C(0xff)

/* ---- bench_impl.h and bench_peer.h ---- */

const char *bench_impl_name(void)
{
	return "peer";
}

bool bench_impl_serves(enum bench_call call)
{
	return call <= BENCH_CALL_DELETE_VCPU;
}

void bench_peer_costs(const struct bench_peer_costs *costs)
{
	peer.costs = *costs;
}

void bench_impl_costs(unsigned int mask)
{
	const struct bench_peer_costs costs = { .lock = (mask & BENCH_COST_LOCK) != 0U,
						.scan = (mask & BENCH_COST_SCAN) != 0U,
						.mapping = (mask & BENCH_COST_MAPPING) != 0U,
						.flush = (mask & BENCH_COST_FLUSH) != 0U };

	bench_peer_costs(&costs);
}

static uint64_t total(enum peer_count what)
{
	uint64_t sum = 0U;

	for (unsigned int i = 0U; i < peer.nr_cpus; i++) {
		sum += atomic_load_explicit(&peer.cpus[i].counts[what], memory_order_relaxed);
	}
	return sum;
}

void bench_peer_counters(struct bench_peer_counters *out)
{
	*out = (struct bench_peer_counters){ .locks = total(PEER_COUNT_LOCKS),
					     .compares = total(PEER_COUNT_COMPARES),
					     .mappings = total(PEER_COUNT_MAPPINGS),
					     .flushes = total(PEER_COUNT_FLUSHES) };
}

/* ---- boot ---- */

/* Parts of the arena, in this order; each starts on a page. */
static uint64_t whole_pages(uint64_t bytes)
{
	return (bytes + SVSM_PAGE_MASK) & ~SVSM_PAGE_MASK;
}

static uint64_t cpus_bytes(unsigned int nr_cpus)
{
	return whole_pages((uint64_t)nr_cpus * sizeof(struct peer_cpu));
}

static uint64_t records_bytes(unsigned int nr_cpus)
{
	return whole_pages((uint64_t)nr_cpus * PEER_VMSAS_PER_CPU * sizeof(struct peer_record));
}

static uint64_t tables_bytes(unsigned int nr_cpus)
{
	return (uint64_t)nr_cpus * PEER_TABLES * SVSM_PAGE_SIZE;
}

uint64_t svsm_boot_bytes(uint64_t top_gpa, unsigned int nr_cpus)
{
	(void)top_gpa;
	return cpus_bytes(nr_cpus) + records_bytes(nr_cpus) + tables_bytes(nr_cpus);
}

static void add_range(uint64_t start, uint64_t end)
{
	struct svsm_boot_range *last = &peer.map[peer.nr_ranges];

	if (start >= end) {
		return;
	}
	if (peer.nr_ranges > 0U && last[-1].end == start) {
		last[-1].end = end;
		return;
	}
	*last = (struct svsm_boot_range){ start, end };
	peer.nr_ranges++;
}

static void make_map(const struct svsm_boot_info *info)
{
	peer.nr_ranges = 0U;
	for (unsigned int i = 0U; i < info->nr_ram; i++) {
		const struct svsm_boot_range *ram = &info->ram[i];

		if (info->svsm.start >= ram->start && info->svsm.end <= ram->end) {
			add_range(ram->start, info->svsm.start);
			add_range(info->svsm.end, ram->end);
		} else {
			add_range(ram->start, ram->end);
		}
	}
}

static void make_cpus(const struct svsm_boot_info *info)
{
	unsigned char *arena = arch_private_ptr(gpa_make(info->arena.start));
	unsigned char *records = arena + cpus_bytes(info->nr_cpus);
	unsigned char *tables = records + records_bytes(info->nr_cpus);

	peer.cpus = (struct peer_cpu *)(void *)arena;
	peer.nr_cpus = info->nr_cpus;
	peer.records = (struct peer_record *)(void *)records;
	peer.nr_records = 0U;
	for (unsigned int i = 0U; i < info->nr_cpus; i++) {
		struct peer_cpu *cpu = &peer.cpus[i];

		cpu->index = i;
		cpu->apic_id = info->apic_ids[i];
		peer_mapping_init(cpu, (uint64_t *)(void *)(tables + i * tables_bytes(1U)));
	}
}

enum svsm_boot_status svsm_boot(const struct svsm_boot_info *info)
{
	const struct peer_guest startup = { info->startup_vmsa.raw, info->startup_ca.raw };

	if (info->nr_cpus == 0U || info->nr_cpus > SVSM_MAX_CPUS) {
		return SVSM_BOOT_BAD_CPUS;
	}
	if (info->nr_ram > SVSM_BOOT_RANGES || info->guest_vmpl == 0U ||
	    info->guest_vmpl >= SVSM_NR_VMPLS || info->arena.end <= info->arena.start) {
		return SVSM_BOOT_BAD_MAP;
	}
	if (info->arena.end - info->arena.start < svsm_boot_bytes(0U, info->nr_cpus)) {
		return SVSM_BOOT_NO_MEMORY;
	}
	peer.guest_vmpl = info->guest_vmpl;
	make_map(info);
	make_cpus(info);
	peer_add_record(startup, &peer.cpus[0], true);
	peer.records[0].used = true;
	peer.cpus[0].guest = startup;
	return SVSM_BOOT_OK;
}

/* ---- one entry of VMPL0 ---- */

void peer_flush(struct peer_cpu *cpu)
{
	if (peer.costs.flush) {
		arch_flush_global();
		peer_count(cpu, PEER_COUNT_FLUSHES, 1U);
	}
}

/* Look whether VMSA or calling area moved; their mappings are then made again. */
static void update_mappings(struct peer_cpu *cpu)
{
	struct peer_guest guest;
	struct peer_mapping map;
	bool stale = false;

	peer_lock(cpu, &cpu->lock);
	guest = cpu->guest;
	stale = cpu->mapped_generation != cpu->generation;
	cpu->mapped_generation = cpu->generation;
	peer_unlock(&cpu->lock);
	if (stale && guest.vmsa != 0U && guest.ca != 0U) {
		if (peer_map(cpu, gpa_make(guest.vmsa), SVSM_PAGE_4K, &map)) {
			peer_unmap(cpu, &map);
		}
		if (peer_map(cpu, gpa_make(guest.ca), SVSM_PAGE_4K, &map)) {
			peer_unmap(cpu, &map);
		}
	}
}

static void stop_serving(struct peer_cpu *cpu)
{
	peer_lock(cpu, &cpu->lock);
	cpu->serving = 0U;
	peer_unlock(&cpu->lock);
}

static struct peer_guest serve_current(struct peer_cpu *cpu)
{
	struct peer_guest guest;

	peer_lock(cpu, &cpu->lock);
	guest = cpu->guest;
	cpu->serving = guest.vmsa;
	peer_unlock(&cpu->lock);
	return guest;
}

/* The @nth other VMSA of this vCPU that could call; vmsa 0: there are not so many. */
static struct peer_guest serve_other(struct peer_cpu *cpu, uint64_t current, unsigned int nth)
{
	struct peer_guest guest = { 0 };
	unsigned int found = 0U;

	peer_read_lock(cpu, &peer.records_lock);
	for (unsigned int i = 0U; i < peer.nr_records && guest.vmsa == 0U; i++) {
		const struct peer_record *record = &peer.records[i];

		if (record->cpu == cpu->index && record->used && record->guest.ca != 0U &&
		    record->guest.vmsa != current) {
			guest = nth == found ? record->guest : guest;
			found++;
		}
	}
	peer_lock(cpu, &cpu->lock);
	cpu->serving = guest.vmsa;
	peer_unlock(&cpu->lock);
	peer_read_unlock(&peer.records_lock);
	return guest;
}

static bool close_gate(gpa_t vmsa)
{
	return arch_vmsa_svme_clear(vmsa) == ARCH_SVME_WAS_SET;
}

/* A call is there; its pending byte is cleared before it is served. */
static bool take_call(struct peer_call *call, uint64_t *area)
{
	const gpa_t vmsa = gpa_make(call->guest.vmsa);
	const gpa_t ca = gpa_make(call->guest.ca);
	uint64_t exitcode = 0U;
	uint64_t cleared = 0U;

	if (!arch_vmsa_read(vmsa, FIELD(guest_exitcode), &exitcode) ||
	    exitcode != VMSA_EXIT_VMGEXIT || !arch_guest_read(area, ca, sizeof(*area)) ||
	    (*area & CA_PENDING) == 0U) {
		return false;
	}
	cleared = *area & ~CA_PENDING;
	return arch_guest_write(ca, &cleared, sizeof(cleared)) &&
	       arch_vmsa_read(vmsa, FIELD(rax), &call->rax) &&
	       arch_vmsa_read(vmsa, FIELD(rcx), &call->rcx) &&
	       arch_vmsa_read(vmsa, FIELD(rdx), &call->rdx) &&
	       arch_vmsa_read(vmsa, FIELD(r8), &call->r8);
}

static uint32_t dispatch(struct peer_call *call)
{
	if (call->rax >> 32 != 0U) {
		return BENCH_UNSUPPORTED_PROTOCOL;
	}
	switch (call->rax) {
	case BENCH_REMAP_CA:
		return peer_remap_ca(call);
	case BENCH_PVALIDATE:
		return peer_pvalidate(call);
	case BENCH_CREATE_VCPU:
		return peer_create_vcpu(call);
	case BENCH_DELETE_VCPU:
		return peer_delete_vcpu(call);
	case BENCH_QUERY_PROTOCOL:
		call->rcx = bench_query(call->rcx);
		call->out_rcx = true;
		return BENCH_SUCCESS;
	default:
		return BENCH_UNSUPPORTED_CALL;
	}
}

/* The second pair of locks: the mappings again, then the VMSA for its results. */
static void answer(struct peer_call *call, uint32_t result)
{
	const gpa_t vmsa = gpa_make(call->guest.vmsa);

	update_mappings(call->cpu);
	peer_lock(call->cpu, &call->cpu->lock);
	call->cpu->serving = 0U;
	if (!call->no_return) {
		if (call->out_rcx) {
			(void)arch_vmsa_write(vmsa, FIELD(rcx), call->rcx);
		}
		(void)arch_vmsa_write(vmsa, FIELD(rax), result);
		peer_open_gate(vmsa);
	}
	peer_unlock(&call->cpu->lock);
}

enum outcome {
	OUTCOME_NO_CALL,
	OUTCOME_SERVED,
	OUTCOME_GONE, /* the VMSA deleted itself */
};

/* Serve the call of a VMSA that is marked as being served. */
static enum outcome serve_guest(struct peer_cpu *cpu, struct peer_guest guest)
{
	struct peer_call call = { .cpu = cpu, .guest = guest };
	uint64_t area = 0U;
	uint32_t result = BENCH_INVALID_FORMAT;

	if (guest.vmsa == 0U || guest.ca == 0U || !close_gate(gpa_make(guest.vmsa))) {
		stop_serving(cpu);
		return OUTCOME_NO_CALL;
	}
	if (!take_call(&call, &area)) {
		peer_open_gate(gpa_make(guest.vmsa));
		stop_serving(cpu);
		return OUTCOME_NO_CALL;
	}
	if ((area & CA_PENDING) == 1U) {
		result = dispatch(&call);
	}
	answer(&call, result);
	return call.no_return ? OUTCOME_GONE : OUTCOME_SERVED;
}

/* The VMSA that calls is the one to look at first, once the one made last is gone. */
static void adopt(struct peer_cpu *cpu, uint64_t vmsa)
{
	const struct peer_record *record = NULL;

	peer_read_lock(cpu, &peer.records_lock);
	record = peer_find_vmsa(vmsa);
	peer_lock(cpu, &cpu->lock);
	if (cpu->guest.vmsa == 0U && record != NULL && record->used && record->guest.ca != 0U) {
		cpu->guest = record->guest;
		cpu->generation++;
	}
	peer_unlock(&cpu->lock);
	peer_read_unlock(&peer.records_lock);
}

/* Rare: the VMSA made last for this vCPU is not the one that called. */
static enum outcome serve_others(struct peer_cpu *cpu, uint64_t current)
{
	enum outcome outcome = OUTCOME_NO_CALL;
	struct peer_guest guest = { 0 };
	unsigned int nth = 0U;

	do {
		guest = serve_other(cpu, current, nth);
		outcome = serve_guest(cpu, guest);
		nth++;
	} while (outcome == OUTCOME_NO_CALL && guest.vmsa != 0U);
	if (outcome == OUTCOME_SERVED) {
		adopt(cpu, guest.vmsa);
	}
	return outcome;
}

/* Something of this vCPU can run. */
static bool runnable(struct peer_cpu *cpu)
{
	bool found = false;

	peer_lock(cpu, &cpu->lock);
	found = cpu->guest.vmsa != 0U;
	peer_unlock(&cpu->lock);
	if (!found) {
		found = serve_other(cpu, 0U, 0U).vmsa != 0U;
		stop_serving(cpu);
	}
	return found;
}

unsigned int svsm_serve(unsigned int cpu_index)
{
	struct peer_cpu *cpu = &peer.cpus[cpu_index];
	enum outcome outcome = OUTCOME_NO_CALL;
	struct peer_guest guest;

	update_mappings(cpu);
	guest = serve_current(cpu);
	outcome = serve_guest(cpu, guest);
	if (outcome == OUTCOME_NO_CALL) {
		outcome = serve_others(cpu, guest.vmsa);
	}
	if (peer_try_write_lock(cpu, &cpu->apic)) {
		peer_write_unlock(&cpu->apic);
	}
	peer_flush(cpu);
	return outcome == OUTCOME_SERVED || runnable(cpu) ? peer.guest_vmpl : SVSM_ENTER_NONE;
}
