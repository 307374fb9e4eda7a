/* SPDX-License-Identifier: Apache-2.0 */
/* Posting from several threads to one owner: nothing is lost, nothing comes twice, and what was
 * written before a post is seen by who takes it. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_host.h"
#include "vlapic.h"

#define NR_POSTERS 3U
#define NR_POSTS 20000U

static const unsigned int vectors[NR_POSTERS] = { 0x31, 0x35, 0xe1 };

static struct vlapic *apic;
static unsigned int payload[NR_POSTERS]; /* plain: ordered by the post and its answer */
static _Atomic(unsigned int) taken[NR_POSTERS];

static void *poster(void *arg)
{
	unsigned int self = *(const unsigned int *)arg;

	for (unsigned int i = 1; i <= NR_POSTS; i++) {
		payload[self] = i;
		vlapic_post(0, 0, vectors[self], self % 2U == 1U);
		/* pairs with count */
		while (atomic_load_explicit(&taken[self], memory_order_acquire) != i) {
			(void)sched_yield();
		}
	}
	return NULL;
}

static unsigned int count(int vector)
{
	for (unsigned int i = 0; i < NR_POSTERS; i++) {
		if (vector == (int)vectors[i]) {
			unsigned int expected =
				atomic_load_explicit(&taken[i], memory_order_relaxed) + 1U;

			assert_int_equal(payload[i], expected);
			/* pairs with poster: payload may be written again */
			atomic_store_explicit(&taken[i], expected, memory_order_release);
			return 1;
		}
	}
	fail_msg("vector %d was never posted", vector);
	return 0;
}

static void posts_arrive_once(void **state)
{
	unsigned int ids[NR_POSTERS];
	pthread_t threads[NR_POSTERS];
	unsigned int total = 0;

	(void)state;
	fake_reset();
	apic = vlapic_create(0, 0);
	vlapic_mmio_write(apic, 0xf0, 0x1ff);
	for (unsigned int i = 0; i < NR_POSTERS; i++) {
		ids[i] = i;
		assert_int_equal(pthread_create(&threads[i], NULL, poster, &ids[i]), 0);
	}
	while (total < NR_POSTERS * NR_POSTS) {
		int vector = vlapic_pending(apic);

		if (vector < 0) {
			(void)sched_yield();
			continue;
		}
		vlapic_take(apic, (unsigned int)vector);
		vlapic_mmio_write(apic, 0xb0, 0);
		total += count(vector);
	}
	for (unsigned int i = 0; i < NR_POSTERS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	}
	assert_int_equal(vlapic_pending(apic), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(posts_arrive_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
