/* SPDX-License-Identifier: Apache-2.0 */

/*
 * void svm_vmrun(uint64_t vmcb, uint64_t gpr[16], bool load)
 *
 * Run the guest until its next #VMEXIT. Called with GIF and IF clear, returns so. @vmcb is
 * physical. gpr is indexed by register number; RAX and RSP live in the VMCB. What VMLOAD loads (FS,
 * GS, TR, LDTR, system call MSRs) the emulator neither uses nor changes in the processor: it stays
 * the guest's, and is loaded only when it comes from another VMSA (@load). Interrupts of
 * the host must be enabled at VMRUN: V_INTR_MASKING makes that flag the one that decides whether a
 * physical interrupt ends the guest's run. Nothing arrives before, for GIF is clear; STI stands
 * far enough from VMRUN that its shadow does not reach into the guest.
 */
	.section .text.svm_vmrun, "ax", @progbits
	.globl svm_vmrun
	.type svm_vmrun, @function
svm_vmrun:
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	pushq	%rsi
	movq	%rdi, %rax
	sti
	testb	%dl, %dl
	jz	1f
	vmload	%rax
1:
	movq	8(%rsi), %rcx
	movq	16(%rsi), %rdx
	movq	24(%rsi), %rbx
	movq	40(%rsi), %rbp
	movq	56(%rsi), %rdi
	movq	64(%rsi), %r8
	movq	72(%rsi), %r9
	movq	80(%rsi), %r10
	movq	88(%rsi), %r11
	movq	96(%rsi), %r12
	movq	104(%rsi), %r13
	movq	112(%rsi), %r14
	movq	120(%rsi), %r15
	movq	48(%rsi), %rsi
	vmrun	%rax
	cli
	vmsave	%rax
	xchgq	%rsi, (%rsp)
	movq	%rcx, 8(%rsi)
	movq	%rdx, 16(%rsi)
	movq	%rbx, 24(%rsi)
	movq	%rbp, 40(%rsi)
	movq	%rdi, 56(%rsi)
	movq	%r8, 64(%rsi)
	movq	%r9, 72(%rsi)
	movq	%r10, 80(%rsi)
	movq	%r11, 88(%rsi)
	movq	%r12, 96(%rsi)
	movq	%r13, 104(%rsi)
	movq	%r14, 112(%rsi)
	movq	%r15, 120(%rsi)
	popq	%rax
	movq	%rax, 48(%rsi)
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	ret
	.size svm_vmrun, . - svm_vmrun
	.section .note.GNU-stack, "", @progbits
