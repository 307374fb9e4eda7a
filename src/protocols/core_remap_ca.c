/* SPDX-License-Identifier: Apache-2.0 */
#include "arch.h"
#include "core_calls.h"
#include "ownmap.h"
#include "range.h"
#include "svsm_abi.h"

/*
 * 58019 section 6.2. The new area's pending byte is zero before the record names it, so that a
 * spurious entry cannot find a call in it; the old area becomes the guest's again only after its
 * pending byte is cleared, at completion.
 */
uint32_t svsm_core_remap_ca(struct svsm_call *call)
{
	const gpa_t ca = gpa_make(call->in.rcx);
	const struct svsm_calling_area empty = { 0 };
	enum svsm_page_state seen = SVSM_PAGE_ABSENT;
	struct svsm_range range;

	if (!gpa_aligned(ca, SVSM_PAGE_SIZE)) {
		return SVSM_ERR_INVALID_PARAMETER;
	}
	if (gpa_equal(ca, call->ca)) {
		return SVSM_SUCCESS;
	}
	/*
	 * gPA 0 is how a record says that it has no calling area: the vCPU could never call again.
	 */
	if (ca.raw == 0U || !svsm_range_make(ca, SVSM_PAGE_SIZE, &range)) {
		return SVSM_ERR_INVALID_ADDRESS;
	}
	if (svsm_map_claim_run(call->cpu, ca, 1U, SVSM_PAGE_VALID, &seen) == 0U) {
		return seen == SVSM_PAGE_CLAIMED ? SVSM_ERR_BUSY : SVSM_ERR_INVALID_ADDRESS;
	}
	if (!arch_guest_write(ca, &empty.call_pending, sizeof(empty.call_pending))) {
		/* The host took the page away: lost, as pvalidate_pages.h explains. */
		svsm_map_release_run(ca, 1U, SVSM_PAGE_PRIVATE);
		svsm_stat_add(call->cpu, SVSM_STAT_QUARANTINED, 1U);
		return SVSM_ERR_INVALID_ADDRESS;
	}
	svsm_record_set_ca(call->caller, ca);
	svsm_map_release_run(ca, 1U, SVSM_PAGE_PRIVATE);
	call->ending = SVSM_ENDING_CA_MOVED;
	if (svsm_record_is_startup(call->caller)) {
		/* The guest learns of withdrawable memory through the area it uses now. */
		svsm_inbox_post(&call->cpu->inbox, SVSM_NOTICE_MEM_AVAILABLE);
	}
	return SVSM_SUCCESS;
}
