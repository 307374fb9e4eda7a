/* SPDX-License-Identifier: Apache-2.0 */
#include "judge_priv.h"

/* Is a stamp of @what younger than the last global flush of the CPU that made it? */
static bool flush_owed(const struct judge *j, uint64_t stamp, uint64_t what)
{
	return (stamp & what) != 0U && STAMP_CPU(stamp) < j->p.nr_cpus &&
	       STAMP_COUNT(stamp) == atomic_load_explicit(&j->cpus[STAMP_CPU(stamp)].flushes,
							  memory_order_relaxed);
}

static void stamp_owed(const struct judge_step *s, struct judge_gpage *page, uint64_t what)
{
	uint64_t old = atomic_load_explicit(&page->stamp, memory_order_relaxed);
	uint64_t flushes = atomic_load_explicit(&s->cpu->flushes, memory_order_relaxed);

	if ((old & STAMP_VALIDATED) == 0U) {
		what |= old & (STAMP_REDUCED | STAMP_RESCINDED);
	}
	atomic_store_explicit(&page->stamp, what | (uint64_t)s->cpu_index << 3 | flushes << 14,
			      memory_order_relaxed);
}

/*
 * I1 holds for every value a raw word ever has, so it can be checked while the host changes the
 * page.
 */
static void check_form(struct judge_step *s)
{
	uint64_t raw;

	if (!judge_raw(s->j, s->spn, &raw)) {
		return;
	}
	(void)judge_expect(
		s, JUDGE_I1,
		(raw & RAW_ASSIGNED) != 0U ||
			((raw & (RAW_VALIDATED | RAW_VMSA | RAW_INUSE | RAW_IMMUTABLE)) == 0U &&
			 RAW_PERMS(raw) == 0U && RAW_ASID(raw) == 0U),
		"unassigned entry with guest attributes");
	(void)judge_expect(s, JUDGE_I1, (raw & RAW_VALIDATED) == 0U || RAW_ASID(raw) != 0U,
			   "validated entry without an owner");
	(void)judge_expect(s, JUDGE_I1, (raw & RAW_INUSE) == 0U || (raw & RAW_VMSA) != 0U,
			   "entry in use by VMRUN is no VMSA");
}

/* A page validated by this CPU: nobody else binds the gPA, its rights and the system page's past
 * are settled. */
static void check_validated(struct judge_step *s, const struct judge_gpage *page, uint64_t word,
			    uint64_t raw)
{
	const uint64_t stamp = atomic_load_explicit(&page->stamp, memory_order_relaxed);
	const uint64_t old = judge_bound(word);

	(void)judge_expect(s, JUDGE_A11, judge_flush_covers(s->cpu, s->gpn, false),
			   "PVALIDATE(1) without a local flush of the page on this CPU before it");
	(void)judge_expect(s, JUDGE_I3,
			   (word & G_BOUND) == 0U || old == s->spn ||
				   !judge_raw_bound(s->j, old, s->gpn),
			   "the gPA is bound to a second validated system page");
	(void)judge_expect(s, JUDGE_I12, !flush_owed(s->j, stamp, STAMP_RESCINDED),
			   "validated again without a global flush since it was rescinded");
	if (raw == 0U) {
		return;
	}
	if ((judge_spn_word(s->j, s->spn) & S_HOST_LAST) != 0U) {
		(void)judge_expect(s, JUDGE_I2, RAW_PERMS(raw) == 0U && (raw & RAW_VMSA) == 0U,
				   "rights or VMSA survived the host's RMPUPDATE");
	}
	(void)judge_expect(
		s, JUDGE_REVOKE, RAW_PERMS(raw) == 0U,
		"validated while a lower VMPL still has rights: it sees the page unzeroed");
}

static void note_spn_validated(struct judge_step *s)
{
	struct judge *j = s->j;
	const uint32_t now = atomic_load_explicit(&j->generation, memory_order_relaxed);
	const uint32_t seen = judge_spn_word(j, s->spn);
	uint32_t clear = S_HOST_LAST | (S_GENERATION << S_VALIDATED_SHIFT) | S_DEPOSITED;

	if (((seen >> S_UPDATED_SHIFT) & S_GENERATION) != now) {
		clear |= S_HOST_MAYBE;
	}
	if (!judge_in_svsm(j, s->gpn)) {
		clear |= S_SVSM; /* the host took it from the SVSM: now it is the guest's */
	}
	judge_mark_spn(j, s->spn, clear, now << S_VALIDATED_SHIFT);
}

