/* SPDX-License-Identifier: Apache-2.0 */
#include "psp_guest.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/ec_key.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#define REPORT_BYTES 0x4a0U
#define RSP_HEADER 0x20U

static struct guest_message report_request(unsigned int vmpck)
{
	return (struct guest_message){
		.type = GUEST_REPORT_REQ, .version = 1, .vmpck = (uint8_t)vmpck, .size = 0x60
	};
}

static struct psp_config full_config(unsigned int version)
{
	struct psp_config config = { .report_version = version,
				     .policy = UINT64_C(0x130000),
				     .guest_svn = 0x01020304,
				     .mit_vector = 0x55,
				     .seed = 11 };

	memset(config.measurement.bytes, 0xa1, PSP_LD_BYTES);
	memset(config.host_data, 0xa2, sizeof(config.host_data));
	memset(config.family_id, 0xa3, sizeof(config.family_id));
	memset(config.image_id, 0xa4, sizeof(config.image_id));
	return config;
}

static void get_report(struct psp *psp, unsigned int vmpl, uint8_t report[REPORT_BYTES])
{
	struct guest_message message = report_request(0);
	uint8_t payload[0x60] = { 0 }, reply[PSP_MESSAGE_BYTES];

	for (size_t i = 0; i < 64U; i++) {
		payload[i] = (uint8_t)(i + 1U);
	}
	guest_put(payload + 0x40, vmpl, 4);
	assert_int_equal(guest_exchange(psp, &message, payload, reply), RSP_HEADER + REPORT_BYTES);
	assert_int_equal(guest_get(reply + GUEST_HEADER, 4), PSP_OK);
	assert_int_equal(guest_get(reply + GUEST_HEADER + 4, 4), REPORT_BYTES);
	memcpy(report, reply + GUEST_HEADER + RSP_HEADER, REPORT_BYTES);
}

static void assert_filled(const uint8_t *at, uint8_t value, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		assert_int_equal(at[i], value);
	}
}

static void check_guest_fields(const uint8_t *report, unsigned int version)
{
	assert_int_equal(guest_get(report, 4), version);
	assert_int_equal(guest_get(report + 0x04, 4), 0x01020304);
	assert_int_equal(guest_get(report + 0x08, 8), UINT64_C(0x130000));
	assert_filled(report + 0x10, 0xa3, 16);
	assert_filled(report + 0x20, 0xa4, 16);
	assert_int_equal(guest_get(report + 0x30, 4), 3);
	assert_int_equal(guest_get(report + 0x34, 4), 1);
	assert_int_equal(guest_get(report + 0x48, 4), 0);
	for (size_t i = 0; i < 64U; i++) {
		assert_int_equal(report[0x50U + i], i + 1U);
	}
	assert_filled(report + 0x90, 0xa1, 48);
	assert_filled(report + 0xc0, 0xa2, 32);
	assert_filled(report + 0xe0, 0, 96);
	assert_filled(report + 0x160, 0xff, 32);
}

static void check_platform_fields(const uint8_t *report, unsigned int version)
{
	uint64_t tcb = guest_get(report + 0x38, 8);
	bool v3 = version >= 3U, v5 = version >= 5U;

	assert_int_not_equal(tcb, 0);
	assert_int_equal(guest_get(report + 0x180, 8), tcb);
	assert_int_equal(guest_get(report + 0x1e0, 8), tcb);
	assert_int_equal(guest_get(report + 0x1f0, 8), tcb);
	assert_int_equal(report[0x188], v3 ? 0x19 : 0);
	assert_int_equal(report[0x189], v3 ? 0x11 : 0);
	assert_int_equal(report[0x18a], v3 ? 1 : 0);
	assert_filled(report + 0x18b, 0, 21);
	assert_int_equal(guest_get(report + 0x1e8, 4), guest_get(report + 0x1ec, 4));
	assert_int_equal(guest_get(report + 0x1f8, 8), v5 ? 0x55 : 0);
	assert_int_equal(guest_get(report + 0x200, 8), v5 ? 0x55 : 0);
	assert_filled(report + 0x208, 0, 0x2a0 - 0x208);
	assert_filled(report + 0x330, 0, REPORT_BYTES - 0x330);
}

/* rmp-semantics 11: layout of versions 2, 3 and 5. */
static void test_layout(void **state)
{
	static const unsigned int versions[] = { 2, 3, 5 };
	uint8_t report[REPORT_BYTES];

	(void)state;
	for (size_t i = 0; i < 3U; i++) {
		struct psp_config config = full_config(versions[i]);
		struct psp *psp = psp_create(&config);

		assert_non_null(psp);
		get_report(psp, 3, report);
		check_guest_fields(report, versions[i]);
		check_platform_fields(report, versions[i]);
		psp_destroy(psp);
	}
}

/* Reproducible from the seed but for the signature; the default version is 5. */
static void test_ids(void **state)
{
	uint8_t first[REPORT_BYTES], second[REPORT_BYTES], other[REPORT_BYTES];
	struct psp *a = guest_psp(), *b = guest_psp();
	struct psp *c = psp_create(&(struct psp_config){ .seed = 8 });

	(void)state;
	assert_non_null(c);
	get_report(a, 0, first);
	get_report(b, 0, second);
	get_report(c, 0, other);
	assert_memory_equal(first, second, 0x2a0);
	assert_memory_not_equal(first + 0x140, other + 0x140, 32);
	assert_memory_not_equal(first + 0x1a0, other + 0x1a0, 64);
	assert_int_equal(guest_get(first, 4), 5);
	assert_int_equal(guest_get(first + 8, 8), PSP_POLICY_DEFAULT);
	psp_destroy(c);
	psp_destroy(b);
	psp_destroy(a);
}

