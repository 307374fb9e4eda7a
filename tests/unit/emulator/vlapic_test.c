/* SPDX-License-Identifier: Apache-2.0 */
/* Registers, priorities and modes of the local APIC (24593 16.3 to 16.9). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_host.h"
#include "vlapic.h"

#define BASE_XAPIC UINT64_C(0xfee00900)
#define BASE_X2APIC UINT64_C(0xfee00d00)

static unsigned int eoi_cpu;
static unsigned int eoi_vector;
static unsigned int eois;

static void on_eoi(unsigned int cpu, unsigned int vector)
{
	eoi_cpu = cpu;
	eoi_vector = vector;
	eois++;
}

static struct vlapic *enabled_apic(void)
{
	struct vlapic *apic;

	fake_reset();
	fake_vcpus(1);
	eois = 0;
	vlapic_on_eoi = on_eoi;
	apic = vlapic_create(0, 1);
	vlapic_mmio_write(apic, 0xf0, 0x1ff);
	return apic;
}

static void switch_to_x2(struct vlapic *apic)
{
	assert_true(vlapic_wrmsr(apic, 0x1b, BASE_X2APIC));
}

static uint64_t read_x2(struct vlapic *apic, uint32_t msr)
{
	uint64_t value = 0;

	assert_true(vlapic_rdmsr(apic, msr, &value));
	return value;
}

static void reset_state(void **state)
{
	struct vlapic *apic;

	(void)state;
	fake_reset();
	apic = vlapic_create(3, 0);
	assert_int_equal(vlapic_base(apic), 0xfee00800);
	assert_int_equal(vlapic_mmio_read(apic, 0x20), 0x03000000);
	assert_int_equal(vlapic_mmio_read(apic, 0x30), 0x00050014);
	assert_int_equal(vlapic_mmio_read(apic, 0xd0), 0);
	assert_int_equal(vlapic_mmio_read(apic, 0xe0), 0xffffffff);
	assert_int_equal(vlapic_mmio_read(apic, 0xf0), 0xff);
	for (uint32_t lvt = 0x320; lvt <= 0x370; lvt += 0x10) {
		assert_int_equal(vlapic_mmio_read(apic, lvt), 0x10000);
	}
	assert_int_equal(vlapic_base(vlapic_create(0, 0)), BASE_XAPIC);
	assert_null(vlapic_create(EMU_MAX_CPUS, 0));
	assert_null(vlapic_create(0, EMU_NR_VMPLS));
}

static void highest_priority_first(void **state)
{
	struct vlapic *apic = enabled_apic();

	(void)state;
	assert_int_equal(vlapic_pending(apic), -1);
	vlapic_post(0, 1, 0x31, false);
	vlapic_post(0, 1, 0xe5, false);
	vlapic_post(0, 1, 0x62, false);
	assert_int_equal(fake_requests(0), VCPU_REQ_IRQ);
	assert_int_equal(vlapic_pending(apic), 0xe5);
	vlapic_take(apic, 0xe5);
	assert_int_equal(vlapic_mmio_read(apic, 0xa0), 0xe0);
	assert_int_equal(vlapic_mmio_read(apic, 0x170), 1U << 5);
	assert_int_equal(vlapic_pending(apic), -1);
	vlapic_mmio_write(apic, 0xb0, 0);
	assert_int_equal(vlapic_pending(apic), 0x62);
	assert_int_equal(eois, 0);
}

static void same_class_waits(void **state)
{
	struct vlapic *apic = enabled_apic();

	(void)state;
	vlapic_post(0, 1, 0x51, false);
	vlapic_take(apic, (unsigned int)vlapic_pending(apic));
	vlapic_post(0, 1, 0x5f, false);
	assert_int_equal(vlapic_pending(apic), -1);
	vlapic_post(0, 1, 0x60, false);
	assert_int_equal(vlapic_pending(apic), 0x60);
}

static void eoi_ends_the_highest(void **state)
{
	struct vlapic *apic = enabled_apic();

	(void)state;
	vlapic_post(0, 1, 0x41, true);
	vlapic_take(apic, (unsigned int)vlapic_pending(apic));
	vlapic_post(0, 1, 0x81, false);
	vlapic_take(apic, (unsigned int)vlapic_pending(apic));
	assert_int_equal(vlapic_mmio_read(apic, 0x1a0), 1U << 1);
	vlapic_mmio_write(apic, 0xb0, 0);
	assert_int_equal(eois, 0);
	vlapic_mmio_write(apic, 0xb0, 0);
	assert_int_equal(eois, 1);
	assert_int_equal(eoi_vector, 0x41);
	assert_int_equal(eoi_cpu, 0);
	vlapic_mmio_write(apic, 0xb0, 0);
	assert_int_equal(eois, 1);
}

static void trigger_mode_follows_the_last(void **state)
{
	struct vlapic *apic = enabled_apic();

	(void)state;
	vlapic_post(0, 1, 0x41, true);
	assert_int_equal(vlapic_pending(apic), 0x41);
	vlapic_post(0, 1, 0x41, false);
	vlapic_take(apic, (unsigned int)vlapic_pending(apic));
	vlapic_mmio_write(apic, 0xb0, 0);
	assert_int_equal(eois, 0);
}

static void task_priority(void **state)
{
	struct vlapic *apic = enabled_apic();

	(void)state;
	vlapic_post(0, 1, 0x45, false);
	vlapic_set_tpr(apic, 4);
	assert_int_equal(vlapic_tpr(apic), 4);
	assert_int_equal(vlapic_mmio_read(apic, 0x80), 0x40);
	assert_int_equal(vlapic_pending(apic), -1);
	vlapic_mmio_write(apic, 0x80, 0x3f);
	assert_int_equal(vlapic_mmio_read(apic, 0xa0), 0x3f);
	assert_int_equal(vlapic_pending(apic), 0x45);
}

static void disabled_takes_nothing(void **state)
{
	struct vlapic *apic = enabled_apic();

	(void)state;
	vlapic_mmio_write(apic, 0xf0, 0xff);
	vlapic_post(0, 1, 0x45, false);
	assert_int_equal(vlapic_pending(apic), -1);
	vlapic_mmio_write(apic, 0xf0, 0x1ff);
	assert_int_equal(vlapic_pending(apic), -1);
	vlapic_post(0, 1, 0x45, false);
	assert_int_equal(vlapic_pending(apic), 0x45);
	vlapic_post_nmi(0, 1);
	vlapic_mmio_write(apic, 0xf0, 0xff);
	assert_true(vlapic_take_nmi(apic));
	assert_false(vlapic_take_nmi(apic));
}

static void software_disable_masks_lvt(void **state)
{
	struct vlapic *apic = enabled_apic();

	(void)state;
	vlapic_mmio_write(apic, 0x350, 0x700);
	assert_int_equal(vlapic_mmio_read(apic, 0x350), 0x700);
	vlapic_mmio_write(apic, 0xf0, 0xff);
	assert_int_equal(vlapic_mmio_read(apic, 0x350), 0x10700);
	vlapic_mmio_write(apic, 0x350, 0x700);
	assert_int_equal(vlapic_mmio_read(apic, 0x350), 0x10700);
}

static void bad_posts_are_ignored(void **state)
{
	struct vlapic *apic = enabled_apic();

	(void)state;
	vlapic_post(0, 1, 15, false);
	vlapic_post(0, 1, 256, false);
	vlapic_post(EMU_MAX_CPUS, 1, 0x40, false);
	vlapic_post(0, 2, 0x40, false);
	vlapic_post_nmi(1, 1);
	assert_int_equal(vlapic_pending(apic), -1);
	assert_int_equal(fake_requests(0), 0);
}

static void mode_transitions(void **state)
{
	struct vlapic *apic = enabled_apic();

	(void)state;
	assert_false(vlapic_wrmsr(apic, 0x1b, 0xfee00500)); /* x2APIC without enable */
	switch_to_x2(apic);
	assert_int_equal(vlapic_base(apic), BASE_X2APIC);
	assert_false(vlapic_wrmsr(apic, 0x1b, BASE_XAPIC));
	assert_int_equal(vlapic_mmio_read(apic, 0x30), 0);
	assert_true(vlapic_wrmsr(apic, 0x1b, 0xfee00100));
	assert_false(vlapic_wrmsr(apic, 0x1b, BASE_X2APIC));
	assert_true(vlapic_wrmsr(apic, 0x1b, BASE_XAPIC));
	assert_int_equal(vlapic_mmio_read(apic, 0xf0), 0xff);
	assert_false(vlapic_wrmsr(apic, 0x1b, BASE_XAPIC | 1U));
	assert_false(vlapic_wrmsr(apic, 0x1b, BASE_XAPIC | UINT64_C(1) << 39U));
}

