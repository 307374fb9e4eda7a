/* SPDX-License-Identifier: Apache-2.0 */
#include "attest_fixture.h"

#include <string.h>

/* 58019 section 7.1, SVSM_ATTEST_SERVICES, and what section 7 says about the protocol. */

static struct at_request r;
static uint8_t manifest[AT_MANIFEST_MAX];

/* ---- the protocol ---- */

static void test_query_offers_version_1(void **state)
{
	struct abi *a = *state;
	static const uint64_t versions[] = { 0, 1, 2, 3, UINT32_MAX };

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		struct hm_regs regs = { .rax = ABI_QUERY_PROTOCOL, .rcx = AT_CALL(versions[i]) };

		assert_int_equal(abi_call(a, &regs), ABI_SUCCESS);
		assert_true(regs.rcx == (versions[i] == 1U ? (UINT64_C(1) << 32 | 1U) : 0U));
	}
}

/* Call 2 is SINGLE_SERVICE_EXT, of a version that is not offered. */
static void test_decision_unknown_calls(void **state)
{
	struct abi *a = *state;
	static const uint32_t calls[] = { 2, 3, 7, 0x80000000U, UINT32_MAX };

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		at_good(&r, AT_SERVICES);
		r.regs.rax = AT_CALL(calls[i]);
		at_expect_refused(a, &r, ABI_UNSUPPORTED_CALL);
	}
}

static void test_no_processor_no_protocol(void **state)
{
	struct abi *a = *state;
	struct hm_regs regs = { .rax = ABI_QUERY_PROTOCOL, .rcx = AT_CALL(1U) };

	assert_int_equal(abi_call(a, &regs), ABI_SUCCESS);
	assert_true(regs.rcx == 0U);
	at_good(&r, AT_SERVICES);
	at_expect_refused(a, &r, ABI_UNSUPPORTED_PROTOCOL);
	at_good(&r, AT_SINGLE);
	at_expect_refused(a, &r, ABI_UNSUPPORTED_PROTOCOL);
}

/* ---- failures ---- */

static void test_failures_in_order(void **state)
{
	at_check_rows(*state, AT_SERVICES);
}

static void test_each_page_of_each_buffer(void **state)
{
	at_check_each_page(*state, AT_SERVICES);
}

/* ---- success ---- */

static void test_report_verifies(void **state)
{
	struct abi *a = *state;

	for (unsigned int i = 0; i < 3U; i++) {
		at_good(&r, AT_SERVICES);
		r.nonce[0] = (uint8_t)i;
		at_expect_good(a, &r);
	}
	abi_on(a, 1);
	at_expect_good(a, &r);
}

/* Table 20: the smallest manifest. */
static void test_no_services(void **state)
{
	struct abi *a = *state;
	const size_t size = at_manifest_services(manifest, false);

	assert_int_equal(size, 24);
	at_good(&r, AT_SERVICES);
	assert_int_equal(at_call(a, &r), ABI_SUCCESS);
	at_expect_success(a, &r, manifest, size);
}

/* What the guest did not ask for: RDX is 0, and its buffer's address means nothing. */
static void test_decision_without_certificates(void **state)
{
	struct abi *a = *state;
	struct hm_psp_stats stats;

	for (unsigned int bad = 0; bad <= AT_BAD_OWN_CA; bad++) {
		at_good(&r, AT_SERVICES);
		r.op.certs_size = 0;
		r.op.certs_gpa = at_bad_address(a, bad) + bad;
		at_expect_good(a, &r);
		at_expect_regs(&r, r.out.rcx, 0, RELYING_REPORT_BYTES);
	}
	hm_psp_stats(a->m, &stats);
	assert_int_equal(stats.extended, 0);
}

/* The host has none: RDX is 0. Bad tables count as none, whatever they say. */
static void test_host_without_certificates(void **state)
{
	struct abi *a = *state;
	const size_t size = at_manifest_services(manifest, true);

	at_good(&r, AT_SERVICES);
	hm_psp_lie(a->m, HM_PSP_CERT_NONE, 1, 0);
	assert_int_equal(at_call(a, &r), ABI_SUCCESS);
	at_expect_regs(&r, size, 0, RELYING_REPORT_BYTES);
	for (unsigned int bad = HM_PSP_BAD_OFFSET; bad <= HM_PSP_BAD_SUM; bad++) {
		hm_psp_lie(a->m, HM_PSP_CERT_BAD, 1, bad);
		assert_int_equal(at_call(a, &r), ABI_SUCCESS);
		at_expect_regs(&r, size, 0, RELYING_REPORT_BYTES);
		abi_expect_filled(a, AT_CERTS, AT_UNTOUCHED);
	}
	hm_psp_lie(a->m, HM_PSP_CERT_BAD, 1, HM_PSP_BAD_ENDLESS);
	assert_int_equal(at_call(a, &r), ABI_SUCCESS);
	at_expect_regs(&r, size, 0, RELYING_REPORT_BYTES);
	at_expect_good(a, &r);
}

