/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "abi/cpuid_abi.h"
#include "abi/ghcb_abi.h"
#include "abi/secrets_abi.h"
#include "abi/vmsa_abi.h"

/*
 * Offsets are asserted where they are declared; here are the encodings that functions make, against
 * values written out by hand from the GHCB protocol (publication 56421).
 */
static void msr_encodings(void **state)
{
	(void)state;
	assert_int_equal(ghcb_msr_sev_info(2, 1, 51), UINT64_C(0x0002000133000001));
	assert_int_equal(ghcb_msr_cpuid(UINT32_C(0x8000001f), 1), UINT64_C(0x8000001f40000004));
	assert_int_equal(ghcb_msr_psc(UINT64_C(0x12345), GHCB_PSC_SHARED),
			 UINT64_C(0x0020000012345014));
	assert_int_equal(ghcb_msr_psc_gfn(UINT64_C(0x0020000012345014)), 0x12345);
	assert_int_equal(ghcb_msr_psc_op(UINT64_C(0x0020000012345014)), GHCB_PSC_SHARED);
	assert_int_equal(ghcb_msr_run_vmpl(2), UINT64_C(0x0000000200000016));
	assert_int_equal(ghcb_msr_vmpl(UINT64_C(0x0000000300000016)), 3);
	assert_int_equal(ghcb_msr_with_gfn(GHCB_MSR_REGISTER_REQ, 0x809), 0x809012);
	assert_int_equal(ghcb_msr_with_gfn(GHCB_MSR_PREFERRED_RESP, GHCB_MSR_NO_PREFERENCE),
			 UINT64_C(0xfffffffffffff011));
	assert_int_equal(ghcb_msr_gfn(UINT64_C(0x809013)), 0x809);
	assert_int_equal(ghcb_msr_code(UINT64_C(0x809013)), GHCB_MSR_REGISTER_RESP);
	assert_int_equal(ghcb_msr_with_result(GHCB_MSR_PSC_RESP, 7), UINT64_C(0x0000000700000015));
	assert_int_equal(ghcb_msr_result(UINT64_C(0x0000000700000015)), 7);
	assert_int_equal(ghcb_msr_terminate(1, 8), 0x81100);
}

static void page_encodings(void **state)
{
	(void)state;
	assert_int_equal(ghcb_psc_entry(UINT64_C(0x12345), GHCB_PSC_PRIVATE, false),
			 UINT64_C(0x0010000012345000));
	assert_int_equal(ghcb_psc_entry(UINT64_C(0x12200), GHCB_PSC_SHARED, true),
			 UINT64_C(0x0120000012200000));
	assert_int_equal(ghcb_psc_entry_gfn(UINT64_C(0x01200000122001ff)), 0x12200);
	assert_int_equal(ghcb_psc_entry_op(UINT64_C(0x0120000012200000)), GHCB_PSC_SHARED);
	assert_int_equal(ghcb_ap_info1(5, 2, GHCB_AP_CREATE), UINT64_C(0x0000000500020001));
	assert_int_equal(GHCB_VALID_BYTE(sw_exit_code), 14);
	assert_int_equal(GHCB_VALID_MASK(sw_exit_code), 0x04);
	assert_int_equal(GHCB_VALID_BYTE(rax), 7);
	assert_int_equal(GHCB_VALID_MASK(rax), 0x80);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(msr_encodings),
		cmocka_unit_test(page_encodings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
