/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "abi/vmsa_abi.h"
#include "observe_priv.h"
#include "ram.h"

/* SVSM calls as lines of a trace (docs/replay.md). */

#define NR_PROTOCOLS 5U
#define NR_CALLS 8U
#define LIST_HEADER_BYTES 8U
_Static_assert(NR_PROTOCOLS *NR_CALLS + 1U == SVSM_CALL_KINDS, "kinds of calls");

static const char *const protocol_names[NR_PROTOCOLS] = { "core", "attest", "vtpm", "apic", "mm" };

static const char *const call_names[NR_PROTOCOLS][NR_CALLS] = {
	{ "remap_ca", "pvalidate", "create_vcpu", "delete_vcpu", "deposit_mem", "withdraw_mem",
	  "query_protocol", "configure_vtom" },
	{ "services", "single_service" },
	{ "query", "cmd" },
	{ "query_features", "configure_emulation", "read_register", "write_register",
	  "configure_vector" },
	{ "request" },
};

unsigned int svsm_call_kind(uint64_t rax)
{
	uint32_t protocol = CALL_PROTOCOL(rax);
	uint32_t call = CALL_NUMBER(rax);

	if (protocol >= NR_PROTOCOLS || call >= NR_CALLS || call_names[protocol][call] == NULL) {
		return SVSM_CALL_KINDS - 1U;
	}
	return protocol * NR_CALLS + call;
}

void svsm_call_kind_name(struct trace_text *line, unsigned int kind)
{
	if (kind >= SVSM_CALL_KINDS - 1U) {
		text_add(line, "other");
		return;
	}
	text_add(line, protocol_names[kind / NR_CALLS]);
	text_add(line, ".");
	text_add(line, call_names[kind / NR_CALLS][kind % NR_CALLS]);
}

void svsm_call_name(struct trace_text *line, uint64_t rax)
{
	unsigned int kind = svsm_call_kind(rax);

	if (kind < SVSM_CALL_KINDS - 1U) {
		svsm_call_kind_name(line, kind);
	} else if (CALL_PROTOCOL(rax) < NR_PROTOCOLS) {
		text_add(line, protocol_names[CALL_PROTOCOL(rax)]);
		text_add(line, ".");
		text_add_dec(line, CALL_NUMBER(rax));
	} else {
		text_add(line, "proto");
		text_add_hex(line, CALL_PROTOCOL(rax));
		text_add(line, ".");
		text_add_hex(line, CALL_NUMBER(rax));
	}
}

static bool is_core(const struct svsm_call *call, uint32_t number)
{
	return call->rax == number;
}

/* ---- what the call refers to ---- */

static const void *operand(const struct svsm_call *call, uint64_t gpa, size_t len)
{
	return svsm_page_accessible(gpa_make(gpa), call->vmpl) ? ram_pointer(gpa_make(gpa), len)
							       : NULL;
}

static void capture_list(struct svsm_call *call)
{
	const uint8_t *list;
	size_t room = EMU_PAGE_SIZE - (call->rcx & EMU_PAGE_MASK);

	if ((call->rcx & 7U) != 0U || room < LIST_HEADER_BYTES) {
		return;
	}
	list = operand(call, call->rcx, room);
	if (list == NULL) {
		return;
	}
	call->has_header = true;
	memcpy(&call->n, list, sizeof(call->n));
	memcpy(&call->next, list + 2, sizeof(call->next));
	memcpy(&call->reserved, list + 4, sizeof(call->reserved));
	if (call->n == 0U || call->n > (room - LIST_HEADER_BYTES) / 8U || call->next >= call->n) {
		return;
	}
	call->has_list = true;
	memcpy(call->entries, list + LIST_HEADER_BYTES, 8U * (size_t)call->n);
}

