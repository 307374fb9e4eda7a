/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sched.h>
#include <time.h>

#include "machine_internal.h"

atomic_uint hm_points_armed;

bool hm_freeze_init(struct hm_freeze *freeze)
{
	pthread_condattr_t attr;
	bool ok = pthread_mutex_init(&freeze->lock, NULL) == 0 && pthread_condattr_init(&attr) == 0;

	if (!ok) {
		return false;
	}
	ok = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 &&
	     pthread_cond_init(&freeze->changed, &attr) == 0;
	(void)pthread_condattr_destroy(&attr);
	return ok;
}

void hm_freeze_fini(struct hm_freeze *freeze)
{
	(void)pthread_cond_destroy(&freeze->changed);
	(void)pthread_mutex_destroy(&freeze->lock);
}

static uint64_t next_random(struct hm_cpu *cpu)
{
	uint64_t x = cpu->random;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	cpu->random = x;
	return x;
}

static void disarm(struct hm_freeze *freeze)
{
	atomic_store_explicit(&freeze->armed, false, memory_order_relaxed);
	(void)atomic_fetch_sub_explicit(&hm_points_armed, 1U, memory_order_relaxed);
}

static void stop_here(struct hm_freeze *freeze, enum arch_point point)
{
	(void)pthread_mutex_lock(&freeze->lock);
	if (atomic_load_explicit(&freeze->armed, memory_order_relaxed) && freeze->point == point &&
	    --freeze->countdown == 0U) {
		disarm(freeze);
		freeze->frozen = true;
		(void)pthread_cond_broadcast(&freeze->changed);
		while (freeze->frozen) {
			(void)pthread_cond_wait(&freeze->changed, &freeze->lock);
		}
	}
	(void)pthread_mutex_unlock(&freeze->lock);
}

void hm_point_reached(enum arch_point point)
{
	struct hm_cpu *cpu = hm_self;
	unsigned int one_in;

	if (cpu == NULL) {
		return;
	}
	one_in = atomic_load_explicit(&cpu->machine->jitter, memory_order_relaxed);
	if (one_in != 0U && next_random(cpu) % one_in == 0U) {
		(void)sched_yield();
	}
	if (atomic_load_explicit(&cpu->freeze.armed, memory_order_relaxed)) {
		stop_here(&cpu->freeze, point);
	}
}

void hm_freeze_at(struct hm_machine *m, unsigned int index, enum arch_point point, unsigned int nth)
{
	struct hm_freeze *freeze = &m->cpus[index].freeze;

	(void)pthread_mutex_lock(&freeze->lock);
	if (!atomic_load_explicit(&freeze->armed, memory_order_relaxed)) {
		(void)atomic_fetch_add_explicit(&hm_points_armed, 1U, memory_order_relaxed);
	}
	freeze->point = point;
	freeze->countdown = nth == 0U ? 1U : nth;
	atomic_store_explicit(&freeze->armed, true, memory_order_relaxed);
	(void)pthread_mutex_unlock(&freeze->lock);
}

bool hm_wait_frozen(struct hm_machine *m, unsigned int index, unsigned int timeout_ms)
{
	struct hm_freeze *freeze = &m->cpus[index].freeze;
	uint64_t end = hm_now_ns() + (uint64_t)timeout_ms * 1000000U;
	struct timespec deadline = { .tv_sec = (time_t)(end / 1000000000U),
				     .tv_nsec = (long)(end % 1000000000U) };
	bool frozen;
	int error = 0;

	(void)pthread_mutex_lock(&freeze->lock);
	while (!freeze->frozen && error != ETIMEDOUT) {
		error = pthread_cond_timedwait(&freeze->changed, &freeze->lock, &deadline);
	}
	frozen = freeze->frozen;
	(void)pthread_mutex_unlock(&freeze->lock);
	return frozen;
}

void hm_thaw(struct hm_machine *m, unsigned int index)
{
	struct hm_freeze *freeze = &m->cpus[index].freeze;

	(void)pthread_mutex_lock(&freeze->lock);
	if (freeze->frozen) {
		freeze->frozen = false;
		(void)pthread_cond_broadcast(&freeze->changed);
	} else if (atomic_load_explicit(&freeze->armed, memory_order_relaxed)) {
		disarm(freeze);
	}
	(void)pthread_mutex_unlock(&freeze->lock);
}

void hm_jitter(struct hm_machine *m, unsigned int one_in)
{
	unsigned int before = atomic_exchange_explicit(&m->jitter, one_in, memory_order_relaxed);

	if (before == 0U && one_in != 0U) {
		(void)atomic_fetch_add_explicit(&hm_points_armed, 1U, memory_order_relaxed);
	} else if (before != 0U && one_in == 0U) {
		(void)atomic_fetch_sub_explicit(&hm_points_armed, 1U, memory_order_relaxed);
	}
}
