/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FUZZ_RUN_H
#define FUZZ_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Decode and run one input on a fresh machine; any violation aborts with the packets printed.
 * @trace: packets are printed there as they are executed, NULL: not. False if the machine could not
 * start.
 */
bool fz_run(const uint8_t *data, size_t size, FILE *trace);

#endif
