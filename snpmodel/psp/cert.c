/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/asn1.h>
#include <openssl/bytestring.h>
#include <openssl/digest.h>
#include <openssl/evp.h>
#include <openssl/mem.h>
#include <openssl/nid.h>
#include <openssl/obj.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "psp_priv.h"

/*
 * Certificates as AMD's key distribution service hands them out (57230): verifiers check the names,
 * their order, the signature algorithm and the extensions, whose values are built here as raw DER.
 */

#define OID_STRUCT_VERSION "1.3.6.1.4.1.3704.1.1"
#define OID_PRODUCT_NAME "1.3.6.1.4.1.3704.1.2"
#define OID_SPL "1.3.6.1.4.1.3704.1.3."
#define OID_HWID "1.3.6.1.4.1.3704.1.4"
#define CRL_URI "https://kdsintf.amd.com/vcek/v1/" PSP_PRODUCT "/crl"

#define DER_INTEGER 0x02U
#define DER_OCTET_STRING 0x04U
#define DER_IA5STRING 0x16U

static bool add_entry(X509_NAME *name, int nid, int type, const char *value)
{
	return X509_NAME_add_entry_by_NID(name, nid, type, (const uint8_t *)value,
					  (int)strlen(value), -1, 0) == 1;
}

static X509_NAME *make_name(const char *common)
{
	X509_NAME *name = X509_NAME_new();

	if (name != NULL &&
	    add_entry(name, NID_organizationalUnitName, V_ASN1_UTF8STRING, "Engineering") &&
	    add_entry(name, NID_countryName, V_ASN1_PRINTABLESTRING, "US") &&
	    add_entry(name, NID_localityName, V_ASN1_UTF8STRING, "Santa Clara") &&
	    add_entry(name, NID_stateOrProvinceName, V_ASN1_UTF8STRING, "CA") &&
	    add_entry(name, NID_organizationName, V_ASN1_UTF8STRING, "Advanced Micro Devices") &&
	    add_entry(name, NID_commonName, V_ASN1_UTF8STRING, common)) {
		return name;
	}
	X509_NAME_free(name);
	return NULL;
}

static bool set_names(X509 *cert, const struct psp_cert_spec *spec)
{
	X509_NAME *subject = make_name(spec->subject), *issuer = make_name(spec->issuer);
	bool ok = subject != NULL && issuer != NULL && X509_set_subject_name(cert, subject) == 1 &&
		  X509_set_issuer_name(cert, issuer) == 1;

	X509_NAME_free(subject);
	X509_NAME_free(issuer);
	return ok;
}

/* @oid: dotted form. @value: DER of the extension's value. */
static bool add_extension(X509 *cert, const char *oid, bool critical, const uint8_t *value,
			  size_t len)
{
	ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
	ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
	X509_EXTENSION *extension = NULL;
	bool ok = object != NULL && octets != NULL &&
		  ASN1_OCTET_STRING_set(octets, value, (int)len) == 1;

	if (ok) {
		extension = X509_EXTENSION_create_by_OBJ(NULL, object, critical ? 1 : 0, octets);
		ok = extension != NULL && X509_add_ext(cert, extension, -1) == 1;
	}
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(octets);
	ASN1_OBJECT_free(object);
	return ok;
}

static bool add_primitive(X509 *cert, const char *oid, uint8_t tag, const void *value, size_t len)
{
	uint8_t der[2U + 64U] = { tag, (uint8_t)len };

	memcpy(der + 2, value, len);
	return add_extension(cert, oid, false, der, len + 2U);
}

static bool add_integer(X509 *cert, const char *oid, uint8_t value)
{
	return add_primitive(cert, oid, DER_INTEGER, &value, 1);
}

/* In the order of AMD's certificates. All levels are below 128: one octet each. */
static bool add_vcek_extensions(X509 *cert, const uint8_t *chip_id)
{
	return add_integer(cert, OID_STRUCT_VERSION, 0) &&
	       add_primitive(cert, OID_PRODUCT_NAME, DER_IA5STRING, PSP_PRODUCT_NAME,
			     strlen(PSP_PRODUCT_NAME)) &&
	       add_integer(cert, OID_SPL "1", PSP_TCB_BOOTLOADER) &&
	       add_integer(cert, OID_SPL "2", PSP_TCB_TEE) && add_integer(cert, OID_SPL "4", 0) &&
	       add_integer(cert, OID_SPL "5", 0) && add_integer(cert, OID_SPL "6", 0) &&
	       add_integer(cert, OID_SPL "7", 0) && add_integer(cert, OID_SPL "3", PSP_TCB_SNP) &&
	       add_integer(cert, OID_SPL "8", PSP_TCB_MICROCODE) &&
	       /* bare octets: AMD's HWID has no type and length of its own */
	       add_extension(cert, OID_HWID, false, chip_id, PSP_CHIP_ID_BYTES);
}

