/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format.h"

#define WIDTH 116

/* Samples below which a percentile would be the maximum under another name. */
#define SAMPLES_P99 100U
#define SAMPLES_P999 1000U

enum tone { PLAIN, HEAD, DIM, GOOD, BAD };

static bool colour;
static bool utf8;

void report_open(void)
{
	const char *no_colour = getenv("NO_COLOR");

	(void)setlocale(LC_CTYPE, "");
	utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	colour = isatty(STDOUT_FILENO) == 1 && (no_colour == NULL || *no_colour == '\0');
}

static const char *tone_on(enum tone tone)
{
	static const char *const codes[] = {
		[PLAIN] = "",	     [HEAD] = "\033[1m",   [DIM] = "\033[2m",
		[GOOD] = "\033[32m", [BAD] = "\033[1;31m",
	};

	return colour ? codes[tone] : "";
}

static const char *tone_off(void)
{
	return colour ? "\033[0m" : "";
}

static void rule(void)
{
	(void)fputs(tone_on(DIM), stdout);
	for (unsigned int i = 0; i < WIDTH; i++) {
		(void)fputs(utf8 ? "\xe2\x94\x80" : "-", stdout);
	}
	(void)printf("%s\n", tone_off());
}

static void heading(const char *text)
{
	(void)printf("\n%s%s%s\n", tone_on(HEAD), text, tone_off());
}

void report_intro(const struct run_options *options, unsigned int processors)
{
	char memory[FORMAT_SIZE];

	(void)printf(
		"%sPhalanx SVSM%s on the hosted SNP machine. To be loaded: %u vCPU%s, %s, guest "
		"at VMPL%u, %s RMP entries,\nseed %" PRIu64
		"; this computer lends %u processor%s.\n",
		tone_on(HEAD), tone_off(), options->vcpus, options->vcpus == 1U ? "" : "s",
		format_bytes(options->memory, memory), options->vmpl,
		options->rmp_4k ? "4 KiB" : "2 MiB", options->seed, processors,
		processors == 1U ? "" : "s");
}

void report_traces_head(void)
{
	heading("1  Recorded boots of unmodified Linux and OVMF, replayed call by call, every "
		"answer "
		"compared, judge attached");
	(void)printf("%-36s %5s %8s %9s %8s %9s %9s %10s %8s\n", "recording", "vCPUs", "calls",
		     "compared", "entries", "pages", "mismatch", "violation", "time");
	rule();
}

void report_trace(const struct trace_result *result)
{
	const struct replay_summary *s = &result->summary;
	const bool ok = result->status == REPLAY_OK;
	char duration[FORMAT_SIZE];

	(void)printf("%-36s %5u %8" PRIu64 " %9" PRIu64 " %8" PRIu64 " %9" PRIu64 " %9" PRIu64
		     " %10" PRIu64 " %8s  %s%s%s\n",
		     result->name, s->vcpus, s->calls, s->compared, s->entries,
		     s->pages_zero + s->pages_gone, s->mismatches, s->violations,
		     format_duration(result->milliseconds * 1e6, duration),
		     tone_on(ok ? GOOD : BAD), ok ? "ok" : "FAILED", tone_off());
	(void)fflush(stdout);
}

void report_traces_policy(const struct traces *traces)
{
	uint64_t calls = 0U;
	uint64_t compared = 0U;
	uint64_t busy = 0U;
	uint64_t attest = 0U;
	unsigned int bounded = 0U;

	for (size_t i = 0; i < traces->nr; i++) {
		const struct replay_summary *s = &traces->result[i].summary;

		calls += s->calls;
		compared += s->compared;
		busy += s->skipped_busy;
		attest += s->skipped_attest;
		bounded += s->budget_entries != 0U ? 1U : 0U;
	}
	rule();
	(void)printf("%zu recordings, %" PRIu64 " calls made, %" PRIu64
		     " answers compared. pages: read as zero once validated, or gone once "
		     "rescinded.\n"
		     "Where the recorder's stub followed another policy, so does the replay:\n",
		     traces->nr, calls, compared);
	(void)printf("  %u recording%s with INCOMPLETE after a fixed number of entries: replayed "
		     "with that bound; the others: without any\n",
		     bounded, bounded == 1U ? "" : "s");
	(void)printf("  %" PRIu64
		     " BUSY answers that the stub gave to every second call: not made\n",
		     busy);
	(void)printf("  %" PRIu64 " attestation calls answered otherwise: %s\n", attest,
		     attest == 0U ? "all answered as recorded"
				  : "made, but not compared, since the stub had no attestation");
}

