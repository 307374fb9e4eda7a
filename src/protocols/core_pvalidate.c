/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core_calls.h"
#include "limits.h"
#include "op_list.h"
#include "pagerights.h"
#include "pin.h"
#include "pvalidate_pages.h"
#include "range.h"

/*
 * 58019 section 6.3. One pass over the private copy of the list. Adjacent 4 KiB entries of the same
 * kind are worked on as runs of up to 32 pages. Rescinded pages stay claimed until one global flush
 * for all of them, at the end of the call or before the next validation in the list (A11): entries
 * [owed_from, owed_to) are the ones that wait for it.
 */
struct pv_session {
	struct svsm_call *call;
	struct svsm_op_list list;
	struct svsm_budget budget;
	unsigned int owed_from;
	unsigned int owed_to;
};

struct pv_op {
	gpa_t gpa;
	enum svsm_page_size size;
	bool validate;
	bool ignore_cf;
	bool fallback;
};

/* Pure. Format before address and ownership. False: INVALID_PARAMETER. */
static bool decode(uint64_t entry, struct pv_op *op)
{
	const uint64_t size = entry & SVSM_PV_SIZE;

	if (size > SVSM_PAGE_2M || (entry & SVSM_PV_RESERVED) != 0U) {
		return false;
	}
	op->size = (enum svsm_page_size)size;
	op->gpa = gpa_make(entry & ~SVSM_ENTRY_FLAGS);
	op->validate = (entry & SVSM_PV_VALIDATE) != 0U;
	op->ignore_cf = (entry & SVSM_PV_IGNORE_CF) != 0U;
	op->fallback = op->size == SVSM_PAGE_2M && (entry & SVSM_PV_FALLBACK) != 0U;
	return gpa_aligned(op->gpa, svsm_page_bytes(op->size));
}

static uint64_t op_pages(const struct pv_op *op)
{
	return op->size == SVSM_PAGE_2M ? SVSM_PAGES_PER_REGION : 1U;
}

/* Entries from `next` on that continue @op page by page within one leaf word, apart from the list's
 * own page. */
static unsigned int run_length(const struct pv_session *s, const struct pv_op *op)
{
	const uint64_t first = s->list.entries[s->list.next];
	const unsigned int block =
		SVSM_MAP_RUN - (unsigned int)(op->gpa.raw >> SVSM_PAGE_SHIFT) % SVSM_MAP_RUN;
	unsigned int n = 1U;

	while (n < block && s->list.next + n < s->list.count &&
	       s->list.entries[s->list.next + n] == first + n * SVSM_PAGE_SIZE &&
	       !svsm_op_list_hit(&s->list, gpa_add(op->gpa, n * SVSM_PAGE_SIZE), SVSM_PAGE_SIZE) &&
	       n < s->budget.entries && n < s->budget.pages) {
		n++;
	}
	return n;
}

static void release_owed(struct pv_session *s, unsigned int index, unsigned int *released)
{
	const uint64_t entry = s->list.entries[index];
	const gpa_t gpa = gpa_make(entry & ~SVSM_ENTRY_FLAGS);
	const unsigned int block =
		SVSM_MAP_RUN - (unsigned int)(gpa.raw >> SVSM_PAGE_SHIFT) % SVSM_MAP_RUN;
	unsigned int n = 1U;

	if ((entry & SVSM_PV_SIZE) == SVSM_PAGE_2M) {
		svsm_map_release_region(s->call->cpu, gpa, SVSM_PAGE_INVALID);
	} else {
		while (n < block && index + n < s->owed_to &&
		       s->list.entries[index + n] == entry + n * SVSM_PAGE_SIZE) {
			n++;
		}
		svsm_map_release_run(gpa, n, SVSM_PAGE_INVALID);
	}
	*released = n;
}

/* Discharge the owed flush, then let go of the rescinded pages. */
static void settle(struct pv_session *s)
{
	unsigned int n = 0U;

	if (s->owed_from == s->owed_to) {
		return;
	}
	svsm_flush(s->call->cpu);
	for (unsigned int i = s->owed_from; i < s->owed_to; i += n) {
		release_owed(s, i, &n);
	}
	s->owed_from = s->owed_to;
}

