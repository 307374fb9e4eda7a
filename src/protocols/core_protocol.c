/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>

#include "attest_calls.h"
#include "core_calls.h"
#include "limits.h"
#include "protocol_table.h"
#include "svsm_abi.h"

static const struct svsm_call_desc core_calls[] = {
	{ 0U, 1U, 0U, "SVSM_CORE_REMAP_CA", svsm_core_remap_ca, "6.2" },
	{ 1U, 1U, 0U, "SVSM_CORE_PVALIDATE", svsm_core_pvalidate, "6.3" },
	{ 2U, 1U, 0U, "SVSM_CORE_CREATE_VCPU", svsm_core_create_vcpu, "6.4" },
	{ 3U, 1U, 0U, "SVSM_CORE_DELETE_VCPU", svsm_core_delete_vcpu, "6.5" },
	{ 4U, 1U, 0U, "SVSM_CORE_DEPOSIT_MEM", svsm_core_deposit_mem, "6.6" },
	{ 5U, 1U, 0U, "SVSM_CORE_WITHDRAW_MEM", svsm_core_withdraw_mem, "6.7" },
	{ 6U, 1U, ARCH_CALL_RCX, "SVSM_CORE_QUERY_PROTOCOL", svsm_core_query_protocol, "6.8" },
	{ 7U, 1U, ARCH_CALL_RCX | ARCH_CALL_RDX | ARCH_CALL_R8, "SVSM_CORE_CONFIGURE_VTOM",
	  svsm_core_configure_vtom, "6.9" },
};

#define NR_CORE_CALLS (sizeof(core_calls) / sizeof(core_calls[0]))

_Static_assert(NR_CORE_CALLS == 8U, "58019 Table 5");

const struct svsm_protocol svsm_core_protocol = { 0U, 1U, 2U, core_calls, NR_CORE_CALLS };

/* Relaxed: set at boot, and by CONFIGURE_VTOM only while a single vCPU exists. */
static _Atomic(uint64_t) startup_sev_features;

/* Written at boot only. */
static bool vtom_offered;

static void offer(const struct svsm_protocol *protocol, bool offered)
{
	svsm_protocols[protocol->number] = offered ? protocol : NULL;
}

void svsm_protocols_init(const struct svsm_boot_info *info, uint64_t sev_features)
{
	svsm_limits_init(info->budget_entries, info->budget_pages);
	vtom_offered = info->vtom_supported;
	svsm_set_startup_sev_features(sev_features);
	offer(&svsm_core_protocol, true);
	offer(&svsm_attest_protocol, svsm_attest_init(info->vmpck0));
}

uint64_t svsm_startup_sev_features(void)
{
	return atomic_load_explicit(&startup_sev_features, memory_order_relaxed);
}

void svsm_set_startup_sev_features(uint64_t features)
{
	atomic_store_explicit(&startup_sev_features, features, memory_order_relaxed);
}

bool svsm_vtom_offered(void)
{
	return vtom_offered;
}

uint32_t svsm_rmp_error(uint32_t code)
{
	return code <= SVSM_ERR_RMP_MAX ? SVSM_ERR_PROTOCOL_BASE + code : SVSM_ERR_RMP_UNKNOWN_CODE;
}