static void test_decision_nonces_of_any_size(void **state)
{
	struct abi *a = *state;
	static const uint16_t sizes[] = { 1, 16, 31, 64, 65, 1000, 4095, 4096 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		at_good(&r, AT_SERVICES);
		r.op.nonce_size = sizes[i];
		r.op.nonce_gpa = r.nonce_at = AT_NONCE + ABI_4K - sizes[i];
		at_expect_good(a, &r);
	}
}

/* No nonce: the report is about the manifest alone, the address is not looked at. */
static void test_decision_nonce_of_size_0(void **state)
{
	struct abi *a = *state;

	for (unsigned int bad = 0; bad <= AT_BAD_OWN_CA; bad++) {
		at_good(&r, AT_SERVICES);
		r.op.nonce_size = 0;
		r.op.nonce_gpa = at_bad_address(a, bad);
		r.nonce_at = 0;
		at_expect_good(a, &r);
	}
}

/* Linux has the structure in the calling area, behind its header; a nonce may lie there too. */
static void test_structure_in_the_calling_area(void **state)
{
	struct abi *a = *state;

	at_good(&r, AT_SERVICES);
	r.regs.rcx = r.op_at = ABI_CA + 8U;
	at_expect_good(a, &r);
	r.regs.rcx = r.op_at = ABI_CA + ABI_4K - 0x40U;
	at_expect_good(a, &r);
	r.op.nonce_gpa = r.nonce_at = ABI_CA + 8U;
	r.op.nonce_size = 4096U - 0x48U;
	at_expect_good(a, &r);
	/* The area of another CPU is not the caller's. */
	abi_on(a, 1);
	at_expect_refused(a, &r, ABI_INVALID_ADDRESS);
}

static void test_structure_at_the_end_of_a_page(void **state)
{
	struct abi *a = *state;

	at_good(&r, AT_SERVICES);
	r.regs.rcx = r.op_at = AT_OP + ABI_4K - 0x40U;
	at_expect_good(a, &r);
	/* It ends where the structure of the other call would go on. */
	at_good(&r, AT_SERVICES);
	memset(r.op.guid, 0xff, sizeof(r.op.guid));
	r.op.version = r.op.mbz_054 = UINT32_MAX;
	at_expect_good(a, &r);
}

/* Neighbours that touch do not overlap. */
static void test_adjacent_buffers(void **state)
{
	struct abi *a = *state;

	at_good(&r, AT_SERVICES);
	r.op.report_gpa = AT_REPORT;
	r.op.report_size = RELYING_REPORT_BYTES;
	r.op.manifest_gpa = AT_REPORT + ABI_4K;
	r.op.manifest_size = 2U * 4096U;
	r.op.certs_gpa = AT_REPORT + 3U * ABI_4K;
	r.regs.rcx = r.op_at = AT_REPORT + RELYING_REPORT_BYTES;
	r.op.nonce_gpa = r.nonce_at = AT_REPORT + ABI_4K - AT_NONCE_BYTES;
	assert_int_equal(at_call(a, &r), ABI_SUCCESS);
	at_expect_regs(&r, at_manifest_services(manifest, true),
		       at_certs(a, manifest, sizeof(manifest)), RELYING_REPORT_BYTES);
}

static void test_exact_sizes(void **state)
{
	struct abi *a = *state;

	at_good(&r, AT_SERVICES);
	r.op.manifest_size = (uint32_t)at_manifest_services(manifest, true);
	r.op.certs_size = (uint32_t)at_certs(a, manifest, sizeof(manifest));
	r.op.report_size = RELYING_REPORT_BYTES;
	at_expect_good(a, &r);
}

static void test_report_versions(void **state)
{
	struct abi *a = *state;
	const uint32_t expected = psp_configuration(hm_psp(a->m))->report_version;
	uint32_t version = 0;

	at_good(&r, AT_SERVICES);
	at_expect_good(a, &r);
	abi_read(a, AT_REPORT, &version, sizeof(version));
	assert_int_equal(version, expected);
}

