/* SPDX-License-Identifier: Apache-2.0 */
#include "record.h"

#include "core_fixture.h"

static struct svsm_record_ref made(unsigned int cpu, uint64_t vmsa, uint64_t ca, unsigned int vmpl)
{
	struct svsm_record_ref ref;

	assert_true(svsm_record_create(svsm_cpu_at(cpu), &ref));
	svsm_record_set(ref, gpa_make(vmsa), gpa_make(ca), vmpl);
	svsm_record_release(ref);
	return ref;
}

/* The record of the startup vCPU is made at boot (58019 sections 4.1, 6.5). */
static void test_startup(void **state)
{
	const struct svsm_record_ref startup = { svsm_cpu_at(0), 0 };
	const struct svsm_boot_info *info = hm_boot_info(core_machine);

	(void)state;
	assert_int_equal(svsm_record_count(10), 1);
	assert_int_equal(svsm_record_vmsa(startup).raw, info->startup_vmsa.raw);
	assert_int_equal(svsm_record_ca(startup).raw, info->startup_ca.raw);
	assert_int_equal(svsm_record_vmpl(startup), info->guest_vmpl);
	assert_true(svsm_record_is_startup(startup));
	assert_false(svsm_record_is_startup(made(0, PAGE, 2U * PAGE, 2)));
	assert_false(svsm_record_is_startup(made(1, 3U * PAGE, 4U * PAGE, 2)));
}

static void test_states(void **state)
{
	const struct svsm_record_ref ref = made(1, PAGE, 2U * PAGE, 3);

	(void)state;
	assert_int_equal(svsm_record_vmpl(ref), 3);
	assert_false(svsm_record_try(ref, SVSM_RECORD_FREE, SVSM_RECORD_CREATING));
	assert_true(svsm_record_try(ref, SVSM_RECORD_IDLE, SVSM_RECORD_SERVING));
	assert_false(svsm_record_try(ref, SVSM_RECORD_IDLE, SVSM_RECORD_DELETING));
	assert_false(svsm_record_try(ref, SVSM_RECORD_IDLE, SVSM_RECORD_REBINDING));
	svsm_record_set_ca(ref, gpa_make(9U * PAGE));
	svsm_record_release(ref);
	assert_int_equal(svsm_record_ca(ref).raw, 9U * PAGE);
	assert_true(svsm_record_try(ref, SVSM_RECORD_IDLE, SVSM_RECORD_DELETING));
	svsm_record_free(ref);
	assert_int_equal(svsm_record_vmsa(ref).raw, 0);
	assert_int_equal(svsm_record_ca(ref).raw, 0);
	assert_false(svsm_record_try(ref, SVSM_RECORD_IDLE, SVSM_RECORD_SERVING));
}

/* A4: a word read in an earlier life of the slot takes nothing in the next one. */
static void test_generation(void **state)
{
	const struct svsm_record_ref ref = made(1, PAGE, 2U * PAGE, 2);
	struct svsm_record_view view;

	(void)state;
	assert_true(svsm_record_find_vmsa(gpa_make(PAGE), &view));
	assert_int_equal(view.state, SVSM_RECORD_IDLE);
	assert_int_equal(view.vmpl, 2);
	assert_true(svsm_record_take(ref, view.word, SVSM_RECORD_DELETING));
	assert_false(svsm_record_take(ref, view.word, SVSM_RECORD_DELETING));
	svsm_record_free(ref);
	(void)made(1, PAGE, 2U * PAGE, 2);
	assert_false(svsm_record_take(ref, view.word, SVSM_RECORD_DELETING));
	assert_true(svsm_record_find_vmsa(gpa_make(PAGE), &view));
	assert_true(svsm_record_take(ref, view.word, SVSM_RECORD_DELETING));
}

/* 58019 section 6.4: a bounded number of VMSAs live for one APIC id. */
static void test_slots(void **state)
{
	struct svsm_record_ref ref[SVSM_RECORDS_PER_CPU + 1U];

	(void)state;
	for (unsigned int i = 0; i < SVSM_RECORDS_PER_CPU; i++) {
		ref[i] = made(2, (2U * i + 1U) * PAGE, (2U * i + 2U) * PAGE, 2);
		assert_ptr_equal(ref[i].cpu, svsm_cpu_at(2));
	}
	assert_false(svsm_record_create(svsm_cpu_at(2), &ref[SVSM_RECORDS_PER_CPU]));
	assert_int_equal(svsm_record_count(100), SVSM_RECORDS_PER_CPU + 1U);
	assert_int_equal(svsm_record_count(2), 2);
	assert_true(svsm_record_try(ref[3], SVSM_RECORD_IDLE, SVSM_RECORD_DELETING));
	assert_false(svsm_record_create(svsm_cpu_at(2), &ref[SVSM_RECORDS_PER_CPU]));
	svsm_record_free(ref[3]);
	assert_true(svsm_record_create(svsm_cpu_at(2), &ref[SVSM_RECORDS_PER_CPU]));
	assert_int_equal(ref[SVSM_RECORDS_PER_CPU].slot, 3);
}

static void test_find(void **state)
{
	const struct svsm_record_ref first = made(1, PAGE, 2U * PAGE, 2);
	const struct svsm_record_ref second = made(3, 3U * PAGE, 4U * PAGE, 3);
	struct svsm_record_view view;

	(void)state;
	assert_true(svsm_record_find_vmsa(gpa_make(3U * PAGE), &view));
	assert_ptr_equal(view.ref.cpu, second.cpu);
	assert_int_equal(view.ref.slot, second.slot);
	assert_int_equal(view.vmpl, 3);
	assert_false(svsm_record_find_vmsa(gpa_make(2U * PAGE), &view));
	assert_true(svsm_record_find_ca(svsm_cpu_at(1), gpa_make(2U * PAGE), &view));
	assert_ptr_equal(view.ref.cpu, first.cpu);
	/* A7: a calling area is looked for on the vCPU it belongs to only */
	assert_false(svsm_record_find_ca(svsm_cpu_at(2), gpa_make(2U * PAGE), &view));
	assert_false(svsm_record_find_ca(svsm_cpu_at(1), gpa_make(4U * PAGE), &view));
	assert_true(svsm_record_try(first, SVSM_RECORD_IDLE, SVSM_RECORD_SERVING));
	assert_true(svsm_record_find_vmsa(gpa_make(PAGE), &view));
	assert_int_equal(view.state, SVSM_RECORD_SERVING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		core_test(test_startup), core_test(test_states), core_test(test_generation),
		core_test(test_slots),	 core_test(test_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
