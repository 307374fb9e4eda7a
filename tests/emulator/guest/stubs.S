/* SPDX-License-Identifier: Apache-2.0 */

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

	.section .note.GNU-stack, "", @progbits
