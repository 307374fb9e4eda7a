/* SPDX-License-Identifier: Apache-2.0 */

/*
 * No finding on a correct SVSM: CPUs validate, rescind, deposit, withdraw, create, delete, copy and
 * access guest memory under the claims and flushes of concurrency 1.2, while the host takes and
 * swaps pages at any moment. The same streams with one rule left out must be found.
 */

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "judge_rig.h"

#define ROUNDS 40U
#define STEPS 10000U
#define PAGES 200U /* guest pages that take part */
#define SPARES 64U /* system pages RIG_GUEST.. that the host swaps with */

enum page_state { INVALID, VALID, CLAIMED, DEPOSITED, VMSA };
enum mistake { NONE, NO_ZERO, NO_FENCE, NO_LOCAL_FLUSH, NO_FLUSH, NO_REVOKE };

static struct rig *rig;
static enum mistake mistake;
static _Atomic(uint64_t) npt[RIG_GUEST];
static atomic_uint state_of[PAGES];
static _Atomic(uint64_t) bracket[RIG_CPUS];
static uint64_t spare[SPARES]; /* the host's */

struct actor {
	pthread_t thread;
	unsigned int cpu;
	uint64_t random;
};

static uint64_t next_random(struct actor *a)
{
	a->random ^= a->random << 13;
	a->random ^= a->random >> 7;
	a->random ^= a->random << 17;
	return a->random;
}

static void bracket_begin(unsigned int cpu)
{
	/* pairs with flush: it sees the bracket, or this CPU sees what came before the flush */
	atomic_fetch_add_explicit(&bracket[cpu], 1U, memory_order_seq_cst);
}

static void bracket_end(unsigned int cpu)
{
	/* pairs with flush: the access and its event */
	atomic_fetch_add_explicit(&bracket[cpu], 1U, memory_order_release);
}

static void flush(unsigned int cpu)
{
	if (mistake == NO_FLUSH) {
		return;
	}
	/* pairs with bracket_begin */
	atomic_thread_fence(memory_order_seq_cst);
	for (unsigned int other = 0; other < RIG_CPUS; other++) {
		/* pairs with bracket_end */
		uint64_t seq = atomic_load_explicit(&bracket[other], memory_order_seq_cst);

		while ((seq & 1U) != 0U &&
		       atomic_load_explicit(&bracket[other], memory_order_acquire) == seq) {
			(void)sched_yield();
		}
	}
	rig_flush(rig, cpu);
}

static uint64_t walk(uint64_t gpn)
{
	/* pairs with host_swap */
	return atomic_load_explicit(&npt[gpn], memory_order_acquire);
}

/* May @vmpl (0: VMPL0) use the page now? */
static bool permitted(uint64_t gpn, uint64_t spn, unsigned int vmpl)
{
	const uint64_t word = rig_word(rig, spn);

	return (word & RAW_BIT_VALIDATED) != 0U && word >> 25 == gpn &&
	       (vmpl == 0U || (word & rig_perms(vmpl, 2U)) != 0U);
}

static bool zero(unsigned int cpu, uint64_t gpn)
{
	uint64_t spn = walk(gpn);

	if (!permitted(gpn, spn, 0)) {
		return false;
	}
	if (mistake != NO_ZERO) {
		rig_zero(rig, cpu, gpn, spn);
	}
	if (mistake != NO_FENCE) {
		rig_fence(rig, cpu);
	}
	return true;
}

/* Zero and grant; what fails half way is taken back. */
static enum page_state give(unsigned int cpu, uint64_t gpn)
{
	if (zero(cpu, gpn) && rig_grant(rig, cpu, gpn, walk(gpn))) {
		return VALID;
	}
	if (rig_revoke(rig, cpu, gpn, walk(gpn))) {
		(void)rig_pvalidate(rig, cpu, gpn, walk(gpn), false);
	}
	flush(cpu);
	return INVALID;
}

static enum page_state from_invalid(unsigned int cpu, uint64_t gpn)
{
	if (mistake != NO_LOCAL_FLUSH) {
		rig_flush_local(rig, cpu, gpn);
	}
	return rig_pvalidate(rig, cpu, gpn, walk(gpn), true) ? give(cpu, gpn) : INVALID;
}

static enum page_state rescind(unsigned int cpu, uint64_t gpn)
{
	const bool revoked = mistake == NO_REVOKE || rig_revoke(rig, cpu, gpn, walk(gpn));

	if (revoked) {
		(void)rig_pvalidate(rig, cpu, gpn, walk(gpn), false);
	}
	flush(cpu);
	return INVALID;
}

