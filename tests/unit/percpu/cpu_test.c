/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu.h"

#include <string.h>

#include "core_fixture.h"

#define START (4U * MIB)
#define SIZE (1U * MIB)

static bool init(const uint32_t *ids, unsigned int count, uint64_t size)
{
	struct svsm_arena arena;

	memset(arch_private_ptr(gpa_make(START)), 0, SIZE);
	svsm_arena_init(&arena, gpa_make(START), size);
	return svsm_cpus_init(&arena, ids, count);
}

/* architecture 3: CREATE_VCPU names a vCPU by its APIC id, whatever the order of the ids. */
static void test_by_apic(void **state)
{
	static const uint32_t ids[] = { 7, 3, 0xffffffff, 0, 256 };

	(void)state;
	assert_true(init(ids, 5, SIZE));
	assert_int_equal(svsm_cpus_count(), 5);
	for (unsigned int i = 0; i < 5U; i++) {
		assert_int_equal(svsm_cpu_at(i)->index, i);
		assert_int_equal(svsm_cpu_at(i)->apic_id, ids[i]);
		assert_ptr_equal(svsm_cpu_by_apic(ids[i]), svsm_cpu_at(i));
		assert_int_equal((uintptr_t)svsm_cpu_at(i) % SVSM_CACHE_LINE, 0);
	}
	assert_null(svsm_cpu_by_apic(1));
	assert_null(svsm_cpu_by_apic(8));
	assert_null(svsm_cpu_by_apic(0xfffffffe));
}

/* architecture 9: two vCPUs with one APIC id are refused at boot, wherever they stand. */
static void test_duplicates(void **state)
{
	static const uint32_t ids[][4] = {
		{ 1, 1, 2, 3 }, { 1, 2, 3, 1 }, { 3, 2, 1, 3 }, { 0, 5, 9, 5 }, { 4, 4, 4, 4 },
	};
	static const uint32_t fine[] = { 3, 2, 1, 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		assert_false(init(ids[i], 4, SIZE));
	}
	assert_true(init(fine, 4, SIZE));
}

static void test_size(void **state)
{
	static const uint32_t ids[] = { 0, 1, 2, 3, 4, 5, 6, 7 };

	(void)state;
	assert_true(init(ids, 8, svsm_cpus_bytes(8)));
	assert_false(init(ids, 8, svsm_cpus_bytes(7)));
	assert_false(init(ids, 8, 0));
	/* architecture 10: at most 64 KiB for a vCPU */
	assert_true(svsm_cpus_bytes(1024) / 1024U <= 0x10000U);
}

static void test_statistics(void **state)
{
	struct svsm_cpu *cpu = svsm_cpu_at(1);

	(void)state;
	svsm_stat_add(cpu, SVSM_STAT_BUSY, 3);
	svsm_stat_add(cpu, SVSM_STAT_BUSY, 4);
	assert_int_equal(atomic_load(&cpu->stats[SVSM_STAT_BUSY]), 7);
	assert_int_equal(atomic_load(&cpu->stats[SVSM_STAT_CALLS]), 0);
	assert_int_equal(atomic_load(&svsm_cpu_at(0)->stats[SVSM_STAT_BUSY]), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		core_test(test_by_apic),
		core_test(test_duplicates),
		core_test(test_size),
		core_test(test_statistics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