/* ---- sizes ---- */

/* Only RCX is written, and the processor is not asked. */
static void test_manifest_size(void **state)
{
	struct abi *a = *state;
	const size_t size = at_manifest_services(manifest, true);
	const uint32_t sizes[] = { 0, 1, 24, (uint32_t)size - 1U };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		at_good(&r, AT_SERVICES);
		r.op.manifest_size = sizes[i];
		/* All buffers are too small: the manifest comes first. */
		r.op.report_size = i % 2U == 0U ? 0U : 4096U;
		r.op.certs_size = i < 2U ? 0U : 1U;
		assert_int_equal(at_call(a, &r), ABI_INVALID_PARAMETER);
		at_expect_regs(&r, size, AT_SAME, AT_SAME);
		at_expect_untouched(a);
	}
	assert_int_equal(at_psp_requests(a), 0);
}

/* RCX and RDX are written, R8 is not. */
static void test_certificates_size(void **state)
{
	struct abi *a = *state;
	const size_t certs = at_certs(a, manifest, sizeof(manifest));
	const size_t size = at_manifest_services(manifest, true);
	const uint32_t sizes[] = { 1, 4096, (uint32_t)certs - 1U };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		at_good(&r, AT_SERVICES);
		r.op.certs_size = sizes[i];
		r.op.report_size = i % 2U == 0U ? 0U : 4096U; /* certificates come first */
		assert_int_equal(at_call(a, &r), ABI_INVALID_PARAMETER);
		at_expect_regs(&r, size, certs, AT_SAME);
		at_expect_untouched(a);
	}
	abi_judge(a);
}

/* The host wants room that the guest does not have; the number is the host's. */
static void test_certificates_size_of_the_host(void **state)
{
	struct abi *a = *state;
	const size_t size = at_manifest_services(manifest, true);
	static const uint32_t pages[] = { AT_CERTS_PAGES + 1U, 16, 17, 0x100000U, UINT32_MAX };

	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		at_good(&r, AT_SERVICES);
		hm_psp_lie(a->m, HM_PSP_CERT_PAGES, 1, pages[i]);
		assert_int_equal(at_call(a, &r), ABI_INVALID_PARAMETER);
		at_expect_regs(&r, size, (uint64_t)pages[i] * 4096U, AT_SAME);
		at_expect_untouched(a);
	}
	/* It wants what the guest has, and this SVSM's own shared pages cannot hold. */
	hm_psp_lie(a->m, HM_PSP_CERT_PAGES, 1, AT_CERTS_PAGES);
	at_good(&r, AT_SERVICES);
	at_expect_refused(a, &r, AT_FAILED);
	/* Room of no pages is no certificates. */
	hm_psp_lie(a->m, HM_PSP_CERT_PAGES, 1, 0);
	assert_int_equal(at_call(a, &r), ABI_SUCCESS);
	at_expect_regs(&r, size, 0, RELYING_REPORT_BYTES);
	abi_expect_filled(a, AT_CERTS, AT_UNTOUCHED);
	at_expect_good(a, &r);
}

/* RCX and R8, and RDX if the guest asked for certificates. */
static void test_report_size(void **state)
{
	struct abi *a = *state;
	const size_t certs = at_certs(a, manifest, sizeof(manifest));
	const size_t size = at_manifest_services(manifest, true);
	static const uint32_t sizes[] = { 0, 1, RELYING_REPORT_BYTES - 1U };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		at_good(&r, AT_SERVICES);
		r.op.report_size = sizes[i];
		assert_int_equal(at_call(a, &r), ABI_INVALID_PARAMETER);
		at_expect_regs(&r, size, certs, RELYING_REPORT_BYTES);
		at_expect_untouched(a);
		r.op.certs_size = 0;
		assert_int_equal(at_call(a, &r), ABI_INVALID_PARAMETER);
		at_expect_regs(&r, size, AT_SAME, RELYING_REPORT_BYTES);
		at_expect_untouched(a);
	}
	abi_judge(a);
}

