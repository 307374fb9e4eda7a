/* SPDX-License-Identifier: Apache-2.0 */
/* Timer of the local APIC: one-shot, periodic, TSC deadline (24593 16.4.1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_host.h"
#include "vlapic.h"

#define VECTOR 0xecU
#define MASKED 0x10000U
#define PERIODIC 0x20000U
#define DEADLINE 0x40000U

static struct vlapic *machine(uint32_t lvt)
{
	struct vlapic *apic;

	fake_reset();
	fake_vcpus(1);
	fake.tsc = 1000;
	apic = vlapic_create(0, 0);
	vlapic_mmio_write(apic, 0xf0, 0x1ff);
	vlapic_mmio_write(apic, 0x3e0, 0xb); /* divide by 1 */
	vlapic_mmio_write(apic, 0x320, lvt | VECTOR);
	return apic;
}

static uint64_t at(struct vlapic *apic, uint64_t tsc)
{
	fake.tsc = tsc;
	return vlapic_timer(apic, tsc);
}

static void accept(struct vlapic *apic)
{
	assert_int_equal(vlapic_pending(apic), VECTOR);
	vlapic_take(apic, VECTOR);
	vlapic_mmio_write(apic, 0xb0, 0);
}

static void one_shot(void **state)
{
	struct vlapic *apic = machine(0);

	(void)state;
	assert_true(at(apic, 1000) == UINT64_MAX);
	vlapic_mmio_write(apic, 0x380, 5000);
	assert_int_equal(at(apic, 1000), 6000);
	assert_int_equal(vlapic_mmio_read(apic, 0x390), 5000);
	fake.tsc = 4000;
	assert_int_equal(vlapic_mmio_read(apic, 0x390), 2000);
	assert_int_equal(at(apic, 5999), 6000);
	assert_int_equal(vlapic_pending(apic), -1);
	assert_true(at(apic, 6000) == UINT64_MAX);
	accept(apic);
	assert_int_equal(vlapic_mmio_read(apic, 0x390), 0);
	assert_int_equal(vlapic_mmio_read(apic, 0x380), 5000);
	assert_true(at(apic, 20000) == UINT64_MAX);
	assert_int_equal(vlapic_pending(apic), -1);
}

