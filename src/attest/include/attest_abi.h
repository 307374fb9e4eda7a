/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_ABI_H
#define ATTEST_ABI_H

/*
 * Wire formats of 58019 rev 1.01 section 7, and of the AMD-SP's guest messages (SNP firmware ABI,
 * publication 56860).
 */

#include "svsm_types.h"

#define SVSM_GUID_BYTES 16U

/* Head of the services manifest (58019 Table 20); service entries follow. */
struct svsm_manifest_head {
	uint8_t guid[SVSM_GUID_BYTES];
	uint32_t length;
	uint32_t services;
};
_Static_assert(sizeof(struct svsm_manifest_head) == 0x18U, "58019 Table 20");

struct svsm_manifest_entry {
	uint8_t guid[SVSM_GUID_BYTES];
	uint32_t offset; /* from the start of the manifest */
	uint32_t length;
};
_Static_assert(sizeof(struct svsm_manifest_entry) == 0x18U, "58019 Table 20");

/* 63849ebb-3d92-4670-a1ff-58f9c94b87bb; the first three fields are little-endian (section 7.1). */
#define SVSM_MANIFEST_GUID                                                                         \
	{ 0xbb, 0x9e, 0x84, 0x63, 0x92, 0x3d, 0x70, 0x46,                                          \
	  0xa1, 0xff, 0x58, 0xf9, 0xc9, 0x4b, 0x87, 0xbb }

/*
 * Operation structure of both calls (Tables 19 and 22). ATTEST_SERVICES uses the part before guid.
 */
struct svsm_attest_op {
	uint64_t report_gpa;
	uint32_t report_size;
	uint32_t reserved_00c;
	uint64_t nonce_gpa;
	uint16_t nonce_size;
	uint8_t reserved_01a[6]; /* MBZ in Table 19, ignored in Table 22 */
	uint64_t manifest_gpa;
	uint32_t manifest_size;
	uint32_t reserved_02c;
	uint64_t certs_gpa;
	uint32_t certs_size;
	uint32_t reserved_03c;
	uint8_t guid[SVSM_GUID_BYTES];
	uint32_t manifest_version;
	uint32_t reserved_054;
};
_Static_assert(sizeof(struct svsm_attest_op) == 0x58U, "58019 Table 22");
_Static_assert(offsetof(struct svsm_attest_op, nonce_gpa) == 0x10U, "58019 Table 19");
_Static_assert(offsetof(struct svsm_attest_op, manifest_gpa) == 0x20U, "58019 Table 19");
_Static_assert(offsetof(struct svsm_attest_op, certs_gpa) == 0x30U, "58019 Table 19");
_Static_assert(offsetof(struct svsm_attest_op, guid) == 0x40U, "58019 Table 22");
_Static_assert(offsetof(struct svsm_attest_op, manifest_version) == 0x50U, "58019 Table 22");

#define SVSM_ATTEST_SERVICES_BYTES offsetof(struct svsm_attest_op, guid)
#define SVSM_ATTEST_SINGLE_BYTES sizeof(struct svsm_attest_op)

/* Guest message header (56860, table "Message Header Format"). */
struct psp_message_header {
	uint8_t tag[32]; /* 16 used */
	uint64_t sequence;
	uint8_t reserved_28[8];
	uint8_t algorithm;
	uint8_t header_version;
	uint16_t header_size;
	uint8_t type;
	uint8_t version;
	uint16_t size; /* of the payload */
	uint32_t reserved_38;
	uint8_t vmpck;
	uint8_t reserved_3d[35];
};
_Static_assert(sizeof(struct psp_message_header) == 0x60U, "56860 message header");
_Static_assert(offsetof(struct psp_message_header, sequence) == 0x20U, "56860 message header");
_Static_assert(offsetof(struct psp_message_header, algorithm) == 0x30U, "56860 message header");
_Static_assert(offsetof(struct psp_message_header, vmpck) == 0x3cU, "56860 message header");

#define PSP_ALGORITHM_AES_256_GCM 1U
#define PSP_HEADER_VERSION 1U
#define PSP_MSG_REPORT_REQ 5U
#define PSP_MSG_REPORT_RSP 6U
#define PSP_MSG_VERSION 1U
#define PSP_TAG_OFFSET offsetof(struct psp_message_header, tag)
#define PSP_AAD_OFFSET offsetof(struct psp_message_header, algorithm)
#define PSP_AAD_BYTES (sizeof(struct psp_message_header) - PSP_AAD_OFFSET)

/* MSG_REPORT_REQ and the head of MSG_REPORT_RSP. */
struct psp_report_req {
	uint8_t data[64];
	uint32_t vmpl;
	uint32_t key_select;
	uint8_t reserved[24];
};
_Static_assert(sizeof(struct psp_report_req) == 0x60U, "56860 MSG_REPORT_REQ");

struct psp_report_rsp {
	uint32_t status;
	uint32_t size;
	uint8_t reserved[24];
};
_Static_assert(sizeof(struct psp_report_rsp) == 0x20U, "56860 MSG_REPORT_RSP");

/*
 * Entry of the certificate table that an extended request returns (GHCB specification, section
 * 4.1.8.1).
 */
struct psp_cert_entry {
	uint8_t guid[SVSM_GUID_BYTES];
	uint32_t offset;
	uint32_t length;
};
_Static_assert(sizeof(struct psp_cert_entry) == 24U, "GHCB certificate table");

#endif
