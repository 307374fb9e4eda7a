/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/sha.h>
#include <string.h>

#include "outcome.h"
#include "psp.h"

/* Guest message (firmware ABI 56860, SNP_GUEST_REQUEST and MSG_REPORT_REQ). */
#define SEQUENCE 0x20U
#define ALGORITHM 0x30U
#define HEADER_VERSION 0x31U
#define HEADER_SIZE 0x32U
#define TYPE 0x34U
#define VERSION 0x35U
#define SIZE 0x36U
#define VMPCK 0x3cU
#define PAYLOAD 0x60U
#define REQUEST_VMPL 0x40U
#define REPLY_REPORT 0x20U

static uint8_t report[VERIFY_REPORT_BYTES];
static uint8_t table[SAMPLE_TABLE_BYTES];
static uint8_t message[PSP_MESSAGE_BYTES];

/* A report as the firmware model gives it to a guest that holds VMPCK0. */
static void get_report(struct psp *psp, const uint8_t data[64], uint8_t vmpl)
{
	memset(message, 0, sizeof(message));
	message[SEQUENCE] = (uint8_t)psp_sequence(psp, 0U);
	message[ALGORITHM] = 1;
	message[HEADER_VERSION] = 1;
	message[HEADER_SIZE] = PAYLOAD;
	message[TYPE] = 5;
	message[VERSION] = 1;
	message[SIZE] = 0x60;
	message[VMPCK] = 0;
	memcpy(message + PAYLOAD, data, 64);
	message[PAYLOAD + REQUEST_VMPL] = vmpl;
	assert_true(psp_message_seal(psp_vmpck(psp, 0U), message));
	assert_int_equal(psp_guest_request(psp, message, message), PSP_OK);
	assert_true(psp_message_open(psp_vmpck(psp, 0U), message));
	assert_int_equal(message[PAYLOAD], 0);
	memcpy(report, message + PAYLOAD + REPLY_REPORT, sizeof(report));
}

static struct verify_input input_of(const struct psp *psp, const struct sample *sample)
{
	struct verify_input input = sample_input(sample);
	const size_t len = psp_cert_table(psp, table, sizeof(table));

	assert_in_range(len, 1, sizeof(table));
	input.report = (struct verify_span){ report, sizeof(report) };
	input.table = (struct verify_span){ table, len };
	input.root.data = psp_cert_der(psp, PSP_CERT_ARK, &input.root.len);
	assert_non_null(input.root.data);
	return input;
}

/* Report versions 2, 3 and 5, with everything that can be expected of one. */
static void test_report_of_the_model(void **state)
{
	static const unsigned int versions[] = { 2, 3, 5 };
	struct sample *sample = *state;
	struct verify_expect expect = { .check_measurement = true,
					.check_host_data = true,
					.policy_mask = UINT64_MAX,
					.policy_value = PSP_POLICY_DEFAULT };

	memset(expect.measurement, 0x77, sizeof(expect.measurement));
	memset(expect.host_data, 0x88, sizeof(expect.host_data));
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		struct psp_config config = { .report_version = versions[i], .seed = 5U };
		struct psp *psp = NULL;
		struct verify_input input;

		memset(config.measurement.bytes, 0x77, sizeof(config.measurement.bytes));
		memset(config.host_data, 0x88, sizeof(config.host_data));
		psp = psp_create(&config);
		assert_non_null(psp);
		get_report(psp, sample->report + 0x50, 0U);
		input = input_of(psp, sample);
		assert_int_equal(report[0], versions[i]);
		expect_verified(&input, &expect);
		expect.measurement[0] ^= 1U;
		expect_failure(&input, &expect, "report.measurement");
		expect.measurement[0] ^= 1U;
		get_report(psp, sample->report + 0x50, 1U);
		expect_failure(&input, &expect, "report.vmpl");
		get_report(psp, sample->nonce, 0U);
		expect_failure(&input, &expect, "report.report_data");
		psp_destroy(psp);
	}
}

/* Another chip of the same root: its certificates do not verify this chip's report. */
static void test_certificates_of_another_chip(void **state)
{
	const struct verify_expect expect = { .vmpl = 0U };
	struct sample *sample = *state;
	struct psp *ours = psp_create(&(struct psp_config){ .seed = 5U });
	struct psp *theirs = psp_create(&(struct psp_config){ .seed = 6U });
	struct verify_input input;

	assert_non_null(ours);
	assert_non_null(theirs);
	get_report(ours, sample->report + 0x50, 0U);
	input = input_of(theirs, sample);
	expect_failure(&input, &expect, "report.signature");
	expect_failure(&input, &expect, "leaf.chip_id");
	psp_destroy(ours);
	psp_destroy(theirs);
}

static int setup(void **state)
{
	const struct sample_config config = { 0 };

	*state = sample_create(&config);
	return 0;
}

static int teardown(void **state)
{
	sample_destroy(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_report_of_the_model),
		cmocka_unit_test(test_certificates_of_another_chip),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
