/* SPDX-License-Identifier: Apache-2.0 */
/* IOAPIC (82093AA): the guest's registers, the real pins behind them, level interrupts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_host.h"
#include "vlapic.h"

#define NR_CPUS 4U
#define VMPL 2U

#define LOGICAL 0x800U
#define LEVEL 0x8000U
#define LOW_ACTIVE 0x2000U
#define REMOTE_IRR 0x4000U
#define MASKED 0x10000U

static struct vlapic *apics[NR_CPUS];

static void machine(void)
{
	fake_reset();
	fake_vcpus(NR_CPUS);
	for (unsigned int i = 0; i < NR_CPUS; i++) {
		apics[i] = vlapic_create(i, VMPL);
		vlapic_mmio_write(apics[i], 0xf0, 0x1ff);
		vlapic_mmio_write(apics[i], 0xd0, 1U << (24U + i));
	}
	vioapic_init(VMPL);
}

static uint32_t get(uint32_t reg)
{
	vioapic_mmio_write(0, reg);
	return vioapic_mmio_read(0x10);
}

static void set(uint32_t reg, uint32_t value)
{
	vioapic_mmio_write(0, reg);
	vioapic_mmio_write(0x10, value);
}

static void set_pin(unsigned int pin, uint32_t low, uint32_t dest)
{
	set(0x10U + 2U * pin, MASKED);
	set(0x11U + 2U * pin, dest << 24U);
	set(0x10U + 2U * pin, low);
}

static void end(unsigned int cpu, unsigned int vector)
{
	assert_int_equal(vlapic_pending(apics[cpu]), vector);
	vlapic_take(apics[cpu], vector);
	vlapic_mmio_write(apics[cpu], 0xb0, 0);
}

static void registers(void **state)
{
	(void)state;
	machine();
	assert_int_equal(get(1), 0x00170020);
	set(0, 0xffffffff);
	assert_int_equal(get(0), 0x0f000000);
	assert_int_equal(vioapic_mmio_read(0), 0);
	for (unsigned int pin = 0; pin < 24U; pin++) {
		assert_int_equal(get(0x10U + 2U * pin), MASKED);
		assert_int_equal(get(0x11U + 2U * pin), 0);
		assert_true((fake.ioapic[pin] & MASKED) != 0U);
	}
	set(0x40, 0); /* pin 24 */
	set(0x03, 1);
	assert_int_equal(get(0x40), 0);
	assert_int_equal(get(0x03), 0);
	assert_int_equal(vioapic_mmio_read(0x20), 0);
	set(0x10, 0xffffffff);
	assert_int_equal(get(0x10), 0x0001afff);
}

static void edge_pin(void **state)
{
	(void)state;
	machine();
	set_pin(4, 0x31, 2);
	assert_true(fake.ioapic[4] == (UINT64_C(2) << 56U | 0x31U));
	vioapic_host_interrupt(2, 0x31, false);
	assert_int_equal(get(0x18), 0x31);
	end(2, 0x31);
	assert_true(fake.ioapic[4] == (UINT64_C(2) << 56U | 0x31U));
	set(0x18, 0x31 | MASKED);
	assert_true((fake.ioapic[4] & MASKED) != 0U);
}

static void logical_destination_is_one_processor(void **state)
{
	(void)state;
	machine();
	set_pin(4, 0x31 | LOGICAL | 0x100U, 0x0c);
	assert_true(fake.ioapic[4] == (UINT64_C(2) << 56U | 0x31U));
	set_pin(4, 0x31 | LOGICAL, 0x40);
	assert_true((fake.ioapic[4] & MASKED) != 0U);
}

static void level_pin_until_eoi(void **state)
{
	uint64_t open = UINT64_C(1) << 56U | LEVEL | LOW_ACTIVE | 0x45U;

	(void)state;
	machine();
	set_pin(16, 0x45 | LEVEL | LOW_ACTIVE, 1);
	assert_true(fake.ioapic[16] == open);
	vioapic_host_interrupt(1, 0x45, true);
	assert_true((fake.ioapic[16] & MASKED) != 0U);
	assert_int_equal(get(0x30), 0x45 | LEVEL | LOW_ACTIVE | REMOTE_IRR);
	vioapic_host_interrupt(1, 0x45, true); /* latched before the mask */
	end(1, 0x45);
	assert_true(fake.ioapic[16] == open);
	assert_int_equal(get(0x30), 0x45 | LEVEL | LOW_ACTIVE);
	assert_int_equal(vlapic_pending(apics[1]), -1);
}

