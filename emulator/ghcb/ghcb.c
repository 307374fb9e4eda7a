/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "ghcb_priv.h"
#include "hostile.h"
#include "ram.h"
#include "trace.h"

enum {
	NEED_RAX = 1 << 0,
	NEED_RBX = 1 << 1,
	NEED_RCX = 1 << 2,
	NEED_RDX = 1 << 3,
	NEED_SCRATCH = 1 << 4,
	NEED_CPL = 1 << 5,
};

/* Fields that depend on the operands of the exit are asked for by the handler. */
static const struct {
	uint64_t code;
	unsigned int needs;
	ghcb_exit_fn *serve;
} exits[] = {
	{ GHCB_EXIT_IOIO, 0, ghcb_exit_io },
	{ GHCB_EXIT_MSR, NEED_RCX, ghcb_exit_msr },
	{ GHCB_EXIT_MMIO_READ, NEED_SCRATCH, ghcb_exit_mmio_read },
	{ GHCB_EXIT_MMIO_WRITE, NEED_SCRATCH, ghcb_exit_mmio_write },
	{ GHCB_EXIT_RUN_VMPL, 0, ghcb_exit_run_vmpl },
	{ GHCB_EXIT_CPUID, NEED_RAX | NEED_RCX, ghcb_exit_cpuid },
	{ GHCB_EXIT_PSC, NEED_SCRATCH, ghcb_exit_psc },
	{ GHCB_EXIT_DR7_READ, 0, ghcb_exit_dr7_read },
	{ GHCB_EXIT_DR7_WRITE, NEED_RAX, ghcb_exit_dr7_write },
	{ GHCB_EXIT_RDTSC, 0, ghcb_exit_rdtsc },
	{ GHCB_EXIT_RDTSCP, 0, ghcb_exit_rdtscp },
	{ GHCB_EXIT_RDPMC, NEED_RCX, ghcb_exit_rdpmc },
	{ GHCB_EXIT_VMMCALL, NEED_RAX | NEED_CPL, ghcb_exit_vmmcall },
	{ GHCB_EXIT_WBINVD, 0, ghcb_exit_nothing },
	{ GHCB_EXIT_MONITOR, 0, ghcb_exit_nothing },
	{ GHCB_EXIT_MWAIT, 0, ghcb_exit_nothing },
	{ GHCB_EXIT_NMI_COMPLETE, 0, ghcb_exit_nothing },
	{ GHCB_EXIT_AP_HOLD, 0, ghcb_exit_ap_hold },
	{ GHCB_EXIT_GUEST_REQUEST, 0, ghcb_exit_guest_request },
	{ GHCB_EXIT_EXT_GUEST_REQUEST, NEED_RAX | NEED_RBX, ghcb_exit_guest_request },
	{ GHCB_EXIT_AP_CREATION, 0, ghcb_exit_ap_creation },
	{ GHCB_EXIT_APIC_ID_LIST, NEED_RAX, ghcb_exit_apic_ids },
	{ GHCB_EXIT_FEATURES, 0, ghcb_exit_features },
	{ GHCB_EXIT_TERMINATE, 0, ghcb_exit_terminate },
	{ GHCB_EXIT_UNSUPPORTED, 0, ghcb_exit_unsupported },
};

void ghcb_malformed(struct ghcb_call *call, enum ghcb_reason reason)
{
	call->out_info1 = GHCB_RESULT_MALFORMED;
	call->out_info2 = (uint64_t)reason;
}

/* EVENTINJ: exception 13 with error code 0 */
void ghcb_inject_gp(struct ghcb_call *call)
{
	call->out_info1 = GHCB_RESULT_INJECT;
	call->out_info2 = 13U | (3U << 8) | (1U << 11) | (UINT64_C(1) << 31);
}

static void copy_in(struct ghcb_call *call, gpa_t gpa, const volatile struct ghcb_page *page)
{
	memset(call, 0, sizeof(*call));
	call->page = gpa;
	for (size_t i = 0; i < sizeof(call->valid); i++) {
		call->valid[i] = page->valid_bitmap[i];
	}
	call->rax = page->rax;
	call->rbx = page->rbx;
	call->rcx = page->rcx;
	call->rdx = page->rdx;
	call->exit_code = page->sw_exit_code;
	call->info1 = page->sw_exit_info1;
	call->info2 = page->sw_exit_info2;
	call->scratch = page->sw_scratch;
	call->xcr0 = page->xcr0;
	call->version = page->protocol_version;
	call->usage = page->usage;
}

static bool is_returned(const struct ghcb_call *call, size_t byte, uint8_t mask)
{
	return (call->returned[byte] & mask) != 0U;
}

#define PUT_RETURNED(page, call, field)                                                            \
	do {                                                                                       \
		if (is_returned(call, GHCB_VALID_BYTE(field), GHCB_VALID_MASK(field))) {           \
			(page)->field = (call)->field;                                             \
		}                                                                                  \
	} while (0)

