/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#include "rmp_fixture.h"

/*
 * Threads race on one range. Each observed word is checked at once; pairs of operations of which
 * exactly one can win are started together many times. Seeds are fixed and printed; the
 * interleavings are the machine's.
 */

#define NR_THREADS 4U
#define STEPS 20000U
/* Operations that must have changed something, by each thread: else the threads did not meet. */
#define ENOUGH 200U
/* A duel ends after so many rounds, or seconds on a busy machine. */
#define ROUNDS 60000U
#define DUEL_SECONDS 1
#define SPN REGION
/* The guest works through home addresses only; the host also binds pages to the other ones. */
#define HOME GPN_BASE
#define AWAY (GPN_BASE + UINT64_C(8) * REGION)
#define EARNED (SNPM_VALIDATED | SNPM_VMSA | perms_word(0x1f, 0x1f, 0x1f))
#define RWX 0x0f

struct worker {
	pthread_t thread;
	unsigned int index;
	uint64_t random;
	unsigned int step;
	unsigned int done; /* operations that changed something */
	bool satisfied;
};

static struct fixture *fix;
static pthread_barrier_t barrier;
static atomic_uint unsatisfied;
static atomic_uint failures;
static const char *_Atomic first_failure;

static void check(bool good, const char *what)
{
	if (!good) {
		const char *none = NULL;

		atomic_fetch_add(&failures, 1U);
		atomic_compare_exchange_strong(&first_failure, &none, what);
	}
}

static uint64_t next_random(struct worker *w)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return w->random >> 11;
}

/* Loop condition of the bodies: a thread goes on until all threads have done enough. */
static bool more(struct worker *w)
{
	w->step++;
	if (!w->satisfied && w->step >= STEPS && w->done >= ENOUGH) {
		w->satisfied = true;
		atomic_fetch_sub(&unsatisfied, 1U);
	}
	return atomic_load(&unsatisfied) != 0U && atomic_load(&failures) == 0U;
}

static void run_threads(unsigned int nr, void *(*body)(void *), struct worker *workers)
{
	const uint64_t seed = UINT64_C(0x9e3779b97f4a7c15);

	atomic_store(&unsatisfied, nr);
	atomic_store(&failures, 0U);
	atomic_store(&first_failure, NULL);
	assert_int_equal(pthread_barrier_init(&barrier, NULL, nr), 0);
	printf("seed %llx + thread\n", (unsigned long long)seed);
	for (unsigned int i = 0; i < nr; i++) {
		workers[i] = (struct worker){ .index = i, .random = seed + i };
		assert_int_equal(pthread_create(&workers[i].thread, NULL, body, &workers[i]), 0);
	}
	for (unsigned int i = 0; i < nr; i++) {
		assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
	}
	pthread_barrier_destroy(&barrier);
	if (atomic_load(&failures) != 0U) {
		fail_msg("%u failures, first: %s", atomic_load(&failures),
			 atomic_load(&first_failure));
	}
}

/* I1, and what I2 leaves: a page that the host bound elsewhere lost all that the guest gave it. */
static void check_word(uint64_t spn)
{
	const uint64_t i = spn - SPN;
	const uint64_t word = snpm_word(&fix->rmp, spn, NULL);
	const uint64_t gpn = word >> SNPM_GPN_SHIFT;

	check((word & (SNPM_LOCKED | SNPM_SPLIT)) == 0U, "internal bit seen");
	if ((word & SNPM_ASSIGNED) == 0U) {
		check(word == 0U, "I1: unassigned, not empty");
		return;
	}
	check(((word >> SNPM_ASID_SHIFT) & 3U) == SNPM_ASID_GUEST, "I1: owner");
	check(gpn == HOME + i || gpn == AWAY + i, "gPA torn");
	check(gpn == HOME + i || (word & (EARNED | SNPM_INUSE)) == 0U, "I2: rights kept elsewhere");
	check((word & SNPM_INUSE) == 0U || (word & SNPM_VMSA) != 0U, "in use, no VMSA");
}

