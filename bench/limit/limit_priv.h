/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIMIT_PRIV_H
#define LIMIT_PRIV_H

/*
 * The limit: what the machine itself costs. UNSAFE, and for measuring only. It checks nothing that
 * a guest or a host says, keeps no map of who owns a page, closes no gate and takes no claim: a
 * guest could name any page, and a list could change under it. Only instructions without which the
 * call would have no effect are left:
 * - PVALIDATE: one copy of the list; per entry PVALIDATE, zeroing and RMPADJUST for VMPL1 to the
 *   guest's, or RMPADJUST for VMPL1 to VMPL3 and PVALIDATE; one flush for the list if it rescinded;
 * - CREATE_VCPU, DELETE_VCPU: RMPADJUST of three VMPLs, and a flush where rights were taken;
 * - REMAP_CA: the pending byte of the new area; QUERY_PROTOCOL: the answer;
 * - all: RAX read, RAX and the pending byte written.
 * DEPOSIT_MEM, WITHDRAW_MEM and attestation are not served. Results are right for valid requests;
 * a status other than 0 says only that some instruction refused. Like ours, it chooses the zeroing
 * method by timing at boot.
 */

#include "arch.h"
#include "bench_abi.h"
#include "boot.h"

/* Scratch memory for timing the zeroing methods. */
#define LIMIT_SCRATCH SVSM_REGION_SIZE

/* Set at boot. */
extern unsigned int limit_guest_vmpl;

/* Boot only. @scratch: LIMIT_SCRATCH bytes, private. */
void limit_zero_choose(gpa_t scratch);
bool limit_zero(gpa_t gpa, enum svsm_page_size size);

/* Work through the list at @at; @entries is this vCPU's buffer of BENCH_LIST_MAX entries. */
uint32_t limit_pvalidate(gpa_t at, uint64_t *entries);

/* 0, or that an instruction refused. */
uint32_t limit_status(const struct arch_rmp_result *rmp);

#endif
