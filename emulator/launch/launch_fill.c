/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "launch_priv.h"
#include "platform.h"

#define SECRETS_VERSION 3U
#define SECRETS_FMS 0x08U
#define SECRETS_VMPCK 0x20U
#define SECRETS_VMPCK_BYTES 32U

#define CPUID_ENTRIES 0x10U
#define CPUID_ENTRY_BYTES 48U
#define CPUID_MAX 64U
#define CPUID_XCR0_IN 0x08U
#define CPUID_OUT 0x18U
#define LEAF_XSAVE 0x0dU
#define LEAF_EXTENDED 0x80000000U

static void put32(uint8_t *at, uint32_t value)
{
	memcpy(at, &value, sizeof(value));
}

void launch_fill_secrets(uint8_t *page, const struct launch_result *result)
{
	uint32_t signature[4];

	platform_cpuid(0, 1, 0, signature);
	put32(page, SECRETS_VERSION);
	put32(page + SECRETS_FMS, signature[0]);
	for (size_t vmpl = 0; vmpl < EMU_NR_VMPLS; vmpl++) {
		memcpy(page + SECRETS_VMPCK + vmpl * SECRETS_VMPCK_BYTES, result->vmpck[vmpl],
		       SECRETS_VMPCK_BYTES);
	}
}

static void add_leaf(uint8_t *page, uint32_t leaf, uint32_t subleaf)
{
	uint32_t count, out[4], limit[4];
	uint8_t *entry;

	/* A leaf above the range's maximum does not exist: the guest then reads zeros. */
	platform_cpuid(0, leaf & 0xffff0000U, 0, limit);
	memcpy(&count, page, sizeof(count));
	if (leaf > limit[0] || count == CPUID_MAX) {
		return;
	}
	platform_cpuid(0, leaf, subleaf, out);
	entry = page + CPUID_ENTRIES + (size_t)count * CPUID_ENTRY_BYTES;
	put32(entry, leaf);
	put32(entry + 4, subleaf);
	put32(entry + CPUID_XCR0_IN, leaf == LEAF_XSAVE ? 1U : 0U);
	for (size_t reg = 0; reg < 4U; reg++) {
		put32(entry + CPUID_OUT + 4U * reg, out[reg]);
	}
	put32(page, count + 1U);
}

void launch_fill_cpuid(uint8_t *page)
{
	static const struct {
		uint32_t leaf, subleaf;
	} leaves[] = {
		{ 0x0, 0 },	   { 0x1, 0 },	      { 0x3, 0 },	 { 0x5, 0 },
		{ 0x6, 0 },	   { 0x7, 0 },	      { 0x7, 1 },	 { 0xb, 0 },
		{ 0xb, 1 },	   { 0xd, 0 },	      { 0xd, 1 },	 { 0x40000000, 0 },
		{ 0x40000001, 0 }, { 0x80000000, 0 }, { 0x80000001, 0 }, { 0x80000002, 0 },
		{ 0x80000003, 0 }, { 0x80000004, 0 }, { 0x80000005, 0 }, { 0x80000006, 0 },
		{ 0x80000007, 0 }, { 0x80000008, 0 }, { 0x80000009, 0 }, { 0x8000000a, 0 },
		{ 0x8000001a, 0 }, { 0x8000001e, 0 }, { 0x8000001f, 0 }, { 0x80000021, 0 },
	};

	_Static_assert(sizeof(leaves) / sizeof(leaves[0]) <= CPUID_MAX, "CPUID page");
	for (size_t i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++) {
		add_leaf(page, leaves[i].leaf, leaves[i].subleaf);
	}
}
