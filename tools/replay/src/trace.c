/* SPDX-License-Identifier: Apache-2.0 */
#include "trace.h"

#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "lines.h"

#define MAX_GPA (UINT64_C(1) << 52)
#define MAX_PSC_PAGES (UINT64_C(1) << 24)

static bool take_hex(struct slice *rest, uint64_t *value, struct text_error *error)
{
	struct slice word = text_word(rest);

	return text_hex(word, value)
		       ? true
		       : text_fail(error, "bad hexadecimal number '%.*s'", SLICE_ARG(word));
}

static bool to_vcpu(struct slice word, unsigned int *vcpu, struct text_error *error)
{
	uint64_t raw = 0;

	if (!text_dec(word, &raw) || raw >= TRACE_MAX_VCPUS) {
		return text_fail(error, "bad vCPU number '%.*s'", SLICE_ARG(word));
	}
	*vcpu = (unsigned int)raw;
	return true;
}

static bool expect_end(struct slice *rest, struct text_error *error)
{
	struct slice word = text_word(rest);

	return word.len == 0U ? true : text_fail(error, "unexpected '%.*s'", SLICE_ARG(word));
}

static bool parse_range(struct slice rest, struct trace_line *out, struct text_error *error)
{
	if (!take_hex(&rest, &out->start, error) || !take_hex(&rest, &out->end, error)) {
		return false;
	}
	if (out->start >= out->end || out->end > MAX_GPA ||
	    ((out->start | out->end) & 0xfffU) != 0U) {
		return text_fail(error, "bad range");
	}
	return expect_end(&rest, error);
}

/* "# initial caa 44000 guest vmpl 2 policy rebind rmp 2m" */
static bool parse_initial(struct slice rest, struct trace_line *out, struct text_error *error)
{
	uint64_t vmpl = 0;
	struct slice word;

	if (!take_hex(&rest, &out->initial.caa, error)) {
		return false;
	}
	(void)text_word(&rest);
	(void)text_word(&rest);
	word = text_word(&rest);
	if (!text_dec(word, &vmpl) || vmpl < 1U || vmpl > 3U || (out->initial.caa & 0xfffU) != 0U) {
		return text_fail(error, "bad calling area or guest VMPL");
	}
	out->initial.vmpl = (unsigned int)vmpl;
	(void)text_word(&rest);
	(void)text_word(&rest);
	word = text_word(&rest);
	if (!slice_is(word, "rmp")) {
		return text_fail(error, "'rmp' expected, got '%.*s'", SLICE_ARG(word));
	}
	word = text_word(&rest);
	out->initial.rmp_4k = slice_is(word, "4k");
	return out->initial.rmp_4k || slice_is(word, "2m") ? true
							   : text_fail(error, "bad RMP page size");
}

/* "BUSY for every second call", "INCOMPLETE after 16 entries"; other policies do not change results
 * here. */
static bool parse_policy(struct slice rest, struct trace_line *out, struct text_error *error)
{
	uint64_t entries = 0;

	if (slice_is(rest, "BUSY for every second call")) {
		out->policy.busy = true;
	} else if (slice_strip(&rest, "INCOMPLETE after ")) {
		if (!text_dec(text_word(&rest), &entries) || entries == 0U ||
		    entries > UINT16_MAX) {
			return text_fail(error, "bad number of entries in the policy");
		}
		out->policy.incomplete = (unsigned int)entries;
	} else if (!slice_is(rest, "BUSY where a VMSA is in use")) {
		return text_fail(error, "unknown policy '%.*s'", SLICE_ARG(rest));
	}
	return true;
}

/* "<gpa> cs <selector>/<base> rip <x> cr0 <x> ... vmpl <dec> feat <x> rflags <x> rdx <x>" */
static bool parse_vmsa(struct slice rest, struct trace_line *out, struct text_error *error)
{
	struct trace_vmsa *v = &out->vmsa;
	const struct {
		const char *name;
		uint64_t *field;
	} fields[] = {
		{ "rip", &v->rip },	  { "cr0", &v->cr0 },	{ "cr4", &v->cr4 },
		{ "efer", &v->efer },	  { "vmpl", &v->vmpl }, { "feat", &v->features },
		{ "rflags", &v->rflags }, { "rdx", &v->rdx },
	};
	struct slice selector;
	struct slice base;

	if (!take_hex(&rest, &v->gpa, error)) {
		return false;
	}
	if (!slice_is(text_word(&rest), "cs") ||
	    !slice_cut(text_word(&rest), '/', &selector, &base) ||
	    !text_hex(selector, &v->cs_selector) || !text_hex(base, &v->cs_base)) {
		return text_fail(error, "bad code segment of the VMSA");
	}
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (!slice_is(text_word(&rest), fields[i].name)) {
			return text_fail(error, "'%s' expected in the VMSA", fields[i].name);
		}
		if (!take_hex(&rest, fields[i].field, error)) {
			return false;
		}
	}
	if (v->vmpl > UINT8_MAX || v->cs_selector > UINT16_MAX || (v->gpa & 0xfffU) != 0U) {
		return text_fail(error, "VMSA value out of range");
	}
	return expect_end(&rest, error);
}

