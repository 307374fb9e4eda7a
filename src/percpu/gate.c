/* SPDX-License-Identifier: Apache-2.0 */
#include "gate.h"

#include "abi/vmsa_abi.h"
#include "arch.h"

#define EFER offsetof(struct vmsa_page, efer)

/* Other EFER bits are the guest's and stand still while it cannot run: one retry covers a host that
 * let it run once. */
#define CLOSE_ATTEMPTS 2U

enum svsm_gate svsm_gate_close(gpa_t vmsa)
{
	uint64_t efer = 0U;
	uint64_t seen = 0U;

	if (!arch_vmsa_read(vmsa, EFER, &efer)) {
		return SVSM_GATE_FAULT;
	}
	for (unsigned int i = 0U; i < CLOSE_ATTEMPTS; i++) {
		if ((efer & VMSA_EFER_SVME) == 0U) {
			return SVSM_GATE_SHUT;
		}
		if (!arch_vmsa_cmpxchg(vmsa, EFER, efer, efer & ~VMSA_EFER_SVME, &seen)) {
			return SVSM_GATE_FAULT;
		}
		if (seen == efer) {
			break;
		}
		efer = seen;
	}
	if (!arch_vmsa_read(vmsa, EFER, &efer)) {
		return SVSM_GATE_FAULT;
	}
	return (efer & VMSA_EFER_SVME) == 0U ? SVSM_GATE_OK : SVSM_GATE_IN_USE;
}

enum svsm_gate svsm_gate_open(gpa_t vmsa)
{
	uint64_t efer = 0U;

	if (!arch_vmsa_read(vmsa, EFER, &efer) ||
	    !arch_vmsa_write(vmsa, EFER, efer | VMSA_EFER_SVME)) {
		return SVSM_GATE_FAULT;
	}
	return SVSM_GATE_OK;
}
