/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Entry of the first processor (PVH: 32-bit, paging off, EBX: start info), the code from which the
 * others start, and interrupt vectors.
 */

#include "layout.h"

#define PHYS(symbol) ((symbol) - LAYOUT_VIRT + LAYOUT_LOAD)

#define CR4_BOOT 0x620	    /* PAE, OSFXSR, OSXMMEXCPT */
#define CR0_LONG 0x80010033 /* PG, WP, NE, ET, MP, PE */
#define MSR_EFER 0xc0000080
#define EFER_BOOT 0x900 /* NXE, LME */
#define PTE_TABLE 0x3
#define PTE_LARGE 0x83
#define CODE64 0x8
#define DATA 0x10
#define CODE32 0x18

	.section .note.pvh, "a", @note
	.balign 4
	.long 4, 8, 18 /* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz "Xen"
	.quad PHYS(pvh_entry)

	.bss
	.balign 4096
early_pml4:
	.skip 4096
early_low:
	.skip 4096
early_high:
	.skip 4096
early_image:
	.skip 4096
	.balign LAYOUT_STACK_BYTES
	.globl boot_stacks
boot_stacks:
	.skip (LAYOUT_BOOT_CPU + 1) * LAYOUT_STACK_BYTES

	.data
	.balign 8
gdt:
	.quad 0
	.quad 0x00af9b000000ffff
	.quad 0x00cf93000000ffff
	.quad 0x00cf9b000000ffff
gdt_end:
no_large_pages_text:
	.ascii "emulator: no pages of 1 GiB: QEMU needs -cpu EPYC-Milan\n"
no_large_pages_text_end:
gdtr_low:
	.word gdt_end - gdt - 1
	.long PHYS(gdt)
	.balign 8
gdtr:
	.word gdt_end - gdt - 1
	.quad gdt

/* Paging on with the tables at \cr3: 32-bit code becomes compatibility mode. Clobbers EAX..EDX. */
.macro long_mode cr3
	movl $CR4_BOOT, %eax
	movl %eax, %cr4
	movl \cr3, %eax
	movl %eax, %cr3
	movl $MSR_EFER, %ecx
	rdmsr
	orl $EFER_BOOT, %eax
	wrmsr
	movl $CR0_LONG, %eax
	movl %eax, %cr0
.endm

.macro data_segments
	movl $DATA, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %ss
	xorl %eax, %eax
	movl %eax, %fs
	movl %eax, %gs
.endm

	.text
	.code32
	.globl pvh_entry
pvh_entry:
	cli
	cld
	movl %ebx, %ebp

	movl $0x80000001, %eax
	cpuid
	btl $26, %edx /* pages of 1 GiB */
	jnc no_large_pages

	/* 4 GiB as they are, in pages of 1 GiB */
	movl $PHYS(early_low), %edi
	movl $PTE_LARGE, %eax
	movl $4, %ecx
1:	movl %eax, (%edi)
	addl $0x40000000, %eax
	addl $8, %edi
	loop 1b

	/* the image, at its linked address, in pages of 2 MiB */
	movl $PHYS(early_image), %edi
	movl $(LAYOUT_LOAD + PTE_LARGE), %eax
	movl $64, %ecx
2:	movl %eax, (%edi)
	addl $0x200000, %eax
	addl $8, %edi
	loop 2b

	movl $(PHYS(early_low) + PTE_TABLE), PHYS(early_pml4)
	movl $(PHYS(early_high) + PTE_TABLE), PHYS(early_pml4) + 511 * 8
	movl $(PHYS(early_image) + PTE_TABLE), PHYS(early_high) + 510 * 8

	lgdt PHYS(gdtr_low)
	long_mode $PHYS(early_pml4)
	ljmp $CODE64, $PHYS(3f)

no_large_pages:
	movl $PHYS(no_large_pages_text), %esi
	movl $no_large_pages_text_end - no_large_pages_text, %ecx
	movl $0xe9, %edx
	rep outsb
	movl $0xf4, %edx
	movl $2, %eax /* EMU_EXIT_USAGE */
	outl %eax, %dx
