/* SPDX-License-Identifier: Apache-2.0 */
#include "exec.h"

static void psc(const struct fz_actor *a, const struct fz_packet *p)
{
	const enum svsm_page_size size = (p->b & 1U) != 0U ? SVSM_PAGE_2M : SVSM_PAGE_4K;
	const uint64_t units = size == SVSM_PAGE_2M ? p->a % 3U + 1U : p->a + 1U;
	const uint64_t bytes = svsm_page_bytes(size);
	uint64_t gpa = fz_address(a, p->x, false) & ~(bytes - 1U);

	for (uint64_t i = 0U; i < units && fz_host_may_take(a, gpa, bytes); i++) {
		(void)hm_psc(a->w->m, gpa, 1U, size, (p->b & 2U) != 0U);
		gpa += bytes;
	}
}

/* The next spare page, which no gPA ever had, or one that this gPA had before. */
static uint64_t spare_for(struct fz_world *w, uint64_t gpa, unsigned int which)
{
	const unsigned int nr = atomic_load_explicit(&w->next_spare, memory_order_relaxed);
	unsigned int at = which;

	if (at >= nr || at >= FZ_SPARES || w->spare_gpa[at] != gpa) {
		at = atomic_fetch_add_explicit(&w->next_spare, 1U, memory_order_relaxed);
		if (at >= FZ_SPARES) {
			return UINT64_MAX;
		}
		w->spare_gpa[at] = gpa;
	}
	return hm_spare_spn(w->m) + at;
}

static void remap(const struct fz_actor *a, const struct fz_packet *p)
{
	struct fz_world *w = a->w;
	const uint64_t gpa = fz_address(a, p->x, false);
	const uint64_t other = fz_address(a, (uint32_t)p->y, false);
	uint64_t spn = gpa >> SVSM_PAGE_SHIFT;

	if (!fz_host_may_take(a, gpa, SVSM_PAGE_SIZE)) {
		return;
	}
	if (p->b % 3U == 2U && !w->program->params.deposits &&
	    fz_host_may_take(a, other, SVSM_PAGE_SIZE)) {
		spn = hm_spn(w->m, other);
	} else if (p->b % 3U != 1U) {
		spn = spare_for(w, gpa, p->c);
	}
	if (spn != UINT64_MAX) {
		hm_remap(w->m, gpa, spn);
	}
}

static void inject(const struct fz_actor *a, const struct fz_packet *p)
{
	struct fz_world *w = a->w;
	const enum hm_injected what = (enum hm_injected)(p->b % HM_INJECT_NR);
	/* A code of 0 without the operation would be hardware that lies. */
	const uint32_t value = (uint32_t)p->y == 0U ? 1U : (uint32_t)p->y;

	if (what == HM_INJECT_PVALIDATE_CODE || what == HM_INJECT_RMPADJUST_CODE) {
		(void)atomic_fetch_or_explicit(&w->codes, value > 0xfU ? 1U : 1U << value,
					       memory_order_relaxed);
	}
	hm_inject(w->m, p->a % w->program->params.vcpus, what, p->c + 1U, value);
}

void fz_host_run(struct fz_world *w, unsigned int cpu, uint64_t vmsa)
{
	/* Before and after: a call meanwhile sees at least one of them. */
	(void)atomic_fetch_add_explicit(&w->moves, 1U, memory_order_relaxed);
	atomic_store_explicit(&w->want[cpu], vmsa, memory_order_relaxed);
	hm_ap_create(w->m, cpu, vmsa);
	(void)atomic_fetch_add_explicit(&w->moves, 1U, memory_order_relaxed);
}

void fz_host(struct fz_actor *a, const struct fz_packet *p)
{
	struct fz_world *w = a->w;
	const uint64_t gpa = fz_address(a, p->x, false);

	switch (p->op) {
	case FZ_PSC:
		psc(a, p);
		break;
	case FZ_STEAL:
		if (fz_host_may_take(a, gpa, SVSM_PAGE_SIZE)) {
			(void)hm_steal(w->m, gpa, (p->b & 1U) != 0U);
		}
		break;
	case FZ_REMAP:
		remap(a, p);
		break;
	case FZ_PSMASH:
		if (fz_is_ram(gpa)) {
			(void)hm_psmash(w->m, gpa);
		}
		break;
	case FZ_AP_CREATE:
		fz_host_run(w, p->a % w->program->params.vcpus, gpa);
		break;
	case FZ_AP_DESTROY:
		fz_host_run(w, p->a % w->program->params.vcpus, 0U);
		break;
	case FZ_SPURIOUS:
		if ((p->b & 1U) != 0U) {
			(void)hm_spurious_entry_after(w->m, p->y);
		} else {
			(void)hm_spurious_entry(w->m);
		}
		break;
	case FZ_INJECT:
		inject(a, p);
		break;
	default:
		break;
	}
}
