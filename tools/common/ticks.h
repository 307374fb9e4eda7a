/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMON_TICKS_H
#define COMMON_TICKS_H

/*
 * Time stamps for measurements: the TSC between two LFENCEs. CPUID, which other harnesses use to
 * serialise, exits to the hypervisor in a VM and would be what is measured.
 */

#include <stdint.h>
#include <x86intrin.h>

static inline uint64_t ticks_now(void)
{
	uint64_t ticks;

	_mm_lfence();
	ticks = __rdtsc();
	_mm_lfence();
	return ticks;
}

/* CLOCK_MONOTONIC and TSC at one moment. */
struct ticks_mark {
	uint64_t ticks;
	uint64_t nanoseconds;
};
struct ticks_mark ticks_mark(void);

/* Nanoseconds per tick between two marks; take them at least 10 ms apart. */
double ticks_calibrate(const struct ticks_mark *from, const struct ticks_mark *to);

/* What a pair of ticks_now() around nothing reads: the smallest of many attempts. */
uint64_t ticks_overhead(void);

#endif
