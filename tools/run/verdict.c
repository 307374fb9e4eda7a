/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict.h"

enum run_verdict run_verdict(const struct run_findings *findings)
{
	if (findings->traces_failed != 0U || findings->attest_failed != 0U ||
	    findings->mismatches != 0U || findings->violations != 0U || findings->wrong != 0U ||
	    findings->untracked != 0U) {
		return RUN_VERDICT_WRONG;
	}
	/* A run that compared or checked nothing proves nothing, and must not look like success. */
	if (findings->traces == 0U || findings->attested == 0U || findings->compared == 0U ||
	    findings->guest_checks == 0U || findings->evaluations == 0U || !findings->complete) {
		return RUN_VERDICT_NOTHING_SEEN;
	}
	return RUN_VERDICT_OK;
}

int run_verdict_exit(enum run_verdict verdict)
{
	return verdict == RUN_VERDICT_OK ? 0 : 1;
}
