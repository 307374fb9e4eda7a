/* SPDX-License-Identifier: Apache-2.0 */
/* GHCB page (56421 section 4): checks of the page, of each exit's fields, and the plain exits. */
#include "ghcb_rig.h"

#include <string.h>

#define MALFORMED 2U
#define INJECT_GP UINT64_C(0x80000b0d)

enum { RAX = 1, RBX = 2, RCX = 4, RDX = 8, CPL = 16, SCRATCH = 32, XCR0 = 64 };

static void mark(unsigned int fields)
{
	if ((fields & RAX) != 0U) {
		(void)RIG_VALID(rax);
	}
	if ((fields & RBX) != 0U) {
		(void)RIG_VALID(rbx);
	}
	if ((fields & RCX) != 0U) {
		(void)RIG_VALID(rcx);
	}
	if ((fields & RDX) != 0U) {
		(void)RIG_VALID(rdx);
	}
	if ((fields & CPL) != 0U) {
		(void)RIG_VALID(cpl);
	}
	if ((fields & SCRATCH) != 0U) {
		(void)RIG_VALID(sw_scratch);
	}
	if ((fields & XCR0) != 0U) {
		(void)RIG_VALID(xcr0);
	}
}

/* Reason 4 for every exit that lacks one of its fields, and for none that has them. */
static void required_fields(void **state)
{
	static const struct {
		uint64_t code, info1, info2, rax;
		unsigned int needs;
	} cases[] = {
		{ GHCB_EXIT_CPUID, 0, 0, 0, RAX | RCX },
		{ GHCB_EXIT_CPUID, 0, 0, 0xd, RAX | RCX | XCR0 },
		{ GHCB_EXIT_MSR, 0, 0, 0, RCX },
		{ GHCB_EXIT_MSR, 1, 0, 0, RAX | RCX | RDX },
		{ GHCB_EXIT_DR7_WRITE, 0, 0, 0, RAX },
		{ GHCB_EXIT_RDPMC, 0, 0, 0, RCX },
		{ GHCB_EXIT_VMMCALL, 0, 0, 0, RAX | CPL },
		{ GHCB_EXIT_IOIO, 0x3f80010, 0, 0, RAX },
		{ GHCB_EXIT_IOIO, 0x3f80014, 1, 0, SCRATCH },
		{ GHCB_EXIT_IOIO, 0x3f80015, 1, 0, SCRATCH },
		{ GHCB_EXIT_MMIO_READ, 0, 4, 0, SCRATCH },
		{ GHCB_EXIT_MMIO_WRITE, 0, 4, 0, SCRATCH },
		{ GHCB_EXIT_PSC, 0, 0, 0, SCRATCH },
		{ GHCB_EXIT_AP_CREATION, 1, RIG_PAGE(4), 0, RAX },
		{ GHCB_EXIT_APIC_ID_LIST, 0, 0, 0, RAX },
		{ GHCB_EXIT_EXT_GUEST_REQUEST, RIG_PAGE(1), RIG_PAGE(2), 0, RAX | RBX },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (unsigned int fields = 0; fields < 128U; fields++) {
			bool complete = (fields & cases[i].needs) == cases[i].needs;
			bool missing;

			rig_reset(0);
			rig_exit(cases[i].code, cases[i].info1, cases[i].info2);
			rig_ghcb()->rax = cases[i].rax;
			rig_ghcb()->sw_scratch = RIG_GHCB + 0x800;
			mark(fields);
			ghcb_vmgexit(&rig.vcpus[0]);
			missing = rig_ghcb()->sw_exit_info1 == MALFORMED &&
				  rig_ghcb()->sw_exit_info2 == 4U;
			if (missing == complete) {
				print_error("case %zu fields %x\n", i, fields);
			}
			assert_int_equal(missing, !complete);
		}
	}
}

