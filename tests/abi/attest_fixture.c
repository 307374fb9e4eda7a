/* SPDX-License-Identifier: Apache-2.0 */
#include "attest_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relying_party.h"

#define SMALL_BYTES 13U
#define BIG_BYTES 5000U
#define MARK_RDX UINT64_C(0x2222222222222222)
#define MARK_R8 UINT64_C(0x3333333333333333)
#define MARK_R9 UINT64_C(0x4444444444444444)

_Static_assert(sizeof(struct at_op) == 0x58U, "58019 Table 22");

/* ---- machines ---- */

static const struct variant {
	const char *name;
	unsigned int guest_vmpl;
	bool rmp_4k, no_invlpgb;
} variants[] = {
	{ "VMPL2, RMP 2M", 2, false, false },
	{ "VMPL1, RMP 4K, no INVLPGB", 1, true, true },
	{ "VMPL3, RMP 4K", 3, true, false },
};

static const struct variant *variant = &variants[0];

static struct hm_config base_config(void)
{
	return (struct hm_config){
		.nr_vcpus = ABI_CPUS,
		.ram = { { 0, ABI_HOLE }, { ABI_HOLE_END, ABI_RAM_END } },
		.nr_ram = 2,
		.valid = { { 0, ABI_VALID_END }, { AT_HOLE_BELOW, ABI_HOLE } },
		.nr_valid = 2,
		.startup_ca = ABI_CA,
		.guest_vmpl = variant->guest_vmpl,
		.phys_bits = ABI_PHYS_BITS,
		.rmp_4k = variant->rmp_4k,
		.no_invlpgb = variant->no_invlpgb,
		.psp = true,
		.seed = 58019,
	};
}

static int start(void **state, const struct hm_config *config)
{
	struct abi *a = calloc(1, sizeof(*a));

	if (a == NULL) {
		return -1;
	}
	a->m = hm_create(config);
	a->judge = a->m == NULL ? NULL : judge_create_for(a->m);
	if (a->judge == NULL) {
		if (a->m != NULL) {
			hm_destroy(a->m);
		}
		free(a);
		return -1;
	}
	hm_observe(a->m, judge_observe, a->judge);
	a->vmpl = config->guest_vmpl;
	a->rmp_4k = config->rmp_4k;
	a->apic_ids = hm_boot_info(a->m)->apic_ids;
	a->ca[0] = ABI_CA;
	a->vmsa[0] = hm_boot_info(a->m)->startup_vmsa.raw;
	hm_bind(a->m, 0);
	*state = a;
	abi_start_cpu(a, 1);
	assert_int_equal(abi_deposit(a, AT_DEPOSITED), ABI_SUCCESS);
	return 0;
}

static int start_with_services(void **state, const struct hm_config *config)
{
	if (start(state, config) != 0) {
		return -1;
	}
	return svsm_service_register(&at_small) && svsm_service_register(&at_big) ? 0 : -1;
}

int at_setup(void **state)
{
	const struct hm_config config = base_config();

	return start_with_services(state, &config);
}

int at_setup_no_services(void **state)
{
	const struct hm_config config = base_config();

	return start(state, &config);
}

int at_setup_no_psp(void **state)
{
	struct hm_config config = base_config();

	config.psp = false;
	return start(state, &config);
}

int at_setup_report_2(void **state)
{
	struct hm_config config = base_config();

	config.psp_config.report_version = 2;
	return start_with_services(state, &config);
}

int at_setup_report_3(void **state)
{
	struct hm_config config = base_config();

	config.psp_config.report_version = 3;
	return start_with_services(state, &config);
}

int at_run(const char *name, const struct CMUnitTest *tests, size_t count)
{
	int failed = 0;

	for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
		variant = &variants[i];
		(void)printf("machine: %s\n", variant->name);
		(void)fflush(stdout);
		failed += _cmocka_run_group_tests(name, tests, count, NULL, NULL);
	}
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

bool at_first_machine(void)
{
	return variant == &variants[0];
}

/* ---- services ---- */

static size_t pattern(uint8_t first, size_t len, uint8_t *manifest, size_t size)
{
	for (size_t i = 0; i < len && len <= size; i++) {
		manifest[i] = (uint8_t)(first + i * 7U);
	}
	return len;
}

