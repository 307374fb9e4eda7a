/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "verdict.h"

static const struct run_findings good = {
	.traces = 14U,
	.attested = 3U,
	.compared = 10000U,
	.guest_checks = 1000U,
	.evaluations = 1000000U,
	.complete = true,
};

static void a_clean_run_is_ok(void **state)
{
	(void)state;
	assert_int_equal(run_verdict(&good), RUN_VERDICT_OK);
	assert_int_equal(run_verdict_exit(RUN_VERDICT_OK), 0);
}

/* One of anything that must not be makes the program fail. */
static void any_finding_fails(void **state)
{
	struct run_findings found[6] = { good, good, good, good, good, good };

	(void)state;
	found[0].traces_failed = 1U;
	found[1].mismatches = 1U;
	found[2].violations = 1U;
	found[3].wrong = 1U;
	found[4].untracked = 1U;
	found[5].attest_failed = 1U;
	for (size_t i = 0; i < sizeof(found) / sizeof(found[0]); i++) {
		assert_int_equal(run_verdict(&found[i]), RUN_VERDICT_WRONG);
	}
	assert_int_equal(run_verdict_exit(RUN_VERDICT_WRONG), 1);
}

/* So does a run that looked at nothing. */
static void nothing_seen_fails(void **state)
{
	struct run_findings blind[6] = { good, good, good, good, good, good };

	(void)state;
	blind[0].traces = 0U;
	blind[1].compared = 0U;
	blind[2].guest_checks = 0U;
	blind[3].evaluations = 0U;
	blind[4].complete = false;
	blind[5].attested = 0U;
	for (size_t i = 0; i < sizeof(blind) / sizeof(blind[0]); i++) {
		assert_int_equal(run_verdict(&blind[i]), RUN_VERDICT_NOTHING_SEEN);
	}
	assert_int_equal(run_verdict_exit(RUN_VERDICT_NOTHING_SEEN), 1);
}

static void a_finding_outweighs_blindness(void **state)
{
	struct run_findings findings = { .violations = 1U };

	(void)state;
	assert_int_equal(run_verdict(&findings), RUN_VERDICT_WRONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_clean_run_is_ok),
		cmocka_unit_test(any_finding_fails),
		cmocka_unit_test(nothing_seen_fails),
		cmocka_unit_test(a_finding_outweighs_blindness),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
