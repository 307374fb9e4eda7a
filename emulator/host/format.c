/* SPDX-License-Identifier: Apache-2.0 */

/* Formats of host_log(); vsnprintf() for libraries. */

#include <stdio.h>
#include <string.h>

#include "host_priv.h"

struct spec {
	bool left;
	char pad;
	unsigned int width;
	unsigned int precision; /* UINT32_MAX: none */
	unsigned int size;	/* of an integer, in bytes */
};

static void put(struct host_sink *sink, char c)
{
	if (sink->used < sink->size) {
		sink->text[sink->used] = c;
	}
	sink->used++;
	if (sink->full != NULL && sink->used == sink->size) {
		sink->full(sink);
	}
}

static void put_padded(struct host_sink *sink, const struct spec *spec, const char *text,
		       size_t len)
{
	size_t blanks = spec->width > len ? spec->width - len : 0;

	if (!spec->left) {
		/* the sign stays in front of zeros */
		if (spec->pad == '0' && len != 0 && text[0] == '-') {
			put(sink, '-');
			text++;
			len--;
		}
		while (blanks != 0) {
			put(sink, spec->pad);
			blanks--;
		}
	}
	for (size_t i = 0; i < len; i++) {
		put(sink, text[i]);
	}
	while (spec->left && blanks != 0) {
		put(sink, ' ');
		blanks--;
	}
}

static void put_number(struct host_sink *sink, const struct spec *spec, uint64_t value,
		       unsigned int base, const char *digits, bool negative)
{
	char text[24];
	size_t at = sizeof(text);

	do {
		text[--at] = digits[value % base];
		value /= base;
	} while (value != 0);
	if (negative) {
		text[--at] = '-';
	}
	put_padded(sink, spec, text + at, sizeof(text) - at);
}

static const char *parse(const char *format, struct spec *spec)
{
	*spec = (struct spec){ .pad = ' ', .precision = UINT32_MAX, .size = sizeof(int) };
	for (;; format++) {
		if (*format == '-') {
			spec->left = true;
		} else if (*format == '0') {
			spec->pad = '0';
		} else if (*format != '#' && *format != '+' && *format != ' ') {
			break;
		}
	}
	for (; *format >= '0' && *format <= '9'; format++) {
		spec->width = spec->width * 10U + (unsigned int)(*format - '0');
	}
	if (*format == '.') {
		spec->precision = 0;
		for (format++; *format >= '0' && *format <= '9'; format++) {
			spec->precision = spec->precision * 10U + (unsigned int)(*format - '0');
		}
	}
	for (;; format++) {
		if (*format == 'l' || *format == 'z') {
			spec->size = sizeof(long);
		} else if (*format == 'h') {
			spec->size /= 2U;
		} else {
			return format;
		}
	}
}

static uint64_t unsigned_argument(const struct spec *spec, va_list *args)
{
	uint64_t value = spec->size == sizeof(long) ? va_arg(*args, unsigned long)
						    : va_arg(*args, unsigned int);

	return value & (UINT64_MAX >> (64U - 8U * spec->size));
}

static void put_signed(struct host_sink *sink, const struct spec *spec, va_list *args)
{
	int64_t value = spec->size == sizeof(long) ? va_arg(*args, long) : va_arg(*args, int);
	uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;

	put_number(sink, spec, magnitude, 10, "0123456789", value < 0);
}

static void put_string(struct host_sink *sink, const struct spec *spec, const char *text)
{
	size_t len = 0;

	if (text == NULL) {
		text = "(null)";
	}
	while (len < spec->precision && text[len] != '\0') {
		len++;
	}
	put_padded(sink, spec, text, len);
}

static void convert(struct host_sink *sink, struct spec *spec, char conversion, va_list *args)
{
	char c;

	switch (conversion) {
	case 'd':
	case 'i':
		put_signed(sink, spec, args);
		break;
	case 'u':
		put_number(sink, spec, unsigned_argument(spec, args), 10, "0123456789", false);
		break;
	case 'p':
		spec->size = sizeof(void *);
		put(sink, '0');
		put(sink, 'x');
		/* fallthrough */
	case 'x':
		put_number(sink, spec, unsigned_argument(spec, args), 16, "0123456789abcdef",
			   false);
		break;
	case 'X':
		put_number(sink, spec, unsigned_argument(spec, args), 16, "0123456789ABCDEF",
			   false);
		break;
	case 's':
		put_string(sink, spec, va_arg(*args, const char *));
		break;
	case 'c':
		c = (char)va_arg(*args, int);
		put_padded(sink, spec, &c, 1);
		break;
	default:
		put(sink, conversion);
		break;
	}
}

void host_format(struct host_sink *sink, const char *format, va_list args)
{
	struct spec spec;
	va_list rest;

	va_copy(rest, args);
	for (; *format != '\0'; format++) {
		if (*format != '%') {
			put(sink, *format);
			continue;
		}
		format = parse(format + 1, &spec);
		if (*format == '\0') {
			break;
		}
		convert(sink, &spec, *format, &rest);
	}
	va_end(rest);
}

int vsnprintf(char *text, size_t size, const char *format, va_list args)
{
	struct host_sink sink = { .text = text, .size = size };

	host_format(&sink, format, args);
	if (size != 0) {
		text[sink.used < size ? sink.used : size - 1U] = '\0';
	}
	return (int)sink.used;
}
