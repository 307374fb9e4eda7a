/* SPDX-License-Identifier: Apache-2.0 */

	.section .text.entry, "ax"
	.globl guest_entry
	/* 64-bit mode, identity mapped; RCX: number of vCPUs. */
guest_entry:
	leaq	first_stack_end(%rip), %rsp
	movq	%rcx, %rdi
	call	guest_main
1:	hlt
	jmp	1b

	.text
	/* void exchange_registers(uint64_t): runs at VMPL2. Leaves marks in R12, R13 and XMM7, asks for
	 * VMPL0, then stores what VMPL0 put into R8, R9 and XMM3 meanwhile, and asks again. */
	.globl exchange_registers
exchange_registers:
	movq	$0x1212121212121212, %r12
	movq	$0x1313131313131313, %r13
	movq	%r12, %xmm7
	call	ask_vmpl0
	movq	%r8, seen_r8(%rip)
	movq	%r9, seen_r9(%rip)
	movq	%xmm3, seen_xmm3(%rip)
1:	call	ask_vmpl0
	jmp	1b

	/* GHCB MSR protocol: run VMPL0. */
ask_vmpl0:
	movl	$0xc0010130, %ecx
	movl	$0x16, %eax
	xorl	%edx, %edx
	wrmsr
	rep; vmmcall
	ret

	.bss
	.balign	16
first_stack:
	.skip	16384
first_stack_end:
	.globl seen_r8, seen_r9, seen_xmm3
seen_r8: .quad 0
seen_r9: .quad 0
seen_xmm3: .quad 0

	.section .note.GNU-stack, "", @progbits
