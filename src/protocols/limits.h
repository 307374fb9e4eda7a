/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVSM_LIMITS_H
#define SVSM_LIMITS_H

/*
 * How much one call may do before it answers SVSM_ERR_INCOMPLETE. Counted in entries and pages,
 * never in time: the host controls the TSC, and a budget of no progress would be a livelock. The
 * first entry is always processed.
 */

#include "svsm_types.h"

/* 4 KiB pages per call by default: two 2 MiB entries that are zeroed, or 1024 entries (more than a
 * list can hold). */
#define SVSM_DEFAULT_BUDGET_PAGES 1024U

struct svsm_budget {
	uint64_t entries;
	uint64_t pages;
};

void svsm_limits_init(unsigned int entries, unsigned int pages);

/* A fresh budget for one call. */
struct svsm_budget svsm_budget_start(void);

/* Take @entries entries of together @pages pages. False: more than is left; then nothing is left,
 * so that a first entry above the whole budget is the only one of its call. */
static inline bool svsm_budget_take(struct svsm_budget *budget, uint64_t entries, uint64_t pages)
{
	if (entries > budget->entries || pages > budget->pages) {
		*budget = (struct svsm_budget){ 0 };
		return false;
	}
	budget->entries -= entries;
	budget->pages -= pages;
	return true;
}

#endif
