/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <string.h>

/* 58019 section 6.4, SVSM_CORE_CREATE_VCPU. */

#define FIELD(name) offsetof(struct vmsa_page, name)
#define NEW_VMSA abi_vmsa_of(1)
#define NEW_CA abi_ca_of(1)
#define DEPOSITED (ABI_SPARE + 0x10000U)
#define CORE_VERSIONS ((UINT64_C(2) << 32) | 1U)
#define RECORDS 8U /* VMSAs that may live for one APIC id */

/* ---- failures in order ---- */

enum {
	VMSA_LOW = 1,
	VMSA_BASE = 2,
	CA_LOW = 4,
	CA_BASE = 8,
	APIC = 0x10,
	IN_VMPL = 0x20,
	IN_EFER = 0x40,
	IN_FEATURES = 0x80,
};

static void good_create(struct abi *a, struct abi_request *r)
{
	r->regs.rax = ABI_CREATE_VCPU;
	r->regs.rcx = NEW_VMSA;
	r->regs.rdx = NEW_CA;
	r->regs.r8 = 1;
	r->vmsa_at = NEW_VMSA;
	abi_vmsa_template(a, &r->vmsa);
}

static void vmsa_base(struct abi_request *r, uint64_t page)
{
	r->regs.rcx = (r->regs.rcx & 0xfffU) | page;
}

static void ca_base(struct abi_request *r, uint64_t page)
{
	r->regs.rdx = (r->regs.rdx & 0xfffU) | page;
}

ABI_SPOIL(vmsa_misaligned, r->regs.rcx |= 8U)
ABI_SPOIL(ca_misaligned, r->regs.rdx |= 0x800U)
ABI_SPOIL(apic_unknown, r->regs.r8 = ABI_CPUS)
ABI_SPOIL(apic_maximum, r->regs.r8 = 0xffffffffU)
ABI_SPOIL(same_page, vmsa_base(r, NEW_CA); ca_base(r, NEW_CA))
ABI_SPOIL(vmsa_zero, vmsa_base(r, 0))
ABI_SPOIL(vmsa_beyond_width, vmsa_base(r, ABI_C_BIT << 1))
ABI_SPOIL(vmsa_c_bit_alias, vmsa_base(r, NEW_VMSA | ABI_C_BIT))
ABI_SPOIL(vmsa_wraps, vmsa_base(r, ABI_WRAP))
ABI_SPOIL(vmsa_launch_alias, vmsa_base(r, UINT64_C(0xfffffffff000)))
ABI_SPOIL(vmsa_above_ram, vmsa_base(r, ABI_NOWHERE))
ABI_SPOIL(vmsa_in_a_hole, vmsa_base(r, ABI_HOLE))
ABI_SPOIL(vmsa_of_the_svsm, vmsa_base(r, abi_svsm_page(a)))
ABI_SPOIL(vmsa_is_startup, vmsa_base(r, a->vmsa[0]))
ABI_SPOIL(vmsa_is_live, vmsa_base(r, a->vmsa[2]))
ABI_SPOIL(vmsa_is_own_calling_area, vmsa_base(r, a->ca[0]))
ABI_SPOIL(vmsa_is_calling_area, vmsa_base(r, a->ca[2]))
ABI_SPOIL(vmsa_deposited, vmsa_base(r, DEPOSITED))
ABI_SPOIL(vmsa_not_validated, vmsa_base(r, ABI_INVALID))
ABI_SPOIL(ca_zero, ca_base(r, 0))
ABI_SPOIL(ca_beyond_width, ca_base(r, ABI_C_BIT << 1))
ABI_SPOIL(ca_c_bit_alias, ca_base(r, NEW_CA | ABI_C_BIT))
ABI_SPOIL(ca_wraps, ca_base(r, ABI_WRAP))
ABI_SPOIL(ca_above_ram, ca_base(r, ABI_NOWHERE))
ABI_SPOIL(ca_in_a_hole, ca_base(r, ABI_HOLE))
ABI_SPOIL(ca_of_the_svsm, ca_base(r, abi_svsm_page(a)))
ABI_SPOIL(ca_is_startup_vmsa, ca_base(r, a->vmsa[0]))
ABI_SPOIL(ca_is_vmsa, ca_base(r, a->vmsa[2]))
ABI_SPOIL(ca_of_the_caller, ca_base(r, a->ca[0]))
ABI_SPOIL(ca_of_another_apic_id, ca_base(r, a->ca[2]))
ABI_SPOIL(ca_deposited, ca_base(r, DEPOSITED))
ABI_SPOIL(ca_not_validated, ca_base(r, ABI_INVALID))
ABI_SPOIL(vmpl_0, r->vmsa.vmpl = 0)
ABI_SPOIL(vmpl_below_the_callers, r->vmsa.vmpl = (uint8_t)(a->vmpl - 1U))
ABI_SPOIL(vmpl_4, r->vmsa.vmpl = 4)
ABI_SPOIL(vmpl_255, r->vmsa.vmpl = 255)
ABI_SPOIL(svme_clear, r->vmsa.efer &= ~VMSA_EFER_SVME)
ABI_SPOIL(efer_zero, r->vmsa.efer = 0)
ABI_SPOIL(features_zero, r->vmsa.sev_features = 0)
ABI_SPOIL(features_vtom, r->vmsa.sev_features ^= VMSA_SEV_VTOM)
ABI_SPOIL(features_reg_prot, r->vmsa.sev_features ^= VMSA_SEV_VMSA_REG_PROT)
ABI_SPOIL(features_high_bit, r->vmsa.sev_features ^= UINT64_C(1) << 63)

