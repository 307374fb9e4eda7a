/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stdint.h>

/* Nanoseconds of CLOCK_MONOTONIC. CPUID is never used for timing: in a VM it exits to the host. */
uint64_t bench_now(void);

/* Each prints a table to stdout; false after a message on stderr. @quick: fewer repeats and sizes.
 */
bool bench_zero(bool quick);
bool bench_memory(bool quick);

#endif
