/* SPDX-License-Identifier: Apache-2.0 */
#include "sample_certs.h"

#include <openssl/bn.h>
#include <openssl/ec_key.h>
#include <openssl/mem.h>
#include <openssl/nid.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

const uint8_t sample_chip_id[64] = { 0x5a, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07,
				     0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0xff };

/* Level of 1.3.6.1.4.1.3704.1.3.n: n + 2, but 0 for the reserved ones, and 213 for microcode. */
static unsigned int spl_level(unsigned int spl)
{
	if (spl == 8U) {
		return 213U;
	}
	return spl >= 4U && spl <= 7U ? 0U : spl + 2U;
}

uint64_t sample_tcb(bool turin)
{
	return turin ? UINT64_C(0xd50000000504030b) : UINT64_C(0xd505000000000403);
}

void sample_check(bool ok, const char *what)
{
	if (!ok) {
		(void)fprintf(stderr, "sample: %s\n", what);
		abort();
	}
}

static EVP_PKEY *ec_key(int curve)
{
	EVP_PKEY *key = EVP_PKEY_new();
	EC_KEY *ec = EC_KEY_new_by_curve_name(curve);

	SAMPLE_CHECK(key != NULL && ec != NULL && EC_KEY_generate_key(ec) == 1 &&
		     EVP_PKEY_assign_EC_KEY(key, ec) == 1);
	return key;
}

/* RSA keys take seconds: one for each size and role, kept until the program ends. */
static EVP_PKEY *rsa_key(unsigned int bits, unsigned int role)
{
	static EVP_PKEY *kept[2][2];
	EVP_PKEY **slot = &kept[bits == 4096U][role];
	BIGNUM *e = BN_new();
	RSA *rsa = RSA_new();

	SAMPLE_CHECK(e != NULL && rsa != NULL);
	if (*slot == NULL) {
		*slot = EVP_PKEY_new();
		SAMPLE_CHECK(*slot != NULL && BN_set_word(e, RSA_F4) == 1 &&
			     RSA_generate_key_ex(rsa, (int)bits, e, NULL) == 1 &&
			     EVP_PKEY_set1_RSA(*slot, rsa) == 1);
	}
	RSA_free(rsa);
	BN_free(e);
	SAMPLE_CHECK(EVP_PKEY_up_ref(*slot) == 1);
	return *slot;
}

static EVP_PKEY *ca_key(const struct sample_config *config, unsigned int role)
{
	return config->ca == SAMPLE_EC
		       ? ec_key(NID_secp384r1)
		       : rsa_key(config->rsa_bits == 0U ? 4096U : config->rsa_bits, role);
}

static void add_extension(X509 *x509, const char *oid, bool critical, const uint8_t *value,
			  size_t len)
{
	ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
	ASN1_OCTET_STRING *data = ASN1_OCTET_STRING_new();
	X509_EXTENSION *extension = NULL;

	SAMPLE_CHECK(object != NULL && data != NULL &&
		     ASN1_OCTET_STRING_set(data, value, (int)len) == 1);
	extension = X509_EXTENSION_create_by_OBJ(NULL, object, critical ? 1 : 0, data);
	SAMPLE_CHECK(extension != NULL && X509_add_ext(x509, extension, -1) == 1);
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(data);
	ASN1_OBJECT_free(object);
}

static void add_authority(X509 *x509)
{
	static const uint8_t basic[] = { 0x30, 0x03, 0x01, 0x01, 0xff };
	static const uint8_t usage[] = { 0x03, 0x02, 0x02, 0x04 }; /* keyCertSign */

	add_extension(x509, "2.5.29.19", true, basic, sizeof(basic));
	add_extension(x509, "2.5.29.15", true, usage, sizeof(usage));
}

static void add_spl(X509 *x509, unsigned int spl)
{
	const unsigned int level = spl_level(spl);
	const uint8_t wide[] = { 0x02, 0x02, 0x00, (uint8_t)level };
	const uint8_t narrow[] = { 0x02, 0x01, (uint8_t)level };
	char oid[40];

	(void)snprintf(oid, sizeof(oid), "1.3.6.1.4.1.3704.1.3.%u", spl);
	add_extension(x509, oid, false, level > 127U ? wide : narrow,
		      level > 127U ? sizeof(wide) : sizeof(narrow));
}

static void add_chip_id(const struct sample_config *config, X509 *x509)
{
	const uint8_t len = config->turin ? 8U : 64U;
	uint8_t wrapped[66] = { 0x04, len };

	memcpy(wrapped + 2, sample_chip_id, len);
	add_extension(x509, "1.3.6.1.4.1.3704.1.4", false,
		      config->chip_id_wrapped ? wrapped : sample_chip_id,
		      config->chip_id_wrapped ? len + 2U : len);
}

