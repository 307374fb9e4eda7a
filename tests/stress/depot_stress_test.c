/* SPDX-License-Identifier: Apache-2.0 */
#include "depot.h"

#include <string.h>

#include "pool.h"
#include "stress.h"

#define THREADS 4U
#define BASE (8U * MIB)
#define PAGES 3000U
#define HELD 64U

struct depots {
	struct rig rig;
	uint64_t seed;
	unsigned int rounds;
	_Atomic(unsigned int) holder[PAGES];
	_Atomic(unsigned int) wrong, takes;
	/* what the threads still hold at the end */
	gpa_t held[THREADS][HELD];
	unsigned int count[THREADS];
	uint64_t counted;
	unsigned int found;
};

static bool mine(gpa_t page)
{
	return page.raw >= BASE && page.raw < BASE + PAGES * PAGE;
}

static _Atomic(unsigned int) *holder(struct depots *d, gpa_t page)
{
	return &d->holder[(page.raw - BASE) / PAGE];
}

/* The whole page is the holder's: it is written as the memory of the SVSM would be. */
static void use(struct depots *d, unsigned int me, gpa_t page)
{
	if (!mine(page) ||
	    atomic_exchange_explicit(holder(d, page), me + 1U, memory_order_relaxed) != 0U) {
		atomic_fetch_add(&d->wrong, 1U);
		return;
	}
	memset(arch_private_ptr(page), (int)(me + 1U), PAGE);
}

static void unuse(struct depots *d, unsigned int me, gpa_t page)
{
	const unsigned char *bytes = arch_private_ptr(page);

	if (bytes[0] != me + 1U || memcmp(bytes, bytes + 1, PAGE - 1U) != 0 ||
	    atomic_exchange_explicit(holder(d, page), 0U, memory_order_relaxed) != me + 1U) {
		atomic_fetch_add(&d->wrong, 1U);
	}
}

static void put_some(struct depots *d, unsigned int me, uint64_t *random)
{
	const unsigned int n = stress_below(random, d->count[me] + 1U);
	const unsigned int from = d->count[me] - n;

	for (unsigned int i = from; i < d->count[me]; i++) {
		unuse(d, me, d->held[me][i]);
	}
	svsm_depot_put(svsm_depot_deposited(), me, &d->held[me][from], n);
	d->count[me] = from;
}

static void depot_job(struct rig *r, unsigned int cpu, void *ctx)
{
	struct depots *d = ctx;
	uint64_t random = stress_start(d->seed, cpu);

	(void)r;
	for (unsigned int i = 0; i < d->rounds; i++) {
		const unsigned int room = HELD - d->count[cpu];
		unsigned int got = 0;

		if (room > 0U) {
			got = svsm_depot_take(
				svsm_depot_deposited(), stress_below(&random, SVSM_DEPOT_SLOTS),
				&d->held[cpu][d->count[cpu]], 1U + stress_below(&random, room));
		}
		for (unsigned int k = 0; k < got; k++) {
			use(d, cpu, d->held[cpu][d->count[cpu] + k]);
		}
		d->count[cpu] += got;
		atomic_fetch_add_explicit(&d->takes, got, memory_order_relaxed);
		put_some(d, cpu, &random);
	}
}

static void count_page(void *ctx, gpa_t page)
{
	struct depots *d = ctx;

	use(d, THREADS, page);
}

/* Everything back, then out again page by page, on a vCPU. */
static void collect_depot(struct rig *r, unsigned int cpu, void *ctx)
{
	struct depots *d = ctx;
	gpa_t page;

	(void)r;
	for (unsigned int t = 0; t < THREADS; t++) {
		for (unsigned int i = 0; i < d->count[t]; i++) {
			unuse(d, t, d->held[t][i]);
		}
		svsm_depot_put(svsm_depot_deposited(), t, d->held[t], d->count[t]);
	}
	d->counted = svsm_depot_pages(svsm_depot_deposited());
	while (svsm_depot_take(svsm_depot_deposited(), cpu, &page, 1) == 1U) {
		count_page(d, page);
		d->found++;
	}
}

