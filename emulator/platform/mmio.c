/* SPDX-License-Identifier: Apache-2.0 */
#include "host.h"
#include "hw.h"
#include "iommu_abi.h"
#include "platform.h"
#include "ram.h"
#include "vlapic.h"

#define IOAPIC_BASE UINT64_C(0xfec00000)
/* Real local APICs take any write to this megabyte as an interrupt message. */
#define MESSAGES_BASE UINT64_C(0xfee00000)
#define MESSAGES_BYTES UINT64_C(0x100000)
#define REGISTER_BYTES 4U
/* Configuration registers of the timers, and their bit for interrupts as memory writes. */
#define HPET_BASE UINT64_C(0xfed00000)
#define HPET_TIMERS 0x100U
#define HPET_BYTES 0x400U
#define HPET_TIMER_BYTES 0x20U
#define HPET_BY_WRITE (UINT64_C(1) << 14)

#define APIC_BASE_X2APIC (UINT64_C(1) << 10)
#define APIC_BASE_ENABLED (UINT64_C(1) << 11)

#define PHYSICAL_LIMIT (UINT64_C(1) << EMU_C_BIT)

enum target { TARGET_REFUSED, TARGET_NOTHING, TARGET_LAPIC, TARGET_IOAPIC, TARGET_DEVICE };

static bool in_range(uint64_t address, const struct host_range *range)
{
	return address - range->start.raw < range->bytes;
}

/* Memory of the machine, whoever's. */
static bool is_host_memory(uint64_t address)
{
	const struct host_boot *boot = host_boot();

	if (in_range(address, &boot->own)) {
		return true;
	}
	for (unsigned int i = 0; i < boot->nr_ram; i++) {
		if (in_range(address, &boot->ram[i])) {
			return true;
		}
	}
	return false;
}

static bool refused(uint64_t address)
{
	return is_host_memory(address) || ram_is_memory(gpa_make(address));
}

static bool is_lapic(const struct vcpu *vcpu, uint64_t address)
{
	uint64_t base = vlapic_base(vcpu->vlapic[vcpu->vmpl]);

	return (base & (APIC_BASE_ENABLED | APIC_BASE_X2APIC)) == APIC_BASE_ENABLED &&
	       ((address ^ base) & (PHYSICAL_LIMIT - EMU_PAGE_SIZE)) == 0U;
}

/* Registers of interrupt controllers are 32 bits wide and aligned. */
static enum target find(const struct vcpu *vcpu, uint64_t address, unsigned int bytes)
{
	bool register_ok = bytes == REGISTER_BYTES && address % REGISTER_BYTES == 0U;

	if (address > PHYSICAL_LIMIT - bytes || refused(address) || refused(address + bytes - 1U)) {
		return TARGET_REFUSED;
	}
	if (is_lapic(vcpu, address)) {
		return register_ok ? TARGET_LAPIC : TARGET_NOTHING;
	}
	if ((address + bytes - 1U) - IOAPIC_BASE < EMU_PAGE_SIZE + bytes - 1U) {
		return register_ok ? TARGET_IOAPIC : TARGET_NOTHING;
	}
	if ((address + bytes - 1U) - IOMMU_BASE < IOMMU_BYTES + bytes - 1U) {
		return TARGET_NOTHING;
	}
	if ((address + bytes - 1U) - MESSAGES_BASE < MESSAGES_BYTES + bytes - 1U) {
		return TARGET_NOTHING;
	}
	return TARGET_DEVICE;
}

/* Timers of QEMU's HPET that may, write anywhere in the memory of the machine past the IOMMU. They
 * do not claim that they can. */
static uint64_t without_hpet_writes(uint64_t address, uint64_t value)
{
	uint64_t offset = address - HPET_BASE;

	if (offset >= HPET_TIMERS && offset < HPET_BYTES && offset % HPET_TIMER_BYTES == 0U) {
		return value & ~HPET_BY_WRITE;
	}
	return value;
}

bool platform_mmio_read(struct vcpu *vcpu, uint64_t address, unsigned int bytes, uint64_t *value)
{
	uint32_t offset = (uint32_t)(address & EMU_PAGE_MASK);

	switch (find(vcpu, address, bytes)) {
	case TARGET_LAPIC:
		*value = vlapic_mmio_read(vcpu->vlapic[vcpu->vmpl], offset);
		return true;
	case TARGET_IOAPIC:
		*value = vioapic_mmio_read(offset & 0xffU);
		return true;
	case TARGET_DEVICE:
		*value = hw_load(address, bytes);
		return true;
	case TARGET_NOTHING:
		*value = UINT64_MAX;
		return true;
	default:
		return false;
	}
}

bool platform_mmio_write(struct vcpu *vcpu, uint64_t address, unsigned int bytes, uint64_t value)
{
	uint32_t offset = (uint32_t)(address & EMU_PAGE_MASK);

	switch (find(vcpu, address, bytes)) {
	case TARGET_LAPIC:
		vlapic_mmio_write(vcpu->vlapic[vcpu->vmpl], offset, (uint32_t)value);
		return true;
	case TARGET_IOAPIC:
		vioapic_mmio_write(offset & 0xffU, (uint32_t)value);
		return true;
	case TARGET_DEVICE:
		hw_store(address, bytes, without_hpet_writes(address, value));
		return true;
	case TARGET_NOTHING:
		return true;
	default:
		return false;
	}
}
