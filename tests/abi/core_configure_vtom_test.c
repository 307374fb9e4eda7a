/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <string.h>

/* 58019 section 6.9, SVSM_CORE_CONFIGURE_VTOM. */

#define FIELD(name) offsetof(struct vmsa_page, name)
#define QUERY UINT64_C(1)
#define ENABLE UINT64_C(2)
#define SET_CR3 UINT64_C(4)
#define SET_RIP UINT64_C(8)
#define SET_RSP UINT64_C(16)
#define ALIGNMENT_BITS UINT64_C(21)
#define VTOM_MIN ABI_RAM_END
#define VTOM_MAX (ABI_C_BIT - ABI_RAM_END)
#define NEW_CR3 UINT64_C(0x5000)
#define NEW_RIP UINT64_C(0xffffffff80001234)
#define NEW_RSP UINT64_C(0xffffffff80009ff8)

static struct hm_regs request(uint64_t rcx)
{
	return (struct hm_regs){ .rax = ABI_CONFIGURE_VTOM,
				 .rcx = rcx,
				 .rdx = NEW_CR3,
				 .r8 = NEW_RIP,
				 .r9 = NEW_RSP,
				 .rip = 0x1111,
				 .rsp = 0x2222,
				 .cr3 = 0x3000 };
}

static uint32_t configure(struct abi *a, uint64_t rcx)
{
	struct hm_regs regs = request(rcx);

	return abi_call(a, &regs);
}

struct vtom_state {
	uint64_t vtom, features, cr3, rip, rsp;
};

static struct vtom_state vtom_state(struct abi *a)
{
	return (struct vtom_state){
		.vtom = abi_vmsa_peek(a, a->vmsa[0], FIELD(virtual_tom)),
		.features = abi_vmsa_peek(a, a->vmsa[0], FIELD(sev_features)),
		.cr3 = abi_vmsa_peek(a, a->vmsa[0], FIELD(cr3)),
		.rip = abi_vmsa_peek(a, a->vmsa[0], FIELD(rip)),
		.rsp = abi_vmsa_peek(a, a->vmsa[0], FIELD(rsp)),
	};
}

/* Bring the VMSA's own registers to those of request(), so that a refused call can be seen. */
static struct vtom_state before_refusal(struct abi *a)
{
	(void)configure(a, UINT64_MAX);
	return vtom_state(a);
}

static void expect_refused(struct abi *a, uint64_t rcx, uint32_t code)
{
	const struct vtom_state before = before_refusal(a);
	struct vtom_state after;

	assert_int_equal(configure(a, rcx), code);
	after = vtom_state(a);
	assert_memory_equal(&before, &after, sizeof(before));
}

/* ---- query ---- */

static void test_query_when_vtom_is_supported(void **state)
{
	struct abi *a = *state;
	struct hm_regs regs = request(QUERY);

	assert_int_equal(abi_call(a, &regs), ABI_SUCCESS);
	assert_int_equal(regs.rcx, ENABLE | ALIGNMENT_BITS << 12);
	assert_int_equal(regs.rdx, VTOM_MIN);
	assert_int_equal(regs.r8, VTOM_MAX);
}

static void test_query_when_vtom_is_not_supported(void **state)
{
	struct abi *a = *state;
	struct hm_regs regs = request(QUERY);

	assert_int_equal(abi_call(a, &regs), ABI_SUCCESS);
	assert_int_equal(regs.rcx & ~(UINT64_C(0xff) << 12), 0);
}

static void test_query_with_a_reserved_bit(void **state)
{
	struct abi *a = *state;

	for (unsigned int bit = 1; bit < 64U; bit++) {
		assert_int_equal(configure(a, QUERY | UINT64_C(1) << bit), ABI_INVALID_PARAMETER);
	}
}

/* The limits that a query names are the limits of a configure. */
static void test_query_limits_are_accepted(void **state)
{
	struct abi *a = *state;

	assert_int_equal(configure(a, VTOM_MIN | ENABLE), ABI_SUCCESS);
	assert_int_equal(configure(a, VTOM_MAX | ENABLE), ABI_SUCCESS);
	expect_refused(a, (VTOM_MIN - ABI_2M) | ENABLE, ABI_INVALID_ADDRESS);
	expect_refused(a, (VTOM_MAX + ABI_2M) | ENABLE, ABI_INVALID_ADDRESS);
}

/* ---- configure: failures in order ---- */

enum { MODE = 1, FLAGS = 2, VALUE = 4 };

static void good_enable(struct abi *a, struct abi_request *r)
{
	(void)a;
	r->regs = request(VTOM_MIN | ENABLE);
}

ABI_SPOIL(reserved_bit_5, r->regs.rcx |= 0x20U)
ABI_SPOIL(reserved_bit_11, r->regs.rcx |= 0x800U)
ABI_SPOIL(value_without_enable, r->regs.rcx &= ~ENABLE)

