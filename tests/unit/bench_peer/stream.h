/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STREAM_H
#define STREAM_H

/*
 * A seeded stream of calls on a hosted machine, and what came of each, as text: the same on every
 * implementation that gives the same results.
 *
 * Left out, because the designs differ there on purpose:
 * - bit 4 of an entry (the peer is version 1), VMSAs of another VMPL than the guest's;
 * - requests for a state that a page has already, where the state of the RMP entry shows whether
 *   an instruction was tried (the peer) or the map knew (ours): 2 MiB entries on a region that is
 *   split and has one state throughout, regions for 4 KiB entries that are not split yet, shared
 *   pages;
 * - INCOMPLETE, which the peer never answers: the call is issued again, as a guest does.
 */

#include "machine.h"

#define STREAM_CPUS 4U
#define STREAM_LIST_MAX 511U
#define STREAM_POOL_PAGES 48U

struct stream {
	struct hm_machine *m;
	uint64_t random;
	bool valid_only; /* no request that any implementation may refuse */
	unsigned int cpu;
	uint64_t vmsa[STREAM_CPUS]; /* that runs, 0: none */
	uint64_t ca[STREAM_CPUS];
	/* Calling area of the VMSA in this page of the pool; last: of the startup VMSA. */
	uint64_t bound[STREAM_POOL_PAGES + 1U];
	unsigned int step;
};

struct stream_list {
	uint16_t count;
	uint16_t next;
	uint32_t reserved;
	uint64_t entry[STREAM_LIST_MAX];
};

/* @vmpl: the guest's. False after a message on stderr. */
bool stream_start(struct stream *s, uint64_t seed, unsigned int vmpl, bool valid_only);
/* One step, with its line on stdout. */
void stream_step(struct stream *s);
/* Guest memory and RMP words as they are now, with a line on stdout; then the machine goes. */
void stream_end(struct stream *s);

#endif
