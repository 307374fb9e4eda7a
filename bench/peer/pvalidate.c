/* SPDX-License-Identifier: Apache-2.0 */
#include "peer_priv.h"

struct pv_list {
	gpa_t at;
	unsigned int count;
	unsigned int next;
};

struct pv_op {
	gpa_t gpa;
	enum svsm_page_size size;
	bool validate;
	bool ignore_cf;
};

uint32_t peer_rmp_status(const struct arch_rmp_result *rmp)
{
	if (rmp->fault) {
		return BENCH_INVALID_ADDRESS;
	}
	if (rmp->code == ARCH_RMP_OK) {
		return BENCH_SUCCESS;
	}
	return rmp->code <= 0xfU ? BENCH_RMP_BASE + rmp->code : BENCH_RMP_UNKNOWN;
}

static struct arch_rmp_result set_rights(gpa_t gpa, enum svsm_page_size size, uint8_t guest)
{
	struct arch_rmp_result rmp = arch_rmpadjust(gpa, size, peer.guest_vmpl, guest, false);

	for (unsigned int vmpl = peer.guest_vmpl + 1U;
	     vmpl < SVSM_NR_VMPLS && guest == SVSM_PERM_NONE && !rmp.fault &&
	     rmp.code == ARCH_RMP_OK;
	     vmpl++) {
		rmp = arch_rmpadjust(gpa, size, vmpl, SVSM_PERM_NONE, false);
	}
	return rmp;
}

struct arch_rmp_result peer_grant(gpa_t gpa, enum svsm_page_size size)
{
	return set_rights(gpa, size, SVSM_PERM_RWX);
}

struct arch_rmp_result peer_revoke(gpa_t gpa, enum svsm_page_size size)
{
	return set_rights(gpa, size, SVSM_PERM_NONE);
}

static bool decode(uint64_t entry, struct pv_op *op)
{
	const uint64_t size = entry & BENCH_PV_SIZE;

	if (size > SVSM_PAGE_2M || (entry & BENCH_PV_RESERVED) != 0U) {
		return false;
	}
	*op = (struct pv_op){ .gpa = gpa_make(entry & ~BENCH_PV_FLAGS),
			      .size = (enum svsm_page_size)size,
			      .validate = (entry & BENCH_PV_VALIDATE) != 0U,
			      .ignore_cf = (entry & BENCH_PV_IGNORE_CF) != 0U };
	return gpa_aligned(op->gpa, svsm_page_bytes(op->size));
}

static uint32_t validate(struct peer_cpu *cpu, const struct pv_op *op)
{
	struct arch_rmp_result rmp = arch_pvalidate(op->gpa, op->size, true);
	uint32_t result = peer_rmp_status(&rmp);

	if (result == BENCH_SUCCESS && rmp.carry && !op->ignore_cf) {
		result = BENCH_RMP_CARRY;
	}
	if (result != BENCH_SUCCESS) {
		return result;
	}
	/* The second look at the same records and ranges, before the page is written to. */
	if (!peer_guest_region(cpu, op->gpa, svsm_page_bytes(op->size)) ||
	    !arch_zero(op->gpa, op->size, ARCH_ZERO_STOSB)) {
		return BENCH_INVALID_ADDRESS;
	}
	rmp = peer_grant(op->gpa, op->size);
	return peer_rmp_status(&rmp);
}

/* RMPADJUST faults on a page that is not validated: PVALIDATE then says so by CF. */
static uint32_t rescind(struct peer_cpu *cpu, const struct pv_op *op)
{
	struct arch_rmp_result rmp = peer_revoke(op->gpa, op->size);
	uint32_t result = BENCH_SUCCESS;

	if (!rmp.fault && rmp.code != ARCH_RMP_OK) {
		return peer_rmp_status(&rmp);
	}
	rmp = arch_pvalidate(op->gpa, op->size, false);
	peer_flush(cpu);
	result = peer_rmp_status(&rmp);
	if (result == BENCH_SUCCESS && rmp.carry && !op->ignore_cf) {
		result = BENCH_RMP_CARRY;
	}
	return result;
}

