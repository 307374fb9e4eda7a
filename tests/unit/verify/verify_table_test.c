/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "outcome.h"

/* GHCB specification 56421, table of the SNP extended guest request. */
#define OFFSET 16U
#define LENGTH 20U
#define ENTRY 24U
#define ENTRIES_END (4U * ENTRY)

static struct sample *sample;

static int setup(void **state)
{
	const struct sample_config config = { 0 };

	(void)state;
	sample = sample_create(&config);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sample_destroy(sample);
	return 0;
}

static void put(size_t at, uint32_t value)
{
	for (unsigned int i = 0; i < 4U; i++) {
		sample->table[at + i] = (uint8_t)(value >> 8U * i);
	}
}

static enum verify_find find(enum verify_cert which)
{
	struct verify_span found;

	return verify_table_find((struct verify_span){ sample->table, sample->table_len }, which,
				 false, &found);
}

static void test_finds_all(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < VERIFY_NR_CERTS; i++) {
		struct verify_span found;

		assert_int_equal(
			verify_table_find((struct verify_span){ sample->table, sample->table_len },
					  (enum verify_cert)i, false, &found),
			VERIFY_FOUND);
		assert_int_equal(found.len, sample->certs[i].len);
		assert_memory_equal(found.data, sample->certs[i].data, found.len);
	}
}

/* The first three fields little-endian, as UEFI writes GUIDs. */
static void test_uefi_guids(void **state)
{
	const char *const guids[VERIFY_NR_CERTS] = {
		"c0b406a4-a803-4952-9743-3fb6014cd0ae",
		"4ab7b379-bbac-4fe4-a02f-05aef327c782",
		"63da758d-e664-4564-adc5-f4b93be8accd",
	};

	(void)state;
	for (unsigned int i = 0; i < VERIFY_NR_CERTS; i++) {
		assert_true(verify_guid_parse(guids[i], sample->table + (size_t)ENTRY * i));
	}
	test_finds_all(state);
}

static void test_unknown_entry(void **state)
{
	(void)state;
	sample->table[0] ^= 1U;
	assert_int_equal(find(VERIFY_ARK), VERIFY_ABSENT);
	assert_int_equal(find(VERIFY_ASK), VERIFY_FOUND);
}

static void test_entry_twice(void **state)
{
	(void)state;
	memcpy(sample->table, sample->table + ENTRY, 16U);
	assert_int_equal(find(VERIFY_ASK), VERIFY_MALFORMED);
	assert_int_equal(find(VERIFY_LEAF), VERIFY_MALFORMED);
}

/* Offset and length are what the host says. */
static void test_entry_outside(void **state)
{
	const uint32_t end = (uint32_t)sample->table_len;
	const struct {
		uint32_t offset, length;
		enum verify_find found;
	} cases[] = {
		{ end, 0U, VERIFY_FOUND },
		{ end, 1U, VERIFY_MALFORMED },
		{ end - 1U, 1U, VERIFY_FOUND },
		{ end - 1U, 2U, VERIFY_MALFORMED },
		{ end + 1U, 0U, VERIFY_MALFORMED },
		{ ENTRIES_END, UINT32_MAX, VERIFY_MALFORMED },
		{ UINT32_MAX, UINT32_MAX, VERIFY_MALFORMED },
		{ ENTRIES_END - 1U, 1U, VERIFY_MALFORMED },
		{ ENTRIES_END, 1U, VERIFY_FOUND },
		{ 0U, 0U, VERIFY_MALFORMED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put(OFFSET, cases[i].offset);
		put(LENGTH, cases[i].length);
		if (find(VERIFY_ARK) != cases[i].found) {
			fail_msg("offset 0x%x, length 0x%x", cases[i].offset, cases[i].length);
		}
	}
}

/* Entries to the end of the table, none of them the last. */
static void test_no_end(void **state)
{
	(void)state;
	for (size_t len = 0; len <= 4096U; len += 8U) {
		uint8_t *table = malloc(len + 1U);
		struct verify_span found;

		assert_non_null(table);
		memset(table, 0x11, len);
		assert_int_equal(verify_table_find((struct verify_span){ table, len }, VERIFY_ARK,
						   false, &found),
				 VERIFY_MALFORMED);
		free(table);
	}
}

static void test_no_table(void **state)
{
	struct verify_span found;

	(void)state;
	assert_int_equal(
		verify_table_find((struct verify_span){ NULL, 0U }, VERIFY_ARK, false, &found),
		VERIFY_ABSENT);
}

/* Both leaves in one table: the report decides which is meant. */
static void test_vcek_and_vlek(void **state)
{
	static const char vlek[] = "a8074bc2a25a483eaae639c045a0b8a1";
	const struct verify_span table = { sample->table, sample->table_len };
	struct verify_span found;

	(void)state;
	assert_true(verify_hex_parse(vlek, sample->table, 16U));
	assert_int_equal(verify_table_find(table, VERIFY_LEAF, true, &found), VERIFY_FOUND);
	assert_int_equal(found.len, sample->certs[VERIFY_ARK].len);
	assert_int_equal(verify_table_find(table, VERIFY_LEAF, false, &found), VERIFY_FOUND);
	assert_memory_equal(found.data, sample->certs[VERIFY_LEAF].data, found.len);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(test_finds_all),	 FRESH(test_uefi_guids),    FRESH(test_unknown_entry),
		FRESH(test_entry_twice), FRESH(test_entry_outside), FRESH(test_no_end),
		FRESH(test_no_table),	 FRESH(test_vcek_and_vlek),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