/* A level interrupt that a reset forgets would leave its pin masked. */
static void disabling_ends_level_interrupts(void **state)
{
	struct vlapic *apic = enabled_apic();

	(void)state;
	vlapic_post(0, 1, 0x55, true);
	assert_true(vlapic_wrmsr(apic, 0x1b, 0xfee00100));
	assert_int_equal(eois, 1);
	assert_int_equal(eoi_vector, 0x55);
	assert_int_equal(vlapic_pending(apic), -1);
}

static void x2_registers(void **state)
{
	struct vlapic *apic = enabled_apic();
	uint64_t value = 0;

	(void)state;
	assert_false(vlapic_rdmsr(apic, 0x802, &value));
	assert_false(vlapic_wrmsr(apic, 0x80b, 0));
	switch_to_x2(apic);
	assert_int_equal(read_x2(apic, 0x802), 0);
	assert_int_equal(read_x2(apic, 0x80d), 1);
	assert_int_equal(read_x2(apic, 0x80f), 0x1ff);
	assert_int_equal(read_x2(apic, 0x1b), BASE_X2APIC);
	assert_false(vlapic_rdmsr(apic, 0x80e, &value));
	assert_false(vlapic_rdmsr(apic, 0x80b, &value));
	assert_false(vlapic_rdmsr(apic, 0x831, &value));
	assert_false(vlapic_rdmsr(apic, 0x83f, &value));
	assert_false(vlapic_rdmsr(apic, 0x840, &value));
	assert_false(vlapic_wrmsr(apic, 0x802, 0));
	assert_false(vlapic_wrmsr(apic, 0x80d, 0));
	assert_false(vlapic_wrmsr(apic, 0x80b, 1));
	assert_false(vlapic_wrmsr(apic, 0x828, 1));
	assert_false(vlapic_wrmsr(apic, 0x808, 0x100));
	assert_false(vlapic_wrmsr(apic, 0x832, UINT64_C(1) << 32U));
	assert_false(vlapic_wrmsr(apic, 0x839, 0));
	assert_true(vlapic_wrmsr(apic, 0x808, 0x20));
	assert_int_equal(vlapic_tpr(apic), 2);
}

