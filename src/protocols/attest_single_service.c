/* SPDX-License-Identifier: Apache-2.0 */
#include "attest_calls.h"
#include "attest_op.h"
#include "svsm_abi.h"

static size_t one_service(const struct svsm_attest_op *op, uint8_t *manifest, size_t size)
{
	const size_t len =
		svsm_service_find(op->guid)->manifest(op->manifest_version, manifest, size);

	return len <= size ? len : 0U;
}

/*
 * 58019 section 7.2: the service and the version of its manifest must exist. Asking for a version
 * writes nothing.
 */
static bool available(const struct svsm_attest_op *op)
{
	const struct svsm_service *service = svsm_service_find(op->guid);

	return service != NULL && service->manifest(op->manifest_version, NULL, 0U) != 0U;
}

uint32_t svsm_attest_single_service(struct svsm_call *call)
{
	struct svsm_attest_op op;
	uint32_t result = svsm_attest_fetch(call, SVSM_ATTEST_SINGLE_BYTES, &op);

	if (result == SVSM_SUCCESS) {
		result = svsm_attest_check_format(call, SVSM_ATTEST_SINGLE_BYTES, &op);
	}
	if (result == SVSM_SUCCESS && !available(&op)) {
		result = SVSM_ERR_INVALID_PARAMETER;
	}
	if (result == SVSM_SUCCESS) {
		result = svsm_attest_check_pages(call, &op);
	}
	return result == SVSM_SUCCESS ? svsm_attest_answer(call, &op, one_service) : result;
}
