/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "crew.h"
#include "ticks.h"

/*
 * One load on one implementation, in a process of its own: the three have the same symbols. Prints
 * a line of JSON per kind of call.
 */

static const struct plan *const plans[LOAD_CALL_NR] = {
	[LOAD_NULL] = &plan_null,	[LOAD_PVALIDATE] = &plan_pvalidate,
	[LOAD_CREATE] = &plan_create,	[LOAD_REMAP] = &plan_remap,
	[LOAD_DEPOSIT] = &plan_deposit,
};

static double part(double value, double of)
{
	return of > 0.0 ? value / of : 0.0;
}

/*
 * Kinds take turns on each vCPU, so a kind had its share of the time only: the share of the
 * processor time, which is what vCPUs compete for. Of vCPUs that all wait, each had all of it.
 */
static double seconds_of(const struct crew_result *result, unsigned int kind)
{
	const uint64_t cpu = result->tally[0].cpu_ns + result->tally[1].cpu_ns;
	const double seconds = (double)result->ns / 1e9;

	return cpu == 0U ? seconds : seconds * (double)result->tally[kind].cpu_ns / (double)cpu;
}

static void print_kind(const struct plan *plan, const struct crew_result *result, unsigned int kind)
{
	const struct tally *t = &result->tally[kind];
	const double seconds = seconds_of(result, kind);
	const double calls = (double)t->calls;
	const double ns = result->ns_per_tick;

	printf("{\"kind\": \"%s\", \"calls\": %" PRIu64
	       ", \"seconds\": %.6f, \"rate\": %.3f, \"pages\": %.3f, ",
	       plan->kind[kind], t->calls, seconds, part(calls, seconds),
	       part((double)t->pages, seconds));
	printf("\"p50\": %.1f, \"p99\": %.1f, \"p999\": %.1f, \"max\": %.1f, \"mean\": %.1f, "
	       "\"cpu\": %.1f, ",
	       (double)histogram_percentile(&t->latency, 500U, 1000U) * ns,
	       (double)histogram_percentile(&t->latency, 990U, 1000U) * ns,
	       (double)histogram_percentile(&t->latency, 999U, 1000U) * ns,
	       (double)t->latency.max * ns,
	       part((double)t->latency.sum * ns, (double)t->latency.count),
	       part((double)t->cpu_ns, calls));
	printf("\"flushes\": %.4f, \"busy\": %.4f, \"incomplete\": %.4f, \"conflicts\": %.4f, "
	       "\"late\": %" PRIu64 "}\n",
	       part((double)t->flushes, calls), part((double)t->busy, calls),
	       part((double)t->incomplete, calls),
	       part((double)result->conflicts,
		    (double)(result->tally[0].calls + result->tally[1].calls)),
	       t->late);
}

static bool run_plan(const struct load *load, const struct plan *plan)
{
	struct crew_result *result = malloc(sizeof(*result));
	bool ok = false;

	if (result == NULL) {
		return false;
	}
	ok = crew_run(load, plan, result);
	for (unsigned int kind = 0; ok && kind < 2U && plan->kind[kind] != NULL; kind++) {
		print_kind(plan, result, kind);
	}
	free(result);
	return ok;
}

int main(int argc, char **argv)
{
	struct load load;
	bool ok = false;

	if (!load_parse(argc, argv, &load)) {
		return 2;
	}
	bench_impl_costs(load.peer_costs);
	if (load.call == LOAD_TRACES) {
		ok = traces_run(&load);
	} else if (!bench_impl_serves(plans[load.call]->needs)) {
		printf("{\"unserved\": \"%s\"}\n", bench_impl_name());
		ok = true;
	} else {
		ok = run_plan(&load, plans[load.call]);
	}
	return ok ? 0 : 1;
}