/* @n entries from `next` on are rescinded and keep their claims. */
static void owe(struct pv_session *s, unsigned int n)
{
	if (s->owed_to != s->list.next) {
		settle(s);
		s->owed_from = s->list.next;
	}
	s->owed_to = s->list.next + n;
}

/* Why a claim failed, as a result. @from: the state the operation needs; its opposite is "nothing
 * to change": CF. */
static uint32_t refused(enum svsm_page_state seen, bool ignore_cf)
{
	switch (seen) {
	case SVSM_PAGE_CLAIMED:
		return SVSM_ERR_BUSY;
	case SVSM_PAGE_VALID:
	case SVSM_PAGE_INVALID:
		return ignore_cf ? SVSM_SUCCESS : SVSM_ERR_RMP_CARRY;
	case SVSM_PAGE_MIXED:
		return SVSM_ERR_PROTOCOL_BASE + ARCH_RMP_FAIL_SIZEMISMATCH;
	case SVSM_PAGE_PRIVATE:
	case SVSM_PAGE_ABSENT:
		break;
	}
	return SVSM_ERR_INVALID_ADDRESS;
}

/* Release a claimed 4 KiB run in which [0, done) became @good, the next page failed and the rest
 * was not touched. */
static void release_failed_run(struct svsm_cpu *cpu, gpa_t gpa, unsigned int claimed,
			       enum svsm_page_state good, enum svsm_page_state untouched,
			       const struct svsm_pv_outcome *outcome)
{
	const enum svsm_page_state rest = outcome->tail_lost ? SVSM_PAGE_PRIVATE : untouched;

	if (outcome->flush_due) {
		svsm_flush(cpu);
	}
	if (outcome->done > 0U) {
		svsm_map_release_run(gpa, outcome->done, good);
	}
	svsm_map_release_run(gpa_add(gpa, outcome->done * SVSM_PAGE_SIZE), 1U, outcome->failed_as);
	if (claimed > outcome->done + 1U) {
		svsm_map_release_run(gpa_add(gpa, (outcome->done + 1U) * SVSM_PAGE_SIZE),
				     claimed - outcome->done - 1U, rest);
	}
}

/* "Validate" on pages that are valid, CF ignored: one page at a time, no PVALIDATE (A9). */
static uint32_t regrant_page(struct pv_session *s, gpa_t gpa, unsigned int *done)
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
	*done = outcome.result == SVSM_SUCCESS ? 1U : 0U;
	return outcome.result;
}

static uint32_t validate_run(struct pv_session *s, gpa_t gpa, unsigned int count, bool ignore_cf,
			     unsigned int *done)
{
	struct svsm_cpu *cpu = s->call->cpu;
	enum svsm_page_state seen = SVSM_PAGE_ABSENT;
	const unsigned int claimed = svsm_map_claim_run(cpu, gpa, count, SVSM_PAGE_INVALID, &seen);
	struct svsm_pv_outcome outcome;

	*done = 0U;
	if (claimed == 0U) {
		return seen == SVSM_PAGE_VALID && ignore_cf ? regrant_page(s, gpa, done)
							    : refused(seen, false);
	}
	outcome = svsm_pv_validate(cpu, gpa, claimed, s->call->vmpl);
	*done = outcome.done;
	if (outcome.result == SVSM_SUCCESS) {
		svsm_map_release_run(gpa, claimed, SVSM_PAGE_VALID);
	} else {
		release_failed_run(cpu, gpa, claimed, SVSM_PAGE_VALID, SVSM_PAGE_INVALID, &outcome);
	}
	return outcome.result;
}

/* Claim a VALID run that nobody copies to or from. 0: *seen tells why. */
static unsigned int claim_to_rescind(struct svsm_cpu *cpu, gpa_t gpa, unsigned int count,
				     enum svsm_page_state *seen)
{
	const unsigned int claimed = svsm_map_claim_run(cpu, gpa, count, SVSM_PAGE_VALID, seen);

	if (claimed > 0U && svsm_pin_conflict(cpu, gpa, claimed)) {
		svsm_map_release_run(gpa, claimed, SVSM_PAGE_VALID);
		*seen = SVSM_PAGE_CLAIMED;
		return 0U;
	}
	return claimed;
}

