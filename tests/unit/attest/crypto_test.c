/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MAX_BYTES 128U

/* Hex text to bytes; how many. */
static size_t bytes(uint8_t *out, const char *hex)
{
	size_t n = strlen(hex) / 2U;

	assert_true(n <= MAX_BYTES);
	for (size_t i = 0; i < n; i++) {
		const char pair[3] = { hex[2U * i], hex[2U * i + 1U], '\0' };

		out[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return n;
}

/* AES-256 test cases 13 to 16 of "The Galois/Counter Mode of Operation" (McGrew, Viega). */
static const struct gcm_vector {
	const char *key, *nonce, *aad, *plain, *cipher, *tag;
} gcm_vectors[] = {
	{ "0000000000000000000000000000000000000000000000000000000000000000",
	  "000000000000000000000000", "", "", "", "530f8afbc74536b9a963b4f1c4cb738b" },
	{ "0000000000000000000000000000000000000000000000000000000000000000",
	  "000000000000000000000000", "", "00000000000000000000000000000000",
	  "cea7403d4d606b6e074ec5d3baf39d18", "d0d1c8a799996bf0265b98b5d48ab919" },
	{ "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
	  "cafebabefacedbaddecaf888", "",
	  "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
	  "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255",
	  "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
	  "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad",
	  "b094dac5d93471bdec1a502270e3cc6c" },
	{ "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
	  "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
	  "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
	  "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
	  "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
	  "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
	  "76fc6ece0f4e1768cddf8853bb2d551b" },
};

#define NR_GCM_VECTORS (sizeof(gcm_vectors) / sizeof(gcm_vectors[0]))

struct gcm_case {
	uint8_t key[MAX_BYTES], nonce[MAX_BYTES], aad[MAX_BYTES];
	uint8_t plain[MAX_BYTES], cipher[MAX_BYTES], tag[MAX_BYTES];
	size_t len;
	struct svsm_gcm gcm;
};

static void load(struct gcm_case *c, const struct gcm_vector *v)
{
	assert_int_equal(bytes(c->key, v->key), SVSM_AES_KEY_BYTES);
	assert_int_equal(bytes(c->nonce, v->nonce), SVSM_GCM_NONCE_BYTES);
	assert_int_equal(bytes(c->tag, v->tag), SVSM_GCM_TAG_BYTES);
	c->len = bytes(c->plain, v->plain);
	assert_int_equal(bytes(c->cipher, v->cipher), c->len);
	c->gcm = (struct svsm_gcm){ c->key, c->nonce, c->aad, bytes(c->aad, v->aad) };
}

static void test_gcm_published_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_GCM_VECTORS; i++) {
		uint8_t out[MAX_BYTES] = { 0 };
		uint8_t tag[SVSM_GCM_TAG_BYTES] = { 0 };
		struct gcm_case c;

		load(&c, &gcm_vectors[i]);
		assert_true(svsm_gcm_seal(&c.gcm, out, c.plain, c.len, tag));
		assert_memory_equal(out, c.cipher, c.len);
		assert_memory_equal(tag, c.tag, sizeof(tag));
		memset(out, 0, sizeof(out));
		assert_true(svsm_gcm_open(&c.gcm, out, c.cipher, c.len, c.tag));
		assert_memory_equal(out, c.plain, c.len);
	}
}

/* Every single bit of key, nonce, additional data, ciphertext and tag is authenticated. */
static void refuse_flips(struct gcm_case *c, uint8_t *field, size_t len)
{
	uint8_t out[MAX_BYTES];

	for (size_t bit = 0; bit < 8U * len; bit++) {
		field[bit / 8U] ^= (uint8_t)(1U << (bit % 8U));
		assert_false(svsm_gcm_open(&c->gcm, out, c->cipher, c->len, c->tag));
		field[bit / 8U] ^= (uint8_t)(1U << (bit % 8U));
	}
	assert_true(svsm_gcm_open(&c->gcm, out, c->cipher, c->len, c->tag));
}

static void test_gcm_refuses_every_flipped_bit(void **state)
{
	struct gcm_case c;
	uint8_t out[MAX_BYTES];

	(void)state;
	load(&c, &gcm_vectors[3]);
	refuse_flips(&c, c.key, SVSM_AES_KEY_BYTES);
	refuse_flips(&c, c.nonce, SVSM_GCM_NONCE_BYTES);
	refuse_flips(&c, c.aad, c.gcm.aad_len);
	refuse_flips(&c, c.cipher, c.len);
	refuse_flips(&c, c.tag, SVSM_GCM_TAG_BYTES);
	assert_false(svsm_gcm_open(&c.gcm, out, c.cipher, c.len - 1U, c.tag));
	c.gcm.aad_len--;
	assert_false(svsm_gcm_open(&c.gcm, out, c.cipher, c.len, c.tag));
}

/* The examples of FIPS 180-2 appendix C, and the empty message. */
static const struct {
	const char *text, *digest;
} sha_vectors[] = {
	{ "", "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
	      "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e" },
	{ "abc", "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
		 "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f" },
	{ "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno"
	  "ijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
	  "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018"
	  "501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909" },
};

/* Section 7.1: SHA-512(nonce || manifest), wherever the border is. */
static void test_sha512_published_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sha_vectors) / sizeof(sha_vectors[0]); i++) {
		const uint8_t *text = (const uint8_t *)sha_vectors[i].text;
		const size_t len = strlen(sha_vectors[i].text);
		uint8_t expected[MAX_BYTES];

		assert_int_equal(bytes(expected, sha_vectors[i].digest), SVSM_SHA512_BYTES);
		for (size_t border = 0; border <= len; border++) {
			uint8_t digest[SVSM_SHA512_BYTES] = { 0 };

			svsm_sha512(text, border, &text[border], len - border, digest);
			assert_memory_equal(digest, expected, sizeof(digest));
		}
	}
}

static void test_sha512_of_a_million_letters(void **state)
{
	enum { LEN = 1000000 };
	uint8_t *text = malloc(LEN);
	uint8_t expected[MAX_BYTES];
	uint8_t digest[SVSM_SHA512_BYTES];

	(void)state;
	assert_non_null(text);
	memset(text, 'a', LEN);
	svsm_sha512(text, 4096U, &text[4096], LEN - 4096U, digest);
	free(text);
	assert_int_equal(bytes(expected,
			       "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973eb"
			       "de0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b"),
			 SVSM_SHA512_BYTES);
	assert_memory_equal(digest, expected, sizeof(digest));
}

static void test_wipe(void **state)
{
	uint8_t secret[34];
	const uint8_t zeros[32] = { 0 };

	(void)state;
	memset(secret, 0xa5, sizeof(secret));
	svsm_wipe(&secret[1], 32U);
	assert_memory_equal(&secret[1], zeros, sizeof(zeros));
	assert_int_equal(secret[0], 0xa5);
	assert_int_equal(secret[33], 0xa5);
	svsm_wipe(secret, 0U);
	assert_int_equal(secret[0], 0xa5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gcm_published_vectors),
		cmocka_unit_test(test_gcm_refuses_every_flipped_bit),
		cmocka_unit_test(test_sha512_published_vectors),
		cmocka_unit_test(test_sha512_of_a_million_letters),
		cmocka_unit_test(test_wipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
