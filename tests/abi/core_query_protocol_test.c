/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

/* 58019 section 6.8, SVSM_CORE_QUERY_PROTOCOL. */

#define CORE_VERSIONS ((UINT64_C(2) << 32) | 1U)

static uint64_t ask(struct abi *a, uint64_t protocol, uint64_t version)
{
	struct hm_regs regs = { .rax = ABI_QUERY_PROTOCOL, .rcx = protocol << 32 | version };

	assert_int_equal(abi_call(a, &regs), ABI_SUCCESS);
	return regs.rcx;
}

static void test_versions_of_the_core_protocol(void **state)
{
	struct abi *a = *state;

	assert_int_equal(ask(a, 0, 1), CORE_VERSIONS);
	assert_int_equal(ask(a, 0, 2), CORE_VERSIONS);
}

static void test_unavailable_is_zero_and_success(void **state)
{
	static const struct {
		uint64_t protocol, version;
	} rows[] = {
		{ 0, 0 },	   { 0, 3 },	      { 0, 0x7fffffff },	  { 0, 0xffffffff },
		{ 5, 1 },	   { 6, 0 },	      { 0x7fffffff, 1 },	  { 0x80000000, 1 },
		{ 0x8000ffff, 1 }, { 0xffffffff, 1 }, { 0xffffffff, 0xffffffff },
	};
	struct abi *a = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(ask(a, rows[i].protocol, rows[i].version), 0);
	}
}

/* What QUERY_PROTOCOL says of a protocol is what calls to it find. */
static void test_answers_are_well_formed_and_agree_with_calls(void **state)
{
	struct abi *a = *state;

	for (uint64_t protocol = 0; protocol < 8U; protocol++) {
		struct hm_regs regs = { .rax = protocol << 32 | 0xffffU };
		bool offered = false;

		for (uint64_t version = 0; version < 5U; version++) {
			const uint64_t answer = ask(a, protocol, version);

			offered = offered || answer != 0U;
			assert_true(answer == 0U ||
				    (answer >> 32 >= version && (answer & 0xffffffffU) <= version &&
				     (answer & 0xffffffffU) != 0U));
		}
		assert_int_equal(abi_call(a, &regs),
				 offered ? ABI_UNSUPPORTED_CALL : ABI_UNSUPPORTED_PROTOCOL);
	}
}

static void test_query_needs_no_memory(void **state)
{
	struct abi *a = *state;

	hm_inject(a->m, 0, HM_INJECT_ALLOC, 1, 0);
	assert_int_equal(ask(a, 0, 1), CORE_VERSIONS);
	assert_int_equal(ask(a, 7, 1), 0);
	assert_false(hm_injection_fired(a->m, 0, HM_INJECT_ALLOC));
	hm_inject(a->m, 0, HM_INJECT_ALLOC, 0, 0);
}

/* A null call costs no flush and no work on pages. */
static void test_query_touches_no_page(void **state)
{
	struct abi *a = *state;

	(void)ask(a, 0, 1);
	assert_int_equal(abi_count(a, HM_EV_FLUSH_GLOBAL), 0);
	assert_int_equal(abi_count(a, HM_EV_FLUSH_LOCAL), 0);
	assert_int_equal(abi_count(a, HM_EV_RMPADJUST), 0);
	assert_int_equal(abi_count(a, HM_EV_PVALIDATE), 0);
	assert_int_equal(abi_count(a, HM_EV_SVSM_READ), 1);
	assert_int_equal(abi_count(a, HM_EV_SVSM_WRITE), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ABI_TEST(test_versions_of_the_core_protocol),
		ABI_TEST(test_unavailable_is_zero_and_success),
		ABI_TEST(test_answers_are_well_formed_and_agree_with_calls),
		ABI_TEST(test_query_needs_no_memory),
		ABI_TEST(test_query_touches_no_page),
	};

	return ABI_RUN(tests);
}
