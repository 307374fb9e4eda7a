/* SPDX-License-Identifier: Apache-2.0 */
#include "certs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The certificate table of an extended guest request: wire offsets of the GHCB specification. */
#define ENTRY ((size_t)24)
#define TABLE 0x400U

static void entry(uint8_t *table, unsigned int index, uint32_t offset, uint32_t length)
{
	uint8_t *at = &table[index * ENTRY];

	memset(at, (int)(0x40U + index), 16);
	memcpy(&at[16], &offset, sizeof(offset));
	memcpy(&at[20], &length, sizeof(length));
}

/* Three certificates behind their table of four entries: 0x60 + 0x50 + 0x60 + 0x70. */
#define GOOD_BYTES 0x180U

static void good_table(uint8_t table[TABLE])
{
	memset(table, 0, TABLE);
	entry(table, 0, 0x60, 0x50);
	entry(table, 1, 0xb0, 0x60);
	entry(table, 2, 0x110, 0x70);
}

/* A parser that reads beyond @size is found by the sanitizer: the copy ends there. */
static size_t parse(const uint8_t *table, size_t size)
{
	uint8_t *copy = malloc(size == 0U ? 1U : size);
	size_t result;

	assert_non_null(copy);
	memcpy(copy, table, size);
	result = svsm_certs_size(copy, size);
	free(copy);
	return result;
}

static void test_size_is_the_end_of_the_last_certificate(void **state)
{
	uint8_t table[TABLE];

	(void)state;
	good_table(table);
	assert_int_equal(parse(table, TABLE), GOOD_BYTES);
	entry(table, 0, 0x200, 0x100);
	assert_int_equal(parse(table, TABLE), 0x300);
}

static void test_every_truncation(void **state)
{
	uint8_t table[TABLE];

	(void)state;
	good_table(table);
	for (size_t size = 0; size <= TABLE; size++) {
		assert_int_equal(parse(table, size), size < GOOD_BYTES ? 0U : GOOD_BYTES);
	}
}

static void test_empty_table_is_no_certificates(void **state)
{
	uint8_t table[TABLE] = { 0 };

	(void)state;
	assert_int_equal(parse(table, TABLE), 0);
	/* What follows the GUID of the terminator says nothing. */
	memset(&table[16], 0xff, 8);
	assert_int_equal(parse(table, TABLE), 0);
}

static void test_no_terminator(void **state)
{
	uint8_t table[TABLE];

	(void)state;
	for (unsigned int i = 0; i < TABLE / ENTRY; i++) {
		entry(table, i, 0, 1);
	}
	memset(&table[TABLE / ENTRY * ENTRY], 0, TABLE % ENTRY);
	assert_int_equal(parse(table, TABLE), 0);
	assert_int_equal(parse(table, TABLE / ENTRY * ENTRY), 0);
}

static void test_lengths_that_leave_the_table(void **state)
{
	static const struct {
		uint32_t offset, length;
	} bad[] = {
		{ 0x60, TABLE - 0x60 + 1U },
		{ TABLE + 1U, 0 },
		{ TABLE, 1 },
		{ 0, TABLE + 1U },
		{ UINT32_MAX, 1 },
		{ 1, UINT32_MAX },
		{ UINT32_MAX, UINT32_MAX },
		{ 0x80000000U, 0x80000000U },
		{ 0xffffffa0U, 0x60 + 0x60 }, /* wraps to inside */
	};
	uint8_t table[TABLE];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		for (unsigned int at = 0; at < 3U; at++) {
			good_table(table);
			entry(table, at, bad[i].offset, bad[i].length);
			assert_int_equal(parse(table, TABLE), 0);
		}
	}
}

static void test_certificates_at_the_limits(void **state)
{
	uint8_t table[TABLE];

	(void)state;
	good_table(table);
	entry(table, 1, 0x60, TABLE - 0x60);
	assert_int_equal(parse(table, TABLE), TABLE);
	good_table(table);
	entry(table, 2, TABLE, 0);
	assert_int_equal(parse(table, TABLE), TABLE);
}

/* The table itself belongs to the answer even if certificates name bytes before its end. */
static void test_the_table_is_part_of_the_size(void **state)
{
	uint8_t table[TABLE] = { 0 };

	(void)state;
	entry(table, 0, 0, 8);
	entry(table, 1, 4, 0);
	assert_int_equal(parse(table, TABLE), 3U * ENTRY);
}

/* Random bytes: the answer is 0 or lies within the table. */
static void test_random_tables(void **state)
{
	enum { ROUNDS = 200000 };
	uint8_t table[TABLE];
	uint64_t x = 0x5eedU;

	(void)state;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		unsigned int entries;
		size_t size, result;

		memset(table, 0, sizeof(table));
		x = x * 6364136223846793005U + 1442695040888963407U;
		entries = (unsigned int)(x >> 60);
		size = (size_t)(x >> 40) % (TABLE + 1U);
		for (unsigned int i = 0; i < entries; i++) {
			x = x * 6364136223846793005U + 1442695040888963407U;
			entry(table, i, (uint32_t)(x >> 33) % (2U * TABLE),
			      (uint32_t)(x >> 52) % TABLE);
		}
		result = svsm_certs_size(table, size);
		assert_true(result == 0U || (result <= size && result >= (entries + 1U) * ENTRY));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_size_is_the_end_of_the_last_certificate),
		cmocka_unit_test(test_every_truncation),
		cmocka_unit_test(test_empty_table_is_no_certificates),
		cmocka_unit_test(test_no_terminator),
		cmocka_unit_test(test_lengths_that_leave_the_table),
		cmocka_unit_test(test_certificates_at_the_limits),
		cmocka_unit_test(test_the_table_is_part_of_the_size),
		cmocka_unit_test(test_random_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
