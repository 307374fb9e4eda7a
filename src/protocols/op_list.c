/* SPDX-License-Identifier: Apache-2.0 */
#include "op_list.h"

#include "range.h"

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

uint32_t svsm_op_list_fetch(struct svsm_call *call, struct svsm_op_list *list)
{
	const gpa_t at = gpa_make(call->in.rcx);
	struct svsm_list_head head = { 0 };
	struct svsm_range range;
	uint32_t result = SVSM_SUCCESS;

	if (!gpa_aligned(at, sizeof(uint64_t))) {
		return SVSM_ERR_INVALID_PARAMETER;
	}
	if (!svsm_range_make(at, sizeof(head), &range) || svsm_in_call_header(call, at)) {
		return SVSM_ERR_INVALID_ADDRESS;
	}
	result = svsm_copy_result(svsm_guest_read(call->cpu, call->ca, &head, at, sizeof(head)));
	if (result != SVSM_SUCCESS) {
		return result;
	}
	if (!head_ok(&head, at)) {
		return SVSM_ERR_INVALID_PARAMETER;
	}
	*list = (struct svsm_op_list){
		.at = at, .count = head.count, .next = head.next, .first = head.next
	};
	list->dirty_from = head.count;
	list->entries = ((struct svsm_call_buffer *)(void *)call->cpu->call)->entries;
	/* Other bytes than the head: no byte of the guest is read twice. */
	return svsm_copy_result(
		svsm_guest_read(call->cpu, call->ca, &list->entries[list->first],
				gpa_add(at, sizeof(head) + list->first * sizeof(uint64_t)),
				(list->count - list->first) * sizeof(uint64_t)));
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

uint32_t svsm_op_list_finish(struct svsm_call *call, const struct svsm_op_list *list,
			     uint32_t result)
{
	const gpa_t entries = gpa_add(list->at, sizeof(struct svsm_list_head));
	const uint16_t next = (uint16_t)list->next;
	uint32_t written = SVSM_SUCCESS;

	if (list->dirty_from < list->dirty_to) {
		written = svsm_write_back(call,
					  gpa_add(entries, list->dirty_from * sizeof(uint64_t)),
					  &list->entries[list->dirty_from],
					  (list->dirty_to - list->dirty_from) * sizeof(uint64_t));
	}
	if (written == SVSM_SUCCESS) {
		written = svsm_write_back(call,
					  gpa_add(list->at, offsetof(struct svsm_list_head, next)),
					  &next, sizeof(next));
	}
	return written == SVSM_SUCCESS ? result : written;
}

bool svsm_op_list_hit(const struct svsm_op_list *list, gpa_t gpa, uint64_t bytes)
{
	const gpa_t page = gpa_page(list->at);

	return page.raw >= gpa.raw && page.raw - gpa.raw < bytes;
}
