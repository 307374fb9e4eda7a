/* SPDX-License-Identifier: Apache-2.0 */

/* Packages that are wrong in one place each, and many that are wrong anywhere. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "abi/vmsa_abi.h"
#include "fake_machine.h"
#include "launch_priv.h"
#include "sample_package.h"

#define HEADER UINT32_MAX
#define VMSA (UINT32_MAX - 1U)
#define ENTRY(field) offsetof(struct launch_entry, field), sizeof(((struct launch_entry *)0)->field)
#define HEAD(field) offsetof(struct launch_header, field), 4U
#define STATE(field) offsetof(struct vmsa_page, field), sizeof(((struct vmsa_page *)0)->field)

/* Overwrite @size bytes at @offset of an entry, the header or the VMSA. */
static const struct {
	const char *expect; /* part of the message */
	uint32_t where;
	size_t offset, size;
	uint64_t value;
} rows[] = {
	{ "no launch package", HEADER, HEAD(magic), 0 },
	{ "no launch package", HEADER, HEAD(version), 2 },
	{ "between 1 and 256", HEADER, HEAD(nr_entries), 0 },
	{ "between 1 and 256", HEADER, HEAD(nr_entries), 257 },
	{ "between 1 and 256", HEADER, HEAD(nr_entries), UINT32_MAX },
	{ "VMPLs 0 to 3", HEADER, HEAD(start_vmpl), 4 },
	{ "VMPLs 0 to 3", HEADER, HEAD(irq_vmpl), 4 },
	{ "reserved bytes", HEADER, HEAD(reserved), 1 },
	{ "unknown type", SAMPLE_ZERO, ENTRY(type), 0 },
	{ "unknown type", SAMPLE_ZERO, ENTRY(type), 16 },
	{ "unknown type", SAMPLE_ZERO, ENTRY(type), UINT32_MAX },
	{ "not zero", SAMPLE_ZERO, ENTRY(flags), 1 },
	{ "not zero", SAMPLE_ZERO, ENTRY(reserved), 1 },
	{ "not zero", SAMPLE_ZERO, ENTRY(reserved2), 1 },
	{ "five bits", SAMPLE_NORMAL, offsetof(struct launch_entry, perms) + 3, 1, 0x20 },
	{ "five bits", SAMPLE_NORMAL, offsetof(struct launch_entry, perms), 1, 0x80 },
	{ "multiple of 4096", SAMPLE_ZERO, ENTRY(gpa), SAMPLE_ZERO_GPA + 8 },
	{ "multiple of 4096", SAMPLE_ZERO, ENTRY(bytes), 0 },
	{ "multiple of 4096", SAMPLE_ZERO, ENTRY(bytes), 0x1001 },
	{ "multiple of 4096", SAMPLE_RAM, ENTRY(bytes), 0x4ff800 },
	{ "39 address bits", SAMPLE_ZERO, ENTRY(gpa), UINT64_C(0x7ffffff000) + 0x1000 },
	{ "39 address bits", SAMPLE_ZERO, ENTRY(gpa), UINT64_C(0xfffffffffffff000) },
	{ "39 address bits", SAMPLE_RAM, ENTRY(bytes), UINT64_C(0xfffffffffff00000) },
	{ "39 address bits", SAMPLE_USABLE, ENTRY(bytes), UINT64_C(1) << 40 },
	{ "one page each", SAMPLE_SECRETS, ENTRY(bytes), 0x2000 },
	{ "one page each", SAMPLE_CPUID, ENTRY(bytes), 0x2000 },
	{ "one page each", SAMPLE_VMSA, ENTRY(bytes), 0x2000 },
	{ "has no data", SAMPLE_RAM, ENTRY(data_bytes), 1 },
	{ "has no data", SAMPLE_ZERO, ENTRY(data_bytes), 1 },
	{ "has no data", SAMPLE_CPUID, ENTRY(data_bytes), 1 },
	{ "has no data", SAMPLE_VALID, ENTRY(data_offset), 1 },
	{ "has no data", SAMPLE_USABLE, ENTRY(data_bytes), 1 },
	{ "outside the package", SAMPLE_NORMAL, ENTRY(data_offset), 0x100000 },
	{ "outside the package", SAMPLE_NORMAL, ENTRY(data_offset), UINT64_MAX },
	{ "outside the package", SAMPLE_NORMAL, ENTRY(data_bytes), UINT64_MAX },
	{ "outside the package", SAMPLE_ROOTS, ENTRY(data_offset), 0x3201 },
	{ "more data than bytes", SAMPLE_NORMAL, ENTRY(bytes), 0x1000 },
	{ "more data than bytes", SAMPLE_SECRETS, ENTRY(data_bytes), 0x1001 },
	{ "given completely", SAMPLE_VMSA, ENTRY(data_bytes), 0xfff },
	{ "an address, or more bytes", SAMPLE_KERNEL, ENTRY(gpa), 0x1000 },
	{ "an address, or more bytes", SAMPLE_CMDLINE, ENTRY(bytes), 6 },
	{ "not of the VMPL", VMSA, STATE(vmpl), 0 },
	{ "EFER.SVME", VMSA, STATE(efer), 0x500 },
	{ "SEV_FEATURES", VMSA, STATE(sev_features), 0 },
	{ "SEV_FEATURES", VMSA, STATE(sev_features), 0x21 },
	{ "aligned to 2 MiB", SAMPLE_VMSA, ENTRY(gpa), 0x400000 },
	{ "may be readable", SAMPLE_VMSA, offsetof(struct launch_entry, perms) + 3, 1, 3 },
	/* memory */
	{ "no free memory", SAMPLE_RAM, ENTRY(bytes), 0x501000 },
	{ "no free memory", SAMPLE_RAM, ENTRY(gpa), 0xff000 },
	{ "no free memory", SAMPLE_RAM_LOW, ENTRY(bytes), 0xa1000 },
	{ "pages outside RAM", SAMPLE_ZERO, ENTRY(gpa), 0xa0000 },
	{ "pages outside RAM", SAMPLE_NORMAL, ENTRY(gpa), 0x9e000 },
	{ "pages outside RAM", SAMPLE_VALID, ENTRY(bytes), 0x402000 },
	{ "pages outside RAM", SAMPLE_SHARED, ENTRY(gpa), SAMPLE_ROM_GPA },
	{ "begin and end in RAM", SAMPLE_USABLE, ENTRY(gpa), 0xa0000 },
	{ "begin and end in RAM", SAMPLE_USABLE, ENTRY(bytes), 0x601000 },
	/* overlaps */
	{ "overlap", SAMPLE_ROM, ENTRY(gpa), 0xff000 },
	{ "overlap", SAMPLE_ZERO, ENTRY(gpa), SAMPLE_NORMAL_GPA + 0x2000 },
	{ "overlap", SAMPLE_VMSA, ENTRY(gpa), SAMPLE_VALID_GPA },
	{ "overlap", SAMPLE_SHARED, ENTRY(gpa), SAMPLE_CPUID_GPA },
	{ "overlap", SAMPLE_NORMAL, ENTRY(bytes), 0x11000 },
	/* counts */
	{ "exactly one VMSA", SAMPLE_VMSA, ENTRY(type), LAUNCH_NORMAL },
	{ "one secrets page", SAMPLE_UNMEASURED, ENTRY(type), LAUNCH_SECRETS },
	{ "one secrets page", SAMPLE_KERNEL, ENTRY(type), LAUNCH_PSP_ROOTS },
	{ "one kernel", SAMPLE_CMDLINE, ENTRY(type), LAUNCH_FW_KERNEL },
};

