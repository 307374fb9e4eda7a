/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SECRETS_ABI_H
#define SECRETS_ABI_H

/*
 * SEV-SNP secrets page: written by the firmware at launch (SEV-SNP firmware ABI 56860), the SVSM
 * fields by the SVSM in the copy it hands to the guest (58019 section 4.1, table 1). The whole page
 * is 4 KiB.
 */

#include <stddef.h>
#include <stdint.h>

#define SECRETS_NR_VMPCK 4U
#define SECRETS_VMPCK_BYTES 32U

struct secrets_page {
	uint32_t version; /* 0x000 */
	uint32_t imien;	  /* 0x004: bit 0 */
	uint32_t fms;
	uint32_t reserved_00c;
	uint8_t gosvw[16];				      /* 0x010 */
	uint8_t vmpck[SECRETS_NR_VMPCK][SECRETS_VMPCK_BYTES]; /* 0x020 */
	uint32_t msg_seqno_lo[SECRETS_NR_VMPCK]; /* 0x0a0: guest area from here to 0x0ff */
	uint64_t ap_jump_table;			 /* 0x0b0 */
	uint32_t msg_seqno_hi[SECRETS_NR_VMPCK]; /* 0x0b8 */
	uint8_t reserved_0c8[0x0de - 0x0c8];
	uint16_t guest_area_version;   /* 0x0de */
	uint8_t guest_usage[32];       /* 0x0e0 */
	uint8_t vmsa_tweak_bitmap[64]; /* 0x100: bit n: VMSA quadword n is stored XOR REG_PROT_NONCE
					*/
	uint64_t svsm_base;	       /* 0x140: 4 KiB multiple */
	uint64_t svsm_size;	       /* 0x148: bytes, 4 KiB multiple; 0: no SVSM */
	uint64_t svsm_caa;	       /* 0x150 */
	uint32_t svsm_max_version;     /* 0x158: of the core protocol */
	uint8_t svsm_guest_vmpl;       /* 0x15c */
	uint8_t svsm_reserved_15d[3];
	uint32_t tsc_factor; /* 0x160 */
	uint32_t reserved_164;
	uint64_t launch_mit_vector; /* 0x168 */
	uint8_t reserved_170[0x1000 - 0x170];
};

#define SECRETS_ASSERT(field, offset)                                                              \
	_Static_assert(offsetof(struct secrets_page, field) == (offset), "secrets page: " #field)

_Static_assert(sizeof(struct secrets_page) == 0x1000, "the secrets page is one page");
SECRETS_ASSERT(imien, 0x004);
SECRETS_ASSERT(fms, 0x008);
SECRETS_ASSERT(gosvw, 0x010);
SECRETS_ASSERT(vmpck[0], 0x020);
SECRETS_ASSERT(vmpck[1], 0x040);
SECRETS_ASSERT(vmpck[2], 0x060);
SECRETS_ASSERT(vmpck[3], 0x080);
SECRETS_ASSERT(msg_seqno_lo, 0x0a0);
SECRETS_ASSERT(ap_jump_table, 0x0b0);
SECRETS_ASSERT(msg_seqno_hi, 0x0b8);
SECRETS_ASSERT(guest_area_version, 0x0de);
SECRETS_ASSERT(guest_usage, 0x0e0);
SECRETS_ASSERT(vmsa_tweak_bitmap, 0x100);
SECRETS_ASSERT(svsm_base, 0x140);
SECRETS_ASSERT(svsm_size, 0x148);
SECRETS_ASSERT(svsm_caa, 0x150);
SECRETS_ASSERT(svsm_max_version, 0x158);
SECRETS_ASSERT(svsm_guest_vmpl, 0x15c);
SECRETS_ASSERT(tsc_factor, 0x160);
SECRETS_ASSERT(launch_mit_vector, 0x168);

#undef SECRETS_ASSERT

#endif