static void host_4k(struct worker *w, uint64_t i)
{
	const struct snpm_update home = { HOME + i, true, 0, false, SNPM_ASID_GUEST };
	const struct snpm_update away = { AWAY + i, true, 0, false, SNPM_ASID_GUEST };
	const struct snpm_update host = { 0, false, 0, false, SNPM_ASID_NONE };
	const uint64_t dice = next_random(w) % 4U;
	uint32_t code;

	code = snpm_rmpupdate(&fix->rmp, SPN + i, dice < 2U ? &home : dice == 2U ? &away : &host);
	check(code == 0U || code == 3U || code == 4U, "RMPUPDATE 4K code");
	w->done += code == 0U;
}

static void host_2m(struct worker *w)
{
	const struct snpm_update home = { HOME, true, 1, false, SNPM_ASID_GUEST };
	const struct snpm_update away = { AWAY, true, 1, false, SNPM_ASID_GUEST };
	const struct snpm_update host = { 0, false, 1, false, SNPM_ASID_NONE };
	const struct snpm_update *choice[] = { &home, &home, &away, &host };
	uint32_t code;

	if (next_random(w) % 4U == 0U) {
		code = snpm_psmash(&fix->rmp, SPN);
		check(code == 0U || code == 7U, "PSMASH code");
	} else {
		code = snpm_rmpupdate(&fix->rmp, SPN, choice[next_random(w) % 4U]);
		check(code == 0U || code == 4U, "RMPUPDATE 2M code");
	}
	w->done += code == 0U;
}

/* Pages are few at a time, so that a split range becomes empty again and threads meet. */
static uint64_t pick(struct worker *w)
{
	static const uint64_t hot[] = { 0, 1, 255, 511 };

	return hot[next_random(w) % 4U];
}

static void clear_range(void)
{
	const struct snpm_update host = { 0, false, 0, false, SNPM_ASID_NONE };

	for (uint64_t i = 0; i < REGION; i++) {
		(void)snpm_rmpupdate(&fix->rmp, SPN + i, &host);
	}
}

static void guest_pvalidate(struct worker *w, uint64_t i)
{
	const unsigned int size = i == 0U ? (unsigned int)(next_random(w) % 2U) : 0U;
	const struct snpm_result r =
		snpm_pvalidate(&fix->rmp, 0, SPN + i, HOME + i, size, next_random(w) % 4U != 0U);

	check(r.fault == SNPM_NO_FAULT || r.fault == SNPM_NPF || r.fault == SNPM_NPF_SIZEM,
	      "PVALIDATE fault");
	check(r.code == 0U || (r.code == 6U && size == 1U), "PVALIDATE code");
	w->done += r.fault == SNPM_NO_FAULT && r.code == 0U && !r.carry;
}

static void guest_rmpadjust(struct worker *w, uint64_t i)
{
	const unsigned int size = i == 0U ? (unsigned int)(next_random(w) % 2U) : 0U;
	const struct snpm_result r = snpm_rmpadjust(&fix->rmp, 0, SPN + i, HOME + i, size,
						    (unsigned int)(1U + next_random(w) % 3U), RWX,
						    size == 0U);

	check(r.fault != SNPM_GP && r.fault != SNPM_NPF_VMPL, "RMPADJUST fault");
	check(r.code == 0U || r.code == 3U || (r.code == 6U && size == 1U), "RMPADJUST code");
	w->done += r.fault == SNPM_NO_FAULT && r.code == 0U;
}

/* rmp-semantics 7.2: between begin and end nobody changes the entry. */
static void guest_vmrun(struct worker *w, uint64_t i)
{
	uint64_t word;

	if (!snpm_vmrun_begin(&fix->rmp, SPN + i, HOME + i)) {
		return;
	}
	word = snpm_word(&fix->rmp, SPN + i, NULL);
	check((word & (SNPM_INUSE | SNPM_VMSA)) == (SNPM_INUSE | SNPM_VMSA), "VMSA not in use");
	for (unsigned int n = 0; n < 20U; n++) {
		check(snpm_word(&fix->rmp, SPN + i, NULL) == word, "entry in use changed");
	}
	check(!snpm_vmrun_begin(&fix->rmp, SPN + i, HOME + i), "in use twice");
	snpm_vmrun_end(&fix->rmp, SPN + i);
	w->done++;
}

