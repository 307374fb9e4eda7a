/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUEST_ACCESS_H
#define GUEST_ACCESS_H

/*
 * What hardware does to the running guest, in software: page walks, exceptions, instruction bytes.
 * Own processor only, VMSA loaded.
 */

#include "vcpu.h"

struct guest_walk {
	gpa_t gpa;     /* without C-bit */
	bool private_; /* C-bit of the leaf entry; true when paging is off */
	bool ok;
	uint32_t pf_error; /* page-fault error code if not ok */
};

/* Translate @va for a read (or write) at the current privilege; sets accessed and dirty bits as the
 * processor does. Any paging mode: off, 32-bit, PAE, 4 level. Rights of the RMP are not looked at.
 */
struct guest_walk guest_walk(struct vcpu *vcpu, uint64_t va, bool write, bool fetch);

/* Bytes at CS:RIP; returns how many could be read, 0..len. */
size_t guest_fetch(struct vcpu *vcpu, uint8_t *bytes, size_t len);
void guest_skip(struct vcpu *vcpu, unsigned int bytes); /* RIP += bytes, interrupt shadow ends */

/*
 * Deliver an exception now: stack frame built in software with accessed/dirty bits, IST, privilege
 * change, 64-bit, 32-bit and 16-bit gates. A fault while it is delivered becomes #DF, then shutdown
 * (emu_stop with EMU_EXIT_GUEST_SHUTDOWN).
 */
void guest_exception(struct vcpu *vcpu, unsigned int vector, bool has_error, uint32_t error);
/* #VC with the exit code as error code, CR2 = @cr2 for 0x404 */
void guest_vc(struct vcpu *vcpu, uint32_t exitcode);
void guest_page_fault(struct vcpu *vcpu, uint64_t va, uint32_t error);
void guest_gp(struct vcpu *vcpu);

#endif
