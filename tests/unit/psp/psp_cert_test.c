/* SPDX-License-Identifier: Apache-2.0 */
#include "psp_guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/ec_key.h>
#include <openssl/evp.h>
#include <openssl/mem.h>
#include <openssl/nid.h>
#include <openssl/obj.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

static X509 *parse(const struct psp *psp, enum psp_cert which)
{
	size_t len;
	const uint8_t *der = psp_cert_der(psp, which, &len), *end = der;
	X509 *cert;

	assert_non_null(der);
	cert = d2i_X509(NULL, &end, (long)len);
	assert_non_null(cert);
	assert_ptr_equal(end, der + len);
	return cert;
}

static void assert_name(const X509_NAME *name, const char *common)
{
	char *text = X509_NAME_oneline(name, NULL, 0);
	char expected[128];

	assert_non_null(text);
	(void)snprintf(expected, sizeof(expected),
		       "/OU=Engineering/C=US/L=Santa Clara/ST=CA/O=Advanced Micro Devices/CN=%s",
		       common);
	assert_string_equal(text, expected);
	OPENSSL_free(text);
}

/* Names, version, signature algorithm and keys that AMD's chain has (57230). */
static void test_shape(void **state)
{
	static const struct {
		enum psp_cert cert;
		const char *subject, *issuer;
		int key, bits;
	} shapes[] = {
		{ PSP_CERT_ARK, "ARK-Genoa", "ARK-Genoa", EVP_PKEY_RSA, 4096 },
		{ PSP_CERT_ASK, "SEV-Genoa", "ARK-Genoa", EVP_PKEY_RSA, 4096 },
		{ PSP_CERT_VCEK, "SEV-VCEK", "SEV-Genoa", EVP_PKEY_EC, 384 },
	};
	struct psp *psp = guest_psp();

	(void)state;
	for (size_t i = 0; i < PSP_CERT_NR; i++) {
		X509 *cert = parse(psp, shapes[i].cert);
		EVP_PKEY *key = X509_get_pubkey(cert);

		assert_int_equal(X509_get_version(cert), X509_VERSION_3);
		assert_int_equal(X509_get_signature_nid(cert), NID_rsassaPss);
		assert_name(X509_get_subject_name(cert), shapes[i].subject);
		assert_name(X509_get_issuer_name(cert), shapes[i].issuer);
		assert_non_null(key);
		assert_int_equal(EVP_PKEY_id(key), shapes[i].key);
		assert_int_equal(EVP_PKEY_bits(key), shapes[i].bits);
		EVP_PKEY_free(key);
		X509_free(cert);
	}
	psp_destroy(psp);
}

static int verify(X509 *leaf, X509 *middle, X509 *root)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *chain = sk_X509_new_null();
	int result;

	assert_non_null(store);
	assert_non_null(ctx);
	assert_non_null(chain);
	assert_int_equal(X509_STORE_add_cert(store, root), 1);
	assert_int_not_equal(sk_X509_push(chain, middle), 0);
	assert_int_equal(X509_STORE_CTX_init(ctx, store, leaf, chain), 1);
	X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_X509_STRICT);
	result = X509_verify_cert(ctx) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(ctx);
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	sk_X509_free(chain);
	return result;
}

static void test_chain_verifies(void **state)
{
	struct psp *psp = guest_psp();
	X509 *ark = parse(psp, PSP_CERT_ARK), *ask = parse(psp, PSP_CERT_ASK);
	X509 *vcek = parse(psp, PSP_CERT_VCEK);

	(void)state;
	assert_int_equal(verify(vcek, ask, ark), X509_V_OK);
	assert_int_equal(verify(ask, ask, ark), X509_V_OK);
	/* the ASK is no root */
	assert_int_not_equal(verify(vcek, ark, ask), X509_V_OK);
	X509_free(vcek);
	X509_free(ask);
	X509_free(ark);
	psp_destroy(psp);
}

/* Value of the extension @oid. */
static const ASN1_OCTET_STRING *extension(const X509 *cert, const char *oid)
{
	ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
	int index = X509_get_ext_by_OBJ(cert, object, -1);

	ASN1_OBJECT_free(object);
	assert_true(index >= 0);
	return X509_EXTENSION_get_data(X509_get_ext(cert, index));
}

static void assert_spl(const X509 *cert, const char *oid, uint8_t value)
{
	const ASN1_OCTET_STRING *octets = extension(cert, oid);
	const uint8_t *der = ASN1_STRING_get0_data(octets);

	assert_int_equal(ASN1_STRING_length(octets), 3);
	assert_int_equal(der[0], V_ASN1_INTEGER);
	assert_int_equal(der[1], 1);
	assert_int_equal(der[2], value);
}

