/* SPDX-License-Identifier: Apache-2.0 */
#include "psp_priv.h"

#define RSP_STATUS 0x00U
#define RSP_SCALE 0x08U
#define RSP_OFFSET 0x10U
#define RSP_FACTOR 0x18U

size_t psp_tsc_info_request(struct psp *psp, const struct psp_request *request, uint8_t *reply)
{
	if (!psp_all_zero(request->payload, PSP_TSC_INFO_BYTES)) {
		psp_put(reply + RSP_STATUS, PSP_INVALID_PARAM, 4);
		return PSP_TSC_INFO_BYTES;
	}
	psp_put(reply + RSP_STATUS, PSP_OK, 4);
	psp_put(reply + RSP_SCALE, psp->config.tsc_scale, 8);
	psp_put(reply + RSP_OFFSET, psp->config.tsc_offset, 8);
	psp_put(reply + RSP_FACTOR, psp->config.tsc_factor, 4);
	return PSP_TSC_INFO_BYTES;
}
