/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_PASS_H
#define RUN_PASS_H

/*
 * One pass over the loaded machine: a fresh machine, all steps from all vCPUs. The checked pass has
 * the judge attached from launch on, lets all vCPUs run at once, and compares the whole RMP with
 * the SVSM's account after every step. The measured pass has no observer and lets as many vCPUs
 * work at a time as there are processors, so that a call is not timed while its thread waits for
 * one.
 */

#include "introspect.h"
#include "options.h"
#include "steps.h"

#define PASS_TEXTS 8U
#define PASS_TEXT 256U

struct pass_row {
	const struct step *step;
	uint64_t calls, busy, incomplete, pages, flushes;
	uint64_t ticks;	 /* from the first vCPU's start to the last one's end, summed over rounds */
	uint64_t checks; /* by the guests, of results and pages */
	uint64_t evaluations;	  /* by the judge */
	struct histogram latency; /* ticks */
};

struct pass_invariant {
	const char *name;
	const char *title;
	uint64_t checked, found;
	bool applies;
};

#define PASS_MAX_INVARIANTS 32U

struct pass {
	bool checked;
	bool complete; /* all steps ran */
	unsigned int nr_rows;
	struct pass_row row[STEPS_MAX_ROWS];
	uint64_t checks, wrong;
	uint64_t violations, evaluations, untracked;
	unsigned int nr_invariants;
	struct pass_invariant invariant[PASS_MAX_INVARIANTS];
	unsigned int nr_texts; /* what was wrong, as far as there is room */
	char text[PASS_TEXTS][PASS_TEXT];
	struct svsm_memory_use memory; /* at the end */
	uint64_t svsm_bytes;	       /* the SVSM's whole range */
	uint64_t accepted;	       /* pages of RAM that the guest accepts */
	double ns_per_tick;
	double seconds;
};

/* What went wrong with the computer, not with the SVSM. */
enum pass_status {
	PASS_DONE,
	PASS_NO_MACHINE, /* memory or threads are missing; a message is on stderr */
};

/* @pass is cleared first. One pass at a time per process. */
enum pass_status pass_run(const struct run_options *options, bool checked, struct pass *pass);

#endif
