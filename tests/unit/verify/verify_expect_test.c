/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/sha.h>
#include <string.h>

#include "outcome.h"
#include "report.h"

static struct sample *sample;

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

static void verifies(const struct verify_expect *expect)
{
	const struct verify_input input = sample_input(sample);

	expect_verified(&input, expect);
}

static void fails(const struct verify_expect *expect, const char *check)
{
	const struct verify_input input = sample_input(sample);

	expect_failure(&input, expect, check);
}

/* Specification 58019 section 7.1: the report is one of VMPL 0. */
static void test_vmpl(void **state)
{
	struct verify_expect expect = { .vmpl = 2U };

	(void)state;
	fails(&expect, "report.vmpl");
	sample->report[REPORT_VMPL] = 2;
	sample_sign(sample);
	verifies(&expect);
	expect.vmpl = 0U;
	fails(&expect, "report.vmpl");
	/* Asked for by the host. */
	memset(sample->report + REPORT_VMPL, 0xff, 4);
	sample_sign(sample);
	fails(&expect, "report.vmpl");
}

static void test_measurement(void **state)
{
	struct verify_expect expect = { .check_measurement = true };

	(void)state;
	memset(expect.measurement, 0x6d, sizeof(expect.measurement));
	verifies(&expect);
	for (size_t i = 0; i < sizeof(expect.measurement); i++) {
		expect.measurement[i] ^= 1U;
		fails(&expect, "report.measurement");
		expect.measurement[i] ^= 1U;
	}
}

static void test_host_data(void **state)
{
	struct verify_expect expect = { .check_host_data = true };

	(void)state;
	memset(expect.host_data, 0x68, sizeof(expect.host_data));
	verifies(&expect);
	for (size_t i = 0; i < sizeof(expect.host_data); i++) {
		expect.host_data[i] ^= 1U;
		fails(&expect, "report.host_data");
		expect.host_data[i] ^= 1U;
	}
}

static void test_policy(void **state)
{
	struct verify_expect expect = { .policy_mask = UINT64_MAX,
					.policy_value = POLICY_SMT | POLICY_MUST_BE_ONE };

	(void)state;
	verifies(&expect);
	for (unsigned int bit = 0; bit < 64U; bit++) {
		const uint64_t mask = UINT64_C(1) << bit;

		expect.policy_value ^= mask;
		fails(&expect, "report.policy");
		expect.policy_value ^= mask;
	}
	/* What the mask leaves out does not matter. */
	expect.policy_mask = POLICY_DEBUG;
	expect.policy_value = 0U;
	verifies(&expect);
	expect.policy_mask = POLICY_SMT;
	fails(&expect, "report.policy");
}

/* The certified levels are bootloader 3, TEE 4, SNP 5, microcode 213. */
static void test_min_tcb(void **state)
{
	static const struct verify_tcb low[] = {
		{ .bootloader = 4 }, { .tee = 5 }, { .snp = 6 }, { .microcode = 214 }, { .fmc = 1 }
	};
	struct verify_expect expect = {
		.check_min_tcb = true,
		.min_tcb = { .bootloader = 3, .tee = 4, .snp = 5, .microcode = 213 },
	};

	(void)state;
	verifies(&expect);
	for (size_t i = 0; i < sizeof(low) / sizeof(low[0]); i++) {
		expect.min_tcb = low[i];
		fails(&expect, "report.tcb");
	}
}

static void test_report_data(void **state)
{
	struct verify_expect expect = { .check_report_data = true };
	struct verify_input input = sample_input(sample);

	(void)state;
	memcpy(expect.report_data, sample->report + REPORT_DATA, sizeof(expect.report_data));
	input.nonce = (struct verify_span){ NULL, 0U };
	input.manifest = (struct verify_span){ NULL, 0U };
	expect_verified(&input, &expect);
	for (size_t i = 0; i < sizeof(expect.report_data); i++) {
		expect.report_data[i] ^= 1U;
		expect_failure(&input, &expect, "report.report_data");
		expect.report_data[i] ^= 1U;
	}
	/* Neither a value nor what it is made of. */
	expect.check_report_data = false;
	expect_failure(&input, &expect, "report.report_data");
	expect_failure(&input, &expect, "manifest.structure");
}

/* Section 7.1 knows no smallest nonce. */
static void test_empty_nonce(void **state)
{
	const struct verify_expect expect = { .vmpl = 0U };
	struct verify_input input = sample_input(sample);

	(void)state;
	input.nonce.len = 0;
	expect_failure(&input, &expect, "report.report_data");
	SHA512(sample->manifest, sizeof(sample->manifest), sample->report + REPORT_DATA);
	sample_sign(sample);
	expect_verified(&input, &expect);
	input.nonce.len = 1;
	expect_failure(&input, &expect, "report.report_data");
}

static void test_signature_algorithm(void **state)
{
	const struct verify_expect expect = { .vmpl = 0U };

	(void)state;
	sample->report[REPORT_SIGNATURE_ALGO] = 2;
	sample_sign(sample);
	fails(&expect, "report.signature_format");
}

/* Firmware may give reserved fields a meaning: they are told, not refused. */
static void test_reserved_field_is_noted(void **state)
{
	static struct verify_result result;
	const struct verify_expect expect = { .vmpl = 0U };
	const struct verify_input input = sample_input(sample);

	(void)state;
	assert_true(verify_run(&input, &expect, &result));
	assert_int_equal(result.nr_notes, 0);
	sample->report[0x208] = 1;
	sample->report[REPORT_POLICY + 2U] |= 0x08; /* DEBUG */
	sample_sign(sample);
	assert_true(verify_run(&input, &expect, &result));
	assert_int_equal(result.nr_notes, 2);
	assert_non_null(strstr(result.notes[0], "DEBUG"));
	assert_non_null(strstr(result.notes[1], "reserved_208"));
}

/* A signature that is right for another report. */
static void test_foreign_signature(void **state)
{
	const struct verify_expect expect = { .vmpl = 0U };
	uint8_t signature[VERIFY_REPORT_BYTES - VERIFY_SIGNED_BYTES];

	(void)state;
	memcpy(signature, sample->report + VERIFY_SIGNED_BYTES, sizeof(signature));
	sample->report[REPORT_MEASUREMENT] ^= 1U;
	sample_sign(sample);
	verifies(&expect);
	memcpy(sample->report + VERIFY_SIGNED_BYTES, signature, sizeof(signature));
	fails(&expect, "report.signature");
}

/* Values of R and S that no signature has: zero, and the order of P-384 and above. */
static void test_scalars_out_of_range(void **state)
{
	const struct verify_expect expect = { .vmpl = 0U };

	(void)state;
	memset(sample->report + REPORT_R, 0, REPORT_SCALAR_BYTES);
	fails(&expect, "report.signature");
	memset(sample->report + REPORT_S, 0, REPORT_SCALAR_BYTES);
	fails(&expect, "report.signature");
	memset(sample->report + REPORT_R, 0xff, 2U * REPORT_SCALAR_BYTES);
	fails(&expect, "report.signature");
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(test_vmpl),
		FRESH(test_measurement),
		FRESH(test_host_data),
		FRESH(test_policy),
		FRESH(test_min_tcb),
		FRESH(test_report_data),
		FRESH(test_empty_nonce),
		FRESH(test_signature_algorithm),
		FRESH(test_reserved_field_is_noted),
		FRESH(test_foreign_signature),
		FRESH(test_scalars_out_of_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
