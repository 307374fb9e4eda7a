/* SPDX-License-Identifier: Apache-2.0 */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool text_fail(struct text_error *error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(error->message, sizeof(error->message), format, args);
	va_end(args);
	for (char *c = error->message; *c != '\0'; c++) {
		if (*c < ' ' || *c > '~') {
			*c = '?';
		}
	}
	return false;
}

struct slice slice_of(const char *text)
{
	return (struct slice){ .p = text, .len = strlen(text) };
}

bool slice_is(struct slice s, const char *word)
{
	return s.len == strlen(word) && memcmp(s.p, word, s.len) == 0;
}

bool slice_strip(struct slice *s, const char *prefix)
{
	size_t len = strlen(prefix);

	if (s->len < len || memcmp(s->p, prefix, len) != 0) {
		return false;
	}
	s->p += len;
	s->len -= len;
	return true;
}

bool slice_cut(struct slice s, char separator, struct slice *before, struct slice *after)
{
	const char *at = s.len == 0U ? NULL : memchr(s.p, separator, s.len);

	if (at == NULL) {
		return false;
	}
	size_t len = (size_t)(at - s.p);

	*before = (struct slice){ .p = s.p, .len = len };
	*after = (struct slice){ .p = at + 1, .len = s.len - len - 1U };
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

struct slice text_word(struct slice *rest)
{
	struct slice word;

	while (rest->len > 0U && is_blank(*rest->p)) {
		rest->p++;
		rest->len--;
	}
	word = (struct slice){ .p = rest->p, .len = 0U };
	while (rest->len > 0U && !is_blank(*rest->p)) {
		rest->p++;
		rest->len--;
		word.len++;
	}
	return word;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	if (c >= 'a' && c <= 'f') {
		return c - 'a' + 10;
	}
	if (c >= 'A' && c <= 'F') {
		return c - 'A' + 10;
	}
	return -1;
}

static bool digits(struct slice s, unsigned int base, uint64_t *value)
{
	uint64_t sum = 0;

	if (s.len == 0U) {
		return false;
	}
	for (size_t i = 0; i < s.len; i++) {
		int digit = digit_of(s.p[i]);

		if (digit < 0 || (unsigned int)digit >= base ||
		    sum > (UINT64_MAX - (unsigned int)digit) / base) {
			return false;
		}
		sum = sum * base + (unsigned int)digit;
	}
	*value = sum;
	return true;
}

bool text_dec(struct slice s, uint64_t *value)
{
	return digits(s, 10U, value);
}

bool text_hex(struct slice s, uint64_t *value)
{
	(void)slice_strip(&s, "0x");
	return digits(s, 16U, value);
}

bool text_number(struct slice s, uint64_t *value)
{
	static const char units[] = "KMGT";
	unsigned int shift = 0;
	uint64_t raw = 0;

	if (s.len > 0U) {
		const char *unit = memchr(units, s.p[s.len - 1U], sizeof(units) - 1U);

		if (unit != NULL) {
			shift = 10U * ((unsigned int)(unit - units) + 1U);
			s.len--;
		}
	}
	if (!(slice_strip(&s, "0x") ? digits(s, 16U, &raw) : digits(s, 10U, &raw)) ||
	    raw > (UINT64_MAX >> shift)) {
		return false;
	}
	*value = raw << shift;
	return true;
}
