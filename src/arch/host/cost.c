/* SPDX-License-Identifier: Apache-2.0 */
#include <x86intrin.h>

#include "machine_internal.h"

#define CALIBRATION_SPINS UINT64_C(100000)
#define CALIBRATION_TRIES 5U

/* A chain of dependent additions: one cycle of the core each, whatever else the core could do. */
static void spin(uint64_t turns)
{
	while (turns > 0U) {
		turns--;
		__asm__ volatile("" : "+r"(turns));
	}
}

/*
 * The quickest of some tries: a thread that loses the processor meanwhile makes the loop look slow,
 * nothing makes it look quick.
 */
void hm_cost_calibrate(struct hm_machine *m)
{
	const struct hm_config *config = &m->config;
	uint64_t best = UINT64_MAX;

	if ((config->cost_pvalidate | config->cost_rmpadjust | config->cost_switch |
	     config->cost_flush) == 0U) {
		return;
	}
	for (unsigned int i = 0; i < CALIBRATION_TRIES; i++) {
		const uint64_t start = __rdtsc();
		uint64_t cycles;

		spin(CALIBRATION_SPINS);
		cycles = __rdtsc() - start;
		best = cycles < best ? cycles : best;
	}
	m->spins_per_4096 = CALIBRATION_SPINS * 4096U / (best == 0U ? 1U : best);
}

void hm_cost_spend(const struct hm_machine *m, uint64_t cycles)
{
	spin(cycles / 4096U * m->spins_per_4096 + cycles % 4096U * m->spins_per_4096 / 4096U);
}
