/* SPDX-License-Identifier: Apache-2.0 */
#include "pagerights.h"
#include "pin.h"
#include "pvalidate_pages.h"
#include "pvalidate_session.h"

/*
 * One pass over the private copy of the list, in batches of 4 KiB entries with the same flags:
 * - to be rescinded: all that can be had are claimed, one scan of the pins for all of them, then
 * the work, then they wait for the call's flush (pvalidate_session.h). The scan covers each page
 *   because each is claimed before it begins (pin.h). A pinned page ends the batch: it and those
 *   behind it are given back as they were, which is exact because nothing was done to them;
 * - to be validated: up to a fixed number, which bounds what a failure has to undo.
 */
#define VALIDATE_BATCH 128U

#define PINS_PER_PAGE 64U /* pins that are read in less time than a page is zeroed */

#define FORMAT_4K (SVSM_PV_SIZE | SVSM_PV_RESERVED)

/* Pure. Format before address and ownership. False: INVALID_PARAMETER. */
static bool decode_2m(uint64_t entry, struct svsm_pv_op *op)
{
	if ((entry & FORMAT_4K) != SVSM_PAGE_2M) {
		return false;
	}
	op->gpa = gpa_make(entry & ~SVSM_ENTRY_FLAGS);
	op->validate = (entry & SVSM_PV_VALIDATE) != 0U;
	op->ignore_cf = (entry & SVSM_PV_IGNORE_CF) != 0U;
	op->fallback = (entry & SVSM_PV_FALLBACK) != 0U;
	return gpa_aligned(op->gpa, SVSM_REGION_SIZE);
}

/* @n 4 KiB entries from `next` on are through; batch_limit() allowed them. */
static void advance(struct svsm_pv_session *s, unsigned int n)
{
	s->budget.entries -= n;
	s->budget.pages -= n;
	s->list.next += n;
}

/* 4 KiB entries from `next` on that this call may work on: at least the one at `next`. */
static unsigned int batch_limit(const struct svsm_pv_session *s)
{
	const uint64_t budget = s->budget.entries < s->budget.pages ? s->budget.entries
								    : s->budget.pages;
	const unsigned int rest = s->own_page - s->list.next;

	return rest <= budget ? rest : (unsigned int)budget;
}

/* "Validate" on a page that is valid, CF ignored: no PVALIDATE (A9). */
static uint32_t regrant_page(struct svsm_pv_session *s, gpa_t gpa)
{
	enum svsm_page_state seen = SVSM_PAGE_ABSENT;
	struct svsm_pv_outcome outcome;

	if (svsm_map_claim_run(s->call->cpu, gpa, 1U, SVSM_PAGE_VALID, &seen) == 0U) {
		/* It was VALID a moment ago: somebody is changing it. */
		return SVSM_ERR_BUSY;
	}
	outcome = svsm_pv_regrant(gpa, SVSM_PAGE_4K, s->call->vmpl);
	svsm_map_release_run(gpa, 1U,
			     outcome.result == SVSM_SUCCESS ? SVSM_PAGE_VALID : outcome.failed_as);
	return outcome.result;
}

/* A claimed page outside the runs becomes @state. */
static void release_one(const struct svsm_pv_session *s, unsigned int index,
			enum svsm_page_state state)
{
	svsm_map_release_run(gpa_make(s->list.entries[index] & ~SVSM_ENTRY_FLAGS), 1U, state);
}

/* Release @claimed entries from `next` on, of which a validation failed: those before are VALID,
 * those behind INVALID again. */
static void release_failed(struct svsm_pv_session *s, unsigned int claimed,
			   const struct svsm_pv_outcome *outcome)
{
	const unsigned int first = s->list.next;
	const unsigned int failed = first + outcome->done;

	if (outcome->flush_due) {
		svsm_flush(s->call->cpu);
	}
	svsm_pv_release(s, first, failed, SVSM_PAGE_VALID);
	release_one(s, failed, outcome->failed_as);
	svsm_pv_release_rest(s, failed + 1U, first + claimed,
			     outcome->tail_lost ? SVSM_PAGE_PRIVATE : SVSM_PAGE_INVALID);
}

