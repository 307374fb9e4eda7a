/* SPDX-License-Identifier: Apache-2.0 */
#include "mm.h"

#include <string.h>

#include "core_fixture.h"

/* Boots the core once more, over a zeroed arena, with what the test changed in @info. */
static enum svsm_boot_status boot(const struct svsm_boot_info *info)
{
	const struct svsm_boot_info *real = hm_boot_info(core_machine);

	memset(arch_private_ptr(gpa_make(real->arena.start)), 0,
	       real->arena.end - real->arena.start);
	return svsm_boot(info);
}

/* architecture 9: what the host says at boot is checked (boot.h). */
static void test_bad_maps(void **state)
{
	const struct svsm_boot_info *real = hm_boot_info(core_machine);
	struct svsm_boot_info info[16];
	unsigned int n = 0;

	(void)state;
	assert_int_equal(boot(real), SVSM_BOOT_OK);
	for (size_t i = 0; i < 16U; i++) {
		info[i] = *real;
	}
	info[n++].nr_ram = 0;
	info[n++].nr_ram = SVSM_BOOT_RANGES + 1U;
	info[n++].nr_valid = SVSM_BOOT_RANGES + 1U;
	info[n++].ram[0].start = 0x800;
	info[n++].ram[0].end = 64U * MIB - 1U;
	info[n++].phys_bits = 31;
	info[n++].phys_bits = 53;
	info[n++].guest_vmpl = 0;
	info[n++].guest_vmpl = 4;
	info[n++].valid[0].end = 65U * MIB;
	info[n++].valid[0].start = 0x10;
	info[n++].svsm.end = 128U * MIB;
	info[n++].svsm.start = real->arena.end;
	info[n++].startup_ca.raw += 8;
	info[n++].startup_vmsa.raw += 8;
	info[n].ram[1] = (struct svsm_boot_range){ 32U * MIB, 64U * MIB };
	info[n++].nr_ram = 2;
	assert_int_equal(n, 16);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(boot(&info[i]), SVSM_BOOT_BAD_MAP);
	}
	assert_int_equal(boot(real), SVSM_BOOT_OK);
}

static void test_sizes(void **state)
{
	struct svsm_boot_info info = *hm_boot_info(core_machine);

	(void)state;
	info.arena.end = info.arena.start + PAGE;
	assert_int_equal(boot(&info), SVSM_BOOT_NO_MEMORY);
	/* what svsm_boot_bytes() says is enough, and one page less is refused */
	info.arena.end =
		info.arena.start +
		((svsm_boot_bytes(64U * MIB, CORE_CPUS) + SVSM_PAGE_MASK) & ~SVSM_PAGE_MASK);
	assert_int_equal(boot(&info), SVSM_BOOT_OK);
	info.arena.end -= PAGE;
	assert_int_equal(boot(&info), SVSM_BOOT_NO_MEMORY);
	/* architecture 4: 4 MiB of words and 64 MiB of leaves for 1 TiB, and little beside */
	assert_in_range(svsm_mm_bytes(UINT64_C(1) << 40, 1), 68U * MIB, 69U * MIB);
}

static void test_parameters(void **state)
{
	(void)state;
	assert_int_equal(svsm_guest_vmpl(), 2);
	assert_int_equal(svsm_ram_top(), 64U * MIB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		core_test(test_bad_maps),
		core_test(test_sizes),
		core_test(test_parameters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
