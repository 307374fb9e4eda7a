/* SPDX-License-Identifier: Apache-2.0 */
#include "core_calls.h"
#include "depot.h"
#include "limits.h"
#include "op_list.h"
#include "ownmap.h"
#include "pagerights.h"
#include "pin.h"
#include "range.h"

/*
 * 58019 section 6.6. Claim as many entries as can be had; look at all pins once; only then revoke,
 * because after a revoke there is no exact way back (A2); one flush for all; then the pages are
 * private and go to the depot.
 */
struct deposit_session {
	struct svsm_call *call;
	struct svsm_op_list list;
	struct svsm_budget budget;
	unsigned int claimed_to; /* entries [first, claimed_to) are claimed */
};

struct deposit_op {
	gpa_t gpa;
	enum svsm_page_size size;
};

#define PIN_SNAPSHOT 64U

/* Pure. False: INVALID_PARAMETER. */
static bool decode(uint64_t entry, struct deposit_op *op)
{
	const uint64_t size = entry & SVSM_DEPOSIT_SIZE;

	if (size > SVSM_PAGE_2M || (entry & SVSM_DEPOSIT_RESERVED) != 0U) {
		return false;
	}
	op->size = (enum svsm_page_size)size;
	op->gpa = gpa_make(entry & ~SVSM_ENTRY_FLAGS);
	return gpa_aligned(op->gpa, svsm_page_bytes(op->size));
}

/* An entry that decode() has accepted. */
static struct deposit_op op_at(const struct deposit_session *s, unsigned int index)
{
	struct deposit_op op = { 0 };

	(void)decode(s->list.entries[index], &op);
	return op;
}

static uint64_t op_pages(const struct deposit_op *op)
{
	return op->size == SVSM_PAGE_2M ? SVSM_PAGES_PER_REGION : 1U;
}

static void release(const struct deposit_session *s, const struct deposit_op *op,
		    enum svsm_page_state to)
{
	if (op->size == SVSM_PAGE_2M) {
		svsm_map_release_region(s->call->cpu, op->gpa, to);
	} else {
		svsm_map_release_run(op->gpa, 1U, to);
	}
}

static uint32_t claim_entry(const struct deposit_session *s, unsigned int index)
{
	struct deposit_op op;
	struct svsm_range range;
	enum svsm_page_state seen = SVSM_PAGE_ABSENT;
	bool claimed = false;

	if (!decode(s->list.entries[index], &op)) {
		return SVSM_ERR_INVALID_PARAMETER;
	}
	if (!svsm_range_make(op.gpa, svsm_page_bytes(op.size), &range) ||
	    svsm_op_list_hit(&s->list, op.gpa, svsm_page_bytes(op.size))) {
		return SVSM_ERR_INVALID_ADDRESS;
	}
	if (op.size == SVSM_PAGE_2M) {
		claimed = svsm_map_claim_region(s->call->cpu, op.gpa, SVSM_PAGE_VALID, &seen);
	} else {
		claimed = svsm_map_claim_run(s->call->cpu, op.gpa, 1U, SVSM_PAGE_VALID, &seen) ==
			  1U;
	}
	if (claimed) {
		return SVSM_SUCCESS;
	}
	return seen == SVSM_PAGE_CLAIMED ? SVSM_ERR_BUSY : SVSM_ERR_INVALID_ADDRESS;
}

static uint32_t claim_entries(struct deposit_session *s)
{
	uint32_t result = SVSM_SUCCESS;

	while (result == SVSM_SUCCESS && s->claimed_to < s->list.count) {
		const bool large = (s->list.entries[s->claimed_to] & SVSM_DEPOSIT_SIZE) ==
				   SVSM_PAGE_2M;

		if (!svsm_budget_take(&s->budget, 1U, large ? SVSM_PAGES_PER_REGION : 1U) &&
		    s->claimed_to > s->list.first) {
			return SVSM_ERR_INCOMPLETE;
		}
		result = claim_entry(s, s->claimed_to);
		if (result == SVSM_SUCCESS) {
			s->claimed_to++;
		} else if (result == SVSM_ERR_BUSY && s->claimed_to > s->list.first) {
			/* Part of the list can be had: report that as progress, the entry comes
			 * next time. */
			return SVSM_ERR_INCOMPLETE;
		}
	}
	return result;
}

static void release_from(struct deposit_session *s, unsigned int index)
{
	for (unsigned int i = index; i < s->claimed_to; i++) {
		const struct deposit_op op = op_at(s, i);

		release(s, &op, SVSM_PAGE_VALID);
	}
	s->claimed_to = index;
}

