/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLATFORM_RIG_H
#define PLATFORM_RIG_H

/* The machine under emulator/platform: ports, device memory, CPUID, a firmware configuration
 * device, local APICs, all of which record what reaches them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host.h"
#include "launch.h"
#include "platform.h"

#define RIG_CPUS 6U
#define RIG_E820_KEY 0x2aU
#define RIG_OTHER_KEY 0x2bU
#define RIG_TABLES_KEY 0x2cU
#define RIG_KERNEL_BYTES 8192U
#define RIG_SETUP_BYTES 2048U
#define RIG_INITRD_BYTES 100U
#define RIG_CMDLINE "console=ttyS0"

struct rig {
	struct host_boot boot;
	struct launch_result launch;
	struct vcpu vcpu;
	/* what reached the hardware */
	unsigned int ins, outs, loads, stores, reports;
	uint16_t port;
	unsigned int bytes;
	uint64_t address, value;
	uint16_t selected;
	size_t fw_offset;
	uint8_t tables[512]; /* the ACPI tables */
	/* CPUID of the machine: every register of every leaf */
	uint32_t cpuid;
	/* local APIC and IOAPIC */
	uint64_t apic_base, apic_msr_value;
	unsigned int apic_calls, ioapic_calls;
	uint32_t apic_offset, apic_msr;
	bool apic_refuses;
	const void *apic;
	uint8_t kernel[RIG_KERNEL_BYTES], initrd[RIG_INITRD_BYTES];
	jmp_buf stop;
	enum emu_exit stop_code;
};
extern struct rig rig;

/* Guest memory [0, 640 KiB), [1 MiB, 512 MiB) and [4 GiB, 5 GiB), the emulator above it up to 1
 * GiB; VMPL2 runs. */
struct vcpu *rig_reset(const char *cmdline);

#endif
