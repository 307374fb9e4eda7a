/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "judge_priv.h"

static uint64_t regions(uint64_t pages)
{
	return (pages + REGION_PAGES - 1U) / REGION_PAGES;
}

static void *sparse(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static void sparse_free(void *p, size_t size)
{
	if (p != NULL) {
		(void)munmap(p, size);
	}
}

bool judge_raw(const struct judge *j, uint64_t spn, uint64_t *word)
{
	const uint64_t region = spn / REGION_PAGES;

	if (spn >= j->p.nr_pages) {
		return false;
	}
	for (unsigned int i = 0; i < 4U; i++) {
		/* pairs with the RMP's split of a 2 MiB entry: the 4 KiB words it filled before */
		uint64_t large = atomic_load_explicit(&j->p.words_2m[region], memory_order_acquire);
		uint64_t small;

		if ((large & RAW_LOCKED) != 0U) {
			return false;
		}
		if ((large & RAW_SPLIT) == 0U) {
			*word = (large & RAW_ASSIGNED) != 0U
					? large + (spn % REGION_PAGES) * RAW_ONE_GPN
					: 0U;
			return true;
		}
		/* pairs with the RMP's writers, and keeps the second look at the region's word
		 * behind it */
		small = atomic_load_explicit(&j->p.words_4k[spn], memory_order_acquire);
		if (atomic_load_explicit(&j->p.words_2m[region], memory_order_relaxed) == large) {
			*word = small;
			return (small & RAW_LOCKED) == 0U;
		}
	}
	return false;
}

bool judge_raw_bound(const struct judge *j, uint64_t spn, uint64_t gpn)
{
	uint64_t raw;

	return judge_raw(j, spn, &raw) && (raw & RAW_VALIDATED) != 0U && RAW_GPN(raw) == gpn;
}

static struct judge_gpage *far_page(struct judge *j, uint64_t gpn)
{
	for (unsigned int i = 0; i < FAR_PAGES; i++) {
		uint64_t seen = atomic_load_explicit(&j->far[i].gpn_plus_one, memory_order_relaxed);

		if (seen == 0U && atomic_compare_exchange_strong_explicit(
					  &j->far[i].gpn_plus_one, &seen, gpn + 1U,
					  memory_order_relaxed, memory_order_relaxed)) {
			return &j->far[i].page;
		}
		if (seen == gpn + 1U) {
			return &j->far[i].page;
		}
	}
	return NULL;
}

struct judge_gpage *judge_gpage(struct judge *j, uint64_t gpn)
{
	return gpn < j->p.nr_gpa_pages ? &j->gpages[gpn] : far_page(j, gpn);
}

uint64_t judge_word(const struct judge *j, uint64_t gpn, const struct judge_gpage *page)
{
	/* pairs with judge_store_word: the stamp written before the word */
	uint64_t word = atomic_load_explicit(&page->word, memory_order_acquire);

	if ((word & G_SEEN) == 0U && gpn < j->p.nr_gpa_pages) {
		uint64_t first = j->launch[gpn / REGION_PAGES];

		word = first == 0U ? 0U : first + gpn % REGION_PAGES;
	}
	return word;
}

static void touch(_Atomic(uint8_t) *byte)
{
	if (atomic_load_explicit(byte, memory_order_relaxed) == 0U) {
		atomic_store_explicit(byte, 1U, memory_order_relaxed);
	}
}

void judge_store_word(struct judge *j, uint64_t gpn, struct judge_gpage *page, uint64_t word)
{
	if (gpn < j->p.nr_gpa_pages) {
		touch(&j->touched_gpa[gpn / REGION_PAGES]);
	}
	/* pairs with judge_word: the stamp written before */
	atomic_store_explicit(&page->word, word | G_SEEN, memory_order_release);
}

bool judge_in_svsm(const struct judge *j, uint64_t gpn)
{
	const uint64_t gpa = gpn << PAGE_SHIFT;

	bool inside = false;

	for (unsigned int i = 0; i < j->p.nr_svsm; i++) {
		inside = inside || (gpa >= j->p.svsm[i].start && gpa < j->p.svsm[i].end);
	}
	for (unsigned int i = 0; inside && i < j->nr_vmsa; i++) {
		inside = j->vmsa[i] != gpn;
	}
	return inside;
}

enum judge_kind judge_kind_of(const struct judge *j, uint64_t gpn, uint64_t word)
{
	const enum judge_kind kind = (enum judge_kind)((word & G_KIND) >> G_KIND_SHIFT);

	return kind == JUDGE_KIND_NONE && judge_in_svsm(j, gpn) ? JUDGE_KIND_SVSM : kind;
}

uint32_t judge_spn_word(const struct judge *j, uint64_t spn)
{
	/* Ordered by what allowed the access: the RMP word behind a grant, or the quiescent point.
	 */
	return spn < j->p.nr_pages ? atomic_load_explicit(&j->spages[spn], memory_order_relaxed)
				   : 0U;
}

void judge_touch_spn(struct judge *j, uint64_t spn)
{
	touch(&j->touched_spn[spn / REGION_PAGES]);
}

void judge_mark_spn(struct judge *j, uint64_t spn, uint32_t clear, uint32_t set)
{
	uint32_t seen = judge_spn_word(j, spn);

	if (spn >= j->p.nr_pages || ((seen & ~clear) | set) == seen) {
		return;
	}
	judge_touch_spn(j, spn);
	while (!atomic_compare_exchange_weak_explicit(&j->spages[spn], &seen, (seen & ~clear) | set,
						      memory_order_relaxed, memory_order_relaxed)) {
	}
}

static uint64_t launch_word(uint64_t raw, uint64_t spn)
{
	return (spn + 1U) | G_VALID | G_LAUNCH | ((raw & RAW_VMSA) != 0U ? G_VMSA : 0U) |
	       (RAW_PERMS(raw) << G_PERMS_SHIFT);
}

static void launch_page(struct judge *j, uint64_t spn, uint64_t raw)
{
	const uint64_t gpn = RAW_GPN(raw);
	struct judge_gpage *page = judge_gpage(j, gpn);
	uint64_t word;

	if (page == NULL) {
		judge_lose(j, j->p.nr_cpus);
		return;
	}
	word = judge_word(j, gpn, page);
	if ((word & G_VALID) != 0U && !judge_is_bound(word, spn)) {
		judge_found_page(j, JUDGE_I3, gpn, spn, raw, "two validated pages at launch");
	}
	judge_store_word(j, gpn, page, launch_word(raw, spn));
	if ((raw & RAW_VMSA) != 0U && j->nr_vmsa < LAUNCH_VMSAS) {
		j->vmsa[j->nr_vmsa++] = gpn;
	}
}

/* 2 MiB launch entries are kept as one template each: a large launch must not fill the shadow. */
static void launch_region(struct judge *j, uint64_t spn, uint64_t raw)
{
	const uint64_t gpn = RAW_GPN(raw);

	if (gpn + REGION_PAGES <= j->p.nr_gpa_pages && gpn % REGION_PAGES == 0U &&
	    j->launch[gpn / REGION_PAGES] == 0U) {
		j->launch[gpn / REGION_PAGES] = launch_word(raw, spn);
		return;
	}
	for (uint64_t i = 0; i < REGION_PAGES && spn + i < j->p.nr_pages; i++) {
		launch_page(j, spn + i, raw + i * RAW_ONE_GPN);
	}
}

static void launch_scan(struct judge *j)
{
	for (uint64_t region = 0; region < regions(j->p.nr_pages); region++) {
		uint64_t spn = region * REGION_PAGES;
		uint64_t raw = atomic_load_explicit(&j->p.words_2m[region], memory_order_relaxed);

		if ((raw & RAW_SPLIT) == 0U) {
			if ((raw & RAW_ASSIGNED) != 0U && (raw & RAW_VALIDATED) != 0U) {
				launch_region(j, spn, raw);
			}
			continue;
		}
		for (uint64_t i = 0; i < REGION_PAGES && spn + i < j->p.nr_pages; i++) {
			raw = atomic_load_explicit(&j->p.words_4k[spn + i], memory_order_relaxed);
			if ((raw & RAW_VALIDATED) != 0U) {
				launch_page(j, spn + i, raw);
			}
		}
	}
}

static void mark_svsm(struct judge *j)
{
	for (unsigned int i = 0; i < j->p.nr_svsm; i++) {
		for (uint64_t gpn = j->p.svsm[i].start >> PAGE_SHIFT;
		     gpn < j->p.svsm[i].end >> PAGE_SHIFT; gpn++) {
			const struct judge_gpage *page = judge_gpage(j, gpn);
			uint64_t word = page == NULL ? 0U : judge_word(j, gpn, page);

			if ((word & G_VALID) != 0U && judge_in_svsm(j, gpn)) {
				judge_mark_spn(j, judge_bound(word), 0U, S_SVSM);
			}
		}
	}
}

static bool params_ok(const struct judge_params *p)
{
	return p->words_2m != NULL && p->words_4k != NULL && p->nr_pages != 0U &&
	       p->nr_pages < G_BOUND && p->nr_gpa_pages != 0U && p->nr_gpa_pages < G_BOUND &&
	       p->nr_cpus != 0U && p->nr_cpus <= JUDGE_MAX_CPUS && p->nr_svsm <= JUDGE_MAX_RANGES;
}

static bool reserve(struct judge *j)
{
	const struct judge_params *p = &j->p;

	j->gpages = sparse(p->nr_gpa_pages * sizeof(*j->gpages));
	j->launch = sparse(regions(p->nr_gpa_pages) * sizeof(*j->launch));
	j->touched_gpa = sparse(regions(p->nr_gpa_pages));
	j->touched_spn = sparse(regions(p->nr_pages));
	j->spages = sparse(p->nr_pages * sizeof(*j->spages));
	j->cpus = sparse((p->nr_cpus + 1U) * sizeof(*j->cpus));
	return j->gpages != NULL && j->launch != NULL && j->touched_gpa != NULL &&
	       j->touched_spn != NULL && j->spages != NULL && j->cpus != NULL;
}

struct judge *judge_create(const struct judge_params *params)
{
	struct judge *j;

	if (!params_ok(params)) {
		return NULL;
	}
	j = sparse(sizeof(*j));
	if (j == NULL) {
		return NULL;
	}
	j->p = *params;
	if (!reserve(j)) {
		judge_destroy(j);
		return NULL;
	}
	atomic_store_explicit(&j->generation, 1U, memory_order_relaxed);
	launch_scan(j);
	mark_svsm(j);
	return j;
}

void judge_destroy(struct judge *j)
{
	if (j == NULL) {
		return;
	}
	sparse_free(j->gpages, j->p.nr_gpa_pages * sizeof(*j->gpages));
	sparse_free(j->launch, regions(j->p.nr_gpa_pages) * sizeof(*j->launch));
	sparse_free((void *)j->touched_gpa, regions(j->p.nr_gpa_pages));
	sparse_free((void *)j->touched_spn, regions(j->p.nr_pages));
	sparse_free((void *)j->spages, j->p.nr_pages * sizeof(*j->spages));
	sparse_free(j->cpus, (j->p.nr_cpus + 1U) * sizeof(*j->cpus));
	free(j->previous);
	sparse_free(j, sizeof(*j));
}

static void on_flush_global(struct judge_step *s)
{
	atomic_fetch_add_explicit(&s->cpu->flushes, 1U, memory_order_relaxed);
	/* pairs with the load of SVSM_ENTER: bindings delivered before this flush are older than
	 * that entry */
	atomic_fetch_add_explicit(&s->j->flushes, 1U, memory_order_acq_rel);
}

static void on_enter(struct judge_step *s)
{
	s->cpu->inside = true;
	s->cpu->nr_reads = 0U;
	/* pairs with on_flush_global */
	s->cpu->entered = atomic_load_explicit(&s->j->flushes, memory_order_acquire);
}

static void on_cpu_event(struct judge_step *s)
{
	switch (s->event->kind) {
	case JUDGE_ZERO_FENCE:
		atomic_fetch_add_explicit(&s->cpu->fences, 1U, memory_order_relaxed);
		break;
	case JUDGE_FLUSH_LOCAL:
		judge_flush_note(s->cpu, s->gpn, s->event->large);
		break;
	case JUDGE_FLUSH_GLOBAL:
		on_flush_global(s);
		break;
	case JUDGE_SVSM_ENTER:
		on_enter(s);
		break;
	case JUDGE_SVSM_LEAVE:
		s->cpu->inside = false;
		break;
	case JUDGE_VMRUN:
		(void)judge_expect(s, JUDGE_A3, s->event->a != 0U, "a guest VMSA runs at VMPL0");
		break;
	default:
		break;
	}
}

void judge_event(struct judge *j, const struct judge_event *event)
{
	struct judge_step s = {
		.j = j,
		.cpu_index = event->cpu < j->p.nr_cpus ? event->cpu : j->p.nr_cpus,
		.event = event,
		.gpn = event->gpa >> PAGE_SHIFT,
		.spn = event->spn,
	};

	s.cpu = &j->cpus[s.cpu_index];
	switch (event->kind) {
	case JUDGE_RMPUPDATE:
	case JUDGE_PSMASH:
		judge_on_host(&s);
		return;
	case JUDGE_GUEST_READ:
	case JUDGE_GUEST_WRITE:
		judge_on_guest(&s);
		return;
	default:
		break;
	}
	if (s.cpu_index == j->p.nr_cpus) {
		return; /* the host has no VMPL0 */
	}
	switch (event->kind) {
	case JUDGE_PVALIDATE:
		judge_on_pvalidate(&s);
		break;
	case JUDGE_RMPADJUST:
		judge_on_rmpadjust(&s);
		break;
	case JUDGE_ZERO:
		judge_on_zero(&s);
		break;
	case JUDGE_SVSM_READ:
	case JUDGE_SVSM_WRITE:
		judge_on_copy(&s);
		break;
	case JUDGE_VMSA_WRITE:
		judge_on_vmsa_write(&s);
		break;
	default:
		on_cpu_event(&s);
		break;
	}
}
