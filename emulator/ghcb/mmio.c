/* SPDX-License-Identifier: Apache-2.0 */
#include "ghcb_priv.h"
#include "platform.h"

static bool operand_ok(struct ghcb_call *call)
{
	if (call->info2 != 1U && call->info2 != 2U && call->info2 != 4U && call->info2 != 8U) {
		ghcb_malformed(call, GHCB_REASON_INVALID);
		return false;
	}
	return ghcb_scratch_check(call, call->info2);
}

/* Where the platform refuses there is no device: reads give ones, writes are lost, as on a bus.
 * Firmware that probes its own image for flash relies on it. */
void ghcb_exit_mmio_read(struct vcpu *vcpu, struct ghcb_call *call)
{
	uint64_t value;

	if (!operand_ok(call)) {
		return;
	}
	if (!platform_mmio_read(vcpu, call->info1, (unsigned int)call->info2, &value)) {
		value = UINT64_MAX;
	}
	(void)ghcb_scratch_write(call, 0, &value, (size_t)call->info2);
}

void ghcb_exit_mmio_write(struct vcpu *vcpu, struct ghcb_call *call)
{
	uint64_t value = 0;

	if (!operand_ok(call) || !ghcb_scratch_read(call, 0, &value, (size_t)call->info2)) {
		return;
	}
	(void)platform_mmio_write(vcpu, call->info1, (unsigned int)call->info2, value);
}
