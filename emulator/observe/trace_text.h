/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TRACE_TEXT_H
#define TRACE_TEXT_H

#include "emu_types.h"

/* A line in the making. What does not fit is left out, which callers size the buffer against. */
struct trace_text {
	char *text;
	size_t size;
	size_t len;
};

void text_add(struct trace_text *line, const char *string);
void text_add_hex(struct trace_text *line, uint64_t value);
void text_add_dec(struct trace_text *line, uint64_t value);
/* " name=value", hexadecimal */
void text_add_key(struct trace_text *line, const char *name, uint64_t value);

#endif
