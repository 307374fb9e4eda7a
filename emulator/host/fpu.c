/* SPDX-License-Identifier: Apache-2.0 */

/* x87 and SSE registers are the guest's at all times but between these two. */

#include "host_priv.h"

#define MXCSR_DEFAULT 0x1f80U

void host_fpu_begin(void)
{
	const uint32_t mxcsr = MXCSR_DEFAULT;

	__asm__ volatile("fxsave64 (%0)\n\t"
			 "fninit\n\t"
			 "ldmxcsr %1" ::"r"(host_percpu(host_cpu())->fpu),
			 "m"(mxcsr)
			 : "memory");
}

void host_fpu_end(void)
{
	__asm__ volatile("fxrstor64 (%0)" ::"r"(host_percpu(host_cpu())->fpu) : "memory");
}
