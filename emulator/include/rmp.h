/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RMP_H
#define RMP_H

/*
 * The RMP of the machine (snpmodel) together with what caches it: nested tables and translations of
 * processors. Functions that take rights away remove the nested entries, then wait, asleep, until
 * every processor that could still use them has left its guest; so a revocation is complete before
 * the instruction that asked for it ends. In stale mode that happens at the guest's own flush
 * (INVLPGB with TLBSYNC, INVLPG, PCPU_ID) instead.
 */

#include "snpmodel.h"

#include "emu_types.h"

void rmp_init(const struct snpm_switches *switches, bool stale);
struct snpm_rmp *rmp_table(void);
bool rmp_stale(void); /* stale mode is on */

/* Guest instructions, of the vCPU's VMPL. @gpa: page, from the walk. */
struct vcpu;
struct snpm_result rmp_pvalidate(struct vcpu *vcpu, gpa_t gpa, unsigned int size, bool validate);
struct snpm_result rmp_adjust(struct vcpu *vcpu, gpa_t gpa, unsigned int size, unsigned int target,
			      uint8_t perms, bool vmsa);
struct snpm_result rmp_query(struct vcpu *vcpu, gpa_t gpa, unsigned int target,
			     struct snpm_query *query);

/*
 * Page state change as a hypervisor does it: to private (assigned, not validated; nothing happens
 * if it is private already) or to shared. PSMASH as needed. 2M: one entry if the range allows.
 * False: not memory, or a page in use.
 */
bool rmp_make_private(gpa_t gpa, bool large);
bool rmp_make_shared(gpa_t gpa, bool large);

/* Host changes of other kinds (hostile mode): invalidate what caches [gpa, gpa+bytes). */
void rmp_invalidate(gpa_t gpa, uint64_t bytes);

/* Split the 2 MiB entry that rules the page of @gpa, if one does (PSMASH). False: in use. */
bool rmp_smash(gpa_t gpa);

/* Is the page private / a VMSA page? For checks of the hypervisor. */
bool rmp_is_shared(gpa_t gpa);
bool rmp_is_vmsa(gpa_t gpa);

/* Stale mode: the guest flushed all. */
void rmp_guest_flushed(void);

#endif
