/* SPDX-License-Identifier: Apache-2.0 */
#include "epoch.h"

#include "tsan.h"

static ck_epoch_t leaf_epoch;

void svsm_epoch_init(void)
{
	ck_epoch_init(&leaf_epoch);
}

void svsm_epoch_register(struct svsm_epoch *epoch)
{
	ck_epoch_register(&leaf_epoch, &epoch->record, NULL);
}

SVSM_NO_TSAN void svsm_epoch_defer(struct svsm_epoch *epoch, ck_epoch_entry_t *entry,
				   ck_epoch_cb_t *done)
{
	ck_epoch_call(&epoch->record, entry, done);
}

SVSM_NO_TSAN void svsm_epoch_poll(struct svsm_epoch *epoch)
{
	svsm_tsan_acquire(&leaf_epoch);
	(void)ck_epoch_poll(&epoch->record);
}
