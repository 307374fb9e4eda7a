/* SPDX-License-Identifier: Apache-2.0 */
#include "certs.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/digest.h>
#include <openssl/evp.h>
#include <openssl/mem.h>
#include <openssl/obj.h>
#include <openssl/pem.h>
#include <string.h>

#include "bytes.h"

static bool load_der(const uint8_t *der, size_t len, struct cert *cert)
{
	const uint8_t *end = der;

	if (len > VERIFY_MAX_CERT_BYTES) {
		return false;
	}
	cert->x509 = d2i_X509(NULL, &end, (long)len);
	if (cert->x509 == NULL) {
		return false;
	}
	/* Bytes after a certificate are signed by nobody. */
	if (end == der + len) {
		cert->der = OPENSSL_memdup(der, len);
		cert->len = len;
	}
	if (cert->der == NULL) {
		cert_free(cert);
		return false;
	}
	cert->key = X509_get_pubkey(cert->x509);
	return true;
}

static bool load_pem(struct verify_span bytes, struct cert *cert)
{
	BIO *bio = NULL;
	char *name = NULL;
	char *header = NULL;
	uint8_t *der = NULL;
	long len = 0;
	bool loaded = false;

	if (bytes.len > VERIFY_MAX_CERT_BYTES) {
		return false;
	}
	bio = BIO_new_mem_buf(bytes.data, (int)bytes.len);
	if (bio != NULL && PEM_read_bio(bio, &name, &header, &der, &len) == 1) {
		loaded = strcmp(name, PEM_STRING_X509) == 0 && load_der(der, (size_t)len, cert);
	}
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(der);
	BIO_free(bio);
	return loaded;
}

bool cert_load(struct verify_span bytes, struct cert *cert)
{
	*cert = (struct cert){ 0 };
	if (bytes.data == NULL || bytes.len == 0U) {
		return false;
	}
	/* 0x30: the SEQUENCE that a certificate is. */
	return bytes.data[0] == 0x30U ? load_der(bytes.data, bytes.len, cert)
				      : load_pem(bytes, cert);
}

void cert_free(struct cert *cert)
{
	EVP_PKEY_free(cert->key);
	X509_free(cert->x509);
	OPENSSL_free(cert->der);
	*cert = (struct cert){ 0 };
}

bool cert_same(const struct cert *a, const struct cert *b)
{
	return a->x509 != NULL && b->x509 != NULL && a->len == b->len &&
	       memcmp(a->der, b->der, a->len) == 0;
}

static void describe_time(const ASN1_TIME *time, char *out, size_t size)
{
	BIO *bio = BIO_new(BIO_s_mem());
	const uint8_t *text = NULL;
	size_t len = 0;

	(void)snprintf(out, size, "malformed");
	if (bio != NULL && ASN1_TIME_print(bio, time) == 1 &&
	    BIO_mem_contents(bio, &text, &len) == 1) {
		len = len < size - 1U ? len : size - 1U;
		memcpy(out, text, len);
		out[len] = '\0';
	}
	BIO_free(bio);
}

static void describe_key(const EVP_PKEY *key, char *out, size_t size)
{
	const int type = key == NULL ? EVP_PKEY_NONE : EVP_PKEY_id(key);

	if (type == EVP_PKEY_RSA || type == EVP_PKEY_EC) {
		(void)snprintf(out, size, "%s %d bits", type == EVP_PKEY_RSA ? "RSA" : "EC",
			       EVP_PKEY_bits(key));
	} else {
		(void)snprintf(out, size, "of an unknown type");
	}
}

static void describe_serial(const X509 *x509, char *out, size_t size)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(x509);

	if (serial->length <= 0) {
		(void)snprintf(out, size, "00");
	} else {
		bytes_hex(out, size, serial->data, (size_t)serial->length);
	}
}

static void describe_name(const X509_NAME *name, char *out, size_t size)
{
	*out = '\0';
	(void)X509_NAME_oneline(name, out, (int)size);
}

void cert_describe(const struct cert *cert, struct verify_cert_info *info)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	const char *algorithm = NULL;

	if (cert->x509 == NULL) {
		return;
	}
	info->parsed = true;
	describe_name(X509_get_subject_name(cert->x509), info->subject, sizeof(info->subject));
	describe_name(X509_get_issuer_name(cert->x509), info->issuer, sizeof(info->issuer));
	describe_serial(cert->x509, info->serial, sizeof(info->serial));
	describe_time(X509_get0_notBefore(cert->x509), info->not_before, sizeof(info->not_before));
	describe_time(X509_get0_notAfter(cert->x509), info->not_after, sizeof(info->not_after));
	describe_key(cert->key, info->key, sizeof(info->key));
	algorithm = OBJ_nid2sn(X509_get_signature_nid(cert->x509));
	(void)snprintf(info->algorithm, sizeof(info->algorithm), "%s",
		       algorithm == NULL ? "unknown" : algorithm);
	if (EVP_Digest(cert->der, cert->len, digest, &len, EVP_sha256(), NULL) == 1) {
		bytes_hex(info->sha256, sizeof(info->sha256), digest, len);
	}
}
