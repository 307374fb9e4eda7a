/* SPDX-License-Identifier: Apache-2.0 */
#include "account.h"

#include <stdlib.h>

#include "introspect.h"

static bool add_page(struct account_pages *pages, uint64_t gpa)
{
	if (pages->nr == pages->room) {
		size_t room = pages->room * 2U + 64U;
		uint64_t *grown = realloc(pages->page, room * sizeof(grown[0]));

		if (grown == NULL) {
			return false;
		}
		pages->page = grown;
		pages->room = room;
	}
	pages->page[pages->nr++] = gpa;
	return true;
}

static bool add_vmpl(struct account *account, unsigned int vmpl)
{
	size_t nr = account->kind[JUDGE_KIND_VMSA].nr;
	uint8_t *grown = realloc(account->vmsa_vmpl, nr);

	if (grown == NULL) {
		return false;
	}
	grown[nr - 1U] = (uint8_t)vmpl;
	account->vmsa_vmpl = grown;
	return true;
}

static void visit(void *ctx, enum svsm_private_kind kind, gpa_t page, unsigned int vmpl)
{
	static const enum judge_kind kinds[] = {
		[SVSM_PRIVATE_VMSA] = JUDGE_KIND_VMSA,
		[SVSM_PRIVATE_CALLING_AREA] = JUDGE_KIND_CA,
		[SVSM_PRIVATE_DEPOSITED] = JUDGE_KIND_DEPOSITED,
	};
	struct account *account = ctx;

	if (!add_page(&account->kind[kinds[kind]], page.raw) ||
	    (kind == SVSM_PRIVATE_VMSA && !add_vmpl(account, vmpl))) {
		account->complete = false;
	}
}

bool account_take(struct account *account)
{
	*account = (struct account){ .complete = true };
	svsm_introspect_private(visit, account);
	return account->complete;
}

struct judge_account account_view(const struct account *account)
{
	struct judge_account view = { .vmsa_vmpl = account->vmsa_vmpl };

	for (unsigned int kind = 0; kind < JUDGE_KIND_NR; kind++) {
		view.pages[kind] = account->kind[kind].page;
		view.counts[kind] = account->kind[kind].nr;
	}
	return view;
}

void account_free(struct account *account)
{
	for (unsigned int kind = 0; kind < JUDGE_KIND_NR; kind++) {
		free(account->kind[kind].page);
	}
	free(account->vmsa_vmpl);
}

static uint64_t top_of(const struct hm_range *ranges, unsigned int nr, uint64_t top)
{
	for (unsigned int i = 0; i < nr; i++) {
		top = ranges[i].end > top ? ranges[i].end : top;
	}
	return top;
}

static void add_svsm(struct judge_params *params, uint64_t start, uint64_t end)
{
	if (start < end) {
		params->svsm[params->nr_svsm++] =
			(struct judge_range){ .start = start, .end = end };
	}
}

/* The SVSM's range without the VMSA pages in it: at launch that is the startup VMSA at most. */
static void fill_svsm(struct judge_params *params, const struct hm_range *svsm,
		      const struct account_pages *vmsa)
{
	uint64_t start = svsm->start;

	if (vmsa->nr == 1U && vmsa->page[0] >= start && vmsa->page[0] < svsm->end) {
		add_svsm(params, start, vmsa->page[0]);
		start = vmsa->page[0] + SVSM_PAGE_SIZE;
	}
	add_svsm(params, start, svsm->end);
}

struct judge *account_judge(struct hm_machine *m)
{
	const struct hm_config *config = hm_config(m);
	const struct snpm_rmp *rmp = hm_rmp(m);
	struct judge_params params = {
		.words_2m = rmp->words_2m,
		.words_4k = rmp->words_4k,
		.nr_pages = rmp->nr_pages,
		.nr_cpus = config->nr_vcpus,
		.identity_keeps = config->switches.u4_identity_keeps,
	};
	struct judge *judge = NULL;
	struct account account;

	params.nr_gpa_pages =
		top_of(config->rom, config->nr_rom, top_of(config->ram, config->nr_ram, 0U)) >>
		SVSM_PAGE_SHIFT;
	if (account_take(&account)) {
		fill_svsm(&params, &config->svsm, &account.kind[JUDGE_KIND_VMSA]);
		judge = judge_create(&params);
	}
	account_free(&account);
	return judge;
}
