/* SPDX-License-Identifier: Apache-2.0 */
#include "attest_fixture.h"

#include <string.h>

/* 58019 section 7.2, SVSM_ATTEST_SINGLE_SERVICE. */

static struct at_request r;
static uint8_t manifest[AT_MANIFEST_MAX];

static void test_failures_in_order(void **state)
{
	at_check_rows(*state, AT_SINGLE);
}

static void test_each_page_of_each_buffer(void **state)
{
	at_check_each_page(*state, AT_SINGLE);
}

static void expect_service(struct abi *a, const struct svsm_service *service, uint32_t version)
{
	const size_t size = at_manifest_single(manifest, service, version);

	at_good(&r, AT_SINGLE);
	memcpy(r.op.guid, service->guid, sizeof(r.op.guid));
	r.op.version = version;
	assert_int_equal(at_call(a, &r), ABI_SUCCESS);
	at_expect_success(a, &r, manifest, size);
}

/* The manifest is the service's own, without the head of Table 20. */
static void test_report_verifies(void **state)
{
	struct abi *a = *state;

	expect_service(a, &at_small, 0);
	expect_service(a, &at_small, 1);
	expect_service(a, &at_big, 0);
	abi_on(a, 1);
	expect_service(a, &at_small, 0);
}

static void test_no_services(void **state)
{
	struct abi *a = *state;

	at_good(&r, AT_SINGLE);
	at_expect_refused(a, &r, ABI_INVALID_PARAMETER);
	memset(r.op.guid, 0, sizeof(r.op.guid));
	at_expect_refused(a, &r, ABI_INVALID_PARAMETER);
}

/* A service that is registered for version 0 only; all services of the SVSM are found. */
static void test_versions_belong_to_their_service(void **state)
{
	struct abi *a = *state;

	at_good(&r, AT_SINGLE);
	memcpy(r.op.guid, at_big.guid, sizeof(r.op.guid));
	r.op.version = 1;
	at_expect_refused(a, &r, ABI_INVALID_PARAMETER);
	assert_int_equal(at_psp_requests(a), 0);
}

/* The GUID of the services manifest names no service. */
static void test_manifest_guid_is_no_service(void **state)
{
	struct abi *a = *state;

	(void)at_manifest_services(manifest, true);
	at_good(&r, AT_SINGLE);
	memcpy(r.op.guid, manifest, sizeof(r.op.guid));
	at_expect_refused(a, &r, ABI_INVALID_PARAMETER);
}

/* Reserved, but not MBZ in Table 22. */
static void test_decision_bytes_01a_are_ignored(void **state)
{
	struct abi *a = *state;

	at_good(&r, AT_SINGLE);
	memset(r.op.mbz_01a, 0xff, sizeof(r.op.mbz_01a));
	at_expect_good(a, &r);
}

static void test_structure_in_the_calling_area(void **state)
{
	struct abi *a = *state;

	at_good(&r, AT_SINGLE);
	r.regs.rcx = r.op_at = ABI_CA + 8U;
	at_expect_good(a, &r);
	r.regs.rcx = r.op_at = ABI_CA + ABI_4K - 0x58U;
	r.op.nonce_gpa = r.nonce_at = ABI_CA + 0x500U;
	at_expect_good(a, &r);
}

static void test_structure_at_the_end_of_a_page(void **state)
{
	struct abi *a = *state;

	at_good(&r, AT_SINGLE);
	r.regs.rcx = r.op_at = AT_OP + ABI_4K - 0x58U;
	at_expect_good(a, &r);
}

static void test_decision_without_certificates(void **state)
{
	struct abi *a = *state;

	at_good(&r, AT_SINGLE);
	r.op.certs_size = 0;
	r.op.certs_gpa = 1;
	at_expect_good(a, &r);
	at_expect_regs(&r, r.out.rcx, 0, RELYING_REPORT_BYTES);
}

static void test_decision_nonce_of_size_0(void **state)
{
	struct abi *a = *state;

	at_good(&r, AT_SINGLE);
	r.op.nonce_size = 0;
	r.op.nonce_gpa = ABI_WRAP;
	r.nonce_at = 0;
	at_expect_good(a, &r);
}

/* All three answers, each of the size of this manifest. */
static void test_sizes(void **state)
{
	struct abi *a = *state;
	const size_t certs = at_certs(a, manifest, sizeof(manifest));

	for (uint32_t version = 0; version < 2U; version++) {
		const size_t size = at_manifest_single(manifest, &at_small, version);

		at_good(&r, AT_SINGLE);
		r.op.version = version;
		r.op.manifest_size = (uint32_t)size - 1U;
		r.op.certs_size = 1;
		r.op.report_size = 0;
		assert_int_equal(at_call(a, &r), ABI_INVALID_PARAMETER);
		at_expect_regs(&r, size, AT_SAME, AT_SAME);
		r.op.manifest_size++;
		assert_int_equal(at_call(a, &r), ABI_INVALID_PARAMETER);
		at_expect_regs(&r, size, certs, AT_SAME);
		r.op.certs_size = (uint32_t)certs;
		assert_int_equal(at_call(a, &r), ABI_INVALID_PARAMETER);
		at_expect_regs(&r, size, certs, RELYING_REPORT_BYTES);
		at_expect_untouched(a);
		r.op.report_size = RELYING_REPORT_BYTES;
		at_expect_good(a, &r);
	}
}

static void test_busy_and_failing_host(void **state)
{
	struct abi *a = *state;

	at_good(&r, AT_SINGLE);
	hm_psp_lie(a->m, HM_PSP_BUSY, 1, 2);
	at_expect_refused(a, &r, ABI_BUSY);
	at_expect_refused(a, &r, ABI_BUSY);
	at_expect_good(a, &r);
	hm_psp_lie(a->m, HM_PSP_DROP, 1, 0);
	at_expect_refused(a, &r, AT_FAILED);
	at_expect_good(a, &r);
	hm_psp_lie(a->m, HM_PSP_DROP, 1, 0x16);
	at_expect_refused(a, &r, AT_FAILED);
	at_expect_refused(a, &r, AT_FAILED);
	abi_judge(a);
}

/* Both calls share the channel: what one leaves in flight, the other resolves. */
static void test_other_call_resolves(void **state)
{
	struct abi *a = *state;

	at_good(&r, AT_SINGLE);
	hm_psp_lie(a->m, HM_PSP_DROP, 1, 0);
	at_expect_refused(a, &r, AT_FAILED);
	at_good(&r, AT_SERVICES);
	at_expect_good(a, &r);
	assert_int_equal(at_psp_requests(a), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(test_failures_in_order),
		AT_TEST(test_each_page_of_each_buffer),
		AT_TEST(test_report_verifies),
		AT_TEST_WITH(test_no_services, at_setup_no_services),
		AT_TEST(test_versions_belong_to_their_service),
		AT_TEST(test_manifest_guid_is_no_service),
		AT_TEST(test_decision_bytes_01a_are_ignored),
		AT_TEST(test_structure_in_the_calling_area),
		AT_TEST(test_structure_at_the_end_of_a_page),
		AT_TEST(test_decision_without_certificates),
		AT_TEST(test_decision_nonce_of_size_0),
		AT_TEST(test_sizes),
		AT_TEST(test_busy_and_failing_host),
		AT_TEST(test_other_call_resolves),
	};

	return AT_RUN(tests);
}
