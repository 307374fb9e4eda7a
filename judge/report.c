/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "judge_priv.h"

struct row {
	const char *name, *title, *citation;
	bool applies;
};

static const struct row rows[JUDGE_NR] = {
	[JUDGE_I1] = { "I1", "RMP entries well-formed", "rmp 13 I1", true },
	[JUDGE_I2] = { "I2", "host steps only take away", "rmp 2.2, 13 I2", true },
	[JUDGE_I3] = { "I3", "one validated page per gPA", "rmp 13 I3; A9", true },
	[JUDGE_I4] = { "I4", "carry flags of PVALIDATE (counted)", "rmp 3.2h, 13 I4", true },
	[JUDGE_I5] = { "I5", "no rights on private pages", "58019 3; rmp 13 I5", true },
	[JUDGE_I6] = { "I6", "zeroed between validation and grant", "58019 6.3; rmp 13 I6", true },
	[JUDGE_I7] = { "I7", "page tables: not visible here", "rmp 13 I7", false },
	[JUDGE_I8] = { "I8", "VMPL0 hits the bound system page", "rmp 13 I8; A11", true },
	[JUDGE_I9] = { "I9", "no secret through C=0: not visible here", "rmp 13 I9", false },
	[JUDGE_I10] = { "I10", "guest bytes read once per entry", "rmp 13 I10", true },
	[JUDGE_I11] = { "I11", "RMPADJUST of validated pages, VMPL1-3", "rmp 4.2, 13 I11", true },
	[JUDGE_I12] = { "I12", "flush between reduction and reuse", "rmp 4.10, 13 I12; A3", true },
	[JUDGE_I13] = { "I13", "secret-independent timing: not visible", "rmp 13 I13", false },
	[JUDGE_I14] = { "I14", "no PVALIDATE, no grant of VMSA pages", "58019 6.3; rmp 13 I14",
			true },
	[JUDGE_A1] = { "A1", "guest copies stay off private pages", "concurrency A1", true },
	[JUDGE_A3] = { "A3", "no guest VMSA runs at VMPL0", "concurrency A3", true },
	[JUDGE_A4] = { "A4", "VMSA stores stay off VMPL0 memory", "concurrency A4", true },
	[JUDGE_A11] = { "A11", "local flush before PVALIDATE(1)", "concurrency A11", true },
	[JUDGE_A12] = { "A12", "store fence between zero and grant", "concurrency A12", true },
	[JUDGE_LEAK] = { "LEAK", "guest accesses stay off private pages", "58019 3; rmp 6", true },
	[JUDGE_REVOKE] = { "REVOKE", "rights revoked before rescinding", "58019 6.3", true },
	[JUDGE_ACCOUNT] = { "ACCOUNT", "private pages are what the SVSM says", "58019 6.4, 6.6",
			    true },
	[JUDGE_DISJOINT] = { "DISJOINT", "private sets are disjoint", "concurrency 1.2", true },
};

const char *judge_name(enum judge_id id)
{
	return rows[id].name;
}

const char *judge_title(enum judge_id id)
{
	return rows[id].title;
}

const char *judge_citation(enum judge_id id)
{
	return rows[id].citation;
}

bool judge_applies(enum judge_id id)
{
	return rows[id].applies;
}

void judge_count(struct judge *j, unsigned int cpu_index, enum judge_id id, uint64_t times)
{
	_Atomic(uint64_t) *counter = &j->cpus[cpu_index].checked[id];

	if (cpu_index == j->p.nr_cpus) {
		atomic_fetch_add_explicit(counter, times, memory_order_relaxed);
		return;
	}
	/* Written by this CPU's thread only: no locked operation on the event path. */
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + times,
			      memory_order_relaxed);
}

void judge_lose(struct judge *j, unsigned int cpu_index)
{
	atomic_fetch_add_explicit(&j->cpus[cpu_index].untracked, 1U, memory_order_relaxed);
}

static const char *kind_text(enum judge_event_kind kind)
{
	static const char *const text[JUDGE_EVENT_NR] = {
		[JUDGE_PVALIDATE] = "PVALIDATE",
		[JUDGE_RMPADJUST] = "RMPADJUST",
		[JUDGE_RMPUPDATE] = "RMPUPDATE",
		[JUDGE_PSMASH] = "PSMASH",
		[JUDGE_ZERO] = "zero",
		[JUDGE_ZERO_FENCE] = "store fence",
		[JUDGE_SVSM_READ] = "SVSM read",
		[JUDGE_SVSM_WRITE] = "SVSM write",
		[JUDGE_VMSA_WRITE] = "VMSA store",
		[JUDGE_GUEST_READ] = "guest read",
		[JUDGE_GUEST_WRITE] = "guest write",
		[JUDGE_VMRUN] = "VMRUN",
		[JUDGE_FLUSH_LOCAL] = "local flush",
		[JUDGE_FLUSH_GLOBAL] = "global flush",
		[JUDGE_SVSM_ENTER] = "VMPL0 entry",
		[JUDGE_SVSM_LEAVE] = "VMPL0 exit",
	};

	return kind < JUDGE_EVENT_NR ? text[kind] : "event";
}

