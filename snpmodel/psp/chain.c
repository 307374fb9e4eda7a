/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/mem.h>
#include <openssl/rsa.h>

#include "psp_priv.h"

#define ROOT_BITS 4096
#define ROOT_YEARS 25U

static struct psp_chain chain;
static bool chain_made;
static pthread_once_t chain_once = PTHREAD_ONCE_INIT;

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
