/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "report.h"
#include "spawn.h"

/*
 * Calls per second against vCPUs on logarithmic axes, one plot per case and kind; latency
 * percentiles of the same rows, ours and the peer's; zeroing as bars.
 */
const struct plot report_plot[MAX_PLOTS] = {
	{ "rate-null", "null call" },
	{ "rate-rescind-1", "1 entry 4K, rescind" },
	{ "rate-validate-1", "1 entry 4K, validate" },
	{ "rate-validate-shared", "1 entry 4K in shared regions, validate" },
	{ "rate-validate-64", "64 entries 4K, validate" },
	{ "rate-validate-511", "511 entries 4K, validate" },
	{ "rate-create", "CREATE_VCPU of all vCPUs" },
	{ "rate-remap", "REMAP_CA" },
	{ "latency-null", "null call: percentiles" },
	{ "latency-validate-1", "1 entry 4K, validate: percentiles" },
	{ "latency-frozen", "1 entry 4K, validate, a vCPU frozen: percentiles" },
	{ "zeroing", "zeroing a page" },
	{ NULL, NULL },
};

static const struct {
	const char *file, *name, *kind;
} sources[] = {
	{ "rate-null", "null call", "QUERY_PROTOCOL" },
	{ "rate-rescind-1", "1 entry 4K, own regions", "rescind" },
	{ "rate-validate-1", "1 entry 4K, own regions", "validate" },
	{ "rate-validate-shared", "1 entry 4K, shared regions", "validate" },
	{ "rate-validate-64", "64 entries 4K", "validate" },
	{ "rate-validate-511", "511 entries 4K", "validate" },
	{ "rate-create", "CREATE_VCPU of all vCPUs", "CREATE_VCPU" },
	{ "rate-remap", "REMAP_CA", "REMAP_CA" },
	{ "latency-null", "null call", "QUERY_PROTOCOL" },
	{ "latency-validate-1", "1 entry 4K, own regions", "validate" },
	{ "latency-frozen", "1 entry 4K, a vCPU frozen in PVALIDATE", "validate" },
};

#define NR_SOURCES (sizeof(sources) / sizeof(sources[0]))
#define PATH_BYTES 1100

static const char *title_of(const char *file)
{
	for (unsigned int i = 0; report_plot[i].file != NULL; i++) {
		if (strcmp(report_plot[i].file, file) == 0) {
			return report_plot[i].title;
		}
	}
	return file;
}

static FILE *open_in(const struct session *s, const char *name, const char *suffix)
{
	char path[PATH_BYTES];

	(void)snprintf(path, sizeof(path), "%s/plots/%s%s", s->options.output, name, suffix);
	return fopen(path, "w");
}

/* Without --cost there are rows of several models: the first one met is what is plotted. */
static const struct row *first_row(const struct session *s, unsigned int source)
{
	for (size_t i = 0; i < s->results.nr; i++) {
		const struct row *row = &s->results.row[i];

		if (strcmp(row->name, sources[source].name) == 0 &&
		    strcmp(row->kind, sources[source].kind) == 0) {
			return row;
		}
	}
	return NULL;
}

static void put(FILE *out, double value)
{
	if (value > 0.0) {
		(void)fprintf(out, " %.6g", value);
	} else {
		(void)fputs(" NaN", out);
	}
}

/* vCPUs, rates of the three, percentiles of ours and of the peer. */
static bool write_data(const struct session *s, unsigned int source)
{
	static const enum metric percentiles[] = { METRIC_P50, METRIC_P99, METRIC_P999 };
	const struct row *first = first_row(s, source);
	FILE *out = first == NULL ? NULL : open_in(s, sources[source].file, ".dat");

	if (out == NULL) {
		return false;
	}
	for (size_t i = 0; i < s->results.nr; i++) {
		const struct row *like = &s->results.row[i];

		if (like->impl != IMPL_OURS || strcmp(like->name, first->name) != 0 ||
		    strcmp(like->kind, first->kind) != 0 || strcmp(like->cost, first->cost) != 0) {
			continue;
		}
		(void)fprintf(out, "%u", like->vcpus);
		for (unsigned int impl = 0; impl < IMPL_NR; impl++) {
			put(out, row_median(results_find(&s->results, like->name, like->kind,
							 like->cost, like->vcpus, (enum impl)impl),
					    METRIC_RATE));
		}
		for (unsigned int k = 0; k < 6U; k++) {
			put(out,
			    row_median(results_find(&s->results, like->name, like->kind, like->cost,
						    like->vcpus, k < 3U ? IMPL_OURS : IMPL_PEER),
				       percentiles[k % 3U]) /
				    1000.0);
		}
		(void)fputc('\n', out);
	}
	return fclose(out) == 0;
}

