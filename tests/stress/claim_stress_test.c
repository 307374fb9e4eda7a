/* SPDX-License-Identifier: Apache-2.0 */
#include "ownmap.h"
#include "stress.h"

#define THREADS 4U
#define REGIONS 3U
#define BASE (8U * MIB)
#define PAGES (REGIONS * SVSM_PAGES_PER_REGION)

/*
 * A second account of the claims: who holds a page, and the state that its last holder gave it.
 * Only the holder touches them, so a difference is a claim that two threads had.
 */
struct claims {
	struct rig rig;
	uint64_t seed;
	unsigned int rounds;
	_Atomic(unsigned int) holder[PAGES];
	uint8_t state[PAGES];
	_Atomic(unsigned int) wrong, runs, regions, busy;
};

static void hold(struct claims *c, unsigned int me, unsigned int first, unsigned int count,
		 enum svsm_page_state from)
{
	for (unsigned int page = first; page < first + count; page++) {
		if (atomic_exchange_explicit(&c->holder[page], me + 1U, memory_order_relaxed) !=
			    0U ||
		    c->state[page] != from) {
			atomic_fetch_add(&c->wrong, 1U);
		}
	}
}

static void let_go(struct claims *c, unsigned int me, unsigned int first, unsigned int count,
		   enum svsm_page_state to)
{
	for (unsigned int page = first; page < first + count; page++) {
		c->state[page] = (uint8_t)to;
		if (atomic_exchange_explicit(&c->holder[page], 0U, memory_order_relaxed) !=
		    me + 1U) {
			atomic_fetch_add(&c->wrong, 1U);
		}
	}
}

static enum svsm_page_state any_state(uint64_t *random)
{
	return stress_below(random, 2) == 0U ? SVSM_PAGE_VALID : SVSM_PAGE_INVALID;
}

static void claim_run(struct claims *c, unsigned int me, uint64_t *random)
{
	const unsigned int first = stress_below(random, PAGES);
	const unsigned int block = SVSM_MAP_RUN - first % SVSM_MAP_RUN;
	const unsigned int want = 1U + stress_below(random, block);
	const enum svsm_page_state from = any_state(random), to = any_state(random);
	const gpa_t gpa = gpa_make(BASE + first * PAGE);
	enum svsm_page_state seen;
	unsigned int got = svsm_map_claim_run(svsm_cpu_at(me), gpa, want, from, &seen);
	unsigned int part;

	if (got == 0U) {
		atomic_fetch_add(&c->busy, 1U);
		return;
	}
	atomic_fetch_add(&c->runs, 1U);
	hold(c, me, first, got, from);
	/* in two pieces, as a call that failed in the middle does */
	part = stress_below(random, got);
	let_go(c, me, first, got, to);
	if (part > 0U) {
		svsm_map_release_run(gpa, part, to);
	}
	svsm_map_release_run(gpa_add(gpa, part * PAGE), got - part, to);
}

static void release_mixed(struct claims *c, unsigned int me, unsigned int region, uint64_t *random)
{
	const unsigned int first = region * SVSM_PAGES_PER_REGION;
	uint8_t states[SVSM_PAGES_PER_REGION];

	for (unsigned int i = 0; i < SVSM_PAGES_PER_REGION; i++) {
		states[i] = (uint8_t)any_state(random);
		let_go(c, me, first + i, 1, (enum svsm_page_state)states[i]);
	}
	svsm_map_release_pages(svsm_cpu_at(me), gpa_make(BASE + first * PAGE), states);
}

/* Makes a region's pages agree, so that 2 MiB claims have something to merge. */
static void level(struct claims *c, unsigned int me, unsigned int region, uint64_t *random)
{
	const enum svsm_page_state to = any_state(random);
	const enum svsm_page_state from = to == SVSM_PAGE_VALID ? SVSM_PAGE_INVALID
								: SVSM_PAGE_VALID;
	unsigned int page = 0;

	while (page < SVSM_PAGES_PER_REGION) {
		const unsigned int first = region * SVSM_PAGES_PER_REGION + page;
		const gpa_t gpa = gpa_make(BASE + first * PAGE);
		enum svsm_page_state seen;
		unsigned int got = svsm_map_claim_run(
			svsm_cpu_at(me), gpa, SVSM_MAP_RUN - page % SVSM_MAP_RUN, from, &seen);

		if (got > 0U) {
			hold(c, me, first, got, from);
			let_go(c, me, first, got, to);
			svsm_map_release_run(gpa, got, to);
		}
		page += got > 0U ? got : 1U;
	}
}

static void claim_region(struct claims *c, unsigned int me, uint64_t *random)
{
	const unsigned int region = stress_below(random, REGIONS);
	const unsigned int first = region * SVSM_PAGES_PER_REGION;
	const gpa_t gpa = gpa_make(BASE + first * PAGE);
	const enum svsm_page_state from = any_state(random), to = any_state(random);
	enum svsm_page_state seen;

	if (!svsm_map_claim_region(svsm_cpu_at(me), gpa, from, &seen)) {
		level(c, me, region, random);
		return;
	}
	atomic_fetch_add(&c->regions, 1U);
	hold(c, me, first, SVSM_PAGES_PER_REGION, from);
	if (stress_below(random, 4) == 0U) {
		release_mixed(c, me, region, random);
	} else {
		let_go(c, me, first, SVSM_PAGES_PER_REGION, to);
		svsm_map_release_region(svsm_cpu_at(me), gpa, to);
	}
}

static void claim_job(struct rig *r, unsigned int cpu, void *ctx)
{
	struct claims *c = ctx;
	uint64_t random = stress_start(c->seed, cpu);

	(void)r;
	for (unsigned int i = 0; i < c->rounds; i++) {
		if (stress_below(&random, 8) == 0U) {
			claim_region(c, cpu, &random);
		} else {
			claim_run(c, cpu, &random);
		}
	}
}

/* ownmap.h M1 to M3: claims exclude each other through splits, merges and reuse of leaves. */
static void test_claims(void **state)
{
	static struct claims c;
	const struct hm_config config = rig_config(THREADS);
	unsigned int different = 0;

	(void)state;
	c.seed = stress_seed();
	c.rounds = stress_times(30000);
	rig_start(&c.rig, &config);
	for (unsigned int i = 0; i < PAGES; i++) {
		c.state[i] = SVSM_PAGE_VALID;
	}
	hm_jitter(c.rig.m, 20);
	stress_all(&c.rig, THREADS, claim_job, &c);
	hm_jitter(c.rig.m, 0);
	for (unsigned int i = 0; i < PAGES; i++) {
		different += svsm_map_state(svsm_cpu_at(0), gpa_make(BASE + i * PAGE)) != c.state[i]
				     ? 1U
				     : 0U;
	}
	(void)print_message("%u runs, %u regions, %u refused, %u leaves\n", c.runs, c.regions,
			    c.busy, (unsigned int)svsm_map_leaves());
	assert_int_equal(c.wrong, 0);
	assert_int_equal(different, 0);
	assert_true(c.runs > c.rounds / 4U);
	assert_true(c.regions > 20U);
	/* the bound of leaf.h: never more than exist, and none lost: 32 regions, 4 vCPUs */
	assert_in_range(svsm_map_leaves(), 1, 32U + THREADS * (16U + 4U * 32U + 1U));
	hm_observe(c.rig.m, NULL, NULL);
	rig_stop(&c.rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_claims),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