static void dividers(void **state)
{
	static const struct {
		uint32_t reg;
		unsigned int divide;
	} rows[] = { { 0, 2 },	{ 1, 4 },  { 2, 8 },	 { 3, 16 },
		     { 8, 32 }, { 9, 64 }, { 0xa, 128 }, { 0xb, 1 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct vlapic *apic = machine(0);

		vlapic_mmio_write(apic, 0x3e0, rows[i].reg);
		vlapic_mmio_write(apic, 0x380, 1000);
		assert_int_equal(at(apic, 1000), 1000U + 1000U * rows[i].divide);
	}
}

static void other_frequencies(void **state)
{
	struct vlapic *apic = machine(0);

	(void)state;
	fake.tsc_hz = UINT64_C(3500000000);
	vlapic_mmio_write(apic, 0x3e0, 0xa);
	vlapic_mmio_write(apic, 0x380, UINT32_MAX);
	assert_int_equal(at(apic, 1000), 1000U + UINT64_C(0xffffffff) * 128U * 7U / 2U);
}

static void periodic(void **state)
{
	struct vlapic *apic = machine(PERIODIC);

	(void)state;
	vlapic_mmio_write(apic, 0x380, 50000);
	assert_int_equal(at(apic, 51000), 101000);
	accept(apic);
	/* late by several periods: one interrupt, phase kept */
	assert_int_equal(at(apic, 300000), 301000);
	accept(apic);
	assert_int_equal(vlapic_pending(apic), -1);
	vlapic_mmio_write(apic, 0x380, 0);
	assert_true(at(apic, 900000) == UINT64_MAX);
	assert_int_equal(vlapic_pending(apic), -1);
}

static void shortest_period(void **state)
{
	struct vlapic *apic = machine(PERIODIC);

	(void)state;
	vlapic_mmio_write(apic, 0x380, 1);
	assert_int_equal(at(apic, 1000), 21000);
}

static void tsc_deadline(void **state)
{
	struct vlapic *apic = machine(DEADLINE);
	uint64_t value = 1;

	(void)state;
	assert_true(vlapic_wrmsr(apic, 0x6e0, 7000));
	assert_int_equal(at(apic, 2000), 7000);
	assert_true(vlapic_rdmsr(apic, 0x6e0, &value));
	assert_int_equal(value, 7000);
	vlapic_mmio_write(apic, 0x380, 5); /* ignored in this mode */
	assert_int_equal(at(apic, 2500), 7000);
	assert_int_equal(vlapic_mmio_read(apic, 0x390), 0);
	assert_true(at(apic, 7001) == UINT64_MAX);
	accept(apic);
	assert_true(vlapic_rdmsr(apic, 0x6e0, &value));
	assert_int_equal(value, 0);
	assert_true(vlapic_wrmsr(apic, 0x6e0, 9000));
	assert_true(vlapic_wrmsr(apic, 0x6e0, 0));
	assert_true(at(apic, 10000) == UINT64_MAX);
	/* in the past: at once */
	assert_true(vlapic_wrmsr(apic, 0x6e0, 5));
	assert_true(at(apic, 10000) == UINT64_MAX);
	accept(apic);
}

static void deadline_needs_its_mode(void **state)
{
	struct vlapic *apic = machine(0);
	uint64_t value = 1;

	(void)state;
	assert_true(vlapic_wrmsr(apic, 0x6e0, 7000));
	assert_true(at(apic, 8000) == UINT64_MAX);
	assert_true(vlapic_rdmsr(apic, 0x6e0, &value));
	assert_int_equal(value, 0);
}

static void mode_change_disarms(void **state)
{
	struct vlapic *apic = machine(0);

	(void)state;
	vlapic_mmio_write(apic, 0x380, 5000);
	vlapic_mmio_write(apic, 0x320, DEADLINE | VECTOR);
	assert_true(at(apic, 7000) == UINT64_MAX);
	assert_int_equal(vlapic_pending(apic), -1);
	assert_true(vlapic_wrmsr(apic, 0x6e0, 9000));
	vlapic_mmio_write(apic, 0x320, VECTOR);
	assert_true(at(apic, 10000) == UINT64_MAX);
	assert_int_equal(vlapic_pending(apic), -1);
}

static void masked(void **state)
{
	struct vlapic *apic = machine(MASKED);

	(void)state;
	vlapic_mmio_write(apic, 0x380, 5000);
	assert_true(at(apic, 2000) == UINT64_MAX); /* nobody needs to wake up for it */
	fake.tsc = 7000;
	vlapic_mmio_write(apic, 0x320, VECTOR);
	assert_true(at(apic, 7000) == UINT64_MAX);
	assert_int_equal(vlapic_pending(apic), -1);
	vlapic_mmio_write(apic, 0x320, MASKED | VECTOR);
	vlapic_mmio_write(apic, 0x380, 5000);
	vlapic_mmio_write(apic, 0x320, VECTOR);
	assert_int_equal(at(apic, 8000), 12000);
}

static void bad_vector_is_an_error(void **state)
{
	struct vlapic *apic = machine(0);

	(void)state;
	vlapic_mmio_write(apic, 0x320, 3);
	vlapic_mmio_write(apic, 0x380, 10);
	(void)at(apic, 2000);
	vlapic_mmio_write(apic, 0x280, 0);
	assert_int_equal(vlapic_mmio_read(apic, 0x280), 1U << 6U);
	assert_int_equal(vlapic_pending(apic), -1);
}

static void new_divider_keeps_the_count(void **state)
{
	struct vlapic *apic = machine(0);

	(void)state;
	vlapic_mmio_write(apic, 0x380, 5000);
	fake.tsc = 2000;
	vlapic_mmio_write(apic, 0x3e0, 0);
	assert_int_equal(at(apic, 2000), 2000U + 4000U * 2U);
	assert_int_equal(vlapic_mmio_read(apic, 0x390), 4000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_shot),
		cmocka_unit_test(dividers),
		cmocka_unit_test(other_frequencies),
		cmocka_unit_test(periodic),
		cmocka_unit_test(shortest_period),
		cmocka_unit_test(tsc_deadline),
		cmocka_unit_test(deadline_needs_its_mode),
		cmocka_unit_test(mode_change_disarms),
		cmocka_unit_test(masked),
		cmocka_unit_test(bad_vector_is_an_error),
		cmocka_unit_test(new_divider_keeps_the_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
