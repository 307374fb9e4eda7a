/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_STEPS_H
#define RUN_STEPS_H

/*
 * The steps of a loaded machine, in the order in which they can run: each one is a row of the
 * table. All vCPUs do prepare(), then all work(), then all verify(); only work() is timed and
 * tallied.
 */

#include "vcpu.h"

struct step {
	const char *call;		 /* as in the specification, without its prefix */
	const char *detail;		 /* at most 31 characters */
	void (*prepare)(struct vcpu *v); /* may be NULL */
	void (*work)(struct vcpu *v);
	void (*verify)(struct vcpu *v); /* may be NULL */
};

/* Steps that are done in turn, @rounds times. */
struct step_group {
	const struct step *step;
	unsigned int nr_steps;
	unsigned int rounds;
};

#define STEPS_MAX_GROUPS 12U
#define STEPS_MAX_ROWS 24U

/* The program for this scale; returns the number of groups. */
unsigned int steps_program(const struct scale *scale, struct step_group group[STEPS_MAX_GROUPS]);

/* steps_vcpu.c */
extern const struct step steps_create[1];
extern const struct step steps_online[2];
extern const struct step steps_remap[1];

/* steps_memory.c */
extern const struct step steps_accept[2];
extern const struct step steps_single[2];
extern const struct step steps_list[2];
extern const struct step steps_large[2];

/* steps_deposit.c */
extern const struct step steps_deposit_small[2];
extern const struct step steps_deposit_large[2];
extern const struct step steps_deposit_mixed[1];

/* steps_calls.c */
extern const struct step steps_calls[2];

#endif
