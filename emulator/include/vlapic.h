/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VLAPIC_H
#define VLAPIC_H

/*
 * Local APIC of one VMPL of one vCPU (xAPIC and x2APIC), in software. Each VMPL has its own: an IPI
 * goes to the same VMPL of other vCPUs; interrupts of devices go to the one VMPL that the launch
 * package names (irq_vmpl). A vector that waits for a VMPL that does not run stays in its IRR until
 * that VMPL runs again: an interrupt never makes the hypervisor leave VMPL0.
 *
 * Registers belong to the vCPU's processor. Others only post: vlapic_post() sets bits that the
 * owner folds into its IRR.
 */

#include "emu_types.h"

struct vlapic;

/* For cpu < nr of vCPUs and vmpl < 4; from host_pages(). */
struct vlapic *vlapic_create(unsigned int cpu, unsigned int vmpl);
void vlapic_reset(struct vlapic *apic);

/* MSR 0x1b, 0x6e0, 0x800..0x83f; MMIO offset 0..0xfff (32-bit accesses). False: #GP / ignored. */
bool vlapic_rdmsr(struct vlapic *apic, uint32_t msr, uint64_t *value);
bool vlapic_wrmsr(struct vlapic *apic, uint32_t msr, uint64_t value);
uint32_t vlapic_mmio_read(struct vlapic *apic, uint32_t offset);
void vlapic_mmio_write(struct vlapic *apic, uint32_t offset, uint32_t value);
uint64_t vlapic_base(const struct vlapic *apic);

/* Any processor. @vector 16..255 into IRR of (cpu, vmpl); level: TMR, and EOI reaches the IOAPIC.
 * Wakes the vCPU. */
void vlapic_post(unsigned int cpu, unsigned int vmpl, unsigned int vector, bool level);
void vlapic_post_nmi(unsigned int cpu, unsigned int vmpl);

/* Owner. Highest vector that the processor priority lets through, or -1; taking it moves it to ISR.
 */
int vlapic_pending(struct vlapic *apic);
void vlapic_take(struct vlapic *apic, unsigned int vector);
bool vlapic_take_nmi(struct vlapic *apic);
void vlapic_set_tpr(struct vlapic *apic, uint8_t cr8); /* CR8 write */
uint8_t vlapic_tpr(const struct vlapic *apic);	       /* as CR8, 0..15 */

/* Owner: raise the timer vector if its time has come; TSC of the next deadline, or UINT64_MAX. */
uint64_t vlapic_timer(struct vlapic *apic, uint64_t now);

/* Set by the IOAPIC: a level-triggered vector was ended on @cpu. */
extern void (*vlapic_on_eoi)(unsigned int cpu, unsigned int vector);

/* IOAPIC (vioapic.c): MMIO at 0xfec00000, offset 0..0xff; host interrupts in. */
void vioapic_init(unsigned int irq_vmpl);
uint32_t vioapic_mmio_read(uint32_t offset);
void vioapic_mmio_write(uint32_t offset, uint32_t value);
/* host_on_interrupt: MSIs and pins; @cpu that took it. */
void vioapic_host_interrupt(unsigned int cpu, unsigned int vector, bool level);

#endif
