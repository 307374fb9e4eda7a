/* SPDX-License-Identifier: Apache-2.0 */
#include "slab.h"

#include <string.h>

#include "depot.h"
#include "pool.h"
#include "stress.h"

#define THREADS 4U
#define SLOTS 256U

/* Objects travel through slots that all threads exchange: most are freed where they were not made.
 */
struct slabs {
	struct rig rig;
	uint64_t seed;
	unsigned int rounds;
	_Atomic(unsigned char *) slot[SLOTS];
	_Atomic(unsigned int) wrong, remote;
	uint64_t pages; /* free at the end */
};

#define MARK_BYTES 8U

/* The object says its size and maker and is filled with a byte of its own. */
static void fill(unsigned char *object, size_t size, unsigned int maker, uint64_t *random)
{
	const uint16_t size16 = (uint16_t)size;

	memset(object, (int)(stress_next(random) & 0xffU), size);
	memcpy(object, &size16, sizeof(size16));
	object[2] = (unsigned char)maker;
	object[3] = object[MARK_BYTES];
}

static bool intact(const unsigned char *object)
{
	uint16_t size;

	memcpy(&size, object, sizeof(size));
	for (size_t i = 4; i < size; i++) {
		if (object[i] != object[3]) {
			return false;
		}
	}
	return true;
}

static void drop(struct slabs *s, unsigned int cpu, unsigned char *object)
{
	if (object == NULL) {
		return;
	}
	if (!intact(object)) {
		atomic_fetch_add(&s->wrong, 1U);
	}
	if (object[2] != cpu) {
		atomic_fetch_add_explicit(&s->remote, 1U, memory_order_relaxed);
	}
	svsm_slab_free(svsm_cpu_at(cpu), object);
}

static bool is_zero(const unsigned char *object, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (object[i] != 0U) {
			return false;
		}
	}
	return true;
}

static void slab_job(struct rig *r, unsigned int cpu, void *ctx)
{
	struct slabs *s = ctx;
	uint64_t random = stress_start(s->seed, cpu);

	(void)r;
	for (unsigned int i = 0; i < s->rounds; i++) {
		const size_t size = MARK_BYTES + 1U + stress_below(&random, 600);
		unsigned char *object = NULL;

		if (stress_below(&random, 3) != 0U) {
			object = svsm_slab_alloc(svsm_cpu_at(cpu), size);
		}
		if (object != NULL) {
			if (!is_zero(object, size)) {
				atomic_fetch_add(&s->wrong, 1U);
			}
			fill(object, size, cpu, &random);
		}
		drop(s, cpu,
		     atomic_exchange_explicit(&s->slot[stress_below(&random, SLOTS)], object,
					      memory_order_acq_rel));
		if (stress_below(&random, 500) == 0U) {
			svsm_slab_trim(svsm_cpu_at(cpu));
		}
	}
}

static void trim_job(struct rig *r, unsigned int cpu, void *ctx)
{
	struct slabs *s = ctx;

	(void)r;
	for (unsigned int i = cpu; i < SLOTS; i += THREADS) {
		drop(s, cpu, atomic_exchange(&s->slot[i], NULL));
	}
	svsm_slab_trim(svsm_cpu_at(cpu));
}

/* After all have trimmed: trim once more what others freed meanwhile, and count all pages. */
static void count_job(struct rig *r, unsigned int cpu, void *ctx)
{
	struct slabs *s = ctx;
	gpa_t page;

	(void)r;
	(void)cpu;
	for (unsigned int t = 0; t < THREADS; t++) {
		svsm_slab_trim(svsm_cpu_at(t));
	}
	for (unsigned int t = 0; t < THREADS; t++) {
		while (svsm_pool_get(svsm_cpu_at(t), &page)) {
			s->pages++;
		}
	}
}

/* slab.h: objects freed by any vCPU; at the end every page is back. */
static void test_slab(void **state)
{
	static struct slabs s;
	const struct hm_config config = rig_config(THREADS);
	uint64_t before;

	(void)state;
	s.seed = stress_seed();
	s.rounds = stress_times(60000);
	rig_start(&s.rig, &config);
	before = svsm_depot_pages(svsm_depot_reserve());
	hm_jitter(s.rig.m, 20);
	stress_all(&s.rig, THREADS, slab_job, &s);
	hm_jitter(s.rig.m, 0);
	stress_all(&s.rig, THREADS, trim_job, &s);
	rig_run(&s.rig, 0, count_job, &s);
	(void)print_message("%u objects freed on another vCPU\n", s.remote);
	assert_int_equal(s.wrong, 0);
	assert_true(s.remote > 100U);
	assert_int_equal(s.pages, before);
	rig_stop(&s.rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slab),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
