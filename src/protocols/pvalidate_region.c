/* SPDX-License-Identifier: Apache-2.0 */
#include "pagerights.h"
#include "pin.h"
#include "pvalidate_pages.h"
#include "pvalidate_session.h"

/* 2 MiB entries of PVALIDATE (58019 section 6.3). */

/* The 2 MiB page was done as such: the guest learns it from bit 4. */
static void clear_fallback(struct svsm_pv_session *s, const struct svsm_pv_op *op)
{
	if (op->fallback) {
		svsm_op_list_set(&s->list, s->list.next,
				 s->list.entries[s->list.next] & ~SVSM_PV_FALLBACK);
	}
}

/* Validate a claimed region, whole or page by page; releases it. */
static uint32_t validate_region(struct svsm_pv_session *s, const struct svsm_pv_op *op)
{
	struct svsm_cpu *cpu = s->call->cpu;
	const struct svsm_pv_outcome outcome = svsm_pv_validate_2m(cpu, op->gpa, s->call->vmpl);

	if (outcome.result == SVSM_SUCCESS) {
		clear_fallback(s, op);
	} else if (outcome.flush_due) {
		svsm_flush(cpu);
	}
	if (outcome.size_mismatch && op->fallback) {
		return svsm_pv_fallback_uniform(s, op, SVSM_PAGE_INVALID);
	}
	svsm_map_release_region(
		cpu, op->gpa, outcome.result == SVSM_SUCCESS ? SVSM_PAGE_VALID : outcome.failed_as);
	return outcome.result;
}

/* Rescind a claimed region. On success as a 2 MiB page it stays claimed until the owed flush. */
static uint32_t rescind_region(struct svsm_pv_session *s, const struct svsm_pv_op *op)
{
	struct svsm_cpu *cpu = s->call->cpu;
	struct svsm_pv_outcome outcome;

	if (svsm_pin_conflict(cpu, op->gpa, SVSM_PAGES_PER_REGION)) {
		svsm_map_release_region(cpu, op->gpa, SVSM_PAGE_VALID);
		return SVSM_ERR_BUSY;
	}
	outcome = svsm_pv_rescind_2m(cpu, op->gpa);
	if (outcome.result == SVSM_SUCCESS) {
		clear_fallback(s, op);
		svsm_pv_owe(s, 1U);
		return SVSM_SUCCESS;
	}
	if (outcome.flush_due) {
		svsm_flush(cpu);
	}
	if (outcome.size_mismatch && op->fallback) {
		return svsm_pv_fallback_uniform(s, op, SVSM_PAGE_VALID);
	}
	svsm_map_release_region(cpu, op->gpa, outcome.failed_as);
	return outcome.result == SVSM_ERR_RMP_CARRY && op->ignore_cf ? SVSM_SUCCESS
								     : outcome.result;
}

/* "Validate" on a region that is valid, CF ignored. */
static uint32_t regrant_region(struct svsm_pv_session *s, const struct svsm_pv_op *op)
{
	enum svsm_page_state seen = SVSM_PAGE_ABSENT;
	struct svsm_pv_outcome outcome;

	if (!svsm_map_claim_region(s->call->cpu, op->gpa, SVSM_PAGE_VALID, &seen)) {
		return SVSM_ERR_BUSY;
	}
	outcome = svsm_pv_regrant(op->gpa, SVSM_PAGE_2M, s->call->vmpl);
	if (outcome.size_mismatch && op->fallback) {
		return svsm_pv_fallback_uniform(s, op, SVSM_PAGE_VALID);
	}
	svsm_map_release_region(s->call->cpu, op->gpa,
				outcome.result == SVSM_SUCCESS ? SVSM_PAGE_VALID
							       : outcome.failed_as);
	if (outcome.result == SVSM_SUCCESS) {
		clear_fallback(s, op);
	}
	return outcome.result;
}

static uint32_t refused_region(struct svsm_pv_session *s, const struct svsm_pv_op *op,
			       enum svsm_page_state seen)
{
	if (seen == SVSM_PAGE_MIXED && op->fallback) {
		return svsm_pv_fallback_mixed(s, op);
	}
	if (seen == SVSM_PAGE_VALID && op->validate && op->ignore_cf) {
		return regrant_region(s, op);
	}
	return svsm_pv_refused(seen, op->ignore_cf);
}

uint32_t svsm_pv_region(struct svsm_pv_session *s, const struct svsm_pv_op *op)
{
	const enum svsm_page_state from = op->validate ? SVSM_PAGE_INVALID : SVSM_PAGE_VALID;
	enum svsm_page_state seen = SVSM_PAGE_ABSENT;
	uint32_t result = SVSM_SUCCESS;

	if (op->validate) {
		svsm_pv_settle(s);
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
