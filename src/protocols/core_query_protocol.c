/* SPDX-License-Identifier: Apache-2.0 */
#include "core_calls.h"
#include "svsm_abi.h"

/* 58019 section 6.8. Always succeeds; never asks for memory. */
uint32_t svsm_core_query_protocol(struct svsm_call *call)
{
	const struct svsm_protocol *protocol = svsm_protocol_find((uint32_t)(call->rcx >> 32));
	const uint32_t version = (uint32_t)call->rcx;

	call->out |= SVSM_OUT_RCX;
	call->out_rcx = 0U;
	if (protocol != NULL && version >= protocol->min_version &&
	    version <= protocol->max_version) {
		call->out_rcx = ((uint64_t)protocol->max_version << 32) | protocol->min_version;
	}
	return SVSM_SUCCESS;
}
