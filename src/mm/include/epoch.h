/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVSM_EPOCH_H
#define SVSM_EPOCH_H

/*
 * The project's use of ck_epoch: it protects lookups in the ownership map against the reuse of a
 * retired leaf, and nothing else. Privacy never depends on it (pins do that), and no caller waits
 * for a grace period: a vCPU that the host stopped inside a section delays reuse of retired leaves,
 * whose number is bounded (leaf.h).
 *
 * ck's epoch begins and ends with inline assembly that TSan cannot see; leaf contents are C11
 * atomics throughout, so the annotations here add the order that ck_epoch provides and no
 * suppression is needed.
 */

#include "svsm_types.h"
#include "tsan.h"

SVSM_CK_BEGIN
#include <ck_epoch.h>
#include <ck_stack.h>
SVSM_CK_END

struct svsm_epoch {
	ck_epoch_record_t record;
};

/* Boot only. */
void svsm_epoch_init(void);
void svsm_epoch_register(struct svsm_epoch *epoch);

/* A section of the owner's thread; they do not nest. Between them: map lookups and leaf CAS only.
 */
SVSM_NO_TSAN static inline void svsm_epoch_enter(struct svsm_epoch *epoch)
{
	ck_epoch_begin(&epoch->record, NULL);
	svsm_tsan_acquire(epoch->record.global);
}

SVSM_NO_TSAN static inline void svsm_epoch_leave(struct svsm_epoch *epoch)
{
	svsm_tsan_release(epoch->record.global);
	(void)ck_epoch_end(&epoch->record, NULL);
}

/* Call @done(@entry) on this thread in some later svsm_epoch_poll(), after a grace period. Owner
 * only. */
void svsm_epoch_defer(struct svsm_epoch *epoch, ck_epoch_entry_t *entry, ck_epoch_cb_t *done);

/* Never blocks: tries to advance the epoch and runs what is due. Owner only, outside a section. */
void svsm_epoch_poll(struct svsm_epoch *epoch);

#endif
