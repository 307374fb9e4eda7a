/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PSP_SERVICE_H
#define PSP_SERVICE_H

/*
 * The security processor of the machine: the model of snpmodel/psp on bare metal. One processor at
 * a time uses it; others are told that it is busy, as the protocol allows.
 */

#include "emu_types.h"
#include "launch.h"

/*
 * Once, on the boot processor, before other functions. @roots: certificates made beforehand
 * (psp_roots_save()), or NULL: none, then extended requests return an empty certificate table.
 * False: out of memory, or @roots malformed.
 */
bool psp_service_init(const void *roots, uint64_t roots_bytes);

/*
 * Create the guest's context from what was launched; fills @result->vmpck. False: out of memory or
 * a policy that the model refuses.
 */
bool psp_service_launch(struct launch_result *result, uint64_t policy, uint64_t seed,
			const uint8_t host_data[32]);

#endif
