/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ABI_ATTEST_FIXTURE_H
#define ABI_ATTEST_FIXTURE_H

/*
 * What the tests of 58019 section 7 share: machines with a security processor, the operation
 * structure written down a second time, and calls whose untouched registers and buffers are
 * checked.
 */

#include "fixture.h"
#include "relying_party.h"
#include "services.h"

#define AT_PROTOCOL UINT32_C(1)
#define AT_CALL(id) (((uint64_t)AT_PROTOCOL << 32) | (id))
#define AT_SERVICES AT_CALL(0U)
#define AT_SINGLE AT_CALL(1U)
#define AT_FAILED UINT32_C(0x80001000)

/* Where a good request has its parts. */
#define AT_OP UINT64_C(0x140000)
#define AT_NONCE UINT64_C(0x142000)
#define AT_REPORT ABI_SPARE
#define AT_MANIFEST (ABI_SPARE + 0x8000U)
#define AT_CERTS (ABI_SPARE + 0x10000U)
#define AT_REPORT_PAGES 3U
#define AT_MANIFEST_PAGES 3U
#define AT_CERTS_PAGES 8U
#define AT_NONCE_BYTES 32U
/* A page of at_setup() that is deposited, amid pages of the guest's. */
#define AT_DEPOSITED (ABI_SPARE + 0x40000U)
#define AT_HOLE_BELOW (ABI_HOLE - 0x10000U) /* valid up to the hole */
#define AT_UNTOUCHED 0xeeU		    /* what output buffers hold before a call */

/* Tables 19 and 22. */
struct at_op {
	uint64_t report_gpa;
	uint32_t report_size;
	uint32_t mbz_00c;
	uint64_t nonce_gpa;
	uint16_t nonce_size;
	uint8_t mbz_01a[6];
	uint64_t manifest_gpa;
	uint32_t manifest_size;
	uint32_t mbz_02c;
	uint64_t certs_gpa;
	uint32_t certs_size;
	uint32_t mbz_03c;
	uint8_t guid[16];
	uint32_t version;
	uint32_t mbz_054;
};
#define AT_OP_BYTES(call) ((call) == AT_SERVICES ? 0x40U : 0x58U)

struct at_request {
	struct hm_regs regs; /* as the call is made; RDX, R8 and R9 hold what must stay */
	struct at_op op;
	uint64_t op_at; /* where the structure is written */
	uint8_t nonce[4096];
	uint64_t nonce_at; /* and the nonce, op.nonce_size bytes; 0: not */
	/* After the call. */
	struct hm_regs out;
};

/* cmocka set-up; tear down with abi_teardown(). CPU 1 is started, AT_DEPOSITED deposited. */
int at_setup(void **state); /* two services: at_small, at_big */
int at_setup_no_services(void **state);
int at_setup_no_psp(void **state);
int at_setup_report_2(void **state); /* the processor makes reports of version 2, or 3 */
int at_setup_report_3(void **state);

#define AT_TEST_WITH(test, setup) cmocka_unit_test_setup_teardown(test, setup, abi_teardown)
#define AT_TEST(test) AT_TEST_WITH(test, at_setup)

/* Run @tests on every machine of the list; what main() returns. */
int at_run(const char *name, const struct CMUnitTest *tests, size_t count);
#define AT_RUN(tests) at_run(__FILE__, tests, sizeof(tests) / sizeof((tests)[0]))
/* Is this the first machine of the list? What takes long is done there only. */
bool at_first_machine(void);

/* Versions 0 (13 bytes) and 1 (5000 bytes). */
extern const struct svsm_service at_small;
/* Version 0 (5000 bytes); its GUID comes before that of at_small. */
extern const struct svsm_service at_big;
/* The manifest that a call must return; how many bytes. */
#define AT_MANIFEST_MAX 16384U
size_t at_manifest_services(uint8_t manifest[AT_MANIFEST_MAX], bool registered);
size_t at_manifest_single(uint8_t manifest[AT_MANIFEST_MAX], const struct svsm_service *service,
			  uint32_t version);

/* A request that succeeds. SINGLE asks for version 0 of at_small. */
void at_good(struct at_request *r, uint64_t call);
/*
 * Write structure and nonce, fill the standard output buffers with AT_UNTOUCHED, and make the call
 * on the CPU being played. Fails if RAX is no 32-bit value, or R9, RSP, RIP or CR3 changed.
 */
uint32_t at_call(struct abi *a, struct at_request *r);
void at_prepare(struct abi *a, const struct at_request *r);

/* RCX, RDX and R8 after the call; AT_SAME: what the guest had there. */
#define AT_SAME UINT64_MAX
void at_expect_regs(const struct at_request *r, uint64_t rcx, uint64_t rdx, uint64_t r8);
/* Nothing in the standard output buffers was written. */
void at_expect_untouched(struct abi *a);
/* at_call() fails with @code and leaves all registers and buffers alone. */
void at_expect_refused(struct abi *a, struct at_request *r, uint32_t code);

/*
 * The call succeeded, and its answer is right: registers, the manifest @manifest, the certificates
 * of the processor, bytes behind the answers untouched; the report's signature by the VCEK, VMPL 0,
 * the measurement, and REPORT_DATA over nonce and manifest.
 */
void at_expect_success(struct abi *a, const struct at_request *r, const uint8_t *manifest,
		       size_t manifest_size);
/* at_call() and at_expect_success() with the manifest that belongs to a good request. */
void at_expect_good(struct abi *a, struct at_request *r);
size_t at_certs(struct abi *a, uint8_t *table, size_t size);
uint64_t at_psp_requests(struct abi *a);

/* Addresses that are not the guest's memory. */
enum at_bad {
	AT_BAD_WIDTH,
	AT_BAD_C_BIT,
	AT_BAD_WRAP,
	AT_BAD_ABOVE,
	AT_BAD_HOLE,
	AT_BAD_SVSM,
	AT_BAD_STARTUP_VMSA,
	AT_BAD_VMSA,
	AT_BAD_OTHER_CA,
	AT_BAD_DEPOSITED,
	AT_BAD_UNVALIDATED,
	AT_BAD_NR, /* the caller's own calling area: for outputs only */
	AT_BAD_OWN_CA = AT_BAD_NR,
};
uint64_t at_bad_address(struct abi *a, unsigned int bad);

/*
 * Failure conditions of both calls in the order in which they are decided; each alone, and each
 * with every later one that changes another field (on the first machine).
 */
void at_check_rows(struct abi *a, uint64_t call);
/* Each page of each output buffer, in all positions, is each kind of page that is not the guest's.
 */
void at_check_each_page(struct abi *a, uint64_t call);

#endif
