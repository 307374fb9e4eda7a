/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

/*
 * The peer design: an SVSM core written independently after the description of the algorithm of the
 * leading open-source SVSM, for measuring beside ours in the same run. It implements boot.h on
 * arch.h; it is no product and has none of our defences against a lying host.
 *
 * What it does, and costs:
 * - every round trip takes the ticket lock of the vCPU four times and the lock of its APIC once;
 * - PVALIDATE holds a global, writer-preferring reader-writer lock over the whole list, and never
 *   answers INCOMPLETE; CREATE_VCPU, DELETE_VCPU and REMAP_CA hold it for writing;
 * - every entry locks and scans all VMSA and calling area records, then the memory map; a
 *   validation does both twice;
 * - every page is mapped temporarily: slot and guard from a 1024-bit bitmap under a lock, a walk of
 *   four levels, a store; then a second walk, a clear, INVLPG, and the bits go back;
 * - every rescinded entry is followed by a broadcast flush, and so is every entry of the guest.
 *
 * Where it departs from the description, so that both answer the same on the benchmark's inputs:
 * - status codes are those that ours answers (reserved word of the list head, REMAP_CA to the
 *   calling area in use, DELETE_VCPU of a VMSA in use, lists that name their own page);
 * - QUERY_PROTOCOL claims the versions that ours has, although bit 4 of an entry is ignored;
 * - a VMSA that is not the last one made for its vCPU is found by a scan and served.
 * Not served: DEPOSIT_MEM, WITHDRAW_MEM, CONFIGURE_VTOM, attestation.
 *
 * Rights are granted to, and taken from, the guest's VMPL and those below it, as described: one
 * RMPADJUST per validated page. Ours also grants VMPL1 when the guest has VMPL2 or VMPL3.
 *
 * The locks give the processor up after some rounds of waiting. VMPL0 could not; without it a row
 * with more threads than cores would measure the scheduler of the test machine.
 */

#include <stdbool.h>
#include <stdint.h>

/* Which costs are paid; bench_impl.h says what stays right without them. */
struct bench_peer_costs {
	bool lock;
	bool scan;
	bool mapping;
	bool flush;
};

/* Default: all. Only while there is no machine. */
void bench_peer_costs(const struct bench_peer_costs *costs);

/* What was paid since svsm_boot(), summed over vCPUs. Exact while no call is being served. */
struct bench_peer_counters {
	uint64_t locks;	   /* locks taken, of all kinds */
	uint64_t compares; /* records and memory map ranges looked at by scans */
	uint64_t mappings; /* pages mapped */
	uint64_t flushes;  /* broadcast flushes */
};
void bench_peer_counters(struct bench_peer_counters *out);

#endif
