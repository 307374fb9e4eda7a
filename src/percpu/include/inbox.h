/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVSM_INBOX_H
#define SVSM_INBOX_H

/*
 * Cross-vCPU work for one vCPU: hints through Concurrency Kit rings, and a lossless set of
 * notification bits.
 *
 * Shape: a few ck_rings, each used single-producer/single-consumer, each behind a producer
 * try-word. The multi-producer enqueue of ck_ring spins while another producer is stopped in the
 * middle of its own; the host may stop a vCPU for ever, so one frozen vCPU would stop all. Here a
 * frozen producer keeps one lane and nothing else.
 *
 * Invariant: a lane's ring has at most one producer at a time (the holder of its try-word) and one
 * consumer (the owner of the inbox). Linearisation: a hint is sent at ck_ring's tail store; a bit
 * at its fetch_or. Progress: send and post are wait-free (bounded by the number of lanes). Nothing
 * is reclaimed: lanes live as long as the vCPU.
 */

#include <stdatomic.h>

#include "svsm_types.h"
#include "tsan.h"

SVSM_CK_BEGIN
#include <ck_ring.h>
SVSM_CK_END

#define SVSM_INBOX_LANES 4U
#define SVSM_INBOX_LANE_SLOTS 8U /* ck_ring keeps one slot free */

enum svsm_hint {
	SVSM_HINT_NONE = 0,
	SVSM_HINT_FLUSH_POOL = 1, /* give cached deposited pages back to the depot: somebody
				     withdraws memory */
};

enum svsm_notice {
	SVSM_NOTICE_MEM_AVAILABLE = 0, /* refresh SVSM_MEM_AVAILABLE in the startup vCPU's calling
					  area */
};

struct svsm_lane {
	_Alignas(SVSM_CACHE_LINE) atomic_uint producer; /* try-word: 1 while a sender owns the lane
							 */
	struct ck_ring ring;
	struct ck_ring_buffer slots[SVSM_INBOX_LANE_SLOTS];
};

struct svsm_inbox {
	_Alignas(SVSM_CACHE_LINE) _Atomic(uint64_t) notices;
	atomic_uint hinted; /* non-zero when a lane may hold hints: spares the owner the look into
			       each */
	struct svsm_lane lanes[SVSM_INBOX_LANES];
};

void svsm_inbox_init(struct svsm_inbox *inbox);

/* Send @hint (not NONE). False: every lane is taken or full and the hint is dropped. Any vCPU, any
 * number at once. */
bool svsm_inbox_send(struct svsm_inbox *inbox, enum svsm_hint hint);

/* Set a notification bit; never lost. Any vCPU. */
void svsm_inbox_post(struct svsm_inbox *inbox, enum svsm_notice notice);

/*
 * Owner only: may there be a hint or a notice? Two loads of one line that nobody writes while
 * nothing is sent. Relaxed: a stale "no" is an answer from before the message, which is then found
 * at the next entry; what a "yes" is about is made visible by the acquire exchanges of
 * svsm_inbox_next() and svsm_inbox_notices(). One line, so no order between the loads matters.
 */
static inline bool svsm_inbox_any(const struct svsm_inbox *inbox)
{
	return (atomic_load_explicit(&inbox->notices, memory_order_relaxed) |
		atomic_load_explicit(&inbox->hinted, memory_order_relaxed)) != 0U;
}

/* Owner only: the next hint, or SVSM_HINT_NONE. */
enum svsm_hint svsm_inbox_next(struct svsm_inbox *inbox);

/* Owner only: take all notification bits (1 << svsm_notice). One plain load when there are none. */
uint64_t svsm_inbox_notices(struct svsm_inbox *inbox);

#endif