static void capture_op(struct svsm_call *call)
{
	const void *op;

	if ((call->rcx & 7U) != 0U ||
	    EMU_PAGE_SIZE - (call->rcx & EMU_PAGE_MASK) < sizeof(call->op)) {
		return;
	}
	op = operand(call, call->rcx, sizeof(call->op));
	if (op != NULL) {
		memcpy(call->op, op, sizeof(call->op));
		call->has_op = true;
	}
}

static void capture_vmsa(struct svsm_call *call)
{
	const struct vmsa_page *page =
		operand(call, call->rcx & ~EMU_PAGE_MASK, sizeof(struct vmsa_page));

	if (page == NULL) {
		return;
	}
	call->has_vmsa = true;
	call->vmsa.selector = page->cs.selector;
	call->vmsa.base = page->cs.base;
	call->vmsa.rip = page->rip;
	call->vmsa.cr0 = page->cr0;
	call->vmsa.cr4 = page->cr4;
	call->vmsa.efer = page->efer;
	call->vmsa.vmpl = page->vmpl;
	call->vmsa.features = page->sev_features;
	call->vmsa.rflags = page->rflags;
	call->vmsa.rdx = page->rdx;
}

static bool pending(const struct svsm_call *call)
{
	const uint8_t *flag = gpa_is_none(call->caa) ? NULL : ram_pointer(call->caa, 1);

	return flag == NULL || *flag != 0U;
}

void svsm_call_capture(struct svsm_call *call)
{
	call->captured = true;
	call->has_header = false;
	call->has_list = false;
	call->has_op = false;
	call->has_vmsa = false;
	call->nocall = !pending(call);
	if (call->nocall) {
		return;
	}
	if (is_core(call, CORE_PVALIDATE)) {
		capture_list(call);
	} else if (is_core(call, CORE_CREATE_VCPU)) {
		capture_vmsa(call);
	} else if (CALL_PROTOCOL(call->rax) == PROTOCOL_ATTEST) {
		capture_op(call);
	}
}

/* ---- lines ---- */

/* E*N: entries E, E+s, E+2s, ... with s the page size that bits 1:0 of E name. */
static void add_list(struct trace_text *line, const struct svsm_call *call)
{
	unsigned int i = 0;

	text_add(line, " [");
	while (i < call->n) {
		uint64_t first = call->entries[i];
		uint64_t step = (first & 3U) == 1U ? EMU_LARGE_SIZE : EMU_PAGE_SIZE;
		unsigned int run = 1;

		while (i + run < call->n && call->entries[i + run] == first + run * step) {
			run++;
		}
		text_add(line, i == 0U ? "" : " ");
		text_add_hex(line, first);
		if (run > 1U) {
			text_add(line, "*");
			text_add_dec(line, run);
		}
		i += run;
	}
	text_add(line, "]");
}

static void add_registers(struct trace_text *line, const struct svsm_call *call)
{
	text_add_key(line, "rcx", call->rcx);
	text_add_key(line, "rdx", call->rdx);
	text_add_key(line, "r8", call->r8);
	text_add_key(line, "r9", call->r9);
}

static void add_inputs(struct trace_text *line, const struct svsm_call *call, bool busy)
{
	if (busy || call->rax > CORE_QUERY_PROTOCOL || call->rax == 4U || call->rax == 5U) {
		add_registers(line, call);
		return;
	}
	text_add_key(line, "rcx", call->rcx);
	if (is_core(call, CORE_CREATE_VCPU)) {
		text_add_key(line, "rdx", call->rdx);
		text_add_key(line, "r8", call->r8);
	}
	if (call->has_header) {
		text_add(line, " n=");
		text_add_dec(line, call->n);
		text_add(line, " next=");
		text_add_dec(line, call->next);
		if (call->reserved != 0U) {
			text_add_key(line, "rsvd", call->reserved);
		}
	}
	if (call->has_list) {
		add_list(line, call);
	}
}

