/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "calls.h"
#include "guest.h"
#include "judge.h"
#include "lines.h"
#include "replay.h"
#include "run.h"
#include "trace.h"

#define DEFAULT_MAX_SHOWN 10U

struct trace_run {
	const char *path;
	const struct replay_options *options;
	struct replay_summary *sum;
	struct trace_setup setup;
	struct guest guest;
	struct trace_line line;
	size_t line_nr;
	uint64_t op[TRACE_OP_WORDS]; /* attestation structure for the next attestation call */
	bool has_op;
};

__attribute__((format(printf, 2, 3))) static void mismatch(struct trace_run *run,
							   const char *format, ...)
{
	unsigned int max = run->options->max_shown;
	va_list args;

	run->sum->mismatches++;
	if (run->options->err == NULL ||
	    run->sum->mismatches > (max == 0U ? DEFAULT_MAX_SHOWN : max)) {
		return;
	}
	(void)fprintf(run->options->err, "%s:%zu: vCPU %u: ", run->path, run->line_nr,
		      run->line.vcpu);
	va_start(args, format);
	(void)vfprintf(run->options->err, format, args);
	va_end(args);
	(void)fputc('\n', run->options->err);
}

static bool is_core(const struct trace_line *line, enum core_call_id call)
{
	return line->protocol == CALL_PROTOCOL_CORE && line->call == (uint32_t)call;
}

/* ---- pages after PVALIDATE (58019 6.3) ---- */

static void check_page(struct trace_run *run, uint64_t gpa, bool valid)
{
	static const uint8_t zero[SVSM_PAGE_SIZE];
	uint8_t page[SVSM_PAGE_SIZE];
	struct guest *g = &run->guest;
	enum hm_access access;

	guest_select(g, run->line.vcpu);
	access = hm_guest_read(g->machine, gpa, page, sizeof(page));
	if (!valid) {
		run->sum->pages_gone++;
		if (access == HM_OK) {
			mismatch(run, "page 0x%" PRIx64 " still readable after it was rescinded",
				 gpa);
		}
		return;
	}
	run->sum->pages_zero++;
	if (access != HM_OK) {
		mismatch(run, "page 0x%" PRIx64 " not accessible after validation", gpa);
	} else if (memcmp(page, zero, sizeof(page)) != 0) {
		mismatch(run, "page 0x%" PRIx64 " not zero after validation", gpa);
	}
}

/* Does an entry of [@first, @end) name the page at @gpa too? Then that entry decides what the page
 * is. */
static bool named_again(const struct entry_list *list, unsigned int first, unsigned int end,
			uint64_t gpa)
{
	for (unsigned int i = first; i < end; i++) {
		uint64_t start = list->entry[i] & ~SVSM_PAGE_MASK;

		if (gpa >= start && gpa - start < entry_step(list->entry[i])) {
			return true;
		}
	}
	return false;
}

static void check_entry(struct trace_run *run, unsigned int i, unsigned int end)
{
	const struct entry_list *list = &run->line.list;
	uint64_t entry = list->entry[i];
	uint64_t pages = run->options->check_all ? entry_step(entry) / SVSM_PAGE_SIZE : 1U;

	for (uint64_t k = 0; k < pages; k++) {
		uint64_t gpa = (entry & ~SVSM_PAGE_MASK) + k * SVSM_PAGE_SIZE;

		if (!named_again(list, i + 1U, end, gpa)) {
			check_page(run, gpa, (entry & ENTRY_VALIDATE) != 0U);
		}
	}
}

/* Entries [@start, @end) of the list have been carried out. */
static void check_pages(struct trace_run *run, uint64_t start, uint64_t end)
{
	const struct entry_list *list = &run->line.list;

	for (unsigned int i = (unsigned int)start; i < end && i < list->nr; i++) {
		run->sum->entries++;
		if (i == start || run->options->check_all || entry_starts_run(list, i)) {
			check_entry(run, i, (unsigned int)end);
		}
	}
}

