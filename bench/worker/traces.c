/* SPDX-License-Identifier: Apache-2.0 */
#include <glob.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "lines.h"
#include "plans.h"
#include "ticks.h"
#include "trace.h"

/*
 * Recorded boots, call after call on one thread that is each vCPU in turn. Only the calls are
 * timed; what the host did between them is done untimed, and pages about to be validated are
 * touched before (a host of SNP guests has them pinned). Nothing watches: that results are right is
 * the replay tool's business, here they are only counted. Recordings of a stub that answered BUSY
 * or INCOMPLETE by its own rules are left out, since no other implementation gives these answers.
 */

struct boot {
	struct hm_machine *machine;
	struct trace_setup setup;
	struct trace_line line;
	unsigned int bound; /* UINT_MAX: none */
	uint64_t ca[HM_MAX_VCPUS];
	struct {
		uint64_t vmsa, ca;
	} context[HM_MAX_VCPUS];
	unsigned int nr_contexts;
};

struct totals {
	uint64_t calls, pages, ticks, mismatches, boots, flushes;
	struct histogram latency;
};

static void select_vcpu(struct boot *b, unsigned int vcpu)
{
	if (b->bound == vcpu) {
		return;
	}
	if (b->bound != UINT_MAX) {
		hm_unbind(b->machine);
	}
	hm_bind(b->machine, vcpu);
	b->bound = vcpu;
}

static bool is_core(const struct trace_line *line, enum core_call_id call)
{
	return line->protocol == CALL_PROTOCOL_CORE && line->call == (uint32_t)call;
}

static void touch(struct boot *b, uint64_t entry)
{
	const uint64_t gpa = entry & ~SVSM_PAGE_MASK;
	const uint64_t bytes = (entry & ENTRY_SIZE_MASK) == ENTRY_SIZE_2M ? SVSM_REGION_SIZE
									  : SVSM_PAGE_SIZE;

	if ((entry & ENTRY_VALIDATE) == 0U || gpa + bytes > hm_boot_info(b->machine)->ram_top) {
		return;
	}
	for (uint64_t at = gpa; at < gpa + bytes; at += SVSM_PAGE_SIZE) {
		volatile unsigned char *page = hm_system_page(b->machine, hm_spn(b->machine, at));

		*page = 1U;
	}
}

/* Pages of the list; its bytes are written and its pages touched. */
static uint64_t prepare_list(struct boot *b)
{
	const struct trace_line *line = &b->line;
	const struct {
		uint16_t n, next;
		uint32_t reserved;
	} head = { (uint16_t)line->in.value[TRACE_N], (uint16_t)line->in.value[TRACE_NEXT],
		   (uint32_t)line->in.value[TRACE_RSVD] };
	const uint64_t gpa = line->in.value[TRACE_RCX];
	uint64_t pages = 0U;

	if (!line->in.has[TRACE_N]) {
		return 0U;
	}
	(void)hm_guest_write(b->machine, gpa, &head, sizeof(head));
	if (line->has_list && line->list.nr > 0U) {
		(void)hm_guest_write(b->machine, gpa + sizeof(head), line->list.entry,
				     line->list.nr * sizeof(line->list.entry[0]));
	}
	for (unsigned int i = 0; line->has_list && i < line->list.nr; i++) {
		touch(b, line->list.entry[i]);
		pages += entry_step(line->list.entry[i]) / SVSM_PAGE_SIZE;
	}
	return pages;
}

static void track(struct boot *b)
{
	const struct trace_values *in = &b->line.in;

	if (is_core(&b->line, CORE_REMAP_CA)) {
		b->ca[b->line.vcpu] = in->value[TRACE_RCX];
	} else if (is_core(&b->line, CORE_CREATE_VCPU) && b->nr_contexts < HM_MAX_VCPUS) {
		b->context[b->nr_contexts].vmsa = in->value[TRACE_RCX];
		b->context[b->nr_contexts].ca = in->value[TRACE_RDX];
		b->nr_contexts++;
	}
}