static void start(struct depots *d, unsigned int rounds)
{
	const struct hm_config config = rig_config(THREADS);

	d->seed = stress_seed();
	d->rounds = stress_times(rounds);
	rig_start(&d->rig, &config);
}

static void fill_job(struct rig *r, unsigned int cpu, void *ctx)
{
	gpa_t page;

	(void)r;
	(void)ctx;
	while (svsm_depot_take(svsm_depot_reserve(), cpu, &page, 1) == 1U) {
	}
	svsm_depot_put_run(svsm_depot_deposited(), 0, gpa_make(BASE), PAGES / 2U);
	for (unsigned int i = PAGES / 2U; i < PAGES; i++) {
		page = gpa_make(BASE + i * PAGE);
		svsm_depot_put(svsm_depot_deposited(), i, &page, 1);
	}
}

/* depot.h: no page is lost, none is handed out twice. */
static void test_depot(void **state)
{
	static struct depots d;

	(void)state;
	start(&d, 4000);
	rig_run(&d.rig, 0, fill_job, NULL);
	hm_jitter(d.rig.m, 10);
	stress_all(&d.rig, THREADS, depot_job, &d);
	hm_jitter(d.rig.m, 0);
	rig_run(&d.rig, 0, collect_depot, &d);
	(void)print_message("%u pages taken\n", d.takes);
	assert_int_equal(d.wrong, 0);
	assert_int_equal(d.counted, PAGES);
	assert_int_equal(d.found, PAGES);
	assert_true(d.takes > d.rounds);
	rig_stop(&d.rig);
}

static void pool_job(struct rig *r, unsigned int cpu, void *ctx)
{
	struct depots *d = ctx;
	uint64_t random = stress_start(d->seed, cpu);
	struct svsm_cpu *me = svsm_cpu_at(cpu);

	(void)r;
	for (unsigned int i = 0; i < d->rounds; i++) {
		const unsigned int n = stress_below(&random, HELD);

		while (d->count[cpu] < n && svsm_pool_get(me, &d->held[cpu][d->count[cpu]])) {
			use(d, cpu, d->held[cpu][d->count[cpu]++]);
		}
		while (d->count[cpu] > stress_below(&random, HELD)) {
			d->count[cpu]--;
			unuse(d, cpu, d->held[cpu][d->count[cpu]]);
			svsm_pool_put(me, d->held[cpu][d->count[cpu]]);
		}
		if (stress_below(&random, 20) == 0U) {
			svsm_pool_flush(me);
		}
	}
}

static void collect_pools(struct rig *r, unsigned int cpu, void *ctx)
{
	struct depots *d = ctx;

	(void)r;
	(void)cpu;
	for (unsigned int t = 0; t < THREADS; t++) {
		for (unsigned int i = 0; i < d->count[t]; i++) {
			unuse(d, t, d->held[t][i]);
			svsm_pool_put(svsm_cpu_at(t), d->held[t][i]);
		}
		svsm_pool_flush(svsm_cpu_at(t));
		d->count[t] = 0;
	}
	collect_depot(r, cpu, ctx);
}

/* pool.h: the same through the pools, with pages that move between vCPUs. */
static void test_pool(void **state)
{
	static struct depots d;

	(void)state;
	start(&d, 2000);
	rig_run(&d.rig, 0, fill_job, NULL);
	hm_jitter(d.rig.m, 10);
	stress_all(&d.rig, THREADS, pool_job, &d);
	hm_jitter(d.rig.m, 0);
	rig_run(&d.rig, 0, collect_pools, &d);
	assert_int_equal(d.wrong, 0);
	assert_int_equal(d.counted, PAGES);
	assert_int_equal(d.found, PAGES);
	rig_stop(&d.rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_depot),
		cmocka_unit_test(test_pool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
