/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "attest.h"
#include "introspect.h"
#include "ownmap.h"
#include "pin.h"
#include "record.h"

#define RAM0_PAGES (FZ_RAM0_END >> SVSM_PAGE_SHIFT)
#define FEW_LOW UINT64_C(0x40000)
#define FEW_HIGH UINT64_C(0x800000)

bool fz_world_start(struct fz_world *w, const struct fz_program *program)
{
	const struct fz_params *p = &program->params;
	const struct hm_config config = {
		.nr_vcpus = p->vcpus,
		.ram = { { 0U, FZ_RAM0_END }, { FZ_RAM1_START, FZ_RAM1_END } },
		.nr_ram = 2U,
		.valid = { { 0U, p->more_valid ? UINT64_C(0x400000) : UINT64_C(0x100000) } },
		.nr_valid = 1U,
		.guest_vmpl = p->vmpl,
		.rmp_4k = p->rmp_4k,
		.no_invlpgb = p->no_invlpgb,
		.vmsa_store_lost = p->store_lost,
		.one_zero_method = true,
		.vtom_supported = p->vtom,
		.budget_entries = p->budget_entries,
		.budget_pages = p->budget_pages,
		.spare_pages = FZ_SPARES,
		.psp = p->psp,
		.switches = { p->u3, p->u4, p->u6, p->u7 },
		.seed = p->seed,
	};

	memset(w, 0, sizeof(*w));
	w->program = program;
	w->m = hm_create(&config);
	if (w->m == NULL) {
		return false;
	}
	w->judge = p->psp && !fz_attest_services() ? NULL : account_judge(w->m);
	if (w->judge == NULL) {
		hm_destroy(w->m);
		return false;
	}
	judge_attach(w->judge, w->m);
	w->svsm = hm_config(w->m)->svsm;
	atomic_init(&w->want[0], hm_boot_info(w->m)->startup_vmsa.raw);
	fz_context_add(w, hm_boot_info(w->m)->startup_vmsa.raw, hm_config(w->m)->startup_ca);
	return true;
}

void fz_world_stop(struct fz_world *w)
{
	judge_detach(w->m);
	judge_destroy(w->judge);
	hm_destroy(w->m);
}

static void print_log(const struct fz_world *w)
{
	(void)fputs("fuzz: ", stderr);
	fz_print_params(stderr, &w->program->params);
	for (unsigned int i = 0U; i < w->program->nr; i++) {
		(void)fprintf(stderr, "%s%2u ", i == w->at ? "> " : "  ", i);
		fz_print_packet(stderr, &w->program->packet[i]);
		(void)fputc('\n', stderr);
	}
	for (unsigned int i = 0U; i < FZ_RIVAL_LOG && i < w->rival_logged; i++) {
		(void)fputs("  rival ", stderr);
		fz_print_packet(stderr, &w->rival_log[(w->rival_logged - 1U - i) % FZ_RIVAL_LOG]);
		(void)fputc('\n', stderr);
	}
}

void fz_fail(struct fz_world *w, const char *why, ...)
{
	va_list args;

	va_start(args, why);
	(void)fputs("fuzz: ", stderr);
	(void)vfprintf(stderr, why, args);
	(void)fputc('\n', stderr);
	va_end(args);
	print_log(w);
	abort();
}

static void check_judge(struct fz_world *w)
{
	struct account account;
	struct judge_account view;
	const char *text = NULL;

	if (!account_take(&account)) {
		account_free(&account);
		return;
	}
	view = account_view(&account);
	(void)judge_check_quiescent(w->judge, &view);
	account_free(&account);
	if (judge_violations(w->judge) != 0U) {
		text = judge_first_violation(w->judge);
		fz_fail(w, "the judge: %s", text == NULL ? "violation" : text);
	}
}

static void check_records(struct fz_world *w)
{
	for (unsigned int i = 0U; i < svsm_cpus_count(); i++) {
		struct svsm_cpu *cpu = svsm_cpu_at(i);

		for (unsigned int slot = 0U; slot < SVSM_RECORDS_PER_CPU; slot++) {
			const unsigned int state = atomic_load_explicit(&cpu->records.word[slot],
									memory_order_relaxed) &
						   0xffU;

			if (state != SVSM_RECORD_FREE && state != SVSM_RECORD_IDLE) {
				fz_fail(w, "CPU %u record %u is left in state %u", i, slot, state);
			}
		}
		if (svsm_pinned(cpu)) {
			fz_fail(w, "CPU %u leaves a pin", i);
		}
	}
}