static void run_call(struct boot *b, struct totals *totals)
{
	const struct trace_line *line = &b->line;
	struct hm_regs regs = {
		.rax = call_rax(line->protocol, line->call),
		.rcx = line->in.value[TRACE_RCX],
		.rdx = line->in.value[TRACE_RDX],
		.r8 = line->in.value[TRACE_R8],
		.r9 = line->in.value[TRACE_R9],
	};
	enum hm_call done = HM_CALL_DONE;
	uint64_t pages = 0U;
	uint64_t ticks = 0U;

	if (line->protocol != CALL_PROTOCOL_CORE) {
		return; /* the recorder had no attestation */
	}
	select_vcpu(b, line->vcpu);
	pages = prepare_list(b);
	ticks = ticks_now();
	done = hm_call(b->machine, b->ca[line->vcpu], &regs);
	ticks = ticks_now() - ticks;
	histogram_add(&totals->latency, ticks);
	totals->ticks += ticks;
	totals->calls++;
	totals->pages += pages;
	if (done != HM_CALL_DONE || regs.rax != line->out.value[TRACE_RAX]) {
		totals->mismatches++;
	} else if (regs.rax == RESULT_SUCCESS) {
		track(b);
	}
}

static void run_apc(struct boot *b)
{
	const struct trace_line *line = &b->line;

	if (line->apc.action == TRACE_APC_DESTROY) {
		hm_ap_destroy(b->machine, line->apc.apic);
		return;
	}
	for (unsigned int i = 0; i < b->nr_contexts; i++) {
		if (b->context[i].vmsa == line->apc.vmsa) {
			b->ca[line->apc.apic] = b->context[i].ca;
		}
	}
	hm_ap_create(b->machine, line->apc.apic, line->apc.vmsa);
}

static void run_vmsa(struct boot *b, unsigned int vcpu)
{
	const struct trace_vmsa *v = &b->line.vmsa;
	struct vmsa_page page;

	memset(&page, 0, sizeof(page));
	page.vmpl = (uint8_t)v->vmpl;
	page.cs.selector = (uint16_t)v->cs_selector;
	page.cs.base = v->cs_base;
	page.rip = v->rip;
	page.cr0 = v->cr0;
	page.cr4 = v->cr4;
	page.efer = v->efer;
	page.sev_features = v->features;
	page.rflags = v->rflags;
	page.rdx = v->rdx;
	select_vcpu(b, vcpu);
	(void)hm_guest_write(b->machine, v->gpa, &page, sizeof(page));
}

/* The line names no vCPU: it is that of the next call. */
static unsigned int next_caller(const struct lines *lines, size_t i, struct trace_line *scratch)
{
	struct text_error error;

	for (; i < lines->nr; i++) {
		if (trace_parse(lines->line[i], scratch, &error) && scratch->kind == TRACE_CALL) {
			return scratch->vcpu;
		}
	}
	return 0U;
}

static void run_line(struct boot *b, struct totals *totals)
{
	struct hm_regs regs = { .rax = b->line.in.value[TRACE_RAX] };

	switch (b->line.kind) {
	case TRACE_CALL:
		run_call(b, totals);
		return;
	case TRACE_NOCALL:
		select_vcpu(b, b->line.vcpu);
		(void)hm_vmgexit(b->machine, &regs);
		return;
	case TRACE_PSC:
		(void)hm_psc(b->machine, b->line.psc.page, b->line.psc.count,
			     b->line.psc.size_2m ? SVSM_PAGE_2M : SVSM_PAGE_4K,
			     b->line.psc.to_private);
		return;
	case TRACE_APC:
		run_apc(b);
		return;
	case TRACE_AP_HOLD:
		select_vcpu(b, b->line.vcpu);
		hm_guest_idle(b->machine);
		return;
	default:
		return;
	}
}

static void copy_ranges(struct hm_range *to, unsigned int *nr_to, const struct trace_range *from,
			unsigned int nr, unsigned int max)
{
	for (*nr_to = 0; *nr_to < nr && *nr_to < max; (*nr_to)++) {
		to[*nr_to] = (struct hm_range){ from[*nr_to].start, from[*nr_to].end };
	}
}

static struct hm_machine *make_machine(const struct load *load, const struct trace_setup *setup)
{
	struct hm_config config = {
		.nr_vcpus = setup->nr_vcpus,
		.svsm = { setup->svsm.start, setup->svsm.end },
		.startup_ca = setup->initial_caa,
		.guest_vmpl = setup->guest_vmpl,
		.rmp_4k = setup->rmp_4k,
		.budget_pages = UINT_MAX,
		.cost_pvalidate = load->cost.pvalidate,
		.cost_rmpadjust = load->cost.rmpadjust,
		.cost_switch = load->cost.switching,
		.cost_flush = load->cost.flush,
	};

