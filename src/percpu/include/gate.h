/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVSM_GATE_H
#define SVSM_GATE_H

/*
 * The run gate of a guest VMSA: EFER.SVME = 0 makes VMRUN of it fail, so the host cannot run the
 * vCPU while the SVSM works on its registers (58019 section 5). Guest writes to EFER.SVME are
 * ignored by hardware. Only the thread that holds the record of the VMSA may use these.
 */

#include "abi/vmsa_abi.h"
#include "arch.h"

enum svsm_gate {
	SVSM_GATE_OK,
	SVSM_GATE_SHUT,	  /* close: it was closed already; the VMSA cannot have run */
	SVSM_GATE_IN_USE, /* close: the store did not take effect, the VMSA is executing */
	SVSM_GATE_FAULT,  /* the host took the page away */
};

/*
 * EFER.SVME 1 -> 0 by a locked operation on that bit alone (the others are the guest's), then read
 * again: a store to a VMSA in use may be lost (unknown U3). May stall in hardware while the VMSA
 * executes; never loops. svsm_gate_close() is both steps; OK of the first alone proves nothing.
 */
static inline enum svsm_gate svsm_gate_clear(gpa_t vmsa)
{
	const enum arch_svme was = arch_vmsa_svme_clear(vmsa);

	if (was == ARCH_SVME_WAS_SET) {
		return SVSM_GATE_OK;
	}
	return was == ARCH_SVME_FAULT ? SVSM_GATE_FAULT : SVSM_GATE_SHUT;
}

static inline enum svsm_gate svsm_gate_confirm(gpa_t vmsa)
{
	const uint64_t efer = arch_vmsa_efer(vmsa);

	if ((efer & VMSA_EFER_SVME) == 0U) {
		return SVSM_GATE_OK;
	}
	return efer == ARCH_EFER_FAULT ? SVSM_GATE_FAULT : SVSM_GATE_IN_USE;
}

static inline enum svsm_gate svsm_gate_close(gpa_t vmsa)
{
	const enum svsm_gate gate = svsm_gate_clear(vmsa);

	return gate == SVSM_GATE_OK ? svsm_gate_confirm(vmsa) : gate;
}

/* EFER.SVME 0 -> 1, after RAX and SVSM_CALL_PENDING are written. OK or FAULT. */
static inline enum svsm_gate svsm_gate_open(gpa_t vmsa)
{
	return arch_vmsa_svme_set(vmsa) ? SVSM_GATE_OK : SVSM_GATE_FAULT;
}

#endif