__attribute__((format(printf, 3, 4))) static void record(struct judge *j, enum judge_id id,
							 const char *format, ...)
{
	uint64_t index = atomic_fetch_add_explicit(&j->recorded, 1U, memory_order_relaxed);
	struct judge_slot *slot;
	va_list args;

	atomic_fetch_add_explicit(&j->found[id], 1U, memory_order_relaxed);
	if (index >= JUDGE_MAX_VIOLATIONS) {
		return;
	}
	slot = &j->slots[index];
	va_start(args, format);
	(void)vsnprintf(slot->text, sizeof(slot->text), format, args);
	va_end(args);
	/* pairs with judge_violation: the text */
	atomic_store_explicit(&slot->ready, true, memory_order_release);
}

static uint64_t raw_or_zero(const struct judge *j, uint64_t spn)
{
	uint64_t raw;

	return judge_raw(j, spn, &raw) ? raw : 0U;
}

static void found_on_page(struct judge *j, enum judge_id id, const struct judge_event *e,
			  uint64_t gpn, uint64_t spn, const char *why)
{
	record(j, id,
	       "%s: %s [%s cpu %u %s gpa 0x%" PRIx64 " spn 0x%" PRIx64 " a 0x%" PRIx64
	       " b 0x%" PRIx64 " code %" PRIu32 " cf %d fault %d; raw 0x%016" PRIx64 "]",
	       rows[id].name, why, kind_text(e->kind), e->cpu, e->large ? "2M" : "4K",
	       gpn << PAGE_SHIFT, spn, e->a, e->b, e->code, e->carry, e->fault,
	       raw_or_zero(j, spn));
}

void judge_found_one(struct judge *j, enum judge_id id, const struct judge_event *event,
		     const char *why)
{
	found_on_page(j, id, event, event->gpa >> PAGE_SHIFT, event->spn, why);
}

void judge_found_page(struct judge *j, enum judge_id id, uint64_t gpn, uint64_t spn, uint64_t raw,
		      const char *why)
{
	record(j, id, "%s: %s [quiescent gpa 0x%" PRIx64 " spn 0x%" PRIx64 " raw 0x%016" PRIx64 "]",
	       rows[id].name, why, gpn << PAGE_SHIFT, spn, raw);
}

bool judge_expect(struct judge_step *s, enum judge_id id, bool ok, const char *why)
{
	judge_count(s->j, s->cpu_index, id, 1U);
	if (!ok && (s->accused & (UINT32_C(1) << id)) == 0U) {
		s->accused |= UINT32_C(1) << id;
		found_on_page(s->j, id, s->event, s->gpn, s->spn, why);
	}
	return ok;
}

uint64_t judge_checked(const struct judge *j, enum judge_id id)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i <= j->p.nr_cpus; i++) {
		sum += atomic_load_explicit(&j->cpus[i].checked[id], memory_order_relaxed);
	}
	return sum;
}

uint64_t judge_found(const struct judge *j, enum judge_id id)
{
	return atomic_load_explicit(&j->found[id], memory_order_relaxed);
}

uint64_t judge_violations(const struct judge *j)
{
	return atomic_load_explicit(&j->recorded, memory_order_relaxed);
}

unsigned int judge_invariants_checked(const struct judge *j)
{
	unsigned int n = 0;

	for (unsigned int id = 0; id < JUDGE_NR; id++) {
		n += judge_checked(j, (enum judge_id)id) != 0U ? 1U : 0U;
	}
	return n;
}

uint64_t judge_checks(const struct judge *j)
{
	uint64_t sum = 0;

	for (unsigned int id = 0; id < JUDGE_NR; id++) {
		sum += judge_checked(j, (enum judge_id)id);
	}
	return sum;
}

uint64_t judge_untracked(const struct judge *j)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i <= j->p.nr_cpus; i++) {
		sum += atomic_load_explicit(&j->cpus[i].untracked, memory_order_relaxed);
	}
	return sum;
}

const char *judge_violation(const struct judge *j, unsigned int index)
{
	/* pairs with record */
	if (index >= JUDGE_MAX_VIOLATIONS ||
	    !atomic_load_explicit(&j->slots[index].ready, memory_order_acquire)) {
		return NULL;
	}
	return j->slots[index].text;
}

const char *judge_first_violation(const struct judge *j)
{
	return judge_violation(j, 0U);
}

void judge_report(const struct judge *j, FILE *out)
{
	(void)fprintf(out, "%-9s %-40s %14s %10s  %s\n", "invariant", "what", "checked", "violated",
		      "source");
	for (unsigned int id = 0; id < JUDGE_NR; id++) {
		const struct row *row = &rows[id];

		if (!row->applies) {
			(void)fprintf(out, "%-9s %-40s %14s %10s  %s\n", row->name, row->title, "-",
				      "-", row->citation);
			continue;
		}
		(void)fprintf(out, "%-9s %-40s %14" PRIu64 " %10" PRIu64 "  %s\n", row->name,
			      row->title, judge_checked(j, (enum judge_id)id),
			      judge_found(j, (enum judge_id)id), row->citation);
	}
	(void)fprintf(out,
		      "%u invariants checked, %" PRIu64 " checks, %" PRIu64 " violations, %" PRIu64
		      " not tracked\n",
		      judge_invariants_checked(j), judge_checks(j), judge_violations(j),
		      judge_untracked(j));
	for (unsigned int i = 0; judge_violation(j, i) != NULL; i++) {
		(void)fprintf(out, "  %s\n", judge_violation(j, i));
	}
}
