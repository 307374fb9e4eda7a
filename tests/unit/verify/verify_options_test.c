/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "moment.h"
#include "options.h"
#include "report.h"

#define NOW INT64_C(1790000000)

static struct options options;
static char error[256];

/* Words separated by blanks. */
static enum options_parse parse(const char *line)
{
	static char words[1024];
	char *argv[32] = { words };
	int argc = 1;

	assert_true(strlen(line) < sizeof(words));
	memcpy(words, line, strlen(line) + 1U);
	for (char *c = words; *c != '\0';) {
		argv[argc++] = c;
		c += strcspn(c, " ");
		if (*c == ' ') {
			*c++ = '\0';
		}
	}
	return options_parse(argc, argv, NOW, &options, error, sizeof(error));
}

#define FILES "--report r --certs c --nonce n --manifest m"

static void test_files(void **state)
{
	(void)state;
	assert_int_equal(parse(FILES " --root=t --json j --ark a --ask b --vcek v --extract d"),
			 OPTIONS_OK);
	assert_string_equal(options.report, "r");
	assert_string_equal(options.table, "c");
	assert_string_equal(options.nonce, "n");
	assert_string_equal(options.manifest, "m");
	assert_string_equal(options.root, "t");
	assert_string_equal(options.json, "j");
	assert_string_equal(options.extract, "d");
	assert_string_equal(options.certs[VERIFY_ARK], "a");
	assert_string_equal(options.certs[VERIFY_ASK], "b");
	assert_string_equal(options.certs[VERIFY_LEAF], "v");
	assert_int_equal(options.expect.at, NOW);
	assert_false(options.expect.enforce_validity);
	assert_int_equal(parse("--report r --vlek v --nonce n --manifest m"), OPTIONS_OK);
	assert_string_equal(options.certs[VERIFY_LEAF], "v");
}

static void test_policy(void **state)
{
	(void)state;
	assert_int_equal(parse(FILES " --no-debug --no-smt --no-migration --single-socket"),
			 OPTIONS_OK);
	assert_true(options.expect.policy_mask ==
		    (POLICY_DEBUG | POLICY_SMT | POLICY_MIGRATE_MA | POLICY_SINGLE_SOCKET));
	assert_true(options.expect.policy_value == POLICY_SINGLE_SOCKET);
	assert_int_equal(parse(FILES " --policy-mask 0xff0000 --policy-value=0x30000"), OPTIONS_OK);
	assert_true(options.expect.policy_mask == 0xff0000U);
	assert_true(options.expect.policy_value == 0x30000U);
	assert_int_equal(parse(FILES " --policy-mask 1 --policy-value 2"), OPTIONS_BAD);
	assert_int_equal(parse(FILES " --policy-value 1"), OPTIONS_BAD);
	assert_int_equal(parse(FILES " --policy-mask 0x10000000000000000"), OPTIONS_BAD);
	assert_int_equal(parse(FILES " --policy-mask 12a"), OPTIONS_BAD);
}

static void test_values(void **state)
{
	(void)state;
	assert_int_equal(parse(FILES " --vmpl 3 --min-tcb fmc=1,bl=2,tee=3,snp=4,ucode=255"),
			 OPTIONS_OK);
	assert_int_equal(options.expect.vmpl, 3);
	assert_true(options.expect.check_min_tcb);
	assert_int_equal(options.expect.min_tcb.fmc, 1);
	assert_int_equal(options.expect.min_tcb.bootloader, 2);
	assert_int_equal(options.expect.min_tcb.tee, 3);
	assert_int_equal(options.expect.min_tcb.snp, 4);
	assert_int_equal(options.expect.min_tcb.microcode, 255);
	assert_int_equal(parse(FILES " --service-guid c476f1eb-0123-45a5-9641-b4e7dde5bfe3 "
				     "--manifest-version 1 --at now --allow-unknown-root --quiet"),
			 OPTIONS_OK);
	assert_true(options.expect.single_service);
	assert_int_equal(options.expect.service_guid[0], 0xeb);
	assert_int_equal(options.expect.service_guid[8], 0x96);
	assert_int_equal(options.expect.manifest_version, 1);
	assert_true(options.expect.enforce_validity && options.expect.allow_unknown_root);
	assert_int_equal(options.expect.at, NOW);
	assert_true(options.quiet);
}