/* As a client that knows no size finds them: each answer is taken into the next request. */
static void test_negotiation(void **state)
{
	struct abi *a = *state;
	unsigned int calls = 0;
	uint32_t result = 0;

	at_good(&r, AT_SERVICES);
	r.op.manifest_size = r.op.report_size = 0;
	r.op.certs_size = 1;
	r.regs.rdx = r.regs.r8 = 0;
	do {
		result = at_call(a, &r);
		calls++;
		r.op.manifest_size = (uint32_t)r.out.rcx;
		r.op.certs_size = r.out.rdx == 0U ? r.op.certs_size : (uint32_t)r.out.rdx;
		r.op.report_size = (uint32_t)r.out.r8;
	} while (result == ABI_INVALID_PARAMETER && calls < 10U);
	assert_int_equal(result, ABI_SUCCESS);
	assert_int_equal(calls, 4);
	at_expect_good(a, &r);
}

/* ---- the host between SVSM and processor ---- */

static void test_busy_host(void **state)
{
	struct abi *a = *state;

	at_good(&r, AT_SERVICES);
	hm_psp_lie(a->m, HM_PSP_BUSY, 1, 5);
	for (unsigned int i = 0; i < 5U; i++) {
		at_expect_refused(a, &r, ABI_BUSY);
	}
	at_expect_good(a, &r);
}

/* One call fails, later ones do not; another nonce first resolves the message in flight. */
static void test_failing_host(void **state)
{
	struct abi *a = *state;

	for (unsigned int i = 0; i < 4U; i++) {
		at_good(&r, AT_SERVICES);
		hm_psp_lie(a->m, HM_PSP_DROP, 1, 0);
		at_expect_refused(a, &r, AT_FAILED);
		r.nonce[i] ^= (uint8_t)(i & 1U);
		at_expect_good(a, &r);
	}
}

static void expect_dead(struct abi *a)
{
	struct hm_regs regs = { .rax = ABI_QUERY_PROTOCOL, .rcx = AT_CALL(1U) };
	const uint64_t requests = at_psp_requests(a);

	for (unsigned int i = 0; i < 10U; i++) {
		at_good(&r, i % 2U == 0U ? AT_SERVICES : AT_SINGLE);
		r.op.manifest_size = i < 5U ? r.op.manifest_size : 0U;
		at_expect_refused(a, &r, AT_FAILED);
	}
	/* What is wrong with the request itself is still said. */
	r.op.mbz_00c = 1;
	at_expect_refused(a, &r, ABI_INVALID_PARAMETER);
	assert_int_equal(at_psp_requests(a), requests);
	assert_int_equal(abi_call(a, &regs), ABI_SUCCESS);
	assert_true(regs.rcx == (UINT64_C(1) << 32 | 1U));
}

/* The processor refuses: 0x8000_1000, from then on and whatever the host does. */
static void test_refused_by_the_processor(void **state)
{
	struct abi *a = *state;

	at_good(&r, AT_SERVICES);
	at_expect_good(a, &r);
	hm_psp_lie(a->m, HM_PSP_DROP, 1, 0x16);
	at_expect_refused(a, &r, AT_FAILED);
	expect_dead(a);
}

/* A reply is lost: the sequence cannot be agreed again. */
static void test_lost_reply(void **state)
{
	struct abi *a = *state;

	at_good(&r, AT_SERVICES);
	hm_psp_lie(a->m, HM_PSP_FAIL_AFTER, 1, 0);
	at_expect_refused(a, &r, AT_FAILED);
	at_expect_refused(a, &r, AT_FAILED);
	expect_dead(a);
}

/* Replies that are not the reply are not believed. */
static void test_false_replies(void **state)
{
	static const struct {
		enum hm_psp_lie lie;
		uint64_t value;
	} lies[] = {
		{ HM_PSP_REPLAY, 1 },	   { HM_PSP_REPLAY, 2 },       { HM_PSP_FOREIGN, 0 },
		{ HM_PSP_SEQUENCE, 2 },	   { HM_PSP_SEQUENCE, 1 },     { HM_PSP_TYPE, 5 },
		{ HM_PSP_TYPE, 8 },	   { HM_PSP_SIZE, 0 },	       { HM_PSP_SIZE, 0xffff },
		{ HM_PSP_SIZE, 0x4bf },	   { HM_PSP_SIZE, 0x4c1 },     { HM_PSP_CORRUPT, 0 },
		{ HM_PSP_CORRUPT, 0x300 }, { HM_PSP_CORRUPT, 0x1000 }, { HM_PSP_TRUNCATE, 0 },
		{ HM_PSP_TRUNCATE, 0x60 }, { HM_PSP_TRUNCATE, 0x500 },
	};
	void *fresh = NULL;

	abi_teardown(state);
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		assert_int_equal(at_setup(&fresh), 0);
		at_good(&r, AT_SERVICES);
		at_expect_good(fresh, &r);
		at_expect_good(fresh, &r);
		hm_psp_lie(((struct abi *)fresh)->m, lies[i].lie, 1, lies[i].value);
		at_expect_refused(fresh, &r, AT_FAILED);
		assert_int_equal(hm_psp_lies_told(((struct abi *)fresh)->m, lies[i].lie), 1);
		abi_judge(fresh);
		abi_teardown(&fresh);
	}
	assert_int_equal(at_setup(state), 0);
}

