/* SPDX-License-Identifier: Apache-2.0 */
#include "ghcb_priv.h"
#include "rmp.h"
#include "trace.h"

#define PAGES_2M 512U

bool ghcb_psc(struct vcpu *vcpu, gpa_t page, unsigned int op, bool large, bool by_msr)
{
	bool private_ = op == GHCB_PSC_PRIVATE;

	trace_note(vcpu, TRACE_PSC, page.raw, op, large ? 1U : 0U, 0);
	if (!(private_ ? rmp_make_private(page, large) : rmp_make_shared(page, large))) {
		return false;
	}
	trace_psc(vcpu, page, private_, large, by_msr);
	return true;
}

/* Serve one entry; its cur_page says how far it came. Returns 0 or the error. */
static uint64_t serve_entry(struct vcpu *vcpu, uint64_t *entry)
{
	uint64_t gfn = ghcb_psc_entry_gfn(*entry), done = *entry & GHCB_PSC_CUR_MASK;
	unsigned int op = ghcb_psc_entry_op(*entry);
	bool large = (*entry & GHCB_PSC_2M) != 0U;
	uint64_t pages = large ? PAGES_2M : 1U;
	bool ok = true;

	if (op < GHCB_PSC_PRIVATE || op > GHCB_PSC_UNSMASH || done > pages ||
	    (large && gfn % PAGES_2M != 0U)) {
		return GHCB_PSC_ERROR_ENTRY;
	}
	/* Hints about the size of entries: the RMP is split when it has to be. */
	if (op == GHCB_PSC_SMASH || op == GHCB_PSC_UNSMASH) {
		done = pages;
	} else if (large && done == 0U) {
		ok = ghcb_psc(vcpu, gpa_make(gfn << EMU_PAGE_SHIFT), op, true, false);
		done = ok ? pages : 0U;
	}
	while (ok && done < pages) {
		ok = ghcb_psc(vcpu, gpa_make((gfn + done) << EMU_PAGE_SHIFT), op, false, false);
		done += ok ? 1U : 0U;
	}
	*entry = (*entry & ~GHCB_PSC_CUR_MASK) | done;
	return ok ? 0U : GHCB_PSC_ERROR_GENERIC;
}

static bool serve_at(struct vcpu *vcpu, struct ghcb_call *call, unsigned int index)
{
	uint64_t offset = offsetof(struct ghcb_psc_list, entries) + 8U * (uint64_t)index;
	uint64_t entry;

	if (!ghcb_scratch_read(call, offset, &entry, sizeof(entry))) {
		return false;
	}
	call->out_info2 = serve_entry(vcpu, &entry);
	return ghcb_scratch_write(call, offset, &entry, sizeof(entry)) && call->out_info2 == 0U;
}

void ghcb_exit_psc(struct vcpu *vcpu, struct ghcb_call *call)
{
	struct ghcb_psc_header header;
	unsigned int entry;

	if (!ghcb_scratch_check(call, sizeof(header)) ||
	    !ghcb_scratch_read(call, 0, &header, sizeof(header))) {
		return;
	}
	if (header.end_entry >= GHCB_PSC_MAX_ENTRIES) {
		call->out_info2 = GHCB_PSC_ERROR_HEADER;
		return;
	}
	if (!ghcb_scratch_check(call, sizeof(header) + UINT64_C(8) * (header.end_entry + 1U))) {
		return;
	}
	for (entry = header.cur_entry; entry <= header.end_entry; entry++) {
		if (!serve_at(vcpu, call, entry)) {
			break;
		}
	}
	/* Where to go on, or past the end. */
	header.cur_entry = (uint16_t)entry;
	(void)ghcb_scratch_write(call, offsetof(struct ghcb_psc_header, cur_entry),
				 &header.cur_entry, sizeof(header.cur_entry));
}
