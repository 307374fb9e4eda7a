/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "outcome.h"

static char text[1 << 18];
static const struct verify_expect expect;

static void capture(void (*print)(const struct verify_result *result, FILE *out),
		    const struct verify_result *result)
{
	FILE *file = tmpfile();
	size_t len = 0;

	assert_non_null(file);
	print(result, file);
	rewind(file);
	len = fread(text, 1, sizeof(text) - 1U, file);
	assert_in_range(len, 1, sizeof(text) - 2U);
	text[len] = '\0';
	(void)fclose(file);
}

static void has(const char *part)
{
	if (strstr(text, part) == NULL) {
		fail_msg("not there: %s", part);
	}
}

/* Quotes, brackets and braces of a JSON text match, and it has no control characters. */
static void expect_balanced(void)
{
	char open[64];
	size_t depth = 0;
	bool quoted = false;

	for (const char *c = text; *c != '\0'; c++) {
		assert_true(*c == '\n' ||
			    ((unsigned char)*c >= 0x20U && (unsigned char)*c < 0x7fU));
		if (quoted && *c == '\\') {
			c++;
		} else if (*c == '"') {
			quoted = !quoted;
		} else if (!quoted && (*c == '{' || *c == '[')) {
			assert_true(depth < sizeof(open));
			open[depth++] = *c;
		} else if (!quoted && (*c == '}' || *c == ']')) {
			assert_true(depth > 0U);
			assert_int_equal(open[--depth], *c == '}' ? '{' : '[');
		}
	}
	assert_false(quoted);
	assert_int_equal(depth, 0);
}

static void test_text(void **state)
{
	static struct verify_result result;
	const struct sample_config config = { 0 };
	struct sample *sample = sample_create(&config);
	const struct verify_input input = sample_input(sample);

	(void)state;
	assert_true(verify_run(&input, &expect, &result));
	capture(verify_print_text, &result);
	has("0x0000000000030000  ABI at least 0.0, SMT\n");
	has("bootloader 3 tee 4 snp 5 microcode 213\n");
	has("CN=ARK-Sample\n");
	has("a1a3ede3-bae9-42c1-97b5-6b75133af830  APIC emulation, 8 bytes: version 0, flags 0x3");
	has("00112233-4455-6677-8899-aabbccddeeff  unknown, 40 bytes\n    c0c1c2");
	has("  pass  report.signature ");
	has("  ----  report.measurement ");
	has("\nVerified\n");
	sample->report[1] = 1;
	assert_false(verify_run(&input, &expect, &result));
	capture(verify_print_text, &result);
	has("\nNOT verified: report.version report.signature\n");
	sample_destroy(sample);
}

static void test_json(void **state)
{
	static struct verify_result result;
	const struct sample_config config = { .turin = true };
	struct sample *sample = sample_create(&config);
	const struct verify_input input = sample_input(sample);

	(void)state;
	assert_true(verify_run(&input, &expect, &result));
	capture(verify_print_json, &result);
	expect_balanced();
	has("\"verified\": true");
	has("\"cpuid_family\": 26");
	has("\"chip_id\": \"5a01020304050607\"");
	has("fmc 11 bootloader 3 tee 4 snp 5 microcode 213");
	has("{\"name\": \"report.signature\", \"result\": \"pass\"");
	sample_destroy(sample);
}

/* A name may carry what a terminal or a JSON reader obeys. */
static void test_hostile_name(void **state)
{
	static struct verify_result result;
	const struct sample_config config = { .leaf_name = "a\x1b[2Jb\"c\\d\ne" };
	struct sample *sample = sample_create(&config);
	const struct verify_input input = sample_input(sample);

	(void)state;
	assert_true(verify_run(&input, &expect, &result));
	capture(verify_print_text, &result);
	assert_null(strchr(text, 0x1b));
	assert_null(strstr(text, "d\ne"));
	capture(verify_print_json, &result);
	expect_balanced();
	sample_destroy(sample);
}

/* Each prefix of everything prints, with nothing read beyond it. */
static void test_prints_wrecks(void **state)
{
	static struct verify_result result;
	const struct sample_config config = { 0 };
	struct sample *sample = sample_create(&config);

	(void)state;
	for (size_t len = 0; len < VERIFY_REPORT_BYTES; len += 37U) {
		struct verify_input input = sample_input(sample);

		input.report.len = len;
		input.table.len = len;
		input.manifest.len = len / 10U;
		assert_false(verify_run(&input, &expect, &result));
		capture(verify_print_text, &result);
		has("NOT verified: report.format certs.format");
		capture(verify_print_json, &result);
		expect_balanced();
		has("\"verified\": false");
	}
	sample_destroy(sample);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_hostile_name),
		cmocka_unit_test(test_prints_wrecks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
