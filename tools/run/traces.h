/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_TRACES_H
#define RUN_TRACES_H

/* Replay of all recordings in a directory. */

#include "replay.h"

#define TRACES_NAME 96U

struct trace_result {
	char name[TRACES_NAME]; /* file name without its ending */
	enum replay_status status;
	double milliseconds;
	struct replay_summary summary;
};

struct traces {
	struct trace_result *result; /* owns; in the order of the names */
	size_t nr;
};

/* The directory that the build names, or, if the repository was moved, the one beside the program.
 * Static or in @buffer; NULL if there is neither. */
const char *traces_default_directory(char *buffer, size_t size);

/*
 * Replay every *.trace and *.trace.xz; @each (may be NULL) is called after each one. False, with a
 * message on stderr, if the directory cannot be read or has no recording. traces_free() in any
 * case.
 */
bool traces_run(const char *directory, struct traces *traces,
		void (*each)(const struct trace_result *result));
void traces_free(struct traces *traces);

#endif
