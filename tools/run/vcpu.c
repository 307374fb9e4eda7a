/* SPDX-License-Identifier: Apache-2.0 */
#include "vcpu.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "ticks.h"

/* Linux repeats for ever; a run must end. Far more than any answer needs. */
#define MAX_REPEATS 10000000U

#define CORE_VERSIONS ((UINT64_C(2) << 32) | 1U)

void vcpu_wrong(struct vcpu *v, const char *format, ...)
{
	va_list args;

	v->wrong++;
	if (v->wrong == 1U) {
		va_start(args, format);
		(void)vsnprintf(v->first_wrong, sizeof(v->first_wrong), format, args);
		va_end(args);
	}
}

bool vcpu_check(struct vcpu *v, bool ok, const char *what, uint64_t gpa)
{
	v->checks++;
	if (!ok) {
		vcpu_wrong(v, "vCPU %u: %s: page 0x%" PRIx64, v->index, what, gpa);
	}
	return ok;
}

uint64_t vcpu_ca(const struct vcpu *v)
{
	return layout_ca(&v->vm->layout, v->index, v->ca);
}

uint32_t vcpu_apic_id(const struct vcpu *v)
{
	return hm_config(v->vm->machine)->apic_ids[v->index];
}

uint64_t vcpu_random(struct vcpu *v, uint64_t bound)
{
	/* xorshift64*: never 0 because the seed is not */
	v->random ^= v->random >> 12;
	v->random ^= v->random << 25;
	v->random ^= v->random >> 27;
	return ((v->random * UINT64_C(0x2545f4914f6cdd1d)) >> 16) % bound;
}

static void count_call(struct vcpu *v, uint64_t ticks, uint64_t rax)
{
	struct tally *tally = &v->tally;

	if (!v->counting) {
		return;
	}
	histogram_add(&tally->latency, ticks);
	tally->calls++;
	tally->busy += rax == GUEST_BUSY ? 1U : 0U;
	tally->incomplete += rax == GUEST_INCOMPLETE ? 1U : 0U;
	atomic_store_explicit(&v->progress, tally->calls, memory_order_relaxed);
}

uint64_t vcpu_call(struct vcpu *v, enum guest_call_id id, struct hm_regs *regs)
{
	const struct hm_regs arguments = *regs;
	const uint64_t ca = vcpu_ca(v);

	for (unsigned int i = 0; i < MAX_REPEATS; i++) {
		enum hm_call done;
		uint64_t start;

		*regs = arguments;
		regs->rax = (uint64_t)id;
		start = ticks_now();
		done = hm_call(v->vm->machine, ca, regs);
		count_call(v, ticks_now() - start, regs->rax);
		if (done != HM_CALL_DONE) {
			vcpu_wrong(v, "vCPU %u: call %d was not served (%d)", v->index, (int)id,
				   (int)done);
			return UINT64_MAX;
		}
		if (regs->rax != GUEST_BUSY && regs->rax != GUEST_INCOMPLETE) {
			return regs->rax;
		}
	}
	vcpu_wrong(v, "vCPU %u: call %d stays at 0x%" PRIx64, v->index, (int)id, regs->rax);
	return UINT64_MAX;
}

bool vcpu_call_ok(struct vcpu *v, enum guest_call_id id, uint64_t rcx)
{
	struct hm_regs regs = { .rcx = rcx };
	const uint64_t rax = vcpu_call(v, id, &regs);

	if (rax != GUEST_OK && rax != UINT64_MAX) {
		vcpu_wrong(v, "vCPU %u: call %d (rcx 0x%" PRIx64 "): rax 0x%" PRIx64, v->index,
			   (int)id, rcx, rax);
	}
	return rax == GUEST_OK;
}

void vcpu_query(struct vcpu *v)
{
	struct hm_regs regs = { .rcx = 1U };
	const uint64_t rax = vcpu_call(v, GUEST_QUERY_PROTOCOL, &regs);

	(void)vcpu_check(v, rax == GUEST_OK && regs.rcx == CORE_VERSIONS,
			 "QUERY_PROTOCOL does not offer core 1 to 2", vcpu_ca(v));
}

