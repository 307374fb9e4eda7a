/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "exec.h"
#include "svsm_abi.h"

static void store(uint8_t *bytes, uint64_t value, unsigned int nr)
{
	for (unsigned int i = 0U; i < nr; i++) {
		bytes[i] = (uint8_t)(value >> (8U * i));
	}
}

void fz_guest_write(struct fz_actor *a, const struct fz_packet *p)
{
	const uint64_t gpa = fz_address(a, p->x, true);
	const unsigned int len = (p->a & 7U) + 1U;
	uint8_t bytes[8];

	store(bytes, p->y, len);
	if ((p->b & 1U) != 0U) {
		(void)hm_guest_write_shared(a->w->m, gpa, bytes, len);
	} else {
		(void)hm_guest_write(a->w->m, gpa, bytes, len);
	}
}

void fz_guest_read(struct fz_actor *a, const struct fz_packet *p)
{
	const uint64_t gpa = fz_address(a, p->x, true);
	uint8_t bytes[256];

	if ((p->b & 1U) != 0U) {
		(void)hm_guest_read_shared(a->w->m, gpa, bytes, p->a + 1U);
	} else {
		(void)hm_guest_read(a->w->m, gpa, bytes, p->a + 1U);
	}
}

void fz_guest_leave(struct fz_actor *a, const struct fz_packet *p)
{
	const struct hm_regs regs = { .rax = a->reg[0],
				      .rcx = a->reg[1],
				      .rdx = a->reg[2],
				      .r8 = a->reg[3],
				      .r9 = a->reg[4] };

	switch (p->b % 3U) {
	case 0:
		hm_guest_idle(a->w->m);
		break;
	case 1:
		(void)hm_guest_exit(a->w->m, &regs, p->y);
		break;
	default:
		hm_guest_flush(a->w->m);
		break;
	}
}

/* The list's place: behind the calling area's bytes where it shares their page, as Linux has it. */
static uint64_t list_place(const struct fz_actor *a, uint32_t selector)
{
	const uint64_t at = fz_address(a, selector, true);

	return (selector & 0xfU) == FZ_AT_OWN_CA && (at & SVSM_PAGE_MASK) < 8U ? at + 8U : at;
}

static unsigned int fill(const struct fz_actor *a, const struct fz_packet *p, uint64_t *entries)
{
	const bool large = (p->b & SVSM_PV_SIZE) == SVSM_PAGE_2M;
	const uint64_t unit = large ? SVSM_REGION_SIZE : SVSM_PAGE_SIZE;
	const uint64_t step = (p->y >> 32 & 0xffU) * unit;
	const bool other = p->y >> 63 != 0U;
	const unsigned int which = (unsigned int)(p->y >> 48 & 0x3fU);
	unsigned int nr = p->a + 16U * (p->c >> 4);
	uint64_t first = fz_address(a, (uint32_t)p->y, false);

	if (large && !fz_select((uint32_t)p->y).misaligned) {
		first &= ~SVSM_REGION_MASK;
	}
	nr = nr == 0U ? 1U : nr;
	for (unsigned int i = 0U; i < nr; i++) {
		const uint64_t flags = other && i == which ? p->y >> 54 & FZ_LIST_FLAGS
							   : p->b & FZ_LIST_FLAGS;

		entries[i] = (first + i * step) | flags;
	}
	return nr;
}

void fz_guest_list(struct fz_actor *a, const struct fz_packet *p)
{
	uint64_t list[1U + SVSM_LIST_MAX_ENTRIES] = { 0 };
	const uint64_t at = list_place(a, p->x);
	const unsigned int room =
		(unsigned int)((SVSM_PAGE_SIZE - (at & SVSM_PAGE_MASK)) / sizeof(list[0]));
	unsigned int nr = fill(a, p, &list[1]);
	uint64_t count = 0U;

	if (room < 2U) {
		return;
	}
	nr = nr < room - 1U ? nr : room - 1U;
	count = nr;
	switch (p->b >> FZ_LIST_HEAD_SHIFT) {
	case 1:
		count = 0U;
		break;
	case 2:
		count = room;
		break;
	case 3:
		count |= UINT64_C(1) << (32U + (p->c & 0xfU));
		break;
	default:
		break;
	}
	list[0] = count | (uint64_t)(p->c & 0xfU) << 16;
	if (hm_guest_write(a->w->m, at, list, (1U + nr) * sizeof(list[0])) == HM_OK) {
		atomic_store_explicit(&a->w->list, at, memory_order_relaxed);
		atomic_store_explicit(&a->w->entry, list[1] & ~SVSM_ENTRY_FLAGS,
				      memory_order_relaxed);
	}
}

void fz_guest_entry(struct fz_actor *a, const struct fz_packet *p)
{
	const uint64_t at = list_place(a, p->x) + (1U + p->a) * sizeof(uint64_t);
	const uint64_t entry = (p->b & 1U) != 0U ? fz_address(a, (uint32_t)p->y, false) | p->c
						 : p->y;

	(void)hm_guest_write(a->w->m, at, &entry, sizeof(entry));
}

void fz_guest_vmsa(struct fz_actor *a, const struct fz_packet *p)
{
	const unsigned int vmpl = p->a & 7U;
	struct vmsa_page page;

	memset(&page, 0, sizeof(page));
	page.vmpl = (uint8_t)(vmpl == 0U ? a->w->program->params.vmpl : vmpl - 1U);
	page.efer = VMSA_EFER_SVME;
	page.sev_features = VMSA_SEV_SNP;
	switch ((enum fz_flaw)(p->b % FZ_FLAW_NR)) {
	case FZ_FLAW_SVME:
		page.efer = 0U;
		break;
	case FZ_FLAW_FEATURES:
		page.sev_features = p->y;
		break;
	case FZ_FLAW_VTOM:
		page.sev_features |= VMSA_SEV_VTOM;
		break;
	case FZ_FLAW_CALL:
		page.guest_exitcode = VMSA_EXIT_VMGEXIT;
		page.rax = p->y % 8U;
		page.rcx = atomic_load_explicit(&a->w->list, memory_order_relaxed);
		break;
	case FZ_FLAW_NONE:
	case FZ_FLAW_NR:
	default:
		break;
	}
	(void)hm_guest_write(a->w->m, fz_address(a, p->x, false), &page, sizeof(page));
}
