/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu.h"
#include "stress.h"

#define THREADS 5U /* vCPU 0 is the consumer */

struct boxes {
	struct rig rig;
	unsigned int rounds;
	_Atomic(unsigned int) sent, dropped, received, notices, running;
};

static void inbox_job(struct rig *r, unsigned int cpu, void *ctx)
{
	struct boxes *b = ctx;
	struct svsm_inbox *inbox = &svsm_cpu_at(0)->inbox;

	(void)r;
	for (unsigned int i = 0; i < b->rounds && cpu != 0U; i++) {
		const bool sent = svsm_inbox_send(inbox, SVSM_HINT_FLUSH_POOL);

		atomic_fetch_add(sent ? &b->sent : &b->dropped, 1U);
		if (i % 64U == 0U) {
			svsm_inbox_post(inbox, SVSM_NOTICE_MEM_AVAILABLE);
		}
	}
	/* pairs with the loop below: everything is sent */
	atomic_fetch_sub_explicit(&b->running, cpu != 0U ? 1U : 0U, memory_order_release);
	while (cpu == 0U) {
		const bool last = atomic_load_explicit(&b->running, memory_order_acquire) == 0U;
		bool any = false;

		while (svsm_inbox_next(inbox) == SVSM_HINT_FLUSH_POOL) {
			atomic_fetch_add(&b->received, 1U);
			any = true;
		}
		if (svsm_inbox_notices(inbox) != 0U) {
			atomic_fetch_add(&b->notices, 1U);
		}
		if (last && !any) {
			break;
		}
	}
}

static void run(struct boxes *b, unsigned int producers)
{
	atomic_store(&b->running, producers);
	stress_all(&b->rig, producers + 1U, inbox_job, b);
	(void)print_message("%u sent, %u dropped, %u notices seen\n", b->sent, b->dropped,
			    b->notices);
	assert_int_equal(b->received, b->sent);
	assert_int_equal(b->sent + b->dropped, producers * b->rounds);
	assert_true(b->notices > 0U);
	assert_int_equal(svsm_inbox_notices(&svsm_cpu_at(0)->inbox), 0);
}

/* inbox.h: what was sent arrives once, and a notice posted last is seen. */
static void test_inbox(void **state)
{
	static struct boxes b;
	const struct hm_config config = rig_config(THREADS);

	(void)state;
	b.rounds = stress_times(30000);
	rig_start(&b.rig, &config);
	hm_jitter(b.rig.m, 50);
	run(&b, THREADS - 1U);
	hm_jitter(b.rig.m, 0);
	rig_stop(&b.rig);
}

/* A producer stopped with its lane stops nobody, and its hint arrives when it goes on. */
static void test_stopped_producer(void **state)
{
	static struct boxes b;
	const struct hm_config config = rig_config(THREADS);
	unsigned int sent;

	(void)state;
	b.rounds = 1;
	rig_start(&b.rig, &config);
	atomic_store(&b.running, 2U);
	hm_freeze_at(b.rig.m, 1, ARCH_POINT_INBOX_TRY, 1);
	rig_post(&b.rig, 1, inbox_job, &b);
	assert_true(hm_wait_frozen(b.rig.m, 1, 20000));
	for (unsigned int i = 0; i < 100U; i++) {
		rig_run(&b.rig, 2, inbox_job, &b);
		atomic_fetch_add(&b.running, 1U);
		assert_int_equal(svsm_inbox_next(&svsm_cpu_at(0)->inbox), SVSM_HINT_FLUSH_POOL);
	}
	sent = b.sent;
	assert_int_equal(b.dropped, 0);
	hm_thaw(b.rig.m, 1);
	assert_true(rig_wait(&b.rig, 1));
	assert_int_equal(b.sent, sent + 1U);
	assert_int_equal(svsm_inbox_next(&svsm_cpu_at(0)->inbox), SVSM_HINT_FLUSH_POOL);
	assert_int_equal(svsm_inbox_next(&svsm_cpu_at(0)->inbox), SVSM_HINT_NONE);
	rig_stop(&b.rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_inbox),
		cmocka_unit_test(test_stopped_producer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
