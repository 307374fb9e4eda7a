/* SPDX-License-Identifier: Apache-2.0 */
#include "judge.h"
#include "machine.h"

static void fill_ranges(struct judge_params *params, const struct hm_config *config)
{
	uint64_t top = 0;

	for (unsigned int i = 0; i < config->nr_ram; i++) {
		top = config->ram[i].end > top ? config->ram[i].end : top;
	}
	for (unsigned int i = 0; i < config->nr_rom; i++) {
		top = config->rom[i].end > top ? config->rom[i].end : top;
	}
	params->nr_gpa_pages = top >> SVSM_PAGE_SHIFT;
	params->svsm[0] =
		(struct judge_range){ .start = config->svsm.start, .end = config->svsm.end };
	params->nr_svsm = config->svsm.end > config->svsm.start ? 1U : 0U;
}

struct judge *judge_create_for(struct hm_machine *m)
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

	fill_ranges(&params, config);
	return judge_create(&params);
}

/* Kind of the judge plus one; 0: the judge does not look at it (a flush counts when it is over). */
static const unsigned int kinds[HM_EV_NR] = {
	[HM_EV_PVALIDATE] = JUDGE_PVALIDATE + 1U,
	[HM_EV_RMPADJUST] = JUDGE_RMPADJUST + 1U,
	[HM_EV_RMPUPDATE] = JUDGE_RMPUPDATE + 1U,
	[HM_EV_PSMASH] = JUDGE_PSMASH + 1U,
	[HM_EV_ZERO] = JUDGE_ZERO + 1U,
	[HM_EV_ZERO_FENCE] = JUDGE_ZERO_FENCE + 1U,
	[HM_EV_SVSM_READ] = JUDGE_SVSM_READ + 1U,
	[HM_EV_SVSM_WRITE] = JUDGE_SVSM_WRITE + 1U,
	[HM_EV_VMSA_WRITE] = JUDGE_VMSA_WRITE + 1U,
	[HM_EV_GUEST_READ] = JUDGE_GUEST_READ + 1U,
	[HM_EV_GUEST_WRITE] = JUDGE_GUEST_WRITE + 1U,
	[HM_EV_VMRUN] = JUDGE_VMRUN + 1U,
	[HM_EV_FLUSH_LOCAL] = JUDGE_FLUSH_LOCAL + 1U,
	[HM_EV_FLUSH_GLOBAL] = JUDGE_FLUSH_GLOBAL + 1U,
	[HM_EV_SVSM_ENTER] = JUDGE_SVSM_ENTER + 1U,
	[HM_EV_SVSM_LEAVE] = JUDGE_SVSM_LEAVE + 1U,
};

void judge_observe(void *judge, const struct hm_event *event)
{
	struct judge_event e = {
		.cpu = event->cpu,
		.large = event->size == SVSM_PAGE_2M,
		.carry = event->carry,
		.fault = event->fault,
		.code = event->code,
		.gpa = event->gpa,
		.spn = event->spn,
		.a = event->a,
		.b = event->b,
	};

	if (kinds[event->kind] != 0U) {
		e.kind = (enum judge_event_kind)(kinds[event->kind] - 1U);
		judge_event(judge, &e);
	}
}

void judge_attach(struct judge *j, struct hm_machine *m)
{
	hm_observe(m, judge_observe, j);
}

void judge_detach(struct hm_machine *m)
{
	hm_observe(m, NULL, NULL);
}
