/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "plans.h"

#define PAGES 256U
#define PER_LIST 64U

/* Pages that the guest has now. What a vCPU withdraws another one may have deposited: the pool has
 * them all. */
struct stack {
	unsigned int nr;
	uint64_t page[PAGES + LOAD_MAX_ENTRIES];
};

static uint64_t work_bytes(const struct rig *rig)
{
	return (uint64_t)rig->runners * PAGES * SVSM_PAGE_SIZE;
}

static bool prepare(struct worker *w)
{
	struct stack *stack = calloc(1U, sizeof(*stack));

	if (stack == NULL) {
		return worker_complain(w, "no memory", PAGES);
	}
	for (uint64_t i = 0; i < PAGES; i++) {
		stack->page[i] = w->rig->work + ((uint64_t)w->index * PAGES + i) * SVSM_PAGE_SIZE;
	}
	stack->nr = PAGES;
	w->plan = stack;
	return true;
}

static bool run_deposit(struct worker *w, struct stack *stack)
{
	while (stack->nr >= PER_LIST) {
		struct hm_regs regs = { .rax = RAX_DEPOSIT_MEM, .rcx = plan_list_gpa(w, PER_LIST) };
		struct call_list list = { .count = PER_LIST };

		for (unsigned int i = 0; i < PER_LIST; i++) {
			list.entry[i] = stack->page[stack->nr - 1U - i];
		}
		if (!plan_write_list(w, &list) || !worker_call(w, &regs)) {
			return false;
		}
		stack->nr -= PER_LIST;
		if (!worker_record(w, PER_LIST)) {
			return false;
		}
	}
	return true;
}

static bool run_withdraw(struct worker *w, struct stack *stack)
{
	struct hm_machine *m = w->rig->machine;
	const uint64_t at = plan_list_gpa(w, 1U);

	while (stack->nr < PAGES) {
		struct hm_regs regs = { .rax = RAX_WITHDRAW_MEM, .rcx = at };
		uint16_t count = 0U;

		if (!worker_call(w, &regs)) {
			return false;
		}
		if (hm_guest_read(m, at, &count, sizeof(count)) != HM_OK ||
		    count > LOAD_MAX_ENTRIES ||
		    hm_guest_read(m, at + 8U, &stack->page[stack->nr],
				  count * sizeof(stack->page[0])) != HM_OK) {
			return worker_complain(w, "WITHDRAW_MEM left a bad list", count);
		}
		stack->nr += count;
		if (!worker_record(w, count)) {
			return false;
		}
		if (count == 0U) {
			break; /* other vCPUs have them */
		}
	}
	return true;
}

static bool run(struct worker *w, unsigned int kind)
{
	return kind == 0U ? run_deposit(w, w->plan) : run_withdraw(w, w->plan);
}

const struct plan plan_deposit = {
	{ "DEPOSIT_MEM", "WITHDRAW_MEM" }, BENCH_CALL_DEPOSIT_MEM, false, work_bytes, prepare, run
};
