/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMAGE_H
#define IMAGE_H

/* Between start.S and C: symbols of the image, and how one calls the other. */

#include "emu_types.h"
#include "layout.h"

extern uint8_t image_start[], image_end[]; /* linker script; image_end is page aligned */
extern uint8_t boot_stacks[];		   /* (LAYOUT_BOOT_CPU + 1) * LAYOUT_STACK_BYTES */
extern uint8_t boot_vectors[];		   /* 256 entries of 16 bytes */
extern uint8_t boot_trampoline[], boot_trampoline_end[];
extern uint8_t boot_trampoline_cr3[], boot_trampoline_stack[]; /* 8 bytes each, for the copy */
extern const uint8_t host_sleep_end[];

/* What boot_vectors push; the processor's part ends it. */
struct host_frame {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax;
	uint64_t vector;
	uint64_t error;
	uint64_t rip, cs, rflags, rsp, ss;
};

/* In two registers. */
struct boot_place_result {
	uint64_t image; /* physical address to copy the image to */
	uint64_t cr3;	/* page tables of the copy */
};

/* Called once by start.S on the image as it was loaded: reads the start info at @start_info and
 * chooses the place of the emulator. What it stores is copied with the image. */
struct boot_place_result boot_place(uint64_t start_info);

uint64_t boot_cr3(void); /* page tables of the emulator, for other processors */

_Noreturn void host_main(void);			  /* first processor, after the copy */
_Noreturn void host_ap_main(void);		  /* other processors, on their stacks */
void host_trap(struct host_frame *frame);	  /* every vector; interrupts off */
void host_sleep(const void *kick, uint32_t wake); /* see start.S */

#endif
