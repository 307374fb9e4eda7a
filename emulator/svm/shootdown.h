/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SHOOTDOWN_H
#define SHOOTDOWN_H

/*
 * Translations that processors hold of removed nested entries. Each removal ends an epoch; VMRUN in
 * a later epoch than the last flush of the processor drops all (TLB_CONTROL). So who has left its
 * guest once after a removal uses nothing of it any more.
 *
 * Two orders make that complete:
 * - initiator: entry removed, next epoch, full fence, in_guest of the others read;
 * - target: in_guest set, full fence, epoch read, VMRUN.
 * Either the initiator sees the target in its guest and waits for its exit, or the target sees the
 * new epoch.
 */

#include <stdbool.h>
#include <stdint.h>

struct vcpu;

/* Before entries are removed, after the wait. A remover that finds nothing left to remove must
 * still wait if another one is between these two: shootdown_under_way(). */
void shootdown_begin(void);
void shootdown_end(void);
bool shootdown_under_way(void);

uint64_t shootdown_epoch(void);

/*
 * End the epoch. Sleep until every other processor that was in its guest at one of @vmpls (bit
 * mask) has left it. Own processor not in the guest, no lock held.
 */
void shootdown_wait(unsigned int vmpls);

/* The processor has left its guest: wake those that wait for it. For VCPU_REQ_SHOOT. */
void shootdown_wake(void);

#endif