	copy_ranges(config.ram, &config.nr_ram, setup->ram, setup->nr_ram, HM_MAX_RANGES);
	copy_ranges(config.valid, &config.nr_valid, setup->valid, setup->nr_valid, HM_MAX_RANGES);
	copy_ranges(config.rom, &config.nr_rom, setup->rom, setup->nr_rom,
		    sizeof(config.rom) / sizeof(config.rom[0]));
	return hm_create(&config);
}

static bool run_boot(const struct load *load, const struct lines *lines, struct boot *b,
		     struct totals *totals)
{
	struct trace_line *scratch = malloc(sizeof(*scratch));
	struct hm_counters counters;
	struct text_error error;

	b->machine = make_machine(load, &b->setup);
	if (scratch == NULL || b->machine == NULL) {
		free(scratch);
		return false;
	}
	b->bound = UINT_MAX;
	b->nr_contexts = 0U;
	b->ca[0] = b->setup.initial_caa;
	for (size_t i = 0; i < lines->nr; i++) {
		(void)trace_parse(lines->line[i], &b->line, &error);
		if (b->line.kind == TRACE_VMSA) {
			run_vmsa(b, next_caller(lines, i + 1U, scratch));
		} else {
			run_line(b, totals);
		}
	}
	if (b->bound != UINT_MAX) {
		hm_unbind(b->machine);
	}
	hm_counters(b->machine, &counters);
	totals->flushes += counters.flush_global;
	totals->boots++;
	hm_destroy(b->machine);
	free(scratch);
	return true;
}

static bool run_file(const struct load *load, const char *path, struct totals *totals)
{
	struct boot *b = calloc(1U, sizeof(*b));
	struct text_error error;
	struct lines lines;
	size_t bad = 0U;
	bool ok = b != NULL && lines_load(path, &lines, &error);

	if (!ok) {
		free(b);
		(void)fprintf(stderr, "worker: cannot read %s\n", path);
		return false;
	}
	if (!trace_scan(&lines, &b->setup, &bad, &error)) {
		(void)fprintf(stderr, "worker: %s:%zu: %s\n", path, bad, error.message);
		ok = false;
	} else if (!b->setup.policy_busy && b->setup.policy_incomplete == 0U) {
		ok = run_boot(load, &lines, b, totals);
	}
	lines_free(&lines);
	free(b);
	return ok;
}

static void print_totals(const struct totals *t, double ns)
{
	const double seconds = (double)t->ticks * ns / 1e9;
	const double calls = (double)t->calls;

	printf("{\"kind\": \"recorded boots\", \"calls\": %" PRIu64 ", \"seconds\": %.6f, "
	       "\"rate\": %.3f, \"pages\": %.3f, ",
	       t->calls, seconds, calls / seconds, (double)t->pages / seconds);
	printf("\"p50\": %.1f, \"p99\": %.1f, \"p999\": %.1f, \"max\": %.1f, \"mean\": %.1f, "
	       "\"cpu\": 0, ",
	       (double)histogram_percentile(&t->latency, 500U, 1000U) * ns,
	       (double)histogram_percentile(&t->latency, 990U, 1000U) * ns,
	       (double)histogram_percentile(&t->latency, 999U, 1000U) * ns,
	       (double)t->latency.max * ns, (double)t->ticks * ns / calls);
	printf("\"flushes\": %.4f, \"busy\": 0, \"incomplete\": 0, \"conflicts\": 0, \"late\": 0, "
	       "\"boots\": %" PRIu64 ", \"mismatches\": %" PRIu64 "}\n",
	       (double)t->flushes / calls, t->boots, t->mismatches);
}

bool traces_run(const struct load *load)
{
	const struct ticks_mark from = ticks_mark();
	struct totals *totals = calloc(1U, sizeof(*totals));
	struct ticks_mark to;
	char pattern[PATH_MAX];
	glob_t files;
	bool ok = totals != NULL;

	(void)snprintf(pattern, sizeof(pattern), "%s/*.trace.xz", load->traces);
	if (!ok || glob(pattern, 0, NULL, &files) != 0) {
		(void)fprintf(stderr, "worker: no recordings in %s\n", load->traces);
		free(totals);
		return false;
	}
	for (size_t i = 0; i < files.gl_pathc && ok; i++) {
		ok = run_file(load, files.gl_pathv[i], totals);
	}
	globfree(&files);
	to = ticks_mark();
	if (ok && totals->calls > 0U) {
		print_totals(totals, ticks_calibrate(&from, &to));
	}
	free(totals);
	return ok;
}
