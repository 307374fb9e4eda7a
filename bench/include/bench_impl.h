/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_IMPL_H
#define BENCH_IMPL_H

/*
 * What a benchmark worker knows of the implementation of boot.h that it is linked with: ours
 * (bench_ours: the core), the peer design (bench_peer) or the limit (bench_limit). Each of the
 * three libraries implements this header; a worker links exactly one of them.
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
	BENCH_COST_LOCK = 1U << 0,    /* the reader-writer locks and the locks of the vCPU record */
	BENCH_COST_SCAN = 1U << 1,    /* linear scans of all records and of the memory map */
	BENCH_COST_MAPPING = 1U << 2, /* temporary mapping bookkeeping per page, INVLPG included */
	BENCH_COST_FLUSH = 1U << 3,   /* a broadcast flush per invalidated entry and per entry of
					 the guest */
	BENCH_COST_ALL = 0xfU,
};

/* "ours", "peer" or "limit". */
const char *bench_impl_name(void);

/* False: the call answers SVSM_ERR_UNSUPPORTED_CALL (or _PROTOCOL), its rows are left out. */
bool bench_impl_serves(enum bench_call call);

/*
 * Choose the costs that are paid: @mask of enum bench_cost; default BENCH_COST_ALL. Call before
 * hm_create(), with no machine alive. With BENCH_COST_LOCK off the peer is correct with one thread
 * only, with BENCH_COST_SCAN off only for guests that name no page of the SVSM, of a VMSA or outside
 * memory, with BENCH_COST_FLUSH off stale translations stay: for measuring what a cost contributes.
 * No effect on ours and limit.
 */
void bench_impl_costs(unsigned int mask);

#endif
