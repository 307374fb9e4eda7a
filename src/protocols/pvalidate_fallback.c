/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "pagerights.h"
#include "pin.h"
#include "pvalidate_pages.h"
#include "pvalidate_session.h"

/* A 2 MiB entry of PVALIDATE worked off as 512 pages of 4 KiB (58019 section 6.3, version 2). */

/* The failing 4 KiB gPA of a fallback goes into the entry (58019 section 6.3, version 2). */
static void report_page(struct svsm_pv_session *s, gpa_t gpa)
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
static uint32_t claim_pages(struct svsm_pv_session *s, const struct svsm_pv_op *op, uint8_t *states)
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

/* Zero and grant @count pages that are valid already. */
static struct svsm_pv_outcome regrant_run(const uint64_t *pages, unsigned int count,
					  unsigned int vmpl)
{
	struct svsm_pv_outcome outcome = { .done = 0U };
	unsigned int done = 0U;

	while (done < count && outcome.result == SVSM_SUCCESS) {
		outcome = svsm_pv_regrant(gpa_make(pages[done]), SVSM_PAGE_4K, vmpl);
		done += outcome.done;
	}
	outcome.done = done;
	return outcome;
}

/* Work on @count claimed pages that all have state @from. */
static struct svsm_pv_outcome work_run(const struct svsm_pv_session *s, const struct svsm_pv_op *op,
				       gpa_t gpa, unsigned int count, enum svsm_page_state from)
{
	uint64_t pages[SVSM_MAP_RUN];

	for (unsigned int i = 0U; i < count; i++) {
		pages[i] = gpa_add(gpa, i * SVSM_PAGE_SIZE).raw;
	}
	if (from == SVSM_PAGE_INVALID && op->validate) {
		return svsm_pv_validate(s->call->cpu, pages, count, s->call->vmpl);
	}
	if (from == SVSM_PAGE_VALID && !op->validate) {
		return svsm_pv_rescind(s->call->cpu, pages, count);
	}
	if (!op->ignore_cf) {
		return (struct svsm_pv_outcome){ .result = SVSM_ERR_RMP_CARRY, .failed_as = from };
	}
	return op->validate ? regrant_run(pages, count, s->call->vmpl)
			    : (struct svsm_pv_outcome){ .done = count };
}

static void note_run(uint8_t *states, unsigned int count, const struct svsm_pv_op *op,
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
static void finish_pages(struct svsm_pv_session *s, const struct svsm_pv_op *op,
			 const uint8_t *states, bool flush)
{
	const bool uniform = same_state(states, 0U, SVSM_PAGES_PER_REGION) == SVSM_PAGES_PER_REGION;

	if (uniform && flush && states[0] == SVSM_PAGE_INVALID && !op->validate) {
		svsm_pv_owe(s, 1U);
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
static uint32_t fallback_pages(struct svsm_pv_session *s, const struct svsm_pv_op *op,
			       uint8_t *states)
{
	uint32_t result = SVSM_SUCCESS;
	unsigned int page = 0U;
	bool flush = false;

	if (!op->validate) {
		/* It was charged as one page: affordable() in pvalidate_list.c saw to the rest. */
		(void)svsm_budget_take(&s->budget, 0U, SVSM_PAGES_PER_REGION - 1U);
	}
	while (page < SVSM_PAGES_PER_REGION && result == SVSM_SUCCESS) {
		const unsigned int most = page + SVSM_MAP_RUN < SVSM_PAGES_PER_REGION
						  ? page + SVSM_MAP_RUN
						  : SVSM_PAGES_PER_REGION;
		const unsigned int n = same_state(states, page, most);
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

uint32_t svsm_pv_fallback_uniform(struct svsm_pv_session *s, const struct svsm_pv_op *op,
				  enum svsm_page_state state)
{
	uint8_t states[SVSM_PAGES_PER_REGION];

	memset(states, (int)state, sizeof(states));
	return fallback_pages(s, op, states);
}

uint32_t svsm_pv_fallback_mixed(struct svsm_pv_session *s, const struct svsm_pv_op *op)
{
	uint8_t states[SVSM_PAGES_PER_REGION];
	const uint32_t result = claim_pages(s, op, states);

	return result == SVSM_SUCCESS ? fallback_pages(s, op, states) : result;
}
