/* SPDX-License-Identifier: Apache-2.0 */
#include "pvalidate_session.h"

#include "core_calls.h"
#include "pagerights.h"

void svsm_pv_flush_owed(struct svsm_pv_session *s)
{
	unsigned int index = s->owed_from;

	svsm_flush(s->call->cpu);
	while (index < s->owed_to) {
		const uint64_t *list = &s->list.entries[index];

		if ((list[0] & SVSM_PV_SIZE) == SVSM_PAGE_2M) {
			svsm_map_release_region(s->call->cpu, gpa_make(list[0] & ~SVSM_ENTRY_FLAGS),
						SVSM_PAGE_INVALID);
			index++;
		} else {
			index += svsm_map_release_list(list, s->owed_to - index, SVSM_PAGE_INVALID);
		}
	}
	s->owed_from = s->owed_to;
}

void svsm_pv_owe(struct svsm_pv_session *s, unsigned int n)
{
	if (s->owed_to != s->list.next) {
		svsm_pv_settle(s);
		s->owed_from = s->list.next;
	}
	s->owed_to = s->list.next + n;
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