static void *mixed_body(void *arg)
{
	struct worker *w = arg;

	pthread_barrier_wait(&barrier);
	while (more(w)) {
		const uint64_t i = pick(w);

		switch (w->index) {
		case 0:
			guest_pvalidate(w, i);
			break;
		case 1:
			guest_rmpadjust(w, i);
			guest_vmrun(w, pick(w));
			break;
		case 2:
			if (w->step % 64U == 0U) {
				clear_range();
			}
			host_2m(w);
			break;
		default:
			host_4k(w, i);
			break;
		}
		check_word(SPN + pick(w));
		check_word(SPN + next_random(w) % REGION);
	}
	return NULL;
}

/* I1 and I2 under PVALIDATE, RMPADJUST and VMRUN, PSMASH and 2 MiB RMPUPDATE, 4 KiB RMPUPDATE. */
static void mixed(void **state)
{
	(void)state;
	for (unsigned int s = 0; s < NR_SWITCH_SETTINGS; s += 5U) {
		struct worker workers[NR_THREADS];

		fix = fixture_reset(s);
		run_threads(NR_THREADS, mixed_body, workers);
		assert_int_equal(atomic_load(&fix->words_2m[1]) & SNPM_LOCKED, 0);
	}
}

static bool touched[REGION]; /* written by thread 0, read when all have ended */

static void *host_body(void *arg)
{
	struct worker *w = arg;
	uint64_t seen[REGION];

	for (uint64_t i = 0; i < REGION; i++) {
		seen[i] = EARNED;
	}
	pthread_barrier_wait(&barrier);
	while (more(w)) {
		const uint64_t i = next_random(w) % (REGION / 2U);
		const uint64_t rights = snpm_word(&fix->rmp, SPN + i, NULL) & EARNED;
		const unsigned int before = w->done;

		check((rights & ~seen[i]) == 0U, "I2: the host gave rights");
		check(rights == 0U || rights == EARNED, "rights torn");
		seen[i] = rights;
		if (w->index == 0U) {
			host_4k(w, i);
			touched[i] = touched[i] || w->done != before;
		} else {
			w->done++;
		}
		if (w->index == 1U && w->step == STEPS / 2U) {
			check(snpm_psmash(&fix->rmp, SPN) == 0U, "PSMASH of the whole range");
		}
	}
	return NULL;
}

/* I2: whatever the host does, rights only shrink; PSMASH in the middle of it loses none and adds
 * none. */
static void host_only(void **state)
{
	struct worker workers[NR_THREADS];

	(void)state;
	fix = fixture_reset(0);
	memset(touched, 0, sizeof(touched));
	put_2m(fix, SPN, guest_word(HOME, EARNED));
	run_threads(NR_THREADS, host_body, workers);
	for (uint64_t i = 0; i < REGION; i++) {
		assert_int_equal(snpm_word(&fix->rmp, SPN + i, NULL) & EARNED,
				 touched[i] ? 0U : EARNED);
	}
}

static atomic_int balance[REGION];

static void *balance_body(void *arg)
{
	struct worker *w = arg;

	pthread_barrier_wait(&barrier);
	while (more(w)) {
		const uint64_t i = pick(w);
		const bool validate = next_random(w) % 2U == 0U;
		const struct snpm_result r =
			snpm_pvalidate(&fix->rmp, 0, SPN + i, HOME + i, 0, validate);

		if (r.fault == SNPM_NPF_SIZEM) {
			const uint32_t code = snpm_psmash(&fix->rmp, SPN);

			check(code == 0U || code == 7U, "PSMASH code");
		} else {
			check(r.fault == SNPM_NO_FAULT && r.code == 0U, "PVALIDATE");
			if (!r.carry) {
				atomic_fetch_add(&balance[i], validate ? 1 : -1);
				w->done++;
			}
		}
	}
	return NULL;
}

/* rmp-semantics 3.2 h, i: each change of Validated is reported by exactly one PVALIDATE with CF
 * clear. */
static void no_lost_validate(void **state)
{
	struct worker workers[NR_THREADS];

	(void)state;
	fix = fixture_reset(0);
	put_2m(fix, SPN, guest_word(HOME, 0));
	for (uint64_t i = 0; i < REGION; i++) {
		atomic_store(&balance[i], 0);
	}
	run_threads(NR_THREADS, balance_body, workers);
	for (uint64_t i = 0; i < REGION; i++) {
		const uint64_t word = snpm_word(&fix->rmp, SPN + i, NULL);

		assert_int_equal(atomic_load(&balance[i]), (word & SNPM_VALIDATED) != 0U);
	}
}