/* Rescind a run; on success its pages stay claimed, @held of them: the caller owes them a flush. */
static uint32_t rescind_run(struct pv_session *s, gpa_t gpa, unsigned int count, bool ignore_cf,
			    unsigned int *done, unsigned int *held)
{
	struct svsm_cpu *cpu = s->call->cpu;
	enum svsm_page_state seen = SVSM_PAGE_ABSENT;
	const unsigned int claimed = claim_to_rescind(cpu, gpa, count, &seen);
	struct svsm_pv_outcome outcome;
	uint32_t result = SVSM_SUCCESS;

	*held = 0U;
	*done = 0U;
	if (claimed == 0U) {
		result = refused(seen, ignore_cf);
		*done = result == SVSM_SUCCESS ? 1U : 0U;
		return result;
	}
	outcome = svsm_pv_rescind(cpu, gpa, claimed, SVSM_PAGE_4K);
	*done = outcome.done;
	if (outcome.result == SVSM_SUCCESS) {
		*held = claimed;
		return SVSM_SUCCESS;
	}
	release_failed_run(cpu, gpa, claimed, SVSM_PAGE_INVALID, SVSM_PAGE_VALID, &outcome);
	if (outcome.result == SVSM_ERR_RMP_CARRY && ignore_cf) {
		/* The lost page counts as rescinded; the run goes on behind it. */
		(*done)++;
		return SVSM_SUCCESS;
	}
	return outcome.result;
}

static uint32_t process_4k(struct pv_session *s, const struct pv_op *op)
{
	const unsigned int count = run_length(s, op);
	unsigned int done = 0U;
	unsigned int held = 0U;
	uint32_t result = SVSM_SUCCESS;

	if (op->validate) {
		settle(s);
		result = validate_run(s, op->gpa, count, op->ignore_cf, &done);
	} else {
		result = rescind_run(s, op->gpa, count, op->ignore_cf, &done, &held);
		if (held > 0U) {
			owe(s, held);
		}
	}
	(void)svsm_budget_take(&s->budget, done, done);
	s->list.next += done;
	return result;
}

/* The failing 4 KiB gPA of a fallback goes into the entry (58019 section 6.3, version 2). */
static void report_page(struct pv_session *s, gpa_t gpa)
{
	const uint64_t flags = s->list.entries[s->list.next] & SVSM_ENTRY_FLAGS;

	svsm_op_list_set(&s->list, s->list.next, gpa.raw | flags);
}

/* Pages from @page on that have the same state, up to @limit. */
static unsigned int same_state(const uint8_t *states, unsigned int page, unsigned int limit)
{
	unsigned int n = 1U;

	while (page + n < limit && states[page + n] == states[page]) {
		n++;
	}
	return n;
}

/* Give the claims of the first @count pages of a region back, each to its state. */
static void unclaim_pages(gpa_t region, const uint8_t *states, unsigned int count)
{
	unsigned int n = 0U;

	for (unsigned int page = 0U; page < count; page += n) {
		const unsigned int block = page + SVSM_MAP_RUN - page % SVSM_MAP_RUN;

		n = same_state(states, page, block < count ? block : count);
		svsm_map_release_run(gpa_add(region, page * SVSM_PAGE_SIZE), n,
				     (enum svsm_page_state)states[page]);
	}
}

/* Claim up to @count pages that are VALID or INVALID like the first; 0: *state tells why not. */
static unsigned int claim_alike(struct svsm_cpu *cpu, gpa_t gpa, unsigned int count,
				enum svsm_page_state *state)
{
	enum svsm_page_state seen = SVSM_PAGE_ABSENT;
	unsigned int n = svsm_map_claim_run(cpu, gpa, count, SVSM_PAGE_VALID, &seen);

	*state = SVSM_PAGE_VALID;
	if (n == 0U && seen == SVSM_PAGE_INVALID) {
		n = svsm_map_claim_run(cpu, gpa, count, SVSM_PAGE_INVALID, &seen);
		*state = SVSM_PAGE_INVALID;
	}
	if (n == 0U) {
		*state = seen;
	}
	return n;
}

