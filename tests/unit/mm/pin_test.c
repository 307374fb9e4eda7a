/* SPDX-License-Identifier: Apache-2.0 */
#include "pin.h"

#include "core_fixture.h"

static bool conflict(uint64_t gpa, uint64_t pages)
{
	return svsm_pin_conflict(svsm_cpu_at(0), gpa_make(gpa), pages);
}

static void test_page(void **state)
{
	(void)state;
	assert_false(conflict(0, 1U << 14));
	svsm_pin_set(svsm_cpu_at(2), gpa_make(8U * MIB + 0x123U));
	assert_true(conflict(8U * MIB, 1));
	assert_false(conflict(8U * MIB + PAGE, 1));
	assert_false(conflict(8U * MIB - PAGE, 1));
	assert_true(conflict(8U * MIB - PAGE, 2));
	assert_false(conflict(8U * MIB - 2U * PAGE, 2));
	assert_true(conflict(8U * MIB, 512));
	assert_false(conflict(6U * MIB, 512));
	svsm_pin_clear(svsm_cpu_at(2));
	assert_false(conflict(8U * MIB, 1));
}

/* Page 0 can be pinned too. */
static void test_page_zero(void **state)
{
	(void)state;
	assert_false(conflict(0, 1));
	svsm_pin_set(svsm_cpu_at(1), gpa_make(8));
	assert_true(conflict(0, 1));
	assert_false(conflict(PAGE, 1));
	svsm_pin_clear(svsm_cpu_at(1));
}

static void test_counted(void **state)
{
	(void)state;
	svsm_pin_set(svsm_cpu_at(3), gpa_make(MIB));
	assert_true(conflict(MIB, 1));
	assert_true(conflict(0, 512));
	assert_int_equal(atomic_load(&svsm_cpu_at(0)->stats[SVSM_STAT_PIN_CONFLICTS]), 2);
	svsm_pin_clear(svsm_cpu_at(3));
}

static void test_snapshot(void **state)
{
	gpa_t pinned[CORE_CPUS];
	bool overflow = true;

	(void)state;
	assert_int_equal(svsm_pin_snapshot(svsm_cpu_at(0), pinned, CORE_CPUS, &overflow), 0);
	assert_false(overflow);
	svsm_pin_set(svsm_cpu_at(1), gpa_make(MIB + 5U));
	svsm_pin_set(svsm_cpu_at(3), gpa_make(3U * MIB));
	assert_int_equal(svsm_pin_snapshot(svsm_cpu_at(0), pinned, CORE_CPUS, &overflow), 2);
	assert_false(overflow);
	assert_int_equal(pinned[0].raw, MIB);
	assert_int_equal(pinned[1].raw, 3U * MIB);
	assert_int_equal(svsm_pin_snapshot(svsm_cpu_at(0), pinned, 2, &overflow), 2);
	assert_false(overflow);
	assert_int_equal(svsm_pin_snapshot(svsm_cpu_at(0), pinned, 1, &overflow), 1);
	assert_true(overflow);
}

/* One scan for a list: the first pinned entry, whatever the order of vCPUs and of entries. */
static void test_list(void **state)
{
	static const uint64_t list[] = { 9U * MIB | 8U, 3U * MIB, 5U * MIB + PAGE,
					 3U * MIB + PAGE };

	(void)state;
	assert_int_equal(svsm_pin_first(svsm_cpu_at(0), list, 4), 4);
	svsm_pin_set(svsm_cpu_at(1), gpa_make(3U * MIB + PAGE + 7U));
	assert_int_equal(svsm_pin_first(svsm_cpu_at(0), list, 4), 3);
	svsm_pin_set(svsm_cpu_at(3), gpa_make(3U * MIB));
	assert_int_equal(svsm_pin_first(svsm_cpu_at(0), list, 4), 1);
	assert_int_equal(svsm_pin_first(svsm_cpu_at(0), list, 1), 1);
	svsm_pin_set(svsm_cpu_at(2), gpa_make(9U * MIB + 16U));
	assert_int_equal(svsm_pin_first(svsm_cpu_at(0), list, 4), 0);
	assert_true(svsm_pin_on_page(svsm_cpu_at(0), gpa_make(9U * MIB)));
	assert_false(svsm_pin_on_page(svsm_cpu_at(0), gpa_make(9U * MIB + PAGE)));
	svsm_pin_clear(svsm_cpu_at(2));
	assert_false(svsm_pin_on_page(svsm_cpu_at(0), gpa_make(9U * MIB)));
	assert_int_equal(svsm_pin_first(svsm_cpu_at(0), list, 4), 1);
	svsm_pin_clear(svsm_cpu_at(3));
	svsm_pin_clear(svsm_cpu_at(1));
	assert_int_equal(svsm_pin_first(svsm_cpu_at(0), list, 4), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		core_test(test_page),	  core_test(test_page_zero), core_test(test_counted),
		core_test(test_snapshot), core_test(test_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