static const struct abi_row rows[] = {
	{ "vmsa-misaligned", VMSA_LOW, vmsa_misaligned, ABI_INVALID_PARAMETER },
	{ "ca-misaligned", CA_LOW, ca_misaligned, ABI_INVALID_PARAMETER },
	{ "apic-unknown", APIC, apic_unknown, ABI_INVALID_PARAMETER },
	{ "apic-maximum", APIC, apic_maximum, ABI_INVALID_PARAMETER },
	{ "same-page", VMSA_BASE | CA_BASE, same_page, ABI_INVALID_ADDRESS },
	{ "vmsa-zero", VMSA_BASE, vmsa_zero, ABI_INVALID_ADDRESS },
	{ "vmsa-beyond-width", VMSA_BASE, vmsa_beyond_width, ABI_INVALID_ADDRESS },
	{ "vmsa-c-bit-alias", VMSA_BASE, vmsa_c_bit_alias, ABI_INVALID_ADDRESS },
	{ "vmsa-wraps", VMSA_BASE, vmsa_wraps, ABI_INVALID_ADDRESS },
	{ "vmsa-launch-alias", VMSA_BASE, vmsa_launch_alias, ABI_INVALID_ADDRESS },
	{ "vmsa-above-ram", VMSA_BASE, vmsa_above_ram, ABI_INVALID_ADDRESS },
	{ "vmsa-in-a-hole", VMSA_BASE, vmsa_in_a_hole, ABI_INVALID_ADDRESS },
	{ "vmsa-of-the-svsm", VMSA_BASE, vmsa_of_the_svsm, ABI_INVALID_ADDRESS },
	{ "vmsa-is-startup", VMSA_BASE, vmsa_is_startup, ABI_INVALID_ADDRESS },
	{ "vmsa-is-live", VMSA_BASE, vmsa_is_live, ABI_INVALID_ADDRESS },
	{ "vmsa-is-own-calling-area", VMSA_BASE, vmsa_is_own_calling_area, ABI_INVALID_ADDRESS },
	{ "vmsa-is-calling-area", VMSA_BASE, vmsa_is_calling_area, ABI_INVALID_ADDRESS },
	{ "vmsa-deposited", VMSA_BASE, vmsa_deposited, ABI_INVALID_ADDRESS },
	{ "vmsa-not-validated", VMSA_BASE, vmsa_not_validated, ABI_INVALID_ADDRESS },
	{ "ca-zero", CA_BASE, ca_zero, ABI_INVALID_ADDRESS },
	{ "ca-beyond-width", CA_BASE, ca_beyond_width, ABI_INVALID_ADDRESS },
	{ "ca-c-bit-alias", CA_BASE, ca_c_bit_alias, ABI_INVALID_ADDRESS },
	{ "ca-wraps", CA_BASE, ca_wraps, ABI_INVALID_ADDRESS },
	{ "ca-above-ram", CA_BASE, ca_above_ram, ABI_INVALID_ADDRESS },
	{ "ca-in-a-hole", CA_BASE, ca_in_a_hole, ABI_INVALID_ADDRESS },
	{ "ca-of-the-svsm", CA_BASE, ca_of_the_svsm, ABI_INVALID_ADDRESS },
	{ "ca-is-startup-vmsa", CA_BASE, ca_is_startup_vmsa, ABI_INVALID_ADDRESS },
	{ "ca-is-vmsa", CA_BASE, ca_is_vmsa, ABI_INVALID_ADDRESS },
	{ "ca-of-the-caller", CA_BASE, ca_of_the_caller, ABI_INVALID_ADDRESS },
	{ "ca-of-another-apic-id", CA_BASE, ca_of_another_apic_id, ABI_INVALID_ADDRESS },
	{ "ca-deposited", CA_BASE, ca_deposited, ABI_INVALID_ADDRESS },
	{ "ca-not-validated", CA_BASE, ca_not_validated, ABI_INVALID_ADDRESS },
	{ "vmpl-0", IN_VMPL, vmpl_0, ABI_INVALID_PARAMETER },
	{ "vmpl-below-the-callers", IN_VMPL, vmpl_below_the_callers, ABI_INVALID_PARAMETER },
	{ "vmpl-4", IN_VMPL, vmpl_4, ABI_INVALID_PARAMETER },
	{ "vmpl-255", IN_VMPL, vmpl_255, ABI_INVALID_PARAMETER },
	{ "svme-clear", IN_EFER, svme_clear, ABI_INVALID_PARAMETER },
	{ "efer-zero", IN_EFER, efer_zero, ABI_INVALID_PARAMETER },
	{ "features-zero", IN_FEATURES, features_zero, ABI_INVALID_PARAMETER },
	{ "features-vtom", IN_FEATURES, features_vtom, ABI_INVALID_PARAMETER },
	{ "features-reg-prot", IN_FEATURES, features_reg_prot, ABI_INVALID_PARAMETER },
	{ "features-high-bit", IN_FEATURES, features_high_bit, ABI_INVALID_PARAMETER },
};

