/* SPDX-License-Identifier: Apache-2.0 */
#include "zero.h"

#define SAMPLES 5U
#define SMALL_WRITES 16U

enum arch_zero_method svsm_zero_chosen[2] = { ARCH_ZERO_STOSB, ARCH_ZERO_STOSB };

/* Best of a few runs of @writes zeroed pages over the first @pages of @scratch; UINT64_MAX if one
 * cannot be written. */
static uint64_t time_method(gpa_t scratch, uint64_t pages, uint64_t writes,
			    enum arch_zero_method method)
{
	uint64_t best = UINT64_MAX;

	for (unsigned int sample = 0U; sample < SAMPLES; sample++) {
		const uint64_t start = arch_tsc();
		uint64_t ticks = 0U;

		for (uint64_t i = 0U; i < writes; i++) {
			if (!arch_zero(gpa_add(scratch, (i % pages) * SVSM_PAGE_SIZE), SVSM_PAGE_4K,
				       method)) {
				return UINT64_MAX;
			}
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

	if (arch_zero_methods() == 1U << winner) {
		return winner;
	}
	for (unsigned int method = 0U; method < ARCH_ZERO_NR; method++) {
		uint64_t ticks = 0U;

		if ((arch_zero_methods() & (1U << method)) == 0U) {
			continue;
		}
		ticks = time_method(scratch, pages, writes, (enum arch_zero_method)method);
		if (ticks < best) {
			best = ticks;
			winner = (enum arch_zero_method)method;
		}
	}
	return winner;
}

void svsm_zero_calibrate(gpa_t scratch, uint64_t scratch_len)
{
	const uint64_t all = scratch_len >> SVSM_PAGE_SHIFT;
	const uint64_t pages = all < SVSM_PAGES_PER_REGION ? all : SVSM_PAGES_PER_REGION;

	svsm_zero_chosen[SVSM_PAGE_4K] = fastest(scratch, 1U, SMALL_WRITES);
	svsm_zero_chosen[SVSM_PAGE_2M] = fastest(scratch, pages, pages);
}

void svsm_zero_finish(void)
{
	arch_store_fence();
}
