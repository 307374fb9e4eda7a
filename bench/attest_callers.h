/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_CALLERS_H
#define ATTEST_CALLERS_H

/*
 * Some vCPUs of one hosted machine, each with a thread that makes one SVSM_ATTEST_SERVICES after
 * the other as Linux does: the same call again at once while the answer is BUSY.
 */

#include <stdbool.h>
#include <stdint.h>

#include "histogram.h"

struct attest_load {
	unsigned int callers;
	uint64_t psp_ns;   /* time that the processor is given for a request; 0: none */
	uint64_t duration; /* nanoseconds to run */
};

/* All durations in ticks, but for those of the processor. */
struct attest_figures {
	uint64_t calls;		  /* answered with a report */
	uint64_t busy;		  /* answers BUSY */
	uint64_t ticks;		  /* from the first call's start to the last one's end */
	uint64_t served_ticks;	  /* in the attempts that were answered with a report */
	struct histogram latency; /* of a call, its repeats included */
	uint64_t simulated_ns;	  /* that the processor was given */
	uint64_t processor_ns;	  /* in the processor's model, simulated time included */
	uint64_t max_wait;	  /* repeats of the unluckiest call */
};

/* False, with a message on stderr: no machine, no threads, or an answer that must not be. */
bool attest_callers_run(const struct attest_load *load, struct attest_figures *figures);

#endif
