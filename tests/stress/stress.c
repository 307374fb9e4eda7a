/* SPDX-License-Identifier: Apache-2.0 */
#include "stress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

uint64_t stress_seed(void)
{
	const char *text = getenv("PHALANX_SEED");
	struct timespec now;
	uint64_t seed;

	(void)timespec_get(&now, TIME_UTC);
	seed = text != NULL ? strtoull(text, NULL, 0)
			    : (uint64_t)now.tv_sec * 1000003U + (uint64_t)now.tv_nsec;
	(void)printf("PHALANX_SEED=%" PRIu64 "\n", seed);
	(void)fflush(stdout);
	return seed;
}

unsigned int stress_times(unsigned int base)
{
	const char *text = getenv("PHALANX_STRESS");
	const unsigned long times = text != NULL ? strtoul(text, NULL, 0) : 1U;

	return base * (unsigned int)(times >= 1U && times <= 1000U ? times : 1U);
}

uint64_t stress_start(uint64_t seed, unsigned int thread)
{
	return (seed + thread + 1U) * UINT64_C(0x9e3779b97f4a7c15) | 1U;
}

uint64_t stress_next(uint64_t *random)
{
	uint64_t x = *random;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*random = x;
	return x * UINT64_C(0x2545f4914f6cdd1d);
}

unsigned int stress_below(uint64_t *random, unsigned int n)
{
	return (unsigned int)((stress_next(random) >> 33) % n);
}

void stress_all(struct rig *r, unsigned int threads, rig_job *job, void *ctx)
{
	for (unsigned int cpu = 0; cpu < threads; cpu++) {
		rig_post(r, cpu, job, ctx);
	}
	for (unsigned int cpu = 0; cpu < threads; cpu++) {
		if (!rig_wait(r, cpu)) {
			fail_msg("vCPU %u hangs", cpu);
		}
	}
}