/*
 * Claim a whole region whose pages differ; @states gets what each was. All before anything is done:
 * a rival met half way could not be answered by BUSY, because the entry has no place for progress
 * that the guest could issue again.
 */
static uint32_t claim_pages(struct pv_session *s, const struct pv_op *op, uint8_t *states)
{
	struct svsm_cpu *cpu = s->call->cpu;
	enum svsm_page_state state = SVSM_PAGE_ABSENT;
	unsigned int page = 0U;
	unsigned int n = 1U;

	while (n > 0U && page < SVSM_PAGES_PER_REGION) {
		n = claim_alike(cpu, gpa_add(op->gpa, page * SVSM_PAGE_SIZE),
				SVSM_MAP_RUN - page % SVSM_MAP_RUN, &state);
		memset(&states[page], (int)state, n);
		page += n;
	}
	if (n > 0U && (op->validate || !svsm_pin_conflict(cpu, op->gpa, SVSM_PAGES_PER_REGION))) {
		return SVSM_SUCCESS;
	}
	unclaim_pages(op->gpa, states, page);
	return n == 0U && state == SVSM_PAGE_PRIVATE ? SVSM_ERR_INVALID_ADDRESS : SVSM_ERR_BUSY;
}

/* Work on @count claimed pages that all have state @from. */
static struct svsm_pv_outcome work_run(const struct pv_session *s, const struct pv_op *op,
				       gpa_t gpa, unsigned int count, enum svsm_page_state from)
{
	struct svsm_pv_outcome outcome = { .done = 0U };

	if (from == SVSM_PAGE_INVALID && op->validate) {
		return svsm_pv_validate(s->call->cpu, gpa, count, s->call->vmpl);
	}
	if (from == SVSM_PAGE_VALID && !op->validate) {
		return svsm_pv_rescind(s->call->cpu, gpa, count, SVSM_PAGE_4K);
	}
	outcome.failed_as = from;
	outcome.result = op->ignore_cf ? SVSM_SUCCESS : SVSM_ERR_RMP_CARRY;
	while (outcome.done < count && outcome.result == SVSM_SUCCESS && op->validate) {
		const unsigned int done = outcome.done;

		outcome = svsm_pv_regrant(gpa_add(gpa, done * SVSM_PAGE_SIZE), SVSM_PAGE_4K,
					  s->call->vmpl);
		outcome.done += done;
	}
	if (!op->validate && outcome.result == SVSM_SUCCESS) {
		outcome.done = count;
	}
	return outcome;
}

static void note_run(uint8_t *states, unsigned int count, const struct pv_op *op,
		     const struct svsm_pv_outcome *outcome)
{
	memset(states, (int)(op->validate ? SVSM_PAGE_VALID : SVSM_PAGE_INVALID), outcome->done);
	if (outcome->result != SVSM_SUCCESS) {
		states[outcome->done] = (uint8_t)outcome->failed_as;
		if (outcome->tail_lost) {
			memset(&states[outcome->done + 1U], (int)SVSM_PAGE_PRIVATE,
			       count - outcome->done - 1U);
		}
	}
}

/* The flush that page-wise work made due, and the end of its claims. A region that is rescinded
 * throughout waits for the flush of the whole list. */
static void finish_pages(struct pv_session *s, const struct pv_op *op, const uint8_t *states,
			 bool flush)
{
	const bool uniform = same_state(states, 0U, SVSM_PAGES_PER_REGION) == SVSM_PAGES_PER_REGION;

	if (uniform && flush && states[0] == SVSM_PAGE_INVALID && !op->validate) {
		owe(s, 1U);
		return;
	}
	if (flush) {
		svsm_flush(s->call->cpu);
	}
	if (uniform) {
		svsm_map_release_region(s->call->cpu, op->gpa, (enum svsm_page_state)states[0]);
	} else {
		svsm_map_release_pages(s->call->cpu, op->gpa, states);
	}
}