static enum page_state make_private(unsigned int cpu, uint64_t gpn, bool vmsa)
{
	bool ok = rig_revoke(rig, cpu, gpn, walk(gpn));

	flush(cpu);
	if (ok && vmsa) {
		for (unsigned int vmpl = 1; vmpl <= 3U; vmpl++) {
			ok = ok && rig_rmpadjust(rig, cpu, gpn, walk(gpn), vmpl,
						 vmpl < 3U ? RIG_READ : 0U, true);
		}
		if (!ok) {
			(void)rig_revoke(rig, cpu, gpn, walk(gpn));
		}
	}
	if (!ok) {
		return INVALID;
	}
	return vmsa ? VMSA : DEPOSITED;
}

static enum page_state delete_vmsa(unsigned int cpu, uint64_t gpn)
{
	const bool ok = rig_revoke(rig, cpu, gpn, walk(gpn));

	flush(cpu);
	return ok && rig_grant(rig, cpu, gpn, walk(gpn)) ? VALID : INVALID;
}

static void change(struct actor *a, uint64_t gpn)
{
	unsigned int old = atomic_load_explicit(&state_of[gpn], memory_order_relaxed);
	unsigned int new = INVALID;

	/* pairs with the release below: the shadow that the last claimer's events wrote */
	if (old == CLAIMED ||
	    !atomic_compare_exchange_strong_explicit(&state_of[gpn], &old, CLAIMED,
						     memory_order_seq_cst, memory_order_relaxed)) {
		return;
	}
	switch (old) {
	case INVALID:
		new = from_invalid(a->cpu, gpn);
		break;
	case DEPOSITED:
		new = give(a->cpu, gpn);
		break;
	case VMSA:
		new = delete_vmsa(a->cpu, gpn);
		break;
	default:
		new = next_random(a) % 2U == 0U
			      ? rescind(a->cpu, gpn)
			      : make_private(a->cpu, gpn, next_random(a) % 2U == 0U);
		break;
	}
	/* pairs with the claim above */
	atomic_store_explicit(&state_of[gpn], new, memory_order_release);
}

static void guest_access(struct actor *a, uint64_t gpn)
{
	uint64_t spn;

	bracket_begin(a->cpu);
	spn = walk(gpn);
	if (permitted(gpn, spn, 2)) {
		rig_event(rig, JUDGE_GUEST_WRITE, a->cpu, gpn, spn, 2, 0);
	}
	bracket_end(a->cpu);
}

static void copy(struct actor *a, uint64_t gpn, bool write)
{
	uint64_t spn;

	rig_event(rig, JUDGE_SVSM_ENTER, a->cpu, 0, 0, 0, 0);
	bracket_begin(a->cpu);
	spn = walk(gpn);
	/* pairs with change: a page that is VALID here is not private before the flush that waits
	 * for this bracket */
	if (atomic_load_explicit(&state_of[gpn], memory_order_seq_cst) == VALID &&
	    permitted(gpn, spn, 0)) {
		rig_event(rig, write ? JUDGE_SVSM_WRITE : JUDGE_SVSM_READ, a->cpu, gpn, spn, 8, 64);
	}
	bracket_end(a->cpu);
	rig_event(rig, JUDGE_SVSM_LEAVE, a->cpu, 0, 0, 2, 0);
}

static void *cpu_main(void *ctx)
{
	struct actor *a = ctx;

	for (unsigned int i = 0; i < STEPS; i++) {
		const uint64_t gpn = next_random(a) % PAGES;

		switch (next_random(a) % 4U) {
		case 0:
		case 1:
			change(a, gpn);
			break;
		case 2:
			guest_access(a, gpn);
			break;
		default:
			copy(a, gpn, next_random(a) % 2U == 0U);
			break;
		}
	}
	return NULL;
}

/* The host gives the gPA another system page; the old one becomes a spare, to be given to another
 * gPA later. */
static void host_swap(struct actor *a, uint64_t gpn)
{
	uint64_t *other = &spare[next_random(a) % SPARES];
	uint64_t old = atomic_load_explicit(&npt[gpn], memory_order_relaxed);

	rig_rmpupdate(rig, old, 0, false);
	rig_rmpupdate(rig, *other, gpn, true);
	/* pairs with walk */
	atomic_store_explicit(&npt[gpn], *other, memory_order_release);
	*other = old;
}