static size_t small_manifest(uint32_t version, uint8_t *manifest, size_t size)
{
	switch (version) {
	case 0:
		return pattern(0x10, SMALL_BYTES, manifest, size);
	case 1:
		return pattern(0x20, BIG_BYTES, manifest, size);
	default:
		return 0;
	}
}

static size_t big_manifest(uint32_t version, uint8_t *manifest, size_t size)
{
	return version == 0U ? pattern(0x30, BIG_BYTES, manifest, size) : 0U;
}

const struct svsm_service at_small = { { 0x5e, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
				       small_manifest };
const struct svsm_service at_big = { { 0x5d, 0xff, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
				     big_manifest };

static void put32(uint8_t *at, size_t value)
{
	const uint32_t wire = (uint32_t)value;

	memcpy(at, &wire, sizeof(wire));
}

/* Table 20. */
size_t at_manifest_services(uint8_t manifest[AT_MANIFEST_MAX], bool registered)
{
	static const uint8_t guid[16] = { 0xbb, 0x9e, 0x84, 0x63, 0x92, 0x3d, 0x70, 0x46,
					  0xa1, 0xff, 0x58, 0xf9, 0xc9, 0x4b, 0x87, 0xbb };
	const struct svsm_service *const order[] = { &at_big, &at_small };
	const size_t count = registered ? 2U : 0U;
	size_t at = 0x18U + 0x18U * count;

	memset(manifest, 0, AT_MANIFEST_MAX);
	memcpy(manifest, guid, sizeof(guid));
	put32(&manifest[0x14], count);
	for (size_t i = 0; i < count; i++) {
		uint8_t *entry = &manifest[0x18U + 0x18U * i];
		const size_t len = order[i]->manifest(0, &manifest[at], AT_MANIFEST_MAX - at);

		memcpy(entry, order[i]->guid, 16);
		put32(&entry[0x10], at);
		put32(&entry[0x14], len);
		at += len;
	}
	put32(&manifest[0x10], at);
	return at;
}

size_t at_manifest_single(uint8_t manifest[AT_MANIFEST_MAX], const struct svsm_service *service,
			  uint32_t version)
{
	return service->manifest(version, manifest, AT_MANIFEST_MAX);
}

/* ---- requests ---- */

void at_good(struct at_request *r, uint64_t call)
{
	memset(r, 0, sizeof(*r));
	r->regs = (struct hm_regs){
		.rax = call, .rcx = AT_OP, .rdx = MARK_RDX, .r8 = MARK_R8, .r9 = MARK_R9
	};
	r->op = (struct at_op){
		.report_gpa = AT_REPORT,
		.report_size = AT_REPORT_PAGES * 4096U,
		.nonce_gpa = AT_NONCE + 0x123U,
		.nonce_size = AT_NONCE_BYTES,
		.manifest_gpa = AT_MANIFEST,
		.manifest_size = AT_MANIFEST_PAGES * 4096U,
		.certs_gpa = AT_CERTS,
		.certs_size = AT_CERTS_PAGES * 4096U,
	};
	memcpy(r->op.guid, at_small.guid, sizeof(r->op.guid));
	r->op_at = AT_OP;
	r->nonce_at = r->op.nonce_gpa;
	for (size_t i = 0; i < sizeof(r->nonce); i++) {
		r->nonce[i] = (uint8_t)(i * 13U + 5U);
	}
}

static const struct {
	uint64_t gpa;
	unsigned int pages;
} outputs[] = {
	{ AT_REPORT, AT_REPORT_PAGES },
	{ AT_MANIFEST, AT_MANIFEST_PAGES },
	{ AT_CERTS, AT_CERTS_PAGES },
};

#define NR_BUFFERS (sizeof(outputs) / sizeof(outputs[0]))

void at_prepare(struct abi *a, const struct at_request *r)
{
	for (size_t i = 0; i < NR_BUFFERS; i++) {
		for (unsigned int page = 0; page < outputs[i].pages; page++) {
			abi_fill(a, outputs[i].gpa + page * ABI_4K, AT_UNTOUCHED);
		}
	}
	abi_write(a, r->op_at, &r->op, AT_OP_BYTES(r->regs.rax));
	if (r->nonce_at != 0U) {
		const size_t room = ABI_4K - (r->nonce_at & 0xfffU);
		const size_t size = r->op.nonce_size;

		abi_write(a, r->nonce_at, r->nonce, size < room ? size : room);
	}
}

uint32_t at_call(struct abi *a, struct at_request *r)
{
	at_prepare(a, r);
	r->out = r->regs;
	switch (hm_call(a->m, a->ca[a->cpu], &r->out)) {
	case HM_CALL_DONE:
		break;
	case HM_CALL_NOT_SERVED:
		return ABI_NOT_SERVED;
	case HM_CALL_STOPPED:
	case HM_CALL_FAULT:
	default:
		fail_msg("the guest cannot make the call");
		break;
	}
	assert_true(r->out.rax >> 32 == 0U);
	assert_true(r->out.r9 == r->regs.r9 && r->out.rip == r->regs.rip &&
		    r->out.rsp == r->regs.rsp && r->out.cr3 == r->regs.cr3);
	return (uint32_t)r->out.rax;
}

static void expect_reg(const char *name, uint64_t is, uint64_t was, uint64_t expected)
{
	const uint64_t should = expected == AT_SAME ? was : expected;

	if (is != should) {
		fail_msg("%s is 0x%llx, not 0x%llx", name, (unsigned long long)is,
			 (unsigned long long)should);
	}
}

void at_expect_regs(const struct at_request *r, uint64_t rcx, uint64_t rdx, uint64_t r8)
{
	expect_reg("RCX", r->out.rcx, r->regs.rcx, rcx);
	expect_reg("RDX", r->out.rdx, r->regs.rdx, rdx);
	expect_reg("R8", r->out.r8, r->regs.r8, r8);
}

void at_expect_untouched(struct abi *a)
{
	for (size_t i = 0; i < NR_BUFFERS; i++) {
		for (unsigned int page = 0; page < outputs[i].pages; page++) {
			abi_expect_filled(a, outputs[i].gpa + page * ABI_4K, AT_UNTOUCHED);
		}
	}
}

void at_expect_refused(struct abi *a, struct at_request *r, uint32_t code)
{
	const uint32_t result = at_call(a, r);

	if (result != code) {
		fail_msg("0x%08x instead of 0x%08x", result, code);
	}
	at_expect_regs(r, AT_SAME, AT_SAME, AT_SAME);
	at_expect_untouched(a);
}

/* ---- the relying party ---- */

size_t at_certs(struct abi *a, uint8_t *table, size_t size)
{
	const size_t need = psp_cert_table(hm_psp(a->m), table, size);

	assert_true(need != 0U && need <= size);
	return need;
}

static void expect_rest(struct abi *a, uint64_t gpa, size_t used, unsigned int pages)
{
	for (uint64_t at = used; at < pages * ABI_4K; at++) {
		if (abi_read8(a, gpa + at) != AT_UNTOUCHED) {
			fail_msg("byte 0x%llx behind the answer was written",
				 (unsigned long long)(gpa + at));
		}
	}
}

static void expect_certs(struct abi *a, const struct at_request *r)
{
	static uint8_t expected[AT_CERTS_PAGES * 4096U];
	static uint8_t table[AT_CERTS_PAGES * 4096U];
	size_t size = 0;

	if (r->op.certs_size != 0U) {
		size = at_certs(a, expected, sizeof(expected));
		abi_read(a, r->op.certs_gpa, table, size);
		assert_memory_equal(table, expected, size);
	}
	at_expect_regs(r, r->out.rcx, size, RELYING_REPORT_BYTES);
	expect_rest(a, AT_CERTS, size, AT_CERTS_PAGES);
}

void at_expect_success(struct abi *a, const struct at_request *r, const uint8_t *manifest,
		       size_t manifest_size)
{
	static uint8_t told[AT_MANIFEST_MAX];
	uint8_t report[RELYING_REPORT_BYTES];

	assert_int_equal(r->out.rax, ABI_SUCCESS);
	at_expect_regs(r, manifest_size, r->out.rdx, RELYING_REPORT_BYTES);
	expect_certs(a, r);
	abi_read(a, r->op.manifest_gpa, told, manifest_size);
	assert_memory_equal(told, manifest, manifest_size);
	expect_rest(a, AT_MANIFEST, manifest_size, AT_MANIFEST_PAGES);
	abi_read(a, r->op.report_gpa, report, sizeof(report));
	assert_true(relying_party_accepts(hm_psp(a->m), report, r->nonce, r->op.nonce_size,
					  manifest, manifest_size));
	expect_rest(a, AT_REPORT, sizeof(report), AT_REPORT_PAGES);
	abi_judge(a);
}

void at_expect_good(struct abi *a, struct at_request *r)
{
	static uint8_t manifest[AT_MANIFEST_MAX];
	const size_t size = r->regs.rax == AT_SERVICES
				    ? at_manifest_services(manifest, true)
				    : at_manifest_single(manifest, &at_small, r->op.version);

	assert_int_equal(at_call(a, r), ABI_SUCCESS);
	at_expect_success(a, r, manifest, size);
}

uint64_t at_psp_requests(struct abi *a)
{
	struct hm_psp_stats stats;

	hm_psp_stats(a->m, &stats);
	return stats.requests;
}

/* ---- failures in order ---- */

uint64_t at_bad_address(struct abi *a, unsigned int bad)
{
	switch (bad) {
	case AT_BAD_WIDTH:
		return ABI_C_BIT << 1;
	case AT_BAD_C_BIT:
		return (AT_OP + 0x4000U) | ABI_C_BIT;
	case AT_BAD_WRAP:
		return ABI_WRAP;
	case AT_BAD_ABOVE:
		return ABI_NOWHERE;
	case AT_BAD_HOLE:
		return ABI_HOLE;
	case AT_BAD_SVSM:
		return abi_svsm_page(a);
	case AT_BAD_STARTUP_VMSA:
		return a->vmsa[0];
	case AT_BAD_VMSA:
		return a->vmsa[1];
	case AT_BAD_OTHER_CA:
		return a->ca[1];
	case AT_BAD_DEPOSITED:
		return AT_DEPOSITED;
	case AT_BAD_UNVALIDATED:
		return ABI_INVALID;
	case AT_BAD_OWN_CA:
	default:
		return a->ca[0];
	}
}

enum {
	OP = 1,
	F00C = 2,
	F01A = 4,
	F02C = 8,
	F03C = 0x10,
	F054 = 0x20,
	REPORT = 0x40,
	MANIFEST = 0x80,
	CERTS = 0x100,
	NONCE = 0x200,
	SERVICE = 0x400,
	PAGES = 0x800, /* INVALID_ADDRESS, whichever comes first */
};

struct row {
	const char *name;
	unsigned int aspects;
	void (*spoil)(struct abi *a, struct at_request *r, unsigned int arg);
	unsigned int arg; /* of the first of @times */
	unsigned int times;
	uint32_t code;
	uint64_t only; /* call that has the condition, 0: both */
};

#define SPOIL(name, statement)                                                                     \
	static void name(struct abi *a, struct at_request *r, unsigned int arg)                    \
	{                                                                                          \
		(void)a;                                                                           \
		(void)arg;                                                                         \
		statement;                                                                         \
	}

SPOIL(op_misaligned, r->op_at = r->regs.rcx |= 1U << arg)
SPOIL(op_crosses,
      r->regs.rcx = AT_OP + ABI_4K - AT_OP_BYTES(r->regs.rax) + 8U * (UINT64_C(1) + arg))
SPOIL(op_at, r->regs.rcx = at_bad_address(a, arg) + 0x10U)
SPOIL(op_in_header, r->regs.rcx = a->ca[0])
SPOIL(set_00c, r->op.mbz_00c = 1U << (31U * arg))
SPOIL(set_01a, r->op.mbz_01a[arg] = 0x80)
SPOIL(set_02c, r->op.mbz_02c = 1U << (31U * arg))
SPOIL(set_03c, r->op.mbz_03c = 1U << (31U * arg))
SPOIL(set_054, r->op.mbz_054 = 1U << (31U * arg))
SPOIL(report_misaligned, r->op.report_gpa += 1U << arg)
SPOIL(manifest_misaligned, r->op.manifest_gpa += 1U << arg)
SPOIL(certs_misaligned, r->op.certs_gpa += 1U << arg)
SPOIL(nonce_crosses, r->op.nonce_gpa = AT_NONCE + ABI_4K + arg + 1U - r->op.nonce_size)
SPOIL(nonce_too_long, r->op.nonce_gpa = AT_NONCE; r->op.nonce_size = (uint16_t)(4097U + arg))
SPOIL(nonce_longest, r->op.nonce_gpa = AT_NONCE; r->op.nonce_size = UINT16_MAX)
SPOIL(manifest_on_report, r->op.manifest_gpa = AT_REPORT + arg * ABI_4K)
SPOIL(report_on_manifest, r->op.report_gpa = AT_MANIFEST + (uint64_t)arg * ABI_4K)
SPOIL(certs_on_report, r->op.certs_gpa = AT_REPORT - arg * ABI_4K)
SPOIL(certs_on_manifest, r->op.certs_gpa = AT_MANIFEST + arg * ABI_4K)
SPOIL(report_on_nonce, r->op.report_gpa = AT_NONCE - arg * ABI_4K)
SPOIL(manifest_on_nonce, r->op.manifest_gpa = AT_NONCE - arg * ABI_4K)
SPOIL(certs_on_nonce, r->op.certs_gpa = AT_NONCE - arg * ABI_4K)
SPOIL(report_on_op, r->op.report_gpa = AT_OP; r->op.report_size = 1U << arg)
SPOIL(manifest_on_op, r->op.manifest_gpa = AT_OP; r->op.manifest_size = 1U << arg)
SPOIL(certs_on_op, r->op.certs_gpa = AT_OP; r->op.certs_size = 1U << arg)
SPOIL(unknown_service, r->op.guid[arg] ^= 1U)
SPOIL(unknown_version, r->op.version = arg == 0U ? UINT32_MAX : 1U + arg)
SPOIL(report_at, r->op.report_gpa = at_bad_address(a, arg))
SPOIL(manifest_at, r->op.manifest_gpa = at_bad_address(a, arg))
SPOIL(certs_at, r->op.certs_gpa = at_bad_address(a, arg))
SPOIL(nonce_at, r->op.nonce_gpa = at_bad_address(a, arg) + 0x10U)
SPOIL(nonce_in_header, r->op.nonce_gpa = a->ca[0] + arg)

#define PARAM ABI_INVALID_PARAMETER
#define ADDRESS ABI_INVALID_ADDRESS

static const struct row rows[] = {
	{ "op-misaligned", OP, op_misaligned, 0, 3, PARAM, 0 },
	{ "op-crosses", OP, op_crosses, 0, 7, PARAM, 0 },
	{ "op-at", OP, op_at, 0, AT_BAD_NR, ADDRESS, 0 },
	{ "op-in-header", OP, op_in_header, 0, 1, ADDRESS, 0 },
	{ "reserved-00c", F00C, set_00c, 0, 2, PARAM, 0 },
	{ "reserved-01a", F01A, set_01a, 0, 6, PARAM, AT_SERVICES },
	{ "reserved-02c", F02C, set_02c, 0, 2, PARAM, 0 },
	{ "reserved-03c", F03C, set_03c, 0, 2, PARAM, 0 },
	{ "reserved-054", F054, set_054, 0, 2, PARAM, AT_SINGLE },
	{ "report-misaligned", REPORT, report_misaligned, 0, 12, PARAM, 0 },
	{ "manifest-misaligned", MANIFEST, manifest_misaligned, 0, 12, PARAM, 0 },
	{ "certs-misaligned", CERTS, certs_misaligned, 0, 12, PARAM, 0 },
	{ "nonce-crosses", NONCE, nonce_crosses, 0, 2, PARAM, 0 },
	{ "nonce-too-long", NONCE, nonce_too_long, 0, 2, PARAM, 0 },
	{ "nonce-longest", NONCE, nonce_longest, 0, 1, PARAM, 0 },
	{ "decision-manifest-on-report", REPORT | MANIFEST, manifest_on_report, 0, 3, PARAM, 0 },
	{ "decision-report-on-manifest", REPORT | MANIFEST, report_on_manifest, 0, 3, PARAM, 0 },
	{ "decision-certs-on-report", REPORT | CERTS, certs_on_report, 0, 8, PARAM, 0 },
	{ "decision-certs-on-manifest", MANIFEST | CERTS, certs_on_manifest, 0, 3, PARAM, 0 },
	{ "decision-report-on-nonce", REPORT | NONCE, report_on_nonce, 0, 3, PARAM, 0 },
	{ "decision-manifest-on-nonce", MANIFEST | NONCE, manifest_on_nonce, 0, 3, PARAM, 0 },
	{ "decision-certs-on-nonce", CERTS | NONCE, certs_on_nonce, 0, 8, PARAM, 0 },
	{ "decision-report-on-op", REPORT, report_on_op, 0, 2, PARAM, 0 },
	{ "decision-manifest-on-op", MANIFEST, manifest_on_op, 0, 2, PARAM, 0 },
	{ "decision-certs-on-op", CERTS, certs_on_op, 0, 2, PARAM, 0 },
	{ "unknown-service", SERVICE, unknown_service, 0, 16, PARAM, AT_SINGLE },
	{ "unknown-version", SERVICE, unknown_version, 0, 3, PARAM, AT_SINGLE },
	{ "report-at", REPORT | PAGES, report_at, 0, AT_BAD_NR + 1U, ADDRESS, 0 },
	{ "manifest-at", MANIFEST | PAGES, manifest_at, 0, AT_BAD_NR + 1U, ADDRESS, 0 },
	{ "certs-at", CERTS | PAGES, certs_at, 0, AT_BAD_NR + 1U, ADDRESS, 0 },
	{ "nonce-at", NONCE | PAGES, nonce_at, 0, AT_BAD_NR, ADDRESS, 0 },
	{ "nonce-in-header", NONCE | PAGES, nonce_in_header, 0, 8, ADDRESS, 0 },
};

#define NR_ROWS (sizeof(rows) / sizeof(rows[0]))

static void check_pair(struct abi *a, uint64_t call, const struct row *row, unsigned int arg,
		       const struct row *other)
{
	static struct at_request r;
	uint32_t result;

	at_good(&r, call);
	row->spoil(a, &r, arg);
	if (other != NULL) {
		other->spoil(a, &r, other->arg);
	}
	result = at_call(a, &r);
	if (result != row->code) {
		fail_msg("%s(%u) with %s: 0x%08x instead of 0x%08x", row->name, arg,
			 other == NULL ? "nothing" : other->name, result, row->code);
	}
	at_expect_regs(&r, AT_SAME, AT_SAME, AT_SAME);
	at_expect_untouched(a);
}

static bool has(const struct row *row, uint64_t call)
{
	return row->only == 0U || row->only == call;
}

static void check_row(struct abi *a, uint64_t call, size_t index)
{
	const struct row *row = &rows[index];

	for (unsigned int arg = row->arg; arg < row->arg + row->times; arg++) {
		check_pair(a, call, row, arg, NULL);
	}
	abi_judge(a);
	for (size_t i = index + 1U; at_first_machine() && i < NR_ROWS; i++) {
		if (has(&rows[i], call) && (rows[i].aspects & row->aspects) == 0U) {
			check_pair(a, call, row, row->arg, &rows[i]);
		}
	}
}

void at_check_rows(struct abi *a, uint64_t call)
{
	static struct at_request r;

	for (size_t i = 0; i < NR_ROWS; i++) {
		if (has(&rows[i], call)) {
			check_row(a, call, i);
		}
	}
	/* No refused call got as far as the processor. */
	assert_int_equal(at_psp_requests(a), 0);
	at_good(&r, call);
	at_expect_good(a, &r);
}

#define SPAN_PAGES 5U

static void set_buffer(struct at_request *r, unsigned int which, uint64_t gpa)
{
	const uint32_t size = SPAN_PAGES * 4096U;

	switch (which) {
	case 0:
		r->op.report_gpa = gpa;
		r->op.report_size = size;
		break;
	case 1:
		r->op.manifest_gpa = gpa;
		r->op.manifest_size = size;
		break;
	default:
		r->op.certs_gpa = gpa;
		r->op.certs_size = size;
		break;
	}
}

void at_check_each_page(struct abi *a, uint64_t call)
{
	static const unsigned int kinds[] = { AT_BAD_HOLE,	AT_BAD_VMSA,	    AT_BAD_OTHER_CA,
					      AT_BAD_DEPOSITED, AT_BAD_UNVALIDATED, AT_BAD_OWN_CA };
	static struct at_request r;

	for (unsigned int which = 0; which < 3U; which++) {
		for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
			const uint64_t bad = at_bad_address(a, kinds[i]);

			for (unsigned int back = 0; back < SPAN_PAGES; back++) {
				at_good(&r, call);
				set_buffer(&r, which, bad - back * ABI_4K);
				at_expect_refused(a, &r, ABI_INVALID_ADDRESS);
			}
		}
		/* The pages beside them are the guest's. */
		at_good(&r, call);
		set_buffer(&r, which, AT_DEPOSITED - SPAN_PAGES * ABI_4K);
		assert_int_equal(at_call(a, &r), ABI_SUCCESS);
		set_buffer(&r, which, AT_DEPOSITED + ABI_4K);
		assert_int_equal(at_call(a, &r), ABI_SUCCESS);
	}
	abi_judge(a);
}
