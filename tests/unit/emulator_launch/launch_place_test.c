/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One package, loaded: RMP, contents, digest (rmp-semantics 10.8, 1.6). Guest memory can be
 * registered once in a process, so that the tests look at the same result in turn.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_machine.h"
#include "launch.h"
#include "ram.h"
#include "rmp.h"
#include "sample_package.h"

/* Of the sample package, from tools/emulate/phalanx_emulate/package.py. */
#define EXPECTED_DIGEST                                                                            \
	"c92f4f494f350dc9ac62475a2242313fde56cb0198ec3e9bc79043d5519559a8"                         \
	"4f59ca6202997bb93ec735d92706688e"

static uint8_t *package;
static struct launch_result result;

static int setup(void **state)
{
	size_t bytes;

	(void)state;
	fake_machine_start(0xaa);
	package = sample_package(&bytes);
	return launch_load(package, bytes, &result) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	fake_machine_stop();
	free(package);
	return 0;
}

static uint64_t word_of(uint64_t gpa, unsigned int *size)
{
	return snpm_word(rmp_table(), gpa >> EMU_PAGE_SHIFT, size);
}

/* Entry of @gpa: assigned to this guest under its own address, with these fields. */
static void assert_entry(uint64_t gpa, unsigned int size, uint64_t flags, uint32_t perms)
{
	unsigned int found;
	const uint64_t word = word_of(gpa, &found);

	assert_int_equal(word >> SNPM_GPN_SHIFT, gpa >> EMU_PAGE_SHIFT);
	assert_int_equal(word & 0x7fU, SNPM_ASSIGNED | flags);
	assert_int_equal(word >> SNPM_PERM_SHIFT(1U) & 0x7fffU, perms);
	assert_int_equal(found, size);
}

#define SAMPLE_PERMS (0x0fU | 0x07U << 5U)

static void test_rmp(void **state)
{
	(void)state;
	assert_entry(SAMPLE_NORMAL_GPA, 0, SNPM_VALIDATED, SAMPLE_PERMS);
	assert_entry(SAMPLE_NORMAL_GPA + 0x2000, 0, SNPM_VALIDATED, SAMPLE_PERMS);
	assert_entry(SAMPLE_ZERO_GPA, 0, SNPM_VALIDATED, 0);
	assert_entry(SAMPLE_SECRETS_GPA, 0, SNPM_VALIDATED, 0);
	assert_entry(SAMPLE_CPUID_GPA, 0, SNPM_VALIDATED, 0);
	assert_entry(SAMPLE_UNMEASURED_GPA, 0, SNPM_VALIDATED, 0);
	assert_entry(SAMPLE_VMSA_GPA, 0, SNPM_VALIDATED | SNPM_VMSA, 0x01U << 5U);
	assert_entry(SAMPLE_VALID_GPA, 0, SNPM_VALIDATED, SAMPLE_PERMS);
	assert_entry(SAMPLE_VALID_GPA + 0x1000, 1, SNPM_VALIDATED, SAMPLE_PERMS);
	assert_entry(SAMPLE_VALID_GPA + SAMPLE_VALID_BYTES - 0x1000, 1, SNPM_VALIDATED,
		     SAMPLE_PERMS);
	/* memory that nothing covers: 2 MiB where nothing else is near, never validated */
	assert_entry(0, 0, 0, 0);
	assert_entry(0x9f000, 0, 0, 0);
	assert_entry(0x100000, 0, 0, 0);
	assert_entry(0x400000, 1, 0, 0);
	assert_entry(0x5ff000, 1, 0, 0);
	assert_int_equal(word_of(SAMPLE_SHARED_GPA, NULL), 0);
	assert_int_equal(word_of(0xa0000, NULL), 0);
}

static void test_rom(void **state)
{
	hpa_t hpa;

	(void)state;
	assert_true(ram_is_memory(gpa_make(SAMPLE_ROM_GPA)));
	assert_true(ram_translate(gpa_make(SAMPLE_ROM_GPA + 0x1008), &hpa));
	assert_in_range(hpa.raw, FAKE_OWN, FAKE_BYTES - 1U);
	assert_int_equal(hpa.raw & EMU_PAGE_MASK, 8);
	assert_int_equal(snpm_access_check(rmp_table(), 1, hpa.raw >> EMU_PAGE_SHIFT,
					   (SAMPLE_ROM_GPA >> EMU_PAGE_SHIFT) + 1U, SNPM_XSUPER),
			 SNPM_NO_FAULT);
	assert_int_equal(*(uint8_t *)ram_pointer(gpa_make(SAMPLE_ROM_GPA), 1), SAMPLE_DATA(0U));
	assert_false(ram_translate(gpa_make(SAMPLE_ROM_GPA + 0x2000), &hpa));
}

