/* SPDX-License-Identifier: Apache-2.0 */

	.section .text.entry, "ax"
	.globl svsm_entry
	/* 64-bit mode, identity mapped, on a stack of 16 KiB; the registers are arguments already. */
svsm_entry:
	call	svsm_main

	.section .note.GNU-stack, "", @progbits
