/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "attest_callers.h"
#include "bench.h"
#include "ticks.h"

/*
 * What the guests' vCPUs wait for when they all want a report: the processor, each other, or the
 * SVSM. One table with a processor that takes the time that it is said to take, one without, in
 * which the SVSM's own part is not hidden behind it.
 */
#define DURATION_NS UINT64_C(1000000000)
#define QUICK_NS UINT64_C(150000000)
#define SAMPLES_P99 100U

static const unsigned int callers[] = { 1U, 2U, 4U, 8U, 16U, 32U, 64U };

#define NR_CALLERS (sizeof(callers) / sizeof(callers[0]))

static double percent(double part, double whole)
{
	return whole > 0.0 ? 100.0 * part / whole : 0.0;
}

static void print_row(const struct attest_load *load, const struct attest_figures *f, double ns)
{
	const double calls = (double)f->calls;
	const double served = (double)f->served_ticks * ns;
	const double model = (double)f->processor_ns - (double)f->simulated_ns;
	const double us = ns / 1000.0;

	printf("%7u  %7" PRIu64 "  %8.1f  %9.1f", load->callers, f->calls,
	       calls / ((double)f->ticks * ns / 1e9),
	       (double)histogram_percentile(&f->latency, 50U, 100U) * us);
	if (f->latency.count >= SAMPLES_P99) {
		printf("  %9.1f", (double)histogram_percentile(&f->latency, 99U, 100U) * us);
	} else {
		printf("  %9s", "-");
	}
	printf("  %9.1f  %8" PRIu64 "  %8.1f  %8.1f  %8.1f\n", (double)f->busy / calls, f->max_wait,
	       percent((double)f->simulated_ns, served), percent(model, served),
	       (served - (double)f->processor_ns) / calls / 1000.0);
}

static bool print_table(uint64_t psp_us, uint64_t duration)
{
	if (psp_us > 0U) {
		printf("Attestation, SVSM_ATTEST_SERVICES without certificates; the processor is "
		       "given %" PRIu64 " us per request\n"
		       "(--psp-us: a value of the model)\n",
		       psp_us);
	} else {
		printf("The same with a processor that is given no time: what is left is its "
		       "model's "
		       "computing (P-384 signature,\nAES-GCM) and the SVSM\n");
	}
	printf("%7s  %7s  %8s  %9s  %9s  %9s  %8s  %8s  %8s  %8s\n", "callers", "calls", "calls/s",
	       "p50 us", "p99 us", "BUSY/call", "most", "given %", "model %", "SVSM us");
	for (size_t i = 0; i < NR_CALLERS; i++) {
		const struct attest_load load = { callers[i], psp_us * 1000U, duration };
		const struct ticks_mark begin = ticks_mark();
		struct attest_figures figures;
		struct ticks_mark end;

		if (!attest_callers_run(&load, &figures)) {
			return false;
		}
		end = ticks_mark();
		print_row(&load, &figures, ticks_calibrate(&begin, &end));
		(void)fflush(stdout);
	}
	return true;
}

bool bench_attest(struct session *session)
{
	const struct bench_options *options = &session->options;
	const uint64_t duration = options->quick ? QUICK_NS : DURATION_NS;

	if (!print_table(options->psp_us, duration)) {
		return false;
	}
	printf("\n");
	if (!print_table(0U, duration)) {
		return false;
	}
	printf("\np50, p99: a call as its guest sees it, repeats included, on %ld processors; p99 "
	       "is "
	       "left out below 100 calls.\n"
	       "BUSY/call: one caller at a time owns the message sequence, the others are told "
	       "BUSY "
	       "and repeat at once, as\n"
	       "Linux does, but yield the processor first; most: repeats of the unluckiest call.\n"
	       "given %%, model %%: share of the processor's given time, and of the rest of its "
	       "model (sleeping too long\n"
	       "included), in the attempt that got the report; SVSM us: what is left of it per "
	       "call, with the guest's part and\n"
	       "what the computer's scheduler takes, so that the row of one caller is the one to "
	       "read.\n"
	       "What this cannot say: how long a real processor takes, or how it queues other "
	       "guests' requests; what VMGEXIT,\n"
	       "VMRUN and the host's relay cost, which are function calls here; how callers that "
	       "repeat share real processors:\n"
	       "with more callers than processors they take the owner's time away here.\n",
	       sysconf(_SC_NPROCESSORS_ONLN));
	return true;
}
