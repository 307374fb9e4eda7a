/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SAMPLE_H
#define SAMPLE_H

/*
 * A report with everything that verifies it, made by BoringSSL: own root, own chip. Keys are fresh;
 * what is signed is fixed.
 */

#include <openssl/evp.h>

#include "verify.h"

#define SAMPLE_TABLE_BYTES 16384U
#define SAMPLE_NONCE_BYTES 64U
#define SAMPLE_MANIFEST_BYTES 120U
#define SAMPLE_NOW INT64_C(1790000000) /* September 2026 */
/* Certificates are valid that long before and after, so that real clocks are inside. */
#define SAMPLE_VALID_SECONDS (INT64_C(7000) * 86400)

enum sample_ca { SAMPLE_EC, SAMPLE_RSA_PSS, SAMPLE_RSA_PKCS1 };

/* All zero: EC authorities, report version 5 of a Milan, signed by a VCEK. */
struct sample_config {
	enum sample_ca ca;
	const EVP_MD *digest;  /* of certificate signatures; NULL: SHA-384 */
	unsigned int rsa_bits; /* 0: 4096 */
	int leaf_curve;	       /* NID; 0: P-384 */
	bool ask_no_ca;
	bool leaf_ca;
	bool critical; /* an unknown critical extension in the leaf */
	uint32_t report_version;
	bool turin;
	bool vlek;
	bool chip_id_wrapped;
	bool no_chip_id;
	unsigned int without_spl; /* n of 1.3.6.1.4.1.3704.1.3.n that is left out; 0: none */
	unsigned int double_spl;  /* that is there twice */
	const char *leaf_name;	  /* NULL: "SEV-VCEK" */
	const char *ask_name;	  /* NULL: "SEV-Sample", which the leaf names */
};

struct sample {
	uint8_t report[VERIFY_REPORT_BYTES];
	uint8_t nonce[SAMPLE_NONCE_BYTES];
	uint8_t manifest[SAMPLE_MANIFEST_BYTES];
	uint8_t table[SAMPLE_TABLE_BYTES];
	size_t table_len;
	struct verify_span certs[VERIFY_NR_CERTS]; /* DER, owned */
	EVP_PKEY *leaf_key;
};

/* Aborts the program if BoringSSL fails. */
struct sample *sample_create(const struct sample_config *config);
void sample_destroy(struct sample *sample);

/* Set REPORT_DATA from nonce and manifest. */
void sample_bind(struct sample *sample);
/* Sign the report after a change. */
void sample_sign(struct sample *sample);

/* Report, table, nonce, manifest and root of the sample. */
struct verify_input sample_input(const struct sample *sample);

/* Outcome of the check @name; VERIFY_SKIP also if it was not made. */
enum verify_status sample_outcome(const struct verify_result *result, const char *name);

#endif
