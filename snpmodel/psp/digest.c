/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/sha.h>

#include "psp_priv.h"

/* PAGE_INFO of LAUNCH_UPDATE */
#define PAGE_INFO_BYTES 0x70U
#define INFO_CONTENTS 0x30U
#define INFO_LENGTH 0x60U
#define INFO_TYPE 0x62U
#define INFO_PERMS 0x64U
#define INFO_GPA 0x68U

void psp_digest_init(struct psp_digest *digest)
{
	memset(digest, 0, sizeof(*digest));
}

static void put_perms(uint8_t *at, bool vmpl3_first, const uint8_t perms[PSP_NR_VMPLS])
{
	for (unsigned int vmpl = 1; vmpl < PSP_NR_VMPLS; vmpl++) {
		at[vmpl3_first ? PSP_NR_VMPLS - 1U - vmpl : vmpl] = perms[vmpl];
	}
}

void psp_digest_page(struct psp_digest *digest, enum psp_page_type type, uint64_t gpa,
		     const uint8_t page[PSP_PAGE_BYTES], const uint8_t perms[PSP_NR_VMPLS])
{
	uint8_t info[PAGE_INFO_BYTES] = { 0 };

	memcpy(info, digest->bytes, PSP_LD_BYTES);
	if (type == PSP_PAGE_NORMAL || type == PSP_PAGE_VMSA) {
		(void)SHA384(page, PSP_PAGE_BYTES, info + INFO_CONTENTS);
	}
	psp_put(info + INFO_LENGTH, PAGE_INFO_BYTES, 2);
	info[INFO_TYPE] = (uint8_t)type;
	if (perms != NULL) {
		put_perms(info + INFO_PERMS, digest->vmpl3_first, perms);
	}
	psp_put(info + INFO_GPA, gpa, 8);
	(void)SHA384(info, sizeof(info), digest->bytes);
}
