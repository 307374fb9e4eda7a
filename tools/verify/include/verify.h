/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VERIFY_H
#define VERIFY_H

/*
 * Verification of SEV-SNP attestation reports that an SVSM obtained for its services (SVSM
 * specification 58019 section 7): certificate chain, report signature, REPORT_DATA, and what the
 * caller expects of the report. All input is hostile: any bytes of any length are accepted and
 * judged. No global state but BoringSSL's; calls in different threads are independent.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Report: firmware ABI 56860, structure ATTESTATION_REPORT; the signature covers the first bytes.
 */
#define VERIFY_REPORT_BYTES 1184U
#define VERIFY_SIGNED_BYTES 0x2a0U

#define VERIFY_GUID_BYTES 16U
#define VERIFY_MAX_CHECKS 24U
#define VERIFY_MAX_NOTES 24U
#define VERIFY_TEXT 160U

/* Bytes of somebody else, which stay as they are until the last use of the result. */
struct verify_span {
	const uint8_t *data; /* NULL: not given */
	size_t len;
};

/* Chain from the root: AMD root key, signing key (ASK or ASVK), and VCEK or VLEK. */
enum verify_cert { VERIFY_ARK, VERIFY_ASK, VERIFY_LEAF, VERIFY_NR_CERTS };

struct verify_input {
	struct verify_span report;		   /* a report; zeros may follow it */
	struct verify_span table;		   /* certificate table of the host, or not given */
	struct verify_span certs[VERIFY_NR_CERTS]; /* DER or PEM; each goes before the table's */
	struct verify_span root;		   /* the trusted root, DER or PEM */
	struct verify_span nonce;		   /* may be empty */
	struct verify_span manifest;
};

/* Parts of a TCB_VERSION; FMC exists from Turin on, and is 0 before. */
struct verify_tcb {
	uint8_t fmc;
	uint8_t bootloader;
	uint8_t tee;
	uint8_t snp;
	uint8_t microcode;
};

/* What the report must say. All zero: VMPL 0, a trusted root, and nothing else. */
struct verify_expect {
	uint32_t vmpl;
	uint64_t policy_mask; /* (POLICY & policy_mask) must be policy_value */
	uint64_t policy_value;
	struct verify_tcb min_tcb; /* each part of REPORTED_TCB must be at least this */
	bool check_min_tcb;
	bool check_measurement;
	uint8_t measurement[48];
	bool check_host_data;
	uint8_t host_data[32];
	/* REPORT_DATA must be report_data; else it must be SHA-512(nonce || manifest). */
	bool check_report_data;
	uint8_t report_data[64];
	/* The manifest is that of one service (section 7.2); else it is a services manifest (7.1).
	 */
	bool single_service;
	uint8_t service_guid[VERIFY_GUID_BYTES]; /* as on the wire */
	uint32_t manifest_version;
	bool allow_unknown_root; /* without a trusted root, trust whatever the chain ends in */
	/* Seconds since 1970-01-01T00:00Z for the validity of the certificates. */
	int64_t at;
	bool enforce_validity; /* else a certificate that is not valid is only mentioned */
};

enum verify_status { VERIFY_PASS, VERIFY_FAIL, VERIFY_SKIP };

struct verify_check {
	const char *name; /* "report.signature"; docs/verify.md lists all */
	enum verify_status status;
	char detail[VERIFY_TEXT];
};

struct verify_cert_info {
	bool parsed;
	char subject[256];
	char issuer[256];
	char serial[64];
	char not_before[40];
	char not_after[40];
	char key[48];
	char algorithm[48];
	char sha256[65]; /* of the DER */
};

/* Extensions of a VCEK or VLEK certificate. */
struct verify_leaf_info {
	bool vlek; /* names a provider, not a chip */
	char product[40];
	char provider[64];
	bool tcb_complete;
	uint64_t tcb; /* as TCB_VERSION in the layout of the report */
	uint8_t chip_id[64];
	size_t chip_id_len; /* 0, 8 or 64 */
};

struct verify_result {
	bool verified;
	unsigned int nr_checks;
	struct verify_check checks[VERIFY_MAX_CHECKS];
	unsigned int nr_notes;
	char notes[VERIFY_MAX_NOTES][VERIFY_TEXT];
	bool report_parsed;
	uint8_t report[VERIFY_REPORT_BYTES];
	struct verify_cert_info certs[VERIFY_NR_CERTS];
	struct verify_leaf_info leaf;
	/* Borrowed from the input. */
	struct verify_span manifest;
	bool manifest_parsed; /* structure of a services manifest is right */
	bool single_service;
	uint8_t service_guid[VERIFY_GUID_BYTES];
	uint32_t manifest_version;
};

/*
 * Check @input against @expect and fill @result, all of it.
 * Returns result->verified: no check failed, and every check that @expect asks for was made.
 */
bool verify_run(const struct verify_input *input, const struct verify_expect *expect,
		struct verify_result *result);

/* Everything readable of a result, for people. Text of certificates is escaped. */
void verify_print_text(const struct verify_result *result, FILE *out);

/* The same as one JSON object, format in docs/verify.md. */
void verify_print_json(const struct verify_result *result, FILE *out);

enum verify_find { VERIFY_FOUND, VERIFY_ABSENT, VERIFY_MALFORMED };

/*
 * Find a certificate in a table of an extended guest request (GHCB specification 56421, SNP
 * Extended Guest Request): @cert is set to the bytes inside @table.
 * A VLEK is found as VERIFY_LEAF if @prefer_vlek is set or there is no VCEK.
 * VERIFY_MALFORMED: an entry lies outside the table, is a duplicate, or the table has no end.
 */
enum verify_find verify_table_find(struct verify_span table, enum verify_cert which,
				   bool prefer_vlek, struct verify_span *cert);

/* Bytes of exactly 2 * @len hexadecimal digits; false for anything else. */
bool verify_hex_parse(const char *text, uint8_t *bytes, size_t len);

/* GUID as on the wire of the SVSM protocols (first three fields little-endian) from its text. */
bool verify_guid_parse(const char *text, uint8_t guid[VERIFY_GUID_BYTES]);

#endif
