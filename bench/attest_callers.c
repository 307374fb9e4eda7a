/* SPDX-License-Identifier: Apache-2.0 */
#include "attest_callers.h"

#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "guest_attest.h"
#include "ticks.h"

#define RAM (UINT64_C(256) << 20)
#define VMSA_GPA UINT64_C(0x200000)
#define CA_GPA UINT64_C(0x400000)
#define BUFFER_GPA UINT64_C(0x800000)
#define BUFFER_STEP UINT64_C(0x10000)
#define RAX_CREATE_VCPU UINT64_C(2)
#define RAX_BUSY UINT64_C(0x80000007)
#define REPORT_BYTES 1184U
#define NONCE_BYTES 64U

struct caller {
	_Alignas(SVSM_CACHE_LINE) struct crew *crew;
	unsigned int index;
	pthread_t thread;
	bool failed;
	uint64_t start, end; /* ticks */
	struct attest_figures figures;
};

struct crew {
	const struct attest_load *load;
	struct guest guest;
	pthread_barrier_t barrier;
	struct caller *caller;
};

/* ---- one vCPU ---- */

static uint64_t buffer(const struct caller *c, unsigned int page)
{
	return BUFFER_GPA + c->index * BUFFER_STEP + page * SVSM_PAGE_SIZE;
}

static bool complain(struct caller *c, const char *what, uint64_t value)
{
	c->failed = true;
	(void)fprintf(stderr, "bench: vCPU %u: %s (0x%" PRIx64 ")\n", c->index, what, value);
	return false;
}

/* The structure lies in the calling area's page behind the area itself, as Linux has it. */
static bool write_operands(struct caller *c)
{
	struct hm_machine *m = c->crew->guest.machine;
	const uint64_t ca = c->crew->guest.ca[c->index];
	uint8_t op[GUEST_ATTEST_SERVICES_BYTES];
	uint8_t nonce[NONCE_BYTES];
	const struct guest_attest attest = {
		.report = { buffer(c, 0U), SVSM_PAGE_SIZE },
		.nonce = { buffer(c, 1U), NONCE_BYTES },
		.manifest = { buffer(c, 2U), SVSM_PAGE_SIZE },
	};

	memset(nonce, (int)c->index, sizeof(nonce));
	guest_attest_format(&attest, op, sizeof(op));
	return (hm_guest_write(m, ca + 8U, op, sizeof(op)) == HM_OK &&
		hm_guest_write(m, attest.nonce.gpa, nonce, sizeof(nonce)) == HM_OK) ||
	       complain(c, "cannot write its own memory", ca);
}

static bool check_answer(struct caller *c, enum hm_call done, const struct hm_regs *regs)
{
	if (done != HM_CALL_DONE) {
		return complain(c, "the call was not served", (uint64_t)done);
	}
	if (regs->rax != 0U) {
		return complain(c, "SVSM_ATTEST_SERVICES is refused", regs->rax);
	}
	return regs->r8 == REPORT_BYTES || complain(c, "a report of another size", regs->r8);
}

/* Until there is a report. */
static bool one_call(struct caller *c)
{
	struct attest_figures *f = &c->figures;
	const uint64_t ca = c->crew->guest.ca[c->index];
	const uint64_t start = ticks_now();
	enum hm_call done = HM_CALL_DONE;
	struct hm_regs regs;
	uint64_t repeats = 0U;
	uint64_t attempt = 0U;

	for (;; repeats++) {
		regs = (struct hm_regs){ .rax = GUEST_ATTEST_SERVICES, .rcx = ca + 8U };
		attempt = ticks_now();
		done = hm_call(c->crew->guest.machine, ca, &regs);
		if (done != HM_CALL_DONE || regs.rax != RAX_BUSY) {
			break;
		}
		/* A vCPU has a processor of its own; here the owner may be waiting for this one. */
		(void)sched_yield();
	}
	c->end = ticks_now();
	f->calls++;
	f->busy += repeats;
	f->max_wait = repeats > f->max_wait ? repeats : f->max_wait;
	f->served_ticks += c->end - attempt;
	histogram_add(&f->latency, c->end - start);
	return check_answer(c, done, &regs);
}

static void *caller_main(void *arg)
{
	struct caller *c = arg;
	uint64_t deadline = 0U;
	bool ok = false;

	hm_bind(c->crew->guest.machine, c->index);
	ok = write_operands(c);
	(void)pthread_barrier_wait(&c->crew->barrier);
	deadline = bench_now() + c->crew->load->duration;
	c->start = ticks_now();
	c->end = c->start;
	while (ok && bench_now() < deadline) {
		ok = one_call(c);
	}
	hm_unbind(c->crew->guest.machine);
	return NULL;
}

