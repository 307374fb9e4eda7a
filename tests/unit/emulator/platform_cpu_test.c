/* SPDX-License-Identifier: Apache-2.0 */
/* CPUID, MSRs and device memory as guests see them (clients 1.6). */
#include "platform_rig.h"

#include <string.h>

#define REGISTERS_ALL_ONES UINT32_MAX

enum { EAX, EBX, ECX, EDX };

static bool bit(uint32_t value, unsigned int n)
{
	return (value >> n & 1U) != 0U;
}

/* ---- CPUID ---- */

static void cpuid_ids(void **state)
{
	uint32_t r[4];

	(void)state;
	rig_reset("");
	rig.cpuid = REGISTERS_ALL_ONES;
	for (unsigned int cpu = 0; cpu < RIG_CPUS; cpu++) {
		platform_cpuid(cpu, 1, 0, r);
		assert_int_equal(r[EBX] >> 24, cpu);
		assert_int_equal(r[EBX] >> 16 & 0xffU, RIG_CPUS);
		platform_cpuid(cpu, 0x8000001e, 0, r);
		assert_int_equal(r[EAX], cpu);
		assert_int_equal(r[EBX], cpu);
		for (uint32_t level = 0; level < 3U; level++) {
			platform_cpuid(cpu, 0xb, level, r);
			assert_int_equal(r[EDX], cpu);
			assert_int_equal(r[ECX] & 0xffU, level);
			assert_int_equal(r[ECX] >> 8, level < 2U ? level + 1U : 0U);
			assert_int_equal(r[EBX], level == 0U ? 1U : level == 1U ? RIG_CPUS : 0U);
			assert_int_equal(r[EAX], level == 1U ? 3U : 0U);
		}
	}
	platform_cpuid(0, 0x80000008, 0, r);
	assert_int_equal(r[ECX], (RIG_CPUS - 1U) | 3U << 12);
}

static void cpuid_single(void **state)
{
	uint32_t r[4];

	(void)state;
	rig_reset("");
	rig.boot.nr_cpus = 1;
	rig.cpuid = REGISTERS_ALL_ONES;
	platform_cpuid(0, 1, 0, r);
	assert_false(bit(r[EDX], 28));
	platform_cpuid(0, 0xb, 1, r);
	assert_int_equal(r[EAX], 0);
	assert_int_equal(r[EBX], 1);
}

/* Whatever the machine has: features that cannot work are hidden, those that guests need shown. */
static void cpuid_features(void **state)
{
	uint32_t r[4];

	(void)state;
	for (unsigned int ones = 0; ones < 2U; ones++) {
		rig_reset("");
		rig.cpuid = ones != 0U ? REGISTERS_ALL_ONES : 0U;
		platform_cpuid(0, 1, 0, r);
		assert_true(bit(r[ECX], 21) && bit(r[ECX], 24) && bit(r[ECX], 31));
		assert_true(bit(r[EDX], 9) && bit(r[EDX], 28));
		assert_false(bit(r[ECX], 26) || bit(r[ECX], 27) || bit(r[ECX], 28));
		assert_int_equal(bit(r[ECX], 30), ones); /* RDRAND */
		platform_cpuid(0, 7, 0, r);
		assert_int_equal(r[EAX], 0);
		assert_false(bit(r[EBX], 1) || bit(r[EBX], 5) || bit(r[EBX], 16));
		assert_false(bit(r[ECX], 3) || bit(r[ECX], 16));
		platform_cpuid(0, 7, 1, r);
		assert_int_equal(r[EAX] | r[EBX] | r[ECX] | r[EDX], 0);
		platform_cpuid(0, 0x80000001, 0, r);
		assert_false(bit(r[ECX], 2) || bit(r[ECX], 22));
		assert_int_equal(bit(r[EDX], 29), ones); /* long mode */
		platform_cpuid(0, 0x80000007, 0, r);
		assert_int_equal(r[EDX], 0x100);
		platform_cpuid(0, 0x80000008, 0, r);
		assert_int_equal(r[EAX] & 0xffU, 39);
		assert_true(bit(r[EBX], 3));
		platform_cpuid(0, 0x8000001f, 0, r);
		assert_int_equal(r[EAX] & 0x3aU, 0x3a);
		assert_int_equal(r[EBX] & 0x3fU, 39);
		assert_int_equal(r[EBX] >> 6 & 0x3fU, 0);
		assert_int_equal(r[EBX] >> 12 & 0xfU, 4);
		assert_true(bit(r[EBX], 31));
		platform_cpuid(0, 0x80000021, 0, r);
		assert_true(bit(r[EAX], 2));
		assert_false(bit(r[EAX], 8));
	}
}

