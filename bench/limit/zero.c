/* SPDX-License-Identifier: Apache-2.0 */
#include "limit_priv.h"

#define SAMPLES 5U
#define SMALL_WRITES 16U

/* Written at boot only. Index: enum svsm_page_size. */
static enum arch_zero_method chosen[2];

static uint64_t time_method(gpa_t scratch, uint64_t pages, uint64_t writes,
			    enum arch_zero_method method)
{
	uint64_t best = UINT64_MAX;

	for (unsigned int sample = 0U; sample < SAMPLES; sample++) {
		const uint64_t start = arch_tsc();
		uint64_t ticks = 0U;

		for (uint64_t i = 0U; i < writes; i++) {
			(void)arch_zero(gpa_add(scratch, (i % pages) * SVSM_PAGE_SIZE),
					SVSM_PAGE_4K, method);
		}
		arch_store_fence();
		ticks = arch_tsc() - start;
		best = ticks < best ? ticks : best;
	}
	return best;
}

static enum arch_zero_method fastest(gpa_t scratch, uint64_t pages, uint64_t writes)
{
	enum arch_zero_method winner = ARCH_ZERO_STOSB;
	uint64_t best = UINT64_MAX;

	for (unsigned int method = 0U; method < ARCH_ZERO_NR; method++) {
		if ((arch_zero_methods() & (1U << method)) != 0U) {
			const uint64_t ticks =
				time_method(scratch, pages, writes, (enum arch_zero_method)method);

			winner = ticks < best ? (enum arch_zero_method)method : winner;
			best = ticks < best ? ticks : best;
		}
	}
	return winner;
}

void limit_zero_choose(gpa_t scratch)
{
	chosen[SVSM_PAGE_4K] = fastest(scratch, 1U, SMALL_WRITES);
	chosen[SVSM_PAGE_2M] = fastest(scratch, SVSM_PAGES_PER_REGION, SVSM_PAGES_PER_REGION);
}

bool limit_zero(gpa_t gpa, enum svsm_page_size size)
{
	return arch_zero(gpa, size, chosen[size]);
}
