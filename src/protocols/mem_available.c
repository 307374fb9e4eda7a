/* SPDX-License-Identifier: Apache-2.0 */
#include "arch.h"
#include "depot.h"
#include "protocols.h"
#include "svsm_abi.h"

void svsm_mem_available_refresh(gpa_t ca)
{
	const uint8_t available = svsm_depot_pages(svsm_depot_deposited()) > 0U ? 1U : 0U;

	/* A fault means that the host took the calling area away: then there is nobody to tell. */
	(void)arch_guest_write(gpa_add(ca, offsetof(struct svsm_calling_area, mem_available)),
			       &available, sizeof(available));
}