static void cpuid_ranges(void **state)
{
	static const uint32_t none[] = {
		0x2,	    0x4,	0x5,	    0xa,	0xc,	    0xd,
		0x40000001, 0x40000002, 0x40000100, 0x7fffffff, 0x8000000a, 0x8000001b,
		0x8000001d, 0x80000022, 0xc0000000, UINT32_MAX,
	};
	uint32_t r[4];

	(void)state;
	rig_reset("");
	rig.cpuid = REGISTERS_ALL_ONES;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		platform_cpuid(0, none[i], 0, r);
		assert_int_equal(r[EAX] | r[EBX] | r[ECX] | r[EDX], 0);
	}
	platform_cpuid(0, 0, 0, r);
	assert_int_equal(r[EAX], 0xb);
	platform_cpuid(0, 0x80000000, 0, r);
	assert_int_equal(r[EAX], 0x80000021);
	platform_cpuid(0, 0x40000000, 0, r);
	assert_int_equal(r[EAX], 0x40000001);
	assert_memory_equal(&r[EBX], "KVMKVMKVM\0\0\0", 12);
}

/* ---- MSRs ---- */

static void msr_apic(void **state)
{
	static const uint32_t msrs[] = { 0x1b, 0x6e0, 0x800, 0x802, 0x830, 0x83f, 0x840, 0x8ff };
	struct vcpu *vcpu = rig_reset("");
	uint64_t value;

	(void)state;
	for (size_t i = 0; i < sizeof(msrs) / sizeof(msrs[0]); i++) {
		assert_true(platform_rdmsr(vcpu, msrs[i], &value));
		assert_int_equal(value, 0xa01c);
		assert_int_equal(rig.apic_msr, msrs[i]);
		assert_ptr_equal(rig.apic, vcpu->vlapic[2]);
		vcpu->vmpl = 1;
		assert_true(platform_wrmsr(vcpu, msrs[i], 5));
		assert_ptr_equal(rig.apic, vcpu->vlapic[1]);
		vcpu->vmpl = 2;
		assert_int_equal(rig.apic_calls, 2U * (i + 1U));
	}
	rig.apic_refuses = true;
	assert_false(platform_rdmsr(vcpu, 0x802, &value));
	assert_false(platform_wrmsr(vcpu, 0x802, 0));
}

static void msr_plain(void **state)
{
	struct vcpu *vcpu = rig_reset("");
	uint64_t value;

	(void)state;
	assert_true(platform_rdmsr(vcpu, 0x10, &value));
	assert_int_equal(value, 0x1234);
	assert_true(platform_wrmsr(vcpu, 0x10, 0));
	assert_true(platform_rdmsr(vcpu, 0xc0011029, &value));
	assert_int_equal(value, 2);
	assert_true(platform_rdmsr(vcpu, 0xfe, &value));
	assert_int_equal(value, 0);
	assert_false(platform_wrmsr(vcpu, 0xfe, 0));
	assert_true(platform_wrmsr(vcpu, 0x2ff, UINT64_MAX));
	assert_true(platform_rdmsr(vcpu, 0x2ff, &value));
	assert_int_equal(value, 0xcff);
	/* each vCPU has its own */
	vcpu->cpu = 4;
	assert_true(platform_rdmsr(vcpu, 0x2ff, &value));
	assert_int_equal(value, 0);
}