static void set_value(struct abi_request *r, uint64_t value)
{
	r->regs.rcx = (r->regs.rcx & 0xfffU) | value;
}

ABI_SPOIL(value_misaligned, set_value(r, VTOM_MIN + ABI_4K))
ABI_SPOIL(value_zero, set_value(r, 0))
ABI_SPOIL(value_inside_ram, set_value(r, VTOM_MIN - ABI_2M))
ABI_SPOIL(value_too_high, set_value(r, VTOM_MAX + ABI_2M))
ABI_SPOIL(value_beyond_width, set_value(r, VTOM_MIN | ABI_C_BIT))

static const struct abi_row rows[] = {
	{ "reserved-bit-5", FLAGS, reserved_bit_5, ABI_INVALID_PARAMETER },
	{ "reserved-bit-11", FLAGS, reserved_bit_11, ABI_INVALID_PARAMETER },
	{ "value-without-enable", MODE | VALUE, value_without_enable, ABI_INVALID_PARAMETER },
	{ "value-misaligned", MODE | VALUE, value_misaligned, ABI_INVALID_ADDRESS },
	{ "value-zero", MODE | VALUE, value_zero, ABI_INVALID_ADDRESS },
	{ "value-inside-ram", MODE | VALUE, value_inside_ram, ABI_INVALID_ADDRESS },
	{ "value-too-high", MODE | VALUE, value_too_high, ABI_INVALID_ADDRESS },
	{ "value-beyond-width", MODE | VALUE, value_beyond_width, ABI_INVALID_ADDRESS },
};

static void test_decision_configure_failures_in_order(void **state)
{
	ABI_CHECK_ROWS(*state, rows, good_enable);
}

static void test_refused_configure_changes_no_register(void **state)
{
	static const uint64_t all = SET_CR3 | SET_RIP | SET_RSP;
	struct abi *a = *state;

	for (unsigned int bit = 5; bit < 12U; bit++) {
		expect_refused(a, VTOM_MIN | ENABLE | all | UINT64_C(1) << bit,
			       ABI_INVALID_PARAMETER);
	}
	expect_refused(a, VTOM_MIN | all, ABI_INVALID_PARAMETER);
	expect_refused(a, (VTOM_MIN + ABI_4K) | ENABLE | all, ABI_INVALID_ADDRESS);
	expect_refused(a, ENABLE | all, ABI_INVALID_ADDRESS);
	expect_refused(a, (VTOM_MAX + ABI_2M) | ENABLE | all, ABI_INVALID_ADDRESS);
}

/* Architecture section 7: "a configure that the VM cannot honour is INVALID_REQUEST"; reserved bits
 * are looked at before that, the value after it. */
static void test_decision_unsupported_configure_is_invalid_request(void **state)
{
	static const uint64_t all = SET_CR3 | SET_RIP | SET_RSP;
	struct abi *a = *state;

	expect_refused(a, VTOM_MIN | ENABLE | all | 0x20U, ABI_INVALID_PARAMETER);
	expect_refused(a, VTOM_MIN | all, ABI_INVALID_PARAMETER);
	expect_refused(a, VTOM_MIN | ENABLE | all, ABI_INVALID_REQUEST);
	expect_refused(a, (VTOM_MIN + ABI_4K) | ENABLE, ABI_INVALID_REQUEST);
	expect_refused(a, all, ABI_INVALID_REQUEST);
}

static void test_decision_configure_with_two_vcpus_is_invalid_request(void **state)
{
	struct abi *a = *state;

	abi_start_cpu(a, 1);
	expect_refused(a, VTOM_MIN | ENABLE | 0x20U, ABI_INVALID_PARAMETER);
	expect_refused(a, VTOM_MIN | ENABLE | SET_RIP, ABI_INVALID_REQUEST);
	expect_refused(a, (VTOM_MIN + ABI_4K) | ENABLE, ABI_INVALID_REQUEST);
	expect_refused(a, 0, ABI_INVALID_REQUEST);
	abi_remove_cpu(a, 1);
	assert_int_equal(configure(a, VTOM_MIN | ENABLE), ABI_SUCCESS);
}

/* ---- configure: success ---- */

static void expect_configured(struct abi *a, uint64_t flags)
{
	struct hm_regs regs = request(VTOM_MIN | ENABLE | flags);
	struct vtom_state now;

	assert_int_equal(abi_call(a, &regs), ABI_SUCCESS);
	assert_int_equal(regs.cr3, (flags & SET_CR3) != 0U ? NEW_CR3 : 0x3000U);
	assert_int_equal(regs.rip, (flags & SET_RIP) != 0U ? NEW_RIP : 0x1111U);
	assert_int_equal(regs.rsp, (flags & SET_RSP) != 0U ? NEW_RSP : 0x2222U);
	now = vtom_state(a);
	assert_int_equal(now.vtom, VTOM_MIN);
	assert_int_equal(now.features, VMSA_SEV_SNP | VMSA_SEV_VTOM);
	assert_int_equal(now.rip, regs.rip);
}

