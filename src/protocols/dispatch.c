/* SPDX-License-Identifier: Apache-2.0 */
#include "attest_calls.h"
#include "core_calls.h"
#include "svsm_abi.h"

static const struct svsm_protocol *const protocols[] = {
	&svsm_core_protocol,
	&svsm_attest_protocol,
};

#define NR_PROTOCOLS (sizeof(protocols) / sizeof(protocols[0]))

const struct svsm_protocol *svsm_protocol_find(uint32_t number)
{
	for (size_t i = 0U; i < NR_PROTOCOLS; i++) {
		if (protocols[i]->number == number &&
		    (protocols[i]->offered == NULL || protocols[i]->offered())) {
			return protocols[i];
		}
	}
	return NULL;
}

uint32_t svsm_dispatch(struct svsm_call *call)
{
	const struct svsm_protocol *protocol = svsm_protocol_find((uint32_t)(call->rax >> 32));
	const uint32_t id = (uint32_t)call->rax;
	const struct svsm_call_desc *desc = NULL;
	uint32_t result = SVSM_SUCCESS;

	if (protocol == NULL) {
		return SVSM_ERR_UNSUPPORTED_PROTOCOL;
	}
	if (id >= protocol->nr_calls || protocol->calls[id].handler == NULL) {
		return SVSM_ERR_UNSUPPORTED_CALL;
	}
	desc = &protocol->calls[id];
	result = desc->handler(call);
	call->out &= desc->out;
	return result;
}
