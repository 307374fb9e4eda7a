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

static bool convert_kind(enum hm_event_kind from, enum judge_event_kind *to)
{
	switch (from) {
	case HM_EV_PVALIDATE:
		*to = JUDGE_PVALIDATE;
		return true;
	case HM_EV_RMPADJUST:
		*to = JUDGE_RMPADJUST;
		return true;
	case HM_EV_RMPUPDATE:
		*to = JUDGE_RMPUPDATE;
		return true;
	case HM_EV_PSMASH:
		*to = JUDGE_PSMASH;
		return true;
	case HM_EV_ZERO:
		*to = JUDGE_ZERO;
		return true;
	case HM_EV_ZERO_FENCE:
		*to = JUDGE_ZERO_FENCE;
		return true;
	case HM_EV_SVSM_READ:
		*to = JUDGE_SVSM_READ;
		return true;
	case HM_EV_SVSM_WRITE:
		*to = JUDGE_SVSM_WRITE;
		return true;
	case HM_EV_VMSA_WRITE:
		*to = JUDGE_VMSA_WRITE;
		return true;
	case HM_EV_GUEST_READ:
		*to = JUDGE_GUEST_READ;
		return true;
	case HM_EV_GUEST_WRITE:
		*to = JUDGE_GUEST_WRITE;
		return true;
	case HM_EV_VMRUN:
		*to = JUDGE_VMRUN;
		return true;
	case HM_EV_FLUSH_LOCAL:
		*to = JUDGE_FLUSH_LOCAL;
		return true;
	case HM_EV_FLUSH_GLOBAL:
		*to = JUDGE_FLUSH_GLOBAL;
		return true;
	case HM_EV_SVSM_ENTER:
		*to = JUDGE_SVSM_ENTER;
		return true;
	case HM_EV_SVSM_LEAVE:
		*to = JUDGE_SVSM_LEAVE;
		return true;
	case HM_EV_VMEXIT:
	case HM_EV_FLUSH_BEGIN: /* a flush counts when it is over */
	case HM_EV_NR:
		break;
	}
	return false;
}

static void observe(void *ctx, const struct hm_event *event)
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

	if (convert_kind(event->kind, &e.kind)) {
		judge_event(ctx, &e);
	}
}

void judge_attach(struct judge *j, struct hm_machine *m)
{
	hm_observe(m, observe, j);
}

void judge_detach(struct hm_machine *m)
{
	hm_observe(m, NULL, NULL);
}
