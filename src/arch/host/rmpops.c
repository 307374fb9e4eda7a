/* SPDX-License-Identifier: Apache-2.0 */
#include <sched.h>

#include "machine_internal.h"

#define INUSE_RETRIES 100000U

struct rmpop {
	struct hm_cpu *cpu;
	uint64_t gpn, spn;
	enum svsm_page_size size;
	unsigned int vmpl; /* RMPADJUST: target; 0: PVALIDATE */
	uint8_t perms;
	bool flag; /* PVALIDATE: validate; RMPADJUST: VMSA */
};

static struct snpm_result execute(struct rmpop *op)
{
	struct snpm_rmp *rmp = &op->cpu->machine->rmp;

	if (op->vmpl == 0U) {
		return snpm_pvalidate(rmp, 0, op->spn, op->gpn, (unsigned int)op->size, op->flag);
	}
	return snpm_rmpadjust(rmp, 0, op->spn, op->gpn, (unsigned int)op->size, op->vmpl, op->perms,
			      op->flag);
}

/* A host that maps a region by 4 KiB nested entries has to split its RMP entry (rmp-semantics 6.5).
 */
static void split_remapped(struct rmpop *op)
{
	struct hm_machine *m = op->cpu->machine;
	uint64_t base = op->gpn - op->gpn % SVSM_PAGES_PER_REGION;
	unsigned int size;

	if (!hm_region_remapped(m, op->gpn)) {
		return;
	}
	(void)snpm_word(&m->rmp, base, &size);
	if (size == 1U) {
		(void)hm_host_psmash(m, base, base);
	}
}

/*
 * VMRUN and #VMEXIT are one step on hardware; here the in-use mark is set a moment before a VMRUN
 * is decided and goes a moment after a #VMEXIT. FAIL_INUSE of such a moment is the model's own, not
 * an answer to give.
 */
static bool inuse_is_passing(const struct rmpop *op, const struct snpm_result *result)
{
	return op->vmpl != 0U && result->fault == SNPM_NO_FAULT &&
	       result->code == ARCH_RMP_FAIL_INUSE && !hm_runs(op->cpu->machine, op->spn);
}

/* Walks afresh: the core's INVLPG comes before PVALIDATE, and both instructions use the tables of
 * that moment. */
static struct arch_rmp_result run(struct rmpop *op)
{
	struct hm_machine *m = op->cpu->machine;
	unsigned int passing = 0;

	for (unsigned int tries = 0; tries < HM_NPF_RETRIES; tries++) {
		struct snpm_result result;

		split_remapped(op);
		op->spn = hm_walk(m, op->gpn);
		result = execute(op);
		if (inuse_is_passing(op, &result) && passing++ < INUSE_RETRIES) {
			(void)sched_yield();
			continue;
		}
		if (result.fault == SNPM_NO_FAULT) {
			return (struct arch_rmp_result){ .code = result.code,
							 .carry = result.carry };
		}
		if (result.fault == SNPM_VC_404) {
			return (struct arch_rmp_result){ .fault = true };
		}
		hm_host_npf(m, op->gpn, op->spn, result.fault);
	}
	hm_die("the host cannot repair a nested fault of an RMP instruction",
	       op->gpn << SVSM_PAGE_SHIFT);
}

static struct rmpop prepare(const char *function, gpa_t gpa, enum svsm_page_size size)
{
	struct rmpop op = { .cpu = hm_self_checked(function),
			    .gpn = gpa.raw >> SVSM_PAGE_SHIFT,
			    .size = size };

	if (op.gpn >= op.cpu->machine->guest_pages ||
	    !hm_layout_has(&op.cpu->machine->layout, gpa.raw)) {
		hm_die("an RMP instruction on a gPA that is not RAM", gpa.raw);
	}
	op.spn = hm_walk(op.cpu->machine, op.gpn);
	return op;
}

static void emit(const struct rmpop *op, const struct arch_rmp_result *result)
{
	struct hm_event event = { .kind = op->vmpl == 0U ? HM_EV_PVALIDATE : HM_EV_RMPADJUST,
				  .cpu = op->cpu->index,
				  .size = op->size,
				  .gpa = op->gpn << SVSM_PAGE_SHIFT,
				  .spn = op->spn,
				  .code = result->code,
				  .carry = result->carry,
				  .fault = result->fault };

	if (!hm_observed(op->cpu->machine)) {
		return;
	}
	event.a = op->vmpl == 0U ? op->flag : op->vmpl;
	event.b = op->vmpl == 0U ? 0U : op->perms | ((uint64_t)op->flag << 8);
	hm_emit(op->cpu->machine, &event);
}

/* True if a fault, code or carry was injected instead of the instruction. */
static bool injected(struct hm_cpu *cpu, enum hm_injected fault, enum hm_injected code,
		     struct arch_rmp_result *result)
{
	uint32_t value = 0;

	*result = (struct arch_rmp_result){ .code = ARCH_RMP_OK };
	if (hm_injected_now(cpu, fault, NULL)) {
		result->fault = true;
		return true;
	}
	if (hm_injected_now(cpu, code, &value)) {
		result->code = value;
		return true;
	}
	return false;
}

struct arch_rmp_result arch_pvalidate(gpa_t gpa, enum svsm_page_size size, bool validate)
{
	struct rmpop op = prepare(__func__, gpa, size);
	struct arch_rmp_result result;

	arch_point(ARCH_POINT_ARCH_CALL);
	op.flag = validate;
	hm_count(op.cpu->machine, HM_COUNT_PVALIDATE);
	hm_cost(op.cpu->machine, op.cpu->machine->config.cost_pvalidate);
	if (!injected(op.cpu, HM_INJECT_PVALIDATE_FAULT, HM_INJECT_PVALIDATE_CODE, &result)) {
		if (hm_injected_now(op.cpu, HM_INJECT_PVALIDATE_CARRY, NULL)) {
			result.carry = true;
		} else {
			result = run(&op);
		}
	}
	emit(&op, &result);
	return result;
}

struct arch_rmp_result arch_rmpadjust(gpa_t gpa, enum svsm_page_size size, unsigned int vmpl,
				      uint8_t perms, bool vmsa)
{
	struct rmpop op = prepare(__func__, gpa, size);
	struct arch_rmp_result result;

	arch_point(ARCH_POINT_ARCH_CALL);
	if (vmpl == 0U || vmpl >= SVSM_NR_VMPLS) {
		return (struct arch_rmp_result){ .code = vmpl == 0U ? ARCH_RMP_FAIL_PERMISSION
								    : ARCH_RMP_FAIL_INPUT };
	}
	op.vmpl = vmpl;
	op.perms = perms;
	op.flag = vmsa;
	hm_count(op.cpu->machine, HM_COUNT_RMPADJUST);
	hm_cost(op.cpu->machine, op.cpu->machine->config.cost_rmpadjust);
	if (!injected(op.cpu, HM_INJECT_RMPADJUST_FAULT, HM_INJECT_RMPADJUST_CODE, &result)) {
		result = run(&op);
		if (!result.fault && result.code == ARCH_RMP_OK) {
			hm_registry_note(op.cpu->machine, op.gpn, vmsa);
		}
	}
	emit(&op, &result);
	return result;
}
