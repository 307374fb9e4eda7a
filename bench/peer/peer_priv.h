/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PEER_PRIV_H
#define PEER_PRIV_H

#include <stdatomic.h>

#include "arch.h"
#include "bench_abi.h"
#include "bench_peer.h"
#include "boot.h"

#define PEER_VMSAS_PER_CPU 8U /* as many as ours allows for one APIC id */
#define PEER_SLOTS 1024U
#define PEER_TABLES 6U
#define PEER_TABLE_ENTRIES 512U

struct peer_ticket {
	_Atomic(uint32_t) next;
	_Atomic(uint32_t) owner;
};

/* Readers in the low half, writers in the high half. */
struct peer_rwlock {
	_Alignas(SVSM_CACHE_LINE) _Atomic(uint64_t) word;
};

/* Slots for temporary mappings of one page size: a bit is set for a slot or guard in use. */
struct peer_slots {
	struct peer_rwlock lock;
	uint64_t bits[PEER_SLOTS / 64U];
};

enum peer_count {
	PEER_COUNT_LOCKS,
	PEER_COUNT_COMPARES,
	PEER_COUNT_MAPPINGS,
	PEER_COUNT_FLUSHES,
	PEER_COUNT_NR,
};

/* A VMSA with its calling area; vmsa 0: none. */
struct peer_guest {
	uint64_t vmsa;
	uint64_t ca; /* 0: cannot call */
};

struct peer_cpu {
	_Alignas(SVSM_CACHE_LINE) struct peer_ticket lock;
	struct peer_guest guest;    /* under lock: what runs here, as far as is known */
	uint64_t generation;	    /* under lock: of guest */
	uint64_t mapped_generation; /* under lock: the mappings of VMSA and calling area are of */
	uint64_t serving;	    /* under lock: VMSA whose call is being served, 0: none */
	unsigned int nr_vmsas;	    /* under the lock of the records */
	unsigned int index;
	uint32_t apic_id;
	struct peer_rwlock apic;
	struct peer_slots slots[2];		 /* index: enum svsm_page_size; owner only */
	uint64_t *tables;			 /* PEER_TABLES page tables; owner only */
	_Atomic(uint64_t) counts[PEER_COUNT_NR]; /* relaxed, owner only */
};

struct peer_record {
	struct peer_guest guest;
	unsigned int cpu;
	bool used;    /* false: being deleted, not to be served */
	bool startup; /* never deleted */
};

struct peer {
	struct peer_rwlock pvalidate_lock;
	struct peer_rwlock records_lock;
	struct peer_rwlock map_lock;
	struct peer_record *records; /* [0, nr_records), under records_lock */
	unsigned int nr_records;
	/* Set at boot. */
	struct svsm_boot_range map[SVSM_BOOT_RANGES + 1U]; /* the guest's RAM */
	unsigned int nr_ranges;
	struct peer_cpu *cpus;
	unsigned int nr_cpus;
	unsigned int guest_vmpl;
	struct bench_peer_costs costs;
};
extern struct peer peer;

/* One call; lives on the serving thread's stack. */
struct peer_call {
	struct peer_cpu *cpu;
	struct peer_guest guest;
	uint64_t rax, rcx, rdx, r8;
	bool out_rcx;
	bool no_return; /* the caller deleted itself */
};

static inline void peer_count(struct peer_cpu *cpu, enum peer_count what, uint64_t n)
{
	const uint64_t old = atomic_load_explicit(&cpu->counts[what], memory_order_relaxed);

	atomic_store_explicit(&cpu->counts[what], old + n, memory_order_relaxed);
}

/* lock.c: @cpu is the vCPU that runs. Nothing happens without costs.lock. Order of taking:
 * pvalidate_lock, records_lock or map_lock, the lock of a vCPU. */
void peer_lock(struct peer_cpu *cpu, struct peer_ticket *ticket);
void peer_unlock(struct peer_ticket *ticket);
void peer_read_lock(struct peer_cpu *cpu, struct peer_rwlock *lock);
void peer_read_unlock(struct peer_rwlock *lock);
void peer_write_lock(struct peer_cpu *cpu, struct peer_rwlock *lock);
void peer_write_unlock(struct peer_rwlock *lock);
bool peer_try_write_lock(struct peer_cpu *cpu, struct peer_rwlock *lock);

/* mapping.c. peer_map() fails when no slot is free. */
struct peer_mapping {
	gpa_t gpa;
	enum svsm_page_size size;
	unsigned int slot;
};
void peer_mapping_init(struct peer_cpu *cpu, uint64_t *tables);
bool peer_map(struct peer_cpu *cpu, gpa_t gpa, enum svsm_page_size size, struct peer_mapping *map);
void peer_unmap(struct peer_cpu *cpu, const struct peer_mapping *map);

/* records.c. Bytes [gpa, gpa + bytes): do they lie in one range of the guest's RAM; do they meet
 * any VMSA or calling area; the first and not the second. Each takes its lock. */
bool peer_in_map(struct peer_cpu *cpu, gpa_t gpa, uint64_t bytes);
bool peer_in_records(struct peer_cpu *cpu, gpa_t gpa, uint64_t bytes);
bool peer_guest_region(struct peer_cpu *cpu, gpa_t gpa, uint64_t bytes);
/* The record of a VMSA, NULL if there is none. Under records_lock. */
struct peer_record *peer_find_vmsa(uint64_t vmsa);
struct peer_cpu *peer_cpu_by_apic(uint32_t apic_id);
void peer_add_record(struct peer_guest guest, struct peer_cpu *cpu, bool startup);
void peer_remove_record(struct peer_record *record);

/* A broadcast flush, unless costs.flush is off. */
void peer_flush(struct peer_cpu *cpu);

/* Rights of the guest's VMPL and of those below it, VMSA attribute off. */
struct arch_rmp_result peer_grant(gpa_t gpa, enum svsm_page_size size);
struct arch_rmp_result peer_revoke(gpa_t gpa, enum svsm_page_size size);

/* Status code of an RMP instruction, its carry apart. */
uint32_t peer_rmp_status(const struct arch_rmp_result *rmp);

/* vcpu.c: EFER.SVME of a VMSA on again. */
void peer_open_gate(gpa_t vmsa);

/* The calls: 58019 sections 6.2 to 6.5. */
uint32_t peer_remap_ca(struct peer_call *call);
uint32_t peer_pvalidate(struct peer_call *call);
uint32_t peer_create_vcpu(struct peer_call *call);
uint32_t peer_delete_vcpu(struct peer_call *call);

#endif
