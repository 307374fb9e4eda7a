/* SPDX-License-Identifier: Apache-2.0 */
#include <time.h>

#include "bench.h"

uint64_t bench_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}
