/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/digest.h>
#include <openssl/nid.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "outcome.h"

static const struct verify_expect expect;

static void config_verifies(const struct sample_config *config)
{
	struct sample *sample = sample_create(config);
	const struct verify_input input = sample_input(sample);

	expect_verified(&input, &expect);
	sample_destroy(sample);
}

static void config_fails(const struct sample_config *config, const char *check)
{
	struct sample *sample = sample_create(config);
	const struct verify_input input = sample_input(sample);

	expect_failure(&input, &expect, check);
	sample_destroy(sample);
}

/* AMD document 57230: RSA-4096, RSASSA-PSS with SHA-384. */
static void test_rsa_pss(void **state)
{
	(void)state;
	config_verifies(&(struct sample_config){ .ca = SAMPLE_RSA_PSS });
}

static void test_rsa_pkcs1(void **state)
{
	(void)state;
	config_verifies(&(struct sample_config){ .ca = SAMPLE_RSA_PKCS1 });
}

static void test_ec(void **state)
{
	(void)state;
	config_verifies(&(struct sample_config){ .ca = SAMPLE_EC });
}

static void test_weak_digest(void **state)
{
	struct sample_config config = { .digest = EVP_sha256() };

	(void)state;
	for (unsigned int ca = SAMPLE_EC; ca <= SAMPLE_RSA_PKCS1; ca++) {
		config.ca = (enum sample_ca)ca;
		config_fails(&config, "chain.leaf");
	}
}

static void test_short_rsa_key(void **state)
{
	(void)state;
	config_fails(&(struct sample_config){ .ca = SAMPLE_RSA_PSS, .rsa_bits = 2048U },
		     "chain.ask");
}

static void test_ask_is_no_authority(void **state)
{
	(void)state;
	config_fails(&(struct sample_config){ .ask_no_ca = true }, "chain.ask");
}

static void test_leaf_is_an_authority(void **state)
{
	(void)state;
	config_fails(&(struct sample_config){ .leaf_ca = true }, "chain.leaf");
}

/* The right key under another name: RFC 5280 section 6.1.3 chains names as well. */
static void test_issuer_of_another_name(void **state)
{
	(void)state;
	config_fails(&(struct sample_config){ .ask_name = "SEV-Other" }, "chain.leaf");
}

static void test_unknown_critical_extension(void **state)
{
	(void)state;
	config_fails(&(struct sample_config){ .critical = true }, "chain.leaf");
}

static void test_leaf_on_another_curve(void **state)
{
	(void)state;
	config_fails(&(struct sample_config){ .leaf_curve = NID_secp521r1 }, "chain.leaf");
}

/* A chain that is right in itself, but of somebody else; and the same when its root is trusted. */
static void test_root(void **state)
{
	const struct sample_config config = { 0 };
	const struct verify_expect unknown = { .allow_unknown_root = true };
	struct sample *ours = sample_create(&config);
	struct sample *theirs = sample_create(&config);
	struct verify_input input = sample_input(theirs);

	(void)state;
	expect_verified(&input, &expect);
	input.root = ours->certs[VERIFY_ARK];
	expect_failure(&input, &expect, "chain.root");
	expect_failure(&input, &unknown, "chain.root");
	input.root = theirs->certs[VERIFY_ASK];
	expect_failure(&input, &expect, "chain.root");
	input.root = (struct verify_span){ NULL, 0U };
	expect_failure(&input, &expect, "chain.root");
	expect_verified(&input, &unknown);
	sample_destroy(ours);
	sample_destroy(theirs);
}

/* Each certificate replaced by that of another chain with the same names. */
static void test_mixed_chains(void **state)
{
	static const char *const checks[VERIFY_NR_CERTS] = { "chain.ask", "chain.ask",
							     "chain.leaf" };
	const struct sample_config config = { 0 };
	struct sample *ours = sample_create(&config);
	struct sample *theirs = sample_create(&config);

	(void)state;
	for (unsigned int i = 0; i < VERIFY_NR_CERTS; i++) {
		struct verify_input input = sample_input(ours);

		input.certs[i] = theirs->certs[i];
		expect_failure(&input, &expect, checks[i]);
	}
	sample_destroy(ours);
	sample_destroy(theirs);
}

/* Certificates in the wrong place. */
static void test_swapped_certificates(void **state)
{
	const struct sample_config config = { 0 };
	struct sample *sample = sample_create(&config);
	struct verify_input input = sample_input(sample);

	(void)state;
	input.certs[VERIFY_ASK] = sample->certs[VERIFY_ARK];
	expect_failure(&input, &expect, "chain.leaf");
	input.certs[VERIFY_ASK] = sample->certs[VERIFY_LEAF];
	expect_failure(&input, &expect, "chain.ask");
	input.certs[VERIFY_LEAF] = sample->certs[VERIFY_ASK];
	expect_failure(&input, &expect, "chain.leaf");
	sample_destroy(sample);
}