/* Architecture section 7: "RCX = RDX is INVALID_ADDRESS; VMPL above 3 or an APIC id without an SVSM
 * thread is INVALID_PARAMETER". */
static void test_decision_create_failures_in_order(void **state)
{
	struct abi *a = *state;

	abi_start_cpu(a, 2);
	assert_int_equal(abi_deposit(a, DEPOSITED), ABI_SUCCESS);
	ABI_CHECK_ROWS(a, rows, good_create);
}

/* ---- success ---- */

static void expect_served(struct abi *a, unsigned int cpu)
{
	struct hm_regs regs = { .rax = ABI_QUERY_PROTOCOL, .rcx = 1 };
	const unsigned int before = a->cpu;

	abi_on(a, cpu);
	assert_int_equal(abi_call(a, &regs), ABI_SUCCESS);
	assert_int_equal(regs.rcx, CORE_VERSIONS);
	abi_on(a, before);
}

static void test_created_vcpu_runs_and_calls(void **state)
{
	struct abi *a = *state;

	for (unsigned int cpu = 1; cpu < ABI_CPUS; cpu++) {
		abi_start_cpu(a, cpu);
		abi_expect_page(a, abi_vmsa_of(cpu), ABI_VMSA_PAGE);
		abi_expect_page(a, abi_ca_of(cpu), ABI_CALLING_AREA);
	}
	for (unsigned int cpu = 0; cpu < ABI_CPUS; cpu++) {
		expect_served(a, cpu);
	}
	/* One vCPU may create the next. */
	abi_remove_cpu(a, 3);
	abi_on(a, 2);
	abi_start_cpu(a, 3);
	expect_served(a, 3);
}

static void test_apic_ids_need_not_be_dense(void **state)
{
	struct abi *a = *state;

	for (unsigned int cpu = 1; cpu < ABI_CPUS; cpu++) {
		abi_start_cpu(a, cpu);
		expect_served(a, cpu);
	}
	abi_vmsa_write(a, ABI_SPARE, a->vmpl);
	for (uint32_t id = 0; id < 3U; id++) {
		assert_int_equal(abi_create(a, ABI_SPARE, ABI_SPARE + ABI_4K, id),
				 ABI_INVALID_PARAMETER);
	}
}

/* R8 is a four-byte register argument. */
static void test_high_half_of_r8_is_no_argument(void **state)
{
	struct abi *a = *state;
	struct hm_regs regs = { .rax = ABI_CREATE_VCPU,
				.rcx = NEW_VMSA,
				.rdx = NEW_CA,
				.r8 = UINT64_C(0xdeadbeef00000001) };

	abi_vmsa_write(a, NEW_VMSA, a->vmpl);
	assert_int_equal(abi_call(a, &regs), ABI_SUCCESS);
}

/* The guest's registers for the new vCPU are not the SVSM's to change; the exit code is spoilt so
 * that no call is seen in it. */
static void test_vmsa_contents_are_kept(void **state)
{
	struct abi *a = *state;
	struct vmsa_page before;
	struct vmsa_page after;

	abi_vmsa_template(a, &before);
	memset(&before.star, 0x3c, 8U * sizeof(before.star));
	memset(before.reserved_412, 0x77, sizeof(before.reserved_412));
	before.rax = ABI_REMAP_CA;
	before.rcx = ABI_SPARE;
	abi_write(a, NEW_VMSA, &before, sizeof(before));
	assert_int_equal(abi_create(a, NEW_VMSA, NEW_CA, 1), ABI_SUCCESS);
	memcpy(&after, hm_system_page(a->m, hm_spn(a->m, NEW_VMSA)), sizeof(after));
	assert_int_not_equal(after.guest_exitcode, VMSA_EXIT_VMGEXIT);
	after.guest_exitcode = before.guest_exitcode;
	after.pcpu_id = before.pcpu_id;
	assert_memory_equal(&before, &after, sizeof(before));
}

/* Architecture section 7: "the new calling area's pending byte becomes 0"; the rest of its page is
 * the guest's. */
