/* SPDX-License-Identifier: Apache-2.0 */
#include "crew.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ticks.h"

#define UNCOUNTED_CYCLES 2U /* with load.cycles: until maps are split and records warm */
#define POLL_NS 200000L
#define WARM_NS UINT64_C(10000000000) /* warming up ends then, whoever is not through */
#define MIN_WARM_NS UINT64_C(10000000)

struct crew {
	struct rig rig;
	const struct plan *plan;
	unsigned int nr; /* threads: runners and perhaps one beside them */
	struct worker *worker;
};

struct member {
	struct crew *crew;
	struct worker *worker;
};

/* ---- threads ---- */

/* Named for callgrind's --toggle-collect: what a cycle does of each kind, and nothing else. */
__attribute__((noinline)) bool worker_counted_first(const struct plan *plan, struct worker *w)
{
	return plan->run(w, 0U);
}

__attribute__((noinline)) bool worker_counted_second(const struct plan *plan, struct worker *w)
{
	return plan->run(w, 1U);
}

static bool run_kind(const struct plan *plan, struct worker *w, unsigned int kind)
{
	if (w->rig->load.cycles == 0U || !w->measuring) {
		return plan->run(w, kind);
	}
	return kind == 0U ? worker_counted_first(plan, w) : worker_counted_second(plan, w);
}

static bool one_cycle(const struct plan *plan, struct worker *w)
{
	for (unsigned int kind = 0; kind < 2U && plan->kind[kind] != NULL; kind++) {
		bool more = false;

		worker_kind(w, kind);
		more = run_kind(plan, w, kind);
		worker_settle(w);
		if (!more) {
			return false;
		}
	}
	return true;
}

static void ready(struct rig *rig)
{
	(void)atomic_fetch_add_explicit(&rig->ready, 1U, memory_order_relaxed);
}

static void run_cycles(struct crew *crew, struct worker *w)
{
	const unsigned int cycles = crew->rig.load.cycles;
	unsigned int done = 0U;
	bool more = crew->plan->prepare(w);

	while (more) {
		w->measuring = w->measuring || (cycles > 0U && done >= UNCOUNTED_CYCLES);
		more = one_cycle(crew->plan, w);
		if (++done == 1U) {
			ready(&crew->rig);
		}
		more = more && (cycles == 0U || done < cycles + UNCOUNTED_CYCLES);
	}
	if (done == 0U) {
		ready(&crew->rig);
	}
}

static void *thread_main(void *arg)
{
	struct member *member = arg;
	struct worker *w = member->worker;
	struct rig *rig = w->rig;

	hm_bind(rig->machine, w->index);
	if (w->index < rig->runners) {
		run_cycles(member->crew, w);
	} else {
		ready(rig);
		if (rig->load.beside == LOAD_STORM) {
			beside_storm(w);
		} else {
			beside_victim(w);
		}
	}
	hm_unbind(rig->machine);
	free(member);
	return NULL;
}

static bool start_thread(struct crew *crew, struct worker *w)
{
	struct member *member = malloc(sizeof(*member));

	if (member == NULL) {
		return false;
	}
	*member = (struct member){ crew, w };
	if (pthread_create(&w->thread, NULL, thread_main, member) != 0) {
		free(member);
		return false;
	}
	return true;
}

/* ---- phases ---- */

static uint64_t now_ns(void)
{
	return ticks_mark().nanoseconds;
}

