/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DIRECT_MAP_H
#define DIRECT_MAP_H

/* Included before everything else: physical memory is the buffer of fake_machine.c. */

#include <stdint.h>

extern uint8_t *fake_memory;

#define HOST_DIRECT ((uint64_t)(uintptr_t)fake_memory)

#endif