/* Certificates that grow between two requests, so that no room is ever enough. */
static void test_certificates_that_grow(void **state)
{
	struct abi *a = *state;
	const size_t size = at_manifest_services(manifest, true);
	uint64_t last = at_certs(a, manifest, sizeof(manifest));

	hm_psp_lie(a->m, HM_PSP_CERT_GROW, 1U | HM_PSP_ALWAYS, 100);
	at_good(&r, AT_SERVICES);
	for (unsigned int i = 0; i < 20U; i++) {
		r.op.certs_size = (uint32_t)last;
		assert_int_equal(at_call(a, &r), ABI_INVALID_PARAMETER);
		at_expect_regs(&r, size, last + 100U, AT_SAME);
		at_expect_untouched(a);
		last += 100U;
	}
}

/* ---- faults of the guest's memory ---- */

/* Each write of the answer in turn: INVALID_ADDRESS, and the registers stay for another attempt. */
static void test_write_faults(void **state)
{
	struct abi *a = *state;
	unsigned int step = 1;

	for (;; step++) {
		uint32_t result;

		at_good(&r, AT_SERVICES);
		hm_inject(a->m, 0, HM_INJECT_GUEST_WRITE, step, 0);
		result = at_call(a, &r);
		if (!hm_injection_fired(a->m, 0, HM_INJECT_GUEST_WRITE)) {
			break;
		}
		if (result == ABI_NOT_SERVED) {
			continue; /* the pending byte, after a whole answer */
		}
		assert_int_equal(result, ABI_INVALID_ADDRESS);
		at_expect_regs(&r, AT_SAME, AT_SAME, AT_SAME);
		abi_judge(a);
	}
	hm_inject(a->m, 0, HM_INJECT_GUEST_WRITE, 0, 0);
	/* report, two pages of manifest, certificates, pending */
	assert_in_range(step, 6, 12);
	at_expect_good(a, &r);
}

static void test_read_faults(void **state)
{
	struct abi *a = *state;
	unsigned int step = 2; /* 1 is the pending byte */

	for (;; step++) {
		uint32_t result;

		at_good(&r, AT_SERVICES);
		hm_inject(a->m, 0, HM_INJECT_GUEST_READ, step, 0);
		result = at_call(a, &r);
		if (!hm_injection_fired(a->m, 0, HM_INJECT_GUEST_READ)) {
			break;
		}
		assert_int_equal(result, ABI_INVALID_ADDRESS);
		at_expect_regs(&r, AT_SAME, AT_SAME, AT_SAME);
		at_expect_untouched(a);
	}
	hm_inject(a->m, 0, HM_INJECT_GUEST_READ, 0, 0);
	assert_int_equal(step, 4); /* structure and nonce, each read once */
	abi_judge(a);
}

/* A page that another call works on. */
static void busy_page(struct abi *a, uint64_t page)
{
	const struct hm_regs regs = { .rax = ABI_PVALIDATE, .rcx = ABI_LIST };
	const struct abi_list list = { .count = 1, .entry = { page } };
	struct abi_frozen f;

	at_good(&r, AT_SERVICES);
	at_prepare(a, &r);
	r.out = r.regs;
	abi_list_write(a, ABI_LIST, &list, 1);
	abi_freeze(a, &f, 1, &regs, ARCH_POINT_CLAIMED, 1);
	assert_int_equal(hm_call(a->m, ABI_CA, &r.out), HM_CALL_DONE);
	assert_int_equal(r.out.rax, ABI_BUSY);
	at_expect_regs(&r, AT_SAME, AT_SAME, AT_SAME);
	assert_int_equal(abi_thaw(a, &f), ABI_SUCCESS);
	assert_int_equal(abi_pvalidate(a, page | ABI_PV_VALIDATE), ABI_SUCCESS);
	at_expect_good(a, &r);
}

