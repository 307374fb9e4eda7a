/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVSM_CRYPTO_H
#define SVSM_CRYPTO_H

/*
 * The cryptography that attestation needs, by BoringSSL. No allocation, no state between calls; any
 * vCPU.
 */

#include "svsm_types.h"

#define SVSM_AES_KEY_BYTES 32U
#define SVSM_GCM_NONCE_BYTES 12U
#define SVSM_GCM_TAG_BYTES 16U
#define SVSM_SHA512_BYTES 64U

struct svsm_gcm {
	const uint8_t *key;   /* SVSM_AES_KEY_BYTES */
	const uint8_t *nonce; /* SVSM_GCM_NONCE_BYTES; never twice with one key and other plaintext
			       */
	const uint8_t *aad;
	size_t aad_len;
};

/*
 * AES-256-GCM over @len bytes. seal: false only if the library fails. open: false also if @tag does
 * not match; then @plain is undefined and must not be used.
 */
bool svsm_gcm_seal(const struct svsm_gcm *gcm, uint8_t *cipher, const uint8_t *plain, size_t len,
		   uint8_t tag[SVSM_GCM_TAG_BYTES]);
bool svsm_gcm_open(const struct svsm_gcm *gcm, uint8_t *plain, const uint8_t *cipher, size_t len,
		   const uint8_t tag[SVSM_GCM_TAG_BYTES]);

/* SHA-512(a || b). Either may have length 0. */
void svsm_sha512(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len,
		 uint8_t digest[SVSM_SHA512_BYTES]);

/* Overwrite a secret in a way the compiler keeps. */
void svsm_wipe(void *secret, size_t len);

#endif