/* Give the claims back from the first entry on that somebody copies to or from. */
static bool drop_pinned(struct deposit_session *s)
{
	gpa_t pinned[PIN_SNAPSHOT];
	bool overflow = false;
	const unsigned int pins = svsm_pin_snapshot(s->call->cpu, pinned, PIN_SNAPSHOT, &overflow);

	if (pins == 0U) {
		return false;
	}
	for (unsigned int i = s->list.first; i < s->claimed_to; i++) {
		const struct deposit_op op = op_at(s, i);

		if (svsm_pin_conflict(s->call->cpu, op.gpa, op_pages(&op))) {
			release_from(s, i);
			return true;
		}
	}
	return false;
}

static uint32_t failure(const struct arch_rmp_result *rmp)
{
	return rmp->fault ? SVSM_ERR_INVALID_ADDRESS : svsm_rmp_error(rmp->code);
}

/* Revoke a 2 MiB entry over 4 KiB RMP entries. */
static uint32_t revoke_pages(const struct deposit_session *s, const struct deposit_op *op)
{
	struct arch_rmp_result rmp = { 0 };
	uint64_t page = 0U;

	while (page < SVSM_PAGES_PER_REGION && svsm_rmp_ok(&rmp)) {
		rmp = svsm_rights_revoke(gpa_add(op->gpa, page * SVSM_PAGE_SIZE), SVSM_PAGE_4K);
		page++;
	}
	if (svsm_rmp_ok(&rmp)) {
		return SVSM_SUCCESS;
	}
	for (uint64_t i = 0U; i < page; i++) {
		(void)svsm_rights_grant(gpa_add(op->gpa, i * SVSM_PAGE_SIZE), SVSM_PAGE_4K,
					s->call->vmpl);
	}
	return failure(&rmp);
}

/*
 * Revoke an entry, all or nothing. On failure its pages are VALID, and the served VMPL has the
 * rights again that it cannot have given away itself: nothing used the pages yet. @lost: the host
 * took the page.
 */
static uint32_t revoke_entry(const struct deposit_session *s, const struct deposit_op *op,
			     bool *lost)
{
	const struct arch_rmp_result rmp = svsm_rights_revoke(op->gpa, op->size);

	*lost = rmp.fault;
	if (svsm_rmp_ok(&rmp)) {
		return SVSM_SUCCESS;
	}
	if (op->size == SVSM_PAGE_2M && !rmp.fault && rmp.code == ARCH_RMP_FAIL_SIZEMISMATCH) {
		return revoke_pages(s, op);
	}
	if (!rmp.fault) {
		(void)svsm_rights_grant(op->gpa, op->size, s->call->vmpl);
	}
	return failure(&rmp);
}

/* Revoke the claimed entries in order; on a failure the rest is given back. *@to is one past the
 * last revoked. */
static uint32_t revoke_entries(struct deposit_session *s, unsigned int *to)
{
	uint32_t result = SVSM_SUCCESS;
	bool lost = false;

	*to = s->list.first;
	while (*to < s->claimed_to && result == SVSM_SUCCESS) {
		const struct deposit_op op = op_at(s, *to);

		result = revoke_entry(s, &op, &lost);
		if (result == SVSM_SUCCESS) {
			(*to)++;
		} else {
			release_from(s, *to + 1U);
			release(s, &op, lost ? SVSM_PAGE_PRIVATE : SVSM_PAGE_VALID);
		}
	}
	return result;
}

static void keep(const struct deposit_session *s, unsigned int to)
{
	for (unsigned int i = s->list.first; i < to; i++) {
		const struct deposit_op op = op_at(s, i);

		release(s, &op, SVSM_PAGE_PRIVATE);
		svsm_depot_put_run(svsm_depot_deposited(), s->call->cpu->index, op.gpa,
				   op_pages(&op));
	}
}

uint32_t svsm_core_deposit_mem(struct svsm_call *call)
{
	struct deposit_session s = { .call = call, .budget = svsm_budget_start() };
	uint32_t result = svsm_op_list_fetch(call, &s.list);
	uint32_t revoked = SVSM_SUCCESS;
	unsigned int to = 0U;

	if (result != SVSM_SUCCESS) {
		return result;
	}
	s.claimed_to = s.list.first;
	result = claim_entries(&s);
	if (drop_pinned(&s)) {
		result = s.claimed_to > s.list.first ? SVSM_ERR_INCOMPLETE : SVSM_ERR_BUSY;
	}
	if (s.claimed_to > s.list.first) {
		revoked = revoke_entries(&s, &to);
		/* On every path, a failing one included: rights were reduced. */
		svsm_flush(call->cpu);
		keep(&s, to);
		s.list.next = to;
		result = revoked != SVSM_SUCCESS ? revoked : result;
		svsm_inbox_post(&svsm_cpu_at(0U)->inbox, SVSM_NOTICE_MEM_AVAILABLE);
	}
	return svsm_op_list_finish(call, &s.list, result);
}
