/* SPDX-License-Identifier: Apache-2.0 */
#include "host.h"
#include "platform.h"
#include "vlapic.h"

#define MSR_TSC 0x10U
#define MSR_APIC_BASE 0x1bU
#define MSR_TSC_DEADLINE 0x6e0U
#define MSR_X2APIC_FIRST 0x800U
#define MSR_X2APIC_LAST 0x8ffU

/*
 * Registers that the guests known to us read or write outside safe accessors, or that CPUID
 * promises. Nothing of the machine depends on them: a write keeps the bits of @writable. Those
 * without writable bits can be read only. Each vCPU has its own.
 */
static const struct {
	uint32_t msr;
	uint64_t reset, writable;
} plain[] = {
	{ 0x0000008b, 0, 0 },			       /* PATCH_LEVEL */
	{ 0x000000fe, 0, 0 },			       /* MTRRCAP: no ranges */
	{ 0x000002ff, 0, 0xcff },		       /* MTRR default type */
	{ 0x00000179, 0, 0 },			       /* MCG_CAP: no banks */
	{ 0x0000017a, 0, 0x7 },			       /* MCG_STATUS */
	{ 0xc0010010, 0, 0 },			       /* SYSCFG: no host encryption */
	{ 0xc0010015, 1U << 24, UINT64_C(0x79000ff) }, /* HWCR: TSC at P0 rate */
	{ 0xc001001f, 0, UINT64_MAX },		       /* NB_CFG */
	{ 0xc0010058, 0, 0 },			       /* MMIO_CONF_BASE: not enabled */
	{ 0xc0011029, 2, 2 },			       /* DE_CFG: LFENCE serialises */
};

#define NR_PLAIN (sizeof(plain) / sizeof(plain[0]))

/* XOR with the reset value; touched by the vCPU's own processor only. */
static uint64_t changed[EMU_MAX_CPUS][NR_PLAIN];

static bool is_lapic(uint32_t msr)
{
	return msr == MSR_APIC_BASE || msr == MSR_TSC_DEADLINE ||
	       (msr >= MSR_X2APIC_FIRST && msr <= MSR_X2APIC_LAST);
}

static size_t find_plain(uint32_t msr)
{
	size_t i = 0;

	while (i < NR_PLAIN && plain[i].msr != msr) {
		i++;
	}
	return i;
}

bool platform_rdmsr(struct vcpu *vcpu, uint32_t msr, uint64_t *value)
{
	size_t i = find_plain(msr);

	if (is_lapic(msr)) {
		return vlapic_rdmsr(vcpu->vlapic[vcpu->vmpl], msr, value);
	}
	if (msr == MSR_TSC) {
		*value = host_tsc();
		return true;
	}
	if (i == NR_PLAIN) {
		return false;
	}
	*value = plain[i].reset ^ changed[vcpu->cpu][i];
	return true;
}

/* The TSC is the machine's and runs on: a write is lost, as hypervisors have it. */
bool platform_wrmsr(struct vcpu *vcpu, uint32_t msr, uint64_t value)
{
	size_t i = find_plain(msr);

	if (is_lapic(msr)) {
		return vlapic_wrmsr(vcpu->vlapic[vcpu->vmpl], msr, value);
	}
	if (msr == MSR_TSC) {
		return true;
	}
	if (i == NR_PLAIN || plain[i].writable == 0U) {
		return false;
	}
	changed[vcpu->cpu][i] = (value ^ plain[i].reset) & plain[i].writable;
	return true;
}
