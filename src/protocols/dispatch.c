/* SPDX-License-Identifier: Apache-2.0 */
#include "attest_calls.h"
#include "core_calls.h"
#include "protocol_table.h"
#include "svsm_abi.h"

const struct svsm_protocol *svsm_protocols[SVSM_NR_PROTOCOLS];

uint32_t svsm_dispatch(struct svsm_call *call)
{
	const struct svsm_protocol *protocol = svsm_protocol_find(call->in.rax >> 32);
	const uint32_t id = (uint32_t)call->in.rax;

	if (protocol == NULL) {
		return SVSM_ERR_UNSUPPORTED_PROTOCOL;
	}
	if (id >= protocol->nr_calls || protocol->calls[id].handler == NULL) {
		return SVSM_ERR_UNSUPPORTED_CALL;
	}
	call->may_out = protocol->calls[id].out;
	return protocol->calls[id].handler(call);
}
