/* SPDX-License-Identifier: Apache-2.0 */
#include "pvalidate_session.h"

#include "core_calls.h"
#include "pagerights.h"

void svsm_pv_release(const struct svsm_pv_session *s, unsigned int from, unsigned int to,
		     enum svsm_page_state state)
{
	const uint64_t *const entries = s->list.entries;
	unsigned int n = 0U;

	for (unsigned int i = from; i < to; i += n) {
		const gpa_t gpa = gpa_make(entries[i] & ~SVSM_ENTRY_FLAGS);

		if ((entries[i] & SVSM_PV_SIZE) == SVSM_PAGE_2M) {
			svsm_map_release_region(s->call->cpu, gpa, state);
			n = 1U;
		} else {
			/* The last run may have been cut short. */
			n = s->runs[i] < to - i ? s->runs[i] : to - i;
			svsm_map_release_run(gpa, n, state);
		}
	}
}

void svsm_pv_release_rest(struct svsm_pv_session *s, unsigned int from, unsigned int to,
			  enum svsm_page_state state)
{
	svsm_map_list_runs(&s->list.entries[from], &s->runs[from], to - from);
	svsm_pv_release(s, from, to, state);
}

void svsm_pv_flush_owed(struct svsm_pv_session *s)
{
	svsm_flush(s->call->cpu);
	svsm_pv_release(s, s->owed_from, s->owed_to, SVSM_PAGE_INVALID);
	s->owed_from = s->owed_to;
}

uint32_t svsm_pv_refused(enum svsm_page_state seen, bool ignore_cf)
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
