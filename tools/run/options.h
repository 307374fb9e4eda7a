/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_OPTIONS_H
#define RUN_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define RUN_MAX_VCPUS 1024U
#define RUN_MIN_MEMORY (UINT64_C(64) << 20)
#define RUN_MAX_MEMORY (UINT64_C(16) << 40)

struct run_options {
	unsigned int vcpus; /* 1..RUN_MAX_VCPUS */
	uint64_t memory;    /* bytes, a multiple of 2 MiB, RUN_MIN_MEMORY..RUN_MAX_MEMORY */
	unsigned int vmpl;  /* 1..3: where the guest runs */
	uint64_t seed;
	bool rmp_4k;		/* the host backs everything with 4 KiB RMP entries */
	bool quick;		/* fewer repetitions, and smaller defaults for what is not named */
	const char *traces;	/* directory, NULL: the repository's */
	const char *attest_dir; /* keep the attestation's files here, NULL: do not keep them */
	const char *json;	/* file to write, NULL: none */
};

enum run_parse {
	RUN_PARSE_OK,
	RUN_PARSE_HELP, /* --help was asked for */
	RUN_PARSE_BAD,	/* @error says what is wrong */
};

/* Options of the command line; strings point into @argv. @error: at least 1 byte. */
enum run_parse run_options_parse(int argc, char **argv, struct run_options *options, char *error,
				 size_t error_size);

void run_usage(FILE *out);

/* Decimal number without sign, the whole of @text, @min..@max. */
bool run_parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *value);
/* Size in bytes: decimal number with an optional suffix K, M, G or T (powers of 1024). */
bool run_parse_size(const char *text, uint64_t *bytes);

#endif
