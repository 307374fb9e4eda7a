/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "resources.h"

static void meminfo(void **state)
{
	uint64_t bytes = 0U;

	(void)state;
	assert_true(resources_parse_available("MemTotal:       16 kB\nMemFree:         8 kB\n"
					      "MemAvailable:   12 kB\nBuffers: 1 kB\n",
					      &bytes));
	assert_int_equal(bytes, 12288U);
	assert_false(resources_parse_available("MemTotal: 16 kB\nMemFree: 8 kB\n", &bytes));
	assert_false(resources_parse_available("MemAvailable: kB\n", &bytes));
	assert_false(resources_parse_available("MemAvailable: 12 MB\n", &bytes));
	assert_false(resources_parse_available("", &bytes));
}

/* At least the guest's memory and the SVSM's share; not so much more that nothing would start. */
static void needs_follow_the_options(void **state)
{
	struct run_options options = { .vcpus = 8U, .memory = UINT64_C(4) << 30 };
	const uint64_t needed = resources_needed(&options);

	(void)state;
	assert_true(needed > options.memory);
	assert_true(needed < options.memory + (UINT64_C(1) << 30));
	options.vcpus = 1024U;
	assert_true(resources_needed(&options) > needed);
	assert_true(resources_processors() >= 1U);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(meminfo),
		cmocka_unit_test(needs_follow_the_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