static bool write_list(struct vcpu *v, const uint64_t *entries, unsigned int count)
{
	const struct guest_list head = { .count = (uint16_t)count };
	const uint64_t at = vcpu_ca(v) + GUEST_CA_LIST;
	const size_t head_size = offsetof(struct guest_list, entry);

	if (hm_guest_write(v->vm->machine, at, &head, head_size) == HM_OK &&
	    hm_guest_write(v->vm->machine, at + head_size, entries, count * sizeof(*entries)) ==
		    HM_OK) {
		return true;
	}
	vcpu_wrong(v, "vCPU %u: cannot write its calling area", v->index);
	return false;
}

static bool read_next(struct vcpu *v, uint16_t *next)
{
	const uint64_t at = vcpu_ca(v) + GUEST_CA_LIST + offsetof(struct guest_list, next);

	return hm_guest_read(v->vm->machine, at, next, sizeof(*next)) == HM_OK;
}

static bool write_next(struct vcpu *v, uint16_t next)
{
	const uint64_t at = vcpu_ca(v) + GUEST_CA_LIST + offsetof(struct guest_list, next);

	return hm_guest_write(v->vm->machine, at, &next, sizeof(next)) == HM_OK;
}

static void wrong_list(struct vcpu *v, enum guest_call_id id, uint64_t rax, unsigned int next,
		       uint64_t entry)
{
	if (rax != UINT64_MAX) {
		vcpu_wrong(v,
			   "vCPU %u: list of call %d stopped at %u (entry 0x%" PRIx64
			   ") with 0x%" PRIx64,
			   v->index, (int)id, next, entry, rax);
	}
}

/* The list is done when `next` says so, too. */
static void check_all_done(struct vcpu *v, enum guest_call_id id, unsigned int count)
{
	uint16_t next = 0U;

	if (!read_next(v, &next) || next != count) {
		wrong_list(v, id, GUEST_OK, next, 0U);
	}
}

/*
 * One list until it is through. Entries that failed with a size mismatch, and whose size is 2 MiB,
 * go to @redo. Returns how many.
 */
static unsigned int pvalidate_list(struct vcpu *v, const uint64_t *entries, unsigned int count,
				   uint64_t *redo)
{
	unsigned int nr_redo = 0U;
	uint64_t rax = GUEST_OK;
	uint16_t next = 0U;

	if (!write_list(v, entries, count)) {
		return 0U;
	}
	for (;;) {
		struct hm_regs regs = { .rcx = vcpu_ca(v) + GUEST_CA_LIST };

		rax = vcpu_call(v, GUEST_PVALIDATE, &regs);
		if (rax == GUEST_OK) {
			check_all_done(v, GUEST_PVALIDATE, count);
			return nr_redo;
		}
		if (rax != GUEST_SIZE_MISMATCH || !read_next(v, &next) || next >= count ||
		    (entries[next] & GUEST_ENTRY_2M) == 0U) {
			wrong_list(v, GUEST_PVALIDATE, rax, next,
				   next < count ? entries[next] : 0U);
			return nr_redo;
		}
		redo[nr_redo++] = entries[next];
		next++;
		if (next == count || !write_next(v, next)) {
			return nr_redo;
		}
	}
}

static void pvalidate_region_as_4k(struct vcpu *v, uint64_t entry)
{
	uint64_t small[GUEST_LIST_MAX];
	unsigned int done = 0U;

	entry &= ~GUEST_ENTRY_2M;
	while (done < GUEST_REGION_PAGES) {
		unsigned int n = GUEST_REGION_PAGES - done;

		n = n < GUEST_LIST_MAX ? n : GUEST_LIST_MAX;
		for (unsigned int i = 0; i < n; i++) {
			small[i] = entry + (done + i) * GUEST_PAGE;
		}
		(void)pvalidate_list(v, small, n, NULL);
		done += n;
	}
}

