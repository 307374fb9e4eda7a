/* SPDX-License-Identifier: Apache-2.0 */
#include "pvalidate_pages.h"

#include "core_calls.h"
#include "pagerights.h"
#include "svsm_abi.h"
#include "zero.h"

static uint32_t failure(const struct arch_rmp_result *rmp)
{
	return rmp->fault ? SVSM_ERR_INVALID_ADDRESS : svsm_rmp_error(rmp->code);
}

/*
 * Take back a page that was validated but must not be granted. Rights first: a grant may have got
 * half way. INVALID only if PVALIDATE(0) says that it rescinded the binding; else PRIVATE for ever
 * (A13, and the argument in the header).
 */
static enum svsm_page_state undo_validate(struct svsm_cpu *cpu, gpa_t gpa, enum svsm_page_size size)
{
	const struct arch_rmp_result revoked = svsm_rights_revoke(gpa, size);
	const struct arch_rmp_result rescinded = arch_pvalidate(gpa, size, false);

	if (svsm_rmp_ok(&rescinded) && !rescinded.carry && svsm_rmp_ok(&revoked)) {
		return SVSM_PAGE_INVALID;
	}
	svsm_stat_add(cpu, SVSM_STAT_QUARANTINED, 1U);
	return SVSM_PAGE_PRIVATE;
}

/* PVALIDATE(1) of one page. CF on a page that the map calls INVALID: somebody else validated it;
 * never trust it (I4). */
static uint32_t validate_one(struct svsm_cpu *cpu, gpa_t gpa, enum svsm_page_size size,
			     enum svsm_page_state *failed_as)
{
	struct arch_rmp_result rmp;

	/* A11: a translation from the page's earlier life would send the zeroing stores to its old
	 * system page. */
	arch_flush_local(gpa, size);
	rmp = arch_pvalidate(gpa, size, true);
	*failed_as = SVSM_PAGE_INVALID;
	if (!svsm_rmp_ok(&rmp)) {
		return failure(&rmp);
	}
	if (rmp.carry) {
		svsm_stat_add(cpu, SVSM_STAT_QUARANTINED, 1U);
		*failed_as = SVSM_PAGE_PRIVATE;
		return SVSM_ERR_RMP_CARRY;
	}
	return SVSM_SUCCESS;
}

/* Undo the validated pages [from, to). False: one of them is quarantined, and the caller
 * quarantines the whole run. */
static bool undo_tail(struct svsm_cpu *cpu, gpa_t gpa, unsigned int from, unsigned int to)
{
	bool clean = true;

	for (unsigned int i = from; i < to; i++) {
		clean = undo_validate(cpu, gpa_add(gpa, i * SVSM_PAGE_SIZE), SVSM_PAGE_4K) ==
				SVSM_PAGE_INVALID &&
			clean;
	}
	return clean;
}

/*
 * Zero and grant the validated pages [0, count). A failing page i is undone, and so are those
 * behind it, which were validated and neither zeroed nor granted.
 */
static void zero_and_grant(struct svsm_cpu *cpu, gpa_t gpa, unsigned int count, unsigned int vmpl,
			   struct svsm_pv_outcome *outcome)
{
	unsigned int zeroed = 0U;
	unsigned int granted = 0U;
	struct arch_rmp_result rmp = { 0 };

	while (zeroed < count && svsm_zero(gpa_add(gpa, zeroed * SVSM_PAGE_SIZE), SVSM_PAGE_4K)) {
		zeroed++;
	}
	svsm_zero_finish();
	while (granted < zeroed && svsm_rmp_ok(&rmp)) {
		rmp = svsm_rights_grant(gpa_add(gpa, granted * SVSM_PAGE_SIZE), SVSM_PAGE_4K, vmpl);
		granted += svsm_rmp_ok(&rmp) ? 1U : 0U;
	}
	if (granted == count) {
		return;
	}
	outcome->result = svsm_rmp_ok(&rmp) ? SVSM_ERR_INVALID_ADDRESS : failure(&rmp);
	outcome->done = granted;
	outcome->failed_as =
		undo_validate(cpu, gpa_add(gpa, granted * SVSM_PAGE_SIZE), SVSM_PAGE_4K);
	if (!undo_tail(cpu, gpa, granted + 1U, count)) {
		outcome->tail_lost = true;
	}
	outcome->flush_due = true;
}

