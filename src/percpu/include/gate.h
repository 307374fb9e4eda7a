/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVSM_GATE_H
#define SVSM_GATE_H

/*
 * The run gate of a guest VMSA: EFER.SVME = 0 makes VMRUN of it fail, so the host cannot run the
 * vCPU while the SVSM works on its registers (58019 section 5). Guest writes to EFER.SVME are
 * ignored by hardware. Only the thread that holds the record of the VMSA may use these.
 */

#include "svsm_types.h"

enum svsm_gate {
	SVSM_GATE_OK,
	SVSM_GATE_SHUT,	  /* close: it was closed already; the VMSA cannot have run */
	SVSM_GATE_IN_USE, /* close: the store did not take effect, the VMSA is executing */
	SVSM_GATE_FAULT,  /* the host took the page away */
};

/*
 * EFER.SVME 1 -> 0 by a locked compare-exchange, then read again: a store to a VMSA in use may be
 * lost (unknown U3). May stall in hardware while the VMSA executes; never loops without bound.
 */
enum svsm_gate svsm_gate_close(gpa_t vmsa);

/* EFER.SVME 0 -> 1, after RAX and SVSM_CALL_PENDING are written. OK or FAULT. */
enum svsm_gate svsm_gate_open(gpa_t vmsa);

#endif
