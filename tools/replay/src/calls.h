/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPLAY_CALLS_H
#define REPLAY_CALLS_H

/* Names of calls and result codes (58019 tables 3, 4, 5, 17, 23, 32 and 43), for reading and for
 * printing. */

#include "text.h"

#define CALL_PROTOCOL_CORE 0U
#define CALL_PROTOCOL_ATTEST 1U

enum core_call_id {
	CORE_REMAP_CA = 0,
	CORE_PVALIDATE = 1,
	CORE_CREATE_VCPU = 2,
	CORE_DELETE_VCPU = 3,
	CORE_DEPOSIT_MEM = 4,
	CORE_WITHDRAW_MEM = 5,
	CORE_QUERY_PROTOCOL = 6,
	CORE_CONFIGURE_VTOM = 7,
};

#define RESULT_SUCCESS UINT64_C(0)
#define RESULT_INCOMPLETE UINT64_C(0x80000000)
#define RESULT_UNSUPPORTED_PROTOCOL UINT64_C(0x80000001)
#define RESULT_BUSY UINT64_C(0x80000007)

/* RAX of a call: protocol in bits 63:32, call id in bits 31:0. */
static inline uint64_t call_rax(uint32_t protocol, uint32_t call)
{
	return ((uint64_t)protocol << 32) | call;
}

/*
 * "core.pvalidate", "core.9", "0.9", or "proto<hex>.<hex>" as traces write unknown protocols. Other
 * numbers are decimal or 0x hexadecimal.
 */
bool call_parse(struct slice text, uint32_t *protocol, uint32_t *call);

/* Writes the name that call_parse() reads back to @buffer and returns it. */
#define CALL_NAME_SIZE 48U
const char *call_name(uint32_t protocol, uint32_t call, char buffer[CALL_NAME_SIZE]);

/* "SUCCESS", "INVALID_ADDRESS", ... of the common result codes; name of a code, NULL if it has
 * none. */
bool result_parse(struct slice text, uint64_t *code);
const char *result_name(uint64_t code);

#endif
