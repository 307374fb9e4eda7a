/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_IMPL_H
#define BENCH_IMPL_H

/*
 * What a benchmark worker knows of the implementation of boot.h that it is linked with: ours
 * (bench_ours: the core), the peer design (bench_peer) or the limit (bench_limit). Each of the
 * three libraries implements this header; a worker links exactly one of them, and calls
 * bench_impl_name() or any other function here, which is what makes the linker take it.
 */

#include <stdbool.h>

/* The calls of the benchmark's rows. */
enum bench_call {
	BENCH_CALL_QUERY_PROTOCOL,
	BENCH_CALL_PVALIDATE,
	BENCH_CALL_REMAP_CA,
	BENCH_CALL_CREATE_VCPU,
	BENCH_CALL_DELETE_VCPU,
	BENCH_CALL_DEPOSIT_MEM,
	BENCH_CALL_WITHDRAW_MEM,
	BENCH_CALL_ATTEST,
	BENCH_CALL_NR,
};

/* The four costs of the peer design. ours and limit have none of them. */
enum bench_cost {
	BENCH_COST_LOCK = 1 << 0,    /* reader-writer locks, and the ticket lock of the vCPU */
	BENCH_COST_SCAN = 1 << 1,    /* linear scans of all records and of the memory map */
	BENCH_COST_MAPPING = 1 << 2, /* temporary mapping per page, INVLPG included */
	BENCH_COST_FLUSH = 1 << 3,   /* a broadcast flush per rescinded entry, per CREATE_VCPU and
					per entry of the guest */
	BENCH_COST_ALL = 0xf,
};

/* "ours", "peer" or "limit". */
const char *bench_impl_name(void);

/* False: the implementation answers UNSUPPORTED_CALL or UNSUPPORTED_PROTOCOL; such rows are left
 * out. */
bool bench_impl_serves(enum bench_call call);

/*
 * Choose the costs that are paid: @mask of enum bench_cost; BENCH_COST_ALL if never called. Only
 * while there is no machine. What stays right without a cost:
 * - LOCK: calls that only read the records (all but CREATE_VCPU, DELETE_VCPU, REMAP_CA) on any
 * number of threads; those three on one thread;
 * - SCAN: guests that name no page of the SVSM, no VMSA, no calling area and no gPA without RAM;
 * - MAPPING: everything with a host that does not remap;
 * - FLUSH: guests that touch no page that they rescinded or made a VMSA.
 * No effect on ours and limit.
 */
void bench_impl_costs(unsigned int mask);

#endif
