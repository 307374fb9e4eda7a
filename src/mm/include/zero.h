/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVSM_ZERO_H
#define SVSM_ZERO_H

#include "arch.h"
#include "svsm_types.h"

/*
 * Choose the fastest zeroing method by timing the CPU's methods on @scratch (private, @scratch_len
 * bytes, a multiple of 4 KiB, not 0): for 4 KiB on one page that stays in the cache, as a lone
 * PVALIDATE entry meets it; for 2 MiB by streaming over at most 2 MiB of it. Boot only. The host
 * controls the TSC: a lie costs speed, nothing else.
 */
void svsm_zero_calibrate(gpa_t scratch, uint64_t scratch_len);

/* The methods in use. Written at boot only; index: enum svsm_page_size. */
extern enum arch_zero_method svsm_zero_chosen[2];

static inline enum arch_zero_method svsm_zero_method(enum svsm_page_size size)
{
	return svsm_zero_chosen[size];
}

/* Zero a page about to be granted. svsm_zero_finish() must follow before the grant (A12). False:
 * recovered fault. */
static inline bool svsm_zero(gpa_t gpa, enum svsm_page_size size)
{
	return arch_zero(gpa, size, svsm_zero_chosen[size]);
}

void svsm_zero_finish(void);

#endif
