/* SPDX-License-Identifier: Apache-2.0 */

/* What guest physical addresses are, and pages that a hostile host moves. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_machine.h"
#include "launch.h"
#include "ram.h"
#include "rmp.h"
#include "sample_package.h"

static int setup(void **state)
{
	(void)state;
	fake_machine_start(0);
	ram_add(gpa_make(0), 0xa0000);
	ram_add(gpa_make(0x100000), 0x400000);
	ram_add_rom(gpa_make(0xffc00000), 0x2000, (void *)FAKE_OWN);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_machine_stop();
	return 0;
}

static void test_ranges(void **state)
{
	static const struct {
		uint64_t gpa, hpa;
		bool memory;
	} rows[] = {
		{ 0, 0, true },
		{ 0x9ffff, 0x9ffff, true },
		{ 0xa0000, 0, false },
		{ 0xfffff, 0, false },
		{ 0x100000, 0x100000, true },
		{ 0x4fffff, 0x4fffff, true },
		{ 0x500000, 0, false },
		{ 0xffbfffff, 0, false },
		{ 0xffc00000, FAKE_OWN, true },
		{ 0xffc01fff, FAKE_OWN + 0x1fff, true },
		{ 0xffc02000, 0, false },
		{ UINT64_MAX, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		hpa_t hpa = { 0 };

		assert_int_equal(ram_is_memory(gpa_make(rows[i].gpa)), rows[i].memory);
		assert_int_equal(ram_translate(gpa_make(rows[i].gpa), &hpa), rows[i].memory);
		assert_int_equal(hpa.raw, rows[i].hpa);
	}
	assert_int_equal(ram_top_low().raw, 0x500000);
	assert_int_equal(ram_top().raw, 0x500000);
}

static void test_pointer(void **state)
{
	(void)state;
	assert_ptr_equal(ram_pointer(gpa_make(0), 4096), fake_memory);
	assert_ptr_equal(ram_pointer(gpa_make(0x1ff8), 8), fake_memory + 0x1ff8);
	assert_null(ram_pointer(gpa_make(0x1ff8), 9));
	assert_null(ram_pointer(gpa_make(0x1000), 4097));
	assert_null(ram_pointer(gpa_make(0x1008), SIZE_MAX));
	assert_null(ram_pointer(gpa_make(0xa0000), 1));
}

static void test_shared_pointer(void **state)
{
	const uint8_t perms[4] = { 0 };

	(void)state;
	assert_ptr_equal(ram_shared_pointer(gpa_make(0x3000), 8), fake_memory + 0x3000);
	assert_true(snpm_launch_page(rmp_table(), 3, 3, 0, perms, false));
	assert_null(ram_shared_pointer(gpa_make(0x3000), 8));
	assert_null(ram_shared_pointer(gpa_make(0xa0000), 8));
}

static void test_move(void **state)
{
	hpa_t hpa;

	(void)state;
	assert_false(ram_move(gpa_make(0xa0000), hpa_make(0x700000)));
	assert_false(ram_move(gpa_make(0x5000), hpa_make(0x700001)));
	assert_true(ram_move(gpa_make(0x5000), hpa_make(0x700000)));
	assert_true(ram_translate(gpa_make(0x5123), &hpa));
	assert_int_equal(hpa.raw, 0x700123);
	assert_true(ram_translate(gpa_make(0x6123), &hpa));
	assert_int_equal(hpa.raw, 0x6123);
	assert_true(ram_move(gpa_make(0x5000), hpa_make(0x5000)));
	assert_true(ram_translate(gpa_make(0x5123), &hpa));
	assert_int_equal(hpa.raw, 0x5123);
}

/* The table of moved pages fills up, refuses, and loses nothing. */
static void test_move_many(void **state)
{
	unsigned int moved = 0;

	(void)state;
	for (uint64_t page = 0x100; page < 0x500U; page++) {
		if (!ram_move(gpa_make(page << 12U), hpa_make((page + 0x100U) << 12U))) {
			break;
		}
		moved++;
	}
	assert_in_range(moved, 256, 0x3ff);
	for (uint64_t page = 0x100; page < 0x500U; page++) {
		hpa_t hpa;

		assert_true(ram_translate(gpa_make(page << 12U), &hpa));
		assert_int_equal(hpa.raw >> 12U, page < 0x100U + moved ? page + 0x100U : page);
	}
}

static void test_rom_out_of_memory(void **state)
{
	struct launch_result result;
	size_t bytes;
	uint8_t *package = sample_package(&bytes);

	(void)state;
	fake_exhaust(true);
	assert_false(launch_load(package, bytes, &result));
	assert_non_null(strstr(fake_log(), "raise --reserve"));
	fake_exhaust(false);
	free(package);
}

static void test_refused_policy(void **state)
{
	struct launch_result result;
	size_t bytes;
	uint8_t *package = sample_package(&bytes);

	(void)state;
	fake_refuse_policy();
	assert_false(launch_load(package, bytes, &result));
	assert_non_null(strstr(fake_log(), "refuses policy 30000"));
	free(package);
}

static void test_bad_certificates(void **state)
{
	struct launch_result result;
	size_t bytes;
	uint8_t *package = sample_package(&bytes);

	(void)state;
	package[sample_entry(package, SAMPLE_ROOTS)->data_offset] = 'x';
	assert_false(launch_load(package, bytes, &result));
	assert_non_null(strstr(fake_log(), "certificates"));
	free(package);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_pointer),
		cmocka_unit_test(test_shared_pointer),
		cmocka_unit_test(test_bad_certificates),
		cmocka_unit_test(test_rom_out_of_memory),
		cmocka_unit_test(test_refused_policy),
		cmocka_unit_test(test_move),
		cmocka_unit_test(test_move_many),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
