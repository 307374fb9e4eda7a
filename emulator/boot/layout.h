/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LAYOUT_H
#define LAYOUT_H

/*
 * Where the image is linked, loaded and run; shared by start.S, the linker script and C. Nothing in
 * the image knows its physical address but the page tables: it is loaded low, copied to the top of
 * low memory and goes on there at the same virtual addresses.
 */

#define LAYOUT_VIRT 0xffffffff80000000 /* -mcmodel=kernel; also in emulator.ld */
#define LAYOUT_LOAD 0x1000000	       /* physical, where QEMU puts it */

/* Page below 1 MiB from which other processors start. Its bytes are put back afterwards. */
#define LAYOUT_TRAMPOLINE 0x8000

/* One stack per processor, in one array: the stack pointer tells which processor runs. The boot
 * processor, which runs no vCPU, has the last one. */
#define LAYOUT_BOOT_CPU 16 /* EMU_MAX_CPUS */
#define LAYOUT_STACK_SHIFT 16
#define LAYOUT_STACK_BYTES (1 << LAYOUT_STACK_SHIFT)

#endif
