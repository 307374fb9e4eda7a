/* SPDX-License-Identifier: Apache-2.0 */
#include "psp_guest.h"

#include <stdio.h>
#include <string.h>

#include <openssl/sha.h>

static const uint8_t zero_page[PSP_PAGE_BYTES];

static void assert_digest(const struct psp_digest *digest, const char *hex)
{
	char text[2U * PSP_LD_BYTES + 1U];

	for (size_t i = 0; i < PSP_LD_BYTES; i++) {
		(void)snprintf(text + 2U * i, 3, "%02x", digest->bytes[i]);
	}
	assert_string_equal(text, hex);
}

/* rmp-semantics 10.6: the complete known answers. */
static void test_normal_page(void **state)
{
	struct psp_digest digest;

	(void)state;
	psp_digest_init(&digest);
	psp_digest_page(&digest, PSP_PAGE_NORMAL, 0x1000, zero_page, NULL);
	assert_digest(&digest, "e6e4d78904d9d6b33c0cbfd121998fd2d11744dae606b3aee35e2a45d6869b60"
			       "b35c63928a9232bef72d6be386f48ec6");
}

static void test_zero_pages(void **state)
{
	struct psp_digest digest;

	(void)state;
	psp_digest_init(&digest);
	psp_digest_page(&digest, PSP_PAGE_ZERO, UINT64_C(0x100000000), NULL, NULL);
	psp_digest_page(&digest, PSP_PAGE_ZERO, UINT64_C(0x100001000), NULL, NULL);
	assert_digest(&digest, "7932387106e3d881f27a5143d6712388e06cabccfc6ef0b892d75dd1050e6d9c"
			       "129b10c0da7ae011502726677b1048f4");
}

static void test_secrets_and_cpuid(void **state)
{
	struct psp_digest digest;

	(void)state;
	psp_digest_init(&digest);
	psp_digest_page(&digest, PSP_PAGE_SECRETS, 0x8000, NULL, NULL);
	psp_digest_page(&digest, PSP_PAGE_CPUID, 0x9000, NULL, NULL);
	assert_digest(&digest, "a00c414b6e609c925f09d927c122d418d505220be0fa2c4fd50607a713e4f63a"
			       "51b7f1dbb69e1232f267125ce6b0071e");
}

/* rmp-semantics 10.1: PAGE_INFO field by field, with contents and permissions. */
static void test_page_info(void **state)
{
	static const uint8_t perms[PSP_NR_VMPLS] = { 0xf, 1, 3, 7 };
	uint8_t info[0x70], expected[PSP_LD_BYTES], page[PSP_PAGE_BYTES];

	(void)state;
	memset(page, 0x5a, sizeof(page));
	for (unsigned int reversed = 0; reversed < 2U; reversed++) {
		struct psp_digest digest;

		psp_digest_init(&digest);
		memset(digest.bytes, 0xc3, PSP_LD_BYTES);
		digest.vmpl3_first = reversed != 0U;
		memset(info, 0, sizeof(info));
		memset(info, 0xc3, PSP_LD_BYTES);
		(void)SHA384(page, sizeof(page), info + 0x30);
		info[0x60] = 0x70;
		info[0x62] = 2;
		for (size_t vmpl = 1; vmpl < PSP_NR_VMPLS; vmpl++) {
			info[0x64 + (reversed != 0U ? 3U - vmpl : vmpl)] = perms[vmpl];
		}
		guest_put(info + 0x68, UINT64_C(0xfffffffff000), 8);
		(void)SHA384(info, sizeof(info), expected);
		psp_digest_page(&digest, PSP_PAGE_VMSA, UINT64_C(0xfffffffff000), page, perms);
		assert_memory_equal(digest.bytes, expected, PSP_LD_BYTES);
	}
}

/* rmp-semantics 10.2: type and gPA are measured for each type, contents for two of them. */
static void test_what_is_measured(void **state)
{
	uint8_t ones[PSP_PAGE_BYTES];

	(void)state;
	memset(ones, 1, sizeof(ones));
	for (int type = PSP_PAGE_NORMAL; type <= PSP_PAGE_CPUID; type++) {
		struct psp_digest a, b, c;

		psp_digest_init(&a);
		b = c = a;
		psp_digest_page(&a, (enum psp_page_type)type, 0x1000, zero_page, NULL);
		psp_digest_page(&b, (enum psp_page_type)type, 0x2000, zero_page, NULL);
		psp_digest_page(&c, (enum psp_page_type)type, 0x1000, ones, NULL);
		assert_memory_not_equal(a.bytes, b.bytes, PSP_LD_BYTES);
		if (type <= PSP_PAGE_VMSA) {
			assert_memory_not_equal(a.bytes, c.bytes, PSP_LD_BYTES);
		} else {
			assert_memory_equal(a.bytes, c.bytes, PSP_LD_BYTES);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_normal_page),	  cmocka_unit_test(test_zero_pages),
		cmocka_unit_test(test_secrets_and_cpuid), cmocka_unit_test(test_page_info),
		cmocka_unit_test(test_what_is_measured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
