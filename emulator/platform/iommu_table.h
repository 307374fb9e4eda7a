/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IOMMU_TABLE_H
#define IOMMU_TABLE_H

/*
 * Root, context and second-level tables of VT-d legacy mode (VT-d specification 9.1, 9.3, 9.8) for
 * all devices alike. No locks: callers let one processor in at a time; devices read meanwhile.
 */

#include "emu_types.h"

#define IOMMU_DOMAIN 1U

/* Empty tables of @levels (3 or 4) levels. False: no memory. */
bool iommu_table_init(unsigned int levels);

/* Physical address of the root table. */
uint64_t iommu_table_root(void);

/* Make the entries of [gpa, gpa+bytes) what the RMP says. True: some are gone, which the IOMMU may
 * still remember. */
bool iommu_table_update(gpa_t gpa, uint64_t bytes);

#endif