void report_attest_head(void)
{
	heading("1b Attestation: a guest's vCPU gets a report by SVSM_ATTEST_SERVICES, judge "
		"attached; the report is verified "
		"twice");
	(void)printf("%-15s %6s %9s %9s %13s %24s %16s %15s\n", "report version", "calls", "report",
		     "manifest", "certificates", "phalanx verify", "openssl", "a bit changed");
	rule();
}

static const char *verify_words(const struct attest_report *report, char *text, size_t size)
{
	unsigned int count[3] = { 0U, 0U, 0U };

	for (unsigned int i = 0; i < report->verify.nr_checks; i++) {
		count[report->verify.checks[i].status]++;
	}
	(void)snprintf(text, size, "%s%u passed, %u failed",
		       report->verified ? "" : "REFUSED: ", count[VERIFY_PASS], count[VERIFY_FAIL]);
	return text;
}

static const char *openssl_words(const struct attest_report *report, char *text, size_t size)
{
	(void)snprintf(text, size, "%u passed%s", report->openssl_checks,
		       report->openssl == ATTEST_OPENSSL_FAILED ? ", FAILED" : "");
	return report->openssl == ATTEST_OPENSSL_SKIPPED ? "skipped" : text;
}

static void attest_trouble(const struct attest_report *report)
{
	(void)fputs(tone_on(BAD), stdout);
	if (*report->wrong != '\0') {
		(void)printf("  %s\n", report->wrong);
	}
	for (unsigned int i = 0; i < report->verify.nr_checks; i++) {
		if (report->verify.checks[i].status == VERIFY_FAIL) {
			(void)printf("  phalanx verify: %s: %s\n", report->verify.checks[i].name,
				     report->verify.checks[i].detail);
		}
	}
	if (report->openssl == ATTEST_OPENSSL_FAILED) {
		(void)printf("  openssl:\n%s\n", report->output);
	}
	if (report->verified && !report->changed_refused) {
		(void)printf("  with bit %u inverted the report was still accepted\n",
			     report->changed_bit);
	}
	(void)fputs(tone_off(), stdout);
}

void report_attest(const struct attest_report *report)
{
	char text[2][48];

	(void)printf("%-15u %6u %7u B %7u B %11u B %24s %16s %15s  %s%s%s\n", report->version,
		     report->calls, report->report_size, report->manifest_size, report->certs_size,
		     verify_words(report, text[0], sizeof(text[0])),
		     openssl_words(report, text[1], sizeof(text[1])),
		     report->changed_refused ? "refused" : "-", tone_on(report->ok ? GOOD : BAD),
		     report->ok ? "ok" : "FAILED", tone_off());
	if (!report->ok) {
		attest_trouble(report);
	}
	(void)fflush(stdout);
}

/* Both results of the last report, check by check. */
void report_attest_notes(const struct attest *attest)
{
	const struct attest_report *last = &attest->report[attest->nr - 1U];
	unsigned int column = 0U;

	rule();
	(void)printf("phalanx verify, report version %u:", last->version);
	for (unsigned int i = 0; i < last->verify.nr_checks; i++) {
		static const char *const words[] = { "pass", "FAIL", "skip" };
		const struct verify_check *one = &last->verify.checks[i];

		(void)printf("%s%s  %-24s", column % 3U == 0U ? "\n  " : "  ", words[one->status],
			     one->name);
		column++;
	}
	if (*attest->skipped != '\0') {
		(void)printf("\n%sopenssl: SKIPPED, %s: nothing but this project verified these "
			     "reports%s\n",
			     tone_on(BAD), attest->skipped, tone_off());
	} else {
		(void)printf("\nopenssl command line alone (tools/verify/openssl-check.sh):\n%s",
			     last->output);
	}
	if (attest->kept) {
		(void)printf("files: %s/v*/\n", attest->directory);
	}
	(void)printf("%sThe processor is a model: it signs with keys that it made for this run, "
		     "whose root both verifiers trust because\n"
		     "they were told to. Report version %u is shown; random nonce of 64 bytes, "
		     "VMPL 0, measurement of the launch\n"
		     "expected, debugging refused.%s\n",
		     tone_on(DIM), last->version, tone_off());
}

static void texts(const struct pass *pass)
{
	for (unsigned int i = 0; i < pass->nr_texts; i++) {
		(void)printf("  %s%s%s\n", tone_on(BAD), pass->text[i], tone_off());
	}
}

