/* SPDX-License-Identifier: Apache-2.0 */
#include "pin.h"

#include "ownmap.h"
#include "stress.h"

#define THREADS 4U
#define PAGES 3U
#define BASE (8U * MIB)

struct pins {
	struct rig rig;
	uint64_t seed;
	unsigned int rounds;
	_Atomic(unsigned int) copying[PAGES]; /* copiers past their check */
	_Atomic(unsigned int) private[PAGES];
	_Atomic(unsigned int) wrong, copies, taken, conflicts;
};

static void copy(struct pins *p, unsigned int cpu, unsigned int page)
{
	const gpa_t gpa = gpa_make(BASE + page * PAGE);
	struct svsm_cpu *me = svsm_cpu_at(cpu);

	svsm_pin_set(me, gpa);
	if (svsm_map_state(me, gpa) == SVSM_PAGE_VALID) {
		atomic_fetch_add_explicit(&p->copying[page], 1U, memory_order_relaxed);
		if (atomic_load_explicit(&p->private[page], memory_order_relaxed) != 0U) {
			atomic_fetch_add(&p->wrong, 1U);
		}
		atomic_fetch_sub_explicit(&p->copying[page], 1U, memory_order_relaxed);
		atomic_fetch_add_explicit(&p->copies, 1U, memory_order_relaxed);
	}
	svsm_pin_clear(me);
}

static void take(struct pins *p, unsigned int cpu, unsigned int page)
{
	const gpa_t gpa = gpa_make(BASE + page * PAGE);
	struct svsm_cpu *me = svsm_cpu_at(cpu);
	enum svsm_page_state seen;

	if (svsm_map_claim_run(me, gpa, 1, SVSM_PAGE_VALID, &seen) == 0U) {
		return;
	}
	if (svsm_pin_conflict(me, gpa, 1)) {
		atomic_fetch_add_explicit(&p->conflicts, 1U, memory_order_relaxed);
	} else {
		atomic_store_explicit(&p->private[page], 1U, memory_order_relaxed);
		if (atomic_load_explicit(&p->copying[page], memory_order_relaxed) != 0U) {
			atomic_fetch_add(&p->wrong, 1U);
		}
		atomic_store_explicit(&p->private[page], 0U, memory_order_relaxed);
		atomic_fetch_add_explicit(&p->taken, 1U, memory_order_relaxed);
	}
	svsm_map_release_run(gpa, 1, SVSM_PAGE_VALID);
}

static void pin_job(struct rig *r, unsigned int cpu, void *ctx)
{
	struct pins *p = ctx;
	uint64_t random = stress_start(p->seed, cpu);

	(void)r;
	for (unsigned int i = 0; i < p->rounds; i++) {
		const unsigned int page = stress_below(&random, PAGES);

		if (cpu % 2U == 0U) {
			copy(p, cpu, page);
		} else {
			take(p, cpu, page);
		}
	}
}

/* A1, pin.h: no copy runs between a scan without conflict and the release of the claim. */
static void test_pins(void **state)
{
	static struct pins p;
	const struct hm_config config = rig_config(THREADS);

	(void)state;
	p.seed = stress_seed();
	p.rounds = stress_times(200000);
	rig_start(&p.rig, &config);
	hm_jitter(p.rig.m, 50);
	stress_all(&p.rig, THREADS, pin_job, &p);
	hm_jitter(p.rig.m, 0);
	(void)print_message("%u copies, %u pages taken, %u conflicts\n", p.copies, p.taken,
			    p.conflicts);
	assert_int_equal(p.wrong, 0);
	assert_true(p.copies > 1000U && p.taken > 1000U);
	rig_stop(&p.rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