/* ---- two operations started together, many times ---- */

struct duel {
	void (*setup)(void);
	uint32_t (*first)(void);
	uint32_t (*second)(void);
	bool (*legal)(uint32_t first, uint32_t second);
};

static const struct duel *duel;
static uint32_t outcome[2];
static atomic_uint arrived;
static atomic_bool over;

/* Both threads leave within nanoseconds of each other, which a barrier that sleeps cannot do. */
static void meet(unsigned int *met)
{
	*met += 2U;
	atomic_fetch_add(&arrived, 1U);
	for (unsigned int n = 1; atomic_load(&arrived) < *met; n++) {
		if (n % 512U == 0U) {
			sched_yield();
		}
	}
}

static void *duel_body(void *arg)
{
	const time_t end = time(NULL) + DUEL_SECONDS;
	struct worker *w = arg;
	unsigned int met = 0;

	for (unsigned int round = 1; !atomic_load(&over); round++) {
		if (w->index == 0U) {
			duel->setup();
		}
		meet(&met);
		for (uint64_t n = next_random(w) % 64U; n > 0U; n--) {
			(void)atomic_load_explicit(&over, memory_order_relaxed);
		}
		outcome[w->index] = w->index == 0U ? duel->first() : duel->second();
		meet(&met);
		if (w->index == 0U) {
			check(duel->legal(outcome[0], outcome[1]), "no serial order explains it");
			atomic_store(&over, round == ROUNDS || time(NULL) > end ||
						    atomic_load(&failures) != 0U);
		}
		meet(&met);
	}
	return NULL;
}

static void run_duel(const struct duel *d)
{
	struct worker workers[2];

	fix = fixture_reset(0);
	duel = d;
	atomic_store(&arrived, 0U);
	atomic_store(&over, false);
	run_threads(2, duel_body, workers);
}

static void set_empty_split(void)
{
	const struct snpm_update host = { 0, false, 0, false, SNPM_ASID_NONE };
	const struct snpm_update home = { HOME, true, 0, false, SNPM_ASID_GUEST };
	const struct snpm_update whole = { 0, false, 1, false, SNPM_ASID_NONE };

	if (snpm_rmpupdate(&fix->rmp, SPN, &whole) != 0U) {
		snpm_rmpupdate(&fix->rmp, SPN, &host);
		snpm_rmpupdate(&fix->rmp, SPN + 511U, &host);
	}
	snpm_rmpupdate(&fix->rmp, SPN, &home);
	snpm_rmpupdate(&fix->rmp, SPN, &host);
	check(atomic_load(&fix->words_2m[1]) == SNPM_SPLIT, "setup");
}

static uint32_t take_2m(uint64_t gpn)
{
	return snpm_rmpupdate(&fix->rmp, SPN,
			      &(struct snpm_update){ gpn, true, 1, false, SNPM_ASID_GUEST });
}

static uint32_t take_4k(uint64_t i)
{
	return snpm_rmpupdate(&fix->rmp, SPN + i,
			      &(struct snpm_update){ HOME + i, true, 0, false, SNPM_ASID_GUEST });
}

static uint32_t assign_2m(void)
{
	return take_2m(AWAY);
}

static uint32_t assign_home_2m(void)
{
	return take_2m(HOME);
}

static uint32_t assign_first_4k(void)
{
	return take_4k(0);
}

static uint32_t assign_last_4k(void)
{
	return take_4k(511);
}

static bool size_won(uint64_t i, uint32_t whole, uint32_t page)
{
	unsigned int size;
	const uint64_t word = snpm_word(&fix->rmp, SPN + i, &size);

	if (whole == 0U) {
		return page == 4U && size == 1U && word == guest_word(AWAY + i, 0);
	}
	return whole == 4U && page == 0U && size == 0U && word == guest_word(HOME + i, 0) &&
	       snpm_word(&fix->rmp, SPN + 1U, NULL) == 0U;
}