/* Without an ARK among the certificates, the trusted root is the ARK. */
static void test_ark_from_root(void **state)
{
	const struct sample_config config = { 0 };
	struct sample *sample = sample_create(&config);
	struct verify_input input = sample_input(sample);

	(void)state;
	input.table = (struct verify_span){ NULL, 0U };
	input.certs[VERIFY_ASK] = sample->certs[VERIFY_ASK];
	input.certs[VERIFY_LEAF] = sample->certs[VERIFY_LEAF];
	expect_verified(&input, &expect);
	input.root = (struct verify_span){ NULL, 0U };
	expect_failure(&input, &expect, "certs.format");
	sample_destroy(sample);
}

/* One bit of each byte of each certificate; the entries of the table before them are not signed. */
static void test_each_byte_of_certificates(void **state)
{
	static struct verify_result result;
	const struct sample_config config = { 0 };
	struct sample *sample = sample_create(&config);
	const struct verify_input input = sample_input(sample);

	(void)state;
	for (size_t at = 24U * (VERIFY_NR_CERTS + 1U); at < sample->table_len; at++) {
		sample->table[at] ^= (uint8_t)(1U << at % 8U);
		if (verify_run(&input, &expect, &result)) {
			fail_msg("a bit of byte %zu is not noticed", at);
		}
		sample->table[at] ^= (uint8_t)(1U << at % 8U);
	}
	sample_destroy(sample);
}

static void test_bytes_after_der(void **state)
{
	static uint8_t longer[4096];
	const struct sample_config config = { 0 };
	struct sample *sample = sample_create(&config);
	struct verify_input input = sample_input(sample);
	const size_t len = sample->certs[VERIFY_LEAF].len;

	(void)state;
	assert_in_range(len, 1, sizeof(longer) - 1U);
	memcpy(longer, sample->certs[VERIFY_LEAF].data, len);
	input.certs[VERIFY_LEAF] = (struct verify_span){ longer, len };
	expect_verified(&input, &expect);
	input.certs[VERIFY_LEAF].len++;
	expect_failure(&input, &expect, "certs.format");
	sample_destroy(sample);
}

static void test_pem(void **state)
{
	const struct sample_config config = { 0 };
	struct sample *sample = sample_create(&config);
	struct verify_input input = sample_input(sample);
	BIO *pem[VERIFY_NR_CERTS];

	(void)state;
	for (unsigned int i = 0; i < VERIFY_NR_CERTS; i++) {
		pem[i] = BIO_new(BIO_s_mem());
		assert_non_null(pem[i]);
		assert_true(PEM_write_bio(pem[i], PEM_STRING_X509, "", sample->certs[i].data,
					  (long)sample->certs[i].len) > 0);
		assert_int_equal(
			BIO_mem_contents(pem[i], &input.certs[i].data, &input.certs[i].len), 1);
	}
	input.root = input.certs[VERIFY_ARK];
	input.table = (struct verify_span){ NULL, 0U };
	expect_verified(&input, &expect);
	for (size_t len = 1; len < input.certs[VERIFY_LEAF].len - 30U; len += 13U) {
		struct verify_input cut = input;

		cut.certs[VERIFY_LEAF].len = len;
		expect_failure(&cut, &expect, "certs.format");
	}
	for (unsigned int i = 0; i < VERIFY_NR_CERTS; i++) {
		BIO_free(pem[i]);
	}
	sample_destroy(sample);
}

/* Outside of the validity it fails only on demand. */
static void test_validity(void **state)
{
	const struct sample_config config = { 0 };
	struct sample *sample = sample_create(&config);
	const struct verify_input input = sample_input(sample);
	struct verify_expect at = { .at = SAMPLE_NOW, .enforce_validity = true };

	(void)state;
	expect_verified(&input, &at);
	at.at = SAMPLE_NOW + SAMPLE_VALID_SECONDS - 1;
	expect_verified(&input, &at);
	at.at = SAMPLE_NOW + SAMPLE_VALID_SECONDS + 1;
	expect_failure(&input, &at, "chain.validity");
	at.at = SAMPLE_NOW - SAMPLE_VALID_SECONDS - 1;
	expect_failure(&input, &at, "chain.validity");
	at.enforce_validity = false;
	expect_verified(&input, &at);
	sample_destroy(sample);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rsa_pss),
		cmocka_unit_test(test_rsa_pkcs1),
		cmocka_unit_test(test_ec),
		cmocka_unit_test(test_weak_digest),
		cmocka_unit_test(test_short_rsa_key),
		cmocka_unit_test(test_ask_is_no_authority),
		cmocka_unit_test(test_leaf_is_an_authority),
		cmocka_unit_test(test_issuer_of_another_name),
		cmocka_unit_test(test_unknown_critical_extension),
		cmocka_unit_test(test_leaf_on_another_curve),
		cmocka_unit_test(test_root),
		cmocka_unit_test(test_mixed_chains),
		cmocka_unit_test(test_swapped_certificates),
		cmocka_unit_test(test_ark_from_root),
		cmocka_unit_test(test_each_byte_of_certificates),
		cmocka_unit_test(test_bytes_after_der),
		cmocka_unit_test(test_pem),
		cmocka_unit_test(test_validity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