static void test_decision_pending_of_the_new_area_is_cleared(void **state)
{
	struct abi *a = *state;
	unsigned char page[SVSM_PAGE_SIZE];

	abi_fill(a, NEW_CA, 0xff);
	abi_vmsa_write(a, NEW_VMSA, a->vmpl);
	assert_int_equal(abi_create(a, NEW_VMSA, NEW_CA, 1), ABI_SUCCESS);
	abi_read(a, NEW_CA, page, sizeof(page));
	assert_int_equal(page[0], 0);
	for (size_t i = 1; i < sizeof(page); i++) {
		assert_int_equal(page[i], 0xff);
	}
}

/* Revoked for all VMPLs, flushed, checked, then the VMSA attribute (A3). */
static void test_order_of_revoke_flush_and_attribute(void **state)
{
	struct abi *a = *state;
	unsigned int revoked = 0;
	unsigned int flushed = 0;
	unsigned int made = 0;

	abi_vmsa_write(a, NEW_VMSA, a->vmpl);
	assert_int_equal(abi_create(a, NEW_VMSA, NEW_CA, 1), ABI_SUCCESS);
	for (unsigned int vmpl = 1; vmpl < SVSM_NR_VMPLS; vmpl++) {
		const unsigned int i = abi_find_adjust(a, NEW_VMSA, vmpl, SVSM_PERM_NONE, 0);

		assert_true(i < a->logged && (a->log[i].b & 0x100U) == 0U);
		revoked = i > revoked ? i : revoked;
	}
	while (flushed < a->logged && a->log[flushed].kind != HM_EV_FLUSH_GLOBAL) {
		flushed++;
	}
	while (made < a->logged &&
	       (a->log[made].kind != HM_EV_RMPADJUST || (a->log[made].b & 0x100U) == 0U)) {
		made++;
	}
	assert_true(revoked < flushed && flushed < made && made < a->logged);
}

/* The guest of another CPU still has the page in its TLB when it becomes a VMSA. */
static void test_stale_translation_cannot_write_the_vmsa(void **state)
{
	struct abi *a = *state;
	const uint8_t vmpl_0 = 0;

	abi_start_cpu(a, 2);
	abi_on(a, 2);
	abi_vmsa_write(a, NEW_VMSA, a->vmpl);
	abi_on(a, 0);
	assert_int_equal(abi_create(a, NEW_VMSA, NEW_CA, 1), ABI_SUCCESS);
	abi_on(a, 2);
	assert_int_equal(hm_guest_write(a->m, NEW_VMSA + FIELD(vmpl), &vmpl_0, 1), HM_NPF);
	abi_judge(a);
}

/* Architecture section 7: "VMSA pages stay readable (never writable) for VMPLs not above
 * VMSA.VMPL". */
static void test_decision_vmsa_is_readable_for_its_vmpl(void **state)
{
	struct abi *a = *state;
	uint8_t byte = 0xff;

	for (unsigned int vmpl = a->vmpl; vmpl < SVSM_NR_VMPLS; vmpl++) {
		abi_vmsa_write(a, abi_vmsa_of(vmpl), vmpl);
		assert_int_equal(abi_create(a, abi_vmsa_of(vmpl), abi_ca_of(vmpl), 1), ABI_SUCCESS);
		for (unsigned int v = 1; v < SVSM_NR_VMPLS; v++) {
			assert_int_equal(abi_rights(a, abi_vmsa_of(vmpl), v),
					 v <= vmpl ? SVSM_PERM_READ : SVSM_PERM_NONE);
		}
		abi_read(a, abi_vmsa_of(vmpl) + FIELD(vmpl), &byte, 1);
		assert_int_equal(byte, vmpl);
		assert_int_equal(hm_guest_write(a->m, abi_vmsa_of(vmpl), &byte, 1), HM_NPF);
	}
}

/* "Any call which specifies the gPA of a VMSA page as an input gPA will fail": one of each. */
static void test_vmsa_is_no_input_of_any_call(void **state)
{
	struct abi *a = *state;
	uint64_t vmsa[2];

	abi_start_cpu(a, 1);
	vmsa[0] = a->vmsa[0];
	vmsa[1] = a->vmsa[1];
	for (unsigned int i = 0; i < 2U; i++) {
		assert_int_equal(abi_core(a, ABI_REMAP_CA, vmsa[i]), ABI_INVALID_ADDRESS);
		assert_int_equal(abi_core(a, ABI_PVALIDATE, vmsa[i]), ABI_INVALID_ADDRESS);
		assert_int_equal(abi_pvalidate(a, vmsa[i]), ABI_INVALID_ADDRESS);
		assert_int_equal(abi_pvalidate(a, vmsa[i] | ABI_PV_VALIDATE), ABI_INVALID_ADDRESS);
		assert_int_equal(abi_create(a, vmsa[i], ABI_SPARE, 2), ABI_INVALID_ADDRESS);
		assert_int_equal(abi_create(a, ABI_SPARE, vmsa[i], 2), ABI_INVALID_ADDRESS);
		assert_int_equal(abi_core(a, ABI_DEPOSIT_MEM, vmsa[i]), ABI_INVALID_ADDRESS);
		assert_int_equal(abi_deposit(a, vmsa[i]), ABI_INVALID_ADDRESS);
		assert_int_equal(abi_core(a, ABI_WITHDRAW_MEM, vmsa[i]), ABI_INVALID_ADDRESS);
	}
}