static void nap(long ns)
{
	const struct timespec pause = { .tv_sec = ns / 1000000000L, .tv_nsec = ns % 1000000000L };

	(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
}

static void wait_warm(struct crew *crew)
{
	const uint64_t start = now_ns();

	while (atomic_load_explicit(&crew->rig.ready, memory_order_relaxed) < crew->nr &&
	       now_ns() - start < WARM_NS) {
		nap(POLL_NS);
	}
	if (now_ns() - start < MIN_WARM_NS) {
		nap((long)(MIN_WARM_NS - (now_ns() - start)));
	}
}

static void set_phase(struct crew *crew, enum rig_phase phase)
{
	atomic_store_explicit(&crew->rig.phase, (unsigned int)phase, memory_order_relaxed);
}

static bool freezes(const struct crew *crew)
{
	return crew->rig.load.beside == LOAD_FROZEN || crew->rig.load.beside == LOAD_FROZEN_CREATE;
}

static bool measure(struct crew *crew, struct crew_result *result)
{
	const struct ticks_mark first = ticks_mark();
	struct ticks_mark from, to;
	bool ok = true;

	wait_warm(crew);
	if (freezes(crew)) {
		set_phase(crew, RIG_PAUSED);
		ok = beside_freeze(&crew->rig);
	}
	result->conflicts = worker_conflicts();
	set_phase(crew, RIG_MEASURING);
	from = ticks_mark();
	nap((long)crew->rig.load.ms * 1000000L);
	set_phase(crew, RIG_STOPPING);
	to = ticks_mark();
	result->conflicts = worker_conflicts() - result->conflicts;
	result->ns = to.nanoseconds - from.nanoseconds;
	result->ns_per_tick = ticks_calibrate(&first, &to);
	if (freezes(crew)) {
		beside_thaw(&crew->rig);
	}
	return ok;
}

/* ---- vCPUs ---- */

/* vCPU 0 creates and starts the others, but for the one that a storm creates and deletes. */
static bool create_vcpus(struct crew *crew)
{
	struct rig *rig = &crew->rig;
	struct worker *boot = &crew->worker[0];
	const unsigned int spare = rig->load.beside == LOAD_ALONE ? 0U : 1U;
	const unsigned int last = crew->plan->single ? crew->nr : rig->nr_vcpus - spare;
	bool ok = true;

	hm_bind(rig->machine, 0U);
	for (unsigned int i = 1; i < last && ok; i++) {
		struct hm_regs regs = rig_create_regs(i, 0U);

		ok = rig_write_vmsa(boot, i, 0U) && worker_call(boot, &regs);
		if (ok) {
			hm_ap_create(rig->machine, i, rig_vmsa(i, 0U));
		}
	}
	hm_unbind(rig->machine);
	return ok;
}

static unsigned int max(unsigned int a, unsigned int b)
{
	return a > b ? a : b;
}

static bool make_workers(struct crew *crew, const struct load *load)
{
	const unsigned int beside = load->beside == LOAD_ALONE ? 0U : 1U;
	struct rig *rig = &crew->rig;

	rig->load = *load;
	rig->runners = crew->plan->single ? 1U : load->vcpus;
	crew->nr = rig->runners + beside;
	/* A storm has a vCPU to create; a load of one vCPU creates load->vcpus of them. */
	rig->nr_vcpus =
		max(crew->nr + beside + (crew->plan->single ? load->vcpus : 0U), load->records);
	crew->worker = aligned_alloc(_Alignof(struct worker), crew->nr * sizeof(struct worker));
	if (crew->worker == NULL) {
		return false;
	}
	memset(crew->worker, 0, crew->nr * sizeof(struct worker));
	for (unsigned int i = 0; i < crew->nr; i++) {
		crew->worker[i].rig = rig;
		crew->worker[i].index = i;
	}
	return true;
}

static void add(struct crew_result *result, const struct worker *w)
{
	for (unsigned int kind = 0; kind < 2U; kind++) {
		const struct tally *from = &w->tally[kind];
		struct tally *to = &result->tally[kind];

		to->calls += from->calls;
		to->pages += from->pages;
		to->busy += from->busy;
		to->incomplete += from->incomplete;
		to->late += from->late;
		to->flushes += from->flushes;
		to->cpu_ns += from->cpu_ns;
		histogram_merge(&to->latency, &from->latency);
	}
}

static bool run_threads(struct crew *crew, struct crew_result *result)
{
	bool ok = true;

	for (unsigned int i = 0; i < crew->nr; i++) {
		if (!start_thread(crew, &crew->worker[i])) {
			/* Those that run have no other way to learn of it. */
			(void)fprintf(stderr, "worker: cannot start %u threads\n", crew->nr);
			exit(EXIT_FAILURE);
		}
	}
	if (crew->rig.load.cycles == 0U) {
		ok = measure(crew, result);
	}
	for (unsigned int i = 0; i < crew->nr; i++) {
		(void)pthread_join(crew->worker[i].thread, NULL);
		ok = ok && !crew->worker[i].failed;
		add(result, &crew->worker[i]);
		free(crew->worker[i].plan);
	}
	return ok;
}

bool crew_run(const struct load *load, const struct plan *plan, struct crew_result *result)
{
	struct crew *crew = aligned_alloc(_Alignof(struct crew), sizeof(*crew));
	bool ok = false;

	memset(result, 0, sizeof(*result));
	if (crew == NULL) {
		return false;
	}
	memset(crew, 0, sizeof(*crew));
	crew->plan = plan;
	if (make_workers(crew, load) && rig_start(&crew->rig, plan->work_bytes(&crew->rig))) {
		ok = create_vcpus(crew) && run_threads(crew, result);
		rig_stop(&crew->rig);
	}
	free(crew->worker);
	free(crew);
	return ok;
}
