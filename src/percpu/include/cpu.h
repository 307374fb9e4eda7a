/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVSM_CPU_H
#define SVSM_CPU_H

/*
 * State of one vCPU, in three parts on separate cache lines:
 * - owner-only: plain fields, touched by the vCPU's own SVSM thread alone;
 * - published: atomics that all move by CAS (records); what the owner writes and others read is
 * mm's (pins);
 * - inbox: written by others.
 * A plain call writes the owner-only part, the own record word and, for copies outside the own
 * calling area, the own pin: no line that another vCPU writes.
 */

#include <stdatomic.h>

#include "arena.h"
#include "inbox.h"
#include "svsm_types.h"

/* VMSAs that may live for one APIC id at a time: firmware phases and the OS each leave theirs
 * behind. */
#define SVSM_RECORDS_PER_CPU 8U

/* Opaque slots for the layers above; each layer asserts that its own type fits. */
#define SVSM_CPU_MM_BYTES 4096U
#define SVSM_CPU_REQUEST_BYTES 192U
#define SVSM_CPU_CALL_BYTES 4096U

enum svsm_stat {
	SVSM_STAT_CALLS,
	SVSM_STAT_SPURIOUS,
	SVSM_STAT_BUSY,
	SVSM_STAT_INCOMPLETE,
	SVSM_STAT_FLUSHES,
	SVSM_STAT_QUARANTINED,
	SVSM_STAT_PIN_CONFLICTS,
	SVSM_STAT_MAP_CONFLICTS,
	SVSM_STAT_LEAF_SPLITS,
	SVSM_STAT_LEAF_MERGES,
	SVSM_STAT_HINTS_SENT,
	SVSM_STAT_HINTS_DROPPED,
	SVSM_STAT_NR,
};

/* Slot arrays, not an array of slots: DELETE_VCPU looks for a VMSA by reading one line of each
 * vCPU. */
struct svsm_records {
	_Alignas(SVSM_CACHE_LINE) _Atomic(uint64_t) word[SVSM_RECORDS_PER_CPU];
	_Alignas(SVSM_CACHE_LINE) _Atomic(uint64_t) vmsa[SVSM_RECORDS_PER_CPU];
	_Alignas(SVSM_CACHE_LINE) _Atomic(uint64_t) ca[SVSM_RECORDS_PER_CPU];
	_Alignas(SVSM_CACHE_LINE) _Atomic(uint8_t) vmpl[SVSM_RECORDS_PER_CPU];
};

struct svsm_cpu {
	/* owner-only; the request comes first, so that its address is the vCPU's */
	_Alignas(SVSM_CACHE_LINE) unsigned char request[SVSM_CPU_REQUEST_BYTES];
	unsigned int index;
	unsigned int last_slot; /* record served last: tried first */
	uint32_t apic_id;
	unsigned int last_vmpl;		       /* entered again after a spurious entry */
	_Atomic(uint64_t) stats[SVSM_STAT_NR]; /* owner adds, anyone reads: relaxed */
	_Alignas(SVSM_CACHE_LINE) unsigned char mm[SVSM_CPU_MM_BYTES];
	_Alignas(SVSM_CACHE_LINE) unsigned char call[SVSM_CPU_CALL_BYTES];

	/* published */
	struct svsm_records records;

	/* written by others */
	struct svsm_inbox inbox;
};

_Static_assert(offsetof(struct svsm_cpu, records) % SVSM_CACHE_LINE == 0U,
	       "published part starts a line");
_Static_assert(offsetof(struct svsm_cpu, inbox) % SVSM_CACHE_LINE == 0U, "inbox starts a line");
_Static_assert(sizeof(struct svsm_cpu) <= 16384U,
	       "a vCPU costs at most 64 KiB with stack and caches");

/*
 * Boot: one struct svsm_cpu per entry of @apic_ids, from @arena. False if the arena is too small or
 * an APIC id occurs twice. Single-threaded.
 */
bool svsm_cpus_init(struct svsm_arena *arena, const uint32_t *apic_ids, unsigned int count);

/* Bytes that svsm_cpus_init() takes for @count vCPUs. Pure. */
uint64_t svsm_cpus_bytes(unsigned int count);

unsigned int svsm_cpus_count(void);

/* Written once by svsm_cpus_init(), read-only afterwards. For svsm_cpu_at() alone. */
extern struct svsm_cpu *svsm_cpus;

/* vCPU by index, 0..svsm_cpus_count()-1. Index 0 is the startup vCPU. */
static inline struct svsm_cpu *svsm_cpu_at(unsigned int index)
{
	return &svsm_cpus[index];
}

/* vCPU by APIC id, or NULL if no SVSM thread has it. Wait-free, read-only after boot. */
struct svsm_cpu *svsm_cpu_by_apic(uint32_t apic_id);

/* Owner thread only. */
static inline void svsm_stat_add(struct svsm_cpu *cpu, enum svsm_stat stat, uint64_t n)
{
	const uint64_t old = atomic_load_explicit(&cpu->stats[stat], memory_order_relaxed);

	atomic_store_explicit(&cpu->stats[stat], old + n, memory_order_relaxed);
}

#endif