static uint8_t *place_of(uint8_t *package, uint32_t where)
{
	if (where == HEADER) {
		return package;
	}
	return where == VMSA ? (uint8_t *)(void *)sample_vmsa(package)
			     : (uint8_t *)(void *)sample_entry(package, where);
}

static struct launch_plan plan;

static int setup(void **state)
{
	(void)state;
	fake_machine_start(0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_machine_stop();
	return 0;
}

static void test_correct(void **state)
{
	size_t bytes;
	uint8_t *package = sample_package(&bytes);

	(void)state;
	if (!launch_check(package, bytes, &plan)) {
		fail_msg("%s", fake_log());
	}
	assert_string_equal(fake_log(), "");
	assert_int_equal(plan.header.nr_entries, SAMPLE_ENTRIES);
	assert_memory_equal(plan.entries, sample_entry(package, 0),
			    SAMPLE_ENTRIES * sizeof(plan.entries[0]));
	free(package);
}

static void test_malformed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t bytes;
		uint8_t *package = sample_package(&bytes);

		fake_clear_log();
		memcpy(place_of(package, rows[i].where) + rows[i].offset, &rows[i].value,
		       rows[i].size);
		if (launch_check(package, bytes, &plan)) {
			fail_msg("row %zu (%s) was accepted", i, rows[i].expect);
		}
		if (strstr(fake_log(), rows[i].expect) == NULL) {
			fail_msg("row %zu: \"%s\" instead of \"%s\"", i, fake_log(),
				 rows[i].expect);
		}
		free(package);
	}
}

