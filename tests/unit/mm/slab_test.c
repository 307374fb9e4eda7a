/* SPDX-License-Identifier: Apache-2.0 */
#include "slab.h"

#include <string.h>

#include "core_fixture.h"
#include "depot.h"
#include "pool.h"

static struct svsm_cpu *cpu(void)
{
	return svsm_cpu_at(0);
}

static void test_classes(void **state)
{
	size_t last = 0;

	(void)state;
	assert_int_equal(svsm_slab_class_size(1), 32);
	assert_int_equal(svsm_slab_class_size(32), 32);
	assert_int_equal(svsm_slab_class_size(33), 64);
	assert_int_equal(svsm_slab_class_size(SVSM_SLAB_MAX), SVSM_SLAB_MAX);
	assert_int_equal(svsm_slab_class_size(SVSM_SLAB_MAX + 1U), 0);
	for (size_t size = 1; size <= SVSM_SLAB_MAX; size++) {
		const size_t class_size = svsm_slab_class_size(size);

		assert_true(class_size >= size && class_size >= last);
		assert_int_equal(class_size % 32U, 0);
		last = class_size;
	}
	assert_null(svsm_slab_alloc(cpu(), 0));
	assert_null(svsm_slab_alloc(cpu(), SVSM_SLAB_MAX + 1U));
	assert_null(svsm_slab_alloc(cpu(), SIZE_MAX));
}

/* Objects of all classes: aligned, zeroed whatever was there, and apart from each other. */
static void test_objects(void **state)
{
	static unsigned char *object[300];
	unsigned int count = 0;

	(void)state;
	for (unsigned int round = 0; round < 2U; round++) {
		for (count = 0; count < 300U; count++) {
			const size_t size = 1U + count * 37U % SVSM_SLAB_MAX;

			object[count] = svsm_slab_alloc(cpu(), size);
			assert_non_null(object[count]);
			assert_int_equal((uintptr_t)object[count] % 32U, 0);
			for (size_t i = 0; i < size; i++) {
				assert_int_equal(object[count][i], 0);
			}
			memset(object[count], (int)(count % 255U) + 1, size);
		}
		while (count > 0U) {
			const size_t size = 1U + (count - 1U) * 37U % SVSM_SLAB_MAX;

			count--;
			for (size_t i = 0; i < size; i++) {
				assert_int_equal(object[count][i], count % 255U + 1U);
			}
			svsm_slab_free(cpu(), object[count]);
		}
	}
}

static uint64_t pages_left(void)
{
	uint64_t left = 0;
	static gpa_t taken[4096];

	while (svsm_pool_get(cpu(), &taken[left])) {
		left++;
	}
	for (uint64_t i = left; i > 0U; i--) {
		svsm_pool_put(cpu(), taken[i - 1U]);
	}
	return left;
}

/* slab.h: objects that another vCPU freed come back, and every page with them. */
static void test_remote_free(void **state)
{
	static void *object[500];
	const uint64_t before = pages_left();

	(void)state;
	for (unsigned int i = 0; i < 500U; i++) {
		object[i] = svsm_slab_alloc(cpu(), 200);
		assert_non_null(object[i]);
	}
	assert_true(pages_left() < before);
	for (unsigned int i = 0; i < 500U; i++) {
		svsm_slab_free(svsm_cpu_at(1 + i % 2U), object[i]);
	}
	svsm_slab_free(cpu(), NULL);
	svsm_slab_trim(cpu());
	assert_true(pages_left() < before); /* vCPU 1 and 2 still cache some */
	svsm_slab_trim(svsm_cpu_at(1));
	svsm_slab_trim(svsm_cpu_at(2));
	svsm_slab_trim(cpu());
	assert_int_equal(pages_left(), before);
}

/* Trimming keeps the pages of objects in use. */
static void test_trim_in_use(void **state)
{
	unsigned char *kept = svsm_slab_alloc(cpu(), 64);
	unsigned char *freed = svsm_slab_alloc(cpu(), 64);

	(void)state;
	memset(kept, 0x77, 64);
	svsm_slab_free(cpu(), freed);
	svsm_slab_trim(cpu());
	for (unsigned int i = 0; i < 64U; i++) {
		assert_int_equal(kept[i], 0x77);
	}
	assert_ptr_not_equal(svsm_slab_alloc(cpu(), 64), kept);
}

static void test_no_memory(void **state)
{
	(void)state;
	hm_inject(core_machine, 0, HM_INJECT_ALLOC, 1, 0);
	assert_null(svsm_slab_alloc(cpu(), 100));
	assert_non_null(svsm_slab_alloc(cpu(), 100));
	while (svsm_slab_alloc(cpu(), SVSM_SLAB_MAX) != NULL) {
	}
	assert_null(svsm_slab_alloc(cpu(), SVSM_SLAB_MAX));
	assert_int_equal(svsm_depot_pages(svsm_depot_reserve()), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		core_test(test_classes),     core_test(test_objects),	core_test(test_remote_free),
		core_test(test_trim_in_use), core_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
