/* SPDX-License-Identifier: Apache-2.0 */
#include "leaf.h"

#include "core_fixture.h"
#include "mm_cpu.h"

#define REGIONS 32U /* of 64 MiB */
#define TOTAL (REGIONS + CORE_CPUS * (SVSM_LEAF_CACHE + SVSM_LEAF_BATCH * SVSM_LEAF_BATCHES + 1U))

static struct mm_cpu *mm(unsigned int cpu)
{
	return mm_cpu(svsm_cpu_at(cpu));
}

static bool retire(unsigned int cpu, uint32_t index)
{
	if (!svsm_leaf_may_retire(&mm(cpu)->leaf, &mm(cpu)->epoch)) {
		return false;
	}
	svsm_leaf_retire(&mm(cpu)->leaf, &mm(cpu)->epoch, index);
	return true;
}

/* leaf.h: the store has exactly the stated number, each once. */
static void test_exhaustion(void **state)
{
	const uint64_t used = svsm_leaf_touched();
	bool seen[TOTAL] = { false };
	uint32_t index = 0;
	uint64_t count = 0;

	(void)state;
	for (;;) {
		index = svsm_leaf_alloc(&mm(count % CORE_CPUS)->leaf);
		if (index == SVSM_LEAF_NONE) {
			break;
		}
		assert_in_range(index, 0, TOTAL - 1U);
		assert_false(seen[index]);
		seen[index] = true;
		count++;
	}
	assert_int_equal(count + used, TOTAL);
	assert_int_equal(svsm_leaf_touched(), TOTAL);
	svsm_leaf_discard(&mm(0)->leaf, 7);
	/* a cached leaf is its vCPU's */
	assert_int_equal(svsm_leaf_alloc(&mm(1)->leaf), SVSM_LEAF_NONE);
	assert_int_equal(svsm_leaf_alloc(&mm(0)->leaf), 7);
	assert_int_equal(svsm_leaf_alloc(&mm(0)->leaf), SVSM_LEAF_NONE);
}

/* Leaves beyond the cache go to the shared stack, where every vCPU finds them. */
static void test_discard(void **state)
{
	uint32_t taken[SVSM_LEAF_CACHE + 4U];
	uint64_t touched;

	(void)state;
	for (unsigned int i = 0; i < SVSM_LEAF_CACHE + 4U; i++) {
		taken[i] = svsm_leaf_alloc(&mm(0)->leaf);
	}
	touched = svsm_leaf_touched();
	for (unsigned int i = 0; i < SVSM_LEAF_CACHE + 4U; i++) {
		svsm_leaf_discard(&mm(0)->leaf, taken[i]);
	}
	for (unsigned int i = 0; i < 4U; i++) {
		assert_int_equal(svsm_leaf_alloc(&mm(1)->leaf), taken[SVSM_LEAF_CACHE + 3U - i]);
	}
	assert_int_equal(svsm_leaf_touched(), touched);
	assert_int_equal(svsm_leaf_alloc(&mm(1)->leaf), touched);
	for (unsigned int i = 0; i < SVSM_LEAF_CACHE; i++) {
		assert_int_equal(svsm_leaf_alloc(&mm(0)->leaf), taken[SVSM_LEAF_CACHE - 1U - i]);
	}
}

/* A8: no leaf is handed out while a section that began before its retirement is open. */
static void test_grace(void **state)
{
	const uint64_t first = svsm_leaf_touched();
	unsigned int retired = 0;

	(void)state;
	svsm_epoch_enter(&mm(1)->epoch);
	for (;;) {
		const uint32_t index = svsm_leaf_alloc(&mm(0)->leaf);

		assert_int_equal(index, first + retired);
		if (!retire(0, index)) {
			svsm_leaf_discard(&mm(0)->leaf, index);
			break;
		}
		retired++;
	}
	/* bounded: then regions stay split */
	assert_int_equal(retired, SVSM_LEAF_BATCH * SVSM_LEAF_BATCHES);
	assert_int_equal(mm(0)->leaf.cached, 1);
	svsm_epoch_leave(&mm(1)->epoch);
	for (unsigned int i = 0; i < 4U; i++) {
		svsm_epoch_poll(&mm(0)->epoch);
	}
	assert_int_equal(mm(0)->leaf.cached, SVSM_LEAF_CACHE);
	assert_true(retire(0, svsm_leaf_alloc(&mm(0)->leaf)));
	for (unsigned int i = 0; i < retired; i++) {
		assert_in_range(svsm_leaf_alloc(&mm(0)->leaf), first, first + retired);
	}
}

static void test_layout(void **state)
{
	(void)state;
	assert_int_equal((uintptr_t)svsm_leaf_at(0) % PAGE, 0);
	assert_ptr_equal((unsigned char *)svsm_leaf_at(0) + 5U * 128U, svsm_leaf_at(5));
	assert_true(svsm_leaf_bytes(REGIONS, CORE_CPUS) >= TOTAL * sizeof(struct svsm_leaf));
	/* architecture 4: 64 MiB of leaves for 1 TiB */
	assert_in_range(svsm_leaf_bytes(UINT64_C(1) << 19, 1), 64U * MIB, 64U * MIB + 0x10000U);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		core_test(test_exhaustion),
		core_test(test_discard),
		core_test(test_grace),
		core_test(test_layout),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