/* Every shorter package is refused, and read within its bounds only (AddressSanitizer). */
static void test_truncated(void **state)
{
	size_t bytes;
	uint8_t *package = sample_package(&bytes);

	(void)state;
	for (size_t len = 0; len < bytes; len += len < 0x800U ? 1U : 0x80U) {
		uint8_t *cut = malloc(len + 1U);

		assert_non_null(cut);
		memcpy(cut + 1, package, len); /* and not aligned */
		fake_clear_log();
		assert_false(launch_check(cut + 1, len, &plan));
		free(cut);
	}
	free(package);
}

static void test_too_many_regions(void **state)
{
	size_t bytes;
	uint8_t *package = sample_package(&bytes);

	(void)state;
	for (unsigned int i = 0; i < 8U; i++) {
		struct launch_entry *entry = sample_entry(package, SAMPLE_UNMEASURED);

		/* VALID, SHARED and others become small ROMs beside the first. */
		entry = i < 7U ? sample_entry(package, SAMPLE_ROM + i) : entry;
		memset(entry, 0, sizeof(*entry));
		entry->type = LAUNCH_ROM;
		entry->gpa = SAMPLE_ROM_GPA + i * UINT64_C(0x1000);
		entry->bytes = 0x1000;
	}
	assert_false(launch_check(package, bytes, &plan));
	assert_non_null(strstr(fake_log(), "between 1 and 8 ranges of RAM and ROM"));
	free(package);
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13U;
	*state ^= *state >> 7U;
	*state ^= *state << 17U;
	return *state;
}

/* What is accepted although bytes of it are random keeps the rules that the rest relies on. */
static void check_accepted(size_t bytes)
{
	for (uint32_t i = 0; i < plan.header.nr_entries; i++) {
		const struct launch_entry *entry = &plan.entries[i];

		assert_true(entry->data_bytes <= bytes);
		assert_true(entry->data_offset <= bytes - entry->data_bytes);
		assert_true(entry->data_bytes <= entry->bytes);
		if (launch_has_pages(entry->type)) {
			assert_int_equal((entry->gpa | entry->bytes) & EMU_PAGE_MASK, 0);
			assert_true(entry->type == LAUNCH_ROM || launch_end(entry) <= FAKE_OWN);
		}
		for (uint32_t k = 0; k < i; k++) {
			assert_false(launch_has_pages(entry->type) &&
				     launch_has_pages(plan.entries[k].type) &&
				     launch_overlap(entry, &plan.entries[k]));
		}
	}
}

static void test_random(void **state)
{
	uint64_t seed = 0x5eed;
	unsigned int accepted = 0;

	(void)state;
	for (unsigned int round = 0; round < 20000U; round++) {
		const size_t span =
			sizeof(struct launch_header) + SAMPLE_ENTRIES * sizeof(struct launch_entry);
		size_t bytes;
		uint8_t *package = sample_package(&bytes);

		for (uint64_t n = next_random(&seed) % 3U + 1U; n > 0U; n--) {
			package[next_random(&seed) % span] ^=
				(uint8_t)(1U << next_random(&seed) % 8U);
		}
		fake_clear_log();
		if (launch_check(package, bytes, &plan)) {
			accepted++;
			check_accepted(bytes);
		}
		free(package);
	}
	/* seed and permissions may have any value */
	assert_in_range(accepted, 1, 19999);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_correct, setup, teardown),
		cmocka_unit_test_setup_teardown(test_malformed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_truncated, setup, teardown),
		cmocka_unit_test_setup_teardown(test_too_many_regions, setup, teardown),
		cmocka_unit_test_setup_teardown(test_random, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
