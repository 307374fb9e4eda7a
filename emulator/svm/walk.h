/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WALK_H
#define WALK_H

#include "svm.h"

enum {
	WALK_WRITE = 1 << 0,
	WALK_FETCH = 1 << 1,
	WALK_USER = 1 << 2,	/* by code at CPL 3 */
	WALK_IMPLICIT = 1 << 3, /* by the processor itself: descriptor tables, stacks of handlers */
	WALK_PROBE = 1 << 4,	/* where would it lead? no rights, no accessed and dirty bits */
};

/* Pages of the tables that a walk read. */
struct walk_path {
	gpa_t tables[4];
	unsigned int nr;
};

/* @path may be NULL. */
struct guest_walk walk_as(struct vcpu *vcpu, uint64_t va, unsigned int how, struct walk_path *path);

/*
 * Memory at linear address @va, which may cross pages, as the processor itself reads and writes it
 * (WALK_IMPLICIT | how): RMP rights of the VMPL are looked at. False: *fault says what comes of it:
 * a page fault, or, where the RMP stands against it, a #VC.
 */
struct walk_fault {
	unsigned int vector;
	uint32_t error;
	uint64_t cr2;
};
bool walk_read(struct vcpu *vcpu, uint64_t va, void *into, size_t len, struct walk_fault *fault);
bool walk_write(struct vcpu *vcpu, uint64_t va, const void *from, size_t len,
		struct walk_fault *fault);

#endif
