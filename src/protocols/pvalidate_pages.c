/* SPDX-License-Identifier: Apache-2.0 */
#include "core_calls.h"
#include "pvalidate_one.h"

static uint32_t failure(const struct arch_rmp_result *rmp)
{
	return rmp->fault ? SVSM_ERR_INVALID_ADDRESS : svsm_rmp_error(rmp->code);
}

enum svsm_page_state svsm_pv_undo(struct svsm_cpu *cpu, gpa_t gpa, enum svsm_page_size size)
{
	const struct arch_rmp_result revoked = svsm_rights_revoke(gpa, size);
	const struct arch_rmp_result rescinded = arch_pvalidate(gpa, size, false);

	if (svsm_rmp_done(&rescinded) && svsm_rmp_ok(&revoked)) {
		return SVSM_PAGE_INVALID;
	}
	svsm_stat_add(cpu, SVSM_STAT_QUARANTINED, 1U);
	return SVSM_PAGE_PRIVATE;
}

/* CF on a page that the map calls INVALID: somebody else validated it; never trust it (I4). */
struct svsm_pv_fate svsm_pv_not_validated(struct svsm_cpu *cpu, struct arch_rmp_result rmp)
{
	if (!svsm_rmp_ok(&rmp)) {
		return (struct svsm_pv_fate){ failure(&rmp), SVSM_PAGE_INVALID };
	}
	svsm_stat_add(cpu, SVSM_STAT_QUARANTINED, 1U);
	return (struct svsm_pv_fate){ SVSM_ERR_RMP_CARRY, SVSM_PAGE_PRIVATE };
}

/* A fault or CF: the host took the page away, or shows another system page in its place. Its old
 * binding may live on, so it is lost: reported as CF, and never validated again. */
struct svsm_pv_fate svsm_pv_not_rescinded(struct svsm_cpu *cpu, struct arch_rmp_result rmp)
{
	if (!rmp.fault && rmp.code != ARCH_RMP_OK) {
		return (struct svsm_pv_fate){ svsm_rmp_error(rmp.code), SVSM_PAGE_VALID };
	}
	svsm_stat_add(cpu, SVSM_STAT_QUARANTINED, 1U);
	return (struct svsm_pv_fate){ SVSM_ERR_RMP_CARRY, SVSM_PAGE_PRIVATE };
}

struct svsm_pv_fate svsm_pv_not_granted(struct svsm_cpu *cpu, gpa_t gpa,
					const struct arch_rmp_result *rmp)
{
	const enum svsm_page_state state = svsm_pv_undo(cpu, gpa, SVSM_PAGE_4K);

	svsm_flush(cpu);
	return (struct svsm_pv_fate){ rmp == NULL ? SVSM_ERR_INVALID_ADDRESS : failure(rmp),
				      state };
}

/* Undo the validated pages [from, to) of a list. False: one of them is quarantined, and the caller
 * quarantines what lies behind. */
static bool undo_tail(struct svsm_cpu *cpu, const uint64_t *list, unsigned int from,
		      unsigned int to)
{
	bool clean = true;

	for (unsigned int i = from; i < to; i++) {
		clean = svsm_pv_undo(cpu, svsm_pv_page(list[i]), SVSM_PAGE_4K) ==
				SVSM_PAGE_INVALID &&
			clean;
	}
	return clean;
}

/* Page [granted] of a list could not be granted: it and the validated ones behind it, up to
 * [zeroed], are undone. What failed at [zeroed] itself is behind the failing page now. */
static void undo_from(struct svsm_cpu *cpu, const uint64_t *list, unsigned int granted,
		      const struct arch_rmp_result *rmp, struct svsm_pv_outcome *outcome)
{
	const unsigned int zeroed = outcome->done;

	outcome->tail_lost = outcome->result != SVSM_SUCCESS &&
			     outcome->failed_as == SVSM_PAGE_PRIVATE;
	outcome->result = failure(rmp);
	outcome->done = granted;
	outcome->failed_as = svsm_pv_undo(cpu, svsm_pv_page(list[granted]), SVSM_PAGE_4K);
	if (!undo_tail(cpu, list, granted + 1U, zeroed)) {
		outcome->tail_lost = true;
	}
	outcome->flush_due = true;
}

/* Validate and zero pages up to the first that fails: outcome->done. The zeroes are not fenced. */
static void validate_and_zero(struct svsm_cpu *cpu, const uint64_t *list, unsigned int count,
			      struct svsm_pv_outcome *outcome)
{
	const uint64_t *const end = &list[count];
	const uint64_t *at = list;
	struct svsm_pv_fate fate = { .result = SVSM_SUCCESS };

	for (; at < end; at++) {
		const gpa_t gpa = svsm_pv_page(*at);

		fate = svsm_pv_validate_one(cpu, gpa, SVSM_PAGE_4K);
		if (fate.result != SVSM_SUCCESS) {
			break;
		}
		if (!svsm_zero(gpa, SVSM_PAGE_4K)) {
			fate.result = SVSM_ERR_INVALID_ADDRESS;
			fate.state = svsm_pv_undo(cpu, gpa, SVSM_PAGE_4K);
			outcome->flush_due = true;
			break;
		}
	}
	outcome->done = (unsigned int)(at - list);
	outcome->result = fate.result;
	outcome->failed_as = fate.state;
}

/* Grant pages up to the first that fails, with *@rmp. Inlined per VMPL: no test per page. */
static inline unsigned int grant_list(const uint64_t *list, unsigned int count, unsigned int vmpl,
				      struct arch_rmp_result *rmp)
{
	const uint64_t *const end = &list[count];
	const uint64_t *at = list;

