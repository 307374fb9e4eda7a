/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <time.h>

#include "files.h"

enum { EXIT_VERIFIED = 0, EXIT_NOT_VERIFIED = 1, EXIT_BAD_INPUT = 2 };

static int verify_files(const struct options *options)
{
	static struct verify_result result;
	struct verify_input input;
	int code = EXIT_BAD_INPUT;

	if (!files_read(options, &input) ||
	    (options->extract != NULL && !files_extract(input.table, options->extract))) {
		files_free(&input);
		return EXIT_BAD_INPUT;
	}
	code = verify_run(&input, &options->expect, &result) ? EXIT_VERIFIED : EXIT_NOT_VERIFIED;
	if (!options->quiet) {
		verify_print_text(&result, stdout);
	}
	if (options->json != NULL && !files_write_json(&result, options->json)) {
		code = EXIT_BAD_INPUT;
	}
	files_free(&input);
	/* A result that nobody could read is none. */
	return fflush(stdout) == 0 ? code : EXIT_BAD_INPUT;
}

int main(int argc, char **argv)
{
	struct options options;
	char error[256];

	switch (options_parse(argc, argv, (int64_t)time(NULL), &options, error, sizeof(error))) {
	case OPTIONS_HELP:
		options_usage(stdout);
		return EXIT_VERIFIED;
	case OPTIONS_BAD:
		(void)fprintf(stderr, "phalanx-verify: %s (see --help)\n", error);
		return EXIT_BAD_INPUT;
	case OPTIONS_OK:
	default:
		return verify_files(&options);
	}
}
