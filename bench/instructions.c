/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "callgrind.h"
#include "spawn.h"

#define COUNTED_CYCLES 4U

static const struct {
	const char *what;
	unsigned int call, entries, kind;
} rows[] = {
	{ "QUERY_PROTOCOL", LOAD_NULL, 1U, 0U },
	{ "rescind, 1 entry 4K", LOAD_PVALIDATE, 1U, 0U },
	{ "rescind, 33 entries 4K", LOAD_PVALIDATE, 33U, 0U },
	{ "rescind, 65 entries 4K", LOAD_PVALIDATE, 65U, 0U },
	{ "validate, 1 entry 4K", LOAD_PVALIDATE, 1U, 1U },
	{ "validate, 33 entries 4K", LOAD_PVALIDATE, 33U, 1U },
	{ "validate, 65 entries 4K", LOAD_PVALIDATE, 65U, 1U },
	{ "REMAP_CA", LOAD_REMAP, 1U, 0U },
};

_Static_assert(sizeof(rows) / sizeof(rows[0]) == NR_INSTRUCTION_ROWS, "room in the session");

struct kinds {
	unsigned int seen, wanted;
	double calls;
};

static void take_calls(void *ctx, const char *line)
{
	struct kinds *kinds = ctx;

	if (kinds->seen++ == kinds->wanted) {
		(void)line_number(line, "calls", &kinds->calls);
	}
}

static bool read_file(const char *path, struct callgrind_counts *counts)
{
	FILE *in = fopen(path, "r");
	bool ok = false;

	if (in != NULL) {
		ok = callgrind_read(in, counts);
		(void)fclose(in);
	}
	return ok;
}

static bool count(struct session *session, unsigned int i)
{
	const struct load load = { .call = (enum load_call)rows[i].call,
				   .entries = rows[i].entries,
				   .vcpus = 1U,
				   .records = 1U,
				   .ms = 1U,
				   .cycles = COUNTED_CYCLES,
				   .peer_costs = 15U };
	struct kinds kinds = { .wanted = rows[i].kind };
	struct instruction_row *row = &session->instruction[i];
	char program[sizeof(session->directory) + 32U], out[1100], path[1064];
	const char *argv[LOAD_MAX_ARGS + 8] = { "valgrind",
						"-q",
						"--tool=callgrind",
						"--compress-strings=no",
						"--compress-pos=no",
						rows[i].kind == 0U
							? "--toggle-collect=worker_counted_first"
							: "--toggle-collect=worker_counted_second",
						out,
						program };
	struct callgrind_counts counts;
	struct load_args args = { .argv = { NULL } };

	(void)snprintf(path, sizeof(path), "%s/callgrind.out", session->options.output);
	(void)snprintf(out, sizeof(out), "--callgrind-out-file=%s", path);
	(void)snprintf(program, sizeof(program), "%s/worker-ours", session->directory);
	load_args(&load, program, &args);
	memcpy(&argv[8], &args.argv[1], (LOAD_MAX_ARGS - 1) * sizeof(argv[0]));
	if (!spawn_lines(argv, take_calls, &kinds) || kinds.calls <= 0.0 ||
	    !read_file(path, &counts)) {
		(void)fprintf(stderr, "bench: valgrind counted nothing for %s\n", rows[i].what);
		return false;
	}
	(void)unlink(path);
	(void)snprintf(row->what, sizeof(row->what), "%s", rows[i].what);
	row->total = (double)counts.total / kinds.calls;
	row->own = (double)(counts.total - counts.arch) / kinds.calls;
	return true;
}

static void print_slope(const struct session *session, unsigned int one, const char *what)
{
	const struct instruction_row *row = &session->instruction[one];

	printf("%-30s  %12.1f  %12.1f   (33 to 65 entries; 1 to 33: %.1f)\n", what,
	       (row[2].total - row[1].total) / 32.0, (row[2].own - row[1].own) / 32.0,
	       (row[1].own - row[0].own) / 32.0);
}

bool bench_instructions(struct session *session)
{
	printf("Instructions per call (callgrind; from the entry of svsm_serve() to its return, %u "
	       "cycles after two uncounted)\n",
	       COUNTED_CYCLES);
	printf("%-30s  %12s  %12s\n", "", "with arch_*", "SVSM's own");
	for (unsigned int i = 0; i < NR_INSTRUCTION_ROWS; i++) {
		if (!count(session, i)) {
			return false;
		}
		printf("%-30s  %12.1f  %12.1f\n", session->instruction[i].what,
		       session->instruction[i].total, session->instruction[i].own);
		(void)fflush(stdout);
	}
	session->nr_instructions = NR_INSTRUCTION_ROWS;
	print_slope(session, 1U, "rescind, per further entry");
	print_slope(session, 4U, "validate, per further entry");
	printf("Compiler and flags: %s\n"
	       "arch_* is the hosted machine here (RMP model, copies, zeroing); on hardware these "
	       "are single instructions and\ncopies. What the core inlines of libc (memcpy, "
	       "memset) "
	       "counts as its own.\n",
	       session->computer.compiler);
	return true;
}
