/* SPDX-License-Identifier: Apache-2.0 */
#include "inbox.h"

#include "core_fixture.h"

/* ck_ring keeps one slot of a lane free. */
#define CAPACITY (SVSM_INBOX_LANES * (SVSM_INBOX_LANE_SLOTS - 1U))

static struct svsm_inbox inbox;

static int setup(void **state)
{
	(void)state;
	svsm_inbox_init(&inbox);
	return 0;
}

static void test_empty(void **state)
{
	(void)state;
	assert_int_equal(svsm_inbox_next(&inbox), SVSM_HINT_NONE);
	assert_int_equal(svsm_inbox_notices(&inbox), 0);
}

/* architecture 2: a full inbox drops the hint, it does not wait. */
static void test_full(void **state)
{
	(void)state;
	for (unsigned int round = 0; round < 3U; round++) {
		for (unsigned int i = 0; i < CAPACITY; i++) {
			assert_true(svsm_inbox_send(&inbox, SVSM_HINT_FLUSH_POOL));
		}
		assert_false(svsm_inbox_send(&inbox, SVSM_HINT_FLUSH_POOL));
		for (unsigned int i = 0; i < CAPACITY; i++) {
			assert_int_equal(svsm_inbox_next(&inbox), SVSM_HINT_FLUSH_POOL);
		}
		assert_int_equal(svsm_inbox_next(&inbox), SVSM_HINT_NONE);
	}
}

static void test_one_by_one(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 5U * CAPACITY; i++) {
		assert_true(svsm_inbox_send(&inbox, SVSM_HINT_FLUSH_POOL));
		assert_int_equal(svsm_inbox_next(&inbox), SVSM_HINT_FLUSH_POOL);
		assert_int_equal(svsm_inbox_next(&inbox), SVSM_HINT_NONE);
	}
}

/* A producer that the host stopped inside its lane keeps that lane and nothing else. */
static void test_stopped_producers(void **state)
{
	(void)state;
	for (unsigned int stopped = 0; stopped < SVSM_INBOX_LANES; stopped++) {
		unsigned int sent = 0;

		atomic_store(&inbox.lanes[stopped].producer, 1U);
		while (svsm_inbox_send(&inbox, SVSM_HINT_FLUSH_POOL)) {
			sent++;
		}
		assert_int_equal(sent, CAPACITY - (stopped + 1U) * (SVSM_INBOX_LANE_SLOTS - 1U));
		while (svsm_inbox_next(&inbox) != SVSM_HINT_NONE) {
			sent--;
		}
		assert_int_equal(sent, 0);
	}
	atomic_store(&inbox.lanes[2].producer, 0U);
	assert_true(svsm_inbox_send(&inbox, SVSM_HINT_FLUSH_POOL));
	assert_int_equal(svsm_inbox_next(&inbox), SVSM_HINT_FLUSH_POOL);
}

/* Notices are bits: posted twice they are there once, and never lost. */
static void test_notices(void **state)
{
	(void)state;
	svsm_inbox_post(&inbox, SVSM_NOTICE_MEM_AVAILABLE);
	svsm_inbox_post(&inbox, SVSM_NOTICE_MEM_AVAILABLE);
	assert_int_equal(svsm_inbox_notices(&inbox), 1U << SVSM_NOTICE_MEM_AVAILABLE);
	assert_int_equal(svsm_inbox_notices(&inbox), 0);
	svsm_inbox_post(&inbox, SVSM_NOTICE_MEM_AVAILABLE);
	assert_int_equal(svsm_inbox_notices(&inbox), 1U << SVSM_NOTICE_MEM_AVAILABLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_empty, setup),
		cmocka_unit_test_setup(test_full, setup),
		cmocka_unit_test_setup(test_one_by_one, setup),
		cmocka_unit_test_setup(test_stopped_producers, setup),
		cmocka_unit_test_setup(test_notices, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
