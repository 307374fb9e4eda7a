/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_svsm.h"

#define ROM (4096U * MIB - 4U * MIB)

static uint64_t word_of(struct hm_machine *m, uint64_t gpa)
{
	return snpm_word(hm_rmp(m), gpa >> SVSM_PAGE_SHIFT, NULL);
}

static uint64_t perms_of(struct hm_machine *m, uint64_t gpa, unsigned int vmpl)
{
	return (word_of(m, gpa) >> SNPM_PERM_SHIFT(vmpl)) & SNPM_PERM_BITS;
}

/* 58019 section 3: the SVSM's own range is private; rmp-semantics 10.8: launch pages are validated.
 */
static void test_default_layout(void **state)
{
	struct hm_config config = fake_config();
	struct hm_machine *m;
	const struct svsm_boot_info *info = &fake_boot_info;

	(void)state;
	config.rom[0] = (struct hm_range){ ROM, ROM + 4U * MIB };
	config.nr_rom = 1;
	m = fake_machine(&config);
	assert_int_equal(info->nr_ram, 2);
	assert_int_equal(info->ram[1].start, ROM);
	assert_int_equal(info->ram_top, FAKE_RAM);
	assert_int_equal(info->svsm.end, FAKE_RAM);
	assert_int_equal(info->svsm.start % SVSM_REGION_SIZE, 0);
	assert_int_equal(info->startup_ca.raw, info->svsm.start - SVSM_PAGE_SIZE);
	assert_true(info->arena.end - info->arena.start >= svsm_boot_bytes(UINT64_C(1) << 32, 4));
	assert_int_equal(info->nr_valid, 3);
	assert_int_equal(info->guest_vmpl, 2);
	assert_int_equal(info->apic_ids[3], 3);
	for (uint64_t gpa = info->svsm.start; gpa < info->svsm.end; gpa += SVSM_PAGE_SIZE) {
		bool vmsa = gpa == info->startup_vmsa.raw;

		assert_true((word_of(m, gpa) & SNPM_VALIDATED) != 0U);
		assert_int_equal((word_of(m, gpa) & SNPM_VMSA) != 0U, vmsa);
		assert_int_equal(perms_of(m, gpa, 2), vmsa ? SVSM_PERM_READ : 0);
		assert_int_equal(perms_of(m, gpa, 3), 0);
	}
	assert_int_equal(perms_of(m, ROM, 1), SVSM_PERM_RWX);
	assert_int_equal(perms_of(m, ROM, 2), SVSM_PERM_RWX);
	assert_int_equal(perms_of(m, info->startup_ca.raw, 2), SVSM_PERM_RWX);
	assert_int_equal(word_of(m, FAKE_VALID) & (SNPM_ASSIGNED | SNPM_VALIDATED), SNPM_ASSIGNED);
	assert_int_equal(word_of(m, hm_spare_spn(m) << SVSM_PAGE_SHIFT), 0);
	hm_destroy(m);
}

static void test_page_sizes(void **state)
{
	struct hm_config config = fake_config();
	unsigned int size;

	(void)state;
	for (unsigned int small = 0; small < 2U; small++) {
		struct hm_machine *m;

		config.rmp_4k = small != 0U;
		m = fake_machine(&config);
		(void)snpm_word(hm_rmp(m), 0, &size);
		assert_int_equal(size, small != 0U ? 0 : 1);
		hm_destroy(m);
	}
}

/* Valid ranges that touch the SVSM's are cut, so that they are inside ram and never the SVSM's own
 * pages. */
static void test_valid_is_cut(void **state)
{
	struct hm_config config = fake_config();
	struct hm_machine *m;

	(void)state;
	config.valid[0].end = FAKE_RAM;
	config.svsm = (struct hm_range){ 8U * MIB, 16U * MIB };
	config.startup_ca = 0x5000;
	m = fake_machine(&config);
	assert_int_equal(fake_boot_info.nr_valid, 2);
	assert_int_equal(fake_boot_info.valid[0].end, 8U * MIB);
	assert_int_equal(fake_boot_info.valid[1].start, 16U * MIB);
	assert_int_equal(perms_of(m, 8U * MIB, 2), 0);
	hm_destroy(m);
}

static void test_refused(void **state)
{
	struct hm_config config = fake_config();

	(void)state;
	config.ram[0].end += 1U;
	assert_null(hm_create(&config));
	config = fake_config();
	config.ram[1] = (struct hm_range){ FAKE_RAM - SVSM_PAGE_SIZE, 2U * FAKE_RAM };
	config.nr_ram = 2;
	assert_null(hm_create(&config));
	config = fake_config();
	config.guest_vmpl = 4;
	assert_null(hm_create(&config));
	config = fake_config();
	config.nr_vcpus = HM_MAX_VCPUS + 1U;
	assert_null(hm_create(&config));
	config = fake_config();
	config.svsm = (struct hm_range){ FAKE_RAM, FAKE_RAM + 4U * MIB };
	assert_null(hm_create(&config));
	config = fake_config();
	fake_boot_status = SVSM_BOOT_NO_MEMORY;
	assert_null(hm_create(&config));
	assert_null(hm_current());
	fake_boot_status = SVSM_BOOT_OK;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_default_layout),
		cmocka_unit_test(test_page_sizes),
		cmocka_unit_test(test_valid_is_cut),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
