/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PSP_H
#define PSP_H

/*
 * Model of the AMD security processor's SNP firmware, as far as a guest sees it: launch digest,
 * guest messages under a VMPCK, attestation reports signed by a VCEK whose chain (ARK and ASK
 * RSA-4096, VCEK ECDSA P-384, all certificates RSASSA-PSS with SHA-384) is made here in the format
 * of AMD's key distribution service (57230). The keys are of this process and of nobody else: only
 * the names are those that verifiers expect. BoringSSL does the cryptography. Facts: SNP firmware
 * ABI 56860 as collected in the project's notes; sections are of 56860.
 *
 * One struct psp is one platform with one guest. Calls on one psp must not overlap, as the real
 * processor serves one command at a time; different psps are independent. The certificate functions
 * may be called at any time on any thread.
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
	bool vmpl3_first; /* order of the permission bytes in PAGE_INFO, on which sources differ;
			     default VMPL0 first, as in the LAUNCH_UPDATE command */
};

void psp_digest_init(struct psp_digest *digest);

/*
 * Extend by one 4 KiB page at @gpa. @page: contents, read for NORMAL and VMSA only, else NULL.
 * @perms: VMPL0..3 masks, of which VMPL0's is not measured; NULL: all 0, as KVM launches.
 */
void psp_digest_page(struct psp_digest *digest, enum psp_page_type type, uint64_t gpa,
		     const uint8_t page[PSP_PAGE_BYTES], const uint8_t perms[PSP_NR_VMPLS]);

/* ---- platform and guest ---- */

#define PSP_POLICY_DEFAULT UINT64_C(0x30000) /* SMT allowed; bit 17 must be one */

struct psp_config {
	unsigned int report_version; /* 2, 3 or 5; 0: 5 */
	uint64_t policy;	     /* guest policy; 0: PSP_POLICY_DEFAULT */
	struct psp_digest measurement;
	uint8_t host_data[32];
	uint8_t family_id[16];
	uint8_t image_id[16];
	uint32_t guest_svn;
	uint64_t mit_vector; /* mitigations in force at launch and now; in reports of version 5 */
	uint64_t tsc_scale;  /* 8.32 fixed point; 0: 1.0 */
	uint64_t tsc_offset;
	uint32_t tsc_factor;
	uint64_t seed; /* of VMPCKs, chip id, report ids and derived keys: reproducible. Signing
			  keys are fresh random keys */
};

/* NULL: out of memory, or config out of range (report version, policy bits). */
struct psp *psp_create(const struct psp_config *config);
void psp_destroy(struct psp *psp);

/* The configuration with defaults filled in. */
const struct psp_config *psp_configuration(const struct psp *psp);

/* VMPCK of @vmpl (0..3), as LAUNCH_UPDATE puts it into the secrets page. */
const uint8_t *psp_vmpck(const struct psp *psp, unsigned int vmpl);

/* ---- guest messages (56860 section 8.26) ---- */

/* Firmware status of a guest request (SNP_GUEST_REQUEST); 0 is success. */
enum psp_status {
	PSP_OK = 0x00,
	PSP_BAD_MEASUREMENT = 0x0b,
	PSP_INVALID_PARAM = 0x16,
	PSP_INVALID_PAGE_STATE = 0x1a,
	PSP_AEAD_OFLOW = 0x1e,	/* message sequence exhausted */
	PSP_INVALID_KEY = 0x27, /* in a reply only: no such signing key */
};

/*
 * Serve one guest message: header and payload in @request; the encrypted reply in @response
 * (untouched unless PSP_OK; may be @request). Messages: REPORT_REQ, KEY_REQ (versions 1 and 2) and
 * TSC_INFO_REQ.
 *
 * Refused with INVALID_PARAM, the sequence staying as it is: bad header fields, reserved ones
 * included, sizes, sequence number other than the expected one, VMPCK above 3, authentication
 * failure, a message type or version unknown, a response type.
 * A payload that decrypts but asks for what its VMPCK may not have is answered by a reply with its
 * status field set; the reply to a report request has no report then, only the 0x20 bytes before.
 */
uint32_t psp_guest_request(struct psp *psp, const uint8_t request[PSP_MESSAGE_BYTES],
			   uint8_t response[PSP_MESSAGE_BYTES]);

/* Sequence number that the next request under VMPCK @vmpck (0..3) must have: 1, 3, 5, ... */
uint64_t psp_sequence(const struct psp *psp, unsigned int vmpck);
/* Go on with @next, so that exhaustion can be shown: no request may have the number 2^64 - 1. */
void psp_set_sequence(struct psp *psp, unsigned int vmpck, uint64_t next);

/*
 * AES-256-GCM of a message page in place, as both sides of a VMPCK do it: key stream from the
 * sequence number at 0x20, additional data 0x30..0x5f, size at 0x36. False if the size does not fit
 * the page, or, opening, the tag is wrong; then the page is as before.
 */
bool psp_message_seal(const uint8_t key[PSP_KEY_BYTES], uint8_t message[PSP_MESSAGE_BYTES]);
bool psp_message_open(const uint8_t key[PSP_KEY_BYTES], uint8_t message[PSP_MESSAGE_BYTES]);

/* ---- certificates (DER, X.509): what the host's extended request returns ---- */

enum psp_cert { PSP_CERT_ARK, PSP_CERT_ASK, PSP_CERT_VCEK, PSP_CERT_NR };

/*
 * ARK and ASK are made at the first call in the process (about a second) and shared by all psps.
 * NULL: out of memory. The bytes live as long as the psp.
 */
const uint8_t *psp_cert_der(const struct psp *psp, enum psp_cert cert, size_t *len);

/*
 * Keys and certificates of ARK and ASK as bytes, for programs in which making them takes minutes
 * (the emulator). Save: bytes written, 0 if @size is too small (8 KiB is enough) or out of memory.
 * Load: uses roots that another process saved; false if the bytes are malformed (the
 * process has no roots then), or if it has roots already. Neither runs concurrently with another
 * function of this header.
 */
size_t psp_roots_save(uint8_t *out, size_t size);
bool psp_roots_load(const uint8_t *in, size_t len);

/*
 * Build the certificate table of an extended guest request (GUID, offset, length entries, a zero
 * entry, the DER bytes) into @table: VCEK, ASK, ARK. Returns the bytes needed, 0 when out of
 * memory; nothing is written if that exceeds @size.
 */
size_t psp_cert_table(const struct psp *psp, uint8_t *table, size_t size);

#endif