static void page_validated(struct judge_step *s)
{
	struct judge_gpage *page = judge_gpage(s->j, s->gpn);
	uint64_t word, raw, flushes;

	if (page == NULL) {
		judge_lose(s->j, s->cpu_index);
		return;
	}
	word = judge_word(s->j, s->gpn, page);
	if (!judge_raw(s->j, s->spn, &raw) || (raw & RAW_VALIDATED) == 0U ||
	    RAW_GPN(raw) != s->gpn) {
		raw = 0U; /* the host took it at once */
	}
	check_validated(s, page, word, raw);
	judge_flush_spoil(s->cpu, s->gpn, false);
	note_spn_validated(s);
	/* pairs with on_flush_global: a binding is dated by a flush not younger than it */
	flushes = atomic_load_explicit(&s->j->flushes, memory_order_acquire);
	atomic_store_explicit(&page->stamp,
			      STAMP_VALIDATED | (uint64_t)s->cpu_index << 3 | flushes << 14,
			      memory_order_relaxed);
	judge_store_word(s->j, s->gpn, page,
			 (s->spn + 1U) | G_VALID | G_TAINT | (word & G_KIND) |
				 ((raw & RAW_VMSA) != 0U ? G_VMSA : 0U) |
				 RAW_PERMS(raw) << G_PERMS_SHIFT);
}

static void page_rescinded(struct judge_step *s)
{
	struct judge_gpage *page = judge_gpage(s->j, s->gpn);
	uint64_t word, raw;

	if (page == NULL) {
		judge_lose(s->j, s->cpu_index);
		return;
	}
	word = judge_word(s->j, s->gpn, page);
	(void)judge_expect(s, JUDGE_I3, (word & G_VALID) != 0U && judge_is_bound(word, s->spn),
			   "PVALIDATE(0) changed a page that no event had validated");
	/* Where the hardware refused the revocation there is nothing better to do; validating again
	 * is then checked. */
	if ((word & G_STUCK) == 0U && judge_raw(s->j, s->spn, &raw) && RAW_GPN(raw) == s->gpn) {
		(void)judge_expect(s, JUDGE_REVOKE, RAW_PERMS(raw) == 0U,
				   "rescinded before the rights of lower VMPLs were revoked");
	}
	stamp_owed(s, page, STAMP_RESCINDED);
	judge_store_word(s->j, s->gpn, page, word & ~(G_VALID | G_TAINT | G_LAUNCH));
}

static void check_vmsa_named(struct judge_step *s)
{
	struct judge_gpage *page = judge_gpage(s->j, s->gpn);

	uint64_t word, raw;

	if (page == NULL) {
		return;
	}
	word = judge_word(s->j, s->gpn, page);
	/* A VMSA that the host took is none any more, and the SVSM learns it only when it touches
	 * it: ask the RMP. */
	(void)judge_expect(s, JUDGE_I14,
			   (word & G_VMSA) == 0U || !judge_raw(s->j, judge_bound(word), &raw) ||
				   (raw & RAW_VMSA) == 0U || RAW_GPN(raw) != s->gpn,
			   "PVALIDATE of a VMSA page");
}

void judge_on_pvalidate(struct judge_step *s)
{
	const struct judge_event *e = s->event;
	const unsigned int pages = judge_event_pages(e);
	const uint64_t gpn = s->gpn, spn = s->spn;
	const bool effective = !e->fault && e->code == 0U && !e->carry;

	if (!e->fault && e->code == 0U) {
		judge_count(s->j, s->cpu_index, JUDGE_I4, 1U);
		if (e->carry) {
			atomic_fetch_add_explicit(&s->j->found[JUDGE_I4], 1U, memory_order_relaxed);
		}
		check_form(s);
	}
	for (unsigned int i = 0; i < pages; i++) {
		s->gpn = gpn + i;
		s->spn = spn + i;
		check_vmsa_named(s);
		if (effective && e->a != 0U) {
			page_validated(s);
		} else if (effective) {
			page_rescinded(s);
		}
	}
}

static void check_grant(struct judge_step *s, const struct judge_gpage *page, uint64_t word,
			uint64_t perms)
{
	const uint64_t zeroed = atomic_load_explicit(&page->zeroed, memory_order_relaxed);
	const uint64_t cpu = (zeroed & 0xfffU) - 1U;
	const enum judge_kind kind = judge_kind_of(s->j, s->gpn, word);
	const bool vmsa = (s->event->b & 0x100U) != 0U;

	(void)judge_expect(s, JUDGE_I6, (word & G_TAINT) == 0U,
			   "granted without being zeroed since it was validated or deposited");
	(void)judge_expect(s, JUDGE_A12,
			   cpu >= s->j->p.nr_cpus ||
				   atomic_load_explicit(&s->j->cpus[cpu].fences,
							memory_order_relaxed) != zeroed >> 12,
			   "granted before a store fence behind its zeroing");
	(void)judge_expect(s, JUDGE_I5, kind != JUDGE_KIND_SVSM && kind != JUDGE_KIND_SECRETS,
			   "rights granted on a page of the SVSM");
	if (vmsa || (word & G_VMSA) != 0U) {
		(void)judge_expect(s, JUDGE_I14, !vmsa || (perms & ~PERM_READ) == 0U,
				   "more than read granted on a VMSA page");
	}
}

