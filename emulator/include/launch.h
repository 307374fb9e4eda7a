/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LAUNCH_H
#define LAUNCH_H

/*
 * The launch package: a manifest and the images that it places (launch_abi.h). Made by
 * tools/emulate on the host, given to QEMU as -initrd.
 */

#include "emu_types.h"

struct launch_result {
	unsigned int vmpl;     /* at which vCPU 0 starts */
	unsigned int irq_vmpl; /* to which device interrupts go */
	gpa_t boot_vmsa;
	uint8_t digest[48];
	uint8_t vmpck[EMU_NR_VMPLS][32];
	uint64_t sev_features; /* of the boot VMSA: others must have the same */
	/* What fw_cfg shows to firmware instead of QEMU's own kernel: host pointers, len 0 if none
	 */
	struct launch_blob {
		const void *data;
		uint64_t bytes;
	} kernel, initrd, cmdline;
	struct launch_range {
		gpa_t start;
		uint64_t bytes;
	} usable[8]; /* what etc/e820 shows as memory */
	unsigned int nr_usable;
};

/*
 * Check the package, register guest memory (ram_add), place and measure its pages in manifest order
 * (RMP entries as LAUNCH_UPDATE leaves them), fill secrets and CPUID pages. On a bad package: a
 * message on the log and false; nothing of the package is believed unchecked.
 */
bool launch_load(const void *package, uint64_t bytes, struct launch_result *result);
const struct launch_result *launch_get(void);

#endif
