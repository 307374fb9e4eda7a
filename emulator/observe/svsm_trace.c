/* SPDX-License-Identifier: Apache-2.0 */
#include "abi/vmsa_abi.h"
#include "host.h"
#include "observe_priv.h"
#include "ram.h"
#include "rmp.h"

/*
 * The recorder. What a call refers to is read when the guest asks and written down when it is
 * answered, so lines are in the order of completion: what a guest does on account of an answer
 * comes behind its line.
 *
 * calls[] belong to their processors. Everything else is under one lock, with the console output,
 * because lines of all vCPUs have one order; tracing is not for measuring.
 */

/* 511 entries of up to 17 characters, a VMSA line and the rest */
#define LINE_BYTES 10240U
#define NR_AREAS 64U
#define FLUSH_TRIES 100000U

static bool enabled;
static struct svsm_call calls[EMU_MAX_CPUS];

static struct {
	atomic_flag lock;
	bool started;
	uint64_t last_end;
	gpa_t caa[EMU_MAX_CPUS];
	/* Which calling area belongs to which VMSA, from CREATE_VCPU; the oldest is forgotten. */
	struct {
		gpa_t vmsa;
		gpa_t caa;
	} areas[NR_AREAS];
	unsigned int next_area;
	/* Like state changes of consecutive pages that are not written down yet */
	struct {
		unsigned int cpu;
		uint64_t page;
		uint64_t count;
		bool to_private;
		bool large;
		const char *via;
	} psc;
	char line[LINE_BYTES];
} rec = { .lock = ATOMIC_FLAG_INIT };

void trace_enable(bool on)
{
	enabled = on;
	rec.started = false;
	rec.last_end = host_tsc();
	rec.next_area = 0;
	rec.psc.count = 0;
	for (unsigned int i = 0; i < EMU_MAX_CPUS; i++) {
		rec.caa[i] = GPA_NONE;
		calls[i].open = false;
	}
	for (unsigned int i = 0; i < NR_AREAS; i++) {
		rec.areas[i].vmsa = GPA_NONE;
	}
}

static void emit(const struct trace_text *line)
{
	host_log_raw(line->text, line->len);
}

static struct trace_text new_line(void)
{
	return (struct trace_text){ .text = rec.line, .size = sizeof(rec.line) };
}

static void flush_psc(void)
{
	struct trace_text line = new_line();

	if (rec.psc.count == 0U) {
		return;
	}
	text_add(&line, TRACE_MARK "psc ");
	text_add_dec(&line, rec.psc.cpu);
	text_add(&line, " ");
	text_add_hex(&line, rec.psc.page);
	if (rec.psc.count > 1U) {
		text_add(&line, "*");
		text_add_dec(&line, rec.psc.count);
	}
	text_add(&line, rec.psc.to_private ? " private " : " shared ");
	text_add(&line, rec.psc.large ? "2m via=" : "4k via=");
	text_add(&line, rec.psc.via);
	text_add(&line, "\n");
	emit(&line);
	rec.psc.count = 0;
}

static void lock(void)
{
	/* pairs with unlock */
	while (atomic_flag_test_and_set_explicit(&rec.lock, memory_order_acquire)) {
		__builtin_ia32_pause();
	}
}

static void unlock(void)
{
	/* pairs with lock */
	atomic_flag_clear_explicit(&rec.lock, memory_order_release);
}

/* The guest's first request: write the header, from which the trace starts. */
static void start(unsigned int vmpl, unsigned int cpu)
{
	if (!rec.started) {
		rec.started = true;
		rec.caa[cpu] = svsm_header(vmpl, emit);
	}
}

/* VMPL0 alone has nobody to ask; its own requests are not the guest's. */
static bool records(const struct vcpu *vcpu)
{
	return enabled && vcpu->vmpl != 0U && vcpu->cpu < EMU_MAX_CPUS;
}

/* ---- calls ---- */

