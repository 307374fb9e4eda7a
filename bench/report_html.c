/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "table.h"
#include "targets.h"

#define PATH_BYTES 1100

static const char *const style =
	"body{font:14px/1.45 sans-serif;margin:2em auto;max-width:84em;padding:0 1em;color:#222}"
	"table{border-collapse:collapse;margin:.5em 0 1.5em}"
	"td,th{padding:.15em .7em;text-align:right;border-bottom:1px solid #ddd}"
	"th{background:#f3f3f3}td:first-child,th:first-child,.l{text-align:left}"
	".met{color:#060}.missed{color:#a00;font-weight:bold}"
	"pre{background:#f7f7f7;padding:.8em;overflow-x:auto}.plots "
	"svg{margin:.4em;max-width:100%}";

static void text(FILE *out, const char *t)
{
	for (; *t != '\0'; t++) {
		switch (*t) {
		case '<':
			(void)fputs("&lt;", out);
			break;
		case '>':
			(void)fputs("&gt;", out);
			break;
		case '&':
			(void)fputs("&amp;", out);
			break;
		default:
			(void)fputc(*t, out);
		}
	}
}

static void head(FILE *out, const struct session *s)
{
	const struct computer *c = &s->computer;

	(void)fprintf(out,
		      "<!DOCTYPE html>\n<!-- SPDX-License-Identifier: Apache-2.0 -->\n<html "
		      "lang=\"en\"><head><meta charset=\"utf-8\"><title>Phalanx benchmarks</title>"
		      "<style>%s</style></head><body>\n<h1>Phalanx benchmarks</h1>\n",
		      style);
	(void)fprintf(out, "<p>%s; %ld processors (", c->date, c->processors);
	text(out, c->processor);
	(void)fputs("); ", out);
	text(out, c->kernel);
	(void)fputs("; ", out);
	text(out, c->compiler);
	(void)fprintf(out,
		      "; load before %s, after %s, other processes had %.0f %% of the processors; "
		      "%u interleaved repeats of %u ms; %.0f s.</p>\n",
		      c->load, c->load_after, 100.0 * c->others, s->options.repeats, s->options.ms,
		      s->seconds);
	(void)fputs(
		"<p>Measured on the hosted SNP machine of a Linux process, not on SNP hardware: "
		"ratios between columns of a row say more than the absolute rates. "
		"<b>ours</b>: Phalanx; <b>peer</b>: the peer design, written for comparison; "
		"<b>limit</b>: the bare loop, or an empty round trip.</p>\n",
		out);
}

static void targets_table(FILE *out, const struct session *s)
{
	struct target targets[NR_TARGETS];

	targets_evaluate(s, targets);
	(void)fputs("<h2>Targets</h2>\n<table><tr><th>target<th>wanted<th>measured<th><th "
		    "class=\"l\">worst row</tr>\n",
		    out);
	for (unsigned int i = 0; i < NR_TARGETS; i++) {
		const struct target *t = &targets[i];

		(void)fputs("<tr><td>", out);
		text(out, t->what);
		(void)fputs("<td>", out);
		text(out, t->wanted);
		if (t->known) {
			(void)fprintf(out, "<td>%.2f<td class=\"%s\">%s", t->value,
				      t->met ? "met" : "missed", t->met ? "met" : "missed");
		} else {
			(void)fputs("<td>-<td>not measured", out);
		}
		(void)fprintf(out, "<td class=\"l\">%s</tr>\n", t->worst);
	}
	(void)fputs("</table>\n", out);
}

/* From the <svg> on: what comes before it has no place in the middle of a page. */
static void inline_svg(FILE *out, const char *path)
{
	FILE *in = fopen(path, "r");
	char line[4096];
	bool inside = false;

	if (in == NULL) {
		return;
	}
	while (fgets(line, sizeof(line), in) != NULL) {
		inside = inside || strncmp(line, "<svg", 4U) == 0;
		if (inside) {
			(void)fputs(line, out);
		}
	}
	(void)fclose(in);
}

/*
 * gnuplot names its symbols alike in each plot; inside one page the first one would serve all,
 * which they do alike, too.
 */
static void plots(FILE *out, const struct session *s)
{
	char path[PATH_BYTES];

	(void)fputs("<h2>Plots</h2>\n<div class=\"plots\">\n", out);
	for (unsigned int i = 0; report_plot[i].file != NULL; i++) {
		(void)snprintf(path, sizeof(path), "%s/plots/%s.svg", s->options.output,
			       report_plot[i].file);
		inline_svg(out, path);
	}
	(void)fputs("</div>\n", out);
}

