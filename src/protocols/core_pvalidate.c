/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core_calls.h"
#include "op_list.h"
#include "ownmap_words.h"
#include "pin.h"
#include "pvalidate_one.h"
#include "pvalidate_session.h"

/*
 * 58019 section 6.3. Nine calls of ten that Linux makes are one 4 KiB entry, in a list behind the
 * header of the calling area: they have a path of their own here, the rest is pvalidate_list.c. It
 * makes the same steps in the same order; what is not as expected before the first RMP operation (a
 * region that is not split, a state, a pin) is put back and left to the list.
 */

/* Flags of an entry that is not a well-formed 4 KiB entry. */
#define NOT_4K (SVSM_PV_SIZE | SVSM_PV_RESERVED)

#define FIRST_OFFSET sizeof(struct svsm_calling_area)
#define LAST_OFFSET (SVSM_PAGE_SIZE - SVSM_LIST_SHORT)

/* Not a result: the list path has to look. */
#define NOT_SINGLE UINT32_MAX

/* Validate, zero and grant one claimed page. */
static inline struct svsm_pv_fate validate(struct svsm_cpu *cpu, gpa_t gpa, unsigned int vmpl)
{
	const struct svsm_pv_fate fate = svsm_pv_validate_one(cpu, gpa, SVSM_PAGE_4K);
	struct arch_rmp_result rmp;

	if (fate.result != SVSM_SUCCESS) {
		return fate;
	}
	if (!svsm_zero(gpa, SVSM_PAGE_4K)) {
		return svsm_pv_not_granted(cpu, gpa, NULL);
	}
	svsm_zero_finish();
	rmp = svsm_rights_grant(gpa, SVSM_PAGE_4K, vmpl);
	return svsm_rmp_ok(&rmp) ? fate : svsm_pv_not_granted(cpu, gpa, &rmp);
}

static inline uint32_t validate_single(const struct svsm_call *call, gpa_t gpa)
{
	enum svsm_page_state seen = SVSM_PAGE_MIXED;
	struct svsm_map_claim claim;
	struct svsm_pv_fate fate;

	if (!svsm_map_claim_page(call->cpu, gpa, SVSM_PAGE_INVALID, &claim, &seen)) {
		return seen == SVSM_PAGE_CLAIMED ? SVSM_ERR_BUSY : NOT_SINGLE;
	}
	arch_point(ARCH_POINT_CLAIMED);
	fate = validate(call->cpu, gpa, call->vmpl);
	svsm_map_release_page(claim, fate.state);
	return fate.result;
}

static inline uint32_t rescind_single(const struct svsm_call *call, gpa_t gpa)
{
	enum svsm_page_state seen = SVSM_PAGE_MIXED;
	struct svsm_map_claim claim;
	struct svsm_pv_fate fate;

	if (!svsm_map_claim_page(call->cpu, gpa, SVSM_PAGE_VALID, &claim, &seen)) {
		return seen == SVSM_PAGE_CLAIMED ? SVSM_ERR_BUSY : NOT_SINGLE;
	}
	arch_point(ARCH_POINT_CLAIMED);
	if (svsm_pin_on_page(call->cpu, gpa)) {
		svsm_map_release_page(claim, SVSM_PAGE_VALID);
		return NOT_SINGLE;
	}
	fate = svsm_pv_rescind_one(call->cpu, gpa, SVSM_PAGE_4K);
	svsm_flush(call->cpu);
	svsm_map_release_page(claim, fate.state);
	return fate.result == SVSM_ERR_RMP_CARRY &&
			       (svsm_call_buffer(call)->entries[0] & SVSM_PV_IGNORE_CF) != 0U
		       ? SVSM_SUCCESS
		       : fate.result;
}

/* The first entry is all there is, and a well-formed 4 KiB one. */
static inline bool is_single(const struct svsm_call_buffer *buffer)
{
	const struct svsm_list_head one = { .count = 1U };

	return memcmp(&buffer->head, &one, sizeof(one)) == 0 && (buffer->entries[0] & NOT_4K) == 0U;
}

static inline uint32_t work(const struct svsm_call *call)
{
	const uint64_t entry = svsm_call_buffer(call)->entries[0];

	return (entry & SVSM_PV_VALIDATE) != 0U ? validate_single(call, svsm_pv_page(entry))
						: rescind_single(call, svsm_pv_page(entry));
}

/* A list outside the calling area, or one for whose first entry it has no room. */
static uint32_t pvalidate_apart(struct svsm_call *call)
{
	const uint32_t result = svsm_op_list_start(call);

	return result == SVSM_SUCCESS ? svsm_pv_list(call) : result;
}

uint32_t svsm_core_pvalidate(struct svsm_call *call)
{
	static const uint16_t next = 1U;
	const uint64_t offset = call->in.rcx - call->ca.raw;
	uint32_t result = SVSM_SUCCESS;

	if (offset - FIRST_OFFSET > LAST_OFFSET - FIRST_OFFSET || offset % sizeof(uint64_t) != 0U) {
		return pvalidate_apart(call);
	}
	if (!arch_guest_read(call->cpu->call, gpa_make(call->in.rcx), SVSM_LIST_SHORT)) {
		return SVSM_ERR_INVALID_ADDRESS;
	}
	result = is_single(svsm_call_buffer(call)) ? work(call) : NOT_SINGLE;
	if (result != SVSM_SUCCESS) {
		return result == NOT_SINGLE ? svsm_pv_list(call)
					    : svsm_op_list_next(call, 0U, result);
	}
	/* The calling area is the caller's by its record: no other vCPU's claim can be in the way.
	 */
	return arch_guest_write(gpa_make(call->in.rcx + offsetof(struct svsm_list_head, next)),
				&next, sizeof(next))
		       ? SVSM_SUCCESS
		       : SVSM_ERR_INVALID_ADDRESS;
}
