/* SPDX-License-Identifier: Apache-2.0 */
#include "introspect.h"
#include "plans.h"

uint64_t worker_conflicts(void)
{
	return svsm_introspect_stat(SVSM_STAT_MAP_CONFLICTS) +
	       svsm_introspect_stat(SVSM_STAT_PIN_CONFLICTS);
}