/* SHA-1 of the public key's bits (RFC 5280 section 4.2.1.2), from its SubjectPublicKeyInfo. */
static bool key_id(EVP_PKEY *key, uint8_t id[SHA_DIGEST_LENGTH])
{
	X509_PUBKEY *pub = NULL;
	const uint8_t *bits;
	int len;
	bool ok = X509_PUBKEY_set(&pub, key) == 1 &&
		  X509_PUBKEY_get0_param(NULL, &bits, &len, NULL, pub) == 1;

	if (ok) {
		(void)SHA1(bits, (size_t)len, id);
	}
	X509_PUBKEY_free(pub);
	return ok;
}

static bool add_key_ids(X509 *cert, const struct psp_cert_spec *spec)
{
	uint8_t subject[2U + SHA_DIGEST_LENGTH] = { DER_OCTET_STRING, SHA_DIGEST_LENGTH };
	uint8_t authority[4U + SHA_DIGEST_LENGTH] = { 0x30, 2U + SHA_DIGEST_LENGTH, 0x80,
						      SHA_DIGEST_LENGTH };

	if (!key_id(spec->key, subject + 2) || !key_id(spec->signer, authority + 4) ||
	    !add_extension(cert, "2.5.29.14", false, subject, sizeof(subject))) {
		return false;
	}
	return spec->root || add_extension(cert, "2.5.29.35", false, authority, sizeof(authority));
}

static bool add_crl(X509 *cert)
{
	uint8_t der[10U + sizeof(CRL_URI) - 1U];
	size_t len = sizeof(CRL_URI) - 1U;
	static const uint8_t tags[5] = { 0x30, 0x30, 0xa0, 0xa0, 0x86 };

	for (size_t i = 0; i < sizeof(tags); i++) {
		der[2U * i] = tags[i];
		der[2U * i + 1U] = (uint8_t)(len + 2U * (sizeof(tags) - 1U - i));
	}
	memcpy(der + 10, CRL_URI, len);
	return add_extension(cert, "2.5.29.31", false, der, sizeof(der));
}

static bool add_authority_extensions(X509 *cert, const struct psp_cert_spec *spec)
{
	static const uint8_t root_usage[] = { 0x03, 0x02, 0x01, 0x06 };
	static const uint8_t usage[] = { 0x03, 0x02, 0x02, 0x04 };
	static const uint8_t root_ca[] = { 0x30, 0x03, 0x01, 0x01, 0xff };
	static const uint8_t ca[] = { 0x30, 0x06, 0x01, 0x01, 0xff, 0x02, 0x01, 0x00 };

	return add_extension(cert, "2.5.29.15", true, spec->root ? root_usage : usage,
			     sizeof(usage)) &&
	       add_key_ids(cert, spec) &&
	       add_extension(cert, "2.5.29.19", true, spec->root ? root_ca : ca,
			     spec->root ? sizeof(root_ca) : sizeof(ca)) &&
	       add_crl(cert);
}

static bool fill(X509 *cert, const struct psp_cert_spec *spec)
{
	if (X509_set_version(cert, X509_VERSION_3) != 1 ||
	    ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), spec->serial) != 1 ||
	    X509_time_adj_ex(X509_getm_notBefore(cert), -1, 0, NULL) == NULL ||
	    X509_time_adj_ex(X509_getm_notAfter(cert), (int)(spec->years * 365U), 0, NULL) ==
		    NULL ||
	    X509_set_pubkey(cert, spec->key) != 1 || !set_names(cert, spec)) {
		return false;
	}
	return spec->authority ? add_authority_extensions(cert, spec)
			       : add_vcek_extensions(cert, spec->chip_id);
}

static bool sign(X509 *cert, EVP_PKEY *signer)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *rsa;
	/* salt length -1: that of the digest */
	bool ok = ctx != NULL && EVP_DigestSignInit(ctx, &rsa, EVP_sha384(), NULL, signer) == 1 &&
		  EVP_PKEY_CTX_set_rsa_padding(rsa, RSA_PKCS1_PSS_PADDING) == 1 &&
		  EVP_PKEY_CTX_set_rsa_pss_saltlen(rsa, -1) == 1 &&
		  EVP_PKEY_CTX_set_rsa_mgf1_md(rsa, EVP_sha384()) == 1 &&
		  X509_sign_ctx(cert, ctx) > 0;

	EVP_MD_CTX_free(ctx);
	return ok;
}

bool psp_cert_make(const struct psp_cert_spec *spec, uint8_t **der, size_t *len)
{
	X509 *cert = X509_new();
	int bytes = -1;

	*der = NULL;
	if (cert != NULL && fill(cert, spec) && sign(cert, spec->signer)) {
		bytes = i2d_X509(cert, der);
	}
	X509_free(cert);
	*len = bytes > 0 ? (size_t)bytes : 0U;
	return bytes > 0;
}
