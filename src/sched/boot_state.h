/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVSM_BOOT_STATE_H
#define SVSM_BOOT_STATE_H

#include "svsm_types.h"

/* What boot fixed and reports ask for later. */
uint64_t svsm_boot_top_gpa(void);
bool svsm_boot_in_own_range(gpa_t page);

#endif
