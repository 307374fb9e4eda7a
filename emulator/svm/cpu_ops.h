/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CPU_OPS_H
#define CPU_OPS_H

/* Instructions of SVM and of the processor's state that this module uses. */

#include <stdint.h>

static inline void cpu_clgi(void)
{
	__asm__ volatile("clgi" ::: "memory");
}

static inline void cpu_stgi(void)
{
	__asm__ volatile("stgi" ::: "memory");
}

static inline void cpu_vmsave(uint64_t vmcb)
{
	__asm__ volatile("vmsave" ::"a"(vmcb) : "memory");
}

static inline uint64_t svm_rdmsr(uint32_t msr)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (uint64_t)high << 32U | low;
}

static inline void svm_wrmsr(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr" ::"c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32U))
			 : "memory");
}

static inline void cpu_relax(void)
{
	__asm__ volatile("pause" ::: "memory");
}

#endif
