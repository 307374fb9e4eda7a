/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JUDGE_PRIV_H
#define JUDGE_PRIV_H

#include "judge.h"

#define PAGE_SHIFT 12U
#define REGION_PAGES 512U

/* RMP words, from the layout comment of snpmodel.h, not from its constants. */
#define RAW_ASSIGNED (UINT64_C(1) << 0)
#define RAW_VALIDATED (UINT64_C(1) << 1)
#define RAW_IMMUTABLE (UINT64_C(1) << 2)
#define RAW_VMSA (UINT64_C(1) << 3)
#define RAW_INUSE (UINT64_C(1) << 4)
#define RAW_LOCKED (UINT64_C(1) << 5)
#define RAW_SPLIT (UINT64_C(1) << 6)
#define RAW_ASID(word) (((word) >> 7) & 3U)
#define RAW_PERMS(word) (((word) >> 9) & 0x7fffU)
#define RAW_PERM(word, vmpl) (((word) >> (9U + 5U * ((vmpl) - 1U))) & 0x1fU)
#define RAW_GPN(word) ((word) >> 25)
#define RAW_ONE_GPN (UINT64_C(1) << 25)

#define PERM_READ UINT64_C(1)
#define PERM_WRITE UINT64_C(2)
#define PERM_ALL UINT64_C(0x1f)

/*
 * Shadow word of a guest page: 35:0 the system page it was last bound to by launch or PVALIDATE(1),
 * plus one; 55:41 permissions of VMPL1..3; 58:56 kind in the last account. Zero: no event yet, the
 * launch template rules.
 */
#define G_BOUND UINT64_C(0xfffffffff)
#define G_VALID (UINT64_C(1) << 36)
#define G_TAINT (UINT64_C(1) << 37) /* not zeroed since it was validated, or was deposited */
#define G_LAUNCH (UINT64_C(1) << 38)
#define G_VMSA (UINT64_C(1) << 39)
#define G_SEEN (UINT64_C(1) << 40)
#define G_STUCK (UINT64_C(1) << 59) /* revoking its rights failed */
#define G_PERM_SHIFT(vmpl) (41U + 5U * ((vmpl) - 1U))
#define G_PERMS_SHIFT 41U
#define G_PERMS (UINT64_C(0x7fff) << G_PERMS_SHIFT)
#define G_KIND_SHIFT 56U
#define G_KIND (UINT64_C(7) << G_KIND_SHIFT)

/* Stamp of a guest page: what happened last, 13:3 the CPU, 63:14 that CPU's flush count (PV: the
 * machine's). */
#define STAMP_REDUCED UINT64_C(1)
#define STAMP_RESCINDED UINT64_C(2)
#define STAMP_VALIDATED UINT64_C(4)
#define STAMP_CPU(stamp) ((unsigned int)(((stamp) >> 3) & 0x7ffU))
#define STAMP_COUNT(stamp) ((stamp) >> 14)

struct judge_gpage {
	_Atomic(uint64_t) word;
	_Atomic(uint64_t) stamp;
	_Atomic(uint64_t) zeroed; /* 11:0 CPU of the last zeroing plus one, 63:12 its fence count
				     then */
};

/*
 * Shadow word of a system page. A host step and an SVSM step whose events came between the same two
 * quiescent points may have happened in either order; the generations say whether they did.
 */
#define S_HOST_LAST (1U << 0)  /* certainly no PVALIDATE(1) since the host's last RMPUPDATE */
#define S_HOST_MAYBE (1U << 1) /* perhaps an RMPUPDATE since the last PVALIDATE(1) */
#define S_SVSM (1U << 2)       /* holds the SVSM itself */
#define S_DEPOSITED (1U << 3)
#define S_VALIDATED_SHIFT 4U
#define S_UPDATED_SHIFT 18U
#define S_GENERATION 0x3fffU

#define FAR_PAGES 64U
#define LAUNCH_VMSAS 16U

struct judge_far {
	_Atomic(uint64_t) gpn_plus_one;
	struct judge_gpage page;
};

#define READ_RANGES 64U
#define FLUSH_REGIONS 8U

struct judge_read {
	uint64_t start, end; /* bytes of gPA */
};

struct judge_flushed {
	uint64_t region_plus_one;
	uint64_t pages[REGION_PAGES / 64U]; /* bit set: flushed here, not used since */
};

/* Owner: the thread that is this CPU, but for the atomics. The host's slot uses the counters only.
 */
struct judge_cpu {
	_Alignas(64) _Atomic(uint64_t) flushes; /* global flushes it completed */
	_Atomic(uint64_t) fences;
	_Atomic(uint64_t) checked[JUDGE_NR];
	_Atomic(uint64_t) untracked;
	uint64_t entered; /* the machine's flush count at SVSM_ENTER */
	bool inside;
	unsigned int nr_reads;
	struct judge_read reads[READ_RANGES];
	unsigned int next_region;
	struct judge_flushed flushed[FLUSH_REGIONS];
};

struct judge_slot {
	atomic_bool ready;
	char text[256];
};

