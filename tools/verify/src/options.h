/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "verify.h"

struct options {
	/* File names; NULL: not given. */
	const char *report;
	const char *table;
	const char *certs[VERIFY_NR_CERTS];
	const char *root;
	const char *nonce;
	const char *manifest;
	const char *json;
	const char *extract; /* directory */
	bool quiet;
	struct verify_expect expect;
};

enum options_parse { OPTIONS_OK, OPTIONS_HELP, OPTIONS_BAD };

/*
 * Read the command line. The strings of @options are those of @argv.
 * @now: what --at now means. OPTIONS_BAD: @error says what is wrong with it.
 */
enum options_parse options_parse(int argc, char **argv, int64_t now, struct options *options,
				 char *error, size_t error_size);

void options_usage(FILE *out);

#endif
