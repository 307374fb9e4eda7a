/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "report.h"
#include "targets.h"

static void field(FILE *out, const char *key, const char *text, const char *end)
{
	(void)fprintf(out, "    \"%s\": \"", key);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\') {
			(void)fputc('\\', out);
		}
		(void)fputc((unsigned char)*text < 0x20U ? ' ' : *text, out);
	}
	(void)fprintf(out, "\"%s\n", end);
}

static void write_computer(FILE *out, const struct session *s)
{
	const struct computer *c = &s->computer;

	(void)fputs("  \"computer\": {\n", out);
	field(out, "processor", c->processor, ",");
	(void)fprintf(out, "    \"processors\": %ld,\n", c->processors);
	field(out, "kernel", c->kernel, ",");
	field(out, "compiler", c->compiler, ",");
	field(out, "load_before", c->load, ",");
	field(out, "load_after", c->load_after, ",");
	(void)fprintf(out, "    \"share_of_others\": %.3f,\n", c->others);
	field(out, "date", c->date, "");
	(void)fprintf(out, "  },\n  \"seconds\": %.1f,\n", s->seconds);
}

static void write_instructions(FILE *out, const struct session *s)
{
	(void)fputs("  \"instructions\": [\n", out);
	for (unsigned int i = 0; i < s->nr_instructions; i++) {
		(void)fprintf(out, "    {\"call\": \"%s\", \"total\": %.1f, \"own\": %.1f}%s\n",
			      s->instruction[i].what, s->instruction[i].total,
			      s->instruction[i].own, i + 1U < s->nr_instructions ? "," : "");
	}
	(void)fputs("  ],\n", out);
}

static void write_zero(FILE *out, const struct session *s)
{
	(void)fputs("  \"zeroing_gb_per_s\": [\n", out);
	for (unsigned int i = 0; s->zero->known && i < NR_ZERO_SHAPES; i++) {
		(void)fprintf(out,
			      "    {\"size\": \"%s\", \"rep_stosb\": %.3f, \"clzero\": %.3f, "
			      "\"non_temporal\": %.3f, \"chosen\": \"%s\"}%s\n",
			      s->zero->shape[i].name, s->zero->shape[i].speed[0],
			      s->zero->shape[i].speed[1], s->zero->shape[i].speed[2],
			      s->zero->shape[i].chosen, i + 1U < NR_ZERO_SHAPES ? "," : "");
	}
	(void)fputs("  ],\n", out);
}

static void write_targets(FILE *out, const struct session *s)
{
	struct target targets[NR_TARGETS];

	targets_evaluate(s, targets);
	(void)fputs("  \"targets\": [\n", out);
	for (unsigned int i = 0; i < NR_TARGETS; i++) {
		const struct target *t = &targets[i];

		(void)fprintf(out,
			      "    {\"target\": \"%s\", \"wanted\": \"%s\", \"measured\": %.3f, "
			      "\"known\": %s, \"met\": %s, \"row\": \"%s\"}%s\n",
			      t->what, t->wanted, t->value, t->known ? "true" : "false",
			      t->met ? "true" : "false", t->worst, i + 1U < NR_TARGETS ? "," : "");
	}
	(void)fputs("  ],\n", out);
}

bool report_json(const struct session *session)
{
	char path[1100];
	FILE *out = NULL;
	bool failed = false;

	(void)snprintf(path, sizeof(path), "%s/results.json", session->options.output);
	out = fopen(path, "w");
	if (out == NULL) {
		(void)fprintf(stderr, "bench: cannot write %s\n", path);
		return false;
	}
	(void)fputs("{\n", out);
	write_computer(out, session);
	write_instructions(out, session);
	write_zero(out, session);
	write_targets(out, session);
	(void)fputs("  \"results\": [\n", out);
	results_write(out, &session->results);
	(void)fputs("  ]\n}\n", out);
	failed = ferror(out) != 0;
	return fclose(out) == 0 && !failed;
}
