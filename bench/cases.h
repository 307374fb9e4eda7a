/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_CASES_H
#define BENCH_CASES_H

#include "load.h"
#include "results.h"

/* The rows of the benchmark: one load each, at several vCPU counts. */

enum case_counts {
	COUNTS_ALL,  /* 1, 2, 4, ... 256 */
	COUNTS_SOME, /* 1, 2, 8, 64 */
	COUNTS_ONE,
};

struct bench_case {
	const char *name;
	struct load load; /* vcpus, ms and cost are filled in per run */
	enum case_counts counts;
	unsigned int max_vcpus; /* 0: any */
	unsigned int min_ms;	/* long calls; 0: what the run says */
	bool quick;		/* also in a quick run */
	bool costed;		/* also with the published cost model */
	bool no_limit;		/* the bare loop has no such thing */
};

extern const struct bench_case bench_cases[];
extern const unsigned int nr_bench_cases;

#define CASES_MAX_COUNTS 9U

/* vCPU counts of the case; how many. */
unsigned int case_counts(const struct bench_case *c, bool quick, bool costed,
			 unsigned int counts[CASES_MAX_COUNTS]);

#endif
