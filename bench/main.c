/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "bench.h"

struct bench {
	const char *name;
	const char *what;
	bool (*run)(const struct bench_options *options);
};

static const struct bench benches[] = {
	{ "zero", "zeroing methods by size, and which one the SVSM chose", bench_zero },
	{ "memory", "memory of the SVSM by vCPUs and RAM", bench_memory },
	{ "attest", "attestation calls by callers, with and without the processor's time",
	  bench_attest },
};

#define DEFAULT_PSP_US 1000U
#define MAX_PSP_US 1000000U
#define NR_BENCHES (sizeof(benches) / sizeof(benches[0]))

static void usage(FILE *out)
{
	(void)fprintf(
		out,
		"usage: phalanx bench [--quick] [--psp-us N] [NAME...]\n"
		"  --quick     fewer repeats and sizes\n"
		"  --psp-us N  attest: microseconds the model of the security processor takes "
		"for a request,\n"
		"              1 to %u (default %u): an assumption, not a measurement\n",
		MAX_PSP_US, DEFAULT_PSP_US);
	for (size_t i = 0; i < NR_BENCHES; i++) {
		(void)fprintf(out, "  %-8s %s\n", benches[i].name, benches[i].what);
	}
}

static const struct bench *find(const char *name)
{
	for (size_t i = 0; i < NR_BENCHES; i++) {
		if (strcmp(benches[i].name, name) == 0) {
			return &benches[i];
		}
	}
	return NULL;
}

static bool parse_us(const char *text, uint64_t *us)
{
	uint64_t value = 0U;

	for (; *text >= '0' && *text <= '9' && value <= MAX_PSP_US; text++) {
		value = value * 10U + (uint64_t)(*text - '0');
	}
	*us = value;
	return *text == '\0' && value >= 1U && value <= MAX_PSP_US;
}

/* 0: go on; otherwise the exit code + 1. */
static int read_word(int argc, char **argv, int *at, struct bench_options *options,
		     unsigned int *selected)
{
	const char *word = argv[*at];

	if (strcmp(word, "--quick") == 0) {
		options->quick = true;
		return 0;
	}
	if (strcmp(word, "--help") == 0) {
		usage(stdout);
		return 1;
	}
	if (strcmp(word, "--psp-us") == 0) {
		(*at)++;
		if (*at < argc && parse_us(argv[*at], &options->psp_us)) {
			return 0;
		}
		(void)fprintf(stderr, "bench: --psp-us needs a number from 1 to %u\n", MAX_PSP_US);
		return 3;
	}
	if (find(word) != NULL) {
		*selected |= 1U << (unsigned int)(find(word) - benches);
		return 0;
	}
	(void)fprintf(stderr, "bench: unknown argument %s\n", word);
	usage(stderr);
	return 3;
}

int main(int argc, char **argv)
{
	struct bench_options options = { .psp_us = DEFAULT_PSP_US };
	unsigned int selected = 0;

	for (int i = 1; i < argc; i++) {
		const int done = read_word(argc, argv, &i, &options, &selected);

		if (done != 0) {
			return done - 1;
		}
	}
	for (size_t i = 0; i < NR_BENCHES; i++) {
		if (selected == 0U || (selected & (1U << i)) != 0U) {
			if (!benches[i].run(&options)) {
				return 1;
			}
			printf("\n");
		}
	}
	return 0;
}