void trace_svsm_begin(struct vcpu *vcpu, bool by_msr)
{
	struct svsm_call *call = &calls[vcpu->cpu % EMU_MAX_CPUS];

	call->open = true;
	call->captured = false;
	call->by_msr = by_msr;
	call->vmpl = vcpu->vmpl;
	call->cycles = 0;
	call->began = host_tsc();
	call->rax = vcpu_reg(vcpu, REG_RAX);
	call->rcx = vcpu_reg(vcpu, REG_RCX);
	call->rdx = vcpu_reg(vcpu, REG_RDX);
	call->r8 = vcpu_reg(vcpu, REG_R8);
	call->r9 = vcpu_reg(vcpu, REG_R8 + 1U);
	if (records(vcpu)) {
		lock();
		start(vcpu->vmpl, vcpu->cpu);
		call->caa = rec.caa[vcpu->cpu];
		unlock();
		svsm_call_capture(call);
	}
}

void svsm_call_cycles(const struct vcpu *vcpu, uint64_t cycles)
{
	struct svsm_call *call = &calls[vcpu->cpu % EMU_MAX_CPUS];

	if (call->open) {
		call->cycles += cycles;
	}
}

/* Registers with which the guest goes on: loaded again, or still in its VMSA. */
static bool returned(const struct vcpu *vcpu, const struct svsm_call *call, struct svsm_return *now)
{
	const struct vmsa_page *page;

	if (vcpu->vmpl == call->vmpl) {
		now->rax = vcpu_reg(vcpu, REG_RAX);
		now->rcx = vcpu_reg(vcpu, REG_RCX);
		now->rdx = vcpu_reg(vcpu, REG_RDX);
		now->r8 = vcpu_reg(vcpu, REG_R8);
		now->r9 = vcpu_reg(vcpu, REG_R8 + 1U);
		return true;
	}
	page = ram_pointer(vcpu->vmsa[call->vmpl], sizeof(*page));
	if (page == NULL) {
		return false;
	}
	*now = (struct svsm_return){
		.rax = page->rax, .rcx = page->rcx, .rdx = page->rdx, .r8 = page->r8, .r9 = page->r9
	};
	return true;
}

/* What the answer means for calling areas. */
static void follow(const struct vcpu *vcpu, const struct svsm_call *call)
{
	if (call->rax == CORE_REMAP_CA) {
		rec.caa[vcpu->cpu] = gpa_make(call->rcx);
	} else if (call->rax == CORE_CREATE_VCPU) {
		unsigned int i = rec.next_area++ % NR_AREAS;

		rec.areas[i].vmsa = gpa_make(call->rcx);
		rec.areas[i].caa = gpa_make(call->rdx);
	}
}

static void record(const struct vcpu *vcpu, const struct svsm_call *call,
		   const struct svsm_return *now)
{
	struct trace_text line;
	uint64_t ticks;

	lock();
	flush_psc();
	line = new_line();
	ticks = call->began > rec.last_end ? call->began - rec.last_end : 0U;
	svsm_call_line(&line, call, vcpu->cpu, ticks, now);
	emit(&line);
	if (now->rax == 0U && !call->nocall) {
		follow(vcpu, call);
	}
	rec.last_end = host_tsc();
	unlock();
}

void trace_svsm_end(struct vcpu *vcpu)
{
	struct svsm_call *call = &calls[vcpu->cpu % EMU_MAX_CPUS];
	struct svsm_return now;

	/* VMPL0 may run another VMPL in between. */
	if (!call->open || (vcpu->vmpl != 0U && vcpu->vmpl != call->vmpl)) {
		return;
	}
	call->open = false;
	if (!returned(vcpu, call, &now)) {
		return;
	}
	report_call(call->rax, call->cycles);
	if (call->captured) {
		record(vcpu, call, &now);
	}
}

/* ---- what happens between calls ---- */

