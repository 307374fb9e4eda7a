/* SPDX-License-Identifier: Apache-2.0 */

/* The launch digest against known answers (rmp-semantics 10.1, 10.2, 10.6). */

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "launch_priv.h"

static const uint8_t zero_page[4096];

static void assert_digest(const uint8_t digest[LAUNCH_DIGEST_BYTES], const char *hex)
{
	for (size_t i = 0; i < LAUNCH_DIGEST_BYTES; i++) {
		const char *digits = "0123456789abcdef";
		const uint8_t expected =
			(uint8_t)((unsigned int)(strchr(digits, hex[2U * i]) - digits) << 4U |
				  (unsigned int)(strchr(digits, hex[2U * i + 1U]) - digits));

		assert_int_equal(digest[i], expected);
	}
}

static void measure(uint8_t digest[LAUNCH_DIGEST_BYTES], uint32_t type, uint64_t gpa)
{
	const struct launch_entry entry = { .type = type, .gpa = gpa, .bytes = 0x1000 };

	launch_measure(digest, &entry, gpa, zero_page);
}

static void test_normal(void **state)
{
	uint8_t digest[LAUNCH_DIGEST_BYTES] = { 0 };

	(void)state;
	measure(digest, LAUNCH_NORMAL, 0x1000);
	assert_digest(digest, "e6e4d78904d9d6b33c0cbfd121998fd2d11744dae606b3aee35e2a45d6869b60"
			      "b35c63928a9232bef72d6be386f48ec6");
}

static void test_rom_is_normal(void **state)
{
	uint8_t digest[LAUNCH_DIGEST_BYTES] = { 0 };

	(void)state;
	measure(digest, LAUNCH_ROM, 0x1000);
	assert_digest(digest, "e6e4d78904d9d6b33c0cbfd121998fd2d11744dae606b3aee35e2a45d6869b60"
			      "b35c63928a9232bef72d6be386f48ec6");
}

static void test_zero(void **state)
{
	uint8_t digest[LAUNCH_DIGEST_BYTES] = { 0 };

	(void)state;
	measure(digest, LAUNCH_ZERO, 0x100000000);
	measure(digest, LAUNCH_ZERO, 0x100001000);
	assert_digest(digest, "7932387106e3d881f27a5143d6712388e06cabccfc6ef0b892d75dd1050e6d9c"
			      "129b10c0da7ae011502726677b1048f4");
}

static void test_secrets_cpuid(void **state)
{
	uint8_t digest[LAUNCH_DIGEST_BYTES] = { 0 };

	(void)state;
	measure(digest, LAUNCH_SECRETS, 0x8000);
	measure(digest, LAUNCH_CPUID, 0x9000);
	assert_digest(digest, "a00c414b6e609c925f09d927c122d418d505220be0fa2c4fd50607a713e4f63a"
			      "51b7f1dbb69e1232f267125ce6b0071e");
}

static void test_not_measured(void **state)
{
	static const uint32_t types[] = { LAUNCH_VALID, LAUNCH_SHARED, LAUNCH_RAM };
	static const uint8_t nothing[LAUNCH_DIGEST_BYTES];
	uint8_t digest[LAUNCH_DIGEST_BYTES] = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		measure(digest, types[i], 0x1000);
	}
	assert_memory_equal(digest, nothing, sizeof(digest));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_normal),	     cmocka_unit_test(test_rom_is_normal),
		cmocka_unit_test(test_zero),	     cmocka_unit_test(test_secrets_cpuid),
		cmocka_unit_test(test_not_measured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