/* ---- all of them ---- */

static bool create_vcpu(struct guest *g, unsigned int index)
{
	struct hm_regs regs = { .rax = RAX_CREATE_VCPU,
				.rcx = VMSA_GPA + index * SVSM_PAGE_SIZE,
				.rdx = CA_GPA + index * SVSM_PAGE_SIZE,
				.r8 = index };
	const uint64_t vmsa = regs.rcx;
	enum hm_call done = HM_CALL_DONE;
	struct vmsa_page page;

	guest_default_vmsa(&page, hm_config(g->machine)->guest_vmpl);
	guest_select(g, 0U);
	if (hm_guest_write(g->machine, vmsa, &page, sizeof(page)) != HM_OK ||
	    !guest_call(g, 0U, g->ca[0], &regs, &done) || done != HM_CALL_DONE || regs.rax != 0U) {
		(void)fprintf(stderr, "bench: vCPU %u cannot be created\n", index);
		return false;
	}
	guest_ap_create(g, index, vmsa);
	return true;
}

static bool start_machine(struct crew *crew)
{
	struct hm_config config = {
		.nr_vcpus = crew->load->callers,
		.nr_ram = 1U,
		.nr_valid = 1U,
		.psp = true,
		.psp_ns = crew->load->psp_ns,
	};
	bool ok = true;

	config.ram[0] = (struct hm_range){ 0U, RAM };
	config.valid[0] = config.ram[0];
	if (!guest_start_unjudged(&crew->guest, &config)) {
		return false;
	}
	for (unsigned int i = 1; i < crew->load->callers && ok; i++) {
		ok = create_vcpu(&crew->guest, i);
	}
	guest_leave(&crew->guest);
	return ok;
}

static bool run_threads(struct crew *crew)
{
	const unsigned int callers = crew->load->callers;

	if (pthread_barrier_init(&crew->barrier, NULL, callers) != 0) {
		return false;
	}
	for (unsigned int i = 0; i < callers; i++) {
		crew->caller[i].crew = crew;
		crew->caller[i].index = i;
		if (pthread_create(&crew->caller[i].thread, NULL, caller_main, &crew->caller[i]) !=
		    0) {
			/* The threads that run wait for this one in the barrier. */
			(void)fprintf(stderr, "bench: cannot start %u threads\n", callers);
			exit(EXIT_FAILURE);
		}
	}
	for (unsigned int i = 0; i < callers; i++) {
		(void)pthread_join(crew->caller[i].thread, NULL);
	}
	(void)pthread_barrier_destroy(&crew->barrier);
	return true;
}

static bool collect(const struct crew *crew, struct attest_figures *figures)
{
	uint64_t first = UINT64_MAX;
	uint64_t last = 0U;
	struct hm_psp_stats stats;
	bool ok = true;

	for (unsigned int i = 0; i < crew->load->callers; i++) {
		const struct caller *c = &crew->caller[i];

		first = c->start < first ? c->start : first;
		last = c->end > last ? c->end : last;
		figures->calls += c->figures.calls;
		figures->busy += c->figures.busy;
		figures->served_ticks += c->figures.served_ticks;
		figures->max_wait = c->figures.max_wait > figures->max_wait ? c->figures.max_wait
									    : figures->max_wait;
		histogram_merge(&figures->latency, &c->figures.latency);
		ok = ok && !c->failed;
	}
	figures->ticks = last - first;
	hm_psp_stats(crew->guest.machine, &stats);
	figures->simulated_ns = stats.simulated_ns;
	figures->processor_ns = stats.busy_ns;
	if (ok && stats.served != figures->calls) {
		(void)fprintf(stderr, "bench: the processor served another number of calls\n");
		ok = false;
	}
	return ok;
}

bool attest_callers_run(const struct attest_load *load, struct attest_figures *figures)
{
	struct crew *crew = calloc(1U, sizeof(*crew));
	const size_t bytes = load->callers * sizeof(struct caller);
	bool ok = false;

	memset(figures, 0, sizeof(*figures));
	if (crew == NULL) {
		return false;
	}
	crew->load = load;
	crew->caller = aligned_alloc(_Alignof(struct caller), bytes);
	if (crew->caller != NULL) {
		memset(crew->caller, 0, bytes);
		ok = start_machine(crew) && run_threads(crew) && collect(crew, figures);
		guest_stop(&crew->guest);
	}
	free(crew->caller);
	free(crew);
	return ok;
}
