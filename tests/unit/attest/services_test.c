/* SPDX-License-Identifier: Apache-2.0 */
#include "services.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* 58019 section 7.1, Table 20; wire values written down a second time. */
#define HEAD 24U
#define ENTRY 24U

static const uint8_t manifest_guid[16] = { 0xbb, 0x9e, 0x84, 0x63, 0x92, 0x3d, 0x70, 0x46,
					   0xa1, 0xff, 0x58, 0xf9, 0xc9, 0x4b, 0x87, 0xbb };

static size_t put(uint8_t byte, size_t len, uint8_t *manifest, size_t size)
{
	if (len <= size) {
		memset(manifest, byte, len);
	}
	return len;
}

static size_t one_byte(uint32_t version, uint8_t *manifest, size_t size)
{
	return version == 0U ? put(0x11, 1, manifest, size) : 0U;
}

static size_t seven_bytes(uint32_t version, uint8_t *manifest, size_t size)
{
	return version == 0U ? put(0x77, 7, manifest, size) : 0U;
}

static size_t much(uint32_t version, uint8_t *manifest, size_t size)
{
	return version == 0U ? put(0xcc, 5000, manifest, size) : 0U;
}

static size_t only_version_1(uint32_t version, uint8_t *manifest, size_t size)
{
	return version == 1U ? put(0x22, 2, manifest, size) : 0U;
}

static const struct svsm_service small = { { 0x10 }, one_byte };
static const struct svsm_service seven = { { 0x20, 0xff }, seven_bytes };
static const struct svsm_service large = { { 0x20, 0xff, 1 }, much };
static const struct svsm_service version_1 = { { 0x30 }, only_version_1 };

static int setup(void **state)
{
	(void)state;
	svsm_services_init();
	return 0;
}

static uint32_t get32(const uint8_t *at)
{
	uint32_t value = 0;

	memcpy(&value, at, sizeof(value));
	return value;
}

static void test_empty_manifest(void **state)
{
	uint8_t manifest[HEAD + 1U] = { 0 };

	(void)state;
	assert_int_equal(svsm_services_manifest(manifest, HEAD - 1U), 0);
	assert_int_equal(svsm_services_manifest(manifest, sizeof(manifest)), HEAD);
	assert_memory_equal(manifest, manifest_guid, sizeof(manifest_guid));
	assert_int_equal(get32(&manifest[0x10]), HEAD);
	assert_int_equal(get32(&manifest[0x14]), 0);
}

static void expect_entry(const uint8_t *manifest, unsigned int index,
			 const struct svsm_service *service, uint32_t offset, uint32_t length)
{
	const uint8_t *at = &manifest[HEAD + index * ENTRY];

	assert_memory_equal(at, service->guid, sizeof(service->guid));
	assert_int_equal(get32(&at[16]), offset);
	assert_int_equal(get32(&at[20]), length);
}

static void test_format(void **state)
{
	static uint8_t manifest[SVSM_MANIFEST_MAX];
	const uint32_t data = HEAD + 3U * ENTRY;

	(void)state;
	assert_true(svsm_service_register(&small));
	assert_true(svsm_service_register(&seven));
	assert_true(svsm_service_register(&large));
	memset(manifest, 0xee, sizeof(manifest));
	assert_int_equal(svsm_services_manifest(manifest, sizeof(manifest)), data + 5008U);
	assert_memory_equal(manifest, manifest_guid, sizeof(manifest_guid));
	assert_int_equal(get32(&manifest[0x10]), data + 5008U);
	assert_int_equal(get32(&manifest[0x14]), 3);
	expect_entry(manifest, 0, &small, data, 1);
	expect_entry(manifest, 1, &seven, data + 1U, 7);
	expect_entry(manifest, 2, &large, data + 8U, 5000);
	assert_int_equal(manifest[data], 0x11);
	for (uint32_t i = data + 1U; i < data + 5008U; i++) {
		assert_int_equal(manifest[i], i < data + 8U ? 0x77 : 0xcc);
	}
	assert_int_equal(manifest[data + 5008U], 0xee);
}