/* The valid bitmap of the answer marks what the answer holds, and nothing else. */
static void copy_out(struct vcpu *vcpu, struct ghcb_call *call)
{
	volatile struct ghcb_page *page = ram_shared_pointer(call->page, sizeof(*page));

	if (page == NULL) {
		return;
	}
	PUT_RETURNED(page, call, rax);
	PUT_RETURNED(page, call, rbx);
	PUT_RETURNED(page, call, rcx);
	PUT_RETURNED(page, call, rdx);
	page->sw_exit_info1 = call->out_info1;
	page->sw_exit_info2 = call->out_info2;
	call->returned[GHCB_VALID_BYTE(sw_exit_info1)] |= GHCB_VALID_MASK(sw_exit_info1);
	call->returned[GHCB_VALID_BYTE(sw_exit_info2)] |= GHCB_VALID_MASK(sw_exit_info2);
	for (size_t i = 0; i < sizeof(call->returned); i++) {
		page->valid_bitmap[i] = call->returned[i];
	}
	hostile_ghcb(vcpu, (void *)(uintptr_t)page);
}

static bool has_needs(const struct ghcb_call *call, unsigned int needs)
{
	return ((needs & NEED_RAX) == 0U || GHCB_CALL_HAS(call, rax)) &&
	       ((needs & NEED_RBX) == 0U || GHCB_CALL_HAS(call, rbx)) &&
	       ((needs & NEED_RCX) == 0U || GHCB_CALL_HAS(call, rcx)) &&
	       ((needs & NEED_RDX) == 0U || GHCB_CALL_HAS(call, rdx)) &&
	       ((needs & NEED_CPL) == 0U || GHCB_CALL_HAS(call, cpl)) &&
	       ((needs & NEED_SCRATCH) == 0U || GHCB_CALL_HAS(call, sw_scratch));
}

static void serve_exit(struct vcpu *vcpu, struct ghcb_call *call)
{
	for (size_t i = 0; i < sizeof(exits) / sizeof(exits[0]); i++) {
		if (exits[i].code != call->exit_code) {
			continue;
		}
		if (has_needs(call, exits[i].needs)) {
			exits[i].serve(vcpu, call);
		} else {
			ghcb_malformed(call, GHCB_REASON_MISSING);
		}
		return;
	}
	ghcb_malformed(call, GHCB_REASON_EVENT);
}

/* A version of 0 passes: OVMF's first stage uses its page before it has written one. */
static void serve(struct vcpu *vcpu, struct ghcb_call *call)
{
	if (vcpu->ghcb_registered[vcpu->vmpl].raw != call->page.raw) {
		ghcb_malformed(call, GHCB_REASON_UNREGISTERED);
	} else if (call->usage != GHCB_USAGE_STANDARD || call->version > GHCB_PROTOCOL_MAX) {
		ghcb_malformed(call, GHCB_REASON_USAGE);
	} else if (!GHCB_CALL_HAS(call, sw_exit_code) || !GHCB_CALL_HAS(call, sw_exit_info1) ||
		   !GHCB_CALL_HAS(call, sw_exit_info2)) {
		ghcb_malformed(call, GHCB_REASON_MISSING);
	} else {
		serve_exit(vcpu, call);
	}
}

/* A page that is not shared memory cannot be answered: the guest finds its own request. */
static void page_request(struct vcpu *vcpu, gpa_t gpa, unsigned int times)
{
	const volatile struct ghcb_page *page = ram_shared_pointer(gpa, sizeof(*page));
	unsigned int vmpl = vcpu->vmpl;
	struct ghcb_call call, asked;

	if (page == NULL) {
		trace_note(vcpu, TRACE_VMGEXIT, gpa.raw, UINT64_MAX, UINT64_MAX, 0);
		return;
	}
	copy_in(&asked, gpa, page);
	trace_count_request(asked.exit_code, false);
	trace_note(vcpu, TRACE_VMGEXIT, asked.exit_code, asked.info1, asked.info2, 0);
	for (unsigned int i = 0; i < times && vcpu->vmpl == vmpl && vcpu->state == VCPU_RUN; i++) {
		call = asked;
		serve(vcpu, &call);
		if (!call.deferred) {
			copy_out(vcpu, &call);
		}
	}
}

void ghcb_vmgexit(struct vcpu *vcpu)
{
	uint64_t request = vcpu->ghcb_msr[vcpu->vmpl];
	unsigned int times = hostile_requests(vcpu);
	unsigned int vmpl = vcpu->vmpl;

	if (ghcb_msr_code(request) == GHCB_MSR_GHCB_PAGE) {
		page_request(vcpu, gpa_make(request), times);
		return;
	}
	trace_note(vcpu, TRACE_VMGEXIT, request, 0, 0, 0);
	trace_count_request(request, true);
	for (unsigned int i = 0; i < times && vcpu->vmpl == vmpl && vcpu->state == VCPU_RUN; i++) {
		ghcb_msr_request(vcpu, request);
	}
}
