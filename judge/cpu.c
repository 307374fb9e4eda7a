/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "judge_priv.h"

static struct judge_flushed *flushed_region(struct judge_cpu *cpu, uint64_t region)
{
	for (unsigned int i = 0; i < FLUSH_REGIONS; i++) {
		if (cpu->flushed[i].region_plus_one == region + 1U) {
			return &cpu->flushed[i];
		}
	}
	return NULL;
}

static void set_pages(struct judge_flushed *f, uint64_t gpn, bool large, bool on)
{
	const uint64_t bit = UINT64_C(1) << (gpn % 64U);
	uint64_t *word = &f->pages[(gpn % REGION_PAGES) / 64U];

	if (large) {
		memset(f->pages, on ? 0xff : 0, sizeof(f->pages));
	} else if (on) {
		*word |= bit;
	} else {
		*word &= ~bit;
	}
}

void judge_flush_note(struct judge_cpu *cpu, uint64_t gpn, bool large)
{
	struct judge_flushed *f = flushed_region(cpu, gpn / REGION_PAGES);

	if (f == NULL) {
		f = &cpu->flushed[cpu->next_region];
		cpu->next_region = (cpu->next_region + 1U) % FLUSH_REGIONS;
		memset(f->pages, 0, sizeof(f->pages));
		f->region_plus_one = gpn / REGION_PAGES + 1U;
	}
	set_pages(f, gpn, large, true);
}

void judge_flush_spoil(struct judge_cpu *cpu, uint64_t gpn, bool large)
{
	struct judge_flushed *f = flushed_region(cpu, gpn / REGION_PAGES);

	if (f != NULL) {
		set_pages(f, gpn, large, false);
	}
}

bool judge_flush_covers(const struct judge_cpu *cpu, uint64_t gpn, bool large)
{
	for (unsigned int i = 0; i < FLUSH_REGIONS; i++) {
		const struct judge_flushed *f = &cpu->flushed[i];

		if (f->region_plus_one != gpn / REGION_PAGES + 1U) {
			continue;
		}
		if (!large) {
			return ((f->pages[(gpn % REGION_PAGES) / 64U] >> (gpn % 64U)) & 1U) != 0U;
		}
		for (unsigned int k = 0; k < REGION_PAGES / 64U; k++) {
			if (f->pages[k] != UINT64_MAX) {
				return false;
			}
		}
		return true;
	}
	return false;
}

enum judge_read_result judge_read_note(struct judge_cpu *cpu, uint64_t start, uint64_t len)
{
	const uint64_t end = start + len;
	struct judge_read *grow = NULL;

	for (unsigned int i = 0; i < cpu->nr_reads; i++) {
		struct judge_read *r = &cpu->reads[i];

		if (start < r->end && r->start < end) {
			return JUDGE_READ_AGAIN;
		}
		if (start == r->end) {
			grow = r;
		}
	}
	if (grow != NULL) {
		grow->end = end; /* lists are read entry by entry: one range, not 511 */
		return JUDGE_READ_NEW;
	}
	if (cpu->nr_reads == READ_RANGES) {
		return JUDGE_READ_FULL;
	}
	cpu->reads[cpu->nr_reads++] = (struct judge_read){ .start = start, .end = end };
	return JUDGE_READ_NEW;
}

void judge_read_forget(struct judge_cpu *cpu, uint64_t gpn)
{
	for (unsigned int i = 0; i < cpu->nr_reads;) {
		if (cpu->reads[i].start >> PAGE_SHIFT <= gpn &&
		    (cpu->reads[i].end - 1U) >> PAGE_SHIFT >= gpn) {
			cpu->reads[i] = cpu->reads[--cpu->nr_reads];
		} else {
			i++;
		}
	}
}