struct judge_private {
	uint64_t gpn, spn;
};

struct judge {
	struct judge_params p;
	struct judge_gpage *gpages; /* [nr_gpa_pages] */
	uint64_t *launch; /* [nr_gpa_pages / 512]: shadow word of the first page of a 2 MiB launch
			     entry */
	_Atomic(uint8_t) *touched_gpa; /* per 2 MiB: a shadow word of it was written */
	_Atomic(uint8_t) *touched_spn;
	_Atomic(uint32_t) *spages; /* [nr_pages] */
	struct judge_far far[FAR_PAGES];
	uint64_t vmsa[LAUNCH_VMSAS]; /* gPA page numbers: may lie in the SVSM's range without being
					its memory */
	unsigned int nr_vmsa;
	struct judge_cpu *cpus;		/* nr_cpus + 1: the last is the host's */
	struct judge_private *previous; /* pages of the last account */
	size_t nr_previous;
	_Alignas(64) _Atomic(uint64_t) flushes;
	atomic_uint generation; /* changes at quiescent points only */
	_Alignas(64) _Atomic(uint64_t) found[JUDGE_NR];
	_Atomic(uint64_t) recorded;
	struct judge_slot slots[JUDGE_MAX_VIOLATIONS];
};

/* One page of one event. */
struct judge_step {
	struct judge *j;
	struct judge_cpu *cpu;
	unsigned int cpu_index; /* nr_cpus: the host */
	const struct judge_event *event;
	uint64_t gpn, spn;
	uint32_t accused; /* invariants already reported for this event: a 2 MiB step is one
			     finding, not 512 */
};

/* judge.c */
struct judge_gpage *judge_gpage(struct judge *j, uint64_t gpn); /* NULL: not tracked */
uint64_t judge_word(const struct judge *j, uint64_t gpn, const struct judge_gpage *page);
void judge_store_word(struct judge *j, uint64_t gpn, struct judge_gpage *page, uint64_t word);
/* The raw word of a system page with its own gPA; false while the entry is being changed, or
 * outside the RMP. */
bool judge_raw(const struct judge *j, uint64_t spn, uint64_t *word);
/* Is @spn validated for @gpn at this moment? */
bool judge_raw_bound(const struct judge *j, uint64_t spn, uint64_t gpn);
bool judge_in_svsm(const struct judge *j, uint64_t gpn);
enum judge_kind judge_kind_of(const struct judge *j, uint64_t gpn, uint64_t word);
void judge_mark_spn(struct judge *j, uint64_t spn, uint32_t clear, uint32_t set);
uint32_t judge_spn_word(const struct judge *j, uint64_t spn);
void judge_touch_spn(struct judge *j, uint64_t spn);

/* report.c */
void judge_count(struct judge *j, unsigned int cpu_index, enum judge_id id, uint64_t times);
void judge_lose(struct judge *j, unsigned int cpu_index);
void judge_found_one(struct judge *j, enum judge_id id, const struct judge_event *event,
		     const char *why);
void judge_found_page(struct judge *j, enum judge_id id, uint64_t gpn, uint64_t spn, uint64_t raw,
		      const char *why);
/* Counts the check and reports @why if @ok is false. Returns @ok. */
bool judge_expect(struct judge_step *s, enum judge_id id, bool ok, const char *why);

/* cpu.c: what one CPU read and flushed */
void judge_flush_note(struct judge_cpu *cpu, uint64_t gpn, bool large);
/* VMPL0 used a translation of the page: a flush made before does not count any more. */
void judge_flush_spoil(struct judge_cpu *cpu, uint64_t gpn, bool large);
/* Was each page flushed and not used since? */
bool judge_flush_covers(const struct judge_cpu *cpu, uint64_t gpn, bool large);
enum judge_read_result { JUDGE_READ_NEW, JUDGE_READ_AGAIN, JUDGE_READ_FULL };
enum judge_read_result judge_read_note(struct judge_cpu *cpu, uint64_t start, uint64_t len);
void judge_read_forget(struct judge_cpu *cpu, uint64_t gpn);

/* rmp_events.c, access.c: handlers of one event */
void judge_on_pvalidate(struct judge_step *s);
void judge_on_rmpadjust(struct judge_step *s);
void judge_on_host(struct judge_step *s);
void judge_on_zero(struct judge_step *s);
void judge_on_copy(struct judge_step *s);
void judge_on_vmsa_write(struct judge_step *s);
void judge_on_guest(struct judge_step *s);

static inline unsigned int judge_event_pages(const struct judge_event *event)
{
	return event->large ? REGION_PAGES : 1U;
}

static inline uint64_t judge_bound(uint64_t word)
{
	return (word & G_BOUND) - 1U;
}

static inline bool judge_is_bound(uint64_t word, uint64_t spn)
{
	return (word & G_BOUND) == spn + 1U;
}

static inline uint64_t judge_perms(uint64_t word, unsigned int vmpl)
{
	return (word >> G_PERM_SHIFT(vmpl)) & PERM_ALL;
}

#endif
