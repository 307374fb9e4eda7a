/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVM_RIG_H
#define SVM_RIG_H

/* One vCPU with its VMCB, guest memory from 0 up, and a real RMP: for the parts of emulator/svm
 * that need no processor. */

#include <setjmp.h>

#include "svm.h"

#define RIG_BYTES (UINT64_C(16) << 20)
#define RIG_PML4 0x1000U
#define RIG_PDPT 0x2000U
#define RIG_PD 0x3000U
#define RIG_PT 0x4000U /* of the first 2 MiB of virtual addresses */
#define RIG_P UINT64_C(1)
#define RIG_W UINT64_C(2)
#define RIG_U UINT64_C(4)
#define RIG_A UINT64_C(0x20)
#define RIG_D UINT64_C(0x40)
#define RIG_LARGE UINT64_C(0x80)
#define RIG_NX (UINT64_C(1) << 63)

struct svm_rig {
	struct vcpu vcpu;
	struct vmcb vmcb;
	struct vcpu_run run;
	struct snpm_rmp rmp;
	bool stops; /* emu_stop() is expected: it goes to @stopped */
	jmp_buf stopped;
	enum emu_exit stop_code;
};
extern struct svm_rig rig;

/* All memory private, validated, all rights for VMPL0 and @perms for the others. 64-bit mode at
 * CPL 0, paging with empty tables but for the three upper levels of address 0. */
struct vcpu *rig_start(uint8_t perms);

uint64_t *rig_word(uint64_t gpa);
/* Entry of the page table of the first 2 MiB. */
void rig_map(uint64_t va, uint64_t pte);

#endif
