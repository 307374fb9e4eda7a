/* SPDX-License-Identifier: Apache-2.0 */
#include "arch.h"
#include "core_calls.h"
#include "depot.h"
#include "limits.h"
#include "op_list.h"
#include "ownmap.h"
#include "pagerights.h"
#include "pool.h"
#include "range.h"
#include "zero.h"

/*
 * 58019 section 6.7. Never INCOMPLETE: what is free now is given, the rest stays for the next call
 * and hints ask other vCPUs to return what they cache. Order (A14): the addresses are written to
 * the list first, while the pages are still private and a fault can be answered by keeping them;
 * then zero, fence, grant, page by page; the count last.
 */
#define BATCH 512U

struct withdraw_plan {
	gpa_t at;
	unsigned int room; /* entries that fit behind the head */
};

static uint32_t decode(const struct svsm_call *call, struct withdraw_plan *plan)
{
	struct svsm_range range;

	plan->at = gpa_make(call->in.rcx);
	if (!gpa_aligned(plan->at, sizeof(uint64_t))) {
		return SVSM_ERR_INVALID_PARAMETER;
	}
	plan->room =
		(unsigned int)((SVSM_PAGE_SIZE - gpa_offset(plan->at)) / sizeof(uint64_t)) - 1U;
	if (plan->room == 0U) {
		return SVSM_ERR_INVALID_PARAMETER;
	}
	return svsm_range_make(plan->at, sizeof(struct svsm_withdraw_head), &range) &&
			       !svsm_in_call_header(call, plan->at)
		       ? SVSM_SUCCESS
		       : SVSM_ERR_INVALID_ADDRESS;
}

static void send_hints(struct svsm_cpu *cpu)
{
	for (unsigned int i = 0U; i < svsm_cpus_count(); i++) {
		if (i != cpu->index) {
			const bool sent =
				svsm_inbox_send(&svsm_cpu_at(i)->inbox, SVSM_HINT_FLUSH_POOL);

			svsm_stat_add(cpu, sent ? SVSM_STAT_HINTS_SENT : SVSM_STAT_HINTS_DROPPED,
				      1U);
		}
	}
}

static bool give(struct svsm_call *call, gpa_t page)
{
	struct arch_rmp_result rmp;

	/* A11: the zeroing stores must reach the page that is granted. */
	arch_flush_local(page, SVSM_PAGE_4K);
	if (!svsm_zero(page, SVSM_PAGE_4K)) {
		return false;
	}
	svsm_zero_finish();
	rmp = svsm_rights_grant(page, SVSM_PAGE_4K, call->vmpl);
	if (svsm_rmp_ok(&rmp)) {
		svsm_map_disown(call->cpu, page, SVSM_PAGE_VALID);
		return true;
	}
	/* One VMPL may have got its rights; the page was zeroed, and nothing is put in it again. */
	(void)svsm_rights_revoke(page, SVSM_PAGE_4K);
	svsm_flush(call->cpu);
	return false;
}

/* Private pages that become the guest's, up to one that cannot be zeroed or granted: that one is
 * kept out of use for ever, those behind it stay deposited. */
static unsigned int hand_over(struct svsm_call *call, const gpa_t *pages, unsigned int count)
{
	unsigned int given = 0U;

	while (given < count && give(call, pages[given])) {
		given++;
	}
	if (given < count) {
		svsm_stat_add(call->cpu, SVSM_STAT_QUARANTINED, 1U);
		svsm_depot_put(svsm_depot_deposited(), call->cpu->index, &pages[given + 1U],
			       count - given - 1U);
	}
	return given;
}

uint32_t svsm_core_withdraw_mem(struct svsm_call *call)
{
	gpa_t *const pages = (gpa_t *)(void *)call->cpu->call;
	struct svsm_withdraw_head head = { 0 };
	struct withdraw_plan plan;
	struct svsm_budget budget = svsm_budget_start();
	unsigned int max = 0U;
	unsigned int count = 0U;
	uint32_t result = decode(call, &plan);

	if (result != SVSM_SUCCESS) {
		return result;
	}
	max = plan.room < budget.pages ? plan.room : (unsigned int)budget.pages;
	svsm_pool_flush(call->cpu);
	count = svsm_depot_take(svsm_depot_deposited(), call->cpu->index, pages, max);
	if (count > 0U) {
		result = svsm_copy_result(svsm_guest_write(call->cpu, call->ca,
							   gpa_add(plan.at, sizeof(head)), pages,
							   count * sizeof(pages[0])));
	}
	if (result != SVSM_SUCCESS) {
		svsm_depot_put(svsm_depot_deposited(), call->cpu->index, pages, count);
		return result;
	}
	head.count = (uint16_t)hand_over(call, pages, count);
	if (count < max) {
		send_hints(call->cpu);
	}
	svsm_inbox_post(&svsm_cpu_at(0U)->inbox, SVSM_NOTICE_MEM_AVAILABLE);
	return svsm_write_back(call, plan.at, &head.count, sizeof(head.count));
}

_Static_assert(sizeof(gpa_t) == sizeof(uint64_t),
	       "page addresses are written to the guest as they are");
_Static_assert(BATCH * sizeof(gpa_t) <= SVSM_CPU_CALL_BYTES, "a full list fits the call buffer");
