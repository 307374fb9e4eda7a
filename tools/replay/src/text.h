/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPLAY_TEXT_H
#define REPLAY_TEXT_H

/*
 * Scanning of untrusted text lines: slices of a caller's buffer, never copied, never changed.
 * Nothing here keeps state, so every function may run on any thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slice {
	const char *p;
	size_t len;
};

/* Why a line was refused: one line of printable text without file name and line number. */
struct text_error {
	char message[192];
};

/* Formats the message (other than printable bytes become '?'); returns false so that a parser can
 * return it. */
bool text_fail(struct text_error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* printf arguments for "%.*s" of at most 40 bytes of a slice. */
#define SLICE_ARG(s) (int)((s).len < 40U ? (s).len : 40U), (s).p

struct slice slice_of(const char *text);
bool slice_is(struct slice s, const char *word);
/* Strips @prefix from the start of *@s; false, and *@s unchanged, if it does not start so. */
bool slice_strip(struct slice *s, const char *prefix);
/* Cuts *@s at the first @separator into what is before and after it; false if there is none. */
bool slice_cut(struct slice s, char separator, struct slice *before, struct slice *after);

/* Takes the next word (up to a blank) off *@rest; its len is 0 at the end of the line. */
struct slice text_word(struct slice *rest);

/* The whole slice as a number; false if empty, malformed or above 64 bits. text_hex takes an
 * optional 0x. */
bool text_dec(struct slice s, uint64_t *value);
bool text_hex(struct slice s, uint64_t *value);
/* Script number: decimal or 0x hexadecimal, then optionally K, M, G or T (powers of 1024). */
bool text_number(struct slice s, uint64_t *value);

#endif
