/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_CREW_H
#define WORKER_CREW_H

#include "plans.h"

struct crew_result {
	uint64_t ns; /* measured */
	double ns_per_tick;
	uint64_t conflicts;
	struct tally tally[2]; /* of all vCPUs */
};

/* Start the machine and its vCPUs, make the load and stop. False after a message. */
bool crew_run(const struct load *load, const struct plan *plan, struct crew_result *result);

/* Public only to be found by name in the program's symbols. */
bool worker_counted_first(const struct plan *plan, struct worker *w);
bool worker_counted_second(const struct plan *plan, struct worker *w);

#endif
