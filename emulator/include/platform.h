/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLATFORM_H
#define PLATFORM_H

/*
 * What a guest reaches through the hypervisor: ports, device memory, MSRs, CPUID. Called on the
 * vCPU's own processor. Nothing here trusts an argument.
 */

#include "vcpu.h"

/* CPUID as this hypervisor answers it, per vCPU (APIC id, x2APIC id); 4 registers. Used for GHCB
 * exits, MSR protocol and, with vCPU 0, the launch CPUID page. */
void platform_cpuid(unsigned int cpu, uint32_t leaf, uint32_t subleaf, uint32_t out[4]);

/* Bytes 1, 2, 4. fw_cfg is filtered; the emulator's own ports do not exist; rest is passed on. */
uint32_t platform_in(struct vcpu *vcpu, uint16_t port, unsigned int bytes);
void platform_out(struct vcpu *vcpu, uint16_t port, unsigned int bytes, uint32_t value);
/* The same @count times, as REP INS does; @data has count * bytes bytes. */
void platform_in_string(struct vcpu *vcpu, uint16_t port, unsigned int bytes, void *data,
			size_t count);

/* Bytes 1, 2, 4, 8. Local APIC and IOAPIC are emulated, the emulator's memory and guest memory are
 * refused (false), everything else is passed on. */
bool platform_mmio_read(struct vcpu *vcpu, uint64_t address, unsigned int bytes, uint64_t *value);
bool platform_mmio_write(struct vcpu *vcpu, uint64_t address, unsigned int bytes, uint64_t value);

/* MSRs over the GHCB (exit 0x7c). False: #GP. */
bool platform_rdmsr(struct vcpu *vcpu, uint32_t msr, uint64_t *value);
bool platform_wrmsr(struct vcpu *vcpu, uint32_t msr, uint64_t value);

void platform_init(void);

#endif