static bool names_list(const struct pv_list *list, const struct pv_op *op)
{
	const uint64_t page = gpa_page(list->at).raw;

	return page >= op->gpa.raw && page - op->gpa.raw < svsm_page_bytes(op->size);
}

static uint32_t process(struct peer_cpu *cpu, const struct pv_list *list, uint64_t entry)
{
	struct peer_mapping map;
	struct pv_op op;
	uint32_t result = BENCH_SUCCESS;

	if (!decode(entry, &op)) {
		return BENCH_INVALID_PARAMETER;
	}
	if (names_list(list, &op) || !peer_guest_region(cpu, op.gpa, svsm_page_bytes(op.size)) ||
	    !peer_map(cpu, op.gpa, op.size, &map)) {
		return BENCH_INVALID_ADDRESS;
	}
	result = op.validate ? validate(cpu, &op) : rescind(cpu, &op);
	peer_unmap(cpu, &map);
	return result;
}

/* Entries are read one by one, as they are worked on. */
static uint32_t walk_list(struct peer_cpu *cpu, struct pv_list *list)
{
	uint32_t result = BENCH_SUCCESS;

	while (list->next < list->count && result == BENCH_SUCCESS) {
		const gpa_t at = gpa_add(list->at, sizeof(struct bench_list_head) +
							   list->next * sizeof(uint64_t));
		uint64_t entry = 0U;

		result = arch_guest_read(&entry, at, sizeof(entry)) ? process(cpu, list, entry)
								    : BENCH_INVALID_ADDRESS;
		list->next += result == BENCH_SUCCESS ? 1U : 0U;
	}
	return result;
}

static uint32_t work(struct peer_cpu *cpu, struct pv_list *list)
{
	const uint64_t room = (SVSM_PAGE_SIZE - gpa_offset(list->at)) / sizeof(uint64_t) - 1U;
	struct bench_list_head head = { 0 };
	uint32_t result = BENCH_SUCCESS;
	uint16_t next = 0U;

	if (!arch_guest_read(&head, list->at, sizeof(head))) {
		return BENCH_INVALID_ADDRESS;
	}
	if (head.count == 0U || head.count > room || head.next >= head.count ||
	    head.reserved != 0U) {
		return BENCH_INVALID_PARAMETER;
	}
	list->count = head.count;
	list->next = head.next;
	result = walk_list(cpu, list);
	next = (uint16_t)list->next;
	return arch_guest_write(gpa_add(list->at, offsetof(struct bench_list_head, next)), &next,
				sizeof(next))
		       ? result
		       : BENCH_INVALID_ADDRESS;
}

/* The list page may be the caller's own calling area, behind its header. */
static bool list_allowed(const struct peer_call *call, gpa_t at)
{
	if (gpa_page(at).raw == call->guest.ca) {
		return gpa_offset(at) >= sizeof(uint64_t);
	}
	return peer_guest_region(call->cpu, gpa_page(at), SVSM_PAGE_SIZE);
}

uint32_t peer_pvalidate(struct peer_call *call)
{
	struct peer_cpu *cpu = call->cpu;
	struct pv_list list = { .at = gpa_make(call->rcx) };
	struct peer_mapping map;
	uint32_t result = BENCH_INVALID_ADDRESS;

	if (!gpa_aligned(list.at, sizeof(uint64_t))) {
		return BENCH_INVALID_PARAMETER;
	}
	peer_read_lock(cpu, &peer.pvalidate_lock);
	if (list_allowed(call, list.at) && peer_map(cpu, gpa_page(list.at), SVSM_PAGE_4K, &map)) {
		result = work(cpu, &list);
		peer_unmap(cpu, &map);
	}
	peer_read_unlock(&peer.pvalidate_lock);
	return result;
}
