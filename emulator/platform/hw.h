/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HW_H
#define HW_H

/* The machine that QEMU provides, raw: the seam of this directory for hosted tests. */

#include <stdint.h>

/* Port access of 1, 2 or 4 bytes. */
uint32_t hw_in(uint16_t port, unsigned int bytes);
void hw_out(uint16_t port, unsigned int bytes, uint32_t value);

/* Device memory, one access of 1, 2, 4 or 8 bytes. */
uint64_t hw_load(uint64_t address, unsigned int bytes);
void hw_store(uint64_t address, unsigned int bytes, uint64_t value);

void hw_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4]);

#endif
