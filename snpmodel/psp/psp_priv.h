/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PSP_PRIV_H
#define PSP_PRIV_H

/* Shared by the files of the PSP model. */

#include <string.h>

#include <openssl/base.h>

#include "psp.h"

#define PSP_CHIP_ID_BYTES 64U
#define PSP_REPORT_BYTES 0x4a0U

/* Genoa-B1: TCB_VERSION is boot loader, TEE, 4 reserved, SNP, microcode from byte 0. */
#define PSP_PRODUCT "Genoa"
#define PSP_PRODUCT_NAME "Genoa-B1"
#define PSP_CPUID_FAMILY 0x19U
#define PSP_CPUID_MODEL 0x11U
#define PSP_CPUID_STEPPING 0x01U
#define PSP_TCB_BOOTLOADER 9U
#define PSP_TCB_TEE 0U
#define PSP_TCB_SNP 22U
#define PSP_TCB_MICROCODE 72U
#define PSP_TCB                                                                                    \
	((uint64_t)PSP_TCB_BOOTLOADER | (uint64_t)PSP_TCB_TEE << 8 | (uint64_t)PSP_TCB_SNP << 48 | \
	 (uint64_t)PSP_TCB_MICROCODE << 56)
#define PSP_ABI_MAJOR 1U
#define PSP_ABI_MINOR 55U
#define PSP_BUILD 39U

struct psp_vcek; /* the VCEK's certificate, made when first asked for */

struct psp {
	struct psp_config config;
	uint8_t vmpck[PSP_NR_VMPLS][PSP_KEY_BYTES];
	uint64_t next_seqno[PSP_NR_VMPLS];
	uint8_t chip_id[PSP_CHIP_ID_BYTES];
	uint8_t report_id[32];
	uint8_t chip_secret[PSP_KEY_BYTES]; /* root of keys derived from the VCEK */
	uint8_t vmrk[PSP_KEY_BYTES];
	EC_KEY *vcek;
	struct psp_vcek *vcek_cert;
};

/* Handlers of decrypted requests. @reply is zeroed; they return the size of the reply's payload. */
struct psp_request {
	unsigned int vmpck;
	unsigned int version;
	const uint8_t *payload;
};
#define PSP_REPORT_REQ_BYTES 0x60U
#define PSP_REPORT_RSP_HEADER 0x20U
#define PSP_KEY_REQ_BYTES 0x20U
#define PSP_KEY_REQ_V2_BYTES 0x28U
#define PSP_KEY_RSP_BYTES 0x40U
#define PSP_TSC_INFO_BYTES 0x80U

size_t psp_report_request(struct psp *psp, const struct psp_request *request, uint8_t *reply);
size_t psp_key_request(struct psp *psp, const struct psp_request *request, uint8_t *reply);
size_t psp_tsc_info_request(struct psp *psp, const struct psp_request *request, uint8_t *reply);

/* May a message under VMPCK @vmpck speak for @vmpl? */
static inline bool psp_vmpl_allowed(unsigned int vmpck, uint32_t vmpl)
{
	return vmpl >= vmpck && vmpl < PSP_NR_VMPLS;
}

/* chain.c: ARK and ASK of this process. NULL: out of memory. */
struct psp_root {
	EVP_PKEY *key;
	uint8_t *der;
	size_t len;
};
struct psp_chain {
	struct psp_root ark, ask;
};
const struct psp_chain *psp_chain(void);

/* cert.c: one certificate in the form of AMD's; @der is to be freed with OPENSSL_free. */
struct psp_cert_spec {
	const char *subject, *issuer; /* common names */
	uint64_t serial;
	unsigned int years;
	EVP_PKEY *key;	  /* of the subject */
	EVP_PKEY *signer; /* RSA */
	bool authority, root;
	const uint8_t *chip_id; /* of a VCEK, else NULL */
};
bool psp_cert_make(const struct psp_cert_spec *spec, uint8_t **der, size_t *len);

struct psp_vcek *psp_vcek_new(void);
void psp_vcek_free(struct psp_vcek *cert);

/* Little-endian fields. */
static inline void psp_put(uint8_t *at, uint64_t value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		at[i] = (uint8_t)(value >> (8U * i));
	}
}

static inline uint64_t psp_get(const uint8_t *at, size_t bytes)
{
	uint64_t value = 0;

	for (size_t i = 0; i < bytes; i++) {
		value |= (uint64_t)at[i] << (8U * i);
	}
	return value;
}

static inline bool psp_all_zero(const uint8_t *at, size_t bytes)
{
	uint8_t any = 0;

	for (size_t i = 0; i < bytes; i++) {
		any |= at[i];
	}
	return any == 0U;
}

#endif
