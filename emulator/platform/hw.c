/* SPDX-License-Identifier: Apache-2.0 */
#include "hw.h"

uint32_t hw_in(uint16_t port, unsigned int bytes)
{
	uint8_t byte;
	uint16_t word;
	uint32_t dword;

	switch (bytes) {
	case 1:
		__asm__ volatile("inb %1, %0" : "=a"(byte) : "Nd"(port));
		return byte;
	case 2:
		__asm__ volatile("inw %1, %0" : "=a"(word) : "Nd"(port));
		return word;
	default:
		__asm__ volatile("inl %1, %0" : "=a"(dword) : "Nd"(port));
		return dword;
	}
}

void hw_out(uint16_t port, unsigned int bytes, uint32_t value)
{
	switch (bytes) {
	case 1:
		__asm__ volatile("outb %0, %1" ::"a"((uint8_t)value), "Nd"(port));
		break;
	case 2:
		__asm__ volatile("outw %0, %1" ::"a"((uint16_t)value), "Nd"(port));
		break;
	default:
		__asm__ volatile("outl %0, %1" ::"a"(value), "Nd"(port));
		break;
	}
}

uint64_t hw_load(uint64_t address, unsigned int bytes)
{
	switch (bytes) {
	case 1:
		return *(volatile uint8_t *)(uintptr_t)address;
	case 2:
		return *(volatile uint16_t *)(uintptr_t)address;
	case 4:
		return *(volatile uint32_t *)(uintptr_t)address;
	default:
		return *(volatile uint64_t *)(uintptr_t)address;
	}
}

void hw_store(uint64_t address, unsigned int bytes, uint64_t value)
{
	switch (bytes) {
	case 1:
		*(volatile uint8_t *)(uintptr_t)address = (uint8_t)value;
		break;
	case 2:
		*(volatile uint16_t *)(uintptr_t)address = (uint16_t)value;
		break;
	case 4:
		*(volatile uint32_t *)(uintptr_t)address = (uint32_t)value;
		break;
	default:
		*(volatile uint64_t *)(uintptr_t)address = value;
		break;
	}
}

void hw_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
	__asm__ volatile("cpuid"
			 : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3])
			 : "a"(leaf), "c"(subleaf));
}
