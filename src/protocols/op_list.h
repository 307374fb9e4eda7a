/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVSM_OP_LIST_H
#define SVSM_OP_LIST_H

/*
 * The list of operations that PVALIDATE and DEPOSIT_MEM share (58019 Tables 8, 9, 13): fetched once
 * into the vCPU's private buffer, worked on there, results written back once at the end.
 */

#include "guestmem.h"
#include "protocols.h"
#include "svsm_abi.h"

/* Bytes of a head and one entry. */
#define SVSM_LIST_SHORT (sizeof(struct svsm_list_head) + sizeof(uint64_t))

struct svsm_op_list {
	gpa_t at; /* gPA of the list */
	unsigned int count;
	unsigned int next; /* next entry to process; what the guest gets back */
	uint64_t *entries; /* private copy, valid in [first, count) */
	unsigned int first;
	unsigned int dirty_from; /* entries [dirty_from, dirty_to) changed and are written back */
	unsigned int dirty_to;
};

/* Private copy of a list, in the slot that percpu reserves for the protocols layer. */
struct svsm_call_buffer {
	struct svsm_list_head head;
	uint64_t entries[SVSM_LIST_MAX_ENTRIES];
};
_Static_assert(sizeof(struct svsm_call_buffer) <= SVSM_CPU_CALL_BYTES,
	       "fits the slot of struct svsm_cpu");

static inline struct svsm_call_buffer *svsm_call_buffer(const struct svsm_call *call)
{
	return (struct svsm_call_buffer *)(void *)call->cpu->call;
}

/*
 * Fetch the list that RCX names, in two steps that read no byte twice: the head with the first
 * entry if there is room for one, which is all there is to a list of one; then the rest. SUCCESS,
 * or: INVALID_PARAMETER for a misaligned gPA, a count of 0 or across the 4 KiB boundary, next >=
 * count, a non-zero reserved word; INVALID_ADDRESS for a gPA that is not the guest's; BUSY.
 */
uint32_t svsm_op_list_start(struct svsm_call *call);
uint32_t svsm_op_list_rest(struct svsm_call *call, struct svsm_op_list *list);
uint32_t svsm_op_list_fetch(struct svsm_call *call, struct svsm_op_list *list);

/* Change entry @index; the guest sees it after svsm_op_list_finish(). */
void svsm_op_list_set(struct svsm_op_list *list, unsigned int index, uint64_t entry);

/*
 * Write changed entries and `next` back. @result is the call's result so far and is returned,
 * unless the list cannot be written any more (its page stopped being the guest's during the call,
 * A10): INVALID_ADDRESS, what was done is done.
 */
uint32_t svsm_op_list_finish(struct svsm_call *call, const struct svsm_op_list *list,
			     uint32_t result);

/* The same for `next` alone, of the list that RCX names. */
uint32_t svsm_op_list_next(struct svsm_call *call, unsigned int next, uint32_t result);

/*
 * Report what a call has done, at most 4 KiB within a page. SUCCESS, or INVALID_ADDRESS if the page
 * cannot be written: progress that cannot be reported must not look like BUSY ("nothing was done,
 * issue it again").
 */
uint32_t svsm_write_back(struct svsm_call *call, gpa_t at, const void *src, size_t len);

/* Does [gpa, gpa + bytes) cover the page of the list itself? */
bool svsm_op_list_hit(const struct svsm_op_list *list, gpa_t gpa, uint64_t bytes);

/*
 * Is @at inside the header of the caller's calling area? A parameter there would be fetched twice
 * (its first byte is SVSM_CALL_PENDING) and overwritten at completion: INVALID_ADDRESS.
 */
bool svsm_in_call_header(const struct svsm_call *call, gpa_t at);

/* Result of a copy for the guest. */
uint32_t svsm_copy_result(enum svsm_copy copy);

#endif