/* ---- several VMSAs of one APIC id, and re-binding ---- */

#define OTHER_VMSA ABI_SPARE
#define OTHER_CA (ABI_SPARE + ABI_4K)

static void run_on(struct abi *a, unsigned int cpu, uint64_t vmsa, uint64_t ca)
{
	hm_ap_create(a->m, cpu, vmsa);
	a->vmsa[cpu] = vmsa;
	a->ca[cpu] = ca;
}

/* The record that calls is the one whose VMSA made the VMGEXIT, whichever was served last. */
static void test_decision_several_vmsas_of_one_apic_id(void **state)
{
	struct abi *a = *state;

	abi_start_cpu(a, 1);
	abi_vmsa_write(a, OTHER_VMSA, a->vmpl);
	assert_int_equal(abi_create(a, OTHER_VMSA, OTHER_CA, 1), ABI_SUCCESS);
	for (unsigned int i = 0; i < 4U; i++) {
		run_on(a, 1, i % 2U == 0U ? OTHER_VMSA : abi_vmsa_of(1),
		       i % 2U == 0U ? OTHER_CA : abi_ca_of(1));
		expect_served(a, 1);
	}
}

/* Linux takes a CPU online again: a new VMSA, the same calling area, the same APIC id; then it
 * deletes the old VMSA. */
static void test_decision_rebind_of_a_calling_area(void **state)
{
	struct abi *a = *state;

	abi_start_cpu(a, 1);
	for (unsigned int i = 0; i < 20U; i++) {
		const uint64_t old = i % 2U == 0U ? abi_vmsa_of(1) : OTHER_VMSA;
		const uint64_t new = i % 2U == 0U ? OTHER_VMSA : abi_vmsa_of(1);

		hm_ap_destroy(a->m, 1);
		abi_vmsa_write(a, new, a->vmpl);
		assert_int_equal(abi_create(a, new, abi_ca_of(1), 1), ABI_SUCCESS);
		abi_expect_page(a, abi_ca_of(1), ABI_CALLING_AREA);
		run_on(a, 1, new, abi_ca_of(1));
		assert_int_equal(abi_core(a, ABI_DELETE_VCPU, old), ABI_SUCCESS);
		abi_expect_page(a, old, ABI_GRANTED);
		abi_expect_page(a, abi_ca_of(1), ABI_CALLING_AREA);
		expect_served(a, 1);
	}
}

/* A7: the old VMSA, parked with EXITCODE 0x403 and registers of its own, is not the caller of a
 * call that the new one asks for in the area. */
static void test_old_vmsa_of_a_rebound_area_is_never_served(void **state)
{
	struct abi *a = *state;
	const struct hm_regs parked = { .rax = ABI_REMAP_CA, .rcx = ABI_SPARE + 0x8000U };
	const uint8_t one = 1;

	abi_start_cpu(a, 1);
	abi_on(a, 1);
	assert_true(hm_guest_exit(a->m, &parked, VMSA_EXIT_VMGEXIT));
	abi_on(a, 0);
	abi_vmsa_poke(a, abi_vmsa_of(1), FIELD(guest_exitcode), VMSA_EXIT_VMGEXIT);
	abi_vmsa_write(a, OTHER_VMSA, a->vmpl);
	assert_int_equal(abi_create(a, OTHER_VMSA, abi_ca_of(1), 1), ABI_SUCCESS);
	run_on(a, 1, OTHER_VMSA, abi_ca_of(1));
	abi_on(a, 1);
	abi_write(a, abi_ca_of(1), &one, 1);
	hm_guest_idle(a->m);
	(void)hm_spurious_entry(a->m);
	assert_int_equal(abi_read8(a, abi_ca_of(1)), 1);
	assert_int_equal(abi_vmsa_peek(a, abi_vmsa_of(1), FIELD(rax)), ABI_REMAP_CA);
	abi_expect_page(a, ABI_SPARE + 0x8000U, ABI_GRANTED);
	abi_judge(a);
	expect_served(a, 1);
}

