/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SECRETS_COPY_H
#define SECRETS_COPY_H

/*
 * The secrets page that the SVSM hands to the guest (58019 section 4.1, table 1), for every arch.
 */

#include <string.h>

#include "abi/secrets_abi.h"

struct secrets_svsm {
	uint64_t base; /* of the SVSM's range; 4 KiB multiples */
	uint64_t size;
	uint64_t caa;		 /* first calling area */
	uint32_t max_version;	 /* of the core protocol */
	unsigned int guest_vmpl; /* 1..3 */
};

/*
 * Fill @guest from the firmware's page @own and the SVSM's fields. The keys of VMPLs above the
 * guest's, VMPCK0 first of all, are left out: a message under one of them speaks to the security
 * processor for the SVSM.
 */
static inline void secrets_guest_copy(struct secrets_page *guest, const struct secrets_page *own,
				      const struct secrets_svsm *svsm)
{
	unsigned int first = svsm->guest_vmpl == 0U ? 1U : svsm->guest_vmpl;

	memset(guest, 0, sizeof(*guest));
	guest->version = own->version;
	guest->imien = own->imien;
	guest->fms = own->fms;
	memcpy(guest->gosvw, own->gosvw, sizeof(guest->gosvw));
	for (unsigned int vmpl = first; vmpl < SECRETS_NR_VMPCK; vmpl++) {
		memcpy(guest->vmpck[vmpl], own->vmpck[vmpl], SECRETS_VMPCK_BYTES);
	}
	memcpy(guest->vmsa_tweak_bitmap, own->vmsa_tweak_bitmap, sizeof(guest->vmsa_tweak_bitmap));
	guest->svsm_base = svsm->base;
	guest->svsm_size = svsm->size;
	guest->svsm_caa = svsm->caa;
	guest->svsm_max_version = svsm->max_version;
	guest->svsm_guest_vmpl = (uint8_t)svsm->guest_vmpl;
	guest->tsc_factor = own->tsc_factor;
	guest->launch_mit_vector = own->launch_mit_vector;
}

#endif