static void *host_main(void *ctx)
{
	struct actor *a = ctx;

	for (unsigned int i = 0; i < STEPS / 4U; i++) {
		const uint64_t gpn = next_random(a) % PAGES;

		if (next_random(a) % 2U == 0U) {
			host_swap(a, gpn);
		} else {
			rig_rmpupdate(rig, walk(gpn), 0, false);
			rig_rmpupdate(rig, walk(gpn), gpn, true);
		}
		(void)sched_yield();
	}
	return NULL;
}

static bool check(void)
{
	uint64_t pages[JUDGE_KIND_NR][PAGES + 1U];
	struct judge_account account = { 0 };

	for (unsigned int kind = 0; kind < JUDGE_KIND_NR; kind++) {
		account.pages[kind] = pages[kind];
	}
	pages[JUDGE_KIND_VMSA][account.counts[JUDGE_KIND_VMSA]++] = RIG_VMSA << 12;
	for (uint64_t gpn = 0; gpn < PAGES; gpn++) {
		const unsigned int now = atomic_load_explicit(&state_of[gpn], memory_order_relaxed);

		if (now == DEPOSITED) {
			pages[JUDGE_KIND_DEPOSITED][account.counts[JUDGE_KIND_DEPOSITED]++] = gpn
											      << 12;
		} else if (now == VMSA) {
			pages[JUDGE_KIND_VMSA][account.counts[JUDGE_KIND_VMSA]++] = gpn << 12;
		}
	}
	return judge_check_quiescent(rig->j, &account);
}

static bool round_of(uint64_t seed, unsigned int cpus, bool host)
{
	struct actor actors[RIG_CPUS + 1U];
	const unsigned int count = cpus + (host ? 1U : 0U);

	for (unsigned int i = 0; i < count; i++) {
		actors[i] =
			(struct actor){ .cpu = i, .random = seed * 0x9e3779b97f4a7c15U + i + 1U };
		assert_int_equal(pthread_create(&actors[i].thread, NULL,
						i < cpus ? cpu_main : host_main, &actors[i]),
				 0);
	}
	for (unsigned int i = 0; i < count; i++) {
		assert_int_equal(pthread_join(actors[i].thread, NULL), 0);
	}
	return check();
}

static int setup(void **state)
{
	(void)state;
	rig = rig_create(false);
	mistake = NONE;
	for (uint64_t gpn = 0; gpn < RIG_GUEST; gpn++) {
		atomic_store_explicit(&npt[gpn], gpn, memory_order_relaxed);
	}
	for (unsigned int gpn = 0; gpn < PAGES; gpn++) {
		atomic_store_explicit(&state_of[gpn], gpn < RIG_LAUNCHED ? VALID : INVALID,
				      memory_order_relaxed);
	}
	for (unsigned int i = 0; i < SPARES; i++) {
		spare[i] = RIG_GUEST + i;
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rig_destroy(rig);
	return 0;
}

static void correct_stream_is_clean(void **state)
{
	(void)state;
	for (unsigned int round = 1; round <= ROUNDS; round++) {
		if (!round_of(round, RIG_CPUS, true)) {
			print_error("round %u\n", round);
			judge_report(rig->j, stderr);
			break;
		}
	}
	rig_clean(rig, JUDGE_I12);
	for (unsigned int id = 0; id < JUDGE_NR; id++) {
		const bool checked = judge_checked(rig->j, (enum judge_id)id) != 0U;

		/* The stream has no VMRUN and no VMSA store. */
		assert_true(checked ==
			    (judge_applies((enum judge_id)id) && id != JUDGE_A3 && id != JUDGE_A4));
	}
}

static void left_out(enum mistake which, enum judge_id id)
{
	mistake = which;
	(void)round_of(7, 1, false);
	assert_true(judge_found(rig->j, id) > 0U);
}

static void zeroing_left_out(void **state)
{
	(void)state;
	left_out(NO_ZERO, JUDGE_I6);
}

static void fence_left_out(void **state)
{
	(void)state;
	left_out(NO_FENCE, JUDGE_A12);
}

static void local_flush_left_out(void **state)
{
	(void)state;
	left_out(NO_LOCAL_FLUSH, JUDGE_A11);
}

static void global_flush_left_out(void **state)
{
	(void)state;
	left_out(NO_FLUSH, JUDGE_I12);
}

static void revocation_left_out(void **state)
{
	(void)state;
	left_out(NO_REVOKE, JUDGE_REVOKE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(correct_stream_is_clean), TEST(zeroing_left_out),
		TEST(fence_left_out),	       TEST(local_flush_left_out),
		TEST(global_flush_left_out),   TEST(revocation_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
