/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "fw_cfg.h"
#include "host.h"
#include "hw.h"
#include "iommu.h"
#include "platform.h"
#include "trace.h"

#define PORT_DEBUG_CONSOLE 0xe9U
#define PORT_DEBUG_EXIT 0xf4U
#define DEBUG_EXIT_PORTS 4U

#define PORT_RESET 0xcf9U
#define RESET_CPU 4U
#define PM1_CONTROL 4U /* offset in the power management ports, 128 bytes that firmware places */
#define PM1_MASK 0x7fU
#define PM1_SLEEP_ENABLE (1U << 13)

/* Which processor the registers for hotplug show (docs/specs/acpi_cpu_hotplug of QEMU) */
#define PORT_CPU_SELECT 0xcd8U

#define OPTION_TEST_EXIT "test-exit"
#define OPTION_REPORT "report"

/* Constant after platform_init() */
static bool test_exit, report;

static bool overlaps(uint16_t port, unsigned int bytes, unsigned int first, unsigned int ports)
{
	return port < first + ports && (unsigned int)port + bytes > first;
}

/* The emulator's own: what it says on the console and how it ends are no business of guests. */
static bool is_hidden(uint16_t port, unsigned int bytes)
{
	return overlaps(port, bytes, PORT_DEBUG_CONSOLE, 1U) ||
	       overlaps(port, bytes, PORT_DEBUG_EXIT, DEBUG_EXIT_PORTS);
}

/* QEMU ends with such a write and leaves the emulator no time to report. A write that only looks
 * like one costs a report too many. */
static bool looks_like_end(uint16_t port, unsigned int bytes, uint32_t value)
{
	return (port == PORT_RESET && (value & RESET_CPU) != 0U) ||
	       (bytes == 2U && (port & PM1_MASK) == PM1_CONTROL &&
		(value & PM1_SLEEP_ENABLE) != 0U);
}

uint32_t platform_in(struct vcpu *vcpu, uint16_t port, unsigned int bytes)
{
	(void)vcpu;
	if (is_hidden(port, bytes)) {
		return UINT32_MAX;
	}
	if (fw_cfg_claims(port, bytes)) {
		return fw_cfg_in(port, bytes);
	}
	return hw_in(port, bytes);
}

void platform_in_string(struct vcpu *vcpu, uint16_t port, unsigned int bytes, void *data,
			size_t count)
{
	uint8_t *at = data;

	if (fw_cfg_is_data(port, bytes)) {
		fw_cfg_read(data, count);
		return;
	}
	for (size_t i = 0; i < count; i++, at += bytes) {
		uint32_t value = platform_in(vcpu, port, bytes);

		memcpy(at, &value, bytes);
	}
}

void platform_out(struct vcpu *vcpu, uint16_t port, unsigned int bytes, uint32_t value)
{
	if (test_exit && port == PORT_DEBUG_EXIT) {
		emu_stop(value == 0U ? EMU_EXIT_OK : EMU_EXIT_TEST_FAILED,
			 "test guest ends with %u, vCPU %u", value, vcpu->cpu);
	}
	if (is_hidden(port, bytes)) {
		return;
	}
	if (fw_cfg_claims(port, bytes)) {
		fw_cfg_out(port, bytes, value);
		return;
	}
	if (port == PORT_CPU_SELECT && value >= host_boot()->nr_cpus) {
		value = UINT32_MAX; /* no such processor: not the one that boots the emulator */
	}
	if (report && looks_like_end(port, bytes, value)) {
		iommu_report();
		trace_report();
	}
	hw_out(port, bytes, value);
}

void platform_init(void)
{
	test_exit = host_option(OPTION_TEST_EXIT) != NULL;
	report = host_option(OPTION_REPORT) != NULL;
	fw_cfg_init();
}
