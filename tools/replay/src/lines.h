/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPLAY_LINES_H
#define REPLAY_LINES_H

/* A whole text file as an array of lines, read plainly or through xz (by the file's magic bytes).
 */

#include <stdbool.h>
#include <stddef.h>

#include "text.h"

#define LINES_MAX_BYTES (UINT64_C(256) << 20)

struct lines {
	char *text;	    /* owns; the lines point into it */
	struct slice *line; /* owns; line[0] is line 1, without newline */
	size_t nr;
};

/*
 * Read @path. False, with the reason and *lines empty: no such file, read error, above
 * LINES_MAX_BYTES, no memory, xz missing, or xz reports damaged or truncated data. Starts and reaps
 * one child process for xz input.
 */
bool lines_load(const char *path, struct lines *lines, struct text_error *error);

/* The same from memory, which is copied. */
bool lines_from(const char *text, size_t len, struct lines *lines, struct text_error *error);

void lines_free(struct lines *lines);

#endif
