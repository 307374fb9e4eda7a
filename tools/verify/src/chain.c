/* SPDX-License-Identifier: Apache-2.0 */
#include "chain.h"

#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/evp.h>
#include <openssl/nid.h>
#include <openssl/x509v3.h>
#include <time.h>

static bool is_p384(const EVP_PKEY *key)
{
	const EC_KEY *ec = EVP_PKEY_id(key) == EVP_PKEY_EC ? EVP_PKEY_get0_EC_KEY(key) : NULL;

	return ec != NULL && EC_GROUP_get_curve_name(EC_KEY_get0_group(ec)) == NID_secp384r1;
}

static const char *extension_problem(X509 *x509)
{
	const uint32_t flags = X509_get_extension_flags(x509);

	if ((flags & EXFLAG_INVALID) != 0U) {
		return "a malformed extension";
	}
	return (flags & EXFLAG_CRITICAL) != 0U ? "an unknown critical extension" : NULL;
}

const char *chain_ca_problem(const struct cert *cert)
{
	const char *problem = extension_problem(cert->x509);

	if (problem != NULL) {
		return problem;
	}
	if (X509_check_ca(cert->x509) != 1) {
		return "not a certificate authority";
	}
	if (cert->key == NULL) {
		return "no readable public key";
	}
	if (EVP_PKEY_id(cert->key) == EVP_PKEY_RSA) {
		return EVP_PKEY_bits(cert->key) == 4096 ? NULL : "the RSA key has not 4096 bits";
	}
	return is_p384(cert->key) ? NULL : "the key is neither RSA-4096 nor on P-384";
}

const char *chain_leaf_problem(const struct cert *cert)
{
	const char *problem = extension_problem(cert->x509);

	if (problem != NULL) {
		return problem;
	}
	if (X509_check_ca(cert->x509) != 0) {
		return "the leaf is a certificate authority";
	}
	return cert->key != NULL && is_p384(cert->key) ? NULL
						       : "the key of the leaf is not on P-384";
}

static bool pss_sha384(const X509_ALGOR *algorithm)
{
	const void *value = NULL;
	int type = V_ASN1_UNDEF;
	const ASN1_STRING *sequence = NULL;
	const uint8_t *p = NULL;
	RSA_PSS_PARAMS *params = NULL;
	bool sha384 = false;

	X509_ALGOR_get0(NULL, &type, &value, algorithm);
	if (type != V_ASN1_SEQUENCE) {
		return false;
	}
	sequence = value;
	p = sequence->data;
	params = d2i_RSA_PSS_PARAMS(NULL, &p, sequence->length);
	/* An absent hash means SHA-1. */
	if (params != NULL && params->hashAlgorithm != NULL) {
		sha384 = OBJ_obj2nid(params->hashAlgorithm->algorithm) == NID_sha384;
	}
	RSA_PSS_PARAMS_free(params);
	return sha384;
}

static bool signed_sha384(const X509 *x509)
{
	switch (X509_get_signature_nid(x509)) {
	case NID_sha384WithRSAEncryption:
	case NID_ecdsa_with_SHA384:
		return true;
	case NID_rsassaPss:
		return pss_sha384(X509_get0_tbs_sigalg(x509));
	default:
		return false;
	}
}

const char *chain_signature_problem(const struct cert *cert, const struct cert *issuer)
{
	if (!signed_sha384(cert->x509)) {
		return "not signed with SHA-384 (RSASSA-PSS, PKCS #1 or ECDSA)";
	}
	if (X509_check_issued(issuer->x509, cert->x509) != X509_V_OK) {
		return "names another issuer";
	}
	/* Refuses different algorithms inside and outside of the signed part. */
	if (issuer->key == NULL || X509_verify(cert->x509, issuer->key) != 1) {
		return "wrong signature";
	}
	return NULL;
}

const char *chain_validity_problem(const struct cert *cert, int64_t at)
{
	time_t when = (time_t)at;
	const int before = X509_cmp_time(X509_get0_notBefore(cert->x509), &when);
	const int after = X509_cmp_time(X509_get0_notAfter(cert->x509), &when);

	if (before == 0 || after == 0) {
		return "malformed validity";
	}
	if (before > 0) {
		return "not valid yet";
	}
	return after < 0 ? "expired" : NULL;
}
