/* SPDX-License-Identifier: Apache-2.0 */
#include "limit_priv.h"

/* Head and first entry: all of a list with one entry in a single copy. */
struct short_list {
	struct bench_list_head head;
	uint64_t entry;
};

uint32_t limit_status(const struct arch_rmp_result *rmp)
{
	return rmp->code | (rmp->fault ? BENCH_INVALID_ADDRESS : 0U) |
	       (rmp->carry ? BENCH_RMP_CARRY : 0U);
}

static uint32_t validate(gpa_t gpa, enum svsm_page_size size)
{
	struct arch_rmp_result rmp = arch_pvalidate(gpa, size, true);
	uint32_t status = limit_status(&rmp);

	status |= limit_zero(gpa, size) ? 0U : BENCH_INVALID_ADDRESS;
	for (unsigned int vmpl = 1U; vmpl <= limit_guest_vmpl; vmpl++) {
		rmp = arch_rmpadjust(gpa, size, vmpl, SVSM_PERM_RWX, false);
		status |= limit_status(&rmp);
	}
	return status;
}

static uint32_t rescind(gpa_t gpa, enum svsm_page_size size)
{
	struct arch_rmp_result rmp;
	uint32_t status = BENCH_SUCCESS;

	for (unsigned int vmpl = 1U; vmpl < SVSM_NR_VMPLS; vmpl++) {
		rmp = arch_rmpadjust(gpa, size, vmpl, SVSM_PERM_NONE, false);
		status |= limit_status(&rmp);
	}
	rmp = arch_pvalidate(gpa, size, false);
	return status | limit_status(&rmp);
}

static bool fetch(gpa_t at, struct bench_list_head *head, uint64_t *entries)
{
	struct short_list list = { .entry = 0U };

	if (!arch_guest_read(&list, at, sizeof(list))) {
		return false;
	}
	*head = list.head;
	entries[0] = list.entry;
	return list.head.count <= 1U || arch_guest_read(&entries[1], gpa_add(at, sizeof(list)),
							(list.head.count - 1U) * sizeof(uint64_t));
}

uint32_t limit_pvalidate(gpa_t at, uint64_t *entries)
{
	struct bench_list_head head = { 0 };
	uint32_t status = BENCH_SUCCESS;
	uint64_t all = BENCH_PV_VALIDATE;
	uint64_t any = 0U;

	if (!fetch(at, &head, entries)) {
		return BENCH_INVALID_ADDRESS;
	}
	for (unsigned int i = head.next; i < head.count; i++) {
		const gpa_t gpa = gpa_make(entries[i] & ~BENCH_PV_FLAGS);
		const enum svsm_page_size size = (enum svsm_page_size)(entries[i] & BENCH_PV_SIZE);

		all &= entries[i];
		any |= entries[i];
		status |= (entries[i] & BENCH_PV_VALIDATE) != 0U ? validate(gpa, size)
								 : rescind(gpa, size);
	}
	if ((any & BENCH_PV_VALIDATE) != 0U) {
		arch_store_fence();
	}
	if ((all & BENCH_PV_VALIDATE) == 0U) {
		arch_flush_global();
	}
	(void)arch_guest_write(gpa_add(at, offsetof(struct bench_list_head, next)), &head.count,
			       sizeof(head.count));
	return status;
}
