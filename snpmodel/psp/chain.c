/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>

#include <openssl/bn.h>
#include <openssl/bytestring.h>
#include <openssl/evp.h>
#include <openssl/mem.h>
#include <openssl/rsa.h>

#include "psp_priv.h"

#define ROOT_BITS 4096
#define ROOT_YEARS 25U

static struct psp_chain chain;
static bool chain_made;
static pthread_once_t chain_once = PTHREAD_ONCE_INIT;
static CBS saved; /* of psp_roots_load(), while it runs; else empty */

static EVP_PKEY *new_rsa_key(void)
{
	EVP_PKEY *key = EVP_PKEY_new();
	RSA *rsa = RSA_new();
	BIGNUM *exponent = BN_new();
	bool ok = key != NULL && rsa != NULL && exponent != NULL &&
		  BN_set_word(exponent, RSA_F4) == 1 &&
		  RSA_generate_key_ex(rsa, ROOT_BITS, exponent, NULL) == 1 &&
		  EVP_PKEY_set1_RSA(key, rsa) == 1;

	BN_free(exponent);
	RSA_free(rsa);
	if (!ok) {
		EVP_PKEY_free(key);
		return NULL;
	}
	return key;
}

/* Key and certificate of one root from their saved form. */
static bool load_root(struct psp_root *root)
{
	CBS key, der;
	uint32_t key_len = 0, der_len = 0;
	RSA *rsa = NULL;

	if (CBS_get_u32(&saved, &key_len) == 1 && CBS_get_bytes(&saved, &key, key_len) == 1 &&
	    CBS_get_u32(&saved, &der_len) == 1 && CBS_get_bytes(&saved, &der, der_len) == 1) {
		rsa = RSA_private_key_from_bytes(CBS_data(&key), CBS_len(&key));
	}
	if (rsa == NULL) {
		return false;
	}
	root->key = EVP_PKEY_new();
	if (root->key == NULL || EVP_PKEY_set1_RSA(root->key, rsa) != 1 ||
	    CBS_stow(&der, &root->der, &root->len) != 1) {
		EVP_PKEY_free(root->key);
		RSA_free(rsa);
		return false;
	}
	RSA_free(rsa);
	return true;
}

static bool save_root(CBB *out, const struct psp_root *root)
{
	uint8_t *key = NULL;
	size_t len = 0;
	bool ok = RSA_private_key_to_bytes(&key, &len, EVP_PKEY_get0_RSA(root->key)) == 1 &&
		  CBB_add_u32(out, (uint32_t)len) == 1 && CBB_add_bytes(out, key, len) == 1 &&
		  CBB_add_u32(out, (uint32_t)root->len) == 1 &&
		  CBB_add_bytes(out, root->der, root->len) == 1;

	OPENSSL_free(key);
	return ok;
}

/* Runs once; both roots live until the process ends. */
static void make_chain(void)
{
	struct psp_cert_spec ark = { .subject = "ARK-" PSP_PRODUCT,
				     .issuer = "ARK-" PSP_PRODUCT,
				     .serial = 0x20000,
				     .years = ROOT_YEARS,
				     .authority = true,
				     .root = true };
	struct psp_cert_spec ask = ark;

	if (CBS_len(&saved) != 0U) {
		chain_made = load_root(&chain.ark) && load_root(&chain.ask) &&
			     CBS_len(&saved) == 0U;
		return;
	}
	chain.ark.key = ark.key = ark.signer = ask.signer = new_rsa_key();
	chain.ask.key = ask.key = new_rsa_key();
	ask.subject = "SEV-" PSP_PRODUCT;
	ask.serial++;
	ask.root = false;
	chain_made = ark.key != NULL && ask.key != NULL &&
		     psp_cert_make(&ark, &chain.ark.der, &chain.ark.len) &&
		     psp_cert_make(&ask, &chain.ask.der, &chain.ask.len);
}

const struct psp_chain *psp_chain(void)
{
	(void)pthread_once(&chain_once, make_chain);
	return chain_made ? &chain : NULL;
}

bool psp_roots_load(const uint8_t *in, size_t len)
{
	bool loaded;

	CBS_init(&saved, in, len);
	(void)pthread_once(&chain_once, make_chain);
	loaded = len != 0U && chain_made && CBS_len(&saved) == 0U;
	CBS_init(&saved, NULL, 0);
	return loaded;
}

size_t psp_roots_save(uint8_t *out, size_t size)
{
	const struct psp_chain *roots = psp_chain();
	CBB cbb;
	size_t len = 0;

	if (roots == NULL || CBB_init_fixed(&cbb, out, size) != 1) {
		return 0;
	}
	if (!save_root(&cbb, &roots->ark) || !save_root(&cbb, &roots->ask) ||
	    CBB_finish(&cbb, NULL, &len) != 1) {
		CBB_cleanup(&cbb);
		return 0;
	}
	return len;
}
