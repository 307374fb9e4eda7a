/* SPDX-License-Identifier: Apache-2.0 */
#include "epoch.h"

#include "core_fixture.h"
#include "mm_cpu.h"

static unsigned int done;

static void count_done(ck_epoch_entry_t *entry)
{
	(void)entry;
	done++;
}

static struct svsm_epoch *epoch(unsigned int cpu)
{
	return &mm_cpu(svsm_cpu_at(cpu))->epoch;
}

static void poll(unsigned int cpu, unsigned int times)
{
	for (unsigned int i = 0; i < times; i++) {
		svsm_epoch_poll(epoch(cpu));
	}
}

/* The callback runs in a later poll of the same vCPU, without anybody in a section. */
static void test_idle(void **state)
{
	static ck_epoch_entry_t entry;

	(void)state;
	done = 0;
	svsm_epoch_defer(epoch(0), &entry, count_done);
	assert_int_equal(done, 0);
	poll(1, 5);
	assert_int_equal(done, 0);
	poll(0, 5);
	assert_int_equal(done, 1);
}

/* architecture 4: a stopped reader delays the callback, polls do not wait for it. */
static void test_reader(void **state)
{
	static ck_epoch_entry_t entry;

	(void)state;
	done = 0;
	svsm_epoch_enter(epoch(3));
	svsm_epoch_defer(epoch(0), &entry, count_done);
	poll(0, 100);
	assert_int_equal(done, 0);
	svsm_epoch_leave(epoch(3));
	svsm_epoch_enter(epoch(2));
	svsm_epoch_leave(epoch(2));
	poll(0, 5);
	assert_int_equal(done, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		core_test(test_idle),
		core_test(test_reader),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