static void note_psc(const struct vcpu *vcpu, gpa_t page, bool to_private, bool large,
		     const char *via)
{
	uint64_t step = large ? EMU_LARGE_SIZE : EMU_PAGE_SIZE;

	lock();
	start(vcpu->vmpl, vcpu->cpu);
	if (rec.psc.count == 0U || rec.psc.cpu != vcpu->cpu || rec.psc.to_private != to_private ||
	    rec.psc.large != large || rec.psc.via != via ||
	    page.raw != rec.psc.page + rec.psc.count * step) {
		flush_psc();
		rec.psc.cpu = vcpu->cpu;
		rec.psc.page = page.raw;
		rec.psc.to_private = to_private;
		rec.psc.large = large;
		rec.psc.via = via;
	}
	rec.psc.count++;
	unlock();
}

/* A line is of one GHCB request, so that a trace shows how long requests are. */
void svsm_psc_request(const struct vcpu *vcpu)
{
	if (records(vcpu)) {
		lock();
		flush_psc();
		unlock();
	}
}

void trace_psc(struct vcpu *vcpu, gpa_t page, bool to_private, bool large, bool by_msr)
{
	static const char msr[] = "msr";
	static const char ghcb[] = "ghcb";

	if (records(vcpu)) {
		note_psc(vcpu, page, to_private, large, by_msr ? msr : ghcb);
	}
}

void trace_implicit(struct vcpu *vcpu, gpa_t page)
{
	static const char implicit[] = "implicit";

	if (records(vcpu)) {
		note_psc(vcpu, page, false, false, implicit);
	}
}

static gpa_t area_of(gpa_t vmsa)
{
	/* newest first: a VMSA page may have been created more than once */
	for (unsigned int i = 1; i <= NR_AREAS && i <= rec.next_area; i++) {
		unsigned int slot = (rec.next_area - i) % NR_AREAS;

		if (rec.areas[slot].vmsa.raw == vmsa.raw) {
			return rec.areas[slot].caa;
		}
	}
	return GPA_NONE;
}

static const char *ap_event_name(unsigned int event)
{
	switch (event) {
	case VCPU_AP_CREATE:
		return " create";
	case VCPU_AP_ON_INIT:
		return " on_init";
	default:
		return " destroy";
	}
}

void trace_ap(struct vcpu *vcpu, unsigned int event, unsigned int apic_id, unsigned int vmpl,
	      gpa_t vmsa, uint64_t features)
{
	struct trace_text line;

	if (!records(vcpu) || event > VCPU_AP_DESTROY || apic_id >= EMU_MAX_CPUS) {
		return;
	}
	lock();
	start(vcpu->vmpl, vcpu->cpu);
	flush_psc();
	if (event != VCPU_AP_DESTROY) {
		rec.caa[apic_id] = area_of(vmsa);
	}
	line = new_line();
	text_add(&line, TRACE_MARK "apc ");
	text_add_dec(&line, vcpu->cpu);
	text_add(&line, ap_event_name(event));
	text_add(&line, " apic=");
	text_add_dec(&line, apic_id);
	text_add(&line, " vmpl=");
	text_add_dec(&line, vmpl);
	text_add_key(&line, "vmsa", vmsa.raw);
	text_add_key(&line, "feat", features);
	text_add_key(&line, "vmsapage", rmp_is_vmsa(vmsa) ? 1U : 0U);
	text_add(&line, "\n");
	emit(&line);
	unlock();
}

void svsm_ap_hold(const struct vcpu *vcpu)
{
	struct trace_text line;

	if (!records(vcpu)) {
		return;
	}
	lock();
	start(vcpu->vmpl, vcpu->cpu);
	flush_psc();
	line = new_line();
	text_add(&line, TRACE_MARK "# ap_hold ");
	text_add_dec(&line, vcpu->cpu);
	text_add(&line, "\n");
	emit(&line);
	unlock();
}

/* A processor that was stopped for good may hold the lock: then the last line is given up. */
void svsm_trace_flush(void)
{
	for (unsigned int i = 0; i < FLUSH_TRIES; i++) {
		/* pairs with unlock */
		if (!atomic_flag_test_and_set_explicit(&rec.lock, memory_order_acquire)) {
			flush_psc();
			unlock();
			return;
		}
		__builtin_ia32_pause();
	}
}
