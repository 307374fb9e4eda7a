/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto.h"

#include <openssl/aead.h>
#include <openssl/mem.h>
#include <openssl/sha.h>

bool svsm_gcm_seal(const struct svsm_gcm *gcm, uint8_t *cipher, const uint8_t *plain, size_t len,
		   uint8_t tag[SVSM_GCM_TAG_BYTES])
{
	EVP_AEAD_CTX ctx;
	size_t tag_len = 0U;
	int ok = 0;

	if (EVP_AEAD_CTX_init(&ctx, EVP_aead_aes_256_gcm(), gcm->key, SVSM_AES_KEY_BYTES,
			      SVSM_GCM_TAG_BYTES, NULL) != 1) {
		return false;
	}
	ok = EVP_AEAD_CTX_seal_scatter(&ctx, cipher, tag, &tag_len, SVSM_GCM_TAG_BYTES, gcm->nonce,
				       SVSM_GCM_NONCE_BYTES, plain, len, NULL, 0U, gcm->aad,
				       gcm->aad_len);
	EVP_AEAD_CTX_cleanup(&ctx);
	svsm_wipe(&ctx, sizeof(ctx));
	return ok == 1 && tag_len == SVSM_GCM_TAG_BYTES;
}

bool svsm_gcm_open(const struct svsm_gcm *gcm, uint8_t *plain, const uint8_t *cipher, size_t len,
		   const uint8_t tag[SVSM_GCM_TAG_BYTES])
{
	EVP_AEAD_CTX ctx;
	int ok = 0;

	if (EVP_AEAD_CTX_init(&ctx, EVP_aead_aes_256_gcm(), gcm->key, SVSM_AES_KEY_BYTES,
			      SVSM_GCM_TAG_BYTES, NULL) != 1) {
		return false;
	}
	ok = EVP_AEAD_CTX_open_gather(&ctx, plain, gcm->nonce, SVSM_GCM_NONCE_BYTES, cipher, len,
				      tag, SVSM_GCM_TAG_BYTES, gcm->aad, gcm->aad_len);
	EVP_AEAD_CTX_cleanup(&ctx);
	svsm_wipe(&ctx, sizeof(ctx));
	return ok == 1;
}

void svsm_sha512(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len,
		 uint8_t digest[SVSM_SHA512_BYTES])
{
	SHA512_CTX ctx;

	(void)SHA512_Init(&ctx);
	(void)SHA512_Update(&ctx, a, a_len);
	(void)SHA512_Update(&ctx, b, b_len);
	(void)SHA512_Final(digest, &ctx);
}

void svsm_wipe(void *secret, size_t len)
{
	OPENSSL_cleanse(secret, len);
}
