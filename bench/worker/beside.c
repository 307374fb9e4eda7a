/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "plans.h"

#define VICTIM_ENTRIES 64U
#define INSIDE_LIST 16U	 /* PVALIDATEs of the victim's call: in the middle of its list */
#define INSIDE_CREATE 1U /* RMPADJUSTs */
#define FREEZE_TRIES 100000U
#define FREEZE_MS 2000U

/* RMP instructions of the victim so far, of the kind that tells how far its call has come. */
static uint64_t victim_work(const struct rig *rig, unsigned int index)
{
	struct hm_counters counters;

	hm_cpu_counters(rig->machine, index, &counters);
	return rig->load.beside == LOAD_FROZEN_CREATE ? counters.rmpadjust : counters.pvalidate;
}

static void publish_base(struct worker *w)
{
	atomic_store_explicit(&w->rig->victim_base, victim_work(w->rig, w->index),
			      memory_order_relaxed);
}

static bool storm_call(struct worker *w, unsigned int target, bool create)
{
	struct hm_regs regs = { .rax = RAX_DELETE_VCPU, .rcx = rig_vmsa(target, 0U) };

	if (create) {
		if (!rig_write_vmsa(w, target, 0U)) {
			return false;
		}
		regs = rig_create_regs(target, 0U);
	}
	publish_base(w);
	return worker_call(w, &regs);
}

void beside_storm(struct worker *w)
{
	const unsigned int target = w->rig->nr_vcpus - 1U;
	bool create = true;

	while (!worker_stopping(w) && storm_call(w, target, create)) {
		create = !create;
	}
}

static bool victim_list(struct worker *w, bool validate)
{
	/* Behind what the measured vCPUs work on. */
	const uint64_t region = hm_config(w->rig->machine)->valid[0].end - SVSM_REGION_SIZE;
	struct hm_regs regs = { .rax = RAX_PVALIDATE, .rcx = plan_list_gpa(w, VICTIM_ENTRIES) };
	struct call_list list = { .count = VICTIM_ENTRIES };

	for (uint64_t i = 0; i < VICTIM_ENTRIES; i++) {
		list.entry[i] = (region + i * SVSM_PAGE_SIZE) | (validate ? 4U : 0U);
	}
	publish_base(w);
	return plan_write_list(w, &list) && worker_call(w, &regs);
}

void beside_victim(struct worker *w)
{
	bool flip = false;

	if (w->rig->load.beside == LOAD_FROZEN_CREATE) {
		beside_storm(w);
		return;
	}
	while (!worker_stopping(w) && victim_list(w, flip)) {
		flip = !flip;
	}
}

/*
 * From one arch call of the victim to the next, until its call has begun to change the RMP: there
 * every implementation holds whatever it holds.
 */
bool beside_freeze(struct rig *rig)
{
	const unsigned int victim = rig->runners;
	const uint64_t inside = rig->load.beside == LOAD_FROZEN_CREATE ? INSIDE_CREATE
								       : INSIDE_LIST;

	for (unsigned int i = 0; i < FREEZE_TRIES; i++) {
		/* Armed before the thaw of the last stop: the next arch call is the next stop. */
		hm_freeze_at(rig->machine, victim, ARCH_POINT_ARCH_CALL, 1U);
		if (i > 0U) {
			hm_thaw(rig->machine, victim);
		}
		if (!hm_wait_frozen(rig->machine, victim, FREEZE_MS)) {
			break;
		}
		if (victim_work(rig, victim) -
			    atomic_load_explicit(&rig->victim_base, memory_order_relaxed) >=
		    inside) {
			return true;
		}
	}
	(void)fputs("worker: the vCPU to be frozen does not get there\n", stderr);
	return false;
}

void beside_thaw(struct rig *rig)
{
	hm_thaw(rig->machine, rig->runners);
}