static bool parse_ap_hold(struct slice rest, struct trace_line *out, struct text_error *error)
{
	return to_vcpu(text_word(&rest), &out->vcpu, error) && expect_end(&rest, error);
}

static bool parse_op(struct slice rest, struct trace_line *out, struct text_error *error)
{
	out->nr_op = 0;
	while (out->nr_op < TRACE_OP_WORDS) {
		if (!take_hex(&rest, &out->op[out->nr_op++], error)) {
			return false;
		}
	}
	return expect_end(&rest, error);
}

static const struct {
	const char *name;
	bool decimal;
} value_keys[TRACE_KEYS] = {
	[TRACE_RAX] = { "rax", false },	      [TRACE_RCX] = { "rcx", false },
	[TRACE_RDX] = { "rdx", false },	      [TRACE_R8] = { "r8", false },
	[TRACE_R9] = { "r9", false },	      [TRACE_N] = { "n", true },
	[TRACE_NEXT] = { "next", true },      [TRACE_RSVD] = { "rsvd", false },
	[TRACE_FAILED] = { "failed", false }, [TRACE_CAA] = { "caa", false },
};

static bool parse_value(struct slice word, struct trace_values *values, struct text_error *error)
{
	struct slice name;
	struct slice text;

	if (!slice_cut(word, '=', &name, &text)) {
		return text_fail(error, "key=value expected, got '%.*s'", SLICE_ARG(word));
	}
	if (slice_is(name, "via")) {
		return true;
	}
	for (unsigned int key = 0; key < TRACE_KEYS; key++) {
		if (!slice_is(name, value_keys[key].name)) {
			continue;
		}
		if (values->has[key] ||
		    !(value_keys[key].decimal ? text_dec(text, &values->value[key])
					      : text_hex(text, &values->value[key]))) {
			return text_fail(error, "bad or repeated value '%.*s'", SLICE_ARG(word));
		}
		values->has[key] = true;
		return true;
	}
	return text_fail(error, "unknown key '%.*s'", SLICE_ARG(word));
}

/* Takes "[...]" off the front of @rest into the list. */
static bool take_list(struct slice *rest, struct trace_line *out, struct text_error *error)
{
	struct slice before;
	struct slice inside;
	struct slice after;

	if (out->has_list || !slice_cut(*rest, '[', &before, &inside) ||
	    !slice_cut(inside, ']', &inside, &after)) {
		return text_fail(error, "list without ']', or a second list");
	}
	*rest = after;
	out->has_list = true;
	return entries_parse(inside, &out->list, error);
}

static bool check_call(const struct trace_line *out, struct text_error *error)
{
	if (!out->out.has[TRACE_RAX]) {
		return text_fail(error, "call without a result");
	}
	if (out->in.value[TRACE_N] > UINT16_MAX || out->in.value[TRACE_NEXT] > UINT16_MAX ||
	    out->in.value[TRACE_RSVD] > UINT32_MAX) {
		return text_fail(error, "list header out of range");
	}
	if (out->has_list && (!out->in.has[TRACE_RCX] || out->in.value[TRACE_N] != out->list.nr)) {
		return text_fail(error,
				 "list without address, or n= differs from the number of entries");
	}
	return true;
}

/* "<vcpu> <tsc-delta> <proto.call> key=value... [entries] -> rax=... key=value... via=... [remark]"
 */
static bool parse_call(struct slice rest, struct trace_line *out, struct text_error *error)
{
	struct trace_values *values = &out->in;
	struct slice word;
	struct slice ahead;
	uint64_t delta = 0;

	if (!to_vcpu(text_word(&rest), &out->vcpu, error)) {
		return false;
	}
	if (!text_dec(text_word(&rest), &delta)) {
		return text_fail(error, "bad tsc-delta");
	}
	word = text_word(&rest);
	if (!call_parse(word, &out->protocol, &out->call)) {
		return text_fail(error, "unknown call '%.*s'", SLICE_ARG(word));
	}
	for (;;) {
		ahead = rest;
		word = text_word(&ahead);
		if (word.len == 0U || slice_is(word, "running")) {
			return check_call(out, error);
		}
		if (*word.p == '[' && values == &out->in) {
			if (!take_list(&rest, out, error)) {
				return false;
			}
			continue;
		}
		rest = ahead;
		if (slice_is(word, "->") && values == &out->in) {
			values = &out->out;
		} else if (!parse_value(word, values, error)) {
			return false;
		}
	}
}

