/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stdint.h>

/* Nanoseconds of CLOCK_MONOTONIC. CPUID is never used for timing: in a VM it exits to the host. */
uint64_t bench_now(void);

struct bench_options {
	bool quick;	 /* fewer repeats and sizes */
	uint64_t psp_us; /* time that the security processor is given for a request */
};

/* Each prints a table to stdout; false after a message on stderr. */
bool bench_zero(const struct bench_options *options);
bool bench_memory(const struct bench_options *options);
bool bench_attest(const struct bench_options *options);

#endif
