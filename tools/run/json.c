/* SPDX-License-Identifier: Apache-2.0 */
#include "json.h"

#include <inttypes.h>

void json_string(FILE *out, const char *text)
{
	(void)fputc('"', out);
	for (; *text != '\0'; text++) {
		const unsigned char c = (unsigned char)*text;

		if (c < 0x20U) {
			(void)fprintf(out, "\\u%04x", c);
		} else if (c == '"' || c == '\\') {
			(void)fprintf(out, "\\%c", c);
		} else {
			(void)fputc(c, out);
		}
	}
	(void)fputc('"', out);
}

static void field_text(FILE *out, const char *name, const char *text)
{
	(void)fprintf(out, "\"%s\": ", name);
	json_string(out, text);
	(void)fputs(", ", out);
}

static void field_number(FILE *out, const char *name, uint64_t value)
{
	(void)fprintf(out, "\"%s\": %" PRIu64 ", ", name, value);
}

static void write_options(FILE *out, const struct json_run *run)
{
	(void)fputs("  \"machine\": { ", out);
	field_number(out, "vcpus", run->options->vcpus);
	field_number(out, "memory", run->options->memory);
	field_number(out, "vmpl", run->options->vmpl);
	field_number(out, "seed", run->options->seed);
	field_number(out, "processors", run->processors);
	(void)fprintf(out, "\"rmp\": \"%s\" },\n", run->options->rmp_4k ? "4k" : "2m");
}

static void write_traces(FILE *out, const struct traces *traces)
{
	(void)fputs("  \"recordings\": [", out);
	for (size_t i = 0; i < traces->nr; i++) {
		const struct trace_result *result = &traces->result[i];

		(void)fprintf(out, "%s\n    { ", i == 0U ? "" : ",");
		field_text(out, "name", result->name);
		field_number(out, "vcpus", result->summary.vcpus);
		field_number(out, "calls", result->summary.calls);
		field_number(out, "compared", result->summary.compared);
		field_number(out, "entries", result->summary.entries);
		field_number(out, "skipped_busy", result->summary.skipped_busy);
		field_number(out, "skipped_attestation", result->summary.skipped_attest);
		field_number(out, "mismatches", result->summary.mismatches);
		field_number(out, "violations", result->summary.violations);
		(void)fprintf(out, "\"ok\": %s }", result->status == REPLAY_OK ? "true" : "false");
	}
	(void)fputs("\n  ],\n", out);
}

static unsigned int count_checks(const struct verify_result *result, enum verify_status status)
{
	unsigned int count = 0U;

	for (unsigned int i = 0; i < result->nr_checks; i++) {
		count += result->checks[i].status == status ? 1U : 0U;
	}
	return count;
}

static void write_attest(FILE *out, const struct attest *attest)
{
	static const char *const openssl[] = {
		[ATTEST_OPENSSL_PASSED] = "passed",
		[ATTEST_OPENSSL_FAILED] = "failed",
		[ATTEST_OPENSSL_SKIPPED] = "skipped",
	};

	(void)fputs("  \"attestation\": [", out);
	for (unsigned int i = 0; i < attest->nr; i++) {
		const struct attest_report *report = &attest->report[i];

		(void)fprintf(out, "%s\n    { ", i == 0U ? "" : ",");
		field_number(out, "report_version", report->version);
		field_number(out, "calls", report->calls);
		field_number(out, "report", report->report_size);
		field_number(out, "manifest", report->manifest_size);
		field_number(out, "certificates", report->certs_size);
		field_number(out, "violations", report->violations);
		(void)fprintf(out, "\"verified\": %s, ", report->verified ? "true" : "false");
		field_number(out, "checks_passed", count_checks(&report->verify, VERIFY_PASS));
		field_text(out, "openssl", openssl[report->openssl]);
		(void)fprintf(out, "\"changed_refused\": %s, \"ok\": %s }",
			      report->changed_refused ? "true" : "false",
			      report->ok ? "true" : "false");
	}
	(void)fputs("\n  ],\n", out);
}