static void test_bad_values(void **state)
{
	static const char *const bad[] = {
		FILES " --vmpl 4",
		FILES " --vmpl",
		FILES " --vmpl=",
		FILES " --vmpl -1",
		FILES " --measurement 00",
		FILES " --host-data 0x",
		FILES " --service-guid c476f1eb-0123-45a5-9641-b4e7dde5bfe",
		FILES " --service-guid c476f1eb-0123-45a5-9641xb4e7dde5bfe3",
		FILES " --manifest-version 1",
		FILES " --min-tcb snp",
		FILES " --min-tcb snp=256",
		FILES " --min-tcb snp=1,",
		FILES " --min-tcb zzz=1",
		FILES " --at yesterday",
		FILES " --root=",
		FILES " --root t --allow-unknown-root",
		FILES " --report-data 00",
		FILES " --unknown",
		FILES " --quiet=1",
		FILES " stray",
		"--certs c --nonce n --manifest m",
		"--report r --nonce n --manifest m",
		"--report r --vcek v --nonce n --manifest m --extract d",
		"--report r --certs c --nonce n",
		"--report r --certs c --manifest m",
		"",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (parse(bad[i]) != OPTIONS_BAD || *error == '\0') {
			fail_msg("accepted: %s", bad[i]);
		}
	}
}

static void test_help(void **state)
{
	(void)state;
	assert_int_equal(parse("--help"), OPTIONS_HELP);
	assert_int_equal(parse(FILES " -h"), OPTIONS_HELP);
}

static void test_report_data(void **state)
{
	char line[256] = "--report r --certs c --report-data ";
	const size_t used = strlen(line);

	(void)state;
	memset(line + used, 'a', 128);
	assert_int_equal(parse(line), OPTIONS_OK);
	assert_true(options.expect.check_report_data);
	assert_int_equal(options.expect.report_data[63], 0xaa);
	memcpy(line + used + 128, " --nonce n", sizeof(" --nonce n"));
	assert_int_equal(parse(line), OPTIONS_BAD);
}

static void expect_moment(const char *text, int64_t seconds)
{
	int64_t parsed = 0;

	if (!moment_parse(text, &parsed) || parsed != seconds) {
		fail_msg("%s is %lld", text, (long long)parsed);
	}
}

static void test_moments(void **state)
{
	static const char *const bad[] = { "",
					   "-1",
					   "1e9",
					   "99999999999999999999",
					   "253402300800",
					   "1969-12-31",
					   "2025-02-29",
					   "2024-13-01",
					   "2024-00-01",
					   "2024-01-00",
					   "2024-04-31",
					   "2024-1-1",
					   "2024-01-01T24:00:00Z",
					   "2024-01-01T00:60:00Z",
					   "2024-01-01T00:00:60Z",
					   "2024-01-01T00:00:00",
					   "2024-01-01 00:00:00Z",
					   "20x4-01-01" };
	int64_t seconds = 0;

	(void)state;
	expect_moment("0", 0);
	expect_moment("1790000000", 1790000000);
	expect_moment("1970-01-01", 0);
	expect_moment("2000-02-29T12:34:56Z", 951827696);
	expect_moment("2024-12-31", 1735603200);
	expect_moment("2100-03-01", 4107542400);
	expect_moment("9999-12-31T23:59:59Z", 253402300799);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (moment_parse(bad[i], &seconds)) {
			fail_msg("accepted: %s", bad[i]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),	cmocka_unit_test(test_policy),
		cmocka_unit_test(test_values),	cmocka_unit_test(test_bad_values),
		cmocka_unit_test(test_help),	cmocka_unit_test(test_report_data),
		cmocka_unit_test(test_moments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