static void assert_bytes(uint64_t gpa, uint64_t bytes, uint64_t data)
{
	for (uint64_t i = 0; i < bytes; i++) {
		assert_int_equal(fake_memory[gpa + i], i < data ? SAMPLE_DATA(i) : 0U);
	}
}

static void test_contents(void **state)
{
	(void)state;
	assert_bytes(SAMPLE_NORMAL_GPA, 0x3000, SAMPLE_NORMAL_BYTES);
	assert_bytes(SAMPLE_ZERO_GPA, 0x1000, 0);
	assert_bytes(SAMPLE_UNMEASURED_GPA, 0x1000, 0x10);
	assert_bytes(SAMPLE_SHARED_GPA, 0x1000, 0x10);
	assert_bytes(SAMPLE_VALID_GPA, SAMPLE_VALID_BYTES, 0);
	assert_memory_equal(fake_memory + SAMPLE_VMSA_GPA, sample_vmsa(package), 0x1000);
	/* the rest is as it was, and belongs to nobody before the guest validates it */
	assert_int_equal(fake_memory[0x400000], 0xaa);
}

static void test_secrets(void **state)
{
	const uint8_t *page = fake_memory + SAMPLE_SECRETS_GPA;
	uint32_t version, signature;

	(void)state;
	memcpy(&version, page, sizeof(version));
	memcpy(&signature, page + 8, sizeof(signature));
	assert_int_equal(version, 3);
	assert_int_equal(signature, 0x101);
	for (size_t vmpl = 0; vmpl < 4U; vmpl++) {
		for (size_t i = 0; i < 32U; i++) {
			assert_int_equal(page[0x20U + 32U * vmpl + i], 7U + vmpl);
		}
		assert_memory_equal(page + 0x20U + 32U * vmpl, result.vmpck[vmpl], 32);
	}
	for (size_t i = 0xa0; i < 0x200U; i++) {
		assert_int_equal(page[i], SAMPLE_DATA(i));
	}
}

/* Leaf, subleaf and values of each entry; nothing above the maximum of a range. */
static void test_cpuid(void **state)
{
	const uint8_t *page = fake_memory + SAMPLE_CPUID_GPA;
	uint32_t count, words[12];
	bool found_encryption = false;

	(void)state;
	memcpy(&count, page, sizeof(count));
	assert_in_range(count, 10, 64);
	for (size_t i = 0; i < count; i++) {
		memcpy(words, page + 16U + 48U * i, sizeof(words));
		assert_true(words[0] <= 7U ||
			    (words[0] >= 0x80000000U && words[0] <= 0x8000001fU) ||
			    words[0] == 0x40000000U);
		assert_int_equal(words[8], ~words[0]);
		assert_int_equal(words[7], words[1]);
		assert_int_equal(words[9], words[0] ^ 0x55555555U);
		found_encryption = found_encryption || words[0] == 0x8000001fU;
	}
	assert_true(found_encryption);
	for (size_t i = 16U + 48U * count; i < 4096U; i++) {
		assert_int_equal(page[i], 0);
	}
}

static void test_digest(void **state)
{
	char line[] = "launch digest: " EXPECTED_DIGEST "\n";
	char text[2U * 48U + 1U];

	(void)state;
	for (size_t i = 0; i < 48U; i++) {
		(void)snprintf(text + 2U * i, 3, "%02x", result.digest[i]);
	}
	assert_string_equal(text, EXPECTED_DIGEST);
	assert_string_equal(fake_log(), line);
}

static void test_result(void **state)
{
	(void)state;
	assert_int_equal(result.vmpl, SAMPLE_VMPL);
	assert_int_equal(result.irq_vmpl, 1);
	assert_int_equal(result.boot_vmsa.raw, SAMPLE_VMSA_GPA);
	assert_int_equal(result.sev_features, 1);
	assert_int_equal(result.kernel.bytes, 0x123);
	assert_int_equal(*(const uint8_t *)result.kernel.data, SAMPLE_DATA(0U));
	assert_int_equal(result.cmdline.bytes, 5);
	assert_int_equal(result.initrd.bytes, 0);
	assert_int_equal(result.nr_usable, 1);
	assert_int_equal(result.usable[0].bytes, 0x500000);
	assert_int_equal(fake_roots(), 8);
	assert_memory_equal(launch_get(), &result, sizeof(result));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rmp),	 cmocka_unit_test(test_rom),
		cmocka_unit_test(test_contents), cmocka_unit_test(test_secrets),
		cmocka_unit_test(test_cpuid),	 cmocka_unit_test(test_digest),
		cmocka_unit_test(test_result),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
