/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPLAY_RUN_H
#define REPLAY_RUN_H

/* Between the two runners and the entry points of replay.h. */

#include "guest.h"
#include "lines.h"
#include "replay.h"

enum replay_status run_trace_lines(const char *path, const struct lines *lines,
				   const struct replay_options *options,
				   struct replay_summary *summary);
enum replay_status run_script_lines(const char *path, const struct lines *lines,
				    const struct replay_options *options);

/* "path:line: message" to options->err; @line 0 leaves it out. */
void run_error(const struct replay_options *options, const char *path, size_t line,
	       const struct text_error *error);

/* Words of the script language for what the machine answered. */
const char *run_access_word(enum hm_access access);
const char *run_call_word(enum hm_call done);

#endif
