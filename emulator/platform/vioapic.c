/* SPDX-License-Identifier: Apache-2.0 */
#include "vlapic_internal.h"

#include "host.h"

/*
 * IOAPIC of the guest: its registers are kept here, the real pins follow them with the same vector
 * and trigger mode and, as destination, one processor that the guest's entry addresses.
 *
 * A level-triggered pin that has fired is masked in the real IOAPIC until the guest ends the
 * interrupt: the real end of interrupt comes before that, and the line is still asserted.
 * Message-signalled interrupts pass through: devices send them to the processor that the guest
 * wrote into them, and they are posted to its vCPU.
 *
 * One short lock orders the guest's view and the real register of a pin; nothing is waited for
 * under it and no other lock is taken.
 */

#define NR_PINS 24U
#define VERSION (0x20U | (NR_PINS - 1U) << 16U)

#define REG_SELECT 0x00U
#define REG_WINDOW 0x10U
#define REG_EOI 0x40U

#define RTE_LOGICAL (UINT64_C(1) << 11)
#define RTE_POLARITY (UINT64_C(1) << 13)
#define RTE_REMOTE_IRR (UINT64_C(1) << 14)
#define RTE_LEVEL (UINT64_C(1) << 15)
#define RTE_MASKED (UINT64_C(1) << 16)
#define RTE_WRITABLE UINT64_C(0xff0000000001afff)

/* Lower ones are exceptions of the real processor. */
#define FIRST_HOST_VECTOR 32U

struct pin {
	uint64_t rte;	     /* as the guest sees it */
	int target;	     /* processor in the real entry, -1: none */
	unsigned int vector; /* while the remote IRR is set: what was posted, and where */
	unsigned int cpu;
};

static struct {
	atomic_flag lock;
	uint32_t select;
	uint32_t id;
	unsigned int irq_vmpl;
	struct pin pins[NR_PINS];
} io = { .lock = ATOMIC_FLAG_INIT };

static void lock(void)
{
	/* pairs with unlock */
	while (atomic_flag_test_and_set_explicit(&io.lock, memory_order_acquire)) {
		__builtin_ia32_pause();
	}
}

static void unlock(void)
{
	/* pairs with lock */
	atomic_flag_clear_explicit(&io.lock, memory_order_release);
}

static unsigned int rte_vector(uint64_t rte)
{
	return (unsigned int)(rte & 0xffU);
}

/* Modes other than fixed and lowest priority (NMI, SMI, ExtINT) are not passed on. */
static bool deliverable(const struct pin *pin)
{
	return (pin->rte & (RTE_MASKED | RTE_REMOTE_IRR)) == 0U && (pin->rte >> 8U & 7U) <= 1U &&
	       rte_vector(pin->rte) >= FIRST_HOST_VECTOR && pin->target >= 0;
}

static void update_real(unsigned int index)
{
	const struct pin *pin = &io.pins[index];
	uint64_t real = pin->rte & (0xffU | RTE_POLARITY | RTE_LEVEL);

	if (deliverable(pin)) {
		real |= (uint64_t)(unsigned int)pin->target << 56U;
	} else {
		real |= RTE_MASKED;
	}
	host_ioapic_write(index, real);
}

static void end_pin(unsigned int index)
{
	io.pins[index].rte &= ~RTE_REMOTE_IRR;
	update_real(index);
}

static void on_eoi(unsigned int cpu, unsigned int vector)
{
	lock();
	for (unsigned int i = 0; i < NR_PINS; i++) {
		const struct pin *pin = &io.pins[i];

		if ((pin->rte & RTE_REMOTE_IRR) != 0U && pin->vector == vector && pin->cpu == cpu) {
			end_pin(i);
		}
	}
	unlock();
}

/* End of interrupt by the IOAPIC's own register: whichever processor it went to. */
static void write_eoi(unsigned int vector)
{
	for (unsigned int i = 0; i < NR_PINS; i++) {
		if ((io.pins[i].rte & RTE_REMOTE_IRR) != 0U && io.pins[i].vector == vector) {
			end_pin(i);
		}
	}
}

void vioapic_init(unsigned int irq_vmpl)
{
	io.irq_vmpl = irq_vmpl;
	for (unsigned int i = 0; i < NR_PINS; i++) {
		io.pins[i] = (struct pin){ .rte = RTE_MASKED, .target = -1 };
		update_real(i);
	}
	vlapic_on_eoi = on_eoi;
}

static void write_rte(unsigned int index, uint64_t value)
{
	struct pin *pin = &io.pins[index];

	pin->rte = (value & RTE_WRITABLE) | (pin->rte & RTE_REMOTE_IRR);
	if ((value & RTE_LEVEL) == 0U) {
		/* also how a guest without the EOI register ends an interrupt by hand */
		pin->rte &= ~RTE_REMOTE_IRR;
	}
	pin->target =
		vlapic_find(io.irq_vmpl, (uint32_t)(value >> 56U), (value & RTE_LOGICAL) != 0U);
	update_real(index);
}

static void write_window(uint32_t value)
{
	unsigned int index = (io.select - 0x10U) / 2U;
	uint64_t rte;

	if (io.select == 0U) {
		io.id = value & 0x0f000000U;
		return;
	}
	if (io.select < 0x10U || index >= NR_PINS) {
		return;
	}
	rte = io.pins[index].rte;
	if (io.select % 2U == 0U) {
		rte = (rte & ~(uint64_t)UINT32_MAX) | value;
	} else {
		rte = (rte & UINT32_MAX) | (uint64_t)value << 32U;
	}
	write_rte(index, rte);
}

static uint32_t read_window(void)
{
	unsigned int index = (io.select - 0x10U) / 2U;

	switch (io.select) {
	case 0:
	case 2:
		return io.id;
	case 1:
		return VERSION;
	default:
		if (io.select < 0x10U || index >= NR_PINS) {
			return 0;
		}
		return (uint32_t)(io.pins[index].rte >> (io.select % 2U * 32U));
	}
}

uint32_t vioapic_mmio_read(uint32_t offset)
{
	uint32_t value = 0;

	lock();
	if (offset == REG_SELECT) {
		value = io.select;
	} else if (offset == REG_WINDOW) {
		value = read_window();
	}
	unlock();
	return value;
}

void vioapic_mmio_write(uint32_t offset, uint32_t value)
{
	lock();
	switch (offset) {
	case REG_SELECT:
		io.select = value & 0xffU;
		break;
	case REG_WINDOW:
		write_window(value);
		break;
	case REG_EOI:
		write_eoi(value & 0xffU);
		break;
	default:
		break;
	}
	unlock();
}

/* False: no pin asked for it. It fired before the guest masked or moved the pin, or once more
 * before the pin was masked; a line that still needs service fires again when it is unmasked. */
static bool level_arrived(unsigned int cpu, unsigned int vector)
{
	bool found = false;

	lock();
	for (unsigned int i = 0; i < NR_PINS; i++) {
		struct pin *pin = &io.pins[i];

		if (rte_vector(pin->rte) == vector && (pin->rte & RTE_LEVEL) != 0U &&
		    deliverable(pin) && (unsigned int)pin->target == cpu) {
			pin->rte |= RTE_REMOTE_IRR;
			pin->vector = vector;
			pin->cpu = cpu;
			update_real(i);
			found = true;
		}
	}
	unlock();
	return found;
}

void vioapic_host_interrupt(unsigned int cpu, unsigned int vector, bool level)
{
	if (!level || level_arrived(cpu, vector)) {
		vlapic_post(cpu, io.irq_vmpl, vector, level);
	}
}
