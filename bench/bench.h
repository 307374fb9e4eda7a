/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include "load.h"
#include "options.h"
#include "results.h"
#include "session.h"

/* Nanoseconds of CLOCK_MONOTONIC. CPUID is never used for timing: in a VM it exits to the host. */
uint64_t bench_now(void);

/* Each prints a table to stdout; false after a message on stderr. */
bool bench_calls(struct session *session);
bool bench_peer_costs(struct session *session);
bool bench_instructions(struct session *session);
bool bench_zero(struct session *session);
bool bench_memory(struct session *session);
bool bench_attest(struct session *session);

/* calls_bench.c: one run of a worker, added to the results under @name. */
bool worker_run(struct session *session, const char *name, const struct load *load, enum impl impl);

#endif