static uint64_t pages_of(const uint64_t *entries, unsigned int count)
{
	uint64_t pages = 0U;

	for (unsigned int i = 0; i < count; i++) {
		pages += (entries[i] & GUEST_ENTRY_2M) != 0U ? GUEST_REGION_PAGES : 1U;
	}
	return pages;
}

void vcpu_pvalidate(struct vcpu *v, const uint64_t *entries, unsigned int count)
{
	uint64_t redo[GUEST_LIST_MAX];
	const unsigned int nr_redo = pvalidate_list(v, entries, count, redo);

	for (unsigned int i = 0; i < nr_redo; i++) {
		pvalidate_region_as_4k(v, redo[i]);
	}
	v->tally.pages += pages_of(entries, count);
}

void vcpu_deposit(struct vcpu *v, const uint64_t *entries, unsigned int count)
{
	const uint64_t pages = pages_of(entries, count);
	uint16_t next = 0U;

	if (!write_list(v, entries, count)) {
		return;
	}
	if (!vcpu_call_ok(v, GUEST_DEPOSIT_MEM, vcpu_ca(v) + GUEST_CA_LIST)) {
		(void)read_next(v, &next);
		wrong_list(v, GUEST_DEPOSIT_MEM, GUEST_OK, next, 0U);
		return;
	}
	check_all_done(v, GUEST_DEPOSIT_MEM, count);
	v->tally.pages += pages;
	(void)atomic_fetch_add_explicit(&v->vm->pages_deposited, pages, memory_order_relaxed);
}

static bool all_zero(const uint64_t *words, size_t count)
{
	uint64_t seen = 0U;

	for (size_t i = 0; i < count; i++) {
		seen |= words[i];
	}
	return seen == 0U;
}

void vcpu_check_fresh(struct vcpu *v, uint64_t gpa)
{
	uint64_t page[GUEST_PAGE / sizeof(uint64_t)];
	const enum hm_access access = hm_guest_read(v->vm->machine, gpa, page, sizeof(page));

	if (vcpu_check(v, access == HM_OK, "the guest cannot read its own page", gpa)) {
		(void)vcpu_check(v, all_zero(page, GUEST_PAGE / sizeof(uint64_t)),
				 "not zero when the guest got it", gpa);
	}
	vcpu_dirty(v, gpa);
	(void)vcpu_check(v,
			 hm_guest_read(v->vm->machine, gpa, page, sizeof(page[0])) == HM_OK &&
				 page[0] == (gpa | 1U),
			 "does not hold what the guest wrote", gpa);
}

void vcpu_check_read(struct vcpu *v, uint64_t gpa, enum hm_access expected, const char *what)
{
	uint64_t word;

	(void)vcpu_check(v, hm_guest_read(v->vm->machine, gpa, &word, sizeof(word)) == expected,
			 what, gpa);
}

void vcpu_check_write(struct vcpu *v, uint64_t gpa, enum hm_access expected, const char *what)
{
	const uint64_t word = gpa | 1U;

	(void)vcpu_check(v, hm_guest_write(v->vm->machine, gpa, &word, sizeof(word)) == expected,
			 what, gpa);
}

void vcpu_check_shared(struct vcpu *v, uint64_t gpa)
{
	const uint64_t word = gpa | 1U;
	uint64_t seen = 0U;

	(void)vcpu_check(v,
			 hm_guest_write_shared(v->vm->machine, gpa, &word, sizeof(word)) == HM_OK &&
				 hm_guest_read_shared(v->vm->machine, gpa, &seen, sizeof(seen)) ==
					 HM_OK &&
				 seen == word,
			 "the guest cannot use its shared page", gpa);
}

void vcpu_dirty(struct vcpu *v, uint64_t gpa)
{
	vcpu_check_write(v, gpa, HM_OK, "the guest cannot write its own page");
}