static void add_leaf_extensions(const struct sample_config *config, X509 *x509)
{
	static const uint8_t version[] = { 0x02, 0x01, 0x01 };
	static const uint8_t product[] = { 0x16, 6, 'S', 'a', 'm', 'p', 'l', 'e' };
	static const uint8_t provider[] = { 0x16, 4, 'T', 'e', 's', 't' };
	static const uint8_t null[] = { 0x05, 0x00 };

	add_extension(x509, "1.3.6.1.4.1.3704.1.1", false, version, sizeof(version));
	add_extension(x509, "1.3.6.1.4.1.3704.1.2", false, product, sizeof(product));
	for (unsigned int spl = 1; spl <= (config->turin ? 9U : 8U); spl++) {
		if (spl != config->without_spl) {
			add_spl(x509, spl);
		}
		if (spl == config->double_spl) {
			add_spl(x509, spl);
		}
	}
	if (config->vlek) {
		add_extension(x509, "1.3.6.1.4.1.3704.1.5", false, provider, sizeof(provider));
	} else if (!config->no_chip_id) {
		add_chip_id(config, x509);
	}
	if (config->critical) {
		add_extension(x509, "1.3.6.1.4.1.3704.9", true, null, sizeof(null));
	}
}

static void set_name(X509_NAME *name, const char *text)
{
	SAMPLE_CHECK(X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
						(const uint8_t *)text, -1, -1, 0) == 1);
}

static X509 *new_cert(const char *subject, const char *issuer, EVP_PKEY *key)
{
	X509 *x509 = X509_new();

	SAMPLE_CHECK(x509 != NULL && X509_set_version(x509, X509_VERSION_3) == 1 &&
		     ASN1_INTEGER_set(X509_get_serialNumber(x509), 7) == 1 &&
		     ASN1_TIME_set(X509_getm_notBefore(x509),
				   (time_t)(SAMPLE_NOW - SAMPLE_VALID_SECONDS)) != NULL &&
		     ASN1_TIME_set(X509_getm_notAfter(x509),
				   (time_t)(SAMPLE_NOW + SAMPLE_VALID_SECONDS)) != NULL &&
		     X509_set_pubkey(x509, key) == 1);
	set_name(X509_get_subject_name(x509), subject);
	set_name(X509_get_issuer_name(x509), issuer);
	return x509;
}

/* Sign, and give the DER away. */
static struct verify_span seal(const struct sample_config *config, X509 *x509, EVP_PKEY *key)
{
	const EVP_MD *digest = config->digest == NULL ? EVP_sha384() : config->digest;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *options = NULL;
	uint8_t *der = NULL;
	int len = 0;

	SAMPLE_CHECK(context != NULL &&
		     EVP_DigestSignInit(context, &options, digest, NULL, key) == 1);
	if (config->ca == SAMPLE_RSA_PSS) {
		SAMPLE_CHECK(EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1 &&
			     EVP_PKEY_CTX_set_rsa_pss_saltlen(options, -1) == 1);
	}
	SAMPLE_CHECK(X509_sign_ctx(x509, context) > 0);
	EVP_MD_CTX_free(context);
	len = i2d_X509(x509, &der);
	SAMPLE_CHECK(len > 0);
	X509_free(x509);
	return (struct verify_span){ der, (size_t)len };
}

void sample_make_certs(const struct sample_config *config, struct sample *sample)
{
	EVP_PKEY *ark_key = ca_key(config, 0U);
	EVP_PKEY *ask_key = ca_key(config, 1U);
	X509 *ark = new_cert("ARK-Sample", "ARK-Sample", ark_key);
	X509 *ask = new_cert(config->ask_name == NULL ? "SEV-Sample" : config->ask_name,
			     "ARK-Sample", ask_key);
	X509 *leaf = NULL;

	sample->leaf_key = ec_key(config->leaf_curve == 0 ? NID_secp384r1 : config->leaf_curve);
	leaf = new_cert(config->leaf_name == NULL ? "SEV-VCEK" : config->leaf_name, "SEV-Sample",
			sample->leaf_key);
	add_authority(ark);
	if (!config->ask_no_ca) {
		add_authority(ask);
	}
	if (config->leaf_ca) {
		add_authority(leaf);
	}
	add_leaf_extensions(config, leaf);
	sample->certs[VERIFY_ARK] = seal(config, ark, ark_key);
	sample->certs[VERIFY_ASK] = seal(config, ask, ark_key);
	sample->certs[VERIFY_LEAF] = seal(config, leaf, ask_key);
	EVP_PKEY_free(ark_key);
	EVP_PKEY_free(ask_key);
}