static void x2_logical_id_of_higher_cpus(void **state)
{
	struct vlapic *apic;

	(void)state;
	fake_reset();
	apic = vlapic_create(13, 0);
	assert_true(vlapic_wrmsr(apic, 0x1b, 0xfee00c00));
	assert_int_equal(read_x2(apic, 0x80d), 1U << 13U);
	assert_int_equal(read_x2(apic, 0x802), 13);
}

static void errors(void **state)
{
	struct vlapic *apic = enabled_apic();

	(void)state;
	vlapic_mmio_write(apic, 0x370, 0xfe);
	vlapic_mmio_write(apic, 0x300, 0x05); /* fixed, vector 5 */
	assert_int_equal(vlapic_pending(apic), 0xfe);
	assert_int_equal(vlapic_mmio_read(apic, 0x280), 0);
	vlapic_mmio_write(apic, 0x280, 0);
	assert_int_equal(vlapic_mmio_read(apic, 0x280), 1U << 5U);
	vlapic_mmio_write(apic, 0x280, 0);
	assert_int_equal(vlapic_mmio_read(apic, 0x280), 0);
	(void)vlapic_mmio_read(apic, 0x40);
	vlapic_mmio_write(apic, 0x280, 0);
	assert_int_equal(vlapic_mmio_read(apic, 0x280), 1U << 7U);
}

static void irr_is_readable(void **state)
{
	struct vlapic *apic = enabled_apic();

	(void)state;
	vlapic_post(0, 1, 0x10, false);
	vlapic_post(0, 1, 0xff, false);
	assert_int_equal(vlapic_mmio_read(apic, 0x200), 1U << 16U);
	assert_int_equal(vlapic_mmio_read(apic, 0x270), 1U << 31U);
	assert_int_equal(vlapic_pending(apic), 0xff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reset_state),
		cmocka_unit_test(highest_priority_first),
		cmocka_unit_test(same_class_waits),
		cmocka_unit_test(eoi_ends_the_highest),
		cmocka_unit_test(trigger_mode_follows_the_last),
		cmocka_unit_test(task_priority),
		cmocka_unit_test(disabled_takes_nothing),
		cmocka_unit_test(software_disable_masks_lvt),
		cmocka_unit_test(bad_posts_are_ignored),
		cmocka_unit_test(mode_transitions),
		cmocka_unit_test(disabling_ends_level_interrupts),
		cmocka_unit_test(x2_registers),
		cmocka_unit_test(x2_logical_id_of_higher_cpus),
		cmocka_unit_test(errors),
		cmocka_unit_test(irr_is_readable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
