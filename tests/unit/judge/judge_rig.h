/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JUDGE_RIG_H
#define JUDGE_RIG_H

/*
 * A small RMP of 4 KiB entries, written by hand, with the events a machine would deliver. Every
 * step changes the raw word atomically, or leaves it and says so, then tells the judge. Nothing
 * here prevents a wrong step: that is what the tests make.
 */

#include "judge.h"

#define RIG_PAGES 2048U /* system pages; guest pages are the first half, identical at start */
#define RIG_GUEST 1024U
#define RIG_CPUS 4U
#define RIG_LAUNCHED 64U /* guest pages 0.. that are valid and RWX for VMPL1 and 2 at launch */
#define RIG_VMSA 512U	 /* the launch VMSA, inside the SVSM's range */
#define RIG_SVSM 512U
#define RIG_SVSM_END 528U
#define RIG_HOST 9999U /* the CPU number of host events */

#define RIG_RWX 0x0fU
#define RIG_READ 0x01U

#define RAW_BIT_ASSIGNED (UINT64_C(1) << 0)
#define RAW_BIT_VALIDATED (UINT64_C(1) << 1)
#define RAW_BIT_VMSA (UINT64_C(1) << 3)
#define RAW_BIT_INUSE (UINT64_C(1) << 4)
#define RAW_BIT_LOCKED (UINT64_C(1) << 5)
#define RAW_BIT_SPLIT (UINT64_C(1) << 6)
#define RAW_BIT_GUEST (UINT64_C(1) << 7)

struct rig {
	_Atomic(uint64_t) words_2m[RIG_PAGES / 512U];
	_Atomic(uint64_t) words_4k[RIG_PAGES];
	struct judge *j;
};

/* The launch state above, and a judge of it. */
struct rig *rig_create(bool identity_keeps);
void rig_destroy(struct rig *rig);

uint64_t rig_word(struct rig *rig, uint64_t spn);
void rig_set_word(struct rig *rig, uint64_t spn, uint64_t word);
uint64_t rig_perms(unsigned int vmpl, unsigned int mask);
void rig_event(struct rig *rig, enum judge_event_kind kind, unsigned int cpu, uint64_t gpn,
	       uint64_t spn, uint64_t a, uint64_t b);

/* The hardware's steps. False: it faulted, or said CF, and changed nothing. */
bool rig_pvalidate(struct rig *rig, unsigned int cpu, uint64_t gpn, uint64_t spn, bool validate);
bool rig_rmpadjust(struct rig *rig, unsigned int cpu, uint64_t gpn, uint64_t spn, unsigned int vmpl,
		   unsigned int perms, bool vmsa);
void rig_rmpupdate(struct rig *rig, uint64_t spn, uint64_t gpn, bool assigned);
void rig_zero(struct rig *rig, unsigned int cpu, uint64_t gpn, uint64_t spn);
void rig_fence(struct rig *rig, unsigned int cpu);
void rig_flush(struct rig *rig, unsigned int cpu);
void rig_flush_local(struct rig *rig, unsigned int cpu, uint64_t gpn);

/* What a correct SVSM does; each false if a step was refused. */
bool rig_validate(struct rig *rig, unsigned int cpu, uint64_t gpn, uint64_t spn);
bool rig_grant(struct rig *rig, unsigned int cpu, uint64_t gpn, uint64_t spn);
bool rig_revoke(struct rig *rig, unsigned int cpu, uint64_t gpn, uint64_t spn);
bool rig_rescind(struct rig *rig, unsigned int cpu, uint64_t gpn, uint64_t spn);
bool rig_make_vmsa(struct rig *rig, unsigned int cpu, uint64_t gpn, uint64_t spn);

/* Fails the test unless there are findings of @id and of nothing else. rig_clean: no finding, and
 * @id was checked. */
void rig_only(struct rig *rig, enum judge_id id);
void rig_clean(struct rig *rig, enum judge_id id);
/* A quiescent check of an account with one page set. */
bool rig_check(struct rig *rig, enum judge_kind kind, const uint64_t *pages, size_t count);

#endif
