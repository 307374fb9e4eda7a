/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "outcome.h"
#include "report.h"

static const struct verify_expect expect;
static const struct sample_config milan;

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

/* Firmware ABI 56860: report versions of Milan and Genoa, and of Turin. */
static void test_report_versions(void **state)
{
	(void)state;
	for (uint32_t version = 2; version <= 5U; version++) {
		config_verifies(&(struct sample_config){ .report_version = version });
	}
	for (uint32_t version = 3; version <= 5U; version++) {
		config_verifies(
			&(struct sample_config){ .report_version = version, .turin = true });
	}
	config_fails(&(struct sample_config){ .report_version = 1U }, "report.version");
	config_fails(&(struct sample_config){ .report_version = 6U }, "report.version");
	config_fails(&(struct sample_config){ .report_version = 0x10005U }, "report.version");
}

/* AMD document 57230: patch levels 1 (bootloader), 2 (TEE), 3 (SNP), 8 (microcode), 9 (FMC). */
static void test_missing_patch_level(void **state)
{
	static const unsigned int needed[] = { 1, 2, 3, 8 };

	(void)state;
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		config_fails(&(struct sample_config){ .without_spl = needed[i] }, "leaf.tcb");
	}
	config_fails(&(struct sample_config){ .without_spl = 9U, .turin = true }, "leaf.tcb");
	config_verifies(&(struct sample_config){ .without_spl = 5U });
}

static void test_patch_level_twice(void **state)
{
	(void)state;
	config_fails(&(struct sample_config){ .double_spl = 3U }, "leaf.extensions");
}

/* A VCEK of another TCB of the same chip: each byte of REPORTED_TCB counts. */
static void test_other_tcb(void **state)
{
	struct sample *sample = sample_create(&milan);
	const struct verify_input input = sample_input(sample);

	(void)state;
	for (unsigned int i = 0; i < 8U; i++) {
		sample->report[REPORT_REPORTED_TCB + i] ^= 1U;
		sample_sign(sample);
		expect_failure(&input, &expect, "leaf.tcb");
		sample->report[REPORT_REPORTED_TCB + i] ^= 1U;
	}
	sample_destroy(sample);
}

static void test_other_chip(void **state)
{
	struct sample *sample = sample_create(&milan);
	const struct verify_input input = sample_input(sample);

	(void)state;
	sample->report[REPORT_CHIP_ID + 63U] ^= 1U;
	sample_sign(sample);
	expect_failure(&input, &expect, "leaf.chip_id");
	memset(sample->report + REPORT_CHIP_ID, 0, REPORT_CHIP_ID_BYTES);
	sample_sign(sample);
	expect_failure(&input, &expect, "leaf.chip_id");
	sample_destroy(sample);
}

/* Turin's chip id has 8 bytes; what follows in the report must be zero. */
static void test_short_chip_id(void **state)
{
	const struct sample_config turin = { .turin = true };
	struct sample *sample = sample_create(&turin);
	const struct verify_input input = sample_input(sample);

	(void)state;
	sample->report[REPORT_CHIP_ID + 8U] = 1U;
	sample_sign(sample);
	expect_failure(&input, &expect, "leaf.chip_id");
	sample_destroy(sample);
}

static void test_form_of_chip_id(void **state)
{
	(void)state;
	config_verifies(&(struct sample_config){ .chip_id_wrapped = true });
	config_verifies(&(struct sample_config){ .chip_id_wrapped = true, .turin = true });
	config_fails(&(struct sample_config){ .no_chip_id = true }, "leaf.chip_id");
}

/* A VLEK names a provider; the report must say that it is signed by one. */
static void test_vlek(void **state)
{
	const struct sample_config vlek = { .vlek = true };
	struct sample *sample = sample_create(&vlek);
	const struct verify_input input = sample_input(sample);

	(void)state;
	expect_verified(&input, &expect);
	for (uint8_t key = 0; key < 8U; key++) {
		if (key != SIGNING_VLEK) {
			sample->report[REPORT_KEY_INFO] = (uint8_t)(key << 2);
			sample_sign(sample);
			expect_failure(&input, &expect, "report.signing_key");
		}
	}
	sample_destroy(sample);
}

static void test_vcek_signs_as_vlek(void **state)
{
	struct sample *sample = sample_create(&milan);
	const struct verify_input input = sample_input(sample);

	(void)state;
	sample->report[REPORT_KEY_INFO] = SIGNING_VLEK << 2;
	sample_sign(sample);
	expect_failure(&input, &expect, "report.signing_key");
	sample_destroy(sample);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_report_versions),
		cmocka_unit_test(test_missing_patch_level),
		cmocka_unit_test(test_patch_level_twice),
		cmocka_unit_test(test_other_tcb),
		cmocka_unit_test(test_other_chip),
		cmocka_unit_test(test_short_chip_id),
		cmocka_unit_test(test_form_of_chip_id),
		cmocka_unit_test(test_vlek),
		cmocka_unit_test(test_vcek_signs_as_vlek),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
