/* SPDX-License-Identifier: Apache-2.0 */
#include "crew.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ticks.h"

#define TICK_NS 100000000L

struct crew {
	const struct step *step;
	pthread_barrier_t barrier;
	sem_t places; /* of vCPUs that may work now */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned int finished; /* under the lock */
};

struct member {
	struct crew *crew;
	struct vcpu *v;
	pthread_t thread;
};

static void together(struct crew *crew)
{
	(void)pthread_barrier_wait(&crew->barrier);
}

static void take_place(struct crew *crew)
{
	while (sem_wait(&crew->places) != 0) {
		/* interrupted by a signal */
	}
}

static void timed_work(struct crew *crew, struct vcpu *v)
{
	take_place(crew);
	v->counting = true;
	v->tally.start = ticks_now();
	crew->step->work(v);
	v->tally.end = ticks_now();
	v->counting = false;
	(void)sem_post(&crew->places);
}

static void *member_main(void *arg)
{
	struct member *member = arg;
	struct crew *crew = member->crew;
	struct vcpu *v = member->v;

	hm_bind(v->vm->machine, v->index);
	if (crew->step->prepare != NULL) {
		crew->step->prepare(v);
	}
	together(crew);
	timed_work(crew, v);
	together(crew);
	if (crew->step->verify != NULL) {
		crew->step->verify(v);
	}
	hm_unbind(v->vm->machine);
	(void)pthread_mutex_lock(&crew->lock);
	crew->finished++;
	(void)pthread_cond_signal(&crew->changed);
	(void)pthread_mutex_unlock(&crew->lock);
	return NULL;
}

static uint64_t calls_so_far(const struct guest_vm *vm)
{
	uint64_t calls = 0U;

	for (unsigned int i = 0; i < vm->nr_vcpus; i++) {
		calls += atomic_load_explicit(&vm->vcpu[i].progress, memory_order_relaxed);
	}
	return calls;
}

static struct timespec next_tick(void)
{
	struct timespec at = { 0 };

	(void)clock_gettime(CLOCK_REALTIME, &at);
	at.tv_nsec += TICK_NS;
	if (at.tv_nsec >= 1000000000L) {
		at.tv_nsec -= 1000000000L;
		at.tv_sec++;
	}
	return at;
}

static void wait_finished(struct crew *crew, const struct guest_vm *vm,
			  void (*tick)(uint64_t calls))
{
	(void)pthread_mutex_lock(&crew->lock);
	while (crew->finished < vm->nr_vcpus) {
		const struct timespec at = next_tick();

		if (pthread_cond_timedwait(&crew->changed, &crew->lock, &at) != 0) {
			tick(calls_so_far(vm));
		}
	}
	(void)pthread_mutex_unlock(&crew->lock);
}

static void clear_tallies(const struct guest_vm *vm)
{
	for (unsigned int i = 0; i < vm->nr_vcpus; i++) {
		memset(&vm->vcpu[i].tally, 0, sizeof(vm->vcpu[i].tally));
		atomic_store_explicit(&vm->vcpu[i].progress, 0U, memory_order_relaxed);
	}
}

static bool start_all(struct crew *crew, const struct guest_vm *vm, struct member *members)
{
	for (unsigned int i = 0; i < vm->nr_vcpus; i++) {
		members[i] = (struct member){ .crew = crew, .v = &vm->vcpu[i] };
		if (pthread_create(&members[i].thread, NULL, member_main, &members[i]) != 0) {
			return false;
		}
	}
	return true;
}

bool crew_run(struct guest_vm *vm, const struct step *step, unsigned int concurrent,
	      void (*tick)(uint64_t calls))
{
	const unsigned int places = concurrent == 0U ? vm->nr_vcpus : concurrent;
	struct member *members = calloc(vm->nr_vcpus, sizeof(*members));
	/* Not on the stack: if a thread cannot be started, the others still wait in it. */
	struct crew *crew = calloc(1U, sizeof(*crew));

	if (members == NULL || crew == NULL ||
	    pthread_barrier_init(&crew->barrier, NULL, vm->nr_vcpus) != 0) {
		free(members);
		free(crew);
		return false;
	}
	crew->step = step;
	(void)sem_init(&crew->places, 0, places);
	(void)pthread_mutex_init(&crew->lock, NULL);
	(void)pthread_cond_init(&crew->changed, NULL);
	clear_tallies(vm);
	if (!start_all(crew, vm, members)) {
		return false;
	}
	wait_finished(crew, vm, tick);
	for (unsigned int i = 0; i < vm->nr_vcpus; i++) {
		(void)pthread_join(members[i].thread, NULL);
	}
	(void)pthread_cond_destroy(&crew->changed);
	(void)pthread_mutex_destroy(&crew->lock);
	(void)sem_destroy(&crew->places);
	(void)pthread_barrier_destroy(&crew->barrier);
	free(crew);
	free(members);
	return true;
}
