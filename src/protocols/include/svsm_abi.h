/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVSM_ABI_H
#define SVSM_ABI_H

/* Wire formats of AMD publication 58019 rev 1.01, sections 5 and 6. */

#include "svsm_types.h"

/* Calling area (section 5, Table 2). */
struct svsm_calling_area {
	uint8_t call_pending;
	uint8_t mem_available;
	uint8_t no_eoi_required;
	uint8_t reserved[5];
};
_Static_assert(sizeof(struct svsm_calling_area) == 8U, "58019 Table 2");
_Static_assert(offsetof(struct svsm_calling_area, mem_available) == 1U, "58019 Table 2");

/* Head of a PVALIDATE or DEPOSIT_MEM list (Tables 8, 9, 13); 64-bit entries follow. */
struct svsm_list_head {
	uint16_t count;
	uint16_t next;
	uint32_t reserved;
};
_Static_assert(sizeof(struct svsm_list_head) == 8U, "58019 Table 8");
_Static_assert(offsetof(struct svsm_list_head, next) == 2U, "58019 Table 8");

#define SVSM_LIST_MAX_ENTRIES 511U

/* PVALIDATE entry (Table 9). */
#define SVSM_PV_SIZE UINT64_C(0x3)
#define SVSM_PV_VALIDATE (UINT64_C(1) << 2)
#define SVSM_PV_IGNORE_CF (UINT64_C(1) << 3)
#define SVSM_PV_FALLBACK (UINT64_C(1) << 4)
#define SVSM_PV_RESERVED UINT64_C(0xfe0)

/* DEPOSIT_MEM entry (Table 13). */
#define SVSM_DEPOSIT_SIZE UINT64_C(0x3)
#define SVSM_DEPOSIT_RESERVED UINT64_C(0xffc)

#define SVSM_ENTRY_FLAGS UINT64_C(0xfff)

/* Head of a WITHDRAW_MEM list (Table 15); 64-bit gPAs follow. */
struct svsm_withdraw_head {
	uint16_t count;
	uint8_t unused[6];
};
_Static_assert(sizeof(struct svsm_withdraw_head) == 8U, "58019 Table 15");

/* Result codes (Table 4), and those that section 6.3 defines. */
#define SVSM_SUCCESS UINT32_C(0)
#define SVSM_NEED_MEMORY UINT32_C(0x40000000) /* plus 4 KiB pages, 1..2^30-1 */
#define SVSM_ERR_INCOMPLETE UINT32_C(0x80000000)
#define SVSM_ERR_UNSUPPORTED_PROTOCOL UINT32_C(0x80000001)
#define SVSM_ERR_UNSUPPORTED_CALL UINT32_C(0x80000002)
#define SVSM_ERR_INVALID_ADDRESS UINT32_C(0x80000003)
#define SVSM_ERR_INVALID_FORMAT UINT32_C(0x80000004)
#define SVSM_ERR_INVALID_PARAMETER UINT32_C(0x80000005)
#define SVSM_ERR_INVALID_REQUEST UINT32_C(0x80000006)
#define SVSM_ERR_BUSY UINT32_C(0x80000007)
#define SVSM_ERR_PROTOCOL_BASE UINT32_C(0x80001000)
#define SVSM_ERR_RMP_MAX UINT32_C(0xf) /* EAX codes above this are not architectural */
#define SVSM_ERR_RMP_CARRY                                                                         \
	UINT32_C(0x80001010) /* PVALIDATE set CF and the entry did not ignore it */
#define SVSM_ERR_RMP_UNKNOWN_CODE UINT32_C(0x80001011)
#define SVSM_ERR_VMSA_IN_USE UINT32_C(0x80001003)

/* CONFIGURE_VTOM, RCX on entry and on return (Table 16). */
#define SVSM_VTOM_QUERY (UINT64_C(1) << 0)
#define SVSM_VTOM_ENABLE (UINT64_C(1) << 1)
#define SVSM_VTOM_SET_CR3 (UINT64_C(1) << 2)
#define SVSM_VTOM_SET_RIP (UINT64_C(1) << 3)
#define SVSM_VTOM_SET_RSP (UINT64_C(1) << 4)
#define SVSM_VTOM_RESERVED UINT64_C(0xfe0)
#define SVSM_VTOM_SUPPORTED (UINT64_C(1) << 1)
#define SVSM_VTOM_ALIGN_SHIFT 12U

#endif
