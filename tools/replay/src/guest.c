/* SPDX-License-Identifier: Apache-2.0 */
#include "guest.h"

#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "calls.h"
#include "judge.h"

bool guest_start_unjudged(struct guest *g, const struct hm_config *config)
{
	*g = (struct guest){ .machine = hm_create(config) };
	if (g->machine == NULL) {
		return false;
	}
	g->nr_vcpus = hm_config(g->machine)->nr_vcpus;
	g->bound = g->nr_vcpus;
	g->ca[0] = hm_config(g->machine)->startup_ca;
	return true;
}

bool guest_start(struct guest *g, const struct hm_config *config)
{
	if (!guest_start_unjudged(g, config)) {
		return false;
	}
	g->judge = account_judge(g->machine);
	if (g->judge == NULL) {
		hm_destroy(g->machine);
		return false;
	}
	judge_attach(g->judge, g->machine);
	return true;
}

void guest_leave(struct guest *g)
{
	if (g->bound < g->nr_vcpus) {
		hm_guest_idle(g->machine);
		hm_unbind(g->machine);
		g->bound = g->nr_vcpus;
	}
}

static void compare_account(struct guest *g, FILE *err)
{
	struct account account;
	struct judge_account view;

	if (account_take(&account)) {
		view = account_view(&account);
		(void)judge_check_quiescent(g->judge, &view);
	} else {
		(void)judge_check_quiescent(g->judge, NULL);
		if (err != NULL) {
			(void)fputs("judge: no memory to compare the SVSM's account\n", err);
		}
	}
	account_free(&account);
}

uint64_t guest_judge(struct guest *g, FILE *err)
{
	compare_account(g, err);
	for (;; g->judged++) {
		const char *text = judge_violation(g->judge, g->judged);

		if (text == NULL) {
			return judge_violations(g->judge);
		}
		if (err != NULL) {
			(void)fprintf(err, "judge: %s\n", text);
		}
	}
}

void guest_stop(struct guest *g)
{
	if (g->machine == NULL) {
		return;
	}
	guest_leave(g);
	if (g->judge != NULL) {
		judge_detach(g->machine);
		judge_destroy(g->judge);
	}
	hm_destroy(g->machine);
	free(g->context);
	g->context = NULL;
	g->machine = NULL;
}

void guest_select(struct guest *g, unsigned int vcpu)
{
	if (g->bound == vcpu) {
		return;
	}
	guest_leave(g);
	hm_bind(g->machine, vcpu);
	g->bound = vcpu;
}

static bool in_ranges(const struct hm_range *ranges, unsigned int nr, uint64_t gpa)
{
	for (unsigned int i = 0; i < nr; i++) {
		if (gpa >= ranges[i].start && gpa < ranges[i].end) {
			return true;
		}
	}
	return false;
}

bool guest_has_page(const struct guest *g, uint64_t gpa)
{
	const struct hm_config *config = hm_config(g->machine);

	return in_ranges(config->ram, config->nr_ram, gpa) ||
	       in_ranges(config->rom, config->nr_rom, gpa);
}

static struct guest_context *find_context(struct guest *g, uint64_t vmsa)
{
	for (size_t i = 0; i < g->nr_contexts; i++) {
		if (g->context[i].vmsa == vmsa) {
			return &g->context[i];
		}
	}
	return NULL;
}

static bool add_context(struct guest *g, uint64_t vmsa, uint64_t ca)
{
	struct guest_context *context = find_context(g, vmsa);

	if (context == NULL) {
		context = realloc(g->context, (g->nr_contexts + 1U) * sizeof(*context));
		if (context == NULL) {
			return false;
		}
		g->context = context;
		context = &g->context[g->nr_contexts++];
	}
	*context = (struct guest_context){ .vmsa = vmsa, .ca = ca };
	return true;
}

/* Follows what a successful core call changed. */
static bool track(struct guest *g, unsigned int vcpu, uint64_t rax, const struct hm_regs *args)
{
	struct guest_context *context;

	switch (rax) {
	case CORE_REMAP_CA:
		g->ca[vcpu] = args->rcx;
		context = find_context(g, hm_running_vmsa(g->machine, vcpu));
		if (context != NULL) {
			context->ca = args->rcx;
		}
		return true;
	case CORE_CREATE_VCPU:
		return add_context(g, args->rcx, args->rdx);
	case CORE_DELETE_VCPU:
		context = find_context(g, args->rcx);
		if (context != NULL) {
			*context = g->context[--g->nr_contexts];
		}
		return true;
	default:
		return true;
	}
}

bool guest_call(struct guest *g, unsigned int vcpu, uint64_t ca, struct hm_regs *regs,
		enum hm_call *done)
{
	const struct hm_regs args = *regs;

	guest_select(g, vcpu);
	*done = hm_call(g->machine, ca, regs);
	if (*done != HM_CALL_DONE || regs->rax != RESULT_SUCCESS) {
		return true;
	}
	return track(g, vcpu, args.rax, &args);
}

void guest_ap_create(struct guest *g, unsigned int vcpu, uint64_t vmsa)
{
	const struct guest_context *context = find_context(g, vmsa);

	if (context != NULL) {
		g->ca[vcpu] = context->ca;
	}
	hm_ap_create(g->machine, vcpu, vmsa);
}

enum hm_access guest_write_list(struct guest *g, unsigned int vcpu, uint64_t gpa,
				struct guest_list_header header, const uint64_t *entries,
				unsigned int nr)
{
	enum hm_access access;

	guest_select(g, vcpu);
	access = hm_guest_write(g->machine, gpa, &header, sizeof(header));
	if (access == HM_OK && nr > 0U) {
		access = hm_guest_write(g->machine, gpa + sizeof(header), entries,
					nr * sizeof(entries[0]));
	}
	return access;
}

enum hm_access guest_read_header(struct guest *g, unsigned int vcpu, uint64_t gpa,
				 struct guest_list_header *header)
{
	guest_select(g, vcpu);
	return hm_guest_read(g->machine, gpa, header, sizeof(*header));
}

void guest_default_vmsa(struct vmsa_page *page, unsigned int vmpl)
{
	const struct vmsa_segment data = { .attributes = 0x92, .limit = 0xffff };

	memset(page, 0, sizeof(*page));
	page->ds = page->es = page->fs = page->gs = page->ss = data;
	page->cs = (struct vmsa_segment){ .attributes = 0x9a, .limit = 0xffff };
	page->gdtr.limit = page->idtr.limit = 0xffff;
	page->ldtr = (struct vmsa_segment){ .attributes = 0x82, .limit = 0xffff };
	page->tr = (struct vmsa_segment){ .attributes = 0x83, .limit = 0xffff };
	page->vmpl = (uint8_t)vmpl;
	page->efer = VMSA_EFER_SVME;
	page->cr0 = 0x60000010;
	page->cr4 = 0x40;
	page->dr6 = 0xffff0ff0;
	page->dr7 = 0x400;
	page->rflags = 2;
	page->g_pat = UINT64_C(0x0007040600070406);
	page->sev_features = VMSA_SEV_SNP;
	page->xcr0 = 1;
	page->mxcsr = 0x1f80;
	page->x87_ftw = 0x5555;
	page->x87_fcw = 0x40;
}
