/* SPDX-License-Identifier: Apache-2.0 */
#include "parser_fixture.h"

#include "calls.h"

/* 58019 tables 3, 5, 17, 23, 32 and 43: numbers written out by hand. */
static void names(void **state)
{
	static const struct {
		const char *name;
		uint32_t protocol;
		uint32_t call;
	} rows[] = {
		{ "core.remap_ca", 0, 0 },
		{ "core.pvalidate", 0, 1 },
		{ "core.create_vcpu", 0, 2 },
		{ "core.delete_vcpu", 0, 3 },
		{ "core.deposit_mem", 0, 4 },
		{ "core.withdraw_mem", 0, 5 },
		{ "core.query_protocol", 0, 6 },
		{ "core.configure_vtom", 0, 7 },
		{ "attest.services", 1, 0 },
		{ "attest.single_service", 1, 1 },
		{ "vtpm.query", 2, 0 },
		{ "vtpm.cmd", 2, 1 },
		{ "apic.query_features", 3, 0 },
		{ "apic.configure_emulation", 3, 1 },
		{ "apic.read_register", 3, 2 },
		{ "apic.write_register", 3, 3 },
		{ "apic.configure_vector", 3, 4 },
		{ "mm.request", 4, 0 },
		{ "core.8", 0, 8 },
		{ "mm.1", 4, 1 },
		{ "protoff.10", 0xff, 0x10 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char buffer[CALL_NAME_SIZE];
		uint32_t protocol = UINT32_MAX;
		uint32_t call = UINT32_MAX;

		assert_true(call_parse(slice_of(rows[i].name), &protocol, &call));
		assert_int_equal(protocol, rows[i].protocol);
		assert_int_equal(call, rows[i].call);
		assert_string_equal(call_name(protocol, call, buffer), rows[i].name);
	}
}

static void numbers(void **state)
{
	uint32_t protocol = 0;
	uint32_t call = 0;

	(void)state;
	assert_true(call_parse(slice_of("0x80000000.0xffffffff"), &protocol, &call));
	assert_int_equal(protocol, 0x80000000);
	assert_int_equal(call, UINT32_MAX);
	assert_true(call_parse(slice_of("0.1"), &protocol, &call));
	assert_int_equal(protocol, 0);
	assert_int_equal(call, 1);
	assert_int_equal(call_rax(2, 1), UINT64_C(0x200000001));
	assert_false(call_parse(slice_of("core"), &protocol, &call));
	assert_false(call_parse(slice_of("core."), &protocol, &call));
	assert_false(call_parse(slice_of("core.nonsense"), &protocol, &call));
	assert_false(call_parse(slice_of("nonsense.1"), &protocol, &call));
	assert_false(call_parse(slice_of("0x100000000.1"), &protocol, &call));
	assert_false(call_parse(slice_of("proto.1"), &protocol, &call));
}

/* 58019 table 4. */
static void results(void **state)
{
	uint64_t code = 0;

	(void)state;
	assert_true(result_parse(slice_of("SUCCESS"), &code));
	assert_int_equal(code, 0);
	assert_true(result_parse(slice_of("INCOMPLETE"), &code));
	assert_int_equal(code, 0x80000000);
	assert_true(result_parse(slice_of("INVALID_PARAMETER"), &code));
	assert_int_equal(code, 0x80000005);
	assert_true(result_parse(slice_of("BUSY"), &code));
	assert_int_equal(code, 0x80000007);
	assert_false(result_parse(slice_of("busy"), &code));
	assert_string_equal(result_name(0x80000003), "INVALID_ADDRESS");
	assert_null(result_name(0x80000008));
	assert_null(result_name(0x80001010));
	assert_null(result_name(1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(numbers),
		cmocka_unit_test(results),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
