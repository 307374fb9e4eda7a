/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STRESS_H
#define STRESS_H

#include "rig.h"

/* PHALANX_SEED, else one from the clock; printed, so that a failure can be tried again. */
uint64_t stress_seed(void);
/* @base times PHALANX_STRESS (1..1000, default 1). */
unsigned int stress_times(unsigned int base);

/* A stream of random numbers for each (seed, thread); not 0. */
uint64_t stress_start(uint64_t seed, unsigned int thread);
uint64_t stress_next(uint64_t *random);
/* 0..n-1 */
unsigned int stress_below(uint64_t *random, unsigned int n);

/* @job on vCPUs 0..@threads-1 at the same time, until all are done. Fails the test if one hangs. */
void stress_all(struct rig *r, unsigned int threads, rig_job *job, void *ctx);

#endif
