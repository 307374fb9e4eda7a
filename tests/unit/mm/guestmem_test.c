/* SPDX-License-Identifier: Apache-2.0 */
#include "guestmem.h"

#include "core_fixture.h"
#include "ownmap.h"
#include "pin.h"

#define GUEST (8U * MIB + 0x40U)
#define INVALID (40U * MIB)

static const gpa_t no_ca = { UINT64_MAX & ~SVSM_PAGE_MASK };

static struct svsm_cpu *cpu(void)
{
	return svsm_cpu_at(0);
}

static enum svsm_copy read_at(uint64_t gpa, uint64_t *value)
{
	return svsm_guest_read(cpu(), no_ca, value, gpa_make(gpa), sizeof(*value));
}

static enum svsm_copy write_at(uint64_t gpa, uint64_t value)
{
	return svsm_guest_write(cpu(), no_ca, gpa_make(gpa), &value, sizeof(value));
}

static void test_copies(void **state)
{
	uint64_t value = 0;

	(void)state;
	assert_int_equal(write_at(GUEST, 0x1122334455667788U), SVSM_COPY_OK);
	assert_int_equal(read_at(GUEST, &value), SVSM_COPY_OK);
	assert_int_equal(value, 0x1122334455667788U);
	assert_false(svsm_pinned(cpu()));
}

/* architecture 4: only pages that are the guest's are touched; every way out unpins. */
static void test_states(void **state)
{
	const struct svsm_boot_info *info = hm_boot_info(core_machine);
	uint64_t value = 0;
	enum svsm_page_state seen;

	(void)state;
	assert_int_equal(read_at(INVALID, &value), SVSM_COPY_ADDRESS);
	assert_int_equal(write_at(INVALID, 1), SVSM_COPY_ADDRESS);
	assert_int_equal(read_at(info->svsm.end - 8U, &value), SVSM_COPY_ADDRESS);
	assert_int_equal(write_at(info->startup_vmsa.raw, 1), SVSM_COPY_ADDRESS);
	assert_int_equal(read_at(info->startup_ca.raw, &value), SVSM_COPY_ADDRESS);
	assert_int_equal(read_at(64U * MIB, &value), SVSM_COPY_ADDRESS);
	assert_int_equal(
		svsm_map_claim_run(cpu(), gpa_page(gpa_make(GUEST)), 1, SVSM_PAGE_VALID, &seen), 1);
	assert_int_equal(read_at(GUEST, &value), SVSM_COPY_BUSY);
	assert_int_equal(write_at(GUEST, 1), SVSM_COPY_BUSY);
	svsm_map_release_run(gpa_page(gpa_make(GUEST)), 1, SVSM_PAGE_VALID);
	assert_int_equal(read_at(GUEST, &value), SVSM_COPY_OK);
	assert_false(svsm_pinned(cpu()));
}

/* architecture 5: a page that the host took gives a recovered fault. */
static void test_faults(void **state)
{
	uint64_t value = 0;

	(void)state;
	assert_true(hm_steal(core_machine, GUEST & ~SVSM_PAGE_MASK, false));
	assert_int_equal(read_at(GUEST, &value), SVSM_COPY_ADDRESS);
	assert_false(svsm_pinned(cpu()));
	assert_int_equal(write_at(GUEST, 1), SVSM_COPY_ADDRESS);
	assert_false(svsm_pinned(cpu()));
}

/* The own calling area is private by record: no look at the map, no pin. */
static void test_calling_area(void **state)
{
	const gpa_t ca = hm_boot_info(core_machine)->startup_ca;
	uint64_t value = 0x55;

	(void)state;
	assert_int_equal(svsm_guest_write(cpu(), ca, gpa_add(ca, 8), &value, sizeof(value)),
			 SVSM_COPY_OK);
	value = 0;
	assert_int_equal(svsm_guest_read(cpu(), ca, &value, gpa_add(ca, 8), sizeof(value)),
			 SVSM_COPY_OK);
	assert_int_equal(value, 0x55);
	hm_inject(core_machine, 0, HM_INJECT_GUEST_READ, 1, 0);
	assert_int_equal(svsm_guest_read(cpu(), ca, &value, ca, sizeof(value)), SVSM_COPY_ADDRESS);
	hm_inject(core_machine, 0, HM_INJECT_GUEST_WRITE, 1, 0);
	assert_int_equal(svsm_guest_write(cpu(), ca, ca, &value, 1), SVSM_COPY_ADDRESS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		core_test(test_copies),
		core_test(test_states),
		core_test(test_faults),
		core_test(test_calling_area),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