static uint64_t page_at(uint64_t index)
{
	return index < RAM0_PAGES ? index << SVSM_PAGE_SHIFT
				  : FZ_RAM1_START + ((index - RAM0_PAGES) << SVSM_PAGE_SHIFT);
}

static void check_claims(struct fz_world *w)
{
	for (uint64_t i = 0U; i < FZ_RAM_PAGES; i++) {
		const uint64_t gpa = page_at(i);

		if (svsm_map_state(svsm_cpu_at(0U), gpa_make(gpa)) == SVSM_PAGE_CLAIMED) {
			fz_fail(w, "the claim of page 0x%" PRIx64 " is left", gpa);
		}
	}
}

void fz_world_check(struct fz_world *w)
{
	check_judge(w);
	check_records(w);
	check_claims(w);
	fz_attest_check(w);
}

/* ---- addresses ---- */

bool fz_is_ram(uint64_t gpa)
{
	return gpa < FZ_RAM0_END || (gpa >= FZ_RAM1_START && gpa < FZ_RAM1_END);
}

static uint64_t region_at(unsigned int index)
{
	const unsigned int low = (unsigned int)(FZ_RAM0_END >> SVSM_REGION_SHIFT);
	const unsigned int high =
		(unsigned int)((FZ_RAM1_END - FZ_RAM1_START) >> SVSM_REGION_SHIFT);

	index %= low + high;
	return index < low ? (uint64_t)index << SVSM_REGION_SHIFT
			   : FZ_RAM1_START + ((uint64_t)(index - low) << SVSM_REGION_SHIFT);
}

static uint64_t context_vmsa(const struct fz_world *w, unsigned int index)
{
	return atomic_load_explicit(&w->context[index % FZ_CONTEXTS].vmsa, memory_order_relaxed);
}

static uint64_t context_ca(const struct fz_world *w, unsigned int index)
{
	return atomic_load_explicit(&w->context[index % FZ_CONTEXTS].ca, memory_order_relaxed);
}

static uint64_t impossible(const struct fz_selector *s)
{
	const uint64_t page = (uint64_t)s->index << SVSM_PAGE_SHIFT;

	switch (s->class) {
	case FZ_AT_HOLE:
		return (s->index & 1U) != 0U ? FZ_RAM0_END + page % (FZ_RAM1_START - FZ_RAM0_END)
					     : FZ_RAM1_END + page;
	case FZ_AT_ALIAS:
		return page_at(s->index % FZ_RAM_PAGES) | UINT64_C(1) << (46U + s->index % 18U);
	default:
		return (s->index & 1U) != 0U ? UINT64_MAX - page - SVSM_PAGE_MASK
					     : (UINT64_C(1) << 46) - page - SVSM_PAGE_SIZE;
	}
}

static uint64_t known(const struct fz_actor *a, const struct fz_selector *s)
{
	const struct fz_world *w = a->w;

	switch (s->class) {
	case FZ_AT_OWN_CA:
		return fz_own_ca(a);
	case FZ_AT_OWN_VMSA:
		return fz_own_vmsa(a);
	case FZ_AT_LIST:
		return atomic_load_explicit(&w->list, memory_order_relaxed);
	case FZ_AT_VMSA:
		return context_vmsa(w, s->index);
	case FZ_AT_CA:
		return context_ca(w, s->index);
	case FZ_AT_WITHDRAWN:
		return a->nr_withdrawn == 0U ? 0U : a->withdrawn[s->index % a->nr_withdrawn];
	case FZ_AT_REGION_ENTRY:
		return atomic_load_explicit(&w->entry, memory_order_relaxed) & ~SVSM_REGION_MASK;
	default:
		return atomic_load_explicit(&w->entry, memory_order_relaxed) +
		       ((uint64_t)(s->index % 8U) << SVSM_PAGE_SHIFT);
	}
}