static void test_decision_rebind_refusals(void **state)
{
	struct abi *a = *state;

	abi_start_cpu(a, 1);
	abi_start_cpu(a, 2);
	/* Another APIC id; the caller's own area; from the CPU whose area it is. */
	abi_vmsa_write(a, OTHER_VMSA, a->vmpl);
	assert_int_equal(abi_create(a, OTHER_VMSA, abi_ca_of(1), 2), ABI_INVALID_ADDRESS);
	assert_int_equal(abi_create(a, OTHER_VMSA, ABI_CA, 0), ABI_INVALID_ADDRESS);
	abi_on(a, 1);
	assert_int_equal(abi_create(a, OTHER_VMSA, abi_ca_of(1), 1), ABI_INVALID_ADDRESS);
	abi_on(a, 0);
	if (a->vmpl < 3U) {
		abi_vmsa_write(a, OTHER_VMSA, a->vmpl + 1U);
		assert_int_equal(abi_create(a, OTHER_VMSA, abi_ca_of(1), 1), ABI_INVALID_ADDRESS);
	}
	abi_expect_page(a, OTHER_VMSA, ABI_GRANTED);
	for (unsigned int cpu = 0; cpu < 3U; cpu++) {
		expect_served(a, cpu);
	}
}

/* The area of the startup vCPU re-binds like any other, from another vCPU; the startup VMSA stays,
 * and cannot be deleted. */
static void test_rebind_of_the_startup_area(void **state)
{
	struct abi *a = *state;
	const uint64_t startup = a->vmsa[0];

	abi_start_cpu(a, 1);
	abi_on(a, 1);
	abi_vmsa_write(a, OTHER_VMSA, a->vmpl);
	assert_int_equal(abi_create(a, OTHER_VMSA, ABI_CA, 0), ABI_SUCCESS);
	assert_int_equal(abi_core(a, ABI_DELETE_VCPU, startup), ABI_INVALID_PARAMETER);
	run_on(a, 0, OTHER_VMSA, ABI_CA);
	expect_served(a, 0);
	expect_served(a, 1);
}

/* OVMF between its two wake-ups (trace 4cpu-swap): the pages of two APIC ids change places. */
static void test_decision_pages_move_to_another_apic_id(void **state)
{
	struct abi *a = *state;

	abi_start_cpu(a, 1);
	abi_start_cpu(a, 2);
	abi_start_cpu(a, 3);
	for (unsigned int cpu = 1; cpu < ABI_CPUS; cpu++) {
		hm_ap_destroy(a->m, cpu);
		assert_int_equal(abi_core(a, ABI_DELETE_VCPU, abi_vmsa_of(cpu)), ABI_SUCCESS);
		abi_expect_page(a, abi_vmsa_of(cpu), ABI_GRANTED);
		abi_expect_page(a, abi_ca_of(cpu), ABI_GRANTED);
	}
	for (unsigned int cpu = 1; cpu < ABI_CPUS; cpu++) {
		const unsigned int other = ABI_CPUS - cpu;

		abi_vmsa_write(a, abi_vmsa_of(other), a->vmpl);
		assert_int_equal(abi_create(a, abi_vmsa_of(other), abi_ca_of(other), cpu),
				 ABI_SUCCESS);
		run_on(a, cpu, abi_vmsa_of(other), abi_ca_of(other));
	}
	for (unsigned int cpu = 0; cpu < ABI_CPUS; cpu++) {
		expect_served(a, cpu);
	}
	/* Two at a time without a delete in between is refused. */
	abi_vmsa_write(a, OTHER_VMSA, a->vmpl);
	assert_int_equal(abi_create(a, OTHER_VMSA, a->ca[1], 2), ABI_INVALID_ADDRESS);
}

static uint64_t nth_vmsa(unsigned int n)
{
	return ABI_SPARE + n * 2U * ABI_4K;
}

static void test_decision_no_free_record_is_invalid_request(void **state)
{
	struct abi *a = *state;

	for (unsigned int i = 0; i < RECORDS; i++) {
		abi_vmsa_write(a, nth_vmsa(i), a->vmpl);
		assert_int_equal(abi_create(a, nth_vmsa(i), nth_vmsa(i) + ABI_4K, 1), ABI_SUCCESS);
	}
	abi_vmsa_write(a, nth_vmsa(RECORDS), a->vmpl);
	assert_int_equal(abi_create(a, nth_vmsa(RECORDS), nth_vmsa(RECORDS) + ABI_4K, 1),
			 ABI_INVALID_REQUEST);
	abi_expect_pages(a, nth_vmsa(RECORDS), 2, ABI_GRANTED);
	assert_int_equal(abi_create(a, nth_vmsa(RECORDS), nth_vmsa(RECORDS) + ABI_4K, 2),
			 ABI_SUCCESS);
	run_on(a, 1, nth_vmsa(RECORDS - 1U), nth_vmsa(RECORDS - 1U) + ABI_4K);
	expect_served(a, 1);
	assert_int_equal(abi_core(a, ABI_DELETE_VCPU, nth_vmsa(3)), ABI_SUCCESS);
	abi_vmsa_write(a, nth_vmsa(3), a->vmpl);
	assert_int_equal(abi_create(a, nth_vmsa(3), nth_vmsa(3) + ABI_4K, 1), ABI_SUCCESS);
}

/* ---- busy ---- */

