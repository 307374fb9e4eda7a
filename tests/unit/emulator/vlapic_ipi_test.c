/* SPDX-License-Identifier: Apache-2.0 */
/* Who an interrupt command reaches (24593 16.5, 16.6, 16.13, 16.14). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_host.h"
#include "vlapic.h"

#define NR_CPUS 16U
#define VECTOR 0x77U

#define LOGICAL (1U << 11U)
#define LOWEST (1U << 8U)
#define NMI (4U << 8U)
#define INIT (5U << 8U)
#define SIPI (6U << 8U)
#define SELF (1U << 18U)
#define ALL (2U << 18U)
#define OTHERS (3U << 18U)

static struct vlapic *apics[NR_CPUS];
static struct vlapic *bystanders[NR_CPUS]; /* another VMPL */

static void machine(void)
{
	fake_reset();
	fake_vcpus(NR_CPUS);
	for (unsigned int i = 0; i < NR_CPUS; i++) {
		apics[i] = vlapic_create(i, 2);
		bystanders[i] = vlapic_create(i, 0);
		vlapic_mmio_write(apics[i], 0xf0, 0x1ff);
		vlapic_mmio_write(bystanders[i], 0xf0, 0x1ff);
	}
}

static void all_x2(void)
{
	for (unsigned int i = 0; i < NR_CPUS; i++) {
		uint64_t base = vlapic_base(apics[i]);

		assert_true(vlapic_wrmsr(apics[i], 0x1b, base | 1U << 10U));
	}
}

/* Set of vCPUs that have VECTOR now; forgets it. */
static unsigned int reached(void)
{
	unsigned int set = 0;

	for (unsigned int i = 0; i < NR_CPUS; i++) {
		assert_int_equal(vlapic_pending(bystanders[i]), -1);
		if (vlapic_pending(apics[i]) == (int)VECTOR) {
			set |= 1U << i;
			vlapic_take(apics[i], VECTOR);
			assert_int_equal(vlapic_pending(apics[i]), -1);
			if ((vlapic_base(apics[i]) & (1U << 10U)) != 0U) {
				assert_true(vlapic_wrmsr(apics[i], 0x80b, 0));
			} else {
				vlapic_mmio_write(apics[i], 0xb0, 0);
			}
		}
	}
	return set;
}

static unsigned int send(unsigned int from, uint32_t low, uint32_t dest8)
{
	vlapic_mmio_write(apics[from], 0x310, dest8 << 24U);
	vlapic_mmio_write(apics[from], 0x300, low | ((low >> 8U & 7U) >= 4U ? 0U : VECTOR));
	return reached();
}

static unsigned int send_x2(unsigned int from, uint32_t low, uint32_t dest)
{
	assert_true(vlapic_wrmsr(apics[from], 0x830, (uint64_t)dest << 32U | low | VECTOR));
	return reached();
}

static void physical(void **state)
{
	(void)state;
	machine();
	assert_int_equal(send(2, 0, 5), 1U << 5U);
	assert_int_equal(send(2, 0, 2), 1U << 2U);
	assert_int_equal(send(2, 0, 200), 0);
	assert_int_equal(send(2, 0, 0xff), 0xffff);
	assert_int_equal(vlapic_mmio_read(apics[2], 0x300), VECTOR);
	assert_int_equal(vlapic_mmio_read(apics[2], 0x310), 0xff000000);
}

static void shorthands(void **state)
{
	(void)state;
	machine();
	assert_int_equal(send(3, SELF, 0), 1U << 3U);
	assert_int_equal(send(3, ALL, 0), 0xffff);
	assert_int_equal(send(3, OTHERS, 0), 0xfff7);
}

static void logical_flat(void **state)
{
	(void)state;
	machine();
	for (unsigned int i = 0; i < 8U; i++) {
		vlapic_mmio_write(apics[i], 0xd0, 1U << (24U + i));
	}
	assert_int_equal(send(0, LOGICAL, 0x82), 0x82);
	assert_int_equal(send(1, LOGICAL, 0xff), 0xffff);
	assert_int_equal(send(1, LOGICAL, 0), 0);
	assert_int_equal(send(1, LOGICAL | LOWEST, 0x14), 0x04);
}

