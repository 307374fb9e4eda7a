/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "bytes.h"
#include "verify.h"

bool bytes_zero(const uint8_t *p, size_t len)
{
	uint8_t any = 0U;

	for (size_t i = 0; i < len; i++) {
		any |= p[i];
	}
	return any == 0U;
}

void bytes_hex(char *out, size_t size, const uint8_t *p, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	size_t at = 0;

	for (size_t i = 0; i < len && at + 2U < size; i++) {
		out[at++] = digits[p[i] >> 4];
		out[at++] = digits[p[i] & 0xfU];
	}
	out[at] = '\0';
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

bool verify_hex_parse(const char *text, uint8_t *bytes, size_t len)
{
	if (strlen(text) != 2U * len) {
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		const int high = digit_of(text[2U * i]);
		const int low = digit_of(text[2U * i + 1U]);

		if (high < 0 || low < 0) {
			return false;
		}
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

/* Wire position of the n-th byte of the text: the first three fields are little-endian. */
static const uint8_t wire_order[VERIFY_GUID_BYTES] = { 3, 2, 1,	 0,  5,	 4,  7,	 6,
						       8, 9, 10, 11, 12, 13, 14, 15 };

static bool dash_before(size_t byte)
{
	return byte == 4U || byte == 6U || byte == 8U || byte == 10U;
}

void guid_text(char out[GUID_TEXT], const uint8_t *guid)
{
	size_t at = 0;

	for (size_t i = 0; i < VERIFY_GUID_BYTES; i++) {
		if (dash_before(i)) {
			out[at++] = '-';
		}
		bytes_hex(out + at, 3U, guid + wire_order[i], 1U);
		at += 2U;
	}
}

bool verify_guid_parse(const char *text, uint8_t guid[VERIFY_GUID_BYTES])
{
	char pair[3] = { 0 };
	size_t at = 0;

	if (strlen(text) != GUID_TEXT - 1U) {
		return false;
	}
	for (size_t i = 0; i < VERIFY_GUID_BYTES; i++) {
		if (dash_before(i) && text[at++] != '-') {
			return false;
		}
		memcpy(pair, text + at, 2U);
		at += 2U;
		if (!verify_hex_parse(pair, guid + wire_order[i], 1U)) {
			return false;
		}
	}
	return true;
}
