/* SPDX-License-Identifier: Apache-2.0 */
#include "op_list.h"

#define WRITE_BACK_ATTEMPTS 64U

uint32_t svsm_copy_result(enum svsm_copy copy)
{
	switch (copy) {
	case SVSM_COPY_OK:
		return SVSM_SUCCESS;
	case SVSM_COPY_BUSY:
		return SVSM_ERR_BUSY;
	case SVSM_COPY_ADDRESS:
		break;
	}
	return SVSM_ERR_INVALID_ADDRESS;
}

bool svsm_in_call_header(const struct svsm_call *call, gpa_t at)
{
	return at.raw >= call->ca.raw && at.raw - call->ca.raw < sizeof(struct svsm_calling_area);
}

static bool head_ok(const struct svsm_list_head *head, gpa_t at)
{
	const uint64_t room = (SVSM_PAGE_SIZE - gpa_offset(at) - sizeof(*head)) / sizeof(uint64_t);

	return head->count >= 1U && head->count <= room && head->next < head->count &&
	       head->reserved == 0U;
}

/*
 * No range is made of the address: it is the caller's own calling area, or the ownership map is
 * asked, which answers ABSENT to all that is not below its top (width, C-bit alias).
 */
uint32_t svsm_op_list_start(struct svsm_call *call)
{
	const gpa_t at = gpa_make(call->in.rcx);
	const uint64_t room = SVSM_PAGE_SIZE - gpa_offset(at);

	if (!gpa_aligned(at, sizeof(uint64_t))) {
		return SVSM_ERR_INVALID_PARAMETER;
	}
	if (svsm_in_call_header(call, at)) {
		return SVSM_ERR_INVALID_ADDRESS;
	}
	return svsm_copy_result(svsm_guest_read(call->cpu, call->ca, svsm_call_buffer(call), at,
						room < SVSM_LIST_SHORT ? room : SVSM_LIST_SHORT));
}

uint32_t svsm_op_list_rest(struct svsm_call *call, struct svsm_op_list *list)
{
	const gpa_t at = gpa_make(call->in.rcx);
	struct svsm_call_buffer *buffer = svsm_call_buffer(call);
	const struct svsm_list_head head = buffer->head;
	const unsigned int from = head.next == 0U ? 1U : head.next;

	if (!head_ok(&head, at)) {
		return SVSM_ERR_INVALID_PARAMETER;
	}
	*list = (struct svsm_op_list){ .at = at,
				       .count = head.count,
				       .next = head.next,
				       .first = head.next,
				       .entries = buffer->entries,
				       .dirty_from = head.count };
	if (from == head.count) {
		return SVSM_SUCCESS;
	}
	return svsm_copy_result(svsm_guest_read(call->cpu, call->ca, &buffer->entries[from],
						gpa_add(at, sizeof(head) + from * sizeof(uint64_t)),
						(head.count - from) * sizeof(uint64_t)));
}

uint32_t svsm_op_list_fetch(struct svsm_call *call, struct svsm_op_list *list)
{
	const uint32_t result = svsm_op_list_start(call);

	return result == SVSM_SUCCESS ? svsm_op_list_rest(call, list) : result;
}

void svsm_op_list_set(struct svsm_op_list *list, unsigned int index, uint64_t entry)
{
	list->entries[index] = entry;
	if (index < list->dirty_from) {
		list->dirty_from = index;
	}
	if (index >= list->dirty_to) {
		list->dirty_to = index + 1U;
	}
}

/* A rival's failed 2 MiB claim makes the page look claimed for a moment: worth a few attempts
 * before giving up. */
uint32_t svsm_write_back(struct svsm_call *call, gpa_t at, const void *src, size_t len)
{
	enum svsm_copy copy = SVSM_COPY_BUSY;

	for (unsigned int i = 0U; i < WRITE_BACK_ATTEMPTS && copy == SVSM_COPY_BUSY; i++) {
		copy = svsm_guest_write(call->cpu, call->ca, at, src, len);
	}
	return copy == SVSM_COPY_OK ? SVSM_SUCCESS : SVSM_ERR_INVALID_ADDRESS;
}

uint32_t svsm_op_list_next(struct svsm_call *call, unsigned int next, uint32_t result)
{
	const gpa_t at = gpa_add(gpa_make(call->in.rcx), offsetof(struct svsm_list_head, next));
	const uint16_t value = (uint16_t)next;
	bool written = false;

	if (gpa_equal(gpa_page(at), call->ca)) {
		/* The caller's by its record: no claim can be in the way. */
		written = arch_guest_write(at, &value, sizeof(value));
	} else {
		written = svsm_write_back(call, at, &value, sizeof(value)) == SVSM_SUCCESS;
	}
	return written ? result : SVSM_ERR_INVALID_ADDRESS;
}

uint32_t svsm_op_list_finish(struct svsm_call *call, const struct svsm_op_list *list,
			     uint32_t result)
{
	const gpa_t entries = gpa_add(list->at, sizeof(struct svsm_list_head));
	uint32_t written = SVSM_SUCCESS;

	if (list->dirty_from < list->dirty_to) {
		written = svsm_write_back(call,
					  gpa_add(entries, list->dirty_from * sizeof(uint64_t)),
					  &list->entries[list->dirty_from],
					  (list->dirty_to - list->dirty_from) * sizeof(uint64_t));
	}
	return written == SVSM_SUCCESS ? svsm_op_list_next(call, list->next, result) : written;
}

bool svsm_op_list_hit(const struct svsm_op_list *list, gpa_t gpa, uint64_t bytes)
{
	const gpa_t page = gpa_page(list->at);

	return page.raw >= gpa.raw && page.raw - gpa.raw < bytes;
}
