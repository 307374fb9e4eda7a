/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVSM_RANGE_H
#define SVSM_RANGE_H

#include "svsm_types.h"

/*
 * A checked guest physical range: it does not wrap, lies below the guest's physical width (which
 * also keeps out every alias with the C-bit or above it), and len > 0. Only svsm_range_make() makes
 * one, so a function that takes a struct svsm_range need not check it again.
 */
struct svsm_range {
	gpa_t start;
	uint64_t len;
};

/* Set the guest's physical address width in bits, 32..52. Boot only. */
void svsm_range_init(unsigned int phys_bits);
unsigned int svsm_range_phys_bits(void);

/* False: @len is 0, the range wraps, or it reaches beyond the physical width. Pure. */
bool svsm_range_make(gpa_t start, uint64_t len, struct svsm_range *range);

#endif
