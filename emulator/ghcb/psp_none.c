/* SPDX-License-Identifier: Apache-2.0 */
#include "ghcb.h"

/* Stands in for the security processor in builds without one. */
__attribute__((weak)) bool ghcb_psp_request(struct vcpu *vcpu, gpa_t request, gpa_t response,
					    gpa_t certs, uint64_t cert_pages, bool extended,
					    struct ghcb_psp_result *result)
{
	(void)vcpu;
	(void)request;
	(void)response;
	(void)certs;
	(void)cert_pages;
	(void)extended;
	(void)result;
	return false;
}