static void number(FILE *out, double value, int digits, bool known)
{
	if (known) {
		(void)fprintf(out, "<td>%.*f", digits, value);
	} else {
		(void)fputs("<td>-", out);
	}
}

static void cell_row(FILE *out, const struct cell *cell)
{
	static const enum metric times[] = { METRIC_P50, METRIC_P99, METRIC_P999, METRIC_MAX };
	const struct row *ours = cell->row[IMPL_OURS];

	(void)fprintf(out, "<tr><td>%u<td class=\"l\">", ours->vcpus);
	text(out, ours->kind);
	for (unsigned int i = 0; i < IMPL_NR; i++) {
		number(out, row_median(cell->row[i], METRIC_RATE), 0, cell->row[i] != NULL);
	}
	for (unsigned int i = IMPL_PEER; i < IMPL_NR; i++) {
		if (cell->row[i] != NULL && row_median(cell->row[i], METRIC_RATE) <= 0.0) {
			(void)fputs("<td>stuck", out);
		} else {
			number(out, row_ratio(ours, cell->row[i], METRIC_RATE), 2,
			       cell->row[i] != NULL);
		}
	}
	for (unsigned int i = 0; i < IMPL_NR; i++) {
		number(out, row_median(cell->row[i], METRIC_CPU), 0,
		       row_median(cell->row[i], METRIC_CPU) > 0.0);
	}
	number(out, row_median(ours, METRIC_PAGES), 0, row_median(ours, METRIC_PAGES) > 0.0);
	for (unsigned int impl = 0; impl < 2U; impl++) {
		for (unsigned int i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
			number(out, row_median(cell->row[impl], times[i]) / 1000.0, 2,
			       row_median(cell->row[impl], times[i]) > 0.0);
		}
		number(out, row_median(cell->row[impl], METRIC_FLUSHES), 2,
		       cell->row[impl] != NULL);
	}
	number(out, row_median(ours, METRIC_BUSY), 3, true);
	number(out, row_median(ours, METRIC_CONFLICTS), 4, true);
	(void)fputs("</tr>\n", out);
}

static void calls(FILE *out, const struct session *s)
{
	const struct row *last = NULL;

	for (size_t i = 0; i < s->results.nr; i++) {
		const struct row *row = &s->results.row[i];
		const struct cell cell = table_cell(&s->results, row);

		if (row->impl != IMPL_OURS || cell.row[IMPL_PEER] == NULL) {
			continue;
		}
		if (last == NULL || strcmp(last->name, row->name) != 0 ||
		    strcmp(last->cost, row->cost) != 0) {
			(void)fprintf(out, "%s<h3>%s <small>(cost model: %s)</small></h3>\n<table>",
				      last == NULL ? "<h2>Calls</h2>\n" : "</table>\n", row->name,
				      row->cost);
			(void)fputs(
				"<tr><th>vCPUs<th class=\"l\">call<th>ours/s<th>peer/s<th>limit/s"
				"<th>&times; peer<th>&times; limit<th>ours ns<th>peer ns<th>limit "
				"ns<th>pages/s<th>p50 &micro;s<th>p99"
				"<th>p99.9<th>max<th>flushes<th>peer p50<th>p99<th>p99.9<th>max"
				"<th>flushes<th>BUSY<th>conflicts</tr>\n",
				out);
		}
		last = row;
		cell_row(out, &cell);
	}
	(void)fputs(last == NULL ? "" : "</table>\n", out);
}

static void captured(FILE *out, const struct session *s)
{
	for (unsigned int i = 0; i < BENCH_NAME_NR; i++) {
		if (s->text[i] != NULL) {
			(void)fputs("<pre>", out);
			text(out, s->text[i]);
			(void)fputs("</pre>\n", out);
		}
	}
}

bool report_html(const struct session *session)
{
	char path[PATH_BYTES];
	FILE *out = NULL;
	bool failed = false;

	(void)snprintf(path, sizeof(path), "%s/report.html", session->options.output);
	out = fopen(path, "w");
	if (out == NULL) {
		(void)fprintf(stderr, "bench: cannot write %s\n", path);
		return false;
	}
	head(out, session);
	targets_table(out, session);
	plots(out, session);
	calls(out, session);
	(void)fputs("<h2>Other parts</h2>\n", out);
	captured(out, session);
	(void)fputs("</body></html>\n", out);
	failed = ferror(out) != 0;
	return fclose(out) == 0 && !failed;
}
