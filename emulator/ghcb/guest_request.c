/* SPDX-License-Identifier: Apache-2.0 */
#include "ghcb_priv.h"
#include "ram.h"

#define CERT_PAGES_MAX 64U

static bool page_ok(uint64_t gpa)
{
	return (gpa & EMU_PAGE_MASK) == 0U &&
	       ram_shared_pointer(gpa_make(gpa), EMU_PAGE_SIZE) != NULL;
}

static bool certs_ok(uint64_t gpa, uint64_t pages)
{
	if (pages > CERT_PAGES_MAX || gpa > UINT64_MAX - CERT_PAGES_MAX * EMU_PAGE_SIZE) {
		return false;
	}
	for (uint64_t i = 0; i < pages; i++) {
		if (!page_ok(gpa + i * EMU_PAGE_SIZE)) {
			return false;
		}
	}
	return true;
}

void ghcb_exit_guest_request(struct vcpu *vcpu, struct ghcb_call *call)
{
	bool extended = call->exit_code == GHCB_EXIT_EXT_GUEST_REQUEST;
	struct ghcb_psp_result result = { 0 };

	if (!page_ok(call->info1) || !page_ok(call->info2) || call->info1 == call->info2 ||
	    (extended && !certs_ok(call->rax, call->rbx))) {
		ghcb_malformed(call, GHCB_REASON_INVALID);
		return;
	}
	if (!ghcb_psp_request(vcpu, gpa_make(call->info1), gpa_make(call->info2),
			      extended ? gpa_make(call->rax) : GPA_NONE, extended ? call->rbx : 0U,
			      extended, &result)) {
		ghcb_malformed(call, GHCB_REASON_EVENT);
		return;
	}
	call->out_info2 = result.firmware_error | ((uint64_t)result.vmm_error << 32);
	if (extended && result.vmm_error == GHCB_GUEST_INVALID_LEN) {
		GHCB_CALL_RETURN(call, rbx, result.pages_needed);
	}
}