/* ---- one call ---- */

static void count_call(struct replay_summary *sum, const char *name)
{
	unsigned int i = 0;

	sum->calls++;
	while (i < sum->nr_types && strcmp(sum->type[i].name, name) != 0) {
		i++;
	}
	if (i == REPLAY_CALL_TYPES) {
		return;
	}
	if (i == sum->nr_types) {
		(void)snprintf(sum->type[i].name, sizeof(sum->type[i].name), "%s", name);
		sum->nr_types++;
	}
	sum->type[i].calls++;
}

/* Input in guest memory: the list, or the attestation structure, as the recording guest had it
 * there. */
static bool write_input(struct trace_run *run)
{
	const struct trace_line *line = &run->line;
	uint64_t rcx = line->in.value[TRACE_RCX];
	enum hm_access access = HM_OK;

	if (line->in.has[TRACE_N]) {
		const struct guest_list_header header = {
			.n = (uint16_t)line->in.value[TRACE_N],
			.next = (uint16_t)line->in.value[TRACE_NEXT],
			.reserved = (uint32_t)line->in.value[TRACE_RSVD],
		};

		access = guest_write_list(&run->guest, line->vcpu, rcx, header, line->list.entry,
					  line->has_list ? line->list.nr : 0U);
	} else if (run->has_op && line->protocol == CALL_PROTOCOL_ATTEST) {
		guest_select(&run->guest, line->vcpu);
		access = hm_guest_write(run->guest.machine, rcx, run->op, sizeof(run->op));
		run->has_op = false;
	}
	if (access != HM_OK) {
		mismatch(run, "the guest cannot write its parameters at 0x%" PRIx64 " (%s)", rcx,
			 run_access_word(access));
	}
	return access == HM_OK;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static uint64_t flip_if_corrupt(struct trace_run *run, uint64_t expected)
{
	return run->sum->compared == run->options->corrupt ? expected ^ 1U : expected;
}

static void compare_registers(struct trace_run *run, const struct hm_regs *regs)
{
	const struct trace_values *out = &run->line.out;
	const struct {
		const char *name;
		enum trace_key key;
		uint64_t got;
	} rows[] = {
		{ "rcx", TRACE_RCX, regs->rcx },
		{ "rdx", TRACE_RDX, regs->rdx },
		{ "r8", TRACE_R8, regs->r8 },
		{ "r9", TRACE_R9, regs->r9 },
	};
	uint64_t rax = flip_if_corrupt(run, out->value[TRACE_RAX]);

	if (regs->rax != rax) {
		mismatch(run, "rax: expected 0x%" PRIx64 ", got 0x%" PRIx64, rax, regs->rax);
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (out->has[rows[i].key] && out->value[rows[i].key] != rows[i].got) {
			mismatch(run, "%s: expected 0x%" PRIx64 ", got 0x%" PRIx64, rows[i].name,
				 out->value[rows[i].key], rows[i].got);
		}
	}
}

/* `next` and the failing entry, as the guest finds them in its list. Returns next. */
static uint64_t compare_list(struct trace_run *run)
{
	const struct trace_line *line = &run->line;
	uint64_t rcx = line->in.value[TRACE_RCX];
	uint64_t next = line->out.value[TRACE_NEXT];
	struct guest_list_header header = { .n = 0 };
	uint64_t entry = 0;

	if (guest_read_header(&run->guest, line->vcpu, rcx, &header) != HM_OK) {
		mismatch(run, "the guest cannot read its list at 0x%" PRIx64, rcx);
		return line->in.value[TRACE_NEXT];
	}
	if (header.next != next) {
		mismatch(run, "next: expected %" PRIu64 ", got %u", next, header.next);
	}
	if (!line->out.has[TRACE_FAILED]) {
		return header.next;
	}
	if (hm_guest_read(run->guest.machine, rcx + sizeof(header) + 8U * (uint64_t)header.next,
			  &entry, sizeof(entry)) != HM_OK ||
	    entry != line->out.value[TRACE_FAILED]) {
		mismatch(run, "failing entry: expected 0x%" PRIx64 ", got 0x%" PRIx64,
			 line->out.value[TRACE_FAILED], entry);
	}
	return header.next;
}

/* The recorder had no attestation: an SVSM that has answers differently, which is no fault. */
static bool skip_attest(struct trace_run *run, const struct hm_regs *regs)
{
	const struct trace_line *line = &run->line;

	if (line->protocol != CALL_PROTOCOL_ATTEST ||
	    line->out.value[TRACE_RAX] != RESULT_UNSUPPORTED_PROTOCOL ||
	    regs->rax == RESULT_UNSUPPORTED_PROTOCOL) {
		return false;
	}
	run->sum->skipped_attest++;
	return true;
}

static void tell(struct trace_run *run, const char *name, uint64_t rax, uint64_t entries,
		 uint64_t ns)
{
	const struct replay_call call = {
		.name = name,
		.protocol = run->line.protocol,
		.call = run->line.call,
		.vcpu = run->line.vcpu,
		.rax = rax,
		.entries = entries,
		.nanoseconds = ns,
	};

	count_call(run->sum, name);
	if (run->options->on_call != NULL) {
		run->options->on_call(run->options->ctx, &call);
	}
}

static void judge_call(struct trace_run *run, const struct hm_regs *regs, uint64_t ns)
{
	const struct trace_line *line = &run->line;
	char name[CALL_NAME_SIZE];
	uint64_t start = line->in.value[TRACE_NEXT];
	uint64_t next = start;

	(void)call_name(line->protocol, line->call, name);
	if (skip_attest(run, regs)) {
		tell(run, name, regs->rax, 0U, ns);
		return;
	}
	run->sum->compared++;
	compare_registers(run, regs);
	if (line->out.has[TRACE_NEXT] && line->in.has[TRACE_N]) {
		next = compare_list(run);
	}
	next = next < start ? start : next;
	tell(run, name, regs->rax, next - start, ns);
	if (is_core(line, CORE_PVALIDATE)) {
		check_pages(run, start, next);
	}
}

static enum replay_status run_call(struct trace_run *run)
{
	const struct trace_line *line = &run->line;
	struct hm_regs regs = {
		.rax = call_rax(line->protocol, line->call),
		.rcx = line->in.value[TRACE_RCX],
		.rdx = line->in.value[TRACE_RDX],
		.r8 = line->in.value[TRACE_R8],
		.r9 = line->in.value[TRACE_R9],
	};
	enum hm_call done = HM_CALL_DONE;
	uint64_t start;

	if (run->setup.policy_busy && line->out.value[TRACE_RAX] == RESULT_BUSY) {
		run->sum->skipped_busy++;
		return REPLAY_OK;
	}
	if (!write_input(run)) {
		return REPLAY_OK;
	}
	guest_select(&run->guest, line->vcpu);
	start = now_ns();
	if (!guest_call(&run->guest, line->vcpu, run->guest.ca[line->vcpu], &regs, &done)) {
		return REPLAY_NO_MACHINE;
	}
	start = now_ns() - start;
	if (done != HM_CALL_DONE) {
		mismatch(run, "the call was not served (%s)", run_call_word(done));
		return REPLAY_OK;
	}
	judge_call(run, &regs, start);
	return REPLAY_OK;
}

/* A VMGEXIT without SVSM_CALL_PENDING: nothing may change (58019 section 5). */
static enum replay_status run_nocall(struct trace_run *run)
{
	struct hm_regs regs = { .rax = run->line.in.value[TRACE_RAX] };
	uint64_t rax = regs.rax;

	guest_select(&run->guest, run->line.vcpu);
	if (hm_vmgexit(run->guest.machine, &regs) != HM_RESUMED || regs.rax != rax) {
		mismatch(run, "an entry without a call changed rax to 0x%" PRIx64, regs.rax);
	}
	return REPLAY_OK;
}

/* ---- what the host and the guest did between calls ---- */

static enum replay_status run_psc(struct trace_run *run)
{
	const struct trace_line *line = &run->line;
	enum svsm_page_size size = line->psc.size_2m ? SVSM_PAGE_2M : SVSM_PAGE_4K;

	run->sum->page_changes += line->psc.count;
	if (!hm_psc(run->guest.machine, line->psc.page, line->psc.count, size,
		    line->psc.to_private)) {
		mismatch(run, "page state change of 0x%" PRIx64 " refused by the RMP",
			 line->psc.page);
	}
	return REPLAY_OK;
}

static enum replay_status run_apc(struct trace_run *run)
{
	const struct trace_line *line = &run->line;

	if (line->apc.action == TRACE_APC_DESTROY) {
		hm_ap_destroy(run->guest.machine, line->apc.apic);
	} else {
		guest_ap_create(&run->guest, line->apc.apic, line->apc.vmsa);
	}
	return REPLAY_OK;
}

/* The guest fills the page that its next call proposes as VMSA. The line names no vCPU: the next
 * call's makes it. */
static enum replay_status run_vmsa(struct trace_run *run, unsigned int vcpu)
{
	const struct trace_vmsa *v = &run->line.vmsa;
	struct vmsa_page page;
	enum hm_access access;

	guest_default_vmsa(&page, (unsigned int)v->vmpl);
	page.cs.selector = (uint16_t)v->cs_selector;
	page.cs.base = v->cs_base;
	page.rip = v->rip;
	page.cr0 = v->cr0;
	page.cr4 = v->cr4;
	page.efer = v->efer;
	page.sev_features = v->features;
	page.rflags = v->rflags;
	page.rdx = v->rdx;
	guest_select(&run->guest, vcpu);
	access = hm_guest_write(run->guest.machine, v->gpa, &page, sizeof(page));
	if (access != HM_OK) {
		mismatch(run, "the guest cannot write the VMSA at 0x%" PRIx64 " (%s)", v->gpa,
			 run_access_word(access));
	}
	return REPLAY_OK;
}

static enum replay_status run_line(struct trace_run *run)
{
	switch (run->line.kind) {
	case TRACE_CALL:
		return run_call(run);
	case TRACE_NOCALL:
		return run_nocall(run);
	case TRACE_PSC:
		return run_psc(run);
	case TRACE_APC:
		return run_apc(run);
	case TRACE_AP_HOLD:
		guest_select(&run->guest, run->line.vcpu);
		hm_guest_idle(run->guest.machine);
		return REPLAY_OK;
	case TRACE_ATTEST_OP:
		memcpy(run->op, run->line.op, sizeof(run->op));
		run->has_op = true;
		return REPLAY_OK;
	default:
		return REPLAY_OK;
	}
}

/* ---- the whole trace ---- */

/* vCPU of the first call at or behind line index @i, 0 if there is none. */
static unsigned int next_caller(const struct lines *lines, size_t i, struct trace_line *scratch)
{
	struct text_error error;

	for (; i < lines->nr; i++) {
		if (trace_parse(lines->line[i], scratch, &error) && scratch->kind == TRACE_CALL) {
			return scratch->vcpu;
		}
	}
	return 0;
}

static enum replay_status run_lines(struct trace_run *run, const struct lines *lines)
{
	struct trace_line *scratch = malloc(sizeof(*scratch));
	enum replay_status status = scratch == NULL ? REPLAY_NO_MACHINE : REPLAY_OK;
	struct text_error error;

	for (size_t i = 0; i < lines->nr && status == REPLAY_OK; i++) {
		run->line_nr = i + 1U;
		run->sum->lines++;
		(void)trace_parse(lines->line[i], &run->line, &error);
		if (run->line.kind == TRACE_VMSA) {
			status = run_vmsa(run, next_caller(lines, i + 1U, scratch));
		} else {
			status = run_line(run);
		}
	}
	free(scratch);
	return status;
}

static void copy_ranges(struct hm_range *to, unsigned int *nr_to, unsigned int max,
			const struct trace_range *from, unsigned int nr)
{
	for (*nr_to = 0; *nr_to < nr && *nr_to < max; (*nr_to)++) {
		to[*nr_to] =
			(struct hm_range){ .start = from[*nr_to].start, .end = from[*nr_to].end };
	}
}

/* The recorder's stub had no bound on pages, and none on entries but for the INCOMPLETE policy. */
static struct hm_config machine_config(const struct trace_setup *setup)
{
	struct hm_config config = {
		.nr_vcpus = setup->nr_vcpus,
		.svsm = { .start = setup->svsm.start, .end = setup->svsm.end },
		.startup_ca = setup->initial_caa,
		.guest_vmpl = setup->guest_vmpl,
		.rmp_4k = setup->rmp_4k,
		.budget_entries = setup->policy_incomplete,
		.budget_pages = UINT_MAX,
	};

	copy_ranges(config.ram, &config.nr_ram, HM_MAX_RANGES, setup->ram, setup->nr_ram);
	copy_ranges(config.valid, &config.nr_valid, HM_MAX_RANGES, setup->valid, setup->nr_valid);
	copy_ranges(config.rom, &config.nr_rom, sizeof(config.rom) / sizeof(config.rom[0]),
		    setup->rom, setup->nr_rom);
	return config;
}

static void start_summary(struct trace_run *run)
{
	*run->sum = (struct replay_summary){
		.vcpus = run->setup.nr_vcpus,
		.budget_entries = run->setup.policy_incomplete,
		.rmp_4k = run->setup.rmp_4k,
	};
	(void)snprintf(run->sum->title, sizeof(run->sum->title), "%.*s", (int)run->setup.title.len,
		       run->setup.title.p);
}

static enum replay_status run_trace(struct trace_run *run, const struct lines *lines)
{
	struct hm_config config = machine_config(&run->setup);
	enum replay_status status;

	if (!guest_start(&run->guest, &config)) {
		return REPLAY_NO_MACHINE;
	}
	status = run_lines(run, lines);
	run->sum->violations = guest_judge(&run->guest, run->options->err);
	run->sum->judge_checks = judge_checks(run->guest.judge);
	run->sum->invariants = judge_invariants_checked(run->guest.judge);
	guest_stop(&run->guest);
	if (status == REPLAY_OK && run->options->corrupt > run->sum->compared) {
		struct text_error error;

		(void)text_fail(&error, "no compared call %" PRIu64 " to corrupt",
				run->options->corrupt);
		run_error(run->options, run->path, 0, &error);
		return REPLAY_BAD_INPUT;
	}
	if (status == REPLAY_OK && (run->sum->mismatches > 0U || run->sum->violations > 0U)) {
		status = REPLAY_MISMATCH;
	}
	return status;
}

enum replay_status run_trace_lines(const char *path, const struct lines *lines,
				   const struct replay_options *options,
				   struct replay_summary *summary)
{
	struct replay_summary local;
	struct trace_run *run = calloc(1, sizeof(*run));
	struct text_error error;
	size_t bad_line = 0;
	enum replay_status status = REPLAY_BAD_INPUT;

	if (run == NULL) {
		return REPLAY_NO_MACHINE;
	}
	run->path = path;
	run->options = options;
	run->sum = summary == NULL ? &local : summary;
	*run->sum = (struct replay_summary){ .lines = 0 };
	if (!trace_scan(lines, &run->setup, &bad_line, &error)) {
		run_error(options, path, bad_line, &error);
	} else {
		start_summary(run);
		status = run_trace(run, lines);
	}
	free(run);
	return status;
}
