/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_REPORT_H
#define RUN_REPORT_H

/* What the user reads on stdout. Colour only on a terminal and without NO_COLOR; it never carries
 * what the text does not say. */

#include "attest.h"
#include "pass.h"
#include "traces.h"
#include "verdict.h"

void report_open(void);
void report_intro(const struct run_options *options, unsigned int processors);

/* The first table, row by row as the recordings are replayed, and what was different by policy. */
void report_traces_head(void);
void report_trace(const struct trace_result *result);
void report_traces_policy(const struct traces *traces);

/* The table of attestation, row by row, and both results in words. */
void report_attest_head(void);
void report_attest(const struct attest_report *report);
void report_attest_notes(const struct attest *attest);

void report_checked(const struct pass *pass);
void report_invariants(const struct pass *pass);
/* @overhead: nanoseconds of the timer in each call; @concurrent: vCPUs that worked at a time. */
void report_measured(const struct pass *pass, const struct run_options *options, double overhead,
		     unsigned int concurrent);
void report_memory(const struct pass *pass, const struct run_options *options);
void report_verdict(const struct run_findings *findings, enum run_verdict verdict, double seconds);

#endif