/* "Validate" on a page that cannot be claimed as INVALID. */
static uint32_t validate_other(struct svsm_pv_session *s, enum svsm_page_state seen)
{
	const uint64_t entry = s->list.entries[s->list.next];
	uint32_t result = SVSM_SUCCESS;

	if (seen == SVSM_PAGE_VALID && (entry & SVSM_PV_IGNORE_CF) != 0U) {
		result = regrant_page(s, gpa_make(entry & ~SVSM_ENTRY_FLAGS));
	} else {
		result = svsm_pv_refused(seen, false);
	}
	advance(s, result == SVSM_SUCCESS ? 1U : 0U);
	return result;
}

static uint32_t validate_batch(struct svsm_pv_session *s, unsigned int limit)
{
	const unsigned int first = s->list.next;
	const uint64_t *list = &s->list.entries[first];
	enum svsm_page_state seen = SVSM_PAGE_ABSENT;
	struct svsm_pv_outcome outcome;
	unsigned int claimed = 0U;

	svsm_pv_settle(s);
	claimed = svsm_map_claim_list(s->call->cpu, list, &s->runs[first],
				      limit < VALIDATE_BATCH ? limit : VALIDATE_BATCH,
				      SVSM_PAGE_INVALID, &seen);
	if (claimed == 0U) {
		return validate_other(s, seen);
	}
	outcome = svsm_pv_validate(s->call->cpu, list, claimed, s->call->vmpl);
	if (outcome.result == SVSM_SUCCESS) {
		svsm_pv_release(s, first, first + claimed, SVSM_PAGE_VALID);
	} else {
		release_failed(s, claimed, &outcome);
	}
	advance(s, outcome.done);
	return outcome.result;
}

/* The rescind of a claimed page at `next` failed. @end: one past the claimed entries. */
static uint32_t rescind_failed(struct svsm_pv_session *s, unsigned int end,
			       const struct svsm_pv_outcome *outcome)
{
	const unsigned int failed = s->list.next;
	const bool ignore_cf = (s->list.entries[failed] & SVSM_PV_IGNORE_CF) != 0U;

	svsm_pv_flush_owed(s);
	release_one(s, failed, outcome->failed_as);
	if (outcome->result != SVSM_ERR_RMP_CARRY || !ignore_cf) {
		svsm_pv_release_rest(s, failed + 1U, end, SVSM_PAGE_VALID);
		return outcome->result;
	}
	/* The lost page counts as rescinded; the batch goes on behind it. */
	advance(s, 1U);
	svsm_map_list_runs(&s->list.entries[failed + 1U], &s->runs[failed + 1U], end - failed - 1U);
	return SVSM_SUCCESS;
}

/* Rescind the claimed entries from `next` up to @end that nobody pins. They stay claimed and owe
 * the flush; after a failure it is done at once, and nothing stays claimed. */
static uint32_t rescind_claimed(struct svsm_pv_session *s, unsigned int end)
{
	uint32_t result = SVSM_SUCCESS;

	while (result == SVSM_SUCCESS && s->list.next < end) {
		const struct svsm_pv_outcome outcome = svsm_pv_rescind(
			s->call->cpu, &s->list.entries[s->list.next], end - s->list.next);

		svsm_pv_owe(s, outcome.done);
		advance(s, outcome.done);
		if (outcome.result != SVSM_SUCCESS) {
			result = rescind_failed(s, end, &outcome);
		}
	}
	return result;
}

static unsigned int claim_to_rescind(struct svsm_pv_session *s, unsigned int limit,
				     enum svsm_page_state *seen)
{
	const unsigned int first = s->list.next;

	return svsm_map_claim_list(s->call->cpu, &s->list.entries[first], &s->runs[first], limit,
				   SVSM_PAGE_VALID, seen);
}

static uint32_t rescind_batch(struct svsm_pv_session *s, unsigned int limit)
{
	const unsigned int first = s->list.next;
	const uint64_t *list = &s->list.entries[first];
	enum svsm_page_state seen = SVSM_PAGE_ABSENT;
	unsigned int claimed = claim_to_rescind(s, limit, &seen);
	unsigned int unpinned = 0U;
	uint32_t result = SVSM_SUCCESS;

	if (claimed == 0U && seen == SVSM_PAGE_CLAIMED && s->owed_from != s->owed_to) {
		/* The claim in the way may be this call's own: an entry named twice in the list. */
		svsm_pv_settle(s);
		claimed = claim_to_rescind(s, limit, &seen);
	}
	if (claimed == 0U) {
		result = svsm_pv_refused(seen, (list[0] & SVSM_PV_IGNORE_CF) != 0U);
		advance(s, result == SVSM_SUCCESS ? 1U : 0U);
		return result;
	}
	unpinned = svsm_pin_first(s->call->cpu, list, claimed);
	if (unpinned < claimed) {
		svsm_pv_release_rest(s, first + unpinned, first + claimed, SVSM_PAGE_VALID);
	}
	result = rescind_claimed(s, first + unpinned);
	return result == SVSM_SUCCESS && unpinned < claimed ? SVSM_ERR_BUSY : result;
}

