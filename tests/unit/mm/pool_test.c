/* SPDX-License-Identifier: Apache-2.0 */
#include "pool.h"

#include "core_fixture.h"
#include "depot.h"

#define DEPOSITED (4U * MIB)

static gpa_t taken[4096];

static struct svsm_cpu *cpu(void)
{
	return svsm_cpu_at(0);
}

static bool is_deposited(gpa_t page)
{
	return page.raw < 32U * MIB;
}

/* architecture 6: the reserve first, then what the guest deposited, then a plain "no". */
static void test_order(void **state)
{
	const uint64_t reserve = svsm_depot_pages(svsm_depot_reserve());
	unsigned int count = 0;

	(void)state;
	svsm_depot_put_run(svsm_depot_deposited(), 0, gpa_make(DEPOSITED), 20);
	while (svsm_pool_get(cpu(), &taken[count])) {
		assert_int_equal(is_deposited(taken[count]), count >= reserve);
		count++;
	}
	assert_int_equal(count, reserve + 20U);
	while (count > 0U) {
		count--;
		svsm_pool_put(cpu(), taken[count]);
	}
	svsm_pool_flush(cpu());
	assert_int_equal(svsm_depot_pages(svsm_depot_deposited()), 20);
	assert_true(svsm_depot_pages(svsm_depot_reserve()) >= reserve - SVSM_POOL_CAP);
}

static unsigned int cached, cached_deposited;

static void note(void *ctx, gpa_t page)
{
	(void)ctx;
	cached++;
	cached_deposited += is_deposited(page) ? 1U : 0U;
}

static void look(void)
{
	cached = 0;
	cached_deposited = 0;
	svsm_pool_walk(cpu(), note, NULL);
}

/* A pool keeps few pages, and none of the guest's after a hint to withdraw (58019 section 6.7). */
static void test_flush(void **state)
{
	gpa_t page = { 0 };

	(void)state;
	assert_true(svsm_pool_get(cpu(), &page));
	svsm_pool_put(cpu(), page);
	for (unsigned int i = 0; i < 50U; i++) {
		svsm_pool_put(cpu(), gpa_make(DEPOSITED + i * PAGE));
		look();
		assert_true(cached <= SVSM_POOL_CAP);
		assert_int_equal(svsm_depot_pages(svsm_depot_deposited()) + cached_deposited,
				 i + 1U);
	}
	svsm_pool_flush(cpu());
	look();
	assert_int_equal(cached_deposited, 0);
	assert_int_equal(svsm_depot_pages(svsm_depot_deposited()), 50);
}

/* A page freed on another vCPU is that one's: pages have no home. */
static void test_other_cpu(void **state)
{
	gpa_t page = { 0 }, again = { 0 };

	(void)state;
	assert_true(svsm_pool_get(cpu(), &page));
	svsm_pool_put(svsm_cpu_at(2), page);
	assert_true(svsm_pool_get(svsm_cpu_at(2), &again));
	assert_int_equal(page.raw, again.raw);
}

static void test_injected(void **state)
{
	gpa_t page = { 0 };

	(void)state;
	hm_inject(core_machine, 0, HM_INJECT_ALLOC, 2, 0);
	assert_true(svsm_pool_get(cpu(), &page));
	assert_false(svsm_pool_get(cpu(), &page));
	assert_true(svsm_pool_get(cpu(), &page));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		core_test(test_order),
		core_test(test_flush),
		core_test(test_other_cpu),
		core_test(test_injected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
