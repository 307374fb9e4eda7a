/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "manifest.h"
#include "outcome.h"
#include "service.h"

/* Specification 58019 table 20. */
#define LENGTH 0x10U
#define COUNT 0x14U
#define FIRST 0x18U

static uint8_t bytes[SAMPLE_MANIFEST_BYTES];

static int setup(void **state)
{
	const struct sample_config config = { 0 };
	struct sample *sample = sample_create(&config);

	(void)state;
	memcpy(bytes, sample->manifest, sizeof(bytes));
	sample_destroy(sample);
	return 0;
}

static void put(size_t at, uint32_t value)
{
	for (unsigned int i = 0; i < 4U; i++) {
		bytes[at + i] = (uint8_t)(value >> 8U * i);
	}
}

static const char *problem_of(size_t len)
{
	return manifest_problem((struct verify_span){ bytes, len });
}

static void test_services(void **state)
{
	const struct verify_span manifest = { bytes, sizeof(bytes) };
	struct manifest_service service;

	(void)state;
	assert_null(manifest_problem(manifest));
	assert_int_equal(manifest_nr_services(manifest), 2);
	service = manifest_service(manifest, 0U);
	assert_string_equal(service_name(service.guid), "APIC emulation");
	assert_int_equal(service.data.len, 8);
	service = manifest_service(manifest, 1U);
	assert_string_equal(service_name(service.guid), "unknown");
	assert_ptr_equal(service.data.data, bytes + 80);
	assert_int_equal(service.data.len, 40);
}

/* Table 20: 24 bytes are the shortest manifest. */
static void test_no_services(void **state)
{
	(void)state;
	put(LENGTH, 24U);
	put(COUNT, 0U);
	assert_null(problem_of(24U));
	assert_non_null(problem_of(23U));
	put(COUNT, 1U);
	assert_non_null(problem_of(24U));
}

static void test_header(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 16U; i++) {
		bytes[i] ^= 0x40U;
		assert_non_null(problem_of(sizeof(bytes)));
		bytes[i] ^= 0x40U;
	}
	for (size_t len = 0; len < sizeof(bytes); len++) {
		assert_non_null(problem_of(len));
	}
	put(LENGTH, SAMPLE_MANIFEST_BYTES + 1U);
	assert_non_null(problem_of(sizeof(bytes)));
}

static void test_count(void **state)
{
	static const uint32_t wrong[] = { 5U, 0x0aaaaaaaU, 0x7fffffffU, UINT32_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		put(COUNT, wrong[i]);
		assert_non_null(problem_of(sizeof(bytes)));
	}
	/* The third and fourth entry are data, which points nowhere. */
	put(COUNT, 3U);
	assert_non_null(problem_of(sizeof(bytes)));
	put(COUNT, 1U);
	assert_null(problem_of(sizeof(bytes)));
}

static void test_offsets(void **state)
{
	static const struct {
		uint32_t offset, length;
		bool right;
	} cases[] = {
		{ 72U, 8U, true },
		{ 72U, 0U, true },
		{ SAMPLE_MANIFEST_BYTES, 0U, true },
		{ 71U, 1U, false },
		{ 0U, 0U, false },
		{ SAMPLE_MANIFEST_BYTES, 1U, false },
		{ SAMPLE_MANIFEST_BYTES + 1U, 0U, false },
		{ 72U, UINT32_MAX, false },
		{ UINT32_MAX, 1U, false },
		{ UINT32_MAX - 7U, 80U, false },
		{ 72U, 9U, false }, /* with the 40 of the other service more than there is */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put(FIRST + 16U, cases[i].offset);
		put(FIRST + 20U, cases[i].length);
		if ((problem_of(sizeof(bytes)) == NULL) != cases[i].right) {
			fail_msg("offset 0x%x, length 0x%x", cases[i].offset, cases[i].length);
		}
	}
}

static void expect_version(const char *guid_text, uint32_t version, const char *hex, bool right,
			   const char *words)
{
	uint8_t guid[VERIFY_GUID_BYTES];
	uint8_t data[16];
	char text[192];
	const struct verify_span span = { data, strlen(hex) / 2U };

	assert_true(verify_guid_parse(guid_text, guid));
	assert_true(verify_hex_parse(hex, data, span.len));
	assert_true((service_version_problem(guid, version, span) == NULL) == right);
	service_describe(guid, version, span, text, sizeof(text));
	if (strstr(text, words) == NULL) {
		fail_msg("'%s' has no '%s'", text, words);
	}
}

/* Tables 30, 31, 42 and 45. */
static void test_known_services(void **state)
{
	static const char vtpm[] = "c476f1eb-0123-45a5-9641-b4e7dde5bfe3";
	static const char apic[] = "a1a3ede3-bae9-42c1-97b5-6b75133af830";
	static const char mm[] = "a4453a59-9e1b-4787-a033-1986d6adbe55";

	(void)state;
	expect_version(vtpm, 0U, "0001000b", true, "(RSA), name algorithm 0x000b");
	expect_version(vtpm, 0U, "0001", true, "too short");
	expect_version(vtpm, 1U, "010000000200000000000001aa", true, "2 keys");
	expect_version(vtpm, 1U, "010000000200000000000001", true, "not a list");
	expect_version(vtpm, 1U, "010000000300000000000001aa", true, "not a list");
	expect_version(vtpm, 1U, "0001000b", false, "not a list");
	expect_version(apic, 0U, "0000000003000000", true, "timer, INIT and SIPI");
	expect_version(apic, 1U, "0000000003000000", false, "flags 0x3");
	expect_version(apic, 0U, "000000", false, "not 8 bytes");
	expect_version(mm, 0U, "0000000002000000", true, "secure boot");
	expect_version("00112233-4455-6677-8899-aabbccddeeff", 9U, "", true, "");
}

/* Section 7.2: the manifest of one service is bound in the same way. */
static void test_single_service(void **state)
{
	static const uint8_t data[] = { 0, 0, 0, 0, 3, 0, 0, 0 };
	const struct sample_config config = { 0 };
	struct sample *sample = sample_create(&config);
	struct verify_input input = sample_input(sample);
	struct verify_expect expect = { .single_service = true, .check_report_data = true };

	(void)state;
	input.manifest = (struct verify_span){ data, sizeof(data) };
	memcpy(expect.report_data, sample->report + 0x50, sizeof(expect.report_data));
	assert_true(verify_guid_parse("a1a3ede3-bae9-42c1-97b5-6b75133af830", expect.service_guid));
	expect_verified(&input, &expect);
	expect.manifest_version = 1U;
	expect_failure(&input, &expect, "manifest.version");
	expect.check_report_data = false;
	expect_failure(&input, &expect, "report.report_data");
	sample_destroy(sample);
}

#define FRESH(test) cmocka_unit_test_setup(test, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(test_services),	    FRESH(test_no_services), FRESH(test_header),
		FRESH(test_count),	    FRESH(test_offsets),     FRESH(test_known_services),
		FRESH(test_single_service),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
