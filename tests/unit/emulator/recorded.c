/* SPDX-License-Identifier: Apache-2.0 */
#include "recorded.h"

#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "lines.h"
#include "trace.h"

bool recorded_open(const char *path, struct recorded *recorded)
{
	struct lines *lines = calloc(1, sizeof(*lines));
	struct trace_setup setup;
	struct text_error error;
	size_t bad = 0;

	if (lines == NULL || !lines_load(path, lines, &error) ||
	    !trace_scan(lines, &setup, &bad, &error)) {
		free(lines);
		return false;
	}
	*recorded = (struct recorded){
		.ram_bytes = setup.ram[0].end,
		.svsm_start = setup.svsm.start,
		.svsm_end = setup.svsm.end,
		.caa = setup.initial_caa,
		.vmpl = setup.guest_vmpl,
		.lines = lines,
		.nr_lines = lines->nr,
	};
	return true;
}

void recorded_close(struct recorded *recorded)
{
	lines_free(recorded->lines);
	free(recorded->lines);
}

/* What replay does not look at: number behind the last "@key". */
static uint64_t key_value(struct slice text, const char *key, int base)
{
	char copy[32] = { 0 };
	size_t len = strlen(key);

	for (size_t i = text.len; i-- > 0U;) {
		if (text.len - i >= len && memcmp(text.p + i, key, len) == 0) {
			size_t rest = text.len - i - len;

			memcpy(copy, text.p + i + len,
			       rest < sizeof(copy) ? rest : sizeof(copy) - 1U);
			return strtoull(copy, NULL, base);
		}
	}
	return 0;
}

static bool ends_with(struct slice text, const char *end)
{
	size_t len = strlen(end);

	return text.len >= len && memcmp(text.p + text.len - len, end, len) == 0;
}

static void take_call(const struct trace_line *from, struct slice text, struct recorded_line *line)
{
	struct slice rest = text;

	(void)text_word(&rest);
	(void)text_word(&rest);
	(void)text_dec(text_word(&rest), &line->delta);
	line->kind = RECORDED_CALL;
	line->rax = (uint64_t)from->protocol << 32U | from->call;
	line->rcx = from->in.value[TRACE_RCX];
	line->rdx = from->in.value[TRACE_RDX];
	line->r8 = from->in.value[TRACE_R8];
	line->r9 = from->in.value[TRACE_R9];
	line->n = (uint16_t)from->in.value[TRACE_N];
	line->next = (uint16_t)from->in.value[TRACE_NEXT];
	line->has_list = from->has_list;
	line->nr_entries = from->list.nr;
	memcpy(line->entries, from->list.entry, sizeof(uint64_t) * from->list.nr);
	line->out_rax = from->out.value[TRACE_RAX];
	line->out_rcx = from->out.value[TRACE_RCX];
	line->has_out_rcx = from->out.has[TRACE_RCX];
	line->out_next = from->out.value[TRACE_NEXT];
}

static void take_vmsa(const struct trace_vmsa *from, struct recorded_line *line)
{
	line->kind = RECORDED_VMSA;
	line->vmsa = from->gpa;
	line->selector = from->cs_selector;
	line->base = from->cs_base;
	line->rip = from->rip;
	line->cr0 = from->cr0;
	line->cr4 = from->cr4;
	line->efer = from->efer;
	line->vmpl = (unsigned int)from->vmpl;
	line->features = from->features;
	line->rflags = from->rflags;
	line->rdx_field = from->rdx;
}

static void take_apc(const struct trace_line *from, struct slice text, struct recorded_line *line)
{
	static const unsigned int events[] = {
		[TRACE_APC_ON_INIT] = 0, [TRACE_APC_CREATE] = 1, [TRACE_APC_DESTROY] = 2
	};

	line->kind = RECORDED_APC;
	line->event = events[from->apc.action];
	line->apic = from->apc.apic;
	line->vmsa = from->apc.vmsa;
	line->vmpl = (unsigned int)key_value(text, "vmpl=", 10);
	line->features = key_value(text, "feat=", 16);
}

void recorded_line(const struct recorded *recorded, size_t index, struct recorded_line *line)
{
	static struct trace_line parsed;
	const struct lines *lines = recorded->lines;
	struct slice text = lines->line[index];
	struct text_error error;

	memset(line, 0, sizeof(*line));
	line->text = text.p;
	line->len = text.len;
	if (!trace_parse(text, &parsed, &error)) {
		abort();
	}
	line->vcpu = parsed.vcpu;
	line->by_msr = ends_with(text, "via=msr");
	line->implicit = ends_with(text, "via=implicit");
	switch (parsed.kind) {
	case TRACE_CALL:
		take_call(&parsed, text, line);
		break;
	case TRACE_PSC:
		line->kind = RECORDED_PSC;
		line->page = parsed.psc.page;
		line->count = parsed.psc.count;
		line->to_private = parsed.psc.to_private;
		line->large = parsed.psc.size_2m;
		break;
	case TRACE_APC:
		take_apc(&parsed, text, line);
		break;
	case TRACE_VMSA:
		take_vmsa(&parsed.vmsa, line);
		break;
	case TRACE_ATTEST_OP:
		line->kind = RECORDED_OP;
		memcpy(line->op, parsed.op, sizeof(line->op));
		break;
	case TRACE_AP_HOLD:
		line->kind = RECORDED_HOLD;
		break;
	default:
		break;
	}
}
