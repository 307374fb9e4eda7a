/* SPDX-License-Identifier: Apache-2.0 */
#include "pass.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "crew.h"
#include "judge.h"
#include "progress.h"
#include "resources.h"
#include "ticks.h"

struct session {
	const struct run_options *options;
	struct pass *pass;
	struct guest_vm vm;
	struct judge *judge;
	unsigned int judged; /* violations already taken over */
	unsigned int concurrent;
};

__attribute__((format(printf, 2, 3))) static void note(struct pass *pass, const char *format, ...)
{
	va_list args;

	if (pass->nr_texts < PASS_TEXTS) {
		va_start(args, format);
		(void)vsnprintf(pass->text[pass->nr_texts], PASS_TEXT, format, args);
		va_end(args);
		pass->nr_texts++;
	}
}

static unsigned int per_vcpu(unsigned int total, unsigned int vcpus, unsigned int least,
			     unsigned int most)
{
	const unsigned int each = total / vcpus;

	return each < least ? least : each > most ? most : each;
}

/* Samples for the percentiles, bounded so that 1024 vCPUs do not take 128 times as long as 8. */
static struct scale choose_scale(const struct run_options *options, bool checked)
{
	const unsigned int n = options->vcpus;

	if (checked || options->quick) {
		return (struct scale){
			.null_calls = per_vcpu(40000U, n, 16U, 5000U),
			.vtom_calls = per_vcpu(8000U, n, 4U, 1000U),
			.remaps = per_vcpu(4000U, n, 4U, 500U),
			.convert_rounds = 1U,
			.online_rounds = per_vcpu(64U, n, 2U, 8U),
			.deposit_rounds = 1U,
			.mixed_lists = per_vcpu(400U, n, 4U, 50U),
		};
	}
	return (struct scale){
		.null_calls = per_vcpu(800000U, n, 100U, 200000U),
		.vtom_calls = per_vcpu(160000U, n, 50U, 40000U),
		.remaps = per_vcpu(80000U, n, 50U, 20000U),
		.convert_rounds = per_vcpu(128U, n, 2U, 32U),
		.online_rounds = per_vcpu(2400U, n, 4U, 600U),
		.deposit_rounds = per_vcpu(520U, n, 2U, 130U),
		.mixed_lists = per_vcpu(4000U, n, 16U, 1000U),
	};
}

static bool make_vcpus(struct session *s)
{
	const struct hm_config *config = hm_config(s->vm.machine);
	const uint64_t pages = config->ram[config->nr_ram - 1U].end / GUEST_PAGE;
	struct vcpu *vcpus =
		aligned_alloc(_Alignof(struct vcpu), s->options->vcpus * sizeof(struct vcpu));

	s->vm.nr_vcpus = s->options->vcpus;
	s->vm.deposited = calloc(pages, sizeof(s->vm.deposited[0]));
	s->vm.vcpu = vcpus;
	if (vcpus == NULL || s->vm.deposited == NULL) {
		return false;
	}
	memset(vcpus, 0, s->options->vcpus * sizeof(struct vcpu));
	for (unsigned int i = 0; i < s->options->vcpus; i++) {
		vcpus[i].vm = &s->vm;
		vcpus[i].index = i;
		vcpus[i].random = ((s->options->seed + i + 1U) * UINT64_C(0x9e3779b97f4a7c15)) | 1U;
	}
	return true;
}

static bool start(struct session *s)
{
	struct hm_config config = {
		.nr_vcpus = s->options->vcpus,
		.guest_vmpl = s->options->vmpl,
		.rmp_4k = s->options->rmp_4k,
		.vtom_supported = true,
		.seed = s->options->seed,
	};

	layout_configure(&config, s->options->vcpus, s->options->memory);
	s->vm.machine = hm_create(&config);
	if (s->vm.machine == NULL) {
		return false;
	}
	if (s->pass->checked) {
		s->judge = account_judge(s->vm.machine);
		if (s->judge == NULL) {
			(void)fputs("phalanx-run: no memory for the judge\n", stderr);
			return false;
		}
		judge_attach(s->judge, s->vm.machine);
	}
	if (!layout_make(&s->vm.layout, hm_config(s->vm.machine)) || !make_vcpus(s)) {
		(void)fputs("phalanx-run: no memory left for the guest beside the SVSM\n", stderr);
		return false;
	}
	return true;
}

static void stop(struct session *s)
{
	if (s->judge != NULL) {
		judge_detach(s->vm.machine);
		judge_destroy(s->judge);
	}
	layout_free(&s->vm.layout);
	free((void *)s->vm.deposited);
	free(s->vm.vcpu);
	hm_destroy(s->vm.machine);
}

/* The vCPUs' tallies go into the row, what they found wrong into the pass. */
static void collect(struct session *s, struct pass_row *row)
{
	uint64_t first = UINT64_MAX;
	uint64_t last = 0U;

	for (unsigned int i = 0; i < s->vm.nr_vcpus; i++) {
		struct vcpu *v = &s->vm.vcpu[i];

		if (v->tally.calls > 0U) {
			first = v->tally.start < first ? v->tally.start : first;
			last = v->tally.end > last ? v->tally.end : last;
		}
		row->calls += v->tally.calls;
		row->busy += v->tally.busy;
		row->incomplete += v->tally.incomplete;
		row->pages += v->tally.pages;
		row->checks += v->checks;
		histogram_merge(&row->latency, &v->tally.latency);
		if (v->wrong > 0U) {
			note(s->pass, "%s, %s: %s", row->step->call, row->step->detail,
			     v->first_wrong);
		}
		s->pass->wrong += v->wrong;
		s->pass->checks += v->checks;
		v->wrong = 0U;
		v->checks = 0U;
	}
	row->ticks += last > first ? last - first : 0U;
}

