/* SPDX-License-Identifier: Apache-2.0 */
#include "trace_text.h"

static void add_char(struct trace_text *line, char c)
{
	if (line->len < line->size) {
		line->text[line->len++] = c;
	}
}

void text_add(struct trace_text *line, const char *string)
{
	while (*string != '\0') {
		add_char(line, *string++);
	}
}

static void add_number(struct trace_text *line, uint64_t value, unsigned int base)
{
	char digits[20];
	size_t nr = 0;

	do {
		digits[nr++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value != 0U);
	while (nr > 0U) {
		add_char(line, digits[--nr]);
	}
}

void text_add_hex(struct trace_text *line, uint64_t value)
{
	add_number(line, value, 16);
}

void text_add_dec(struct trace_text *line, uint64_t value)
{
	add_number(line, value, 10);
}

void text_add_key(struct trace_text *line, const char *name, uint64_t value)
{
	add_char(line, ' ');
	text_add(line, name);
	add_char(line, '=');
	text_add_hex(line, value);
}
