/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HOSTILE_H
#define HOSTILE_H

/*
 * A host that misbehaves on purpose, reproducibly (docs/emulator.md, hostile mode). The actions are
 * chosen by the emulator's command line; each has a seed and a mean distance in exits.
 */

#include "vcpu.h"

/* Parse "hostile=ACTION[:MEAN][,...]" and "seed=N" of the command line. False: unknown action. */
bool hostile_init(const char *cmdline);

/* Called at every exit of the vCPU, before it is handled; may change host state (pages moved or
 * unassigned, events to inject), or freeze the vCPU. */
void hostile_exit(struct vcpu *vcpu);

/* Should this entry to the guest VMPL be turned into a spurious entry of VMPL0? */
bool hostile_spurious_vmpl0(struct vcpu *vcpu);
/* Exit code to store in the VMSA instead of the true one. */
uint64_t hostile_exitcode(struct vcpu *vcpu, uint64_t exitcode);
/* Drop (0), do (1) or repeat (2) a GHCB request. */
unsigned int hostile_requests(struct vcpu *vcpu);
/* Corrupt the GHCB page after it was written back. */
void hostile_ghcb(struct vcpu *vcpu, void *page);

#endif