static void logical_cluster(void **state)
{
	(void)state;
	machine();
	for (unsigned int i = 0; i < NR_CPUS; i++) {
		vlapic_mmio_write(apics[i], 0xe0, 0x0fffffff);
		vlapic_mmio_write(apics[i], 0xd0, (i / 4U) << 28U | (1U << i % 4U) << 24U);
	}
	assert_int_equal(vlapic_mmio_read(apics[0], 0xe0), 0x0fffffff);
	assert_int_equal(send(0, LOGICAL, 0x25), 0x0500);
	assert_int_equal(send(0, LOGICAL, 0x0f), 0x000f);
	assert_int_equal(send(0, LOGICAL, 0x3f), 0xf000);
	assert_int_equal(send(0, LOGICAL, 0x4f), 0);
}

static void x2_destinations(void **state)
{
	(void)state;
	machine();
	all_x2();
	assert_int_equal(send_x2(0, 0, 9), 1U << 9U);
	assert_int_equal(send_x2(0, 0, 0xff), 0);
	assert_int_equal(send_x2(0, 0, UINT32_MAX), 0xffff);
	assert_int_equal(send_x2(0, LOGICAL, 0x8421), 0x8421);
	assert_int_equal(send_x2(0, LOGICAL, 0x18421), 0);
	assert_int_equal(send_x2(0, LOGICAL, UINT32_MAX), 0xffff);
	assert_int_equal(send_x2(0, LOGICAL | LOWEST, 0xff00), 0x0100);
	assert_int_equal(send_x2(7, OTHERS, 0), 0xff7f);
	assert_true(vlapic_wrmsr(apics[4], 0x83f, VECTOR));
	assert_int_equal(reached(), 1U << 4U);
	assert_false(vlapic_wrmsr(apics[4], 0x83f, 0x100));
	assert_false(vlapic_wrmsr(apics[4], 0x830, 1U << 20U));
}

/* One vCPU has left xAPIC mode, its sender has not. */
static void mixed_modes(void **state)
{
	(void)state;
	machine();
	assert_true(vlapic_wrmsr(apics[1], 0x1b, 0xfee00c00));
	assert_int_equal(send(0, 0, 1), 1U << 1U);
	assert_int_equal(send_x2(1, 0, 0), 1U << 0U);
	assert_int_equal(send_x2(1, 0, 0xff), 0);
	assert_int_equal(send(0, LOGICAL, 0x02), 1U << 1U);
}

static void lowest_skips_disabled(void **state)
{
	(void)state;
	machine();
	vlapic_mmio_write(apics[0], 0xf0, 0xff);
	assert_int_equal(send(5, LOWEST, 0xff), 1U << 1U);
}

static void nmi(void **state)
{
	(void)state;
	machine();
	(void)send(0, NMI, 6);
	assert_true(vlapic_take_nmi(apics[6]));
	assert_false(vlapic_take_nmi(apics[5]));
	assert_false(vlapic_take_nmi(bystanders[6]));
	assert_int_equal(fake_requests(6), VCPU_REQ_IRQ);
}

static void sipi_starts_and_init_does_not(void **state)
{
	(void)state;
	machine();
	(void)send(0, INIT, 3);
	assert_int_equal(fake.sipis[3], 0);
	(void)send(0, SIPI, 3);
	assert_int_equal(fake.sipis[3], 1);
	(void)send(0, SIPI | OTHERS, 0);
	assert_int_equal(fake.sipis[0], 0);
	assert_int_equal(fake.sipis[3], 2);
	assert_int_equal(fake.sipis[15], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(physical),
		cmocka_unit_test(shorthands),
		cmocka_unit_test(logical_flat),
		cmocka_unit_test(logical_cluster),
		cmocka_unit_test(x2_destinations),
		cmocka_unit_test(mixed_modes),
		cmocka_unit_test(lowest_skips_disabled),
		cmocka_unit_test(nmi),
		cmocka_unit_test(sipi_starts_and_init_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