/*
 * What an entry takes of the budget, in 4 KiB pages of work. A 2 MiB page rescinded as such is not
 * zeroed: one page, and one more for as many pins as are read in the time that a page takes.
 */
static uint64_t cost(uint64_t entry)
{
	if ((entry & SVSM_PV_SIZE) != SVSM_PAGE_2M) {
		return 1U;
	}
	return (entry & SVSM_PV_VALIDATE) != 0U ? SVSM_PAGES_PER_REGION
						: 1U + svsm_pins.count / PINS_PER_PAGE;
}

static uint32_t process_2m(struct svsm_pv_session *s)
{
	struct svsm_pv_op op;
	uint32_t result = SVSM_SUCCESS;

	if (!decode_2m(s->list.entries[s->list.next], &op)) {
		return SVSM_ERR_INVALID_PARAMETER;
	}
	if (s->list.next == s->own_page) {
		return SVSM_ERR_INVALID_ADDRESS;
	}
	(void)svsm_budget_take(&s->budget, 1U, cost(s->list.entries[s->list.next]));
	result = svsm_pv_region(s, &op);
	if (result == SVSM_ERR_BUSY && s->owed_from != s->owed_to) {
		/* As in rescind_batch(). */
		svsm_pv_settle(s);
		result = svsm_pv_region(s, &op);
	}
	return result;
}

/* Is there budget for the next entry, also if it falls back to 4 KiB pages? The first one of a call
 * is always processed. */
static bool affordable(const struct svsm_pv_session *s)
{
	const uint64_t entry = s->list.entries[s->list.next];
	const bool may_fall_back = (entry & SVSM_PV_SIZE) == SVSM_PAGE_2M &&
				   (entry & SVSM_PV_FALLBACK) != 0U;

	return s->list.next == s->list.first ||
	       (s->budget.entries >= 1U &&
		s->budget.pages >= (may_fall_back ? SVSM_PAGES_PER_REGION : cost(entry)));
}

static uint32_t process(struct svsm_pv_session *s)
{
	const uint64_t entry = s->list.entries[s->list.next];

	if (!affordable(s)) {
		return SVSM_ERR_INCOMPLETE;
	}
	if ((entry & FORMAT_4K) != 0U) {
		return process_2m(s);
	}
	if (s->list.next == s->own_page) {
		return SVSM_ERR_INVALID_ADDRESS;
	}
	return (entry & SVSM_PV_VALIDATE) != 0U ? validate_batch(s, batch_limit(s))
						: rescind_batch(s, batch_limit(s));
}

/* A10: a list that works on its own page would lose the place of its answer. In the caller's
 * calling area the map says PRIVATE, for the page and for its region. */
static unsigned int own_page(const struct svsm_call *call, const struct svsm_op_list *list)
{
	unsigned int i = list->next;

	if (gpa_equal(gpa_page(list->at), call->ca)) {
		return list->count;
	}
	while (i < list->count &&
	       !svsm_op_list_hit(list, gpa_make(list->entries[i] & ~SVSM_ENTRY_FLAGS),
				 (list->entries[i] & SVSM_PV_SIZE) == SVSM_PAGE_2M
					 ? SVSM_REGION_SIZE
					 : SVSM_PAGE_SIZE)) {
		i++;
	}
	return i;
}

uint32_t svsm_pv_list(struct svsm_call *call)
{
	struct svsm_pv_session s;
	uint32_t result = svsm_op_list_rest(call, &s.list);

	if (result != SVSM_SUCCESS) {
		return result;
	}
	s.call = call;
	s.budget = svsm_budget_start();
	s.own_page = own_page(call, &s.list);
	s.owed_from = s.list.next;
	s.owed_to = s.list.next;
	while (result == SVSM_SUCCESS && s.list.next < s.list.count) {
		result = process(&s);
	}
	svsm_pv_settle(&s);
	return svsm_op_list_finish(call, &s.list, result);
}
