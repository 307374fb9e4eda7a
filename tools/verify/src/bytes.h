/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BYTES_H
#define BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline uint32_t bytes_le32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t bytes_le64(const uint8_t *p)
{
	return bytes_le32(p) | (uint64_t)bytes_le32(p + 4) << 32;
}

static inline unsigned int bytes_be16(const uint8_t *p)
{
	return (unsigned int)p[0] << 8 | p[1];
}

/* True if all @len bytes are zero; also if there are none. */
bool bytes_zero(const uint8_t *p, size_t len);

/* Hexadecimal text of as many of the @len bytes as fit @size, which includes the final NUL. */
void bytes_hex(char *out, size_t size, const uint8_t *p, size_t len);

#define GUID_TEXT 37U

/* @guid as on the wire of the SVSM protocols. */
void guid_text(char out[GUID_TEXT], const uint8_t *guid);

#endif
