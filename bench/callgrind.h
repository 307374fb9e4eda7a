/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_CALLGRIND_H
#define BENCH_CALLGRIND_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* What a callgrind output file (--compress-strings=no --compress-pos=no) says. */
struct callgrind_counts {
	uint64_t total; /* instructions in svsm_serve() and all that it calls */
	uint64_t arch;	/* of them, in arch_* functions, counted where the core calls them */
};

/*
 * Read the file. False if it has no call of svsm_serve(). The machine behind arch_* (arch_*, hm_*,
 * snpm_*) is what hardware and the arch layer of a real VM are instead: its own calls do not count
 * again.
 */
bool callgrind_read(FILE *in, struct callgrind_counts *counts);

#endif