static void add_list_result(struct trace_text *line, const struct svsm_call *call, uint64_t rax)
{
	const uint8_t *list = call->has_header ? ram_pointer(gpa_make(call->rcx), LIST_HEADER_BYTES)
					       : NULL;
	uint16_t next = 0;

	if (list != NULL) {
		memcpy(&next, list + 2, sizeof(next));
	}
	text_add(line, " next=");
	text_add_dec(line, next);
	if (rax != 0U && rax != RESULT_INCOMPLETE && call->has_list && next < call->n) {
		text_add_key(line, "failed", call->entries[next]);
	}
}

static void add_outputs(struct trace_text *line, const struct svsm_call *call,
			const struct svsm_return *now)
{
	if (now->rax == RESULT_BUSY) {
		return;
	}
	if (is_core(call, CORE_PVALIDATE)) {
		add_list_result(line, call, now->rax);
	} else if (is_core(call, CORE_QUERY_PROTOCOL) || now->rcx != call->rcx) {
		text_add_key(line, "rcx", now->rcx);
	}
	if (now->rdx != call->rdx) {
		text_add_key(line, "rdx", now->rdx);
	}
	if (now->r8 != call->r8) {
		text_add_key(line, "r8", now->r8);
	}
	if (now->r9 != call->r9) {
		text_add_key(line, "r9", now->r9);
	}
}

static void add_vmsa(struct trace_text *line, const struct svsm_call *call)
{
	text_add(line, TRACE_MARK "# vmsa ");
	text_add_hex(line, call->rcx & ~EMU_PAGE_MASK);
	text_add(line, " cs ");
	text_add_hex(line, call->vmsa.selector);
	text_add(line, "/");
	text_add_hex(line, call->vmsa.base);
	text_add(line, " rip ");
	text_add_hex(line, call->vmsa.rip);
	text_add(line, " cr0 ");
	text_add_hex(line, call->vmsa.cr0);
	text_add(line, " cr4 ");
	text_add_hex(line, call->vmsa.cr4);
	text_add(line, " efer ");
	text_add_hex(line, call->vmsa.efer);
	text_add(line, " vmpl ");
	text_add_dec(line, call->vmsa.vmpl);
	text_add(line, " feat ");
	text_add_hex(line, call->vmsa.features);
	text_add(line, " rflags ");
	text_add_hex(line, call->vmsa.rflags);
	text_add(line, " rdx ");
	text_add_hex(line, call->vmsa.rdx);
	text_add(line, "\n");
}

static void add_op(struct trace_text *line, const struct svsm_call *call)
{
	text_add(line, TRACE_MARK "# attest op:");
	for (unsigned int i = 0; i < CALL_OP_WORDS; i++) {
		text_add(line, " ");
		text_add_hex(line, call->op[i]);
	}
	text_add(line, "\n");
}

static void add_via(struct trace_text *line, const struct svsm_call *call)
{
	text_add(line, call->by_msr ? " via=msr\n" : " via=ghcb\n");
}

void svsm_call_line(struct trace_text *line, const struct svsm_call *call, unsigned int cpu,
		    uint64_t ticks, const struct svsm_return *now)
{
	bool busy = now->rax == RESULT_BUSY;

	if (call->has_vmsa && !busy) {
		add_vmsa(line, call);
	}
	if (call->has_op && !busy) {
		add_op(line, call);
	}
	text_add(line, call->nocall ? TRACE_MARK "nocall " : TRACE_MARK "call ");
	text_add_dec(line, cpu);
	text_add(line, " ");
	text_add_dec(line, ticks);
	if (call->nocall) {
		text_add_key(line, "rax", call->rax);
		text_add_key(line, "caa", call->caa.raw);
	} else {
		text_add(line, " ");
		svsm_call_name(line, call->rax);
		add_inputs(line, call, busy);
		text_add(line, " -> rax=0x");
		text_add_hex(line, now->rax);
		add_outputs(line, call, now);
	}
	add_via(line, call);
}