/* The vCPUs stand still: the whole RMP against the judge's shadow and the SVSM's own account. */
static void judge_step(struct session *s, struct pass_row *row, uint64_t before)
{
	struct account account;
	struct judge_account view;
	const char *text = NULL;

	if (s->judge == NULL) {
		return;
	}
	if (!account_take(&account)) {
		note(s->pass, "no memory for the SVSM's account");
		s->pass->wrong++;
	}
	view = account_view(&account);
	(void)judge_check_quiescent(s->judge, &view);
	account_free(&account);
	row->evaluations += judge_checks(s->judge) - before;
	while ((text = judge_violation(s->judge, s->judged)) != NULL) {
		note(s->pass, "judge: %s", text);
		s->judged++;
	}
}

static bool run_step(struct session *s, const struct step *step, struct pass_row *row)
{
	const uint64_t before = s->judge == NULL ? 0U : judge_checks(s->judge);
	struct hm_counters from;
	struct hm_counters to;

	row->step = step;
	hm_counters(s->vm.machine, &from);
	if (!crew_run(&s->vm, step, s->concurrent, progress_calls)) {
		return false;
	}
	hm_counters(s->vm.machine, &to);
	row->flushes += to.flush_global - from.flush_global;
	collect(s, row);
	judge_step(s, row, before);
	return true;
}

static unsigned int count_rows(const struct step_group *group, unsigned int nr_groups)
{
	unsigned int rows = 0U;

	for (unsigned int g = 0; g < nr_groups; g++) {
		rows += group[g].nr_steps;
	}
	return rows;
}

static bool run_groups(struct session *s)
{
	struct step_group group[STEPS_MAX_GROUPS];
	const unsigned int nr_groups = steps_program(&s->vm.scale, group);
	const unsigned int rows = count_rows(group, nr_groups);
	const char *phase = s->pass->checked ? "checked pass" : "measured pass";
	unsigned int first = 0U;

	for (unsigned int g = 0; g < nr_groups; g++) {
		for (unsigned int i = 0; i < group[g].rounds * group[g].nr_steps; i++) {
			const unsigned int at = i % group[g].nr_steps;
			const struct step *step = &group[g].step[at];
			char text[80];

			(void)snprintf(text, sizeof(text), "%s, %s", step->call, step->detail);
			if (i < group[g].nr_steps) {
				progress_start(phase, first + at + 1U, rows, text);
			}
			if (!run_step(s, step, &s->pass->row[first + at])) {
				return false;
			}
		}
		first += group[g].nr_steps;
		s->pass->nr_rows = first;
	}
	return true;
}

static void summarise(struct session *s)
{
	const struct hm_config *config = hm_config(s->vm.machine);
	struct pass *pass = s->pass;

	svsm_introspect_memory(&pass->memory);
	pass->svsm_bytes = config->svsm.end - config->svsm.start;
	pass->accepted = (uint64_t)s->vm.layout.nr_regions * GUEST_REGION_PAGES;
	if (s->judge == NULL) {
		return;
	}
	pass->violations = judge_violations(s->judge);
	pass->evaluations = judge_checks(s->judge);
	pass->untracked = judge_untracked(s->judge);
	for (unsigned int id = 0; id < JUDGE_NR && id < PASS_MAX_INVARIANTS; id++) {
		pass->invariant[pass->nr_invariants++] = (struct pass_invariant){
			.name = judge_name((enum judge_id)id),
			.title = judge_title((enum judge_id)id),
			.checked = judge_checked(s->judge, (enum judge_id)id),
			.found = judge_found(s->judge, (enum judge_id)id),
			.applies = judge_applies((enum judge_id)id),
		};
	}
}

enum pass_status pass_run(const struct run_options *options, bool checked, struct pass *pass)
{
	struct session s = { .options = options, .pass = pass };
	const struct ticks_mark begin = ticks_mark();
	struct ticks_mark end;

	memset(pass, 0, sizeof(*pass));
	pass->checked = checked;
	s.concurrent = checked ? 0U : resources_processors();
	s.vm.scale = choose_scale(options, checked);
	if (!start(&s)) {
		stop(&s);
		return PASS_NO_MACHINE;
	}
	if (!run_groups(&s)) {
		progress_end();
		(void)fprintf(stderr, "phalanx-run: cannot start %u threads\n", options->vcpus);
		return PASS_NO_MACHINE; /* threads of the step still use everything */
	}
	pass->complete = true;
	summarise(&s);
	stop(&s);
	end = ticks_mark();
	pass->ns_per_tick = ticks_calibrate(&begin, &end);
	pass->seconds = (double)(end.nanoseconds - begin.nanoseconds) / 1e9;
	progress_end();
	return PASS_DONE;
}