static void test_enable_with_each_register_choice(void **state)
{
	for (uint64_t flags = 0; flags < 8U; flags++) {
		expect_configured(*state, flags * SET_CR3);
	}
}

static void test_disable(void **state)
{
	struct abi *a = *state;
	struct vtom_state now;

	assert_int_equal(configure(a, VTOM_MIN | ENABLE), ABI_SUCCESS);
	assert_int_equal(configure(a, SET_RIP), ABI_SUCCESS);
	now = vtom_state(a);
	assert_int_equal(now.vtom, 0);
	assert_int_equal(now.features, VMSA_SEV_SNP);
	assert_int_equal(now.rip, NEW_RIP);
}

/* Which addresses are private changed: old translations must not be used. */
static void test_configure_flushes(void **state)
{
	struct abi *a = *state;

	assert_int_equal(configure(a, VTOM_MIN | ENABLE), ABI_SUCCESS);
	assert_true(abi_count(a, HM_EV_FLUSH_GLOBAL) >= 1U);
	assert_int_equal(configure(a, QUERY), ABI_SUCCESS);
	assert_int_equal(abi_count(a, HM_EV_FLUSH_GLOBAL), 0);
}

/* CREATE_VCPU compares with the SEV_FEATURES that the startup vCPU has now (section 6.4). */
static void test_vcpus_created_later_have_the_same_features(void **state)
{
	struct abi *a = *state;
	struct vmsa_page vmsa;

	assert_int_equal(configure(a, VTOM_MIN | ENABLE), ABI_SUCCESS);
	abi_vmsa_template(a, &vmsa);
	vmsa.sev_features = VMSA_SEV_SNP;
	abi_write(a, abi_vmsa_of(1), &vmsa, sizeof(vmsa));
	assert_int_equal(abi_create(a, abi_vmsa_of(1), abi_ca_of(1), 1), ABI_INVALID_PARAMETER);
	abi_start_cpu(a, 1);
	assert_int_equal(abi_vmsa_peek(a, a->vmsa[1], FIELD(sev_features)),
			 VMSA_SEV_SNP | VMSA_SEV_VTOM);
}

/* ---- host faults ---- */

/* The host takes the VMSA away between two stores of a configure: no half of it is left. The gate
 * and the exit code are stores 1 and 2 of the call. */
static void test_host_fault_leaves_no_half_configuration(void **state)
{
	struct abi *a = *state;

	for (unsigned int store = 3; store <= 7U; store++) {
		const struct vtom_state before = before_refusal(a);
		struct vtom_state after;

		hm_inject(a->m, 0, HM_INJECT_VMSA_WRITE, store, 0);
		assert_int_equal(configure(a, VTOM_MIN | ENABLE | SET_CR3 | SET_RIP | SET_RSP),
				 ABI_INVALID_ADDRESS);
		assert_true(hm_injection_fired(a->m, 0, HM_INJECT_VMSA_WRITE));
		after = vtom_state(a);
		assert_memory_equal(&before, &after, sizeof(before));
	}
	assert_int_equal(configure(a, VTOM_MIN | ENABLE), ABI_SUCCESS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ABI_TEST_WITH(test_query_when_vtom_is_supported, abi_setup_vtom),
		ABI_TEST(test_query_when_vtom_is_not_supported),
		ABI_TEST(test_query_with_a_reserved_bit),
		ABI_TEST_WITH(test_query_limits_are_accepted, abi_setup_vtom),
		ABI_TEST_WITH(test_decision_configure_failures_in_order, abi_setup_vtom),
		ABI_TEST_WITH(test_refused_configure_changes_no_register, abi_setup_vtom),
		ABI_TEST(test_decision_unsupported_configure_is_invalid_request),
		ABI_TEST_WITH(test_decision_configure_with_two_vcpus_is_invalid_request,
			      abi_setup_vtom),
		ABI_TEST_WITH(test_enable_with_each_register_choice, abi_setup_vtom),
		ABI_TEST_WITH(test_disable, abi_setup_vtom),
		ABI_TEST_WITH(test_configure_flushes, abi_setup_vtom),
		ABI_TEST_WITH(test_vcpus_created_later_have_the_same_features, abi_setup_vtom),
		ABI_TEST_WITH(test_host_fault_leaves_no_half_configuration, abi_setup_vtom),
	};

	return ABI_RUN(tests);
}