/* 57230: security patch levels and HWID are those of the report; no other extension is there. */
static void test_vcek_extensions(void **state)
{
	struct psp *psp = guest_psp();
	struct guest_message message = {
		.type = GUEST_REPORT_REQ, .version = 1, .vmpck = 0, .size = 0x60
	};
	static const uint8_t payload[0x60];
	uint8_t reply[PSP_MESSAGE_BYTES], *report = reply + GUEST_HEADER + 0x20;
	X509 *cert = parse(psp, PSP_CERT_VCEK);
	const ASN1_OCTET_STRING *octets;

	(void)state;
	(void)guest_exchange(psp, &message, payload, reply);
	assert_int_equal(X509_get_ext_count(cert), 11);
	assert_spl(cert, "1.3.6.1.4.1.3704.1.1", 0);
	assert_spl(cert, "1.3.6.1.4.1.3704.1.3.1", report[0x180]);
	assert_spl(cert, "1.3.6.1.4.1.3704.1.3.2", report[0x181]);
	assert_spl(cert, "1.3.6.1.4.1.3704.1.3.4", report[0x182]);
	assert_spl(cert, "1.3.6.1.4.1.3704.1.3.5", report[0x183]);
	assert_spl(cert, "1.3.6.1.4.1.3704.1.3.6", report[0x184]);
	assert_spl(cert, "1.3.6.1.4.1.3704.1.3.7", report[0x185]);
	assert_spl(cert, "1.3.6.1.4.1.3704.1.3.3", report[0x186]);
	assert_spl(cert, "1.3.6.1.4.1.3704.1.3.8", report[0x187]);
	octets = extension(cert, "1.3.6.1.4.1.3704.1.2");
	assert_memory_equal(ASN1_STRING_get0_data(octets), "\x16\x08Genoa-B1", 10);
	octets = extension(cert, "1.3.6.1.4.1.3704.1.4");
	assert_int_equal(ASN1_STRING_length(octets), 64);
	assert_memory_equal(ASN1_STRING_get0_data(octets), report + 0x1a0, 64);
	X509_free(cert);
	psp_destroy(psp);
}

/* One ARK and ASK per process, one VCEK per platform, whose certificate does not change. */
static void test_shared_roots(void **state)
{
	struct psp *a = guest_psp(), *b = guest_psp();
	size_t len, other;
	const uint8_t *der = psp_cert_der(a, PSP_CERT_VCEK, &len);

	(void)state;
	assert_ptr_equal(psp_cert_der(a, PSP_CERT_VCEK, &other), der);
	assert_int_equal(len, other);
	assert_ptr_equal(psp_cert_der(a, PSP_CERT_ARK, &len), psp_cert_der(b, PSP_CERT_ARK, &len));
	assert_ptr_equal(psp_cert_der(a, PSP_CERT_ASK, &len), psp_cert_der(b, PSP_CERT_ASK, &len));
	assert_ptr_not_equal(psp_cert_der(b, PSP_CERT_VCEK, &len), der);
	psp_destroy(b);
	psp_destroy(a);
}

/* rmp-semantics 12.7: GUIDs in text order, offsets and lengths, a zero entry, the DER bytes. */
static void test_table(void **state)
{
	static const char *const guids[] = {
		"\x63\xda\x75\x8d\xe6\x64\x45\x64\xad\xc5\xf4\xb9\x3b\xe8\xac\xcd",
		"\x4a\xb7\xb3\x79\xbb\xac\x4f\xe4\xa0\x2f\x05\xae\xf3\x27\xc7\x82",
		"\xc0\xb4\x06\xa4\xa8\x03\x49\x52\x97\x43\x3f\xb6\x01\x4c\xd0\xae",
	};
	static const enum psp_cert certs[] = { PSP_CERT_VCEK, PSP_CERT_ASK, PSP_CERT_ARK };
	static const uint8_t end[24];
	struct psp *psp = guest_psp();
	size_t need = psp_cert_table(psp, NULL, 0), at = 96;
	uint8_t *table = calloc(1, need);

	(void)state;
	assert_non_null(table);
	assert_int_equal(psp_cert_table(psp, table, need - 1U), need);
	assert_memory_equal(table, end, sizeof(end));
	assert_int_equal(psp_cert_table(psp, table, need), need);
	for (size_t i = 0; i < PSP_CERT_NR; i++) {
		size_t len;
		const uint8_t *der = psp_cert_der(psp, certs[i], &len), *entry = table + 24U * i;

		assert_memory_equal(entry, guids[i], 16);
		assert_int_equal(guest_get(entry + 16, 4), at);
		assert_int_equal(guest_get(entry + 20, 4), len);
		assert_memory_equal(table + at, der, len);
		at += len;
	}
	assert_memory_equal(table + 72, end, sizeof(end));
	assert_int_equal(at, need);
	free(table);
	psp_destroy(psp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shape),		cmocka_unit_test(test_chain_verifies),
		cmocka_unit_test(test_vcek_extensions), cmocka_unit_test(test_shared_roots),
		cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
