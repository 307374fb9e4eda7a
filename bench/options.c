/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <string.h>

#include "number.h"
#include "stats.h"

#define DEFAULT_PSP_US 1000U
#define MAX_PSP_US 1000000U
#define DEFAULT_REPEATS 3U
#define DEFAULT_MS 60U
#define QUICK_MS 20U
#define MAX_MS 10000U

#ifndef BENCH_OUTPUT
#define BENCH_OUTPUT "."
#endif

static const struct {
	const char *name, *what;
} names[BENCH_NAME_NR] = {
	{ "calls", "calls by vCPUs: ours, the peer design, the limit" },
	{ "peer", "what each cost of the peer design contributes" },
	{ "instructions", "instructions per call, counted by valgrind" },
	{ "zero", "zeroing methods by size, and which one the SVSM chose" },
	{ "memory", "memory of the SVSM by vCPUs and RAM" },
	{ "attest", "attestation calls by callers, with and without the processor's time" },
};

void bench_usage(FILE *out)
{
	(void)fprintf(
		out,
		"usage: phalanx bench [OPTIONS] [NAME...]\n"
		"Measures on the hosted SNP machine of this process, not on SNP hardware: "
		"docs/performance.md says what that means.\n"
		"  --quick         fewer repeats, sizes and vCPU counts: under a minute\n"
		"  --cost MODEL    TSC cycles that steps of hardware are given: none, published,\n"
		"                  or pvalidate=N,rmpadjust=N,switch=N,flush=N (default: none, and "
		"a "
		"selection again\n"
		"                  with published: %s)\n"
		"  --repeats N     interleaved repeats, 2 to %u (default %u)\n"
		"  --ms N          milliseconds per measurement, 1 to %u (default %u, quick %u)\n"
		"  --only TEXT     calls: only cases that have TEXT in their name\n"
		"  --output DIR    where results.json, report.html and plots go (default "
		"build/bench)\n"
		"  --compare OLD   print what changed since the results in OLD beyond noise\n"
		"  --against NEW   with --compare: the results in NEW instead of a new run\n"
		"  --psp-us N      attest: microseconds the model of the security processor takes "
		"for a request,\n"
		"                  1 to %u (default %u): an assumption, not a measurement\n"
		"names (default: all):\n",
		COST_PUBLISHED, STATS_MAX, DEFAULT_REPEATS, MAX_MS, DEFAULT_MS, QUICK_MS,
		MAX_PSP_US, DEFAULT_PSP_US);
	for (size_t i = 0; i < BENCH_NAME_NR; i++) {
		(void)fprintf(out, "  %-14s  %s\n", names[i].name, names[i].what);
	}
}

static bool needs(const char *option, uint64_t min, uint64_t max)
{
	(void)fprintf(stderr, "bench: %s needs a number from %llu to %llu\n", option,
		      (unsigned long long)min, (unsigned long long)max);
	return false;
}

static bool read_number(const char *option, const char *text, uint64_t min, uint64_t max,
			uint64_t *value)
{
	return (text != NULL && number_parse(text, strlen(text), min, max, value)) ||
	       needs(option, min, max);
}

static bool read_unsigned(const char *option, const char *text, uint64_t min, uint64_t max,
			  unsigned int *value)
{
	uint64_t number = 0U;

	if (!read_number(option, text, min, max, &number)) {
		return false;
	}
	*value = (unsigned int)number;
	return true;
}

static bool read_text(const char *option, const char *text, const char **value)
{
	if (text == NULL || *text == '\0') {
		(void)fprintf(stderr, "bench: %s needs an argument\n", option);
		return false;
	}
	*value = text;
	return true;
}

static bool read_cost(const char *text, struct bench_options *options)
{
	options->cost_named = true;
	if (text == NULL || !cost_parse(text, &options->cost)) {
		(void)fprintf(stderr,
			      "bench: --cost needs none, published, or pvalidate=N,rmpadjust=N,"
			      "switch=N,flush=N with N up to %llu\n",
			      (unsigned long long)COST_MAX);
		return false;
	}
	return true;
}

static bool select_name(const char *word, struct bench_options *options)
{
	for (unsigned int i = 0; i < BENCH_NAME_NR; i++) {
		if (strcmp(word, names[i].name) == 0) {
			options->selected |= 1U << i;
			return true;
		}
	}
	(void)fprintf(stderr, "bench: unknown argument %s\n", word);
	bench_usage(stderr);
	return false;
}

/* An option with an argument, @text, NULL if there is none; *@known false if it is none. */
static bool read_option(const char *word, const char *text, struct bench_options *options,
			bool *known)
{
	*known = true;
	if (strcmp(word, "--psp-us") == 0) {
		return read_number(word, text, 1U, MAX_PSP_US, &options->psp_us);
	}
	if (strcmp(word, "--cost") == 0) {
		return read_cost(text, options);
	}
	if (strcmp(word, "--repeats") == 0) {
		return read_unsigned(word, text, 2U, STATS_MAX, &options->repeats);
	}
	if (strcmp(word, "--ms") == 0) {
		return read_unsigned(word, text, 1U, MAX_MS, &options->ms);
	}
	if (strcmp(word, "--only") == 0) {
		return read_text(word, text, &options->only);
	}
	if (strcmp(word, "--output") == 0) {
		return read_text(word, text, &options->output);
	}
	if (strcmp(word, "--compare") == 0) {
		return read_text(word, text, &options->compare);
	}
	if (strcmp(word, "--against") == 0) {
		return read_text(word, text, &options->against);
	}
	*known = false;
	return true;
}

static bool finish(struct bench_options *options)
{
	if (options->selected == 0U) {
		options->selected = options->only == NULL ? (1U << BENCH_NAME_NR) - 1U
							  : 1U << BENCH_CALLS;
	}
	if (options->ms == 0U) {
		options->ms = options->quick ? QUICK_MS : DEFAULT_MS;
	}
	if (options->against != NULL && options->compare == NULL) {
		(void)fputs("bench: --against needs --compare\n", stderr);
		return false;
	}
	return true;
}

bool bench_options_parse(int argc, char **argv, struct bench_options *options)
{
	*options = (struct bench_options){ .psp_us = DEFAULT_PSP_US,
					   .repeats = DEFAULT_REPEATS,
					   .output = BENCH_OUTPUT };
	for (int i = 1; i < argc; i++) {
		bool known = true;

		if (strcmp(argv[i], "--quick") == 0) {
			options->quick = true;
		} else if (strcmp(argv[i], "--help") == 0) {
			options->help = true;
			return true;
		} else {
			if (!read_option(argv[i], i + 1 < argc ? argv[i + 1] : NULL, options,
					 &known)) {
				return false;
			}
			if (known) {
				i++;
			} else if (!select_name(argv[i], options)) {
				return false;
			}
		}
	}
	return finish(options);
}