	for (; at < end; at++) {
		const struct arch_rmp_result granted =
			svsm_rights_grant(svsm_pv_page(*at), SVSM_PAGE_4K, vmpl);

		if (!svsm_rmp_ok(&granted)) {
			*rmp = granted;
			break;
		}
	}
	return (unsigned int)(at - list);
}

struct svsm_pv_outcome svsm_pv_validate(struct svsm_cpu *cpu, const uint64_t *list,
					unsigned int count, unsigned int vmpl)
{
	struct svsm_pv_outcome outcome = { .done = 0U };
	struct arch_rmp_result rmp = { 0 };
	unsigned int granted = 0U;

	validate_and_zero(cpu, list, count, &outcome);
	svsm_zero_finish();
	if (vmpl == 1U) {
		granted = grant_list(list, outcome.done, 1U, &rmp);
	} else if (vmpl == 2U) {
		granted = grant_list(list, outcome.done, 2U, &rmp);
	} else {
		granted = grant_list(list, outcome.done, 3U, &rmp);
	}
	if (granted < outcome.done) {
		undo_from(cpu, list, granted, &rmp, &outcome);
	}
	return outcome;
}

/* All pages of a region, one by one. */
static bool undo_region(struct svsm_cpu *cpu, gpa_t gpa)
{
	bool clean = true;

	for (unsigned int i = 0U; i < SVSM_PAGES_PER_REGION; i++) {
		const uint64_t page = gpa_add(gpa, i * SVSM_PAGE_SIZE).raw;

		clean = undo_tail(cpu, &page, 0U, 1U) && clean;
	}
	return clean;
}

struct svsm_pv_outcome svsm_pv_validate_2m(struct svsm_cpu *cpu, gpa_t gpa, unsigned int vmpl)
{
	const struct svsm_pv_fate fate = svsm_pv_validate_one(cpu, gpa, SVSM_PAGE_2M);
	struct svsm_pv_outcome outcome = { .result = fate.result, .failed_as = fate.state };

	outcome.size_mismatch = outcome.result ==
				SVSM_ERR_PROTOCOL_BASE + ARCH_RMP_FAIL_SIZEMISMATCH;
	if (outcome.result != SVSM_SUCCESS) {
		return outcome;
	}
	outcome = svsm_pv_regrant(gpa, SVSM_PAGE_2M, vmpl);
	if (outcome.result != SVSM_SUCCESS) {
		/* The entry was 2 MiB a moment ago; if the host split it since, its pages are
		 * undone one by one. */
		outcome.failed_as = svsm_pv_undo(cpu, gpa, SVSM_PAGE_2M);
		if (outcome.failed_as == SVSM_PAGE_PRIVATE && undo_region(cpu, gpa)) {
			outcome.failed_as = SVSM_PAGE_INVALID;
		}
		outcome.size_mismatch = outcome.size_mismatch &&
					outcome.failed_as == SVSM_PAGE_INVALID;
		outcome.flush_due = true;
	}
	return outcome;
}

struct svsm_pv_outcome svsm_pv_regrant(gpa_t gpa, enum svsm_page_size size, unsigned int vmpl)
{
	struct svsm_pv_outcome outcome = { .failed_as = SVSM_PAGE_VALID };
	struct arch_rmp_result rmp = { 0 };

	if (!svsm_zero(gpa, size)) {
		outcome.result = SVSM_ERR_INVALID_ADDRESS;
		outcome.failed_as = SVSM_PAGE_PRIVATE;
		return outcome;
	}
	svsm_zero_finish();
	rmp = svsm_rights_grant(gpa, size, vmpl);
	if (svsm_rmp_ok(&rmp)) {
		outcome.done = size == SVSM_PAGE_2M ? SVSM_PAGES_PER_REGION : 1U;
		return outcome;
	}
	outcome.result = failure(&rmp);
	outcome.size_mismatch = !rmp.fault && rmp.code == ARCH_RMP_FAIL_SIZEMISMATCH;
	outcome.failed_as = rmp.fault ? SVSM_PAGE_PRIVATE : SVSM_PAGE_VALID;
	return outcome;
}

struct svsm_pv_outcome svsm_pv_rescind(struct svsm_cpu *cpu, const uint64_t *list,
				       unsigned int count)
{
	const uint64_t *const end = &list[count];
	const uint64_t *at = list;
	struct svsm_pv_fate fate = { .result = SVSM_SUCCESS };

	for (; at < end; at++) {
		fate = svsm_pv_rescind_one(cpu, svsm_pv_page(*at), SVSM_PAGE_4K);
		if (fate.result != SVSM_SUCCESS) {
			break;
		}
	}
	arch_point(ARCH_POINT_REVOKED);
	/* Even a failing revoke may have dropped the rights of one VMPL. */
	return (struct svsm_pv_outcome){ .result = fate.result,
					 .done = (unsigned int)(at - list),
					 .failed_as = fate.state,
					 .flush_due = true };
}

struct svsm_pv_outcome svsm_pv_rescind_2m(struct svsm_cpu *cpu, gpa_t gpa)
{
	const struct svsm_pv_fate fate = svsm_pv_rescind_one(cpu, gpa, SVSM_PAGE_2M);
	const bool mismatch = fate.result == SVSM_ERR_PROTOCOL_BASE + ARCH_RMP_FAIL_SIZEMISMATCH;

	arch_point(ARCH_POINT_REVOKED);
	return (struct svsm_pv_outcome){
		.result = fate.result,
		.done = fate.result == SVSM_SUCCESS ? SVSM_PAGES_PER_REGION : 0U,
		.failed_as = fate.state,
		.size_mismatch = mismatch,
		.flush_due = !mismatch,
	};
}
