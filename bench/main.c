/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"
#include "compare.h"
#include "report.h"
#include "spawn.h"
#include "targets.h"

#define MAX_OTHERS 0.05

static const struct {
	bool (*run)(struct session *session);
	bool captured; /* prints its results and keeps none: it runs in a process of its own */
} benches[BENCH_NAME_NR] = {
	[BENCH_CALLS] = { bench_calls, false },
	[BENCH_PEER] = { bench_peer_costs, false },
	[BENCH_INSTRUCTIONS] = { bench_instructions, false },
	[BENCH_ZERO] = { bench_zero, true },
	[BENCH_MEMORY] = { bench_memory, true },
	[BENCH_ATTEST] = { bench_attest, true },
};

struct part {
	struct session *session;
	unsigned int index;
};

static bool run_part(void *ctx)
{
	const struct part *part = ctx;

	return benches[part->index].run(part->session);
}

static bool run_parts(struct session *s)
{
	bool ok = true;

	for (unsigned int i = 0; i < BENCH_NAME_NR && ok; i++) {
		struct part part = { s, i };

		if ((s->options.selected & (1U << i)) == 0U) {
			continue;
		}
		ok = benches[i].captured ? spawn_tee(run_part, &part, &s->text[i])
					 : run_part(&part);
		printf("\n");
	}
	return ok;
}

/* Every directory of the path. */
static bool make_directory(const char *path)
{
	char prefix[1024];

	if (strlen(path) >= sizeof(prefix)) {
		return false;
	}
	for (size_t i = 1; i <= strlen(path); i++) {
		if (path[i] == '/' || path[i] == '\0') {
			memcpy(prefix, path, i);
			prefix[i] = '\0';
			if (mkdir(prefix, 0777) != 0 && errno != EEXIST) {
				(void)fprintf(stderr, "bench: cannot make %s\n", prefix);
				return false;
			}
		}
	}
	return true;
}

static void find_directory(char *directory, size_t size)
{
	const ssize_t len = readlink("/proc/self/exe", directory, size - 1U);
	char *slash = NULL;

	directory[len < 0 ? 0 : len] = '\0';
	slash = strrchr(directory, '/');
	if (slash != NULL) {
		*slash = '\0';
	}
}

static bool compare(const char *old, const struct results *now)
{
	struct results before = { .nr = 0U };
	bool ok = results_read(old, &before);

	if (ok) {
		printf("What changed since %s\n", old);
		(void)compare_print(stdout, &before, now);
	}
	results_free(&before);
	return ok;
}

static bool compare_files(const struct bench_options *options)
{
	struct results now = { .nr = 0U };
	const bool ok = results_read(options->against, &now) && compare(options->compare, &now);

	results_free(&now);
	return ok;
}

static void print_computer(const struct computer *c)
{
	printf("%s, %ld processors; %s; %s\nload %s; %s\n\n", c->processor, c->processors,
	       c->kernel, c->compiler, c->load, c->date);
	(void)fflush(stdout);
}

/* Wall-clock rates are of a computer that is left alone. */
static void print_others(double share)
{
	if (share > MAX_OTHERS) {
		printf("\nWarning: other processes had %.0f %% of the processors. Rates, latencies "
		       "and their ratios are theirs, too;\nprocessor time per call (ns) and "
		       "instructions are not.\n",
		       100.0 * share);
	}
}

static bool finish(struct session *s)
{
	struct target targets[NR_TARGETS];

	computer_load(s->computer.load_after, sizeof(s->computer.load_after));
	if (!report_json(s) || !report_tables(s) || !report_plots(s) || !report_html(s)) {
		return false;
	}
	targets_evaluate(s, targets);
	targets_print(stdout, targets);
	print_others(s->computer.others);
	printf("\n%.0f s; results in %s/results.json, report in %s/report.html\n", s->seconds,
	       s->options.output, s->options.output);
	return true;
}

static bool measure(struct session *s)
{
	const uint64_t start = bench_now();
	double all[2] = { 0.0 }, own[2] = { 0.0 };
	bool ok = false;

	s->zero = mmap(NULL, sizeof(*s->zero), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	if (s->zero == MAP_FAILED || !make_directory(s->options.output)) {
		return false;
	}
	find_directory(s->directory, sizeof(s->directory));
	computer_describe(&s->computer);
	print_computer(&s->computer);
	ok = computer_busy(&all[0], &own[0]);
	ok = run_parts(s) && ok;
	s->seconds = (double)(bench_now() - start) / 1e9;
	ok = computer_busy(&all[1], &own[1]) && ok;
	s->computer.others =
		(all[1] - all[0] - (own[1] - own[0])) / s->seconds / (double)s->computer.processors;
	return ok && finish(s) &&
	       (s->options.compare == NULL || compare(s->options.compare, &s->results));
}

int main(int argc, char **argv)
{
	struct session *session = calloc(1U, sizeof(*session));
	bool ok = false;

	if (session == NULL) {
		return 1;
	}
	if (!bench_options_parse(argc, argv, &session->options)) {
		free(session);
		return 2;
	}
	if (session->options.help) {
		bench_usage(stdout);
		ok = true;
	} else if (session->options.against != NULL) {
		ok = compare_files(&session->options);
	} else {
		ok = measure(session);
	}
	results_free(&session->results);
	for (unsigned int i = 0; i < BENCH_NAME_NR; i++) {
		free(session->text[i]);
	}
	free(session);
	return ok ? 0 : 1;
}
