/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_ATTEST_GUEST_H
#define RUN_ATTEST_GUEST_H

#include "attest.h"

#define ATTEST_NONCE_BYTES 64U
#define ATTEST_REPORT_ROOM 4096U
#define ATTEST_MANIFEST_ROOM 16384U
#define ATTEST_CERTS_ROOM 65536U

/* What the guest sent and got, and what a relying party knows from elsewhere. */
struct attest_evidence {
	uint8_t nonce[ATTEST_NONCE_BYTES];
	uint8_t report[ATTEST_REPORT_ROOM];
	uint8_t manifest[ATTEST_MANIFEST_ROOM];
	uint8_t certs[ATTEST_CERTS_ROOM];
	uint32_t report_size, manifest_size, certs_size; /* bytes */
	uint8_t root[8192]; /* certificate of the processor's maker, DER */
	size_t root_size;
	uint8_t measurement[48]; /* of the launch */
};

/*
 * A machine of its own, and the calls of a guest on its startup vCPU. Fills @evidence, and of
 * @report the calls, sizes and violations; what went wrong in @report->wrong. False: no machine.
 */
bool attest_guest(const struct run_options *options, struct attest_report *report,
		  struct attest_evidence *evidence);

#endif
