/* SPDX-License-Identifier: Apache-2.0 */
#include "platform_rig.h"

#include <string.h>

#include "hw.h"
#include "iommu.h"
#include "ram.h"
#include "trace.h"
#include "vlapic.h"

#define MIB UINT64_C(0x100000)
#define GIB UINT64_C(0x40000000)

struct rig rig;

/* As QEMU shows it: big-endian size, key, name. */
static const uint8_t directory[] = "\0\0\0\3"
				   "\0\0\0\7"
				   "\0\x2b"
				   "\0\0"
				   "etc/other\0\0\0\0\0\0\0"
				   "                                        "
				   "\0\0\0\x64"
				   "\0\x2a"
				   "\0\0"
				   "etc/e820\0\0\0\0\0\0\0\0"
				   "                                        "
				   "\0\0\1\0"
				   "\0\x2c"
				   "\0\0"
				   "etc/acpi/tables\0"
				   "                                        ";

struct vcpu *rig_reset(const char *cmdline)
{
	memset(&rig, 0, sizeof(rig));
	rig.boot.cmdline = cmdline;
	rig.boot.nr_cpus = RIG_CPUS;
	rig.boot.nr_ram = 2;
	rig.boot.ram[0] = (struct host_range){ .start = { 0 }, .bytes = 640U * 1024U };
	rig.boot.ram[1] = (struct host_range){ .start = { MIB }, .bytes = 511U * MIB };
	rig.boot.own = (struct host_range){ .start = { 512U * MIB }, .bytes = 512U * MIB };
	rig.launch.nr_usable = 2;
	rig.launch.usable[0] = (struct launch_range){ .start = { 0 }, .bytes = 512U * MIB };
	rig.launch.usable[1] = (struct launch_range){ .start = { 4U * GIB }, .bytes = GIB };
	for (size_t i = 0; i < sizeof(rig.kernel); i++) {
		rig.kernel[i] = (uint8_t)(i % 251U);
	}
	rig.kernel[0x1f1] = RIG_SETUP_BYTES / 512U - 1U;
	memcpy(rig.kernel + 0x202, "HdrS", 4);
	memset(rig.initrd, 0x5a, sizeof(rig.initrd));
	rig.launch.kernel = (struct launch_blob){ rig.kernel, sizeof(rig.kernel) };
	rig.launch.initrd = (struct launch_blob){ rig.initrd, sizeof(rig.initrd) };
	rig.launch.cmdline = (struct launch_blob){ RIG_CMDLINE, sizeof(RIG_CMDLINE) };
	rig.vcpu.cpu = 3;
	rig.vcpu.vmpl = 2;
	for (unsigned int i = 0; i < EMU_NR_VMPLS; i++) {
		rig.vcpu.vlapic[i] = (struct vlapic *)(void *)&rig.vcpu.vlapic[i];
	}
	rig.apic_base = 0xfee00800;
	platform_init();
	rig.ins = rig.outs = 0;
	return &rig.vcpu;
}

const struct host_boot *host_boot(void)
{
	return &rig.boot;
}

const char *host_option(const char *name)
{
	return strcmp(rig.boot.cmdline, name) == 0 ? "" : NULL;
}

const struct launch_result *launch_get(void)
{
	return &rig.launch;
}

uint64_t host_tsc(void)
{
	return 0x1234;
}

bool ram_is_memory(gpa_t gpa)
{
	return gpa.raw < 0xa0000U || gpa.raw - MIB < 511U * MIB || gpa.raw - 4U * GIB < GIB;
}

uint32_t hw_in(uint16_t port, unsigned int bytes)
{
	size_t at = rig.fw_offset;

	rig.ins++;
	rig.port = port;
	rig.bytes = bytes;
	if (port != 0x511U) {
		return 0xabcd1234U;
	}
	assert_int_equal(bytes, 1);
	rig.fw_offset++;
	if (rig.selected == 0x19U) {
		return at < sizeof(directory) - 1U ? directory[at] : 0U;
	}
	if (rig.selected == RIG_TABLES_KEY) {
		return at < sizeof(rig.tables) ? rig.tables[at] : 0U;
	}
	return 0xeeU;
}

void hw_out(uint16_t port, unsigned int bytes, uint32_t value)
{
	rig.outs++;
	rig.port = port;
	rig.bytes = bytes;
	rig.value = value;
	if (port == 0x510U) {
		assert_int_equal(bytes, 2);
		rig.selected = (uint16_t)value;
		rig.fw_offset = 0;
	}
}

uint64_t hw_load(uint64_t address, unsigned int bytes)
{
	rig.loads++;
	rig.address = address;
	rig.bytes = bytes;
	return 0x77;
}

void hw_store(uint64_t address, unsigned int bytes, uint64_t value)
{
	rig.stores++;
	rig.address = address;
	rig.bytes = bytes;
	rig.value = value;
}

void hw_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
	(void)leaf;
	(void)subleaf;
	out[0] = out[1] = out[2] = out[3] = rig.cpuid;
}

uint64_t vlapic_base(const struct vlapic *apic)
{
	rig.apic = apic;
	return rig.apic_base;
}

uint32_t vlapic_mmio_read(struct vlapic *apic, uint32_t offset)
{
	rig.apic = apic;
	rig.apic_offset = offset;
	rig.apic_calls++;
	return 0xa01cU;
}

void vlapic_mmio_write(struct vlapic *apic, uint32_t offset, uint32_t value)
{
	rig.apic = apic;
	rig.apic_offset = offset;
	rig.value = value;
	rig.apic_calls++;
}

bool vlapic_rdmsr(struct vlapic *apic, uint32_t msr, uint64_t *value)
{
	rig.apic = apic;
	rig.apic_msr = msr;
	rig.apic_calls++;
	*value = 0xa01cU;
	return !rig.apic_refuses;
}

bool vlapic_wrmsr(struct vlapic *apic, uint32_t msr, uint64_t value)
{
	rig.apic = apic;
	rig.apic_msr = msr;
	rig.apic_msr_value = value;
	rig.apic_calls++;
	return !rig.apic_refuses;
}

uint32_t vioapic_mmio_read(uint32_t offset)
{
	rig.apic_offset = offset;
	rig.ioapic_calls++;
	return 0x10U;
}

void vioapic_mmio_write(uint32_t offset, uint32_t value)
{
	rig.apic_offset = offset;
	rig.value = value;
	rig.ioapic_calls++;
}

void iommu_report(void)
{
}

void trace_report(void)
{
	rig.reports++;
}

void emu_stop(enum emu_exit code, const char *format, ...)
{
	(void)format;
	rig.stop_code = code;
	longjmp(rig.stop, 1);
}
