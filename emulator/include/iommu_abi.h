/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IOMMU_ABI_H
#define IOMMU_ABI_H

/* Registers of VT-d (VT-d specification 11.4), where q35 has them. */

#include <stdint.h>

#define IOMMU_BASE UINT64_C(0xfed90000)
#define IOMMU_BYTES UINT64_C(0x1000)

#define IOMMU_VERSION 0x00U
#define IOMMU_CAP 0x08U
#define IOMMU_ECAP 0x10U
#define IOMMU_GCMD 0x18U
#define IOMMU_GSTS 0x1cU
#define IOMMU_ROOT 0x20U
#define IOMMU_CCMD 0x28U
#define IOMMU_FSTS 0x34U

#define IOMMU_CAP_WRITE_BUFFER (UINT64_C(1) << 4)
#define IOMMU_CAP_39_BITS (UINT64_C(1) << 9)
#define IOMMU_CAP_48_BITS (UINT64_C(1) << 10)
#define IOMMU_CAP_BY_PAGE (UINT64_C(1) << 39)
#define IOMMU_CAP_MAX_ORDER(cap) ((cap) >> 48 & 0x3fU)
#define IOMMU_CAP_FAULT(cap) (((cap) >> 24 & 0x3ffU) * 16U)
#define IOMMU_ECAP_IOTLB(ecap) (((ecap) >> 8 & 0x3ffU) * 16U)

#define IOMMU_GCMD_TRANSLATE (UINT32_C(1) << 31)
#define IOMMU_GCMD_SET_ROOT (UINT32_C(1) << 30)
#define IOMMU_GSTS_KEPT UINT32_C(0x96ffffff) /* what a command repeats of the status */

#define IOMMU_CCMD_INVALIDATE (UINT64_C(1) << 63)
#define IOMMU_CCMD_GLOBAL (UINT64_C(1) << 61)

/* From where ECAP says on */
#define IOMMU_IOTLB_ADDRESS 0U
#define IOMMU_IOTLB_COMMAND 8U
#define IOMMU_IOTLB_INVALIDATE (UINT64_C(1) << 63)
#define IOMMU_IOTLB_GLOBAL (UINT64_C(1) << 60)
#define IOMMU_IOTLB_PAGES (UINT64_C(3) << 60)
#define IOMMU_IOTLB_DOMAIN(id) ((uint64_t)(id) << 32)

#define IOMMU_FSTS_PENDING (UINT32_C(1) << 1)
#define IOMMU_FAULT_READ (UINT64_C(1) << 62) /* in the second word of the record */

#endif