void report_checked(const struct pass *pass)
{
	char text[2][FORMAT_SIZE];

	heading("2  Loaded machine, checked pass: all vCPUs at once, judge attached; no times, "
		"they "
		"would be the judge's");
	(void)printf("%-18s %-29s %10s %10s %8s %11s %13s %10s\n", "call", "what", "calls", "pages",
		     "BUSY", "INCOMPLETE", "guest checks", "judge's");
	rule();
	for (unsigned int i = 0; i < pass->nr_rows; i++) {
		const struct pass_row *row = &pass->row[i];

		if (row->calls > 0U) {
			(void)printf("%-18s %-29s %10" PRIu64 " %10" PRIu64 " %8" PRIu64
				     " %11" PRIu64 " %13s %10s\n",
				     row->step->call, row->step->detail, row->calls, row->pages,
				     row->busy, row->incomplete,
				     format_count((double)row->checks, text[0]),
				     format_count((double)row->evaluations, text[1]));
		}
	}
	rule();
	texts(pass);
}

void report_invariants(const struct pass *pass)
{
	unsigned int evaluated = 0U;
	unsigned int undecidable = 0U;
	unsigned int not_met = 0U;
	char text[2][FORMAT_SIZE];

	for (unsigned int i = 0; i < pass->nr_invariants; i++) {
		evaluated += pass->invariant[i].checked > 0U ? 1U : 0U;
		undecidable += pass->invariant[i].applies ? 0U : 1U;
		not_met += pass->invariant[i].applies && pass->invariant[i].checked == 0U ? 1U : 0U;
	}
	(void)printf("invariants: %u of %u evaluated, %s times: %s%" PRIu64 " violations%s. Guest "
		     "checks: %s, %" PRIu64 " wrong.\n"
		     "After each step the whole RMP was compared with the SVSM's own account. %u "
		     "invariants no observer of RMP and\nevents can decide; %u did not come up%s",
		     evaluated, pass->nr_invariants,
		     format_count((double)pass->evaluations, text[0]),
		     tone_on(pass->violations == 0U ? PLAIN : BAD), pass->violations, tone_off(),
		     format_count((double)pass->checks, text[1]), pass->wrong, undecidable, not_met,
		     not_met > 0U ? ":" : "");
	for (unsigned int i = 0; i < pass->nr_invariants; i++) {
		if (pass->invariant[i].applies && pass->invariant[i].checked == 0U) {
			(void)printf(" %s", pass->invariant[i].name);
		}
	}
	(void)printf(".\n");
}

static const char *percentile(const struct pass *pass, const struct pass_row *row, uint64_t part,
			      uint64_t samples, char text[FORMAT_SIZE])
{
	if (row->latency.count < samples) {
		return "-";
	}
	return format_duration(
		(double)histogram_percentile(&row->latency, part, 1000U) * pass->ns_per_tick, text);
}

static void measured_row(const struct pass *pass, const struct pass_row *row)
{
	const double seconds = (double)row->ticks * pass->ns_per_tick / 1e9;
	char text[8][FORMAT_SIZE];

	(void)printf("%-18s %-29s %8s %8s %7s %7s %7s %7s %8s %6.3g\n", row->step->call,
		     row->step->detail, format_count((double)row->calls, text[0]),
		     seconds > 0.0 ? format_count((double)row->calls / seconds, text[1]) : "-",
		     percentile(pass, row, 500U, 1U, text[2]),
		     percentile(pass, row, 990U, SAMPLES_P99, text[3]),
		     percentile(pass, row, 999U, SAMPLES_P999, text[4]),
		     format_duration((double)row->latency.max * pass->ns_per_tick, text[5]),
		     row->pages > 0U && seconds > 0.0
			     ? format_count((double)row->pages / seconds, text[6])
			     : "-",
		     (double)row->flushes / (double)row->calls);
}

static void accepted_line(const struct pass *pass)
{
	uint64_t pages = 0U;
	double seconds = 0.0;
	char text[3][FORMAT_SIZE];

	for (unsigned int i = 0; i < pass->nr_rows; i++) {
		if (strncmp(pass->row[i].step->detail, "accept", 6U) == 0) {
			pages += pass->row[i].pages;
			seconds += (double)pass->row[i].ticks * pass->ns_per_tick / 1e9;
		}
	}
	if (seconds > 0.0) {
		(void)printf("accepted: %s of RAM (%" PRIu64 " pages) in %s = %s pages/s, zeroed "
			     "page by page before each grant\n",
			     format_bytes(pages * GUEST_PAGE, text[0]), pages,
			     format_duration(seconds * 1e9, text[1]),
			     format_count((double)pages / seconds, text[2]));
	}
}

