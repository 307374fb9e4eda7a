/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_RESOURCES_H
#define RUN_RESOURCES_H

/* What this computer has, and what a run takes of it. */

#include "options.h"

/* Processors this process may run on, at least 1. */
unsigned int resources_processors(void);

/* Bytes that the run touches: the guest's memory, the tables of the model and the judge, threads.
 */
uint64_t resources_needed(const struct run_options *options);

/* MemAvailable in bytes; UINT64_MAX if the kernel does not say. */
uint64_t resources_available(void);

/* The MemAvailable line of a meminfo text. False if there is none. Pure. */
bool resources_parse_available(const char *meminfo, uint64_t *bytes);

#endif
