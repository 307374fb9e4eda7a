/* SPDX-License-Identifier: Apache-2.0 */
#include "rules.h"

#include <stddef.h>

#include "arch.h"
#include "svsm_abi.h"

enum answer {
	MAY_INCOMPLETE = 1U << 0,
	MAY_ADDRESS = 1U << 1,
	MAY_PARAMETER = 1U << 2,
	MAY_REQUEST = 1U << 3,
	MAY_BUSY = 1U << 4,
	MAY_RMP = 1U << 5,
	MAY_CARRY = 1U << 6,
	MAY_IN_USE = 1U << 7,
};

/* Core protocol, 58019 sections 6.2 to 6.9 and Table 4; SUCCESS goes without saying. */
static const unsigned int answers[] = {
	MAY_ADDRESS | MAY_PARAMETER | MAY_BUSY,
	MAY_INCOMPLETE | MAY_ADDRESS | MAY_PARAMETER | MAY_BUSY | MAY_RMP | MAY_CARRY,
	MAY_ADDRESS | MAY_PARAMETER | MAY_REQUEST | MAY_BUSY | MAY_RMP,
	MAY_ADDRESS | MAY_PARAMETER | MAY_BUSY | MAY_RMP | MAY_IN_USE,
	MAY_INCOMPLETE | MAY_ADDRESS | MAY_PARAMETER | MAY_BUSY | MAY_RMP,
	MAY_ADDRESS | MAY_PARAMETER | MAY_BUSY,
	0U,
	MAY_ADDRESS | MAY_PARAMETER | MAY_REQUEST,
};

#define NR_CALLS (sizeof(answers) / sizeof(answers[0]))

/* Attestation, 58019 sections 7.1 and 7.2; UNSUPPORTED_PROTOCOL where the launch gave no key. BUSY
 * also from the host: attest.c looks closer. */
#define ATTESTATION 1U
#define NR_ATTESTATION_CALLS 2U
static const unsigned int attestation = MAY_ADDRESS | MAY_PARAMETER;

static bool rmp_code(uint32_t result, const struct fz_rules_context *context)
{
	const uint32_t code = result - SVSM_ERR_PROTOCOL_BASE;
	const uint32_t real = 1U << ARCH_RMP_FAIL_INPUT | 1U << ARCH_RMP_FAIL_PERMISSION |
			      1U << ARCH_RMP_FAIL_INUSE | 1U << ARCH_RMP_FAIL_SIZEMISMATCH;

	if (result == SVSM_ERR_RMP_UNKNOWN_CODE) {
		return (context->codes & 1U) != 0U;
	}
	return code >= 1U && code <= SVSM_ERR_RMP_MAX &&
	       (1U << code & (real | context->codes)) != 0U;
}

static bool core_allowed(unsigned int may, uint32_t result, const struct fz_rules_context *context)
{
	switch (result) {
	case SVSM_SUCCESS:
		return true;
	case SVSM_ERR_INCOMPLETE:
		return (may & MAY_INCOMPLETE) != 0U;
	case SVSM_ERR_INVALID_ADDRESS:
		return (may & MAY_ADDRESS) != 0U;
	case SVSM_ERR_INVALID_PARAMETER:
		return (may & MAY_PARAMETER) != 0U;
	case SVSM_ERR_INVALID_REQUEST:
		return (may & MAY_REQUEST) != 0U;
	case SVSM_ERR_BUSY:
		return (may & MAY_BUSY) != 0U && context->shared;
	case SVSM_ERR_RMP_CARRY:
		return (may & MAY_CARRY) != 0U;
	case SVSM_ERR_VMSA_IN_USE:
		return (may & (MAY_IN_USE | MAY_RMP)) != 0U;
	default:
		return (may & MAY_RMP) != 0U && rmp_code(result, context);
	}
}

static bool other_allowed(uint32_t protocol, uint32_t id, uint32_t result,
			  const struct fz_rules_context *context)
{
	if (protocol != ATTESTATION || !context->psp) {
		return result == SVSM_ERR_UNSUPPORTED_PROTOCOL;
	}
	if (id >= NR_ATTESTATION_CALLS) {
		return result == SVSM_ERR_UNSUPPORTED_CALL;
	}
	return result == SVSM_ERR_PROTOCOL_BASE || result == SVSM_ERR_BUSY ||
	       core_allowed(attestation, result, context);
}

bool fz_result_allowed(uint64_t rax, uint32_t result, const struct fz_rules_context *context)
{
	const uint32_t id = (uint32_t)rax;

	if (context->shared && result == SVSM_ERR_INVALID_FORMAT) {
		return true; /* another vCPU wrote the pending byte again */
	}
	if (context->pending != 1U && !context->shared) {
		return result == SVSM_ERR_INVALID_FORMAT;
	}
	if (!context->served_vmpl) {
		return result == SVSM_ERR_INVALID_REQUEST;
	}
	if (rax >> 32 != 0U) {
		return other_allowed((uint32_t)(rax >> 32), id, result, context);
	}
	if (id >= NR_CALLS) {
		return result == SVSM_ERR_UNSUPPORTED_CALL;
	}
	return core_allowed(answers[id], result, context);
}

static bool attestation_call(uint64_t rax)
{
	return rax >> 32 == ATTESTATION && (uint32_t)rax < NR_ATTESTATION_CALLS;
}

unsigned int fz_outputs(uint64_t rax, uint64_t rcx, uint32_t result)
{
	/* Attestation reports the size that a buffer lacks, with an error. */
	if (attestation_call(rax) &&
	    (result == SVSM_SUCCESS || result == SVSM_ERR_INVALID_PARAMETER)) {
		return FZ_OUT_RCX | FZ_OUT_RDX | FZ_OUT_R8;
	}
	if (result != SVSM_SUCCESS) {
		return 0U;
	}
	if (rax == 6U) {
		return FZ_OUT_RCX;
	}
	if (rax != 7U) {
		return 0U;
	}
	return (rcx & SVSM_VTOM_QUERY) != 0U ? FZ_OUT_RCX | FZ_OUT_RDX | FZ_OUT_R8 : FZ_OUT_JUMP;
}
