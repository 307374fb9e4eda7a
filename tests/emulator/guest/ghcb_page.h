/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GHCB_PAGE_H
#define GHCB_PAGE_H

/* The GHCB page (56421, section 2.6), as far as the tests fill it in. */

#include <stddef.h>
#include <stdint.h>

struct ghcb_page {
	uint8_t reserved_000[0x1f8];
	uint64_t rax; /* 0x1f8 */
	uint8_t reserved_200[0x308 - 0x200];
	uint64_t rcx, rdx; /* 0x308 */
	uint8_t reserved_318[0x390 - 0x318];
	uint64_t code; /* 0x390 */
	uint64_t info1, info2, scratch;
	uint8_t reserved_3b0[0x3f0 - 0x3b0];
	uint8_t valid[16]; /* 0x3f0 */
	uint8_t reserved_400[0x800 - 0x400];
	uint64_t buffer[254]; /* 0x800 */
	uint8_t reserved_ff0[0xffa - 0xff0];
	uint16_t version; /* 0xffa */
	uint32_t usage;	  /* 0xffc */
};
_Static_assert(offsetof(struct ghcb_page, rcx) == 0x308, "GHCB RCX");
_Static_assert(offsetof(struct ghcb_page, code) == 0x390, "GHCB exit code");
_Static_assert(offsetof(struct ghcb_page, buffer) == 0x800, "GHCB shared buffer");
_Static_assert(offsetof(struct ghcb_page, usage) == 0xffc, "GHCB usage");

/* Fill a quadword in and mark it as valid. */
void ghcb_set(struct ghcb_page *page, size_t offset, uint64_t value);
#define GHCB_SET(page, field, value) ghcb_set(page, offsetof(struct ghcb_page, field), value)

#endif
