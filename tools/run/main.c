/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "json.h"
#include "report.h"
#include "resources.h"
#include "ticks.h"

#define EXIT_INPUT 2
#define EXIT_RESOURCES 3
#define MAX_PATH 4096U

static double seconds_since(const struct ticks_mark *begin)
{
	const struct ticks_mark now = ticks_mark();

	return (double)(now.nanoseconds - begin->nanoseconds) / 1e9;
}

static bool enough_memory(const struct run_options *options)
{
	const uint64_t needed = resources_needed(options);
	const uint64_t available = resources_available();
	char text[3][FORMAT_SIZE];

	if (needed <= available) {
		return true;
	}
	(void)fprintf(stderr,
		      "phalanx-run: not enough memory: a machine of %s needs about %s, and %s is "
		      "available (MemAvailable).\nA smaller one may do: --memory 512M\n",
		      format_bytes(options->memory, text[0]), format_bytes(needed, text[1]),
		      format_bytes(available, text[2]));
	return false;
}

static bool replay_all(const struct run_options *options, struct traces *traces)
{
	char buffer[MAX_PATH];
	const char *directory = options->traces;

	if (directory == NULL) {
		directory = traces_default_directory(buffer, sizeof(buffer));
	}
	if (directory == NULL) {
		(void)fputs("phalanx-run: the recordings (tests/traces) are not where they were "
			    "when this was built; name them with --traces DIR\n",
			    stderr);
		return false;
	}
	report_traces_head();
	return traces_run(directory, traces, report_trace);
}

static void find_traces(const struct traces *traces, struct run_findings *findings)
{
	for (size_t i = 0; i < traces->nr; i++) {
		const struct trace_result *result = &traces->result[i];

		findings->traces++;
		findings->traces_failed += result->status == REPLAY_OK ? 0U : 1U;
		findings->compared += result->summary.compared;
		findings->mismatches += result->summary.mismatches;
		findings->violations += result->summary.violations;
	}
}

static void find_attest(const struct attest *attest, struct run_findings *findings)
{
	for (unsigned int i = 0; i < attest->nr; i++) {
		findings->attested++;
		findings->attest_failed += attest->report[i].ok ? 0U : 1U;
		findings->violations += attest->report[i].violations;
	}
}

static void find_pass(const struct pass *pass, struct run_findings *findings)
{
	findings->violations += pass->violations;
	findings->wrong += pass->wrong;
	findings->guest_checks += pass->checks;
	findings->evaluations += pass->evaluations;
	findings->untracked += pass->untracked;
	findings->complete = findings->complete && pass->complete;
}

/* Phase 1b. False: the computer could not carry it. */
static bool attest(const struct run_options *options, struct attest *attest_results)
{
	report_attest_head();
	if (!attest_run(options, attest_results, report_attest)) {
		return false;
	}
	report_attest_notes(attest_results);
	return true;
}

/* Phase 2: both passes and their tables. False: the computer could not carry them. */
static bool load(struct json_run *run, struct pass *checked, struct pass *measured)
{
	if (pass_run(run->options, true, checked) != PASS_DONE) {
		return false;
	}
	report_checked(checked);
	report_invariants(checked);
	if (pass_run(run->options, false, measured) != PASS_DONE) {
		return false;
	}
	run->timer_ns = (double)ticks_overhead() * measured->ns_per_tick;
	report_measured(measured, run->options, run->timer_ns, run->processors);
	report_memory(measured, run->options);
	return true;
}

static int run_all(const struct run_options *options, struct traces *traces,
		   struct attest *attest_results, struct pass *checked, struct pass *measured)
{
	const struct ticks_mark begin = ticks_mark();
	struct run_findings findings = { .complete = true };
	struct json_run run = { .options = options,
				.traces = traces,
				.attest = attest_results,
				.checked = checked,
				.measured = measured,
				.processors = resources_processors() };

	report_open();
	report_intro(options, run.processors);
	if (!replay_all(options, traces)) {
		return EXIT_INPUT;
	}
	report_traces_policy(traces);
	if (!attest(options, attest_results) || !load(&run, checked, measured)) {
		return EXIT_RESOURCES;
	}
	find_traces(traces, &findings);
	find_attest(attest_results, &findings);
	find_pass(checked, &findings);
	find_pass(measured, &findings);
	run.verdict = run_verdict(&findings);
	run.seconds = seconds_since(&begin);
	report_verdict(&findings, run.verdict, run.seconds);
	if (options->json != NULL && !json_write(options->json, &run)) {
		(void)fprintf(stderr, "phalanx-run: cannot write %s: %s\n", options->json,
			      strerror(errno));
		return EXIT_INPUT;
	}
	return run_verdict_exit(run.verdict);
}

int main(int argc, char **argv)
{
	struct run_options options;
	struct traces traces = { .nr = 0U };
	struct pass *passes = NULL;
	struct attest *attest_results = NULL;
	char error[160];
	int code = EXIT_RESOURCES;

	switch (run_options_parse(argc, argv, &options, error, sizeof(error))) {
	case RUN_PARSE_HELP:
		run_usage(stdout);
		return 0;
	case RUN_PARSE_BAD:
		(void)fprintf(stderr, "phalanx-run: %s; --help lists the options\n", error);
		return EXIT_INPUT;
	case RUN_PARSE_OK:
		break;
	}
	passes = enough_memory(&options) ? calloc(2U, sizeof(*passes)) : NULL;
	attest_results = calloc(1U, sizeof(*attest_results));
	if (passes != NULL && attest_results != NULL) {
		code = run_all(&options, &traces, attest_results, &passes[0], &passes[1]);
	}
	traces_free(&traces);
	free(attest_results);
	free(passes);
	return code;
}
