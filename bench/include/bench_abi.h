/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_ABI_H
#define BENCH_ABI_H

/*
 * Wire formats of 58019 rev 1.01 for the peer design and the limit, which share no code with the
 * core: its header is not used, so that a change of the core cannot change what it is compared
 * with.
 */

#include <stdint.h>

/* Table 5. */
enum bench_core_call {
	BENCH_REMAP_CA = 0,
	BENCH_PVALIDATE = 1,
	BENCH_CREATE_VCPU = 2,
	BENCH_DELETE_VCPU = 3,
	BENCH_DEPOSIT_MEM = 4,
	BENCH_WITHDRAW_MEM = 5,
	BENCH_QUERY_PROTOCOL = 6,
};

/* Table 4, and section 6.3. */
#define BENCH_SUCCESS UINT32_C(0)
#define BENCH_UNSUPPORTED_PROTOCOL UINT32_C(0x80000001)
#define BENCH_UNSUPPORTED_CALL UINT32_C(0x80000002)
#define BENCH_INVALID_ADDRESS UINT32_C(0x80000003)
#define BENCH_INVALID_FORMAT UINT32_C(0x80000004)
#define BENCH_INVALID_PARAMETER UINT32_C(0x80000005)
#define BENCH_INVALID_REQUEST UINT32_C(0x80000006)
#define BENCH_BUSY UINT32_C(0x80000007)
#define BENCH_RMP_BASE UINT32_C(0x80001000)
#define BENCH_RMP_CARRY UINT32_C(0x80001010)
#define BENCH_RMP_UNKNOWN UINT32_C(0x80001011)
#define BENCH_VMSA_IN_USE UINT32_C(0x80001003)

/* Head of a PVALIDATE list (Table 8); 64-bit entries follow. */
struct bench_list_head {
	uint16_t count;
	uint16_t next;
	uint32_t reserved;
};
_Static_assert(sizeof(struct bench_list_head) == 8U, "58019 Table 8");

#define BENCH_LIST_MAX 511U

/* PVALIDATE entry (Table 9). Bit 4, the fallback of version 2, is neither reserved nor obeyed. */
#define BENCH_PV_SIZE UINT64_C(0x3)
#define BENCH_PV_VALIDATE UINT64_C(0x4)
#define BENCH_PV_IGNORE_CF UINT64_C(0x8)
#define BENCH_PV_RESERVED UINT64_C(0xfe0)
#define BENCH_PV_FLAGS UINT64_C(0xfff)

/* Answer to QUERY_PROTOCOL (section 6.8) for protocol 0: the versions that ours has. */
#define BENCH_CORE_MIN 1U
#define BENCH_CORE_MAX 2U
#define BENCH_CORE_VERSIONS (((uint64_t)BENCH_CORE_MAX << 32) | BENCH_CORE_MIN)

/* RCX of the answer to a QUERY_PROTOCOL with @rcx where there is only protocol 0. */
static inline uint64_t bench_query(uint64_t rcx)
{
	const uint32_t version = (uint32_t)rcx;

	return rcx >> 32 == 0U && version >= BENCH_CORE_MIN && version <= BENCH_CORE_MAX
		       ? BENCH_CORE_VERSIONS
		       : 0U;
}

#endif