static bool first_size_won(uint32_t whole, uint32_t page)
{
	return size_won(0, whole, page);
}

static bool last_size_won(uint32_t whole, uint32_t page)
{
	return size_won(511, whole, page);
}

static bool both_took(uint32_t away, uint32_t home)
{
	unsigned int size;
	const uint64_t word = snpm_word(&fix->rmp, SPN + 7U, &size);

	return away == 0U && home == 0U && size == 1U &&
	       (word == guest_word(AWAY + 7U, 0) || word == guest_word(HOME + 7U, 0));
}

/* rmp-semantics 2.1 overlap: a range is taken as 2 MiB or by a 4 KiB page, never both. */
static void duel_sizes(void **state)
{
	(void)state;
	run_duel(&(struct duel){ set_empty_split, assign_2m, assign_first_4k, first_size_won });
	run_duel(&(struct duel){ set_empty_split, assign_2m, assign_last_4k, last_size_won });
}

/* Two 2 MiB updates of a split range follow each other: the later one replaces the entry. */
static void duel_unsplit(void **state)
{
	(void)state;
	run_duel(&(struct duel){ set_empty_split, assign_2m, assign_home_2m, both_took });
}

static void set_2m(void)
{
	put_2m(fix, SPN, guest_word(HOME, 0));
}

static uint32_t smash(void)
{
	return snpm_psmash(&fix->rmp, SPN);
}

static uint32_t validate_2m(void)
{
	return snpm_pvalidate(&fix->rmp, 0, SPN, HOME, 1, true).code;
}

static bool all_or_none(uint32_t smashed, uint32_t validated)
{
	const uint64_t want = validated == 0U ? SNPM_VALIDATED : 0U;
	bool good = smashed == 0U && (validated == 0U || validated == 6U);

	for (uint64_t i = 0; i < REGION; i++) {
		good = good && snpm_word(&fix->rmp, SPN + i, NULL) == guest_word(HOME + i, want);
	}
	return good;
}

/* rmp-semantics 2.5, 3.2 g: a 2 MiB PVALIDATE comes before the PSMASH, or meets 4 KiB entries. */
static void duel_smash(void **state)
{
	(void)state;
	run_duel(&(struct duel){ set_2m, smash, validate_2m, all_or_none });
}

static void set_vmsa(void)
{
	put_4k(fix, SPN, guest_word(HOME, SNPM_VALIDATED | SNPM_VMSA));
}

static uint32_t run_vmsa(void)
{
	return snpm_vmrun_begin(&fix->rmp, SPN, HOME) ? 0U : 1U;
}

static uint32_t unmake_vmsa(void)
{
	return snpm_rmpadjust(&fix->rmp, 0, SPN, HOME, 0, 1, 0, false).code;
}

static uint32_t take_vmsa(void)
{
	return snpm_rmpupdate(&fix->rmp, SPN,
			      &(struct snpm_update){ 0, false, 0, false, SNPM_ASID_NONE });
}

static bool ran_or_changed(uint32_t run, uint32_t changed)
{
	const uint64_t word = snpm_word(&fix->rmp, SPN, NULL);

	if (run == 0U) {
		return changed == 3U &&
		       word == guest_word(HOME, SNPM_VALIDATED | SNPM_VMSA | SNPM_INUSE);
	}
	return changed == 0U && (word & (SNPM_VMSA | SNPM_INUSE)) == 0U;
}

static bool one_runs(uint32_t first, uint32_t second)
{
	return first + second == 1U;
}

/* rmp-semantics 4.8, 7.2: either VMRUN takes the VMSA, or it is none any more. */
static void duel_vmrun(void **state)
{
	(void)state;
	run_duel(&(struct duel){ set_vmsa, run_vmsa, unmake_vmsa, ran_or_changed });
	run_duel(&(struct duel){ set_vmsa, run_vmsa, take_vmsa, ran_or_changed });
	run_duel(&(struct duel){ set_vmsa, run_vmsa, run_vmsa, one_runs });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mixed),
		cmocka_unit_test(host_only),
		cmocka_unit_test(no_lost_validate),
		cmocka_unit_test(duel_sizes),
		cmocka_unit_test(duel_unsplit),
		cmocka_unit_test(duel_smash),
		cmocka_unit_test(duel_vmrun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
