/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_JSON_H
#define RUN_JSON_H

/* The results as one JSON object, for programs. Durations in nanoseconds, memory in bytes. */

#include "attest.h"
#include "pass.h"
#include "traces.h"
#include "verdict.h"

struct json_run {
	const struct run_options *options;
	const struct traces *traces;
	const struct attest *attest;
	const struct pass *checked, *measured;
	unsigned int processors;
	double timer_ns, seconds;
	enum run_verdict verdict;
};

/* False, with errno set, if the file could not be written whole. */
bool json_write(const char *path, const struct json_run *run);

/* @text as a JSON string with its quotes; bytes below 0x20 become \u00xx. */
void json_string(FILE *out, const char *text);

#endif
