/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PSP_H
#define PSP_H

/*
 * Model of the AMD security processor's SNP firmware, as far as a guest sees it: launch digest, guest messages under a
 * VMPCK, attestation reports signed by a VCEK whose chain (ARK, ASK, VCEK; ECDSA P-384 leaf) is made here. BoringSSL
 * does the cryptography. Facts: SNP firmware ABI 56860 as collected in the project's notes; sections are of 56860.
 *
 * One struct psp is one platform with one guest. Calls on one psp must not overlap, as the real processor serves one
 * command at a time; different psps are independent.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PSP_PAGE_BYTES 4096U
#define PSP_MESSAGE_BYTES 4096U
#define PSP_KEY_BYTES 32U
#define PSP_NR_VMPLS 4U
#define PSP_LD_BYTES 48U

/* ---- launch digest (56860 section 8.17, LAUNCH_UPDATE) ---- */

enum psp_page_type {
	PSP_PAGE_NORMAL = 1,
	PSP_PAGE_VMSA = 2,
	PSP_PAGE_ZERO = 3,
	PSP_PAGE_UNMEASURED = 4,
	PSP_PAGE_SECRETS = 5,
	PSP_PAGE_CPUID = 6,
};

struct psp_digest {
	uint8_t bytes[PSP_LD_BYTES];
};

void psp_digest_init(struct psp_digest *digest);

/* Extend by one 4 KiB page at @gpa. @page: contents, read for NORMAL and VMSA only, else NULL. @perms: VMPL0..3 masks. */
void psp_digest_page(struct psp_digest *digest, enum psp_page_type type, uint64_t gpa,
		     const uint8_t page[PSP_PAGE_BYTES], const uint8_t perms[PSP_NR_VMPLS]);

/* ---- platform and guest ---- */

struct psp_config {
	unsigned int report_version; /* 2, 3 or 5; 0: 5 */
	uint64_t policy;	     /* guest policy; 0: 0x30000 (SMT allowed, bit 17 must be one) */
	struct psp_digest measurement;
	uint8_t host_data[32];
	uint8_t family_id[16];
	uint8_t image_id[16];
	uint32_t guest_svn;
	uint64_t seed; /* of VMPCKs, chip id, report ids and derived keys: reproducible. Signing keys are fresh random keys */
};

struct psp *psp_create(const struct psp_config *config); /* NULL: out of memory, or config out of range */
void psp_destroy(struct psp *psp);

/* VMPCK of @vmpl (0..3), as LAUNCH_UPDATE puts it into the secrets page. */
const uint8_t *psp_vmpck(const struct psp *psp, unsigned int vmpl);

/* Firmware status of a guest request (SNP_GUEST_REQUEST); 0 is success. */
enum psp_status {
	PSP_OK = 0x00,
	PSP_INVALID_PARAM = 0x16,
	PSP_AEAD_OFLOW = 0x1e, /* message sequence exhausted */
	PSP_BAD_MEASUREMENT = 0x0b,
	PSP_INVALID_PAGE_STATE = 0x1a,
};

/*
 * Serve one guest message: header and payload in @request; the encrypted reply in @response (untouched unless PSP_OK).
 * Refused with INVALID_PARAM: bad header fields, sizes, sequence number other than the expected one, VMPCK above 3,
 * authentication failure, a message type or version unknown, a response type.
 * A payload that decrypts but asks for what its VMPCK may not have is answered by a reply with its status field set.
 */
uint32_t psp_guest_request(struct psp *psp, const uint8_t request[PSP_MESSAGE_BYTES],
			   uint8_t response[PSP_MESSAGE_BYTES]);

/* ---- certificates (DER, X.509): what the host's extended request returns ---- */

enum psp_cert { PSP_CERT_ARK, PSP_CERT_ASK, PSP_CERT_VCEK, PSP_CERT_NR };
const uint8_t *psp_cert_der(const struct psp *psp, enum psp_cert cert, size_t *len);

/*
 * Build the certificate table of an extended guest request (GUID, offset, length entries, a zero entry, the DER bytes)
 * into @table. Returns the bytes needed; nothing is written if that exceeds @size.
 */
size_t psp_cert_table(const struct psp *psp, uint8_t *table, size_t size);

#endif