static void msr_unknown(void **state)
{
	static const uint32_t msrs[] = { 0,	     0x11,	 0x3b,	     0x200,
					 0x6df,	     0x6e1,	 0x7ff,	     0x900,
					 0xc0000080, 0xc0010000, 0xc0010114, UINT32_MAX };
	struct vcpu *vcpu = rig_reset("");
	uint64_t value;

	(void)state;
	for (size_t i = 0; i < sizeof(msrs) / sizeof(msrs[0]); i++) {
		assert_false(platform_rdmsr(vcpu, msrs[i], &value));
		assert_false(platform_wrmsr(vcpu, msrs[i], 0));
	}
	assert_int_equal(rig.apic_calls, 0);
}

/* ---- device memory ---- */

static void mmio_passed_on(void **state)
{
	static const uint64_t addresses[] = { 0xa0000,	  0xb8000,     0x80000000,
					      0xb0000000, 0xfebf0000,  0xfed00000,
					      0xfed40000, 0x200000000, UINT64_C(0x7ffffffff8) };
	struct vcpu *vcpu = rig_reset("");
	uint64_t value;

	(void)state;
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		for (unsigned int bytes = 1; bytes <= 8U; bytes *= 2U) {
			assert_true(platform_mmio_read(vcpu, addresses[i], bytes, &value));
			assert_int_equal(value, 0x77);
			assert_true(platform_mmio_write(vcpu, addresses[i], bytes, 9));
			assert_int_equal(rig.address, addresses[i]);
			assert_int_equal(rig.bytes, bytes);
		}
	}
	assert_int_equal(rig.loads, 4U * sizeof(addresses) / sizeof(addresses[0]));
	assert_int_equal(rig.stores, rig.loads);
}

/* Memory, whoever's, and what lies above physical memory: also by its last byte only. */
static void mmio_refused(void **state)
{
	static const struct {
		uint64_t address;
		unsigned int bytes;
	} cases[] = {
		{ 0, 1 },
		{ 0x9ffff, 1 },
		{ 0x100000, 4 },
		{ 0xffffe, 4 },
		{ 0x20000000, 4 }, /* the emulator */
		{ 0x3fffffff, 1 },
		{ 0x3ffffffc, 8 },
		{ 0xfffffffc, 8 }, /* the guest's upper memory */
		{ 0x13ffffff8, 8 },
		{ UINT64_C(0x8000000000), 1 },
		{ UINT64_C(0x7fffffffff), 2 },
		{ UINT64_C(0x80fee00000), 4 },
		{ UINT64_MAX, 1 },
		{ UINT64_MAX, 8 },
	};
	struct vcpu *vcpu = rig_reset("");
	uint64_t value;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_false(platform_mmio_read(vcpu, cases[i].address, cases[i].bytes, &value));
		assert_false(platform_mmio_write(vcpu, cases[i].address, cases[i].bytes, 0));
	}
	assert_int_equal(rig.loads + rig.stores + rig.apic_calls + rig.ioapic_calls, 0);
}

