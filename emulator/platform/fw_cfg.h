/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FW_CFG_H
#define FW_CFG_H

/*
 * QEMU's firmware configuration device, filtered: memory sizes and the memory map are those of the
 * guest, its ACPI tables show no IOMMU, the kernel is the one of the launch package, and there is
 * no DMA, which could read and write any memory of the machine. All functions: any processor.
 */

#include "emu_types.h"

void fw_cfg_init(void);

/* Does an access touch a port of the device? */
bool fw_cfg_claims(uint16_t port, unsigned int bytes);
uint32_t fw_cfg_in(uint16_t port, unsigned int bytes);
void fw_cfg_out(uint16_t port, unsigned int bytes, uint32_t value);
/* @count reads of the data register */
void fw_cfg_read(uint8_t *data, size_t count);
bool fw_cfg_is_data(uint16_t port, unsigned int bytes);

#endif
