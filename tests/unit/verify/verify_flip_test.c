/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "outcome.h"

static struct sample *sample;
static const struct verify_expect expect;
static struct verify_result result;

static int setup(void **state)
{
	const struct sample_config config = { 0 };

	(void)state;
	sample = sample_create(&config);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sample_destroy(sample);
	return 0;
}

static void test_sample_verifies(void **state)
{
	const struct verify_input input = sample_input(sample);

	(void)state;
	expect_verified(&input, &expect);
}

/* Flip each bit of the bytes in turn: each time one of the two checks must fail. */
static void flip_all(uint8_t *bytes, size_t len, const char *check, const char *other)
{
	const struct verify_input input = sample_input(sample);

	for (size_t bit = 0; bit < 8U * len; bit++) {
		bytes[bit / 8U] ^= (uint8_t)(1U << bit % 8U);
		if (verify_run(&input, &expect, &result) ||
		    (sample_outcome(&result, check) != VERIFY_FAIL &&
		     sample_outcome(&result, other) != VERIFY_FAIL)) {
			fail_msg("bit %zu is not noticed by %s", bit, check);
		}
		bytes[bit / 8U] ^= (uint8_t)(1U << bit % 8U);
	}
}

/* Firmware ABI 56860: the signature covers bytes 0 to 0x29f. */
static void test_each_bit_of_signed_bytes(void **state)
{
	(void)state;
	flip_all(sample->report, VERIFY_SIGNED_BYTES, "report.signature", "report.signature");
}

/* R and S with their padding, and the reserved bytes behind them. */
static void test_each_bit_of_signature(void **state)
{
	(void)state;
	flip_all(sample->report + VERIFY_SIGNED_BYTES, VERIFY_REPORT_BYTES - VERIFY_SIGNED_BYTES,
		 "report.signature", "report.signature_format");
}

/* Specification 58019 section 7.1: REPORT_DATA binds nonce and manifest. */
static void test_each_bit_of_manifest(void **state)
{
	(void)state;
	flip_all(sample->manifest, sizeof(sample->manifest), "report.report_data",
		 "report.report_data");
}

static void test_each_bit_of_nonce(void **state)
{
	(void)state;
	flip_all(sample->nonce, sizeof(sample->nonce), "report.report_data", "report.report_data");
}

/* Each truncation, from a buffer of exactly that size so that a sanitizer sees reading beyond. */
static void truncate_all(struct verify_input *input, struct verify_span *span, const char *check)
{
	const struct verify_span whole = *span;

	for (size_t len = 0; len < whole.len; len++) {
		uint8_t *copy = malloc(len == 0U ? 1U : len);

		assert_non_null(copy);
		memcpy(copy, whole.data, len);
		*span = (struct verify_span){ copy, len };
		expect_failure(input, &expect, check);
		free(copy);
	}
	*span = whole;
}

static void test_each_truncation(void **state)
{
	struct verify_input input = sample_input(sample);

	(void)state;
	truncate_all(&input, &input.report, "report.format");
	truncate_all(&input, &input.manifest, "manifest.structure");
	truncate_all(&input, &input.nonce, "report.report_data");
	truncate_all(&input, &input.table, "certs.format");
	truncate_all(&input, &input.root, "chain.root");
}

/* A report buffer of a guest is a page with zeros behind the report. */
static void test_report_in_a_page(void **state)
{
	static uint8_t page[4096];
	struct verify_input input = sample_input(sample);

	(void)state;
	memcpy(page, sample->report, sizeof(sample->report));
	input.report = (struct verify_span){ page, sizeof(page) };
	expect_verified(&input, &expect);
	for (size_t at = VERIFY_REPORT_BYTES; at < sizeof(page); at += 97U) {
		page[at] = 0x80;
		expect_failure(&input, &expect, "report.format");
		page[at] = 0;
	}
}

/* The hash has no border between nonce and manifest: moving bytes must not go unnoticed. */
static void test_border_of_nonce_and_manifest(void **state)
{
	static uint8_t joined[SAMPLE_NONCE_BYTES + SAMPLE_MANIFEST_BYTES];
	struct verify_input input = sample_input(sample);

	(void)state;
	memcpy(joined, sample->nonce, sizeof(sample->nonce));
	memcpy(joined + SAMPLE_NONCE_BYTES, sample->manifest, sizeof(sample->manifest));
	for (size_t border = 0; border <= sizeof(joined); border++) {
		input.nonce = (struct verify_span){ joined, border };
		input.manifest = (struct verify_span){ joined + border, sizeof(joined) - border };
		if (border == SAMPLE_NONCE_BYTES) {
			expect_verified(&input, &expect);
		} else {
			expect_failure(&input, &expect, "manifest.structure");
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sample_verifies),
		cmocka_unit_test(test_each_bit_of_signed_bytes),
		cmocka_unit_test(test_each_bit_of_signature),
		cmocka_unit_test(test_each_bit_of_manifest),
		cmocka_unit_test(test_each_bit_of_nonce),
		cmocka_unit_test(test_each_truncation),
		cmocka_unit_test(test_report_in_a_page),
		cmocka_unit_test(test_border_of_nonce_and_manifest),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
