/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a compiler expects of a freestanding environment, and a little more of <string.h>. Loops
 * over words: string instructions are slow where every instruction is translated.
 */

#include <string.h>

#include "emu_types.h"

typedef uint64_t __attribute__((aligned(1), may_alias)) word_t;

#define WORD sizeof(word_t)

void *memcpy(void *restrict to, const void *restrict from, size_t len)
{
	uint8_t *out = to;
	const uint8_t *in = from;

	for (; len >= 4U * WORD; len -= 4U * WORD, out += 4U * WORD, in += 4U * WORD) {
		((word_t *)out)[0] = ((const word_t *)in)[0];
		((word_t *)out)[1] = ((const word_t *)in)[1];
		((word_t *)out)[2] = ((const word_t *)in)[2];
		((word_t *)out)[3] = ((const word_t *)in)[3];
	}
	for (; len >= WORD; len -= WORD, out += WORD, in += WORD) {
		*(word_t *)out = *(const word_t *)in;
	}
	while (len-- != 0) {
		*out++ = *in++;
	}
	return to;
}

void *memmove(void *to, const void *from, size_t len)
{
	uint8_t *out = to;
	const uint8_t *in = from;

	if ((uintptr_t)out - (uintptr_t)in >= len) {
		for (; len >= WORD; len -= WORD, out += WORD, in += WORD) {
			*(word_t *)out = *(const word_t *)in;
		}
		while (len-- != 0) {
			*out++ = *in++;
		}
		return to;
	}
	for (; len >= WORD; len -= WORD) {
		*(word_t *)(out + len - WORD) = *(const word_t *)(in + len - WORD);
	}
	while (len-- != 0) {
		out[len] = in[len];
	}
	return to;
}

void *memset(void *to, int byte, size_t len)
{
	uint8_t *out = to;
	uint64_t word = (uint8_t)byte * UINT64_C(0x0101010101010101);

	for (; len >= 4U * WORD; len -= 4U * WORD, out += 4U * WORD) {
		((word_t *)out)[0] = word;
		((word_t *)out)[1] = word;
		((word_t *)out)[2] = word;
		((word_t *)out)[3] = word;
	}
	while (len-- != 0) {
		*out++ = (uint8_t)byte;
	}
	return to;
}

int memcmp(const void *left, const void *right, size_t len)
{
	const uint8_t *a = left, *b = right;

	for (size_t i = 0; i < len; i++) {
		if (a[i] != b[i]) {
			return a[i] < b[i] ? -1 : 1;
		}
	}
	return 0;
}

void *memchr(const void *in, int byte, size_t len)
{
	const uint8_t *bytes = in;

	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == (uint8_t)byte) {
			return (void *)(uintptr_t)(bytes + i);
		}
	}
	return NULL;
}

size_t strlen(const char *text)
{
	size_t len = 0;

	while (text[len] != '\0') {
		len++;
	}
	return len;
}

char *strchr(const char *text, int c)
{
	for (; *text != (char)c; text++) {
		if (*text == '\0') {
			return NULL;
		}
	}
	return (char *)(uintptr_t)text;
}

int strncmp(const char *left, const char *right, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t a = (uint8_t)left[i], b = (uint8_t)right[i];

		if (a != b) {
			return a < b ? -1 : 1;
		}
		if (a == 0) {
			break;
		}
	}
	return 0;
}

int strcmp(const char *left, const char *right)
{
	return strncmp(left, right, SIZE_MAX);
}