7:	hlt
	jmp 7b

	.code64
3:	movabsq $4f, %rax
	jmp *%rax
4:	lgdt gdtr(%rip)
	data_segments
	leaq boot_stacks + (LAYOUT_BOOT_CPU + 1) * LAYOUT_STACK_BYTES(%rip), %rsp
	movl %ebp, %edi
	call boot_place /* RAX: where to, RDX: page tables, in terms of the copy */

	/* The stack is copied with the rest; nothing on it is used again. */
	movl $LAYOUT_LOAD, %esi
	movq %rax, %rdi
	leaq image_end(%rip), %rcx
	leaq image_start(%rip), %rax
	subq %rax, %rcx
	shrq $3, %rcx
	rep movsq
	movq %rdx, %cr3
	xorl %ebp, %ebp
	call host_main
5:	hlt
	jmp 5b

/* Copied to LAYOUT_TRAMPOLINE; real mode, CS:IP = (LAYOUT_TRAMPOLINE >> 4):0 */
#define HERE(symbol) ((symbol) - boot_trampoline + LAYOUT_TRAMPOLINE)

	.section .rodata
	.balign 16
	.globl boot_trampoline, boot_trampoline_end, boot_trampoline_cr3, boot_trampoline_stack
	.code16
boot_trampoline:
	cli
	cld
	movw %cs, %ax
	movw %ax, %ds
	lgdtl trampoline_gdtr - boot_trampoline
	movl $0x11, %eax
	movl %eax, %cr0
	ljmpl $CODE32, $HERE(trampoline32)

	.code32
trampoline32:
	movl $DATA, %eax
	movl %eax, %ds
	long_mode HERE(boot_trampoline_cr3)
	ljmp $CODE64, $HERE(trampoline64)

	.code64
trampoline64:
	movq HERE(boot_trampoline_stack), %rsp
	movabsq $ap_entry, %rax
	jmp *%rax

	.balign 8
trampoline_gdt:
	.quad 0
	.quad 0x00af9b000000ffff
	.quad 0x00cf93000000ffff
	.quad 0x00cf9b000000ffff
trampoline_gdtr:
	.word trampoline_gdtr - trampoline_gdt - 1
	.long HERE(trampoline_gdt)
	.balign 8
boot_trampoline_cr3:
	.quad 0
boot_trampoline_stack:
	.quad 0
boot_trampoline_end:

	.text
	.code64
ap_entry:
	lgdt gdtr(%rip)
	data_segments
	xorl %ebp, %ebp
	call host_ap_main
6:	hlt
	jmp 6b

/*
 * void host_sleep(const uint32_t *kick, uint32_t mask): HLT unless *kick has a bit of mask. An NMI
 * between the test and HLT would be slept over: the NMI handler moves RIP from anywhere in here to
 * host_sleep_end.
 */
	.globl host_sleep, host_sleep_end
host_sleep:
	testl %esi, (%rdi)
	jnz host_sleep_end
	sti
	hlt
host_sleep_end:
	cli
	ret

/* Vectors: 16 bytes each, all with an error code (host_trap has struct host_frame). */
	.balign 16
	.globl boot_vectors
boot_vectors:
	.set vector, 0
	.rept 256
	.balign 16
	.if !((vector == 8) || (vector >= 10 && vector <= 14) || (vector == 17) || (vector == 21) || \
	      (vector == 29) || (vector == 30))
	pushq $0
	.endif
	pushq $vector
	jmp trap
	.set vector, vector + 1
	.endr

	.balign 16
trap:
	cld
	pushq %rax
	pushq %rcx
	pushq %rdx
	pushq %rbx
	pushq %rbp
	pushq %rsi
	pushq %rdi
	pushq %r8
	pushq %r9
	pushq %r10
	pushq %r11
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	movq %rsp, %rdi
	call host_trap
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %r11
	popq %r10
	popq %r9
	popq %r8
	popq %rdi
	popq %rsi
	popq %rbp
	popq %rbx
	popq %rdx
	popq %rcx
	popq %rax
	addq $16, %rsp
	iretq

	.section .note.GNU-stack, "", @progbits