/* Whatever the order of registration, and called again, the manifest is the same. */
static void test_order_is_of_the_guids(void **state)
{
	static const struct svsm_service *const orders[6][3] = {
		{ &small, &seven, &large }, { &small, &large, &seven }, { &seven, &small, &large },
		{ &seven, &large, &small }, { &large, &small, &seven }, { &large, &seven, &small },
	};
	static uint8_t first[SVSM_MANIFEST_MAX];
	static uint8_t manifest[SVSM_MANIFEST_MAX];
	size_t size = 0;

	(void)state;
	for (unsigned int i = 0; i < 12U; i++) {
		if (i % 2U == 0U) {
			svsm_services_init();
			for (unsigned int j = 0; j < 3U; j++) {
				assert_true(svsm_service_register(orders[i / 2U][j]));
			}
		}
		memset(manifest, (int)i, sizeof(manifest));
		size = svsm_services_manifest(manifest, sizeof(manifest));
		if (i == 0U) {
			memcpy(first, manifest, size);
		}
		assert_int_equal(size, HEAD + 3U * ENTRY + 5008U);
		assert_memory_equal(manifest, first, size);
	}
	expect_entry(manifest, 0, &small, HEAD + 3U * ENTRY, 1);
}

static void test_duplicate_and_full(void **state)
{
	static struct svsm_service many[SVSM_SERVICES_MAX + 1U];
	struct svsm_service twin = small;

	(void)state;
	for (unsigned int i = 0; i <= SVSM_SERVICES_MAX; i++) {
		many[i] = (struct svsm_service){ { (uint8_t)(0x80U - i) }, one_byte };
		assert_null(svsm_service_find(many[i].guid));
		assert_int_equal(svsm_service_register(&many[i]), i < SVSM_SERVICES_MAX);
		assert_false(svsm_service_register(&many[0]));
	}
	for (unsigned int i = 0; i < SVSM_SERVICES_MAX; i++) {
		assert_ptr_equal(svsm_service_find(many[i].guid), &many[i]);
	}
	assert_null(svsm_service_find(many[SVSM_SERVICES_MAX].guid));
	svsm_services_init();
	assert_null(svsm_service_find(many[0].guid));
	assert_true(svsm_service_register(&small));
	assert_false(svsm_service_register(&twin));
	assert_ptr_equal(svsm_service_find(twin.guid), &small);
}

/* All 16 bytes of a GUID count. */
static void test_find_compares_the_whole_guid(void **state)
{
	uint8_t guid[SVSM_GUID_BYTES];

	(void)state;
	assert_true(svsm_service_register(&seven));
	for (unsigned int i = 0; i < SVSM_GUID_BYTES; i++) {
		memcpy(guid, seven.guid, sizeof(guid));
		guid[i] ^= 1U;
		assert_null(svsm_service_find(guid));
	}
}

/* Every size below the whole: nothing, and no byte beyond the buffer. */
static void test_manifest_that_does_not_fit(void **state)
{
	enum { WHOLE = HEAD + 2U * ENTRY + 8U };
	uint8_t manifest[WHOLE + 1U];

	(void)state;
	assert_true(svsm_service_register(&small));
	assert_true(svsm_service_register(&seven));
	for (size_t size = 0; size <= WHOLE; size++) {
		memset(manifest, 0xee, sizeof(manifest));
		assert_int_equal(svsm_services_manifest(manifest, size), size < WHOLE ? 0 : WHOLE);
		for (size_t i = size; i < sizeof(manifest); i++) {
			assert_int_equal(manifest[i], 0xee);
		}
	}
}

static void test_a_service_that_fails(void **state)
{
	static uint8_t manifest[SVSM_MANIFEST_MAX];

	(void)state;
	assert_true(svsm_service_register(&small));
	assert_true(svsm_service_register(&version_1));
	assert_int_equal(svsm_services_manifest(manifest, sizeof(manifest)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_empty_manifest, setup),
		cmocka_unit_test_setup(test_format, setup),
		cmocka_unit_test_setup(test_order_is_of_the_guids, setup),
		cmocka_unit_test_setup(test_duplicate_and_full, setup),
		cmocka_unit_test_setup(test_find_compares_the_whole_guid, setup),
		cmocka_unit_test_setup(test_manifest_that_does_not_fit, setup),
		cmocka_unit_test_setup(test_a_service_that_fails, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
