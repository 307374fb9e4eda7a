/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_GUEST_ABI_H
#define RUN_GUEST_ABI_H

/*
 * What a guest kernel knows of the SVSM (58019 rev 1.01 sections 5 and 6), in its own words: the
 * guest that judges the SVSM's answers shares no definition with it.
 */

#include <stdint.h>

enum guest_call_id {
	GUEST_REMAP_CA = 0,
	GUEST_PVALIDATE = 1,
	GUEST_CREATE_VCPU = 2,
	GUEST_DELETE_VCPU = 3,
	GUEST_DEPOSIT_MEM = 4,
	GUEST_WITHDRAW_MEM = 5,
	GUEST_QUERY_PROTOCOL = 6,
	GUEST_CONFIGURE_VTOM = 7,
};

#define GUEST_OK UINT64_C(0)
#define GUEST_INCOMPLETE UINT64_C(0x80000000)
#define GUEST_BUSY UINT64_C(0x80000007)
#define GUEST_SIZE_MISMATCH UINT64_C(0x80001006)

#define GUEST_PAGE UINT64_C(0x1000)
#define GUEST_REGION UINT64_C(0x200000)
#define GUEST_REGION_PAGES 512U
#define GUEST_ENTRY_2M UINT64_C(1)
#define GUEST_ENTRY_VALIDATE UINT64_C(4)

/* Linux keeps its lists in the calling area's page behind the area itself (8 bytes), and so has
 * room for 510 entries behind the list's head. */
#define GUEST_CA_MEM_AVAILABLE 1U
#define GUEST_CA_LIST 8U
#define GUEST_LIST_MAX 510U

struct guest_list {
	uint16_t count;
	uint16_t next;
	uint32_t reserved;
	uint64_t entry[GUEST_LIST_MAX];
};

#define GUEST_VTOM_QUERY UINT64_C(1)
#define GUEST_VTOM_SUPPORTED UINT64_C(2)

#endif