static void page_checks(void **state)
{
	struct vcpu *vcpu;

	(void)state;
	for (unsigned int version = 0; version < 4U; version++) {
		rig_reset(1);
		rig_ghcb()->protocol_version = (uint16_t)version;
		rig_exit(GHCB_EXIT_FEATURES, 0, 0);
		rig_expect(version <= 2U ? 0U : MALFORMED, version <= 2U ? 0x33U : 2U);
	}
	rig_reset(1);
	rig_ghcb()->usage = 1;
	rig_exit(GHCB_EXIT_FEATURES, 0, 0);
	rig_expect(MALFORMED, 2);
	/* registered by another VMPL only */
	vcpu = rig_reset(1);
	vcpu->ghcb_registered[2] = vcpu->ghcb_registered[1];
	vcpu->ghcb_registered[1] = GPA_NONE;
	rig_exit(GHCB_EXIT_FEATURES, 0, 0);
	rig_expect(MALFORMED, 1);
	/* each of the three that every exit needs */
	rig_reset(1);
	rig_exit(GHCB_EXIT_FEATURES, 0, 0);
	rig_ghcb()->valid_bitmap[GHCB_VALID_BYTE(sw_exit_code)] &=
		(uint8_t)~GHCB_VALID_MASK(sw_exit_code);
	rig_expect(MALFORMED, 4);
	rig_exit(GHCB_EXIT_FEATURES, 0, 0);
	rig_ghcb()->valid_bitmap[GHCB_VALID_BYTE(sw_exit_info1)] &=
		(uint8_t)~GHCB_VALID_MASK(sw_exit_info1);
	rig_expect(MALFORMED, 4);
	rig_exit(GHCB_EXIT_FEATURES, 0, 0);
	rig_ghcb()->valid_bitmap[GHCB_VALID_BYTE(sw_exit_info2)] &=
		(uint8_t)~GHCB_VALID_MASK(sw_exit_info2);
	rig_expect(MALFORMED, 4);
}

static void unknown_exits(void **state)
{
	static const uint64_t codes[] = {
		0,	    0x26,	0x73,	    0x400,	 0x80000000, 0x80000005,
		0x80000006, 0x80000014, 0x80000019, 0x100000072, UINT64_MAX,
	};

	(void)state;
	rig_reset(0);
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		rig_exit(codes[i], 0, 0);
		rig_expect(MALFORMED, 6);
		assert_int_equal(rig_valid_bits(), 2);
	}
}

/* A page that is private, or none, is neither read nor written, and nothing happens. */
static void page_not_shared(void **state)
{
	struct vcpu *vcpu = rig_reset(0);
	static uint8_t before[EMU_PAGE_SIZE];

	(void)state;
	rig_exit(GHCB_EXIT_AP_HOLD, 0, 0);
	memcpy(before, rig.memory[0], sizeof(before));
	rig.pages[0] = RIG_PRIVATE;
	ghcb_vmgexit(vcpu);
	assert_memory_equal(before, rig.memory[0], sizeof(before));
	assert_int_equal(vcpu->state, VCPU_RUN);
	rig.pages[0] = RIG_SHARED;
	vcpu->ghcb_msr[0] = RIG_PAGE(RIG_PAGES);
	ghcb_vmgexit(vcpu);
	vcpu->ghcb_msr[0] = ~GHCB_MSR_CODE_MASK;
	ghcb_vmgexit(vcpu);
	assert_memory_equal(before, rig.memory[0], sizeof(before));
	assert_int_equal(vcpu->state, VCPU_RUN);
}

static void cpuid(void **state)
{
	(void)state;
	rig_reset(0);
	rig_exit(GHCB_EXIT_CPUID, 0, 0);
	RIG_SET(rax, UINT64_C(0xdead00000000000b));
	RIG_SET(rcx, 1);
	RIG_SET(r8, 7);
	rig_expect(0, 0);
	assert_int_equal(rig_ghcb()->rax, 0xb);
	assert_int_equal(rig_ghcb()->rbx, 1);
	assert_int_equal(rig_ghcb()->rcx, 0);
	assert_int_equal(rig_ghcb()->rdx, 0xfeed);
	/* what the guest had marked is no answer */
	assert_false(RIG_IS_VALID(r8));
	assert_false(RIG_IS_VALID(sw_exit_code));
	assert_int_equal(rig_valid_bits(), 6);
}

static void msr(void **state)
{
	(void)state;
	rig_reset(0);
	rig.msr_value = UINT64_C(0x1111111122222222);
	rig_exit(GHCB_EXIT_MSR, 0, 0);
	RIG_SET(rcx, 0x830);
	rig_expect(0, 0);
	assert_int_equal(rig.msr, 0x830);
	assert_int_equal(rig_ghcb()->rax, 0x22222222);
	assert_int_equal(rig_ghcb()->rdx, 0x11111111);
	rig_exit(GHCB_EXIT_MSR, 1, 0);
	RIG_SET(rcx, 0x80b);
	RIG_SET(rax, UINT64_C(0xffffffff00000003));
	RIG_SET(rdx, 4);
	rig_expect(0, 0);
	assert_int_equal(rig.msr_value, UINT64_C(0x400000003));
	rig_exit(GHCB_EXIT_MSR, 2, 0);
	RIG_SET(rcx, 0x80b);
	rig_expect(MALFORMED, 5);
	rig.refuse = true;
	rig_exit(GHCB_EXIT_MSR, 0, 0);
	RIG_SET(rcx, 0x80b);
	rig_expect(1, INJECT_GP);
	assert_false(RIG_IS_VALID(rax));
	rig_exit(GHCB_EXIT_MSR, 1, 0);
	RIG_SET(rcx, 0x80b);
	RIG_SET(rax, 0);
	RIG_SET(rdx, 0);
	rig_expect(1, INJECT_GP);
}

