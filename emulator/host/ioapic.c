/* SPDX-License-Identifier: Apache-2.0 */

/* The interrupt controllers of the chipset. */

#include "cpu_insn.h"
#include "host_priv.h"

#define IOAPIC_SELECT UINT64_C(0xfec00000)
#define IOAPIC_WINDOW UINT64_C(0xfec00010)
#define IOAPIC_REDIRECTION 0x10U
#define IOAPIC_PINS 24U
#define RTE_MASKED UINT64_C(0x10000)
#define PIC_MASTER_MASK 0x21U
#define PIC_SLAVE_MASK 0xa1U

static _Atomic(bool) busy; /* register select and window belong together */

static void lock(void)
{
	/* acquire: pairs with the release of unlock() */
	while (atomic_exchange_explicit(&busy, true, memory_order_acquire)) {
		cpu_pause();
	}
}

static void unlock(void)
{
	/* release: pairs with the acquire of lock() */
	atomic_store_explicit(&busy, false, memory_order_release);
}

static volatile uint32_t *device(uint64_t address)
{
	return (volatile uint32_t *)(uintptr_t)address;
}

static void write_half(unsigned int reg, uint32_t value)
{
	*device(IOAPIC_SELECT) = reg;
	*device(IOAPIC_WINDOW) = value;
}

/* Masked while its halves differ, and unmasked, if at all, last. */
void host_ioapic_write(unsigned int pin, uint64_t rte)
{
	unsigned int reg = IOAPIC_REDIRECTION + 2U * pin;

	if (pin >= IOAPIC_PINS) {
		return;
	}
	lock();
	write_half(reg, (uint32_t)(rte | RTE_MASKED));
	write_half(reg + 1U, (uint32_t)(rte >> 32U));
	if ((rte & RTE_MASKED) == 0) {
		write_half(reg, (uint32_t)rte);
	}
	unlock();
}

void host_ioapic_init(void)
{
	cpu_out8(PIC_MASTER_MASK, 0xff);
	cpu_out8(PIC_SLAVE_MASK, 0xff);
	for (unsigned int pin = 0; pin < IOAPIC_PINS; pin++) {
		host_ioapic_write(pin, RTE_MASKED);
	}
}
