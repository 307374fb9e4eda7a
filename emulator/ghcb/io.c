/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "ghcb_priv.h"
#include "platform.h"

#define CHUNK 512U /* a multiple of every operand size */

/* 1, 2 or 4; 0 if not exactly one size is named */
static unsigned int operand_bytes(uint64_t info1)
{
	switch (info1 & (GHCB_IOIO_SIZE_8 | GHCB_IOIO_SIZE_16 | GHCB_IOIO_SIZE_32)) {
	case GHCB_IOIO_SIZE_8:
		return 1;
	case GHCB_IOIO_SIZE_16:
		return 2;
	case GHCB_IOIO_SIZE_32:
		return 4;
	default:
		return 0;
	}
}

static void single(struct vcpu *vcpu, struct ghcb_call *call, uint16_t port, unsigned int bytes)
{
	uint32_t mask = bytes == 4U ? UINT32_MAX : (1U << (8U * bytes)) - 1U;

	if ((call->info1 & GHCB_IOIO_IN) != 0U) {
		GHCB_CALL_RETURN(call, rax, platform_in(vcpu, port, bytes) & mask);
	} else if (GHCB_CALL_HAS(call, rax)) {
		platform_out(vcpu, port, bytes, (uint32_t)call->rax & mask);
	} else {
		ghcb_malformed(call, GHCB_REASON_MISSING);
	}
}

static void out_chunk(struct vcpu *vcpu, uint16_t port, unsigned int bytes, const uint8_t *data,
		      size_t len)
{
	for (size_t at = 0; at < len; at += bytes) {
		uint32_t value = 0;

		memcpy(&value, data + at, bytes);
		platform_out(vcpu, port, bytes, value);
	}
}

static void string(struct vcpu *vcpu, struct ghcb_call *call, uint16_t port, unsigned int bytes)
{
	bool in = (call->info1 & GHCB_IOIO_IN) != 0U;
	uint8_t data[CHUNK];
	uint64_t total;
	size_t part;

	if (!GHCB_CALL_HAS(call, sw_scratch)) {
		ghcb_malformed(call, GHCB_REASON_MISSING);
		return;
	}
	/* The check bounds the product if the count fits 32 bits. */
	total = call->info2 > UINT32_MAX ? UINT64_MAX : call->info2 * bytes;
	if (!ghcb_scratch_check(call, total)) {
		return;
	}
	for (uint64_t done = 0; done < total; done += part) {
		part = (size_t)(total - done < CHUNK ? total - done : CHUNK);
		if (in) {
			platform_in_string(vcpu, port, bytes, data, part / bytes);
			if (!ghcb_scratch_write(call, done, data, part)) {
				return;
			}
		} else {
			if (!ghcb_scratch_read(call, done, data, part)) {
				return;
			}
			out_chunk(vcpu, port, bytes, data, part);
		}
	}
}

void ghcb_exit_io(struct vcpu *vcpu, struct ghcb_call *call)
{
	uint16_t port = (uint16_t)(call->info1 >> GHCB_IOIO_PORT_SHIFT);
	unsigned int bytes = operand_bytes(call->info1);

	if (bytes == 0U || (call->info1 >> 32) != 0U) {
		ghcb_malformed(call, GHCB_REASON_INVALID);
	} else if ((call->info1 & GHCB_IOIO_STRING) != 0U) {
		string(vcpu, call, port, bytes);
	} else {
		single(vcpu, call, port, bytes);
	}
}
