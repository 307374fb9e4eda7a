/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVSM_CORE_CALLS_H
#define SVSM_CORE_CALLS_H

/* Handlers of the core protocol, one file per call (58019 sections 6.2 to 6.9). */

#include "protocols.h"

svsm_handler svsm_core_remap_ca;
svsm_handler svsm_core_pvalidate;
svsm_handler svsm_core_create_vcpu;
svsm_handler svsm_core_delete_vcpu;
svsm_handler svsm_core_deposit_mem;
svsm_handler svsm_core_withdraw_mem;
svsm_handler svsm_core_query_protocol;
svsm_handler svsm_core_configure_vtom;

extern const struct svsm_protocol svsm_core_protocol;

/* What CREATE_VCPU compares a new VMSA with: SEV_FEATURES of the startup vCPU; CONFIGURE_VTOM
 * changes it. */
uint64_t svsm_startup_sev_features(void);
void svsm_set_startup_sev_features(uint64_t features);

/* May CONFIGURE_VTOM be offered at all (launch parameter)? */
bool svsm_vtom_offered(void);

/* Map a recovered fault or RMP code to the call's result (58019 section 6.3). */
uint32_t svsm_rmp_error(uint32_t code);

#endif
