/* SPDX-License-Identifier: Apache-2.0 */
#include "plans.h"

#define BATCH 256U
#define BATCH_REMAP 64U

static uint64_t no_work(const struct rig *rig)
{
	(void)rig;
	return SVSM_REGION_SIZE;
}

static bool no_preparation(struct worker *w)
{
	(void)w;
	return true;
}

static bool run_null(struct worker *w, unsigned int kind)
{
	(void)kind;
	for (unsigned int i = 0; i < BATCH; i++) {
		struct hm_regs regs = { .rax = RAX_QUERY_PROTOCOL, .rcx = 1U };

		if (!worker_call(w, &regs) || !worker_record(w, 0U)) {
			return false;
		}
	}
	return true;
}

const struct plan plan_null = { { "QUERY_PROTOCOL", NULL },
				BENCH_CALL_QUERY_PROTOCOL,
				false,
				no_work,
				no_preparation,
				run_null };

static bool run_remap(struct worker *w, unsigned int kind)
{
	(void)kind;
	for (unsigned int i = 0; i < BATCH_REMAP; i++) {
		struct hm_regs regs = { .rax = RAX_REMAP_CA, .rcx = rig_ca(w->index, 1U - w->ca) };

		if (!worker_call(w, &regs)) {
			return false;
		}
		w->ca = 1U - w->ca;
		if (!worker_record(w, 0U)) {
			return false;
		}
	}
	return true;
}

const struct plan plan_remap = {
	{ "REMAP_CA", NULL }, BENCH_CALL_REMAP_CA, false, no_work, no_preparation, run_remap
};

static bool run_create(struct worker *w, unsigned int kind)
{
	for (unsigned int target = 1; target <= w->rig->load.vcpus; target++) {
		struct hm_regs regs = rig_create_regs(target, 0U);

		if (kind == 0U && !rig_write_vmsa(w, target, 0U)) {
			return false;
		}
		worker_skip(w);
		if (kind == 1U) {
			regs = (struct hm_regs){ .rax = RAX_DELETE_VCPU,
						 .rcx = rig_vmsa(target, 0U) };
		}
		if (!worker_call(w, &regs) || !worker_record(w, 0U)) {
			return false;
		}
	}
	return true;
}

const struct plan plan_create = { { "CREATE_VCPU", "DELETE_VCPU" },
				  BENCH_CALL_CREATE_VCPU,
				  true,
				  no_work,
				  no_preparation,
				  run_create };
