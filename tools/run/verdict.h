/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_VERDICT_H
#define RUN_VERDICT_H

/* Whether the run shows what it has to show. Pure. */

#include <stdbool.h>
#include <stdint.h>

struct run_findings {
	unsigned int traces, traces_failed;
	unsigned int attested, attest_failed; /* reports got by guests, and not as they must be */
	uint64_t compared;		      /* recorded results compared */
	uint64_t mismatches;		      /* recorded results that differ */
	uint64_t violations;		      /* of the judge, everywhere */
	uint64_t wrong;			      /* results or pages that a guest must not see */
	uint64_t guest_checks;		      /* of results and pages by the loaded guests */
	uint64_t evaluations;		      /* of the judge on the loaded machine */
	uint64_t untracked;		      /* events that the judge could not place */
	bool complete;			      /* every step of both passes ran to its end */
};

enum run_verdict {
	RUN_VERDICT_OK,
	RUN_VERDICT_WRONG,	  /* something is not as it must be */
	RUN_VERDICT_NOTHING_SEEN, /* nothing was wrong because nothing was looked at */
};

enum run_verdict run_verdict(const struct run_findings *findings);

/* Exit code of the program. */
int run_verdict_exit(enum run_verdict verdict);

#endif