static void test_pages_in_work_are_busy(void **state)
{
	struct abi *a = *state;

	busy_page(a, AT_OP);
	busy_page(a, AT_NONCE);
	busy_page(a, AT_REPORT);
	busy_page(a, AT_REPORT + 2U * ABI_4K);
	busy_page(a, AT_MANIFEST + ABI_4K);
	busy_page(a, AT_CERTS + 7U * ABI_4K);
}

/*
 * While CPU 1 waits for the processor, its report buffer becomes the SVSM's: nothing may be written
 * there. The judge and the page's contents tell.
 */
static void test_page_taken_while_the_processor_works(void **state)
{
	struct abi *a = *state;
	struct abi_frozen f;
	unsigned int nth = 1;
	uint32_t result = ABI_BUSY;

	at_good(&r, AT_SERVICES);
	at_prepare(a, &r);
	for (;; nth++) {
		struct at_request other;

		abi_freeze(a, &f, 1, &r.regs, ARCH_POINT_ARCH_CALL, nth);
		at_good(&other, AT_SERVICES);
		other.op.report_gpa = ABI_VALID;
		other.op.manifest_size = other.op.certs_size = 0;
		other.regs.rcx = other.op_at = AT_OP + 0x1000U;
		abi_write(a, other.op_at, &other.op, 0x40);
		other.out = other.regs;
		assert_int_equal(hm_call(a->m, ABI_CA, &other.out), HM_CALL_DONE);
		if (other.out.rax == ABI_BUSY) {
			break; /* CPU 1 owns the channel */
		}
		assert_int_equal(abi_thaw(a, &f), ABI_SUCCESS);
	}
	assert_int_equal(
		abi_call_unjudged(a, &(struct hm_regs){ .rax = ABI_QUERY_PROTOCOL, .rcx = 1 }),
		ABI_SUCCESS);
	{
		const struct abi_list list = { .count = 1, .entry = { AT_MANIFEST } };
		struct hm_regs deposit = { .rax = ABI_DEPOSIT_MEM, .rcx = ABI_LIST };

		abi_list_write(a, ABI_LIST, &list, 1);
		result = abi_call_unjudged(a, &deposit);
	}
	assert_int_equal(result, ABI_SUCCESS);
	assert_int_equal(abi_thaw(a, &f), ABI_INVALID_ADDRESS);
	assert_true(f.regs.rcx == r.regs.rcx && f.regs.rdx == r.regs.rdx && f.regs.r8 == r.regs.r8);
	abi_expect_page(a, AT_MANIFEST, ABI_PRIVATE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(test_query_offers_version_1),
		AT_TEST(test_decision_unknown_calls),
		AT_TEST_WITH(test_no_processor_no_protocol, at_setup_no_psp),
		AT_TEST(test_failures_in_order),
		AT_TEST(test_each_page_of_each_buffer),
		AT_TEST(test_report_verifies),
		AT_TEST_WITH(test_no_services, at_setup_no_services),
		AT_TEST(test_decision_without_certificates),
		AT_TEST(test_host_without_certificates),
		AT_TEST(test_decision_nonces_of_any_size),
		AT_TEST(test_decision_nonce_of_size_0),
		AT_TEST(test_structure_in_the_calling_area),
		AT_TEST(test_structure_at_the_end_of_a_page),
		AT_TEST(test_adjacent_buffers),
		AT_TEST(test_exact_sizes),
		AT_TEST(test_report_versions),
		AT_TEST_WITH(test_report_versions, at_setup_report_2),
		AT_TEST_WITH(test_report_versions, at_setup_report_3),
		AT_TEST(test_manifest_size),
		AT_TEST(test_certificates_size),
		AT_TEST(test_certificates_size_of_the_host),
		AT_TEST(test_report_size),
		AT_TEST(test_negotiation),
		AT_TEST(test_busy_host),
		AT_TEST(test_failing_host),
		AT_TEST(test_refused_by_the_processor),
		AT_TEST(test_lost_reply),
		AT_TEST(test_false_replies),
		AT_TEST(test_certificates_that_grow),
		AT_TEST(test_write_faults),
		AT_TEST(test_read_faults),
		AT_TEST(test_pages_in_work_are_busy),
		AT_TEST(test_page_taken_while_the_processor_works),
	};

	return AT_RUN(tests);
}
