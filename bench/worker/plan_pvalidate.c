/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "plans.h"

#define ENTRY_2M UINT64_C(1)
#define ENTRY_VALIDATE UINT64_C(4)
#define RUN_PAGES 256U /* 4 KiB pages of a run of short lists */
#define CROWD 32U      /* with more vCPUs than this a run is a quarter as long */
#define SCATTER_REGIONS 512U
#define SCATTER_MAX 16U

struct lists {
	unsigned int nr;
	struct call_list list[]; /* as for rescinding */
};

/* Lists of a run: at least one. */
static unsigned int lists_per_run(const struct rig *rig)
{
	const unsigned int pages = rig->runners > CROWD ? RUN_PAGES / 4U : RUN_PAGES;
	const unsigned int wanted = rig->load.large ? 2U : pages;

	return wanted / rig->load.entries > 1U ? wanted / rig->load.entries : 1U;
}

static unsigned int slots(const struct rig *rig)
{
	return lists_per_run(rig) * rig->load.entries;
}

static unsigned int scatter_regions(const struct rig *rig)
{
	const unsigned int regions = SCATTER_REGIONS / rig->runners;

	if (regions > SCATTER_MAX) {
		return SCATTER_MAX;
	}
	return regions < 2U ? 2U : regions;
}

/* 2 MiB regions of a vCPU of its own; LOAD_SHARED: of all together. */
static uint64_t regions(const struct rig *rig)
{
	const uint64_t n = slots(rig);

	if (rig->load.large) {
		return rig->load.layout == LOAD_SCATTERED ? 2U * n : n;
	}
	switch (rig->load.layout) {
	case LOAD_SHARED:
		return (n * rig->runners + SVSM_PAGES_PER_REGION - 1U) / SVSM_PAGES_PER_REGION;
	case LOAD_SCATTERED:
		return scatter_regions(rig);
	case LOAD_CONTIGUOUS:
	default:
		return (n + SVSM_PAGES_PER_REGION - 1U) / SVSM_PAGES_PER_REGION;
	}
}

/* One region more for the vCPU beside them. */
static uint64_t work_bytes(const struct rig *rig)
{
	const uint64_t shares = rig->load.layout == LOAD_SHARED ? 1U : rig->runners;

	return (regions(rig) * shares + 1U) * SVSM_REGION_SIZE;
}

static uint64_t slot_gpa(const struct worker *w, uint64_t slot)
{
	const struct rig *rig = w->rig;
	const uint64_t own = rig->work + w->index * regions(rig) * SVSM_REGION_SIZE;
	uint64_t region = 0U;

	if (rig->load.large) {
		return own +
		       slot * SVSM_REGION_SIZE * (rig->load.layout == LOAD_SCATTERED ? 2U : 1U);
	}
	switch (rig->load.layout) {
	case LOAD_SHARED:
		return rig->work + (slot * rig->runners + w->index) * SVSM_PAGE_SIZE;
	case LOAD_SCATTERED:
		region = slot % scatter_regions(rig);
		return own + region * SVSM_REGION_SIZE +
		       slot / scatter_regions(rig) * SVSM_PAGE_SIZE;
	case LOAD_CONTIGUOUS:
	default:
		return own + slot * SVSM_PAGE_SIZE;
	}
}

static bool prepare(struct worker *w)
{
	const unsigned int nr = lists_per_run(w->rig);
	const unsigned int entries = w->rig->load.entries;
	struct lists *lists = calloc(1U, sizeof(*lists) + nr * sizeof(lists->list[0]));

	if (lists == NULL) {
		return worker_complain(w, "no memory", nr);
	}
	lists->nr = nr;
	for (unsigned int i = 0; i < nr; i++) {
		lists->list[i].count = (uint16_t)entries;
		for (unsigned int e = 0; e < entries; e++) {
			lists->list[i].entry[e] = slot_gpa(w, (uint64_t)i * entries + e) |
						  (w->rig->load.large ? ENTRY_2M : 0U);
		}
	}
	w->plan = lists;
	return true;
}

static void turn(struct call_list *list, unsigned int kind)
{
	for (unsigned int e = 0; e < list->count; e++) {
		list->entry[e] = (list->entry[e] & ~ENTRY_VALIDATE) |
				 (kind == 1U ? ENTRY_VALIDATE : 0U);
	}
}

static bool run(struct worker *w, unsigned int kind)
{
	struct lists *lists = w->plan;
	const uint64_t pages =
		w->rig->load.entries * (w->rig->load.large ? SVSM_PAGES_PER_REGION : 1U);
	struct hm_regs regs;

	for (unsigned int i = 0; i < lists->nr; i++) {
		turn(&lists->list[i], kind);
	}
	worker_skip(w);
	for (unsigned int i = 0; i < lists->nr; i++) {
		regs = (struct hm_regs){ .rax = RAX_PVALIDATE,
					 .rcx = plan_list_gpa(w, lists->list[i].count) };
		if (!plan_write_list(w, &lists->list[i]) || !worker_call(w, &regs) ||
		    !worker_record(w, pages)) {
			return false;
		}
	}
	return true;
}

const struct plan plan_pvalidate = {
	{ "rescind", "validate" }, BENCH_CALL_PVALIDATE, false, work_bytes, prepare, run
};
