/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The emulator from boot to the first guest instruction. Words of its command line: trace (SVSM
 * calls, state changes, AP creation on the console), stale (translations stay until the guest
 * flushes them), hostile=ACTION[:MEAN][,...] and seed=N, report (exit counts at every end),
 * reserve=MIB (emulator/boot), limit=SECONDS and stuck (svm: end a run that hangs).
 */

#include "host.h"
#include "hostile.h"
#include "iommu.h"
#include "launch.h"
#include "platform.h"
#include "rmp.h"
#include "trace.h"
#include "vcpu.h"
#include "vlapic.h"

static void load_guest(const struct host_boot *boot)
{
	static struct launch_result launch;

	if (boot->package_bytes == 0) {
		emu_stop(EMU_EXIT_USAGE, "no launch package: QEMU needs -initrd");
	}
	if (!launch_load((const void *)(uintptr_t)boot->package.raw, boot->package_bytes,
			 &launch)) {
		emu_stop(EMU_EXIT_USAGE, "the launch package is refused");
	}
}

_Noreturn void emu_main(void)
{
	const struct host_boot *boot = host_boot();
	const struct launch_result *launch;

	if (!hostile_init(boot->cmdline)) {
		emu_stop(EMU_EXIT_USAGE, "hostile=: unknown action");
	}
	trace_enable(host_option("trace") != NULL);
	rmp_init(NULL, host_option("stale") != NULL);
	load_guest(boot);
	launch = launch_get();
	vcpu_init(boot->nr_cpus);
	platform_init();
	iommu_start();
	vioapic_init(launch->irq_vmpl);
	host_on_interrupt = vioapic_host_interrupt;
	vcpu_set_vmsa(vcpu_at(0), launch->vmpl, launch->boot_vmsa, true);
	host_start_cpus(vcpu_loop);
}