struct svsm_pv_outcome svsm_pv_validate(struct svsm_cpu *cpu, gpa_t gpa, unsigned int count,
					unsigned int vmpl)
{
	struct svsm_pv_outcome outcome = { .done = 0U };

	while (outcome.done < count && outcome.result == SVSM_SUCCESS) {
		outcome.result = validate_one(cpu, gpa_add(gpa, outcome.done * SVSM_PAGE_SIZE),
					      SVSM_PAGE_4K, &outcome.failed_as);
		outcome.done += outcome.result == SVSM_SUCCESS ? 1U : 0U;
	}
	if (outcome.done > 0U) {
		zero_and_grant(cpu, gpa, outcome.done, vmpl, &outcome);
	}
	return outcome;
}

struct svsm_pv_outcome svsm_pv_validate_2m(struct svsm_cpu *cpu, gpa_t gpa, unsigned int vmpl)
{
	struct svsm_pv_outcome outcome = { .done = 0U };

	outcome.result = validate_one(cpu, gpa, SVSM_PAGE_2M, &outcome.failed_as);
	outcome.size_mismatch = outcome.result ==
				SVSM_ERR_PROTOCOL_BASE + ARCH_RMP_FAIL_SIZEMISMATCH;
	if (outcome.result != SVSM_SUCCESS) {
		return outcome;
	}
	outcome = svsm_pv_regrant(gpa, SVSM_PAGE_2M, vmpl);
	if (outcome.result != SVSM_SUCCESS) {
		/* The entry was 2 MiB a moment ago; if the host split it since, its pages are
		 * undone one by one. */
		outcome.failed_as = undo_validate(cpu, gpa, SVSM_PAGE_2M);
		if (outcome.failed_as == SVSM_PAGE_PRIVATE &&
		    undo_tail(cpu, gpa, 0U, SVSM_PAGES_PER_REGION)) {
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

/*
 * One page. A fault or CF: the host took it away, or shows another system page in its place. Its
 * old binding may live on, so it is lost: reported as CF, and never validated again.
 */
static uint32_t rescind_one(struct svsm_cpu *cpu, gpa_t gpa, enum svsm_page_size size,
			    enum svsm_page_state *failed_as)
{
	struct arch_rmp_result rmp = svsm_rights_revoke(gpa, size);

	if (svsm_rmp_ok(&rmp)) {
		rmp = arch_pvalidate(gpa, size, false);
	}
	if (!rmp.fault && rmp.code != ARCH_RMP_OK) {
		*failed_as = SVSM_PAGE_VALID;
		return svsm_rmp_error(rmp.code);
	}
	if (rmp.fault || rmp.carry) {
		svsm_stat_add(cpu, SVSM_STAT_QUARANTINED, 1U);
		*failed_as = SVSM_PAGE_PRIVATE;
		return SVSM_ERR_RMP_CARRY;
	}
	return SVSM_SUCCESS;
}

struct svsm_pv_outcome svsm_pv_rescind(struct svsm_cpu *cpu, gpa_t gpa, unsigned int count,
				       enum svsm_page_size size)
{
	struct svsm_pv_outcome outcome = { .done = 0U };
	const unsigned int unit = size == SVSM_PAGE_2M ? SVSM_PAGES_PER_REGION : 1U;

	while (outcome.done < count * unit && outcome.result == SVSM_SUCCESS) {
		outcome.result = rescind_one(cpu, gpa_add(gpa, outcome.done * SVSM_PAGE_SIZE), size,
					     &outcome.failed_as);
		outcome.done += outcome.result == SVSM_SUCCESS ? unit : 0U;
	}
	outcome.size_mismatch = size == SVSM_PAGE_2M &&
				outcome.result ==
					SVSM_ERR_PROTOCOL_BASE + ARCH_RMP_FAIL_SIZEMISMATCH;
	/* Even a failing revoke may have dropped the rights of one VMPL. */
	outcome.flush_due = !outcome.size_mismatch;
	return outcome;
}
