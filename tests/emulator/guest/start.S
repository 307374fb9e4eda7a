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
	/* Entry of every context that the guest makes itself (a VMSA of its own): RDI: argument, RAX:
	 * function. */
	.globl context_entry
context_entry:
	call	*%rax
1:	hlt
	jmp	1b

	/* One stub per vector: error code (0 where the processor pushes none), vector, common part. */
	.balign	16
	.globl trap_stubs
trap_stubs:
	.set	vector, 0
	.rept	64
	.balign	16
	.if !((vector == 8) || (vector >= 10 && vector <= 14) || (vector == 17) || (vector == 21) || \
		(vector == 29) || (vector == 30))
	pushq	$0
	.endif
	pushq	$vector
	jmp	trap_common
	.set	vector, vector + 1
	.endr

	.balign	16
trap_common:
	pushq	%rax
	pushq	%rcx
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%rbx
	leaq	80(%rsp), %rdi
	movq	%rsp, %rbx
	andq	$-16, %rsp
	call	guest_trap
	movq	%rbx, %rsp
	popq	%rbx
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rdi
	popq	%rsi
	popq	%rdx
	popq	%rcx
	popq	%rax
	addq	$16, %rsp
	iretq

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
