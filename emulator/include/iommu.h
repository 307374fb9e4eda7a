/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IOMMU_H
#define IOMMU_H

/*
 * DMA of devices: QEMU's intel-iommu (VT-d, legacy mode), which guests do not see. All devices
 * share one translation, under which a device reaches the memory that guests reach at the same
 * address, and only where it is hypervisor-owned (shared) in the RMP. Private pages, firmware and
 * the emulator are in no table. Without the device of QEMU nothing is restricted.
 */

#include "emu_types.h"

/* Before processors start and devices get work, after the launch. Says in the log what it found. */
void iommu_start(void);

/*
 * Let devices reach of [gpa, gpa+bytes), one 4 KiB or 2 MiB page, what the RMP now says. Whoever
 * changed the RMP calls it afterwards and before it tells anybody: what became private is then out
 * of reach of every transfer that starts. Any processor.
 */
void iommu_update(gpa_t gpa, uint64_t bytes);

/* Log the first access that was stopped, if one was. */
void iommu_report(void);

#endif
