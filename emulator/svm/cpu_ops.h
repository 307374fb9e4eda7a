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

static inline uint64_t cpu_cr0(void)
{
	uint64_t value;

	__asm__ volatile("mov %%cr0, %0" : "=r"(value));
	return value;
}

static inline void cpu_set_cr0(uint64_t value)
{
	__asm__ volatile("mov %0, %%cr0" ::"r"(value) : "memory");
}

static inline uint64_t cpu_cr4(void)
{
	uint64_t value;

	__asm__ volatile("mov %%cr4, %0" : "=r"(value));
	return value;
}

static inline void cpu_set_cr4(uint64_t value)
{
	__asm__ volatile("mov %0, %%cr4" ::"r"(value) : "memory");
}

/* EBX of leaf 7 */
static inline uint32_t cpu_features7(void)
{
	uint32_t eax = 7, ebx, ecx = 0, edx;

	__asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	return ebx;
}

static inline void cpu_relax(void)
{
	__asm__ volatile("pause" ::: "memory");
}

#endif