static void measured_notes(const struct pass *pass, const struct run_options *options,
			   double overhead, unsigned int concurrent)
{
	uint64_t busy = 0U;
	uint64_t incomplete = 0U;

	for (unsigned int i = 0; i < pass->nr_rows; i++) {
		busy += pass->row[i].busy;
		incomplete += pass->row[i].incomplete;
	}
	(void)printf("answers that Linux repeats at once, counted above as calls: %" PRIu64
		     " BUSY, %" PRIu64 " INCOMPLETE\n",
		     busy, incomplete);
	(void)printf(
		"%sHow to read this: the machine is a model in one Linux process. Its PVALIDATE, "
		"RMPADJUST and flushes cost what\n"
		"the model takes, not what silicon takes; VMGEXIT and VMRUN are function calls, so "
		"real VMPL switches (several\n"
		"microseconds each way) come on top. %u vCPU thread%s on %u processor%s, at most "
		"%u "
		"at work at a time; other load\n"
		"of this computer shows in the tail. A percentile is one guest call, from setting "
		"CALL_PENDING to taking the\n"
		"result, timer included (%.0f ns), and is left out below 100 calls (p99) or 1000 "
		"(p99.9). calls/s and pages/s are\n"
		"the whole step by the clock, with the guest's lists and the host's page state "
		"changes. flush: global flushes per\n"
		"call. The guest's memory was backed before: no page fault for it is in the "
		"numbers.%s\n",
		tone_on(DIM), options->vcpus, options->vcpus == 1U ? "" : "s", concurrent,
		concurrent == 1U ? "" : "s",
		concurrent < options->vcpus ? concurrent : options->vcpus, overhead, tone_off());
}

void report_measured(const struct pass *pass, const struct run_options *options, double overhead,
		     unsigned int concurrent)
{
	heading("3  Loaded machine, measured pass: fresh machine, same steps, no observer");
	(void)printf("%-18s %-29s %8s %8s %7s %7s %7s %7s %8s %6s\n", "call", "what", "calls",
		     "calls/s", "p50", "p99", "p99.9", "max", "pages/s", "flush");
	rule();
	for (unsigned int i = 0; i < pass->nr_rows; i++) {
		if (pass->row[i].calls > 0U) {
			measured_row(pass, &pass->row[i]);
		}
	}
	rule();
	texts(pass);
	accepted_line(pass);
	measured_notes(pass, options, overhead, concurrent);
}

void report_memory(const struct pass *pass, const struct run_options *options)
{
	const struct svsm_memory_use *use = &pass->memory;
	const double tib = (double)options->memory / (double)(UINT64_C(1) << 40);
	char text[7][FORMAT_SIZE];

	heading("4  Memory of the SVSM, at the end of the measured pass");
	(void)printf("vCPU state       %10s  %s per vCPU\n",
		     format_bytes(use->per_cpu_bytes, text[0]),
		     format_bytes(use->per_cpu_bytes / options->vcpus, text[1]));
	(void)printf("ownership map    %10s  region words (%s per TiB of RAM, holes counted)\n",
		     format_bytes(use->map_bytes, text[2]),
		     format_bytes((uint64_t)((double)use->map_bytes / tib), text[3]));
	(void)printf("                 %10s  leaves in use at the most; room for %s if every "
		     "region splits\n",
		     format_bytes(use->leaf_bytes, text[4]),
		     format_bytes(use->leaf_reserved, text[5]));
	(void)printf("page reserve     %10s  free, for what the SVSM allocates later\n",
		     format_bytes(use->reserve_pages * GUEST_PAGE, text[6]));
	(void)printf("whole range      %10s  taken from the guest's RAM; %" PRIu64
		     " deposited pages left\n",
		     format_bytes(pass->svsm_bytes, text[0]), use->deposited_pages);
}

void report_verdict(const struct run_findings *findings, enum run_verdict verdict, double seconds)
{
	static const char *const words[] = {
		[RUN_VERDICT_OK] = "OK",
		[RUN_VERDICT_WRONG] = "FAILED",
		[RUN_VERDICT_NOTHING_SEEN] = "FAILED: not everything ran, or nothing was checked",
	};

	(void)printf("\n%s%s%s: %u recordings (%u failed), %u attestations (%u failed), %" PRIu64
		     " mismatches, %" PRIu64 " violations, %" PRIu64 " wrong results, in %.1f s\n",
		     tone_on(verdict == RUN_VERDICT_OK ? GOOD : BAD), words[verdict], tone_off(),
		     findings->traces, findings->traces_failed, findings->attested,
		     findings->attest_failed, findings->mismatches, findings->violations,
		     findings->wrong, seconds);
}
