/* SPDX-License-Identifier: Apache-2.0 */
#include "ghcb_priv.h"
#include "ram.h"

/* What one request can make the hypervisor copy */
#define SCRATCH_MAX (16U * EMU_PAGE_SIZE)

#define BUFFER_START offsetof(struct ghcb_page, shared_buffer)
#define BUFFER_END (BUFFER_START + GHCB_SHARED_BUFFER_BYTES)

static bool all_shared(uint64_t start, uint64_t bytes)
{
	for (uint64_t at = start & ~EMU_PAGE_MASK; at < start + bytes; at += EMU_PAGE_SIZE) {
		if (ram_shared_pointer(gpa_make(at), EMU_PAGE_SIZE) == NULL) {
			return false;
		}
	}
	return true;
}

/* Other fields of the page, the answer among them, are no scratch area. */
static bool clear_of_fields(const struct ghcb_call *call, uint64_t bytes)
{
	uint64_t page = call->page.raw, end = call->scratch + bytes;

	if (end <= page || call->scratch >= page + EMU_PAGE_SIZE) {
		return true;
	}
	return call->scratch >= page + BUFFER_START && end <= page + BUFFER_END;
}

bool ghcb_scratch_check(struct ghcb_call *call, uint64_t bytes)
{
	if (bytes <= SCRATCH_MAX && call->scratch <= UINT64_MAX - SCRATCH_MAX &&
	    clear_of_fields(call, bytes) && all_shared(call->scratch, bytes)) {
		return true;
	}
	ghcb_malformed(call, GHCB_REASON_SCRATCH);
	return false;
}

/* Bytes one at a time: the guest writes at the same time, and nothing is gained by more. */
static bool transfer(struct ghcb_call *call, uint64_t offset, uint8_t *into, const uint8_t *from,
		     size_t len)
{
	uint64_t at = call->scratch + offset;
	volatile uint8_t *shared;
	size_t part;

	for (size_t done = 0; done < len; done += part) {
		part = (size_t)(EMU_PAGE_SIZE - ((at + done) & EMU_PAGE_MASK));
		part = part < len - done ? part : len - done;
		shared = ram_shared_pointer(gpa_make(at + done), part);
		if (shared == NULL) {
			ghcb_malformed(call, GHCB_REASON_SCRATCH);
			return false;
		}
		for (size_t i = 0; i < part; i++) {
			if (into != NULL) {
				into[done + i] = shared[i];
			} else {
				shared[i] = from[done + i];
			}
		}
	}
	return true;
}

bool ghcb_scratch_read(struct ghcb_call *call, uint64_t offset, void *data, size_t len)
{
	return transfer(call, offset, data, NULL, len);
}

bool ghcb_scratch_write(struct ghcb_call *call, uint64_t offset, const void *data, size_t len)
{
	return transfer(call, offset, NULL, data, len);
}
