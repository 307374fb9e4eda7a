/* SPDX-License-Identifier: Apache-2.0 */
#include "plans.h"

/* 58019 section 6.3: the list may not cross a page, and 511 entries with the head fill one. */
uint64_t plan_list_gpa(const struct worker *w, unsigned int entries)
{
	return entries == LOAD_MAX_ENTRIES ? rig_ca(w->index, 1U - w->ca)
					   : rig_ca(w->index, w->ca) + CA_LIST;
}

bool plan_write_list(struct worker *w, const struct call_list *list)
{
	const uint64_t gpa = plan_list_gpa(w, list->count);
	const size_t len = offsetof(struct call_list, entry) + list->count * sizeof(list->entry[0]);

	return hm_guest_write(w->rig->machine, gpa, list, len) == HM_OK ||
	       worker_complain(w, "cannot write a list", gpa);
}