static void check_busy(struct abi *a, uint64_t vmsa, uint64_t ca, enum arch_point point,
		       const struct hm_regs *other)
{
	struct hm_regs regs = { .rax = ABI_CREATE_VCPU, .rcx = vmsa, .rdx = ca, .r8 = 1 };
	const struct abi_list list = { .count = 1,
				       .entry = { NEW_CA | ABI_PV_VALIDATE | ABI_PV_IGNORE_CF } };
	struct abi_frozen f;

	abi_list_write(a, ABI_LIST, &list, 1);
	abi_freeze(a, &f, 2, other, point, 1);
	assert_int_equal(abi_call_unjudged(a, &regs), ABI_BUSY);
	(void)abi_thaw(a, &f);
}

static void test_busy_pages(void **state)
{
	struct abi *a = *state;
	const struct hm_regs work = { .rax = ABI_PVALIDATE, .rcx = ABI_LIST };
	const struct hm_regs reads_the_vmsa = { .rax = ABI_PVALIDATE, .rcx = NEW_VMSA };

	abi_start_cpu(a, 2);
	abi_vmsa_write(a, ABI_SPARE, a->vmpl);
	check_busy(a, ABI_SPARE, NEW_CA, ARCH_POINT_CLAIMED, &work);
	abi_vmsa_write(a, NEW_CA, a->vmpl);
	check_busy(a, NEW_CA, ABI_SPARE, ARCH_POINT_CLAIMED, &work);
	abi_vmsa_write(a, NEW_VMSA, a->vmpl);
	check_busy(a, NEW_VMSA, NEW_CA, ARCH_POINT_PIN_CHECKED, &reads_the_vmsa);
	abi_expect_pages(a, NEW_VMSA, 2, ABI_GRANTED);
	abi_vmsa_write(a, NEW_VMSA, a->vmpl);
	assert_int_equal(abi_create(a, NEW_VMSA, NEW_CA, 1), ABI_SUCCESS);
}

static void test_rebind_while_the_old_vmsa_calls_is_busy(void **state)
{
	struct abi *a = *state;
	const struct hm_regs query = { .rax = ABI_QUERY_PROTOCOL, .rcx = 1 };
	struct hm_regs regs = {
		.rax = ABI_CREATE_VCPU, .rcx = OTHER_VMSA, .rdx = abi_ca_of(1), .r8 = 1
	};
	struct abi_frozen f;

	abi_start_cpu(a, 1);
	abi_vmsa_write(a, OTHER_VMSA, a->vmpl);
	abi_freeze(a, &f, 1, &query, ARCH_POINT_RECORD_SERVING, 1);
	assert_int_equal(abi_call_unjudged(a, &regs), ABI_BUSY);
	assert_int_equal(abi_thaw(a, &f), ABI_SUCCESS);
	abi_expect_page(a, OTHER_VMSA, ABI_GRANTED);
	assert_int_equal(abi_create(a, OTHER_VMSA, abi_ca_of(1), 1), ABI_SUCCESS);
}

/* ---- host faults ---- */

static uint64_t fault_page;

static bool faulty_create(struct abi *a)
{
	const uint64_t vmsa = fault_page;
	const uint64_t ca = fault_page + ABI_4K;
	struct hm_regs regs = { .rax = ABI_CREATE_VCPU, .rcx = vmsa, .rdx = ca, .r8 = 1 };
	uint32_t result = 0;
	bool struck;

	fault_page += 2U * ABI_4K;
	abi_vmsa_write(a, vmsa, a->vmpl);
	struck = abi_faulty(a, &regs, &result);
	if (!struck) {
		assert_int_equal(result, ABI_SUCCESS);
		assert_int_equal(abi_core(a, ABI_DELETE_VCPU, vmsa), ABI_SUCCESS);
		return false;
	}
	assert_int_equal(result, a->fault == HM_INJECT_RMPADJUST_CODE
					 ? ABI_RMP_ERROR(a->fault_value)
					 : ABI_INVALID_ADDRESS);
	abi_expect_page(a, ca, ABI_GRANTED);
	abi_expect_page(a, vmsa, ABI_GRANTED);
	assert_int_equal(abi_core(a, ABI_DELETE_VCPU, vmsa), ABI_INVALID_PARAMETER);
	abi_vmsa_write(a, vmsa, a->vmpl);
	assert_int_equal(abi_create(a, vmsa, ca, 1), ABI_SUCCESS);
	assert_int_equal(abi_core(a, ABI_DELETE_VCPU, vmsa), ABI_SUCCESS);
	return true;
}

/* Three revokes, three times the attribute: at each the page comes back, a right one works. */
static void test_host_fault_at_each_rmpadjust(void **state)
{
	struct abi *a = *state;

	fault_page = ABI_SPARE;
	assert_int_equal(abi_sweep(a, HM_INJECT_RMPADJUST_CODE, 2, faulty_create), 6);
	assert_int_equal(abi_sweep(a, HM_INJECT_RMPADJUST_FAULT, 0, faulty_create), 6);
}