static void instructions(void **state)
{
	(void)state;
	rig_reset(3);
	rig_exit(GHCB_EXIT_RDTSC, 0, 0);
	rig_expect(0, 0);
	assert_int_equal(rig_ghcb()->rax, 0x90abcdef);
	assert_int_equal(rig_ghcb()->rdx, 0x12345678);
	assert_false(RIG_IS_VALID(rcx));
	rig_exit(GHCB_EXIT_RDTSCP, 0, 0);
	rig_expect(0, 0);
	assert_true(RIG_IS_VALID(rcx));
	rig_exit(GHCB_EXIT_DR7_READ, 0, 0);
	rig_expect(0, 0);
	assert_int_equal(rig_ghcb()->rax, 0x400);
	rig_exit(GHCB_EXIT_DR7_WRITE, 0, 0);
	RIG_SET(rax, 0x55);
	rig_expect(0, 0);
	rig_exit(GHCB_EXIT_DR7_READ, 0, 0);
	rig_expect(0, 0);
	assert_int_equal(rig_ghcb()->rax, 0x455);
	rig_exit(GHCB_EXIT_DR7_WRITE, 0, 0);
	RIG_SET(rax, UINT64_C(0x100000400));
	rig_expect(1, INJECT_GP);
	rig_exit(GHCB_EXIT_VMMCALL, 0, 0);
	RIG_SET(rax, 1);
	(void)RIG_VALID(cpl);
	rig_expect(0, 0);
	assert_int_equal(rig_ghcb()->rax, (uint64_t)-1000);
	rig_exit(GHCB_EXIT_RDPMC, 0, 0);
	RIG_SET(rcx, 0);
	rig_expect(1, INJECT_GP);
	rig_exit(GHCB_EXIT_WBINVD, 0, 0);
	rig_expect(0, 0);
	rig_exit(GHCB_EXIT_UNSUPPORTED, 0x404, 0);
	rig_expect(0, 0);
}

static void apic_ids(void **state)
{
	const uint32_t *list = (const uint32_t *)(const void *)rig.memory[1];

	(void)state;
	rig_reset(0);
	rig.pages[1] = RIG_SHARED;
	rig_exit(GHCB_EXIT_APIC_ID_LIST, 0, 0);
	RIG_SET(rax, 0);
	rig_expect(0, 0);
	assert_int_equal(rig_ghcb()->rax, 1);
	rig_exit(GHCB_EXIT_APIC_ID_LIST, RIG_PAGE(1), 0);
	RIG_SET(rax, 1);
	rig_expect(0, 0);
	assert_int_equal(list[0], RIG_CPUS);
	for (uint32_t i = 0; i < RIG_CPUS; i++) {
		assert_int_equal(list[1U + i], i);
	}
	rig_exit(GHCB_EXIT_APIC_ID_LIST, RIG_PAGE(1) + 8U, 0);
	RIG_SET(rax, 1);
	rig_expect(MALFORMED, 5);
	rig_exit(GHCB_EXIT_APIC_ID_LIST, RIG_PAGE(2), 0);
	RIG_SET(rax, 1);
	rig_expect(MALFORMED, 5);
}

static void terminate(void **state)
{
	(void)state;
	rig_reset(0);
	rig_exit(GHCB_EXIT_TERMINATE, 0x31, 0);
	if (setjmp(rig.stop) == 0) {
		ghcb_vmgexit(&rig.vcpus[0]);
		fail();
	}
	assert_int_equal(rig.stop_code, EMU_EXIT_GUEST_TERMINATED);
	assert_non_null(strstr(rig.stop_text, "set 1 reason 3 (not at VMPL0)"));
}

static void dropped_and_repeated(void **state)
{
	(void)state;
	rig_reset(0);
	rig_exit(GHCB_EXIT_IOIO, 0x3f80010, 0);
	RIG_SET(rax, 'x');
	rig.times = 0;
	ghcb_vmgexit(&rig.vcpus[0]);
	assert_int_equal(rig_ghcb()->sw_exit_info1, 0x3f80010);
	assert_int_equal(rig.nr_io, 0);
	rig.times = 2;
	rig_expect(0, 0);
	assert_int_equal(rig.nr_io, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(required_fields), cmocka_unit_test(page_checks),
		cmocka_unit_test(unknown_exits),   cmocka_unit_test(page_not_shared),
		cmocka_unit_test(cpuid),	   cmocka_unit_test(msr),
		cmocka_unit_test(instructions),	   cmocka_unit_test(apic_ids),
		cmocka_unit_test(terminate),	   cmocka_unit_test(dropped_and_repeated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