/* The 4 KiB fallback over a region that is claimed whole; @states is what its pages are. */
static uint32_t fallback_pages(struct pv_session *s, const struct pv_op *op, uint8_t *states)
{
	uint32_t result = SVSM_SUCCESS;
	unsigned int page = 0U;
	bool flush = false;

	while (page < SVSM_PAGES_PER_REGION && result == SVSM_SUCCESS) {
		const unsigned int n = same_state(states, page, SVSM_PAGES_PER_REGION);
		const struct svsm_pv_outcome outcome =
			work_run(s, op, gpa_add(op->gpa, page * SVSM_PAGE_SIZE), n,
				 (enum svsm_page_state)states[page]);

		note_run(&states[page], n, op, &outcome);
		flush = flush || outcome.flush_due;
		page += outcome.done;
		result = outcome.result;
		if (result == SVSM_ERR_RMP_CARRY && op->ignore_cf && !op->validate) {
			/* The lost page counts as rescinded. */
			page++;
			result = SVSM_SUCCESS;
		}
	}
	if (result != SVSM_SUCCESS) {
		report_page(s, gpa_add(op->gpa, page * SVSM_PAGE_SIZE));
	}
	finish_pages(s, op, states, flush);
	return result;
}

static uint32_t fallback_uniform(struct pv_session *s, const struct pv_op *op,
				 enum svsm_page_state state)
{
	uint8_t states[SVSM_PAGES_PER_REGION];

	memset(states, (int)state, sizeof(states));
	return fallback_pages(s, op, states);
}

static uint32_t fallback_mixed(struct pv_session *s, const struct pv_op *op)
{
	uint8_t states[SVSM_PAGES_PER_REGION];
	const uint32_t result = claim_pages(s, op, states);

	return result == SVSM_SUCCESS ? fallback_pages(s, op, states) : result;
}

/* The 2 MiB page was done as such: the guest learns it from bit 4. */
static void clear_fallback(struct pv_session *s, const struct pv_op *op)
{
	if (op->fallback) {
		svsm_op_list_set(&s->list, s->list.next,
				 s->list.entries[s->list.next] & ~SVSM_PV_FALLBACK);
	}
}

/* Validate a claimed region, whole or page by page; releases it. */
static uint32_t validate_region(struct pv_session *s, const struct pv_op *op)
{
	struct svsm_cpu *cpu = s->call->cpu;
	const struct svsm_pv_outcome outcome = svsm_pv_validate_2m(cpu, op->gpa, s->call->vmpl);

	if (outcome.result == SVSM_SUCCESS) {
		clear_fallback(s, op);
	} else if (outcome.flush_due) {
		svsm_flush(cpu);
	}
	if (outcome.size_mismatch && op->fallback) {
		return fallback_uniform(s, op, SVSM_PAGE_INVALID);
	}
	svsm_map_release_region(
		cpu, op->gpa, outcome.result == SVSM_SUCCESS ? SVSM_PAGE_VALID : outcome.failed_as);
	return outcome.result;
}

/* Rescind a claimed region. On success as a 2 MiB page it stays claimed until the owed flush. */
static uint32_t rescind_region(struct pv_session *s, const struct pv_op *op)
{
	struct svsm_cpu *cpu = s->call->cpu;
	struct svsm_pv_outcome outcome;

	if (svsm_pin_conflict(cpu, op->gpa, SVSM_PAGES_PER_REGION)) {
		svsm_map_release_region(cpu, op->gpa, SVSM_PAGE_VALID);
		return SVSM_ERR_BUSY;
	}
	outcome = svsm_pv_rescind(cpu, op->gpa, 1U, SVSM_PAGE_2M);
	if (outcome.result == SVSM_SUCCESS) {
		clear_fallback(s, op);
		owe(s, 1U);
		return SVSM_SUCCESS;
	}
	if (outcome.flush_due) {
		svsm_flush(cpu);
	}
	if (outcome.size_mismatch && op->fallback) {
		return fallback_uniform(s, op, SVSM_PAGE_VALID);
	}
	svsm_map_release_region(cpu, op->gpa, outcome.failed_as);
	return outcome.result == SVSM_ERR_RMP_CARRY && op->ignore_cf ? SVSM_SUCCESS
								     : outcome.result;
}