static uint64_t page_of(const struct fz_actor *a, const struct fz_selector *s)
{
	switch (s->class) {
	case FZ_AT_RAM:
		return page_at(s->index % FZ_RAM_PAGES);
	case FZ_AT_VALID:
		return (uint64_t)(s->index % 256U) << SVSM_PAGE_SHIFT;
	case FZ_AT_REGION:
		return region_at(s->index);
	case FZ_AT_FEW:
		return ((s->index & 4U) == 0U ? FEW_LOW : FEW_HIGH) +
		       ((uint64_t)(s->index & 3U) << SVSM_PAGE_SHIFT);
	case FZ_AT_SVSM:
		return a->w->svsm.start + ((uint64_t)s->index << SVSM_PAGE_SHIFT) %
						  (a->w->svsm.end - a->w->svsm.start);
	case FZ_AT_HOLE:
	case FZ_AT_ALIAS:
	case FZ_AT_HIGH:
		return impossible(s);
	default:
		return known(a, s);
	}
}

uint64_t fz_address(const struct fz_actor *a, uint32_t selector, bool inside)
{
	const struct fz_selector s = fz_select(selector);
	const uint64_t base = page_of(a, &s);

	/* A list keeps its place in its page unless the packet asks for another one. */
	if (s.class == FZ_AT_LIST && inside && s.offset == 0U) {
		return base;
	}
	if (s.misaligned || inside) {
		const uint64_t offset = s.misaligned ? s.offset : s.offset & ~UINT64_C(7);

		return (base & ~SVSM_PAGE_MASK) + offset;
	}
	return base & ~SVSM_PAGE_MASK;
}

/* ---- what the host may take ---- */

struct search {
	uint64_t start, end;
	bool found;
};

static void visit(void *ctx, enum svsm_private_kind kind, gpa_t page, unsigned int vmpl)
{
	struct search *search = ctx;

	(void)vmpl;
	if (kind == SVSM_PRIVATE_DEPOSITED && page.raw >= search->start && page.raw < search->end) {
		search->found = true;
	}
}

bool fz_host_may_take(const struct fz_actor *a, uint64_t gpa, uint64_t bytes)
{
	const struct fz_params *p = &a->w->program->params;
	struct search search = { gpa, gpa + bytes, false };

	if (!fz_is_ram(gpa) || !fz_is_ram(gpa + bytes - 1U) ||
	    (gpa < a->w->svsm.end && gpa + bytes > a->w->svsm.start)) {
		return false;
	}
	if (!p->deposits) {
		return true;
	}
	if (p->mode != FZ_SINGLE) {
		return false;
	}
	svsm_introspect_private(visit, &search);
	return !search.found;
}

/* ---- contexts ---- */

static struct fz_context *find(struct fz_world *w, uint64_t vmsa)
{
	for (unsigned int i = 0U; i < FZ_CONTEXTS; i++) {
		if (context_vmsa(w, i) == vmsa) {
			return &w->context[i];
		}
	}
	return NULL;
}

static void set(struct fz_context *context, uint64_t vmsa, uint64_t ca)
{
	if (context != NULL) {
		atomic_store_explicit(&context->vmsa, vmsa, memory_order_relaxed);
		atomic_store_explicit(&context->ca, ca, memory_order_relaxed);
	}
}

uint64_t fz_own_vmsa(const struct fz_actor *a)
{
	return hm_running_vmsa(a->w->m, a->cpu);
}

uint64_t fz_own_ca(const struct fz_actor *a)
{
	const uint64_t vmsa = fz_own_vmsa(a);
	const struct fz_context *context = vmsa == 0U ? NULL : find(a->w, vmsa);

	return context == NULL ? 0U : atomic_load_explicit(&context->ca, memory_order_relaxed);
}

void fz_context_add(struct fz_world *w, uint64_t vmsa, uint64_t ca)
{
	struct fz_context *context = find(w, vmsa);

	for (unsigned int i = 0U; i < FZ_CONTEXTS; i++) {
		if (context_ca(w, i) == ca) {
			/* A calling area has one owner: it was bound anew. */
			atomic_store_explicit(&w->context[i].ca, 0U, memory_order_relaxed);
		}
	}
	set(context == NULL ? find(w, 0U) : context, vmsa, ca);
}

void fz_context_move(struct fz_world *w, uint64_t vmsa, uint64_t ca)
{
	set(find(w, vmsa), vmsa, ca);
}

void fz_context_drop(struct fz_world *w, uint64_t vmsa)
{
	set(find(w, vmsa), 0U, 0U);
}
