/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "fake_svsm.h"

static struct hm_machine *start(const struct hm_config *config)
{
	struct hm_machine *m = fake_machine(config);

	hm_bind(m, 0);
	return m;
}

static void stop(struct hm_machine *m)
{
	hm_unbind(m);
	hm_destroy(m);
}

static unsigned int size_of(struct hm_machine *m, uint64_t gpa)
{
	unsigned int size;

	(void)snpm_word(hm_rmp(m), gpa >> SVSM_PAGE_SHIFT, &size);
	return size;
}

/* rmp-semantics 2.7: a conversion to shared and back; the page comes back unvalidated. */
static void test_psc_4k(void **state)
{
	struct hm_config config = fake_config();
	struct hm_machine *m = start(&config);
	uint64_t value = 5, seen = 0;

	(void)state;
	assert_int_equal(size_of(m, 0x1000), 1);
	assert_true(hm_psc(m, 0x1000, 2, SVSM_PAGE_4K, false));
	assert_int_equal(size_of(m, 0x1000), 0);
	assert_int_equal(hm_guest_read(m, 0x1000, &seen, 8), HM_NPF);
	assert_int_equal(hm_guest_write_shared(m, 0x1ffc, &value, 8), HM_OK);
	assert_int_equal(hm_guest_read_shared(m, 0x1ffc, &seen, 8), HM_OK);
	assert_int_equal(seen, 5);
	assert_int_equal(hm_guest_read(m, 0x3000, &seen, 8), HM_OK);
	assert_true(hm_psc(m, 0x1000, 2, SVSM_PAGE_4K, true));
	assert_int_equal(hm_guest_read(m, 0x1000, &seen, 8), HM_VC_404);
	assert_true(hm_psc(m, 0x3000, 1, SVSM_PAGE_4K, true));
	hm_guest_flush(m);
	assert_int_equal(hm_guest_read(m, 0x3000, &seen, 8), HM_OK);
	assert_false(hm_psc(m, FAKE_RAM - SVSM_PAGE_SIZE, 2, SVSM_PAGE_4K, true));
	assert_false(hm_psc(m, 0x1000, 1, SVSM_PAGE_2M, true));
	stop(m);
}

static void test_psc_2m(void **state)
{
	struct hm_config config = fake_config();
	struct hm_machine *m = start(&config);
	uint64_t gpa = 4U * MIB;

	(void)state;
	assert_true(hm_psc(m, gpa, 2, SVSM_PAGE_2M, false));
	assert_true(hm_psc(m, gpa, 2, SVSM_PAGE_2M, true));
	assert_int_equal(size_of(m, gpa), 1);
	assert_true(hm_psc(m, gpa + 0x3000, 1, SVSM_PAGE_4K, false));
	assert_int_equal(size_of(m, gpa), 0);
	assert_true(hm_psc(m, gpa, 1, SVSM_PAGE_2M, true));
	assert_int_equal(size_of(m, gpa), 0);
	assert_true(hm_psc(m, gpa, 1, SVSM_PAGE_2M, false));
	assert_true(hm_psc(m, gpa, 1, SVSM_PAGE_2M, true));
	assert_int_equal(arch_pvalidate(gpa_make(gpa + 2U * MIB), SVSM_PAGE_2M, true).code,
			 ARCH_RMP_OK);
	stop(m);
}

/* rmp-semantics 3.2: sizes, CF, and PSMASH by the host when 4 KiB meets a 2 MiB entry. */
static void test_pvalidate(void **state)
{
	struct hm_config config = fake_config();
	struct hm_machine *m = start(&config);
	gpa_t page = gpa_make(FAKE_VALID);
	struct hm_counters counters;

	(void)state;
	assert_int_equal(arch_pvalidate(page, SVSM_PAGE_2M, true).code, ARCH_RMP_OK);
	assert_true(arch_pvalidate(page, SVSM_PAGE_2M, true).carry);
	assert_int_equal(arch_pvalidate(page, SVSM_PAGE_4K, false).code, ARCH_RMP_OK);
	hm_counters(m, &counters);
	assert_int_equal(counters.psmash, 1);
	assert_int_equal(arch_pvalidate(page, SVSM_PAGE_2M, true).code, ARCH_RMP_FAIL_SIZEMISMATCH);
	assert_int_equal(arch_rmpadjust(page, SVSM_PAGE_4K, 2, SVSM_PERM_RWX, false).fault, true);
	assert_int_equal(
		arch_rmpadjust(gpa_make(page.raw + 0x1000), SVSM_PAGE_2M, 2, 0, false).code,
		ARCH_RMP_FAIL_INPUT);
	hm_counters(m, &counters);
	assert_int_equal(counters.pvalidate, 4);
	stop(m);
}

