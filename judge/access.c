/* SPDX-License-Identifier: Apache-2.0 */
#include "judge_priv.h"

/*
 * The "overlooked requirement" with a standing direct map (A11): VMPL0's own stale translation
 * makes it act on a system page that is not the one PVALIDATE bound. True if the page's binding
 * stands and the step hit another one.
 */
static bool stale_hit(const struct judge_step *s, uint64_t word)
{
	return (word & G_VALID) != 0U && !judge_is_bound(word, s->spn) &&
	       judge_raw_bound(s->j, judge_bound(word), s->gpn);
}

static void page_zeroed(struct judge_step *s)
{
	struct judge_gpage *page = judge_gpage(s->j, s->gpn);
	uint64_t word, fences;

	if (page == NULL) {
		judge_lose(s->j, s->cpu_index);
		return;
	}
	word = judge_word(s->j, s->gpn, page);
	judge_flush_spoil(s->cpu, s->gpn, false);
	(void)judge_expect(s, JUDGE_I8, !stale_hit(s, word),
			   "zeroed a system page that the gPA is not bound to (A11)");
	if (!judge_is_bound(word, s->spn)) {
		return;
	}
	fences = atomic_load_explicit(&s->cpu->fences, memory_order_relaxed);
	atomic_store_explicit(&page->zeroed, (s->cpu_index + 1U) | fences << 12,
			      memory_order_relaxed);
	word &= ~G_TAINT;
	if (judge_kind_of(s->j, s->gpn, word) == JUDGE_KIND_DEPOSITED) {
		word &= ~G_KIND; /* being withdrawn: the guest may use it from the grant on */
		judge_mark_spn(s->j, s->spn, S_DEPOSITED, 0U);
	}
	judge_store_word(s->j, s->gpn, page, word);
}

void judge_on_zero(struct judge_step *s)
{
	const unsigned int pages = judge_event_pages(s->event);
	const uint64_t gpn = s->gpn, spn = s->spn;

	if (s->event->fault) {
		return;
	}
	for (unsigned int i = 0; i < pages; i++) {
		s->gpn = gpn + i;
		s->spn = spn + i;
		page_zeroed(s);
	}
}

/* Was the binding certainly made before this CPU's copy? */
static bool binding_is_older(const struct judge_step *s, const struct judge_gpage *page,
			     uint64_t word)
{
	const uint64_t stamp = atomic_load_explicit(&page->stamp, memory_order_relaxed);

	if ((word & G_LAUNCH) != 0U) {
		return true;
	}
	return (stamp & STAMP_VALIDATED) != 0U &&
	       (STAMP_CPU(stamp) == s->cpu_index ||
		(s->cpu->inside && STAMP_COUNT(stamp) < s->cpu->entered));
}

static void check_read_once(struct judge_step *s)
{
	const struct judge_event *e = s->event;
	enum judge_read_result result;

	if (!s->cpu->inside || e->b == 0U) {
		return;
	}
	result = judge_read_note(s->cpu, (s->gpn << PAGE_SHIFT) + e->a, e->b);
	if (result == JUDGE_READ_FULL) {
		judge_lose(s->j, s->cpu_index);
		return;
	}
	(void)judge_expect(s, JUDGE_I10, result == JUDGE_READ_NEW,
			   "guest bytes read a second time in one entry of VMPL0");
}

void judge_on_copy(struct judge_step *s)
{
	const bool write = s->event->kind == JUDGE_SVSM_WRITE;
	struct judge_gpage *page = judge_gpage(s->j, s->gpn);
	enum judge_kind kind;
	uint64_t word;

	if (s->event->fault) {
		return;
	}
	if (page == NULL) {
		judge_lose(s->j, s->cpu_index);
		return;
	}
	word = judge_word(s->j, s->gpn, page);
	kind = judge_kind_of(s->j, s->gpn, word);
	judge_flush_spoil(s->cpu, s->gpn, false);
	(void)judge_expect(s, JUDGE_A1,
			   kind != JUDGE_KIND_SVSM && kind != JUDGE_KIND_DEPOSITED &&
				   kind != JUDGE_KIND_SECRETS && !(write && (word & G_VMSA) != 0U),
			   "a guest copy touched a private page");
	if (binding_is_older(s, page, word)) {
		(void)judge_expect(s, JUDGE_I8, !stale_hit(s, word),
				   "copied with a system page that the gPA is not bound to (A11)");
	}
	if (!write) {
		check_read_once(s);
	}
}

/* A4: an owner that was stopped must not write a VMSA field into what became VMPL0 memory. */
void judge_on_vmsa_write(struct judge_step *s)
{
	struct judge_gpage *page = judge_gpage(s->j, s->gpn);
	enum judge_kind kind;
	uint64_t word;

	if (s->event->fault) {
		return;
	}
	if (page == NULL) {
		judge_lose(s->j, s->cpu_index);
		return;
	}
	word = judge_word(s->j, s->gpn, page);
	kind = judge_kind_of(s->j, s->gpn, word);
	judge_flush_spoil(s->cpu, s->gpn, false);
	(void)judge_expect(s, JUDGE_A4,
			   (word & G_VMSA) != 0U ||
				   (kind != JUDGE_KIND_SVSM && kind != JUDGE_KIND_DEPOSITED &&
				    kind != JUDGE_KIND_SECRETS),
			   "a VMSA field was stored into VMPL0 memory");
}

/*
 * Reported inside the access's bracket. Whoever makes a page a VMSA flushes after revoking, so the
 * bracket is over or not begun when the raw VMSA bit appears: an allowed write that sees the bit
 * went through a stale translation.
 */
void judge_on_guest(struct judge_step *s)
{
	struct judge_gpage *page;
	enum judge_kind kind = JUDGE_KIND_NONE;
	uint64_t raw;

	if (s->event->a == 0U) {
		return;
	}
	page = judge_gpage(s->j, s->gpn);
	if (page != NULL) {
		kind = judge_kind_of(s->j, s->gpn, judge_word(s->j, s->gpn, page));
	}
	(void)judge_expect(s, JUDGE_LEAK,
			   (judge_spn_word(s->j, s->spn) & (S_SVSM | S_DEPOSITED)) == 0U &&
				   kind != JUDGE_KIND_SVSM && kind != JUDGE_KIND_DEPOSITED &&
				   kind != JUDGE_KIND_SECRETS,
			   "the guest reached a private page of the SVSM");
	if (s->event->kind == JUDGE_GUEST_WRITE && judge_raw(s->j, s->spn, &raw)) {
		(void)judge_expect(s, JUDGE_LEAK, (raw & RAW_VMSA) == 0U, "the guest wrote a VMSA");
	}
}
