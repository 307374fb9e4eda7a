/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "machine_internal.h"

/* A machine without a security processor: the host fails every request. */
struct arch_psp_result arch_psp_request(const uint8_t request[ARCH_PSP_MESSAGE_BYTES],
					uint8_t response[ARCH_PSP_MESSAGE_BYTES], bool with_certs)
{
	(void)request;
	(void)response;
	(void)with_certs;
	return (struct arch_psp_result){ .vmm_error = UINT32_MAX };
}

void arch_psp_certs(void *dst, size_t len)
{
	memset(dst, 0, len);
}
