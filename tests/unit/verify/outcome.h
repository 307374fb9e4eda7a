/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OUTCOME_H
#define OUTCOME_H

/* cmocka in the order it wants, and the two sentences that most tests consist of. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sample.h"

/* Everything passes. */
static inline void expect_verified(const struct verify_input *input,
				   const struct verify_expect *expect)
{
	static struct verify_result result;

	if (!verify_run(input, expect, &result)) {
		verify_print_text(&result, stdout);
		fail_msg("not verified");
	}
}

/* The check @name fails. */
static inline void expect_failure(const struct verify_input *input,
				  const struct verify_expect *expect, const char *name)
{
	static struct verify_result result;

	assert_false(verify_run(input, expect, &result));
	if (sample_outcome(&result, name) != VERIFY_FAIL) {
		verify_print_text(&result, stdout);
		fail_msg("%s did not fail", name);
	}
}

#endif
