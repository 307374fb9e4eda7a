/* SPDX-License-Identifier: Apache-2.0 */
#include "relying_party.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/ec_key.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

/* Offsets in an attestation report; R and S are little-endian. */
#define REPORT_VMPL 0x30U
#define REPORT_DATA 0x50U
#define REPORT_MEASUREMENT 0x90U
#define REPORT_SIGNED 0x2a0U /* bytes, and where R is */
#define REPORT_S 0x2e8U
#define PART_BYTES 72U

static EC_KEY *vcek_key(struct psp *psp)
{
	size_t len = 0;
	const uint8_t *der = psp_cert_der(psp, PSP_CERT_VCEK, &len);
	X509 *cert = NULL;
	EVP_PKEY *key = NULL;
	EC_KEY *ec = NULL;

	if (der != NULL) {
		cert = d2i_X509(NULL, &der, (long)len);
	}
	if (cert != NULL) {
		key = X509_get_pubkey(cert);
	}
	if (key != NULL) {
		ec = EVP_PKEY_get1_EC_KEY(key);
	}
	EVP_PKEY_free(key);
	X509_free(cert);
	return ec;
}

static bool signature_ok(struct psp *psp, const uint8_t *report)
{
	uint8_t digest[SHA384_DIGEST_LENGTH];
	EC_KEY *key = vcek_key(psp);
	ECDSA_SIG *sig = ECDSA_SIG_new();
	bool ok;

	(void)SHA384(report, REPORT_SIGNED, digest);
	ok = key != NULL && sig != NULL &&
	     ECDSA_SIG_set0(sig, BN_le2bn(&report[REPORT_SIGNED], PART_BYTES, NULL),
			    BN_le2bn(&report[REPORT_S], PART_BYTES, NULL)) == 1 &&
	     ECDSA_do_verify(digest, sizeof(digest), sig, key) == 1;
	ECDSA_SIG_free(sig);
	EC_KEY_free(key);
	return ok;
}

bool relying_party_accepts(struct psp *psp, const uint8_t report[RELYING_REPORT_BYTES],
			   const uint8_t *nonce, size_t nonce_size, const uint8_t *manifest,
			   size_t manifest_size)
{
	static const uint8_t vmpl0[4];
	uint8_t digest[SHA512_DIGEST_LENGTH];
	SHA512_CTX sha;

	(void)SHA512_Init(&sha);
	(void)SHA512_Update(&sha, nonce, nonce_size);
	(void)SHA512_Update(&sha, manifest, manifest_size);
	(void)SHA512_Final(digest, &sha);
	return memcmp(&report[REPORT_VMPL], vmpl0, sizeof(vmpl0)) == 0 &&
	       memcmp(&report[REPORT_DATA], digest, sizeof(digest)) == 0 &&
	       memcmp(&report[REPORT_MEASUREMENT], psp_configuration(psp)->measurement.bytes,
		      PSP_LD_BYTES) == 0 &&
	       signature_ok(psp, report);
}
