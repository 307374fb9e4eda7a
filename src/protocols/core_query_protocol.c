/* SPDX-License-Identifier: Apache-2.0 */
#include "core_calls.h"
#include "protocol_table.h"
#include "svsm_abi.h"

/* 58019 section 6.8. Always succeeds; never asks for memory. */
uint32_t svsm_core_query_protocol(struct svsm_call *call)
{
	const struct svsm_protocol *protocol = svsm_protocol_find(call->in.rcx >> 32);
	const uint32_t version = (uint32_t)call->in.rcx;
	uint64_t versions = 0U;

	if (protocol != NULL && version >= protocol->min_version &&
	    version <= protocol->max_version) {
		versions = ((uint64_t)protocol->max_version << 32) | protocol->min_version;
	}
	call->answer.rcx = versions;
	call->answer.out |= ARCH_CALL_RCX;
	return SVSM_SUCCESS;
}