/* "<vcpu> <tsc-delta> rax=<x> caa=<x> via=<...>" */
static bool parse_nocall(struct slice rest, struct trace_line *out, struct text_error *error)
{
	uint64_t delta = 0;

	if (!to_vcpu(text_word(&rest), &out->vcpu, error)) {
		return false;
	}
	if (!text_dec(text_word(&rest), &delta)) {
		return text_fail(error, "bad tsc-delta");
	}
	for (struct slice word = text_word(&rest); word.len > 0U; word = text_word(&rest)) {
		if (!parse_value(word, &out->in, error)) {
			return false;
		}
	}
	return out->in.has[TRACE_RAX] ? true : text_fail(error, "nocall without rax=");
}

static bool take_choice(struct slice *rest, const char *yes, const char *no, bool *value,
			struct text_error *error)
{
	struct slice word = text_word(rest);

	*value = slice_is(word, yes);
	return *value || slice_is(word, no) ? true
					    : text_fail(error, "'%s' or '%s' expected, got '%.*s'",
							yes, no, SLICE_ARG(word));
}

/* "<vcpu> <page>[*N] <private|shared> <4k|2m> via=<...>" */
static bool parse_psc(struct slice rest, struct trace_line *out, struct text_error *error)
{
	struct slice word;
	struct slice page;
	struct slice times;
	uint64_t mask;

	if (!to_vcpu(text_word(&rest), &out->vcpu, error)) {
		return false;
	}
	word = text_word(&rest);
	page = word;
	out->psc.count = 1;
	if (slice_cut(word, '*', &page, &times) && !text_dec(times, &out->psc.count)) {
		return text_fail(error, "bad page count '%.*s'", SLICE_ARG(word));
	}
	if (!text_hex(page, &out->psc.page)) {
		return text_fail(error, "bad page '%.*s'", SLICE_ARG(word));
	}
	if (!take_choice(&rest, "private", "shared", &out->psc.to_private, error) ||
	    !take_choice(&rest, "2m", "4k", &out->psc.size_2m, error)) {
		return false;
	}
	mask = out->psc.size_2m ? UINT64_C(0x1fffff) : UINT64_C(0xfff);
	if ((out->psc.page & mask) != 0U || out->psc.page >= MAX_GPA || out->psc.count == 0U ||
	    out->psc.count > MAX_PSC_PAGES) {
		return text_fail(error, "page misaligned or out of range");
	}
	return true;
}

static bool parse_apc_action(struct slice word, struct trace_line *out, struct text_error *error)
{
	static const char *const names[] = {
		[TRACE_APC_CREATE] = "create",
		[TRACE_APC_ON_INIT] = "on_init",
		[TRACE_APC_DESTROY] = "destroy",
	};

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (slice_is(word, names[i])) {
			out->apc.action = (enum trace_apc_action)i;
			return true;
		}
	}
	return text_fail(error, "unknown AP creation action '%.*s'", SLICE_ARG(word));
}

/* "<vcpu> <create|on_init|destroy> apic=<dec> vmpl=<dec> vmsa=<x> feat=<x> vmsapage=<bit>" */
static bool parse_apc(struct slice rest, struct trace_line *out, struct text_error *error)
{
	bool has_apic = false;
	bool has_vmsa = false;

	if (!to_vcpu(text_word(&rest), &out->vcpu, error) ||
	    !parse_apc_action(text_word(&rest), out, error)) {
		return false;
	}
	for (struct slice word = text_word(&rest); word.len > 0U; word = text_word(&rest)) {
		struct slice value = word;

		if (slice_strip(&value, "apic=")) {
			has_apic = to_vcpu(value, &out->apc.apic, error);
			if (!has_apic) {
				return false;
			}
		} else if (slice_strip(&value, "vmsa=")) {
			has_vmsa = text_hex(value, &out->apc.vmsa);
		}
	}
	return has_apic && has_vmsa ? true : text_fail(error, "AP creation without apic= or vmsa=");
}

static const struct {
	const char *prefix;
	enum trace_kind kind;
	bool (*parse)(struct slice rest, struct trace_line *out, struct text_error *error);
} line_kinds[] = {
	{ "call ", TRACE_CALL, parse_call },
	{ "psc ", TRACE_PSC, parse_psc },
	{ "apc ", TRACE_APC, parse_apc },
	{ "nocall ", TRACE_NOCALL, parse_nocall },
	{ "ram ", TRACE_RAM, parse_range },
	{ "valid ", TRACE_VALID, parse_range },
	{ "svsm ", TRACE_SVSM, parse_range },
	{ "# rom ", TRACE_ROM, parse_range },
	{ "# initial caa ", TRACE_INITIAL, parse_initial },
	{ "# policy: ", TRACE_POLICY, parse_policy },
	{ "# vmsa ", TRACE_VMSA, parse_vmsa },
	{ "# ap_hold ", TRACE_AP_HOLD, parse_ap_hold },
	{ "# attest op:", TRACE_ATTEST_OP, parse_op },
};

