/* SPDX-License-Identifier: Apache-2.0 */
#include "ticks.h"

#include <time.h>

#define ATTEMPTS 1000U

struct ticks_mark ticks_mark(void)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (struct ticks_mark){
		.ticks = ticks_now(),
		.nanoseconds = (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec,
	};
}

double ticks_calibrate(const struct ticks_mark *from, const struct ticks_mark *to)
{
	const uint64_t ticks = to->ticks - from->ticks;

	return ticks == 0U ? 0.0 : (double)(to->nanoseconds - from->nanoseconds) / (double)ticks;
}

uint64_t ticks_overhead(void)
{
	uint64_t least = UINT64_MAX;

	for (unsigned int i = 0; i < ATTEMPTS; i++) {
		const uint64_t start = ticks_now();
		const uint64_t spent = ticks_now() - start;

		least = spent < least ? spent : least;
	}
	return least;
}
