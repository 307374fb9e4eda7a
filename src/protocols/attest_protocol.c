/* SPDX-License-Identifier: Apache-2.0 */
#include "attest_calls.h"
#include "guest_message.h"
#include "services.h"

#define OUT (ARCH_CALL_RCX | ARCH_CALL_RDX | ARCH_CALL_R8)

/*
 * Version 1. Table 17 lists ATTEST_SINGLE_SERVICE_EXT for version 2 without defining it: version 2
 * is not offered and the call is unknown.
 */
static const struct svsm_call_desc attest_calls[] = {
	{ 0U, 1U, OUT, "SVSM_ATTEST_SERVICES", svsm_attest_services, "7.1" },
	{ 1U, 1U, OUT, "SVSM_ATTEST_SINGLE_SERVICE", svsm_attest_single_service, "7.2" },
};

#define NR_ATTEST_CALLS (sizeof(attest_calls) / sizeof(attest_calls[0]))

_Static_assert(NR_ATTEST_CALLS == 2U, "58019 Table 17, version 1");

const struct svsm_protocol svsm_attest_protocol = { 1U, 1U, 1U, attest_calls, NR_ATTEST_CALLS };

/* A key that is wiped later leaves the protocol offered, its calls answer 0x8000_1000. */
bool svsm_attest_init(const uint8_t vmpck0[32])
{
	svsm_channel_init(vmpck0);
	svsm_services_init();
	return svsm_channel_alive();
}