static void mmio_apic(void **state)
{
	struct vcpu *vcpu = rig_reset("");
	uint64_t value;

	(void)state;
	assert_true(platform_mmio_read(vcpu, 0xfee00320, 4, &value));
	assert_int_equal(value, 0xa01c);
	assert_int_equal(rig.apic_offset, 0x320);
	assert_ptr_equal(rig.apic, vcpu->vlapic[2]);
	assert_true(platform_mmio_write(vcpu, 0xfee000b0, 4, 0x123456789));
	assert_int_equal(rig.apic_offset, 0xb0);
	assert_int_equal(rig.value, 0x23456789);
	assert_int_equal(rig.apic_calls, 2);
	assert_true(platform_mmio_write(vcpu, 0xfec00010, 4, 7));
	assert_true(platform_mmio_read(vcpu, 0xfec00010, 4, &value));
	assert_int_equal(value, 0x10);
	assert_int_equal(rig.ioapic_calls, 2);
	/* other sizes, or not aligned */
	assert_true(platform_mmio_read(vcpu, 0xfee00320, 8, &value));
	assert_int_equal(value, UINT64_MAX);
	assert_true(platform_mmio_write(vcpu, 0xfee00322, 4, 0));
	assert_true(platform_mmio_write(vcpu, 0xfec00010, 1, 0));
	assert_true(platform_mmio_write(vcpu, 0xfebffffe, 4, 0));
	assert_int_equal(rig.apic_calls + rig.ioapic_calls, 4);
	assert_int_equal(rig.loads + rig.stores, 0);
}

/* No guest writes to the real local APICs, nor sends their messages, whatever its own APIC is. */
static void mmio_messages(void **state)
{
	static const uint64_t bases[] = { 0xfee00800, 0xfee00c00, 0xfee00000, 0x80000800 };
	struct vcpu *vcpu = rig_reset("");

	(void)state;
	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		rig.apic_base = bases[i];
		for (uint64_t at = 0xfee00000; at < 0xfef00000; at += 0x1000) {
			assert_true(platform_mmio_write(vcpu, at, 4, 0));
			assert_true(platform_mmio_write(vcpu, at, 1, 0));
		}
		assert_true(platform_mmio_write(vcpu, 0xfedfffff, 2, 0));
		assert_true(platform_mmio_write(vcpu, 0xfeefffff, 2, 0));
	}
	assert_int_equal(rig.stores, 0);
	/* only the enabled one at its usual place was reached, and the one that was moved is there
	 */
	assert_int_equal(rig.apic_calls, 1);
	assert_true(platform_mmio_write(vcpu, 0x80000020, 4, 0));
	assert_int_equal(rig.apic_calls, 2);
}

/* The IOMMU does not exist for guests: also when a wider access only touches it. */
static void mmio_iommu(void **state)
{
	struct vcpu *vcpu = rig_reset("");
	uint64_t value = 0;

	(void)state;
	for (uint64_t at = 0xfed8fffd; at < 0xfed91000; at++) {
		assert_true(platform_mmio_read(vcpu, at, 4, &value));
		assert_int_equal(value, UINT64_MAX);
		assert_true(platform_mmio_write(vcpu, at, 4, 0));
	}
	assert_int_equal(rig.loads + rig.stores, 0);
}

/* Timers of the HPET cannot be told to write to memory; the rest of the registers is the guest's.
 */
static void mmio_hpet(void **state)
{
	static const struct {
		uint64_t address, passed;
	} cases[] = {
		{ 0xfed00100, 0xbfff }, { 0xfed00120, 0xbfff }, { 0xfed003e0, 0xbfff },
		{ 0xfed00104, 0xffff }, { 0xfed00108, 0xffff }, { 0xfed00110, 0xffff },
		{ 0xfed00000, 0xffff }, { 0xfed000e0, 0xffff }, { 0xfed00400, 0xffff },
	};
	struct vcpu *vcpu = rig_reset("");

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(platform_mmio_write(vcpu, cases[i].address, 4, 0xffff));
		assert_int_equal(rig.value, cases[i].passed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cpuid_ids),	  cmocka_unit_test(cpuid_single),
		cmocka_unit_test(cpuid_features), cmocka_unit_test(cpuid_ranges),
		cmocka_unit_test(msr_apic),	  cmocka_unit_test(msr_plain),
		cmocka_unit_test(msr_unknown),	  cmocka_unit_test(mmio_passed_on),
		cmocka_unit_test(mmio_refused),	  cmocka_unit_test(mmio_apic),
		cmocka_unit_test(mmio_messages),  cmocka_unit_test(mmio_iommu),
		cmocka_unit_test(mmio_hpet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