/* The caller's own VMSA is read seven times and written twice before the new one is touched. */
static void check_vmsa_fault(struct abi *a, enum hm_injected what, unsigned int first,
			     unsigned int last)
{
	for (unsigned int step = first; step <= last; step++) {
		const uint64_t vmsa = fault_page;

		fault_page += 2U * ABI_4K;
		abi_vmsa_write(a, vmsa, a->vmpl);
		hm_inject(a->m, 0, what, step, 0);
		assert_int_equal(abi_create(a, vmsa, vmsa + ABI_4K, 1), ABI_INVALID_ADDRESS);
		assert_true(hm_injection_fired(a->m, 0, what));
		abi_expect_pages(a, vmsa, 2, ABI_GRANTED);
		abi_vmsa_write(a, vmsa, a->vmpl);
		assert_int_equal(abi_create(a, vmsa, vmsa + ABI_4K, 1), ABI_SUCCESS);
		assert_int_equal(abi_core(a, ABI_DELETE_VCPU, vmsa), ABI_SUCCESS);
	}
}

static void test_host_fault_at_the_new_vmsa(void **state)
{
	struct abi *a = *state;

	fault_page = ABI_SPARE;
	check_vmsa_fault(a, HM_INJECT_VMSA_READ, 8, 14);
	check_vmsa_fault(a, HM_INJECT_VMSA_WRITE, 3, 4);
	/* The pending byte of the new area. */
	check_vmsa_fault(a, HM_INJECT_GUEST_WRITE, 1, 1);
}

static void test_host_takes_the_pages(void **state)
{
	struct abi *a = *state;

	abi_vmsa_write(a, NEW_VMSA, a->vmpl);
	assert_true(hm_steal(a->m, NEW_VMSA, false));
	assert_int_equal(abi_create(a, NEW_VMSA, NEW_CA, 1), ABI_INVALID_ADDRESS);
	abi_expect_page(a, NEW_CA, ABI_GRANTED);
	abi_vmsa_write(a, OTHER_VMSA, a->vmpl);
	assert_true(hm_steal(a->m, OTHER_CA, false));
	assert_int_equal(abi_create(a, OTHER_VMSA, OTHER_CA, 1), ABI_INVALID_ADDRESS);
	abi_expect_page(a, OTHER_VMSA, ABI_GRANTED);
	abi_vmsa_write(a, OTHER_VMSA, a->vmpl);
	assert_int_equal(abi_create(a, OTHER_VMSA, NEW_CA, 1), ABI_SUCCESS);
}

/* The host takes a live VMSA: nothing of it is served, and it is not reported as deleted, since it
 * may live on behind what the host shows. The CPU can get another VMSA with the same area. */
static void test_host_takes_a_live_vmsa(void **state)
{
	struct abi *a = *state;

	abi_start_cpu(a, 1);
	assert_true(hm_steal(a->m, abi_vmsa_of(1), false));
	abi_on(a, 1);
	(void)hm_spurious_entry(a->m);
	abi_judge(a);
	abi_on(a, 0);
	abi_vmsa_write(a, OTHER_VMSA, a->vmpl);
	assert_int_equal(abi_create(a, OTHER_VMSA, abi_ca_of(1), 1), ABI_SUCCESS);
	run_on(a, 1, OTHER_VMSA, abi_ca_of(1));
	expect_served(a, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ABI_TEST(test_decision_create_failures_in_order),
		ABI_TEST(test_created_vcpu_runs_and_calls),
		ABI_TEST_WITH(test_apic_ids_need_not_be_dense, abi_setup_apic_ids),
		ABI_TEST(test_high_half_of_r8_is_no_argument),
		ABI_TEST(test_vmsa_contents_are_kept),
		ABI_TEST(test_decision_pending_of_the_new_area_is_cleared),
		ABI_TEST(test_order_of_revoke_flush_and_attribute),
		ABI_TEST(test_stale_translation_cannot_write_the_vmsa),
		ABI_TEST(test_decision_vmsa_is_readable_for_its_vmpl),
		ABI_TEST(test_vmsa_is_no_input_of_any_call),
		ABI_TEST(test_decision_several_vmsas_of_one_apic_id),
		ABI_TEST(test_decision_rebind_of_a_calling_area),
		ABI_TEST(test_old_vmsa_of_a_rebound_area_is_never_served),
		ABI_TEST(test_decision_rebind_refusals),
		ABI_TEST(test_rebind_of_the_startup_area),
		ABI_TEST(test_decision_pages_move_to_another_apic_id),
		ABI_TEST(test_decision_no_free_record_is_invalid_request),
		ABI_TEST(test_busy_pages),
		ABI_TEST(test_rebind_while_the_old_vmsa_calls_is_busy),
		ABI_TEST(test_host_fault_at_each_rmpadjust),
		ABI_TEST(test_host_fault_at_the_new_vmsa),
		ABI_TEST(test_host_takes_the_pages),
		ABI_TEST(test_host_takes_a_live_vmsa),
	};

	return ABI_RUN(tests);
}