static void script_head(FILE *out, const struct session *s, const char *file)
{
	(void)fprintf(out,
		      "set terminal svg size 640,400 font 'sans-serif,12' background 'white'\n"
		      "set output '%s/plots/%s.svg'\nset title '%s'\nset grid\nset key outside "
		      "bottom center horizontal\nset style data linespoints\n",
		      s->options.output, file, title_of(file));
}

static void script_lines(FILE *out, const struct session *s, const char *file)
{
	char data[PATH_BYTES];

	(void)snprintf(data, sizeof(data), "%s/plots/%s.dat", s->options.output, file);
	script_head(out, s, file);
	(void)fputs("set logscale xy\nset xtics (1,2,4,8,16,32,64,128,256)\nset xlabel 'vCPUs'\n",
		    out);
	if (strncmp(file, "rate", 4U) == 0) {
		(void)fprintf(out,
			      "set ylabel 'calls per second'\n"
			      "plot '%s' using 1:2 title 'ours' lw 2, '' using 1:3 title 'peer "
			      "design' lw 2, '' using 1:4 title 'limit' dashtype 2\n",
			      data);
		return;
	}
	(void)fprintf(
		out,
		"set ylabel 'microseconds'\n"
		"plot '%s' using 1:5 title 'ours p50' lw 2, '' using 1:6 title 'p99', '' using "
		"1:7 title 'p99.9', '' using 1:8 title 'peer p50' lw 2 dashtype 2, '' using "
		"1:9 title 'p99' dashtype 2, '' using 1:10 title 'p99.9' dashtype 2\n",
		data);
}

static bool write_zeroing(const struct session *s, FILE *script)
{
	FILE *out = s->zero->known ? open_in(s, "zeroing", ".dat") : NULL;

	if (out == NULL) {
		return false;
	}
	for (unsigned int i = 0; i < NR_ZERO_SHAPES; i++) {
		(void)fprintf(out, "\"%s\" %.3f %.3f %.3f\n", s->zero->shape[i].name,
			      s->zero->shape[i].speed[0], s->zero->shape[i].speed[1],
			      s->zero->shape[i].speed[2]);
	}
	script_head(script, s, "zeroing");
	(void)fprintf(script,
		      "unset logscale\nset xtics auto\nunset xlabel\nset ylabel 'GB/s'\nset yrange "
		      "[0:*]\n"
		      "set style data histograms\nset style fill solid 0.8\n"
		      "plot '%s/plots/zeroing.dat' using 2:xtic(1) title 'rep stosb', '' using 3 "
		      "title 'clzero', '' using 4 title 'non-temporal'\n",
		      s->options.output);
	return fclose(out) == 0;
}

static bool have_gnuplot(void)
{
	const char *path = getenv("PATH");
	char file[PATH_BYTES];

	while (path != NULL && *path != '\0') {
		const size_t len = strcspn(path, ":");
		struct stat status;

		(void)snprintf(file, sizeof(file), "%.*s/gnuplot", (int)len, path);
		if (stat(file, &status) == 0) {
			return true;
		}
		path += path[len] == ':' ? len + 1U : len;
	}
	return false;
}

bool report_plots(const struct session *session)
{
	char directory[PATH_BYTES], script[PATH_BYTES];
	const char *const argv[] = { "gnuplot", script, NULL };
	unsigned int nr = 0U;
	FILE *out = NULL;

	(void)snprintf(directory, sizeof(directory), "%s/plots", session->options.output);
	(void)mkdir(directory, 0777);
	(void)snprintf(script, sizeof(script), "%s/plots/all.gnuplot", session->options.output);
	for (unsigned int i = 0; report_plot[i].file != NULL; i++) {
		char old[PATH_BYTES];

		(void)snprintf(old, sizeof(old), "%s/plots/%s.svg", session->options.output,
			       report_plot[i].file);
		(void)remove(old);
	}
	if (!have_gnuplot()) {
		(void)fputs("bench: no gnuplot: no plots (package gnuplot-nox)\n", stderr);
		return true;
	}
	out = open_in(session, "all", ".gnuplot");
	if (out == NULL) {
		(void)fprintf(stderr, "bench: cannot write %s\n", script);
		return false;
	}
	for (unsigned int i = 0; i < NR_SOURCES; i++) {
		if (write_data(session, i)) {
			script_lines(out, session, sources[i].file);
			nr++;
		}
	}
	nr += write_zeroing(session, out) ? 1U : 0U;
	(void)fclose(out);
	return nr == 0U || spawn_lines(argv, NULL, NULL);
}
