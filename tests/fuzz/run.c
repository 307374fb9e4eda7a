/* SPDX-License-Identifier: Apache-2.0 */
#include "run.h"

#include "exec.h"
#include "rival.h"

#define JITTER 32U

struct run {
	struct fz_world w;
	struct fz_actor actor;
	struct fz_rival rival;
	unsigned int cpus; /* that the main actor may be */
	struct fz_packet preempt;
	bool armed;
};

static void trace(const struct fz_world *w, const struct fz_packet *packet)
{
	if (w->trace != NULL) {
		(void)fprintf(w->trace, "%2u ", w->at);
		fz_print_packet(w->trace, packet);
		(void)fputc('\n', w->trace);
		(void)fflush(w->trace);
	}
}

static enum fz_mode mode_of(const struct run *run)
{
	return run->w.program->params.mode;
}

/* The rival's VMSA leaves the guest only here: hm_unbind() at its end is too late for a check. */
static void check(struct run *run)
{
	if (mode_of(run) != FZ_SINGLE) {
		(void)fz_rival_rest(&run->rival);
	}
	fz_world_check(&run->w);
	if (mode_of(run) == FZ_FREE) {
		fz_rival_roam(&run->rival);
	}
}

static void switch_cpu(struct run *run, unsigned int cpu)
{
	if (cpu != run->actor.cpu) {
		hm_unbind(run->w.m);
		hm_bind(run->w.m, cpu);
		run->actor.cpu = cpu;
	}
}

/* Lockstep: the call stands still at the point, the next packets run on the other CPU, and the call
 * goes on. The number of packets used up. */
static unsigned int preempted_call(struct run *run, const struct fz_packet *packet)
{
	const struct fz_program *program = run->w.program;
	const unsigned int left = program->nr - run->w.at - 1U;
	unsigned int nr = run->preempt.c % FZ_BURST + 1U;
	bool ran = false;

	nr = nr < left ? nr : left;
	run->armed = false;
	hm_freeze_at(run->w.m, run->actor.cpu, (enum arch_point)(run->preempt.a % ARCH_POINT_NR),
		     run->preempt.b + 1U);
	fz_rival_watch(&run->rival, run->actor.cpu, &program->packet[run->w.at + 1U], nr);
	run->actor.disturbed = true;
	fz_exec(&run->actor, packet);
	run->actor.disturbed = false;
	hm_thaw(run->w.m, run->actor.cpu);
	ran = fz_rival_rest(&run->rival);
	return ran ? nr : 0U;
}

/* Packets used up beyond this one. */
static unsigned int step(struct run *run, const struct fz_packet *packet)
{
	switch (packet->op) {
	case FZ_SWITCH:
		switch_cpu(run, packet->a % run->cpus);
		return 0U;
	case FZ_PREEMPT:
		run->preempt = *packet;
		run->armed = mode_of(run) == FZ_LOCKSTEP;
		return 0U;
	case FZ_CHECK:
		check(run);
		return 0U;
	case FZ_CALL:
	case FZ_CALL_RAW:
		if (run->armed) {
			return preempted_call(run, packet);
		}
		break;
	default:
		break;
	}
	fz_exec(&run->actor, packet);
	return 0U;
}

static void packets(struct run *run)
{
	const struct fz_program *program = run->w.program;
	unsigned int since = 0U;

	for (unsigned int i = 0U; i < program->nr; i++) {
		run->w.at = i;
		trace(&run->w, &program->packet[i]);
		i += step(run, &program->packet[i]);
		if (++since >= program->params.check_every) {
			check(run);
			since = 0U;
		}
	}
}

static bool start(struct run *run, const struct fz_program *program, FILE *out)
{
	const struct fz_params *p = &program->params;

	if (!fz_world_start(&run->w, program)) {
		return false;
	}
	run->w.trace = out;
	run->cpus = p->mode == FZ_SINGLE ? p->vcpus : p->vcpus - 1U;
	run->actor = (struct fz_actor){ .w = &run->w };
	run->armed = false;
	hm_bind(run->w.m, 0U);
	if (p->prepared) {
		fz_prepare(&run->actor);
	}
	if (p->mode != FZ_SINGLE && !fz_rival_start(&run->rival, &run->w)) {
		hm_unbind(run->w.m);
		fz_world_stop(&run->w);
		return false;
	}
	if (p->mode == FZ_FREE) {
		hm_jitter(run->w.m, JITTER);
		run->actor.disturbed = true;
		fz_rival_roam(&run->rival);
	}
	return true;
}

bool fz_run(const uint8_t *data, size_t size, FILE *out)
{
	static struct run run;
	static struct fz_program program;

	fz_decode(data, size, &program);
	if (out != NULL) {
		fz_print_params(out, &program.params);
	}
	if (!start(&run, &program, out)) {
		return false;
	}
	packets(&run);
	if (program.params.mode != FZ_SINGLE) {
		fz_rival_stop(&run.rival);
	}
	fz_world_check(&run.w);
	hm_unbind(run.w.m);
	fz_world_stop(&run.w);
	return true;
}
