/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "replay.h"
#include "text.h"

static void usage(FILE *out)
{
	(void)fputs("usage: phalanx-replay [--check] [--corrupt N] [--quiet] FILE...\n"
		    "Replays recorded SVSM call traces (plain or .xz) and replay scripts on the "
		    "hosted SNP machine.\n"
		    "  --check      after PVALIDATE read every page, not the first of each run\n"
		    "  --corrupt N  flip the expected result of the N-th compared call: the replay "
		    "must fail\n"
		    "  --out DIR    existing directory that scripts may save files to\n"
		    "  --quiet      print mismatches and errors only\n"
		    "exit code: 0 ok, 1 mismatch or violation, 2 bad script or usage, 3 the "
		    "machine could not start\n",
		    out);
}

static int bad_usage(const char *why, const char *what)
{
	(void)fprintf(stderr, "phalanx-replay: %s%s\n", why, what);
	usage(stderr);
	return REPLAY_BAD_INPUT;
}

/* The option at argv[*at]; *at moves to the last word used. Returns -1 to go on, or the exit code.
 */
static int read_valued(int argc, char **argv, struct replay_options *options, int *at)
{
	const char *name = argv[*at];

	(*at)++;
	if (strcmp(name, "--out") == 0) {
		if (*at == argc || *argv[*at] == '\0') {
			return bad_usage("--out needs a directory", "");
		}
		options->save_dir = argv[*at];
		return -1;
	}
	if (strcmp(name, "--corrupt") != 0) {
		return bad_usage("unknown option ", name);
	}
	if (*at == argc || !text_dec(slice_of(argv[*at]), &options->corrupt) ||
	    options->corrupt == 0U) {
		return bad_usage("--corrupt needs a number, 1 or more", "");
	}
	return -1;
}

/* Reads the options; *@first is the index of the first file. Returns -1 to go on, or the exit code.
 */
static int read_options(int argc, char **argv, struct replay_options *options, int *first)
{
	int i = 1;

	for (; i < argc && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "--help") == 0) {
			usage(stdout);
			return REPLAY_OK;
		}
		if (strcmp(argv[i], "--check") == 0) {
			options->check_all = true;
		} else if (strcmp(argv[i], "--quiet") == 0) {
			options->out = NULL;
		} else {
			const int code = read_valued(argc, argv, options, &i);

			if (code >= 0) {
				return code;
			}
		}
	}
	*first = i;
	return i < argc ? -1 : bad_usage("no file named", "");
}

int main(int argc, char **argv)
{
	struct replay_options options = { .out = stdout, .err = stderr };
	enum replay_status worst = REPLAY_OK;
	int first = 1;
	int done = read_options(argc, argv, &options, &first);

	if (done >= 0) {
		return done;
	}
	for (int i = first; i < argc; i++) {
		enum replay_status status = replay_file(argv[i], &options);

		worst = status > worst ? status : worst;
	}
	return (int)worst;
}
