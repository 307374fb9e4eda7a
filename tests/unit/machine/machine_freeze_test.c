/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>

#include "fake_svsm.h"

struct frozen {
	struct hm_machine *m;
	atomic_uint reached;
};

static void *reach_points(void *ctx)
{
	struct frozen *frozen = ctx;

	hm_bind(frozen->m, 1);
	for (unsigned int i = 0; i < 3U; i++) {
		arch_point(ARCH_POINT_PINNED);
		arch_point(ARCH_POINT_CLAIMED);
		(void)atomic_fetch_add_explicit(&frozen->reached, 1U, memory_order_relaxed);
	}
	hm_unbind(frozen->m);
	return NULL;
}

/* architecture 4: a vCPU that the host stops must not stop the others, flushes included. */
static void test_freeze(void **state)
{
	struct hm_config config = fake_config();
	struct frozen frozen = { .m = fake_machine(&config) };
	pthread_t thread;

	(void)state;
	hm_freeze_at(frozen.m, 1, ARCH_POINT_CLAIMED, 2);
	assert_false(hm_wait_frozen(frozen.m, 1, 20));
	assert_int_equal(pthread_create(&thread, NULL, reach_points, &frozen), 0);
	assert_true(hm_wait_frozen(frozen.m, 1, 10000));
	assert_int_equal(atomic_load_explicit(&frozen.reached, memory_order_relaxed), 1);
	assert_int_equal(atomic_load_explicit(&hm_points_armed, memory_order_relaxed), 0);
	hm_bind(frozen.m, 0);
	arch_flush_global();
	hm_unbind(frozen.m);
	hm_thaw(frozen.m, 1);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(atomic_load_explicit(&frozen.reached, memory_order_relaxed), 3);
	hm_destroy(frozen.m);
}

/* Every arch call is a place to stop. */
static void *flush_once(void *ctx)
{
	hm_bind(ctx, 1);
	arch_flush_global();
	hm_unbind(ctx);
	return NULL;
}

static void test_freeze_at_arch_call(void **state)
{
	struct hm_config config = fake_config();
	struct hm_machine *m = fake_machine(&config);
	struct hm_counters counters;
	pthread_t thread;

	(void)state;
	hm_freeze_at(m, 1, ARCH_POINT_ARCH_CALL, 1);
	assert_int_equal(pthread_create(&thread, NULL, flush_once, m), 0);
	assert_true(hm_wait_frozen(m, 1, 10000));
	hm_counters(m, &counters);
	assert_int_equal(counters.flush_global, 0);
	hm_thaw(m, 1);
	assert_int_equal(pthread_join(thread, NULL), 0);
	hm_counters(m, &counters);
	assert_int_equal(counters.flush_global, 1);
	hm_destroy(m);
}

static void test_thaw_disarms(void **state)
{
	struct hm_config config = fake_config();
	struct hm_machine *m = fake_machine(&config);

	(void)state;
	hm_freeze_at(m, 0, ARCH_POINT_CLAIMED, 1);
	hm_freeze_at(m, 0, ARCH_POINT_PINNED, 1);
	assert_int_equal(atomic_load_explicit(&hm_points_armed, memory_order_relaxed), 1);
	hm_thaw(m, 0);
	assert_int_equal(atomic_load_explicit(&hm_points_armed, memory_order_relaxed), 0);
	hm_jitter(m, 2);
	hm_jitter(m, 3);
	assert_int_equal(atomic_load_explicit(&hm_points_armed, memory_order_relaxed), 1);
	hm_bind(m, 0);
	for (unsigned int i = 0; i < 100U; i++) {
		arch_point(ARCH_POINT_EPOCH);
	}
	hm_unbind(m);
	hm_freeze_at(m, 0, ARCH_POINT_CLAIMED, 1);
	hm_destroy(m);
	assert_int_equal(atomic_load_explicit(&hm_points_armed, memory_order_relaxed), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_freeze),
		cmocka_unit_test(test_freeze_at_arch_call),
		cmocka_unit_test(test_thaw_disarms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