bool trace_parse(struct slice line, struct trace_line *out, struct text_error *error)
{
	struct slice ahead = line;

	*out = (struct trace_line){ .kind = TRACE_NOTE };
	for (size_t i = 0; i < sizeof(line_kinds) / sizeof(line_kinds[0]); i++) {
		struct slice rest = line;

		if (slice_strip(&rest, line_kinds[i].prefix)) {
			out->kind = line_kinds[i].kind;
			return line_kinds[i].parse(rest, out, error);
		}
	}
	if (text_word(&ahead).len == 0U || *line.p == '#') {
		return true;
	}
	return text_fail(error, "not a trace line: '%.*s'", SLICE_ARG(line));
}

static bool add_range(struct trace_range *ranges, unsigned int *nr, const struct trace_line *line,
		      struct text_error *error)
{
	if (*nr == TRACE_MAX_RANGES) {
		return text_fail(error, "more than %u ranges of one kind", TRACE_MAX_RANGES);
	}
	ranges[(*nr)++] = (struct trace_range){ .start = line->start, .end = line->end };
	return true;
}

static void note_vcpu(struct trace_setup *setup, unsigned int vcpu)
{
	if (vcpu >= setup->nr_vcpus) {
		setup->nr_vcpus = vcpu + 1U;
	}
}

static bool note_call(struct trace_setup *setup, const struct trace_line *line,
		      struct text_error *error)
{
	uint64_t apic = line->in.value[TRACE_R8];

	note_vcpu(setup, line->vcpu);
	if (line->protocol == CALL_PROTOCOL_CORE && line->call == CORE_CREATE_VCPU &&
	    line->out.value[TRACE_RAX] == RESULT_SUCCESS) {
		if (apic >= TRACE_MAX_VCPUS) {
			return text_fail(error, "APIC id out of range");
		}
		note_vcpu(setup, (unsigned int)apic);
	}
	return true;
}

static bool note_line(struct trace_setup *setup, const struct trace_line *line,
		      struct text_error *error)
{
	switch (line->kind) {
	case TRACE_RAM:
		return add_range(setup->ram, &setup->nr_ram, line, error);
	case TRACE_VALID:
		return add_range(setup->valid, &setup->nr_valid, line, error);
	case TRACE_ROM:
		return add_range(setup->rom, &setup->nr_rom, line, error);
	case TRACE_SVSM:
		setup->svsm = (struct trace_range){ .start = line->start, .end = line->end };
		return true;
	case TRACE_INITIAL:
		setup->initial_caa = line->initial.caa;
		setup->guest_vmpl = line->initial.vmpl;
		setup->rmp_4k = line->initial.rmp_4k;
		return true;
	case TRACE_POLICY:
		setup->policy_busy |= line->policy.busy;
		if (line->policy.incomplete != 0U) {
			setup->policy_incomplete = line->policy.incomplete;
		}
		return true;
	case TRACE_CALL:
		return note_call(setup, line, error);
	case TRACE_APC:
		note_vcpu(setup, line->apc.apic);
		note_vcpu(setup, line->vcpu);
		return true;
	case TRACE_AP_HOLD:
	case TRACE_NOCALL:
	case TRACE_PSC:
		note_vcpu(setup, line->vcpu);
		return true;
	default:
		return true;
	}
}

bool trace_scan(const struct lines *lines, struct trace_setup *setup, size_t *bad_line,
		struct text_error *error)
{
	struct trace_line *line = malloc(sizeof(*line));
	bool ok = line != NULL;

	*setup = (struct trace_setup){ .nr_vcpus = 1 };
	*bad_line = 1;
	if (!ok) {
		return text_fail(error, "no memory");
	}
	for (size_t i = 0; ok && i < lines->nr; i++) {
		*bad_line = i + 1U;
		ok = trace_parse(lines->line[i], line, error) && note_line(setup, line, error);
	}
	free(line);
	if (!ok) {
		return false;
	}
	setup->title = lines->nr > 0U ? lines->line[0] : slice_of("");
	if (!slice_strip(&setup->title, TRACE_MAGIC)) {
		return text_fail(error, "first line is not '%s...'", TRACE_MAGIC);
	}
	if (setup->nr_ram == 0U || setup->svsm.end == 0U || setup->guest_vmpl == 0U) {
		return text_fail(
			error, "the trace names no RAM, no SVSM range or no initial calling area");
	}
	return true;
}