static void edge_eoi_of_another_processor_does_not_end(void **state)
{
	(void)state;
	machine();
	set_pin(16, 0x45 | LEVEL, 1);
	vioapic_host_interrupt(1, 0x45, true);
	vlapic_post(2, VMPL, 0x45, true);
	end(2, 0x45);
	assert_int_equal(get(0x30) & REMOTE_IRR, REMOTE_IRR);
	assert_true((fake.ioapic[16] & MASKED) != 0U);
	end(1, 0x45);
	assert_int_equal(get(0x30) & REMOTE_IRR, 0);
}

/* A guest moves a pin while its interrupt is in service: the old processor still ends it. */
static void moved_while_in_service(void **state)
{
	(void)state;
	machine();
	set_pin(16, 0x45 | LEVEL, 1);
	vioapic_host_interrupt(1, 0x45, true);
	set(0x31, 3U << 24U);
	set(0x30, 0x55 | LEVEL);
	assert_true((fake.ioapic[16] & MASKED) != 0U);
	end(1, 0x45);
	assert_true(fake.ioapic[16] == (UINT64_C(3) << 56U | LEVEL | 0x55U));
}

static void masked_by_the_guest_stays_masked(void **state)
{
	(void)state;
	machine();
	set_pin(16, 0x45 | LEVEL, 1);
	vioapic_host_interrupt(1, 0x45, true);
	set(0x30, 0x45 | LEVEL | MASKED);
	end(1, 0x45);
	assert_true((fake.ioapic[16] & MASKED) != 0U);
	vioapic_host_interrupt(1, 0x45, true);
	assert_int_equal(vlapic_pending(apics[1]), -1);
	set(0x30, 0x45 | LEVEL);
	assert_true((fake.ioapic[16] & MASKED) == 0U);
}

static void other_ways_to_end(void **state)
{
	(void)state;
	machine();
	set_pin(16, 0x45 | LEVEL, 1);
	vioapic_host_interrupt(1, 0x45, true);
	vioapic_mmio_write(0x40, 0x44);
	assert_int_equal(get(0x30) & REMOTE_IRR, REMOTE_IRR);
	vioapic_mmio_write(0x40, 0x45);
	assert_int_equal(get(0x30) & REMOTE_IRR, 0);
	end(1, 0x45);
	vioapic_host_interrupt(1, 0x45, true);
	set(0x30, 0x45 | MASKED);
	set(0x30, 0x45 | LEVEL);
	assert_int_equal(get(0x30), 0x45 | LEVEL);
}

static void not_passed_on(void **state)
{
	(void)state;
	machine();
	set_pin(0, 0x700, 0); /* ExtINT */
	assert_true((fake.ioapic[0] & MASKED) != 0U);
	set_pin(0, 0x431, 0); /* NMI */
	assert_true((fake.ioapic[0] & MASKED) != 0U);
	set_pin(0, 0x1f, 0);
	assert_true((fake.ioapic[0] & MASKED) != 0U);
	set_pin(0, 0x31, 9); /* no such processor */
	assert_true((fake.ioapic[0] & MASKED) != 0U);
}

static void msi(void **state)
{
	(void)state;
	machine();
	vioapic_host_interrupt(3, 0x62, false);
	assert_int_equal(fake_requests(3), VCPU_REQ_IRQ);
	end(3, 0x62);
	vioapic_host_interrupt(3, 0x62, true); /* level, and no pin asked for it */
	assert_int_equal(vlapic_pending(apics[3]), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registers),
		cmocka_unit_test(edge_pin),
		cmocka_unit_test(logical_destination_is_one_processor),
		cmocka_unit_test(level_pin_until_eoi),
		cmocka_unit_test(edge_eoi_of_another_processor_does_not_end),
		cmocka_unit_test(moved_while_in_service),
		cmocka_unit_test(masked_by_the_guest_stays_masked),
		cmocka_unit_test(other_ways_to_end),
		cmocka_unit_test(not_passed_on),
		cmocka_unit_test(msi),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