/* rmp-semantics 2.9: VMPL0 reaches a page that is shared or stolen: the host converts it back, then
 * #VC 0x404. */
static void test_npf_repair(void **state)
{
	struct hm_config config = fake_config();
	struct hm_machine *m = start(&config);
	uint64_t value = 0;

	(void)state;
	assert_true(hm_psc(m, 0x1000, 1, SVSM_PAGE_4K, false));
	assert_false(arch_guest_read(&value, gpa_make(0x1000), 8));
	assert_true(hm_steal(m, 0x2000, true));
	assert_true(arch_rmpadjust(gpa_make(0x2000), SVSM_PAGE_4K, 2, 0, false).fault);
	assert_true(hm_steal(m, 0x3000, false));
	assert_false(arch_zero(gpa_make(0x3000), SVSM_PAGE_4K, ARCH_ZERO_STOSB));
	assert_int_equal(arch_pvalidate(gpa_make(0x3000), SVSM_PAGE_4K, true).code, ARCH_RMP_OK);
	assert_true(arch_guest_read(&value, gpa_make(0x3000), 8));
	hm_remap(m, 0x4000, 5);
	assert_int_equal(hm_spn(m, 0x4000), 5);
	assert_false(arch_guest_write(gpa_make(0x4000), &value, 8));
	assert_int_equal(arch_pvalidate(gpa_make(0), SVSM_PAGE_2M, false).code,
			 ARCH_RMP_FAIL_SIZEMISMATCH);
	stop(m);
}

/* A region that the host maps by 4 KiB pages has a 4 KiB RMP entry when an instruction of size 2
 * MiB meets it. */
static void test_remapped_region(void **state)
{
	struct hm_config config = fake_config();
	struct hm_machine *m = start(&config);

	(void)state;
	hm_remap(m, FAKE_VALID + 0x5000, hm_spare_spn(m));
	assert_int_equal(arch_pvalidate(gpa_make(FAKE_VALID), SVSM_PAGE_2M, true).code,
			 ARCH_RMP_FAIL_SIZEMISMATCH);
	hm_remap(m, FAKE_VALID + 2U * MIB, hm_spare_spn(m) + 1U);
	assert_int_equal(arch_pvalidate(gpa_make(FAKE_VALID + 2U * MIB), SVSM_PAGE_2M, true).code,
			 ARCH_RMP_FAIL_SIZEMISMATCH);
	stop(m);
}

static void test_copy_sizes(void **state)
{
	static unsigned char out[SVSM_PAGE_SIZE], in[SVSM_PAGE_SIZE];
	struct hm_config config = fake_config();
	struct hm_machine *m = start(&config);

	(void)state;
	for (size_t i = 0; i < sizeof(out); i++) {
		out[i] = (unsigned char)(i * 7U + 1U);
	}
	for (size_t offset = 0; offset < 9U; offset++) {
		for (size_t len = 0; len < 40U; len++) {
			memset(in, 0, sizeof(in));
			assert_true(arch_guest_write(gpa_make(0x8000 + offset), out, len));
			assert_true(arch_guest_read(in, gpa_make(0x8000 + offset), len));
			assert_memory_equal(in, out, len);
			assert_int_equal(in[len], 0);
		}
	}
	assert_true(arch_guest_write(gpa_make(0x8000), out, sizeof(out)));
	assert_int_equal(hm_guest_read(m, 0x8000, in, sizeof(in)), HM_OK);
	assert_memory_equal(in, out, sizeof(in));
	assert_ptr_equal(arch_private_ptr(gpa_make(0x8000)), hm_system_page(m, 8));
	stop(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_psc_4k),		cmocka_unit_test(test_psc_2m),
		cmocka_unit_test(test_pvalidate),	cmocka_unit_test(test_npf_repair),
		cmocka_unit_test(test_remapped_region), cmocka_unit_test(test_copy_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
