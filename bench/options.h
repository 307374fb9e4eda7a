/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <stdio.h>

#include "cost.h"

enum bench_name {
	BENCH_CALLS,
	BENCH_PEER,
	BENCH_INSTRUCTIONS,
	BENCH_ZERO,
	BENCH_MEMORY,
	BENCH_ATTEST,
	BENCH_NAME_NR,
};

struct bench_options {
	bool quick; /* fewer repeats, sizes and vCPU counts */
	bool help;
	uint64_t psp_us; /* time that the security processor is given for a request */
	bool cost_named; /* one cost model for all, instead of none and a selection published */
	struct cost_model cost;
	unsigned int repeats;  /* odd or even, 2..STATS_MAX */
	unsigned int ms;       /* measured per run of a worker */
	const char *only;      /* cases whose name has this in it; NULL: all */
	const char *output;    /* directory */
	const char *compare;   /* results of before; NULL: none */
	const char *against;   /* results of now, instead of measuring; NULL: measure */
	unsigned int selected; /* bit mask of enum bench_name; 0 is never left */
};

void bench_usage(FILE *out);

/* Read the command line into @options, defaults first. False with a message on stderr. */
bool bench_options_parse(int argc, char **argv, struct bench_options *options);

#endif
