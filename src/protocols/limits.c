/* SPDX-License-Identifier: Apache-2.0 */
#include "limits.h"

/* Written at boot only. */
static struct svsm_budget limit = { UINT64_MAX, SVSM_DEFAULT_BUDGET_PAGES };

void svsm_limits_init(unsigned int entries, unsigned int pages)
{
	limit.entries = entries == 0U ? UINT64_MAX : entries;
	limit.pages = pages == 0U ? SVSM_DEFAULT_BUDGET_PAGES : pages;
}

struct svsm_budget svsm_budget_start(void)
{
	return limit;
}
