/* SPDX-License-Identifier: Apache-2.0 */
#include "replay.h"

#include <inttypes.h>
#include <string.h>

#include "lines.h"
#include "run.h"
#include "script.h"
#include "trace.h"

void run_error(const struct replay_options *options, const char *path, size_t line,
	       const struct text_error *error)
{
	if (options->err == NULL) {
		return;
	}
	if (line == 0U) {
		(void)fprintf(options->err, "%s: %s\n", path, error->message);
	} else {
		(void)fprintf(options->err, "%s:%zu: %s\n", path, line, error->message);
	}
}

const char *run_access_word(enum hm_access access)
{
	static const enum script_access words[] = {
		[HM_OK] = ACCESS_OK,
		[HM_NPF] = ACCESS_NPF,
		[HM_VC_404] = ACCESS_VC404,
		[HM_NOT_RUNNING] = ACCESS_NOT_RUNNING,
		[HM_NO_MEMORY] = ACCESS_NO_MEMORY,
	};

	return script_access_word(words[access]);
}

const char *run_call_word(enum hm_call done)
{
	static const enum script_status words[] = {
		[HM_CALL_DONE] = STATUS_DONE,
		[HM_CALL_NOT_SERVED] = STATUS_NOT_SERVED,
		[HM_CALL_STOPPED] = STATUS_STOPPED,
		[HM_CALL_FAULT] = STATUS_FAULT,
	};

	return script_status_word(words[done]);
}

enum input {
	INPUT_ANY,
	INPUT_TRACE,
	INPUT_SCRIPT,
};

static bool is_trace(const struct lines *lines)
{
	struct slice first = lines->nr > 0U ? lines->line[0] : slice_of("");

	return slice_strip(&first, TRACE_MAGIC);
}

static enum replay_status load_and_run(const char *path, enum input input,
				       const struct replay_options *options,
				       struct replay_summary *summary)
{
	struct lines lines;
	struct text_error error;
	enum replay_status status;

	if (!lines_load(path, &lines, &error)) {
		run_error(options, path, 0, &error);
		return REPLAY_BAD_INPUT;
	}
	if (input == INPUT_TRACE || (input == INPUT_ANY && is_trace(&lines))) {
		status = run_trace_lines(path, &lines, options, summary);
	} else {
		status = run_script_lines(path, &lines, options);
	}
	lines_free(&lines);
	return status;
}

enum replay_status replay_trace_file(const char *path, const struct replay_options *options,
				     struct replay_summary *summary)
{
	return load_and_run(path, INPUT_TRACE, options, summary);
}

enum replay_status replay_script_file(const char *path, const struct replay_options *options)
{
	return load_and_run(path, INPUT_SCRIPT, options, NULL);
}

enum replay_status replay_file(const char *path, const struct replay_options *options)
{
	struct replay_summary summary = { .lines = 0 };
	enum replay_status status = load_and_run(path, INPUT_ANY, options, &summary);

	if (options->out != NULL && summary.lines > 0U) {
		replay_print_summary(options->out, path, &summary);
	}
	return status;
}

static void print_policy(FILE *out, const struct replay_summary *s)
{
	if (s->budget_entries != 0U) {
		(void)fprintf(
			out,
			"  policy: INCOMPLETE after %u entries, as recorded; no bound on pages\n",
			s->budget_entries);
	} else {
		(void)fputs("  policy: no bound per call, since the recorder's stub had none\n",
			    out);
	}
	if (s->skipped_busy > 0U) {
		(void)fprintf(out,
			      "  policy: %" PRIu64
			      " recorded BUSY answers skipped (the recorder answered"
			      " every second call so)\n",
			      s->skipped_busy);
	}
	if (s->skipped_attest > 0U) {
		(void)fprintf(out,
			      "  policy: %" PRIu64
			      " attestation calls not compared (the recorder had no"
			      " attestation)\n",
			      s->skipped_attest);
	}
}

void replay_print_summary(FILE *out, const char *path, const struct replay_summary *s)
{
	const char *name = strrchr(path, '/');

	name = name == NULL ? path : name + 1;
	(void)fprintf(out,
		      "%s: %s: calls=%" PRIu64 " compared=%" PRIu64 " skipped=%" PRIu64
		      " mismatches=%" PRIu64 " violations=%" PRIu64 "\n",
		      name, s->mismatches == 0U && s->violations == 0U ? "ok" : "FAILED", s->calls,
		      s->compared, s->skipped_busy + s->skipped_attest, s->mismatches,
		      s->violations);
	(void)fprintf(out, "  title: %s\n", s->title);
	(void)fprintf(out, "  machine: %u vCPUs, %s RMP entries\n", s->vcpus,
		      s->rmp_4k ? "4 KiB" : "2 MiB");
	(void)fputs("  calls:", out);
	for (unsigned int i = 0; i < s->nr_types; i++) {
		(void)fprintf(out, " %s=%" PRIu64, s->type[i].name, s->type[i].calls);
	}
	(void)fprintf(out,
		      "\n  pages: entries=%" PRIu64 " zero-checked=%" PRIu64
		      " gone-checked=%" PRIu64 " state-changes=%" PRIu64 "\n",
		      s->entries, s->pages_zero, s->pages_gone, s->page_changes);
	(void)fprintf(out, "  judge: %" PRIu64 " checks of %u invariants\n", s->judge_checks,
		      s->invariants);
	print_policy(out, s);
}