/*
 * The page becomes a VMSA: after a stale translation could no longer write it (A3), and with no
 * writer left.
 */
static void check_new_vmsa(struct judge_step *s, const struct judge_gpage *page, uint64_t word,
			   bool reduces)
{
	const uint64_t stamp = atomic_load_explicit(&page->stamp, memory_order_relaxed);
	bool writable = false;

	(void)judge_expect(s, JUDGE_I12, !reduces && !flush_owed(s->j, stamp, STAMP_REDUCED),
			   "became a VMSA without a global flush since its rights were reduced");
	for (unsigned int vmpl = 1; vmpl <= 3U; vmpl++) {
		writable = writable || (judge_perms(word, vmpl) & PERM_WRITE) != 0U;
	}
	(void)judge_expect(s, JUDGE_I5, !writable, "became a VMSA while a lower VMPL can write it");
}

static void page_adjusted(struct judge_step *s, unsigned int target, uint64_t perms, bool vmsa)
{
	struct judge_gpage *page = judge_gpage(s->j, s->gpn);
	uint64_t word, after;
	bool reduces;

	if (page == NULL) {
		judge_lose(s->j, s->cpu_index);
		return;
	}
	word = judge_word(s->j, s->gpn, page);
	(void)judge_expect(s, JUDGE_I11, (word & G_VALID) != 0U && judge_is_bound(word, s->spn),
			   "RMPADJUST of a page that is not validated");
	if (target < 1U || target > 3U) {
		return;
	}
	reduces = (judge_perms(word, target) & ~perms) != 0U;
	after = word & ~(PERM_ALL << G_PERM_SHIFT(target) | G_VMSA);
	after |= perms << G_PERM_SHIFT(target) | (vmsa ? G_VMSA : 0U);
	if (perms != 0U) {
		check_grant(s, page, word, perms);
	}
	if (vmsa && (word & G_VMSA) == 0U) {
		check_new_vmsa(s, page, after, reduces);
	}
	if (reduces) {
		stamp_owed(s, page, STAMP_REDUCED);
	}
	if (perms == 0U) {
		after &= ~G_STUCK;
		/* What was read before the page became private was not trusted: it may be read
		 * again now. */
		judge_read_forget(s->cpu, s->gpn);
	}
	judge_store_word(s->j, s->gpn, page, after);
}

static void page_stuck(struct judge_step *s)
{
	struct judge_gpage *page = judge_gpage(s->j, s->gpn);

	if (page != NULL) {
		judge_store_word(s->j, s->gpn, page, judge_word(s->j, s->gpn, page) | G_STUCK);
	}
}

void judge_on_rmpadjust(struct judge_step *s)
{
	const struct judge_event *e = s->event;
	const unsigned int pages = judge_event_pages(e);
	const uint64_t gpn = s->gpn, spn = s->spn;
	const bool target_ok = e->a >= 1U && e->a <= 3U;

	(void)judge_expect(s, JUDGE_I11, target_ok, "RMPADJUST with a target VMPL outside 1..3");
	check_form(s);
	for (unsigned int i = 0; i < pages; i++) {
		s->gpn = gpn + i;
		s->spn = spn + i;
		if (!e->fault && e->code == 0U) {
			page_adjusted(s, target_ok ? (unsigned int)e->a : 0U, e->b & PERM_ALL,
				      (e->b & 0x100U) != 0U);
		} else if ((e->b & PERM_ALL) == 0U) {
			page_stuck(s);
		}
	}
}

static void spn_updated(struct judge *j, uint64_t spn, uint32_t now, bool resets)
{
	const uint32_t seen = judge_spn_word(j, spn);
	uint32_t set = S_HOST_MAYBE | now << S_UPDATED_SHIFT;

	/* A PVALIDATE(1) reported since the last quiescent point may have followed this step: leave
	 * it open. */
	if (resets && ((seen >> S_VALIDATED_SHIFT) & S_GENERATION) != now) {
		set |= S_HOST_LAST;
	}
	judge_mark_spn(j, spn, S_GENERATION << S_UPDATED_SHIFT, set);
}

void judge_on_host(struct judge_step *s)
{
	const struct judge_event *e = s->event;
	const uint32_t now = atomic_load_explicit(&s->j->generation, memory_order_relaxed);
	const unsigned int pages = judge_event_pages(e);

	check_form(s);
	if (e->kind != JUDGE_RMPUPDATE || e->code != 0U) {
		return;
	}
	for (unsigned int i = 0; i < pages; i++) {
		spn_updated(s->j, s->spn + i, now, !s->j->p.identity_keeps || e->a == 0U);
	}
}
