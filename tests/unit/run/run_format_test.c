/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "format.h"

static void counts(void **state)
{
	char text[FORMAT_SIZE];

	(void)state;
	assert_string_equal(format_count(0.0, text), "0");
	assert_string_equal(format_count(9999.0, text), "9999");
	assert_string_equal(format_count(9999.6, text), "10.0 k");
	assert_string_equal(format_count(123456.0, text), "123 k");
	assert_string_equal(format_count(999600.0, text), "1.00 M");
	assert_string_equal(format_count(4.2e9, text), "4.20 G");
}

static void durations(void **state)
{
	char text[FORMAT_SIZE];

	(void)state;
	assert_string_equal(format_duration(7.4, text), "7 ns");
	assert_string_equal(format_duration(999.6, text), "1.00 us");
	assert_string_equal(format_duration(12345.0, text), "12.3 us");
	assert_string_equal(format_duration(99.96e3, text), "100 us");
	assert_string_equal(format_duration(2.5e6, text), "2.50 ms");
	assert_string_equal(format_duration(61.0e9, text), "61.0 s");
}

static void sizes(void **state)
{
	char text[FORMAT_SIZE];

	(void)state;
	assert_string_equal(format_bytes(0U, text), "0 B");
	assert_string_equal(format_bytes(1023U, text), "1023 B");
	assert_string_equal(format_bytes(1536U, text), "1.5 KiB");
	assert_string_equal(format_bytes(UINT64_C(4) << 30, text), "4 GiB");
	assert_string_equal(format_bytes(UINT64_C(16) << 40, text), "16 TiB");
	assert_string_equal(format_bytes(UINT64_C(2048) << 40, text), "2048 TiB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts),
		cmocka_unit_test(durations),
		cmocka_unit_test(sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
