/* SPDX-License-Identifier: Apache-2.0 */
#include "attest_calls.h"
#include "attest_op.h"
#include "svsm_abi.h"

static size_t all_services(const struct svsm_attest_op *op, uint8_t *manifest, size_t size)
{
	(void)op;
	return svsm_services_manifest(manifest, size);
}

/* 58019 section 7.1. */
uint32_t svsm_attest_services(struct svsm_call *call)
{
	struct svsm_attest_op op;
	uint32_t result = svsm_attest_fetch(call, SVSM_ATTEST_SERVICES_BYTES, &op);

	if (result == SVSM_SUCCESS) {
		result = svsm_attest_check_format(call, SVSM_ATTEST_SERVICES_BYTES, &op);
	}
	if (result == SVSM_SUCCESS) {
		result = svsm_attest_check_pages(call, &op);
	}
	return result == SVSM_SUCCESS ? svsm_attest_answer(call, &op, all_services) : result;
}
