/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdlib.h>

#include <openssl/ec_key.h>
#include <openssl/evp.h>
#include <openssl/mem.h>

#include "psp_priv.h"

#define VCEK_YEARS 7U
#define GUID_BYTES 16U
#define ENTRY_BYTES ((size_t)24)
#define ENTRY_OFFSET 16U
#define ENTRY_LENGTH 20U

struct psp_vcek {
	pthread_mutex_t lock;
	uint8_t *der; /* set once under the lock */
	size_t len;
};

struct psp_vcek *psp_vcek_new(void)
{
	struct psp_vcek *cert = calloc(1, sizeof(*cert));

	if (cert != NULL && pthread_mutex_init(&cert->lock, NULL) != 0) {
		free(cert);
		return NULL;
	}
	return cert;
}

void psp_vcek_free(struct psp_vcek *cert)
{
	if (cert != NULL) {
		OPENSSL_free(cert->der);
		(void)pthread_mutex_destroy(&cert->lock);
		free(cert);
	}
}

static void make_vcek(const struct psp *psp, struct psp_vcek *cert)
{
	const struct psp_chain *chain = psp_chain();
	struct psp_cert_spec spec = { .subject = "SEV-VCEK",
				      .issuer = "SEV-" PSP_PRODUCT,
				      .years = VCEK_YEARS,
				      .chip_id = psp->chip_id };

	spec.key = EVP_PKEY_new();
	if (chain != NULL && spec.key != NULL && EVP_PKEY_set1_EC_KEY(spec.key, psp->vcek) == 1) {
		spec.signer = chain->ask.key;
		(void)psp_cert_make(&spec, &cert->der, &cert->len);
	}
	EVP_PKEY_free(spec.key);
}

static const uint8_t *vcek_der(const struct psp *psp, size_t *len)
{
	struct psp_vcek *cert = psp->vcek_cert;
	const uint8_t *der;

	(void)pthread_mutex_lock(&cert->lock);
	if (cert->der == NULL) {
		make_vcek(psp, cert);
	}
	der = cert->der;
	*len = cert->len;
	(void)pthread_mutex_unlock(&cert->lock);
	return der;
}

const uint8_t *psp_cert_der(const struct psp *psp, enum psp_cert cert, size_t *len)
{
	const struct psp_chain *chain;
	const struct psp_root *root;

	if (cert == PSP_CERT_VCEK) {
		return vcek_der(psp, len);
	}
	chain = psp_chain();
	if (chain == NULL) {
		return NULL;
	}
	root = cert == PSP_CERT_ARK ? &chain->ark : &chain->ask;
	*len = root->len;
	return root->der;
}

/* GUIDs of the table are in the byte order of their text. */
static const struct table_entry {
	enum psp_cert cert;
	uint8_t guid[GUID_BYTES];
} entries[PSP_CERT_NR] = {
	{ PSP_CERT_VCEK,
	  { 0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64, 0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8,
	    0xac, 0xcd } },
	{ PSP_CERT_ASK,
	  { 0x4a, 0xb7, 0xb3, 0x79, 0xbb, 0xac, 0x4f, 0xe4, 0xa0, 0x2f, 0x05, 0xae, 0xf3, 0x27,
	    0xc7, 0x82 } },
	{ PSP_CERT_ARK,
	  { 0xc0, 0xb4, 0x06, 0xa4, 0xa8, 0x03, 0x49, 0x52, 0x97, 0x43, 0x3f, 0xb6, 0x01, 0x4c,
	    0xd0, 0xae } },
};

size_t psp_cert_table(const struct psp *psp, uint8_t *table, size_t size)
{
	const uint8_t *der[PSP_CERT_NR];
	size_t len[PSP_CERT_NR], offset = ENTRY_BYTES * (PSP_CERT_NR + 1U), need = offset;

	for (size_t i = 0; i < PSP_CERT_NR; i++) {
		der[i] = psp_cert_der(psp, entries[i].cert, &len[i]);
		if (der[i] == NULL) {
			return 0;
		}
		need += len[i];
	}
	if (need > size) {
		return need;
	}
	memset(table, 0, offset);
	for (size_t i = 0; i < PSP_CERT_NR; i++) {
		uint8_t *entry = table + ENTRY_BYTES * i;

		memcpy(entry, entries[i].guid, GUID_BYTES);
		psp_put(entry + ENTRY_OFFSET, offset, 4);
		psp_put(entry + ENTRY_LENGTH, len[i], 4);
		memcpy(table + offset, der[i], len[i]);
		offset += len[i];
	}
	return need;
}
