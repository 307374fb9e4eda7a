/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_ATTEST_H
#define RUN_ATTEST_H

/*
 * Phase 1b: on a machine with a security processor a guest's vCPU gets an attestation report by
 * SVSM_ATTEST_SERVICES (58019 section 7.1) over a random nonce, with certificates, negotiating the
 * sizes. What it got is verified twice: by the library of phalanx verify, and by a script that uses
 * nothing but the openssl command line. A copy with one bit changed must be refused by both.
 */

#include "options.h"
#include "verify.h"

#define ATTEST_VERSIONS 3U
#define ATTEST_TEXT 256U
#define ATTEST_OUTPUT 2048U
#define ATTEST_PATH 4096U

enum attest_openssl {
	ATTEST_OPENSSL_PASSED,
	ATTEST_OPENSSL_FAILED,
	ATTEST_OPENSSL_SKIPPED, /* there is no openssl program */
};

struct attest_report {
	unsigned int version;				 /* format of the report */
	unsigned int calls;				 /* until all sizes fitted */
	uint32_t report_size, manifest_size, certs_size; /* bytes */
	uint64_t violations;				 /* of the judge */
	struct verify_result verify;
	bool verified;
	enum attest_openssl openssl;
	unsigned int openssl_checks; /* that passed */
	char output[ATTEST_OUTPUT];  /* of the script, as far as there is room */
	unsigned int changed_bit;
	bool changed_refused; /* by both, as far as openssl ran */
	bool ok;
	char wrong[ATTEST_TEXT]; /* why not, empty if ok or if the checks say so */
};

struct attest {
	unsigned int nr;
	struct attest_report report[ATTEST_VERSIONS];
	char directory[ATTEST_PATH]; /* where the files are */
	bool kept;		     /* the files stay */
	char skipped[ATTEST_TEXT];   /* why openssl did not verify, empty if it did */
};

/*
 * Run the phase. @each is told every report as soon as it is done. False, with a message on stderr:
 * files cannot be written or a machine cannot be created. Main thread only; no machine exists
 * before or after.
 */
bool attest_run(const struct run_options *options, struct attest *attest,
		void (*each)(const struct attest_report *report));

#endif