static void field_percentile(FILE *out, const struct pass *pass, const struct pass_row *row,
			     const char *name, uint64_t part)
{
	(void)fprintf(out, "\"%s\": %.1f, ", name,
		      (double)histogram_percentile(&row->latency, part, 1000U) * pass->ns_per_tick);
}

static void write_row(FILE *out, const struct pass *pass, const struct pass_row *row)
{
	field_text(out, "call", row->step->call);
	field_text(out, "what", row->step->detail);
	field_number(out, "calls", row->calls);
	field_number(out, "pages", row->pages);
	field_number(out, "flushes", row->flushes);
	field_number(out, "busy", row->busy);
	field_number(out, "incomplete", row->incomplete);
	field_number(out, "guest_checks", row->checks);
	if (pass->checked) {
		(void)fprintf(out, "\"evaluations\": %" PRIu64 " }", row->evaluations);
		return;
	}
	field_percentile(out, pass, row, "p50", 500U);
	field_percentile(out, pass, row, "p99", 990U);
	field_percentile(out, pass, row, "p999", 999U);
	(void)fprintf(out, "\"max\": %.1f, \"nanoseconds\": %.0f }",
		      (double)row->latency.max * pass->ns_per_tick,
		      (double)row->ticks * pass->ns_per_tick);
}

static void write_pass(FILE *out, const char *name, const struct pass *pass)
{
	(void)fprintf(out, "  \"%s\": {\n    ", name);
	field_number(out, "wrong", pass->wrong);
	field_number(out, "guest_checks", pass->checks);
	field_number(out, "violations", pass->violations);
	field_number(out, "evaluations", pass->evaluations);
	(void)fprintf(out, "\"seconds\": %.3f,\n    \"steps\": [", pass->seconds);
	for (unsigned int i = 0; i < pass->nr_rows; i++) {
		(void)fprintf(out, "%s\n      { ", i == 0U ? "" : ",");
		write_row(out, pass, &pass->row[i]);
	}
	(void)fputs("\n    ],\n    \"invariants\": [", out);
	for (unsigned int i = 0; i < pass->nr_invariants; i++) {
		(void)fprintf(out, "%s\n      { ", i == 0U ? "" : ",");
		field_text(out, "name", pass->invariant[i].name);
		field_text(out, "title", pass->invariant[i].title);
		(void)fprintf(out, "\"checked\": %" PRIu64 ", \"found\": %" PRIu64 " }",
			      pass->invariant[i].checked, pass->invariant[i].found);
	}
	(void)fputs("\n    ]\n  },\n", out);
}

static void write_memory(FILE *out, const struct pass *pass)
{
	(void)fputs("  \"memory\": { ", out);
	field_number(out, "vcpu_state", pass->memory.per_cpu_bytes);
	field_number(out, "map", pass->memory.map_bytes);
	field_number(out, "leaves", pass->memory.leaf_bytes);
	field_number(out, "leaves_reserved", pass->memory.leaf_reserved);
	field_number(out, "reserve", pass->memory.reserve_pages * GUEST_PAGE);
	(void)fprintf(out, "\"range\": %" PRIu64 " },\n", pass->svsm_bytes);
}

bool json_write(const char *path, const struct json_run *run)
{
	FILE *out = fopen(path, "w");
	bool failed = false;

	if (out == NULL) {
		return false;
	}
	(void)fputs("{\n", out);
	write_options(out, run);
	write_traces(out, run->traces);
	write_attest(out, run->attest);
	write_pass(out, "checked", run->checked);
	write_pass(out, "measured", run->measured);
	write_memory(out, run->measured);
	(void)fprintf(out, "  \"timer_ns\": %.1f,\n  \"seconds\": %.3f,\n  \"ok\": %s\n}\n",
		      run->timer_ns, run->seconds,
		      run->verdict == RUN_VERDICT_OK ? "true" : "false");
	failed = ferror(out) != 0;
	return fclose(out) == 0 && !failed;
}
