/* SPDX-License-Identifier: Apache-2.0 */
#include <sched.h>

#include "peer_priv.h"

/* Rounds of waiting before the processor is given up: bench_peer.h says why. */
#define PATIENCE 256U

#define READER UINT64_C(1)
#define WRITER (UINT64_C(1) << 32)
#define READERS (WRITER - 1U)

static void wait_round(unsigned int *rounds)
{
	(*rounds)++;
	if (*rounds % PATIENCE == 0U) {
		(void)sched_yield();
	} else {
		arch_relax();
	}
}

void peer_lock(struct peer_cpu *cpu, struct peer_ticket *ticket)
{
	unsigned int rounds = 0U;
	uint32_t own = 0U;

	if (!peer.costs.lock) {
		return;
	}
	own = atomic_fetch_add_explicit(&ticket->next, 1U, memory_order_relaxed);
	/* acquire: pairs with peer_unlock() */
	while (atomic_load_explicit(&ticket->owner, memory_order_acquire) != own) {
		wait_round(&rounds);
	}
	peer_count(cpu, PEER_COUNT_LOCKS, 1U);
}

void peer_unlock(struct peer_ticket *ticket)
{
	if (peer.costs.lock) {
		/* release: pairs with peer_lock() */
		(void)atomic_fetch_add_explicit(&ticket->owner, 1U, memory_order_release);
	}
}

/* Add @what once there is no writer. */
static void enter(struct peer_rwlock *lock, uint64_t what)
{
	uint64_t word = atomic_load_explicit(&lock->word, memory_order_relaxed);
	unsigned int rounds = 0U;

	for (;;) {
		if (word >= WRITER) {
			wait_round(&rounds);
			word = atomic_load_explicit(&lock->word, memory_order_relaxed);
			continue;
		}
		/* acquire: pairs with the release of the unlock functions */
		if (atomic_compare_exchange_weak_explicit(&lock->word, &word, word + what,
							  memory_order_acquire,
							  memory_order_relaxed)) {
			return;
		}
	}
}

void peer_read_lock(struct peer_cpu *cpu, struct peer_rwlock *lock)
{
	if (peer.costs.lock) {
		enter(lock, READER);
		peer_count(cpu, PEER_COUNT_LOCKS, 1U);
	}
}

void peer_read_unlock(struct peer_rwlock *lock)
{
	if (peer.costs.lock) {
		/* release: pairs with the wait of a writer */
		(void)atomic_fetch_sub_explicit(&lock->word, READER, memory_order_release);
	}
}

/* The writer is announced first, which keeps new readers out; then it waits for those inside. */
void peer_write_lock(struct peer_cpu *cpu, struct peer_rwlock *lock)
{
	unsigned int rounds = 0U;

	if (!peer.costs.lock) {
		return;
	}
	enter(lock, WRITER);
	/* acquire: pairs with peer_read_unlock() */
	while ((atomic_load_explicit(&lock->word, memory_order_acquire) & READERS) != 0U) {
		wait_round(&rounds);
	}
	peer_count(cpu, PEER_COUNT_LOCKS, 1U);
}

void peer_write_unlock(struct peer_rwlock *lock)
{
	if (peer.costs.lock) {
		/* release: pairs with enter() */
		(void)atomic_fetch_sub_explicit(&lock->word, WRITER, memory_order_release);
	}
}

bool peer_try_write_lock(struct peer_cpu *cpu, struct peer_rwlock *lock)
{
	uint64_t word = 0U;

	if (!peer.costs.lock) {
		return true;
	}
	/* acquire: pairs with the release of the unlock functions */
	if (!atomic_compare_exchange_strong_explicit(&lock->word, &word, WRITER,
						     memory_order_acquire, memory_order_relaxed)) {
		return false;
	}
	peer_count(cpu, PEER_COUNT_LOCKS, 1U);
	return true;
}
