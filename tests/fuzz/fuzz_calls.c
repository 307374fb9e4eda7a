/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "packets.h"
#include "run.h"

/* libFuzzer's interface. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!fz_run(data, size, NULL)) {
		abort();
	}
	return 0;
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void random_packet(uint8_t *at, uint64_t *random)
{
	/* Calls and what they need more often than the rest. */
	static const enum fz_op often[16] = { FZ_CALL, FZ_CALL,	  FZ_CALL,   FZ_CALL,
					      FZ_CALL, FZ_CALL,	  FZ_LIST,   FZ_LIST,
					      FZ_LIST, FZ_VMSA,	  FZ_VMSA,   FZ_INJECT,
					      FZ_LIE,  FZ_ATTEST, FZ_ATTEST, FZ_PREEMPT };
	const uint64_t word = next_random(random);
	struct fz_packet packet = { .op = (word & 1U) != 0U ? often[word >> 1 & 15U]
							    : (enum fz_op)((word >> 5) % FZ_OP_NR),
				    .a = (uint8_t)(word >> 16) & (uint8_t)(word >> 24),
				    .b = (uint8_t)(word >> 32) & (uint8_t)(word >> 40),
				    .c = (uint8_t)(word >> 48) & (uint8_t)(word >> 56),
				    .x = (uint32_t)next_random(random) & 0x0fffffffU,
				    .y = next_random(random) & next_random(random) };

	packet.x &= (word >> 12 & 1U) != 0U ? 0xffffU : 0x0fffffffU;
	packet.y &= UINT64_C(0x7fffffff7fffffff);
	if (packet.op == FZ_CALL && (word >> 56 & 3U) == 0U) {
		packet.a = (uint8_t)(FZ_CALL_SERVICES + (word >> 58 & 1U));
		packet.x = FZ_AT_LIST;
	}
	fz_pack(&packet, at);
}

/*
 * Works on whole packets half of the time, since a byte inserted or deleted shifts all that follow;
 * the rest is libFuzzer's, on one packet, the parameters, or everything.
 */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	uint64_t random = seed * UINT64_C(0x9e3779b97f4a7c15) | 1U;
	const size_t nr = size < FZ_PARAM_BYTES ? 0U : (size - FZ_PARAM_BYTES) / FZ_PACKET_BYTES;
	const size_t room = FZ_PARAM_BYTES + (nr + 1U) * FZ_PACKET_BYTES;
	const uint64_t what = next_random(&random) % 8U;
	uint8_t *one =
		nr == 0U ? data
			 : data + FZ_PARAM_BYTES + next_random(&random) % nr * FZ_PACKET_BYTES;

	if (size < FZ_PARAM_BYTES || nr == 0U || what == 0U) {
		return LLVMFuzzerMutate(data, size, max_size);
	}
	size = room - FZ_PACKET_BYTES;
	if (what <= 3U && room <= max_size && nr < FZ_MAX_PACKETS) {
		memmove(one + FZ_PACKET_BYTES, one, size - (size_t)(one - data));
		if (what == 1U) {
			random_packet(one, &random);
		} else if (what == 2U) {
			memcpy(one,
			       data + FZ_PARAM_BYTES + next_random(&random) % nr * FZ_PACKET_BYTES,
			       FZ_PACKET_BYTES);
		}
		return room;
	}
	if (what == 4U && nr > 1U) {
		memmove(one, one + FZ_PACKET_BYTES, size - (size_t)(one - data) - FZ_PACKET_BYTES);
		return size - FZ_PACKET_BYTES;
	}
	if (what == 5U) {
		(void)LLVMFuzzerMutate(data, FZ_PARAM_BYTES, FZ_PARAM_BYTES);
		return size;
	}
	(void)LLVMFuzzerMutate(one, FZ_PACKET_BYTES, FZ_PACKET_BYTES);
	return size;
}
