/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "host.h"
#include "launch_priv.h"
#include "psp.h"

_Static_assert(LAUNCH_DIGEST_BYTES == PSP_LD_BYTES, "size of the launch digest");

/* Page type of LAUNCH_UPDATE; false: the firmware never saw the page. */
static bool page_type(uint32_t type, enum psp_page_type *page)
{
	switch (type) {
	case LAUNCH_ROM:
	case LAUNCH_NORMAL:
		*page = PSP_PAGE_NORMAL;
		return true;
	case LAUNCH_ZERO:
		*page = PSP_PAGE_ZERO;
		return true;
	case LAUNCH_UNMEASURED:
		*page = PSP_PAGE_UNMEASURED;
		return true;
	case LAUNCH_SECRETS:
		*page = PSP_PAGE_SECRETS;
		return true;
	case LAUNCH_CPUID:
		*page = PSP_PAGE_CPUID;
		return true;
	case LAUNCH_VMSA:
		*page = PSP_PAGE_VMSA;
		return true;
	default:
		return false;
	}
}

void launch_measure(uint8_t digest[LAUNCH_DIGEST_BYTES], const struct launch_entry *entry,
		    uint64_t gpa, const uint8_t *page)
{
	enum psp_page_type type;
	struct psp_digest psp = { .vmpl3_first = false };

	if (!page_type(entry->type, &type)) {
		return;
	}
	memcpy(psp.bytes, digest, LAUNCH_DIGEST_BYTES);
	host_fpu_begin();
	psp_digest_page(&psp, type, gpa, page, entry->perms);
	host_fpu_end();
	memcpy(digest, psp.bytes, LAUNCH_DIGEST_BYTES);
}
