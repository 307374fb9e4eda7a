/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_VCPU_H
#define RUN_VCPU_H

/*
 * A vCPU of the loaded machine as its guest kernel sees it: calls in Linux's manner, a tally of
 * what was done, and checks of what the guest sees. Used by the vCPU's own thread, except where the
 * machine stands still.
 */

#include <stdatomic.h>
#include <stdbool.h>

#include "guest_abi.h"
#include "histogram.h"
#include "layout.h"
#include "machine.h"

#define VCPU_TEXT 160U

/* Repetitions per vCPU. */
struct scale {
	unsigned int null_calls, vtom_calls, remaps;
	unsigned int convert_rounds, online_rounds, deposit_rounds, mixed_lists;
};

/* A guest with its machine, shared by its vCPUs. */
struct guest_vm {
	struct hm_machine *machine;
	struct layout layout;
	struct scale scale;
	unsigned int nr_vcpus;
	struct vcpu *vcpu;
	/* Per 4 KiB page of the guest: where it is (steps_deposit.c). */
	_Atomic(uint8_t) *deposited;
	/* Pages, summed over vCPUs; what a vCPU withdraws another one may have deposited. */
	_Atomic(uint64_t) pages_deposited;
	_Atomic(uint64_t) pages_withdrawn;
};

struct tally {
	uint64_t calls, busy, incomplete, pages;
	uint64_t start, end; /* ticks */
	struct histogram latency;
};

struct vcpu {
	_Alignas(SVSM_CACHE_LINE) struct guest_vm *vm;
	unsigned int index;
	unsigned int ca, vmsa; /* which of its two pages is in use now (layout.h) */
	uint64_t random;
	bool counting; /* calls go into the tally: set during the timed part of a step */
	struct tally tally;
	uint64_t checks; /* of what the guest sees */
	uint64_t wrong;	 /* of these and of the results, how many were not as they must be */
	char first_wrong[VCPU_TEXT];
	_Atomic(uint64_t) progress; /* calls, for the progress line */
};

/* Something that must not be: counted, the first one kept as text. */
__attribute__((format(printf, 2, 3))) void vcpu_wrong(struct vcpu *v, const char *format, ...);
/* Count a check; @ok false: as vcpu_wrong() with @what and @gpa. Returns @ok. */
bool vcpu_check(struct vcpu *v, bool ok, const char *what, uint64_t gpa);

uint64_t vcpu_ca(const struct vcpu *v);
uint32_t vcpu_apic_id(const struct vcpu *v);
/* Uniform enough for choosing samples: 0..bound-1. */
uint64_t vcpu_random(struct vcpu *v, uint64_t bound);

/*
 * One call as Linux makes it: the same registers again at once while the answer is BUSY or
 * INCOMPLETE. @regs holds the arguments without RAX and receives the last answer. Returns RAX;
 * UINT64_MAX, and a wrong result is counted, if the call was not served.
 */
uint64_t vcpu_call(struct vcpu *v, enum guest_call_id id, struct hm_regs *regs);

/* The same with RCX only, for calls that must succeed. False: counted as wrong. */
bool vcpu_call_ok(struct vcpu *v, enum guest_call_id id, uint64_t rcx);

/* A null call that must be answered with the versions of the core protocol. */
void vcpu_query(struct vcpu *v);

/*
 * PVALIDATE of @count entries (1..GUEST_LIST_MAX) as Linux does it: the list in the calling area's
 * page, resumed where it stopped; 2 MiB entries that meet 4 KiB RMP entries are skipped and redone
 * as 510 + 2 entries of 4 KiB. Pages count in the tally.
 */
void vcpu_pvalidate(struct vcpu *v, const uint64_t *entries, unsigned int count);

/* DEPOSIT_MEM of such a list. Deposited pages count in the tally. */
void vcpu_deposit(struct vcpu *v, const uint64_t *entries, unsigned int count);

/* ---- what the guest sees of a page ---- */

/* All zero, then writable: a page that was just validated or withdrawn. */
void vcpu_check_fresh(struct vcpu *v, uint64_t gpa);
/* A private read ends with @expected. */
void vcpu_check_read(struct vcpu *v, uint64_t gpa, enum hm_access expected, const char *what);
/* A private write ends with @expected. */
void vcpu_check_write(struct vcpu *v, uint64_t gpa, enum hm_access expected, const char *what);
/* Shared memory: what the guest writes it reads back. */
void vcpu_check_shared(struct vcpu *v, uint64_t gpa);
/* Put something into a private page, so that zeroing it is seen. */
void vcpu_dirty(struct vcpu *v, uint64_t gpa);

#endif
