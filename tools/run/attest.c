/* SPDX-License-Identifier: Apache-2.0 */
#include "attest.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "attest_files.h"
#include "attest_guest.h"
#include "attest_openssl.h"
#include "progress.h"

#define POLICY_DEBUG (UINT64_C(1) << 19)
#define DATA_OFFSET 0x50U /* REPORT_DATA */
#define DATA_BYTES 64U

static const unsigned int versions[ATTEST_VERSIONS] = { 2U, 3U, 5U };

static bool verify(const struct attest_evidence *evidence, const uint8_t *report,
		   struct verify_result *result)
{
	const struct verify_input input = {
		.report = { report, evidence->report_size },
		.table = { evidence->certs, evidence->certs_size },
		.root = { evidence->root, evidence->root_size },
		.nonce = { evidence->nonce, sizeof(evidence->nonce) },
		.manifest = { evidence->manifest, evidence->manifest_size },
	};
	struct verify_expect expect = {
		.policy_mask = POLICY_DEBUG,
		.check_measurement = true,
		.at = (int64_t)time(NULL),
	};

	memcpy(expect.measurement, evidence->measurement, sizeof(expect.measurement));
	return verify_run(&input, &expect, result);
}

static unsigned int count_passes(const char *output)
{
	static const char pass[] = "  pass  ";
	unsigned int count = 0U;

	for (const char *at = strstr(output, pass); at != NULL;
	     at = strstr(at + sizeof(pass) - 1U, pass)) {
		count++;
	}
	return count;
}

static void check_openssl(const char *directory, struct attest_report *report)
{
	const int code =
		attest_openssl(directory, "report.bin", report->output, sizeof(report->output));

	report->openssl_checks = count_passes(report->output);
	/* A script that checked nothing has not verified. */
	report->openssl = code == 0 && report->openssl_checks > 0U ? ATTEST_OPENSSL_PASSED
								   : ATTEST_OPENSSL_FAILED;
}

/* The control: what both accept must matter to them. */
static bool changed_refused(const char *directory, const struct attest_evidence *evidence,
			    const struct attest_report *report, struct verify_result *scratch)
{
	uint8_t changed[ATTEST_REPORT_ROOM];
	char output[ATTEST_OUTPUT];

	memcpy(changed, evidence->report, sizeof(changed));
	changed[report->changed_bit / 8U] ^= (uint8_t)(1U << report->changed_bit % 8U);
	if (verify(evidence, changed, scratch)) {
		return false;
	}
	return report->openssl == ATTEST_OPENSSL_SKIPPED ||
	       attest_openssl(directory, "changed.bin", output, sizeof(output)) == 1;
}

/*
 * Where the change goes: random like the nonce, in the signed part, and outside of REPORT_DATA, so
 * that nothing but the signature covers it for openssl.
 */
static unsigned int choose_bit(const struct attest_evidence *evidence)
{
	const unsigned int random = evidence->nonce[0] | (unsigned int)evidence->nonce[1] << 8;
	const unsigned int bit = random % ((VERIFY_SIGNED_BYTES - DATA_BYTES) * 8U);

	return bit < DATA_OFFSET * 8U ? bit : bit + DATA_BYTES * 8U;
}

static bool check(const struct attest *attest, struct attest_report *report,
		  const struct attest_evidence *evidence)
{
	struct verify_result *scratch = calloc(1U, sizeof(*scratch));
	char directory[ATTEST_PATH];
	bool written = false;

	report->changed_bit = choose_bit(evidence);
	written = scratch != NULL && attest_files_directory(attest, report->version, directory) &&
		  attest_files_write(directory, evidence, report->changed_bit);
	if (written) {
		report->verified = verify(evidence, evidence->report, &report->verify);
		report->openssl = ATTEST_OPENSSL_SKIPPED;
		if (*attest->skipped == '\0') {
			check_openssl(directory, report);
		}
		report->changed_refused = changed_refused(directory, evidence, report, scratch);
	}
	free(scratch);
	return written;
}

static bool one_report(const struct run_options *options, const struct attest *attest,
		       struct attest_report *report)
{
	struct attest_evidence *evidence = calloc(1U, sizeof(*evidence));
	bool carried = evidence != NULL && attest_guest(options, report, evidence);

	if (carried && *report->wrong == '\0') {
		carried = check(attest, report, evidence);
		report->ok = report->verified && report->openssl != ATTEST_OPENSSL_FAILED &&
			     report->changed_refused && report->violations == 0U;
	}
	free(evidence);
	return carried;
}

bool attest_run(const struct run_options *options, struct attest *attest,
		void (*each)(const struct attest_report *report))
{
	bool carried = true;

	memset(attest, 0, sizeof(*attest));
	if (!attest_files_open(options->attest_dir, attest)) {
		return false;
	}
	if (!attest_program_exists("openssl")) {
		(void)snprintf(attest->skipped, sizeof(attest->skipped),
			       "there is no openssl program in PATH");
	}
	for (unsigned int i = 0; i < ATTEST_VERSIONS && carried; i++) {
		struct attest_report *report = &attest->report[attest->nr++];
		char text[40];

		report->version = versions[i];
		(void)snprintf(text, sizeof(text), "report version %u", versions[i]);
		progress_start("attestation", i + 1U, ATTEST_VERSIONS, text);
		carried = one_report(options, attest, report);
		progress_end();
		if (carried) {
			each(report);
		}
	}
	attest_files_close(attest);
	return carried;
}