static EC_KEY *vcek_of(const struct psp *psp)
{
	size_t len;
	const uint8_t *der = psp_cert_der(psp, PSP_CERT_VCEK, &len);
	X509 *cert;
	EVP_PKEY *key;
	EC_KEY *ec;

	assert_non_null(der);
	cert = d2i_X509(NULL, &der, (long)len);
	assert_non_null(cert);
	key = X509_get_pubkey(cert);
	assert_non_null(key);
	ec = EVP_PKEY_get1_EC_KEY(key);
	assert_non_null(ec);
	EVP_PKEY_free(key);
	X509_free(cert);
	return ec;
}

static bool verifies(const EC_KEY *key, const uint8_t *report)
{
	uint8_t digest[SHA384_DIGEST_LENGTH];
	ECDSA_SIG *signature = ECDSA_SIG_new();
	BIGNUM *r = BN_le2bn(report + 0x2a0, 72, NULL), *s = BN_le2bn(report + 0x2e8, 72, NULL);
	bool ok;

	assert_non_null(signature);
	assert_int_equal(ECDSA_SIG_set0(signature, r, s), 1);
	(void)SHA384(report, 0x2a0, digest);
	ok = ECDSA_do_verify(digest, sizeof(digest), signature, key) == 1;
	ECDSA_SIG_free(signature);
	return ok;
}

/* rmp-semantics 11: P-384 over SHA-384 of [0, 0x2a0), R and S little-endian in 72 bytes each. */
static void test_signature(void **state)
{
	struct psp *psp = guest_psp(), *other = guest_psp();
	EC_KEY *key = vcek_of(psp), *wrong = vcek_of(other);
	uint8_t report[REPORT_BYTES];

	(void)state;
	get_report(psp, 1, report);
	assert_true(verifies(key, report));
	assert_false(verifies(wrong, report));
	for (size_t i = 0; i < 0x2a0U; i += 0x55U) {
		report[i] ^= 1U;
		assert_false(verifies(key, report));
		report[i] ^= 1U;
	}
	EC_KEY_free(wrong);
	EC_KEY_free(key);
	psp_destroy(other);
	psp_destroy(psp);
}

static void expect_status(struct psp *psp, unsigned int vmpck, const uint8_t *payload,
			  uint32_t status)
{
	struct guest_message message = report_request(vmpck);
	uint8_t reply[PSP_MESSAGE_BYTES];
	size_t size = guest_exchange(psp, &message, payload, reply);

	assert_int_equal(guest_get(reply + GUEST_HEADER, 4), status);
	assert_int_equal(size, RSP_HEADER + (status == PSP_OK ? REPORT_BYTES : 0U));
	assert_int_equal(guest_get(reply + GUEST_HEADER + 4, 4),
			 status == PSP_OK ? REPORT_BYTES : 0U);
}

/* rmp-semantics 12.3: VMPCKn speaks for VMPL n and above, of 4. */
static void test_vmpl_rule(void **state)
{
	static const uint32_t vmpls[] = { 0, 1, 2, 3, 4, 0x100, UINT32_MAX };
	struct psp *psp = guest_psp();

	(void)state;
	for (unsigned int vmpck = 0; vmpck < PSP_NR_VMPLS; vmpck++) {
		for (size_t i = 0; i < sizeof(vmpls) / sizeof(vmpls[0]); i++) {
			uint8_t payload[0x60] = { 0 };
			bool allowed = vmpls[i] >= vmpck && vmpls[i] <= 3U;

			guest_put(payload + 0x40, vmpls[i], 4);
			expect_status(psp, vmpck, payload, allowed ? PSP_OK : PSP_INVALID_PARAM);
		}
	}
	psp_destroy(psp);
}

/* rmp-semantics 12.4: key selection and reserved bytes. */
static void test_payload_rules(void **state)
{
	static const uint32_t by_key[] = { PSP_OK, PSP_OK, PSP_INVALID_KEY, PSP_INVALID_PARAM };
	struct psp *psp = guest_psp();

	(void)state;
	for (uint32_t key = 0; key < 4U; key++) {
		uint8_t payload[0x60] = { 0 };

		guest_put(payload + 0x44, key, 4);
		expect_status(psp, 0, payload, by_key[key]);
	}
	for (size_t i = 0x45; i < 0x60U; i++) {
		uint8_t payload[0x60] = { 0 };

		payload[i] = 1;
		expect_status(psp, 0, payload, PSP_INVALID_PARAM);
	}
	psp_destroy(psp);
}

/* 56860 table of the guest policy: bit 17 is one, unknown bits are zero, the ABI is not newer. */
static void test_config_refused(void **state)
{
	static const uint64_t policies[] = { UINT64_C(0x10000), UINT64_C(0x4020000),
					     UINT64_C(0x20200), UINT64_C(0x201ff),
					     UINT64_C(0x8000000000020000) };
	static const unsigned int versions[] = { 1, 4, 6 };

	(void)state;
	for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
		assert_null(psp_create(&(struct psp_config){ .policy = policies[i] }));
	}
	for (size_t i = 0; i < 3U; i++) {
		assert_null(psp_create(&(struct psp_config){ .report_version = versions[i] }));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout),	      cmocka_unit_test(test_ids),
		cmocka_unit_test(test_signature),     cmocka_unit_test(test_vmpl_rule),
		cmocka_unit_test(test_payload_rules), cmocka_unit_test(test_config_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