/* "Validate" on a region that is valid, CF ignored. */
static uint32_t regrant_region(struct pv_session *s, const struct pv_op *op)
{
	enum svsm_page_state seen = SVSM_PAGE_ABSENT;
	struct svsm_pv_outcome outcome;

	if (!svsm_map_claim_region(s->call->cpu, op->gpa, SVSM_PAGE_VALID, &seen)) {
		return SVSM_ERR_BUSY;
	}
	outcome = svsm_pv_regrant(op->gpa, SVSM_PAGE_2M, s->call->vmpl);
	if (outcome.size_mismatch && op->fallback) {
		return fallback_uniform(s, op, SVSM_PAGE_VALID);
	}
	svsm_map_release_region(s->call->cpu, op->gpa,
				outcome.result == SVSM_SUCCESS ? SVSM_PAGE_VALID
							       : outcome.failed_as);
	if (outcome.result == SVSM_SUCCESS) {
		clear_fallback(s, op);
	}
	return outcome.result;
}

static uint32_t refused_region(struct pv_session *s, const struct pv_op *op,
			       enum svsm_page_state seen)
{
	if (seen == SVSM_PAGE_MIXED && op->fallback) {
		return fallback_mixed(s, op);
	}
	if (seen == SVSM_PAGE_VALID && op->validate && op->ignore_cf) {
		return regrant_region(s, op);
	}
	return refused(seen, op->ignore_cf);
}

static uint32_t process_2m(struct pv_session *s, const struct pv_op *op)
{
	const enum svsm_page_state from = op->validate ? SVSM_PAGE_INVALID : SVSM_PAGE_VALID;
	enum svsm_page_state seen = SVSM_PAGE_ABSENT;
	uint32_t result = SVSM_SUCCESS;

	if (op->validate) {
		settle(s);
	}
	if (!svsm_map_claim_region(s->call->cpu, op->gpa, from, &seen)) {
		result = refused_region(s, op, seen);
	} else {
		result = op->validate ? validate_region(s, op) : rescind_region(s, op);
	}
	if (result == SVSM_SUCCESS) {
		s->list.next++;
	}
	return result;
}

static uint32_t process_op(struct pv_session *s, const struct pv_op *op)
{
	return op->size == SVSM_PAGE_4K ? process_4k(s, op) : process_2m(s, op);
}

/* Decode, format first, then address; then the operation. */
static uint32_t process_entry(struct pv_session *s)
{
	struct pv_op op;
	struct svsm_range range;
	uint32_t result = SVSM_SUCCESS;

	if (!decode(s->list.entries[s->list.next], &op)) {
		return SVSM_ERR_INVALID_PARAMETER;
	}
	/* A10: a list that works on its own page would lose the place of its answer. */
	if (!svsm_range_make(op.gpa, svsm_page_bytes(op.size), &range) ||
	    svsm_op_list_hit(&s->list, op.gpa, svsm_page_bytes(op.size))) {
		return SVSM_ERR_INVALID_ADDRESS;
	}
	if (op.size == SVSM_PAGE_2M) {
		(void)svsm_budget_take(&s->budget, 1U, op_pages(&op));
	}
	result = process_op(s, &op);
	if (result == SVSM_ERR_BUSY && s->owed_from != s->owed_to) {
		/* The claim in the way may be this call's own: an entry named twice in the list. */
		settle(s);
		result = process_op(s, &op);
	}
	return result;
}

/* Is there budget for the next entry? The first one of a call is always processed. */
static bool affordable(const struct pv_session *s)
{
	const bool large = (s->list.entries[s->list.next] & SVSM_PV_SIZE) == SVSM_PAGE_2M;

	return s->list.next == s->list.first ||
	       (s->budget.entries >= 1U && s->budget.pages >= (large ? SVSM_PAGES_PER_REGION : 1U));
}

uint32_t svsm_core_pvalidate(struct svsm_call *call)
{
	struct pv_session s = { .call = call, .budget = svsm_budget_start() };
	uint32_t result = svsm_op_list_fetch(call, &s.list);

	if (result != SVSM_SUCCESS) {
		return result;
	}
	s.owed_from = s.list.next;
	s.owed_to = s.list.next;
	while (result == SVSM_SUCCESS && s.list.next < s.list.count) {
		result = affordable(&s) ? process_entry(&s) : SVSM_ERR_INCOMPLETE;
	}
	settle(&s);
	return svsm_op_list_finish(call, &s.list, result);
}
