/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ticks.h"

#define BOOT_GPA SVSM_REGION_SIZE
#define BOOT_PAGES 4U
#define MARGIN (UINT64_C(16) << 20)
#define PAUSE_NS 200000L
#define MAX_REPEATS 1000000000U

/* ---- machine ---- */

uint64_t rig_ca(unsigned int vcpu, unsigned int which)
{
	return BOOT_GPA + ((uint64_t)vcpu * BOOT_PAGES + UINT64_C(2) * which) * SVSM_PAGE_SIZE;
}

uint64_t rig_vmsa(unsigned int vcpu, unsigned int which)
{
	return rig_ca(vcpu, which) + SVSM_PAGE_SIZE;
}

static uint64_t whole_regions(uint64_t bytes)
{
	return (bytes + SVSM_REGION_MASK) & ~SVSM_REGION_MASK;
}

bool rig_start(struct rig *rig, uint64_t work_bytes)
{
	const uint64_t end = rig_ca(rig->nr_vcpus, 0U);
	const struct cost_model *cost = &rig->load.cost;
	struct hm_config config = {
		.nr_vcpus = rig->nr_vcpus,
		.nr_ram = 1U,
		.nr_valid = 1U,
		.startup_ca = rig_ca(0U, 0U),
		.one_zero_method = rig->load.cycles > 0U,
		.cost_pvalidate = cost->pvalidate,
		.cost_rmpadjust = cost->rmpadjust,
		.cost_switch = cost->switching,
		.cost_flush = cost->flush,
	};
	uint64_t top = 0U;

	rig->work = whole_regions(end);
	config.valid[0] = (struct hm_range){ 0U, rig->work + whole_regions(work_bytes) };
	top = config.valid[0].end + MARGIN;
	top += whole_regions(svsm_boot_bytes(2U * top, rig->nr_vcpus));
	config.ram[0] = (struct hm_range){ 0U, top };
	rig->machine = hm_create(&config);
	return rig->machine != NULL;
}

void rig_stop(struct rig *rig)
{
	hm_destroy(rig->machine);
	rig->machine = NULL;
}

static void default_vmsa(struct vmsa_page *page, unsigned int vmpl)
{
	const struct vmsa_segment data = { .attributes = 0x92, .limit = 0xffff };

	memset(page, 0, sizeof(*page));
	page->ds = page->es = page->fs = page->gs = page->ss = data;
	page->cs = (struct vmsa_segment){ .attributes = 0x9a, .limit = 0xffff };
	page->vmpl = (uint8_t)vmpl;
	page->efer = VMSA_EFER_SVME;
	page->cr0 = 0x60000010;
	page->cr4 = 0x40;
	page->rflags = 2;
	page->sev_features = VMSA_SEV_SNP;
	page->xcr0 = 1;
}

bool rig_write_vmsa(struct worker *w, unsigned int target, unsigned int which)
{
	struct hm_machine *m = w->rig->machine;
	const uint64_t vmsa = rig_vmsa(target, which);
	struct vmsa_page page;

	default_vmsa(&page, hm_config(m)->guest_vmpl);
	return hm_guest_write(m, vmsa, &page, sizeof(page)) == HM_OK ||
	       worker_complain(w, "cannot write a VMSA to be", vmsa);
}

struct hm_regs rig_create_regs(unsigned int target, unsigned int which)
{
	return (struct hm_regs){ .rax = RAX_CREATE_VCPU,
				 .rcx = rig_vmsa(target, which),
				 .rdx = rig_ca(target, 0U),
				 .r8 = target };
}

/* ---- a vCPU ---- */

bool worker_complain(struct worker *w, const char *what, uint64_t value)
{
	if (!w->failed) {
		(void)fprintf(stderr, "worker: vCPU %u: %s (0x%" PRIx64 ")\n", w->index, what,
			      value);
	}
	w->failed = true;
	return false;
}

static uint64_t thread_ns(void)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static unsigned int phase_of(const struct rig *rig)
{
	return atomic_load_explicit(&rig->phase, memory_order_relaxed);
}

bool worker_stopping(const struct worker *w)
{
	return phase_of(w->rig) == RIG_STOPPING;
}

static uint64_t own_flushes(const struct worker *w)
{
	struct hm_counters counters;

	hm_cpu_counters(w->rig->machine, w->index, &counters);
	return counters.flush_global;
}

static void mark(struct worker *w)
{
	w->cpu_mark = thread_ns();
	w->flush_mark = own_flushes(w);
}

void worker_skip(struct worker *w)
{
	w->last = ticks_now();
}

void worker_kind(struct worker *w, unsigned int kind)
{
	w->kind = kind;
	mark(w);
	worker_skip(w);
}

void worker_settle(struct worker *w)
{
	struct tally *tally = &w->tally[w->kind];

	if (w->measuring) {
		tally->cpu_ns += thread_ns() - w->cpu_mark;
		tally->flushes += own_flushes(w) - w->flush_mark;
	}
}

bool worker_call(struct worker *w, struct hm_regs *regs)
{
	const struct hm_regs arguments = *regs;
	struct tally *tally = &w->tally[w->kind];

	for (unsigned int i = 0; i < MAX_REPEATS; i++) {
		const enum hm_call done = hm_call(w->rig->machine, rig_ca(w->index, w->ca), regs);

		w->answer ^= regs->rax + regs->rcx;
		if (done != HM_CALL_DONE) {
			return worker_complain(w, "a call was not served", (uint64_t)done);
		}
		if (regs->rax == 0U) {
			return true;
		}
		if (regs->rax == RESULT_BUSY) {
			tally->busy += w->measuring ? 1U : 0U;
		} else if (regs->rax == RESULT_INCOMPLETE) {
			tally->incomplete += w->measuring ? 1U : 0U;
		} else {
			(void)fprintf(stderr, "worker: call 0x%" PRIx64 " of 0x%" PRIx64 "\n",
				      arguments.rax, arguments.rcx);
			return worker_complain(w, "a call is refused", regs->rax);
		}
		*regs = arguments;
	}
	return worker_complain(w, "a call is never through", regs->rax);
}

static unsigned int wait_phase(const struct rig *rig)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };

	while (phase_of(rig) == RIG_PAUSED) {
		(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
	}
	return phase_of(rig);
}

bool worker_record(struct worker *w, uint64_t pages)
{
	struct tally *tally = &w->tally[w->kind];
	unsigned int phase = phase_of(w->rig);
	const uint64_t now = ticks_now();

	if (phase == RIG_PAUSED) {
		phase = wait_phase(w->rig);
	}

	if (w->measuring) {
		histogram_add(&tally->latency, now - w->last);
		if (phase != RIG_STOPPING) {
			tally->calls++;
			tally->pages += pages;
		} else {
			tally->late++;
		}
	} else if (phase == RIG_MEASURING && w->rig->load.cycles == 0U) {
		w->measuring = true;
		mark(w);
	}
	w->last = w->measuring ? now : ticks_now();
	return phase != RIG_STOPPING;
}
