/* SPDX-License-Identifier: Apache-2.0 */
#include "inbox.h"

#include "arch.h"
#include "tsan.h"

void svsm_inbox_init(struct svsm_inbox *inbox)
{
	atomic_init(&inbox->notices, 0U);
	atomic_init(&inbox->hinted, 0U);
	for (unsigned int i = 0U; i < SVSM_INBOX_LANES; i++) {
		atomic_init(&inbox->lanes[i].producer, 0U);
		ck_ring_init(&inbox->lanes[i].ring, SVSM_INBOX_LANE_SLOTS);
	}
}

/* ck's inline assembly is invisible to TSan: the annotations state the order that its tail
 * store/load provide. */
SVSM_NO_TSAN static bool lane_enqueue(struct svsm_lane *lane, enum svsm_hint hint)
{
	svsm_tsan_release(&lane->ring);
	return ck_ring_enqueue_spsc(&lane->ring, lane->slots, (const void *)(uintptr_t)hint);
}

SVSM_NO_TSAN static bool lane_dequeue(struct svsm_lane *lane, enum svsm_hint *hint)
{
	void *entry = NULL;

	if (!ck_ring_dequeue_spsc(&lane->ring, lane->slots, &entry)) {
		return false;
	}
	svsm_tsan_acquire(&lane->ring);
	*hint = (enum svsm_hint)(uintptr_t)entry;
	return true;
}

bool svsm_inbox_send(struct svsm_inbox *inbox, enum svsm_hint hint)
{
	bool sent = false;

	for (unsigned int i = 0U; i < SVSM_INBOX_LANES && !sent; i++) {
		struct svsm_lane *lane = &inbox->lanes[i];

		/* acquire: pairs with the release below: the previous producer's ring indices are
		 * visible */
		if (atomic_exchange_explicit(&lane->producer, 1U, memory_order_acquire) != 0U) {
			continue;
		}
		arch_point(ARCH_POINT_INBOX_TRY);
		sent = lane_enqueue(lane, hint);
		/* release: pairs with the acquire above */
		atomic_store_explicit(&lane->producer, 0U, memory_order_release);
	}
	if (sent) {
		/* release: pairs with the acquire exchange in svsm_inbox_next(): the hint is in its
		 * lane */
		atomic_store_explicit(&inbox->hinted, 1U, memory_order_release);
	}
	return sent;
}

void svsm_inbox_post(struct svsm_inbox *inbox, enum svsm_notice notice)
{
	/* release: pairs with the acquire exchange in svsm_inbox_notices(): what the notice is
	 * about is visible */
	atomic_fetch_or_explicit(&inbox->notices, UINT64_C(1) << notice, memory_order_release);
}

enum svsm_hint svsm_inbox_next(struct svsm_inbox *inbox)
{
	enum svsm_hint hint = SVSM_HINT_NONE;

	if (atomic_load_explicit(&inbox->hinted, memory_order_relaxed) == 0U) {
		return SVSM_HINT_NONE;
	}
	/*
	 * Cleared before the lanes are read: a sender that comes later sets it again, so no hint is
	 * overlooked. acquire: pairs with the release in svsm_inbox_send()
	 */
	(void)atomic_exchange_explicit(&inbox->hinted, 0U, memory_order_acquire);
	for (unsigned int i = 0U; i < SVSM_INBOX_LANES; i++) {
		if (lane_dequeue(&inbox->lanes[i], &hint)) {
			atomic_store_explicit(&inbox->hinted, 1U, memory_order_relaxed);
			return hint;
		}
	}
	return SVSM_HINT_NONE;
}

uint64_t svsm_inbox_notices(struct svsm_inbox *inbox)
{
	if (atomic_load_explicit(&inbox->notices, memory_order_relaxed) == 0U) {
		return 0U;
	}
	/* acquire: pairs with the release in svsm_inbox_post() */
	return atomic_exchange_explicit(&inbox->notices, 0U, memory_order_acquire);
}
