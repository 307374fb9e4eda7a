/* SPDX-License-Identifier: Apache-2.0 */
#include "sample.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/mem.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "sample_certs.h"

#define UNKNOWN_SERVICE "00112233-4455-6677-8899-aabbccddeeff"
#define APIC_SERVICE "a1a3ede3-bae9-42c1-97b5-6b75133af830"

static void put_le32(uint8_t *p, uint32_t value)
{
	for (unsigned int i = 0; i < 4U; i++) {
		p[i] = (uint8_t)(value >> 8U * i);
	}
}

static void put_le64(uint8_t *p, uint64_t value)
{
	put_le32(p, (uint32_t)value);
	put_le32(p + 4, (uint32_t)(value >> 32));
}

static void put_guid(uint8_t *p, const char *text)
{
	SAMPLE_CHECK(verify_guid_parse(text, p));
}

static void make_manifest(uint8_t *manifest)
{
	put_guid(manifest, "63849ebb-3d92-4670-a1ff-58f9c94b87bb");
	put_le32(manifest + 0x10, SAMPLE_MANIFEST_BYTES);
	put_le32(manifest + 0x14, 2U);
	put_guid(manifest + 0x18, APIC_SERVICE);
	put_le32(manifest + 0x28, 72U);
	put_le32(manifest + 0x2c, 8U);
	put_guid(manifest + 0x30, UNKNOWN_SERVICE);
	put_le32(manifest + 0x40, 80U);
	put_le32(manifest + 0x44, 40U);
	put_le32(manifest + 72, 0U);
	put_le32(manifest + 76, 3U);
	for (uint8_t i = 0; i < 40U; i++) {
		manifest[80U + i] = (uint8_t)(0xc0U + i);
	}
}

static void make_report(const struct sample_config *config, uint8_t *report)
{
	const uint32_t version = config->report_version == 0U ? 5U : config->report_version;

	put_le32(report + REPORT_VERSION, version);
	put_le64(report + REPORT_POLICY, POLICY_SMT | POLICY_MUST_BE_ONE);
	put_le32(report + REPORT_SIGNATURE_ALGO, 1U);
	put_le32(report + REPORT_KEY_INFO, config->vlek ? SIGNING_VLEK << 2 : 0U);
	memset(report + REPORT_MEASUREMENT, 0x6d, 48);
	memset(report + REPORT_HOST_DATA, 0x68, 32);
	put_le64(report + REPORT_REPORTED_TCB, sample_tcb(config->turin));
	if (version >= 3U) {
		report[REPORT_CPUID_FAMILY] = config->turin ? 0x1a : 0x19;
	}
	if (!config->vlek) {
		memcpy(report + REPORT_CHIP_ID, sample_chip_id, config->turin ? 8U : 64U);
	}
}

void sample_bind(struct sample *sample)
{
	SHA512_CTX sha;

	SHA512_Init(&sha);
	SHA512_Update(&sha, sample->nonce, sizeof(sample->nonce));
	SHA512_Update(&sha, sample->manifest, sizeof(sample->manifest));
	SHA512_Final(sample->report + REPORT_DATA, &sha);
}

void sample_sign(struct sample *sample)
{
	uint8_t digest[SHA384_DIGEST_LENGTH];
	ECDSA_SIG *signature = NULL;

	SHA384(sample->report, VERIFY_SIGNED_BYTES, digest);
	signature = ECDSA_do_sign(digest, sizeof(digest), EVP_PKEY_get0_EC_KEY(sample->leaf_key));
	SAMPLE_CHECK(signature != NULL);
	memset(sample->report + REPORT_R, 0, VERIFY_REPORT_BYTES - REPORT_R);
	SAMPLE_CHECK(BN_bn2le_padded(sample->report + REPORT_R, REPORT_SCALAR_BYTES,
				     ECDSA_SIG_get0_r(signature)) == 1 &&
		     BN_bn2le_padded(sample->report + REPORT_S, REPORT_SCALAR_BYTES,
				     ECDSA_SIG_get0_s(signature)) == 1);
	ECDSA_SIG_free(signature);
}

/* GUIDs in the order of their text, as hosts write them. */
static void make_table(struct sample *sample, bool vlek)
{
	const char *const guids[VERIFY_NR_CERTS] = {
		"c0b406a4a803495297433fb6014cd0ae",
		"4ab7b379bbac4fe4a02f05aef327c782",
		vlek ? "a8074bc2a25a483eaae639c045a0b8a1" : "63da758de6644564adc5f4b93be8accd",
	};
	size_t at = 24U * (VERIFY_NR_CERTS + 1U);

	for (unsigned int i = 0; i < VERIFY_NR_CERTS; i++) {
		uint8_t *entry = sample->table + 24U * i;
		const struct verify_span cert = sample->certs[i];

		SAMPLE_CHECK(at + cert.len <= SAMPLE_TABLE_BYTES &&
			     verify_hex_parse(guids[i], entry, 16U));
		put_le32(entry + 16, (uint32_t)at);
		put_le32(entry + 20, (uint32_t)cert.len);
		memcpy(sample->table + at, cert.data, cert.len);
		at += cert.len;
	}
	sample->table_len = at;
}

struct sample *sample_create(const struct sample_config *config)
{
	struct sample *sample = calloc(1, sizeof(*sample));

	SAMPLE_CHECK(sample != NULL);
	sample_make_certs(config, sample);
	make_table(sample, config->vlek);
	for (unsigned int i = 0; i < SAMPLE_NONCE_BYTES; i++) {
		sample->nonce[i] = (uint8_t)(i * 7U);
	}
	make_manifest(sample->manifest);
	make_report(config, sample->report);
	sample_bind(sample);
	sample_sign(sample);
	return sample;
}

void sample_destroy(struct sample *sample)
{
	for (unsigned int i = 0; i < VERIFY_NR_CERTS; i++) {
		OPENSSL_free((void *)(uintptr_t)sample->certs[i].data);
	}
	EVP_PKEY_free(sample->leaf_key);
	free(sample);
}

struct verify_input sample_input(const struct sample *sample)
{
	return (struct verify_input){
		.report = { sample->report, sizeof(sample->report) },
		.table = { sample->table, sample->table_len },
		.root = sample->certs[VERIFY_ARK],
		.nonce = { sample->nonce, sizeof(sample->nonce) },
		.manifest = { sample->manifest, sizeof(sample->manifest) },
	};
}

enum verify_status sample_outcome(const struct verify_result *result, const char *name)
{
	for (unsigned int i = 0; i < result->nr_checks; i++) {
		if (strcmp(result->checks[i].name, name) == 0) {
			return result->checks[i].status;
		}
	}
	return VERIFY_SKIP;
}
