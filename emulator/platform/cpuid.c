/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "host.h"
#include "hw.h"
#include "platform.h"

/*
 * Every leaf that exists is a row of the table below; others are zero. Offered is what the machine
 * has and the emulator can keep: no XSAVE and what needs it (QEMU has no XSAVEC, without which
 * Linux's SNP code gives up), no nested virtualization, nothing with MSRs that nobody serves. All
 * vCPUs are cores of one package, with APIC ids 0..n-1.
 */

enum { EAX, EBX, ECX, EDX };

#define BIT(n) (UINT32_C(1) << (n))

#define MAX_BASIC 0xbU
#define MAX_HYPERVISOR 0x40000001U
#define MAX_EXTENDED 0x80000021U

/* leaf 1 */
#define C1_MONITOR BIT(3)
#define C1_VMX BIT(5)
#define C1_FMA BIT(12)
#define C1_X2APIC BIT(21)
#define C1_TSC_DEADLINE BIT(24)
#define C1_XSAVE BIT(26)
#define C1_OSXSAVE BIT(27)
#define C1_AVX BIT(28)
#define C1_F16C BIT(29)
#define C1_HYPERVISOR BIT(31)
#define D1_APIC BIT(9)
#define D1_HTT BIT(28)
#define CLFLUSH_QWORDS 8U

/* leaf 6 */
#define A6_ARAT BIT(2)

/* leaf 7: TSC_ADJUST, AVX2, PQM, MPX, PQE, AVX-512 (16, 17, 21, 26, 27, 28, 30, 31), PT */
#define B7_HIDDEN                                                                                  \
	(BIT(1) | BIT(5) | BIT(12) | BIT(14) | BIT(15) | BIT(16) | BIT(17) | BIT(21) | BIT(25) |   \
	 BIT(26) | BIT(27) | BIT(28) | BIT(30) | BIT(31))
/* of what remains: UMIP, GFNI, RDPID */
#define C7_OFFERED (BIT(2) | BIT(8) | BIT(22))
/* FSRM, SERIALIZE */
#define D7_OFFERED (BIT(4) | BIT(14))

/* leaf 0x80000001: SVM, extended APIC space, OSVW, IBS, XOP, SKINIT, WDT, LWP, FMA4, NodeId, TBM,
 * topology extensions, counters (23, 24, 26, 28), MWAITX */
#define CE1_HIDDEN                                                                                 \
	(BIT(2) | BIT(3) | BIT(9) | BIT(10) | BIT(11) | BIT(12) | BIT(13) | BIT(15) | BIT(16) |    \
	 BIT(19) | BIT(21) | BIT(22) | BIT(23) | BIT(24) | BIT(26) | BIT(28) | BIT(29))

#define DE7_INVARIANT_TSC BIT(8)
/* leaf 0x80000008 */
#define BE8_PASSED (BIT(0) | BIT(9)) /* CLZERO, WBNOINVD */
#define BE8_INVLPGB BIT(3)
#define INVLPGB_PAGES 7U
/* leaf 0x8000001f: SEV, SEV-ES, SEV-SNP, VMPL, RMPQUERY, coherent across encryption */
#define AE1F_OFFERED (BIT(1) | BIT(3) | BIT(4) | BIT(5) | BIT(6) | BIT(10))
#define BE1F_VMPLS_SHIFT 12U
#define BE1F_NO_EVICTION BIT(31) /* no need to evict cache lines of validated pages */
/* leaf 0x80000021: no nested data breakpoints, LFENCE serialises, null selector clears base */
#define AE21_PASSED (BIT(0) | BIT(6))
#define AE21_LFENCE BIT(2)

typedef void fix_fn(unsigned int cpu, uint32_t subleaf, uint32_t r[4]);

/* Bits of an APIC id that count cores */
static unsigned int core_bits(void)
{
	unsigned int bits = 0;

	while ((1U << bits) < host_boot()->nr_cpus) {
		bits++;
	}
	return bits;
}

static void fix_0(unsigned int cpu, uint32_t subleaf, uint32_t r[4])
{
	(void)cpu;
	(void)subleaf;
	r[EAX] = MAX_BASIC;
}

static void fix_1(unsigned int cpu, uint32_t subleaf, uint32_t r[4])
{
	unsigned int n = host_boot()->nr_cpus;

	(void)subleaf;
	r[EBX] = (CLFLUSH_QWORDS << 8) | (n << 16) | (cpu << 24);
	r[ECX] &= ~(C1_MONITOR | C1_VMX | C1_FMA | C1_XSAVE | C1_OSXSAVE | C1_AVX | C1_F16C);
	r[ECX] |= C1_X2APIC | C1_TSC_DEADLINE | C1_HYPERVISOR;
	r[EDX] = (r[EDX] & ~D1_HTT) | D1_APIC | (n > 1U ? D1_HTT : 0U);
}

static void fix_6(unsigned int cpu, uint32_t subleaf, uint32_t r[4])
{
	(void)cpu;
	(void)subleaf;
	r[EAX] &= A6_ARAT;
	r[EBX] = r[ECX] = r[EDX] = 0;
}

static void fix_7(unsigned int cpu, uint32_t subleaf, uint32_t r[4])
{
	(void)cpu;
	if (subleaf != 0U) {
		memset(r, 0, 4 * sizeof(*r));
		return;
	}
	r[EAX] = 0;
	r[EBX] &= ~B7_HIDDEN;
	r[ECX] &= C7_OFFERED;
	r[EDX] &= D7_OFFERED;
}

/* Levels: thread (one per core), core. */
static void fix_topology(unsigned int cpu, uint32_t subleaf, uint32_t r[4])
{
	memset(r, 0, 4 * sizeof(*r));
	r[ECX] = subleaf & 0xffU;
	r[EDX] = cpu;
	if (subleaf == 0U) {
		r[EBX] = 1;
		r[ECX] |= 1U << 8;
	} else if (subleaf == 1U) {
		r[EAX] = core_bits();
		r[EBX] = host_boot()->nr_cpus;
		r[ECX] |= 2U << 8;
	}
}

/* KVM's name, without any of its features: for Linux that allows x2APIC without interrupt
 * remapping, and it takes the memory types as they are. */
static void fix_hypervisor(unsigned int cpu, uint32_t subleaf, uint32_t r[4])
{
	static const char name[12] = "KVMKVMKVM";

	(void)cpu;
	(void)subleaf;
	r[EAX] = MAX_HYPERVISOR;
	memcpy(&r[EBX], name, sizeof(name));
}

static void fix_zero(unsigned int cpu, uint32_t subleaf, uint32_t r[4])
{
	(void)cpu;
	(void)subleaf;
	memset(r, 0, 4 * sizeof(*r));
}

static void fix_e0(unsigned int cpu, uint32_t subleaf, uint32_t r[4])
{
	(void)cpu;
	(void)subleaf;
	r[EAX] = MAX_EXTENDED;
}

static void fix_e1(unsigned int cpu, uint32_t subleaf, uint32_t r[4])
{
	(void)cpu;
	(void)subleaf;
	r[ECX] &= ~CE1_HIDDEN;
}

static void fix_e7(unsigned int cpu, uint32_t subleaf, uint32_t r[4])
{
	fix_zero(cpu, subleaf, r);
	r[EDX] = DE7_INVARIANT_TSC;
}

/* Physical addresses end below the C-bit: else firmware puts devices over it. */
static void fix_e8(unsigned int cpu, uint32_t subleaf, uint32_t r[4])
{
	(void)cpu;
	(void)subleaf;
	r[EAX] = (r[EAX] & 0xff00U) | EMU_C_BIT;
	r[EBX] = (r[EBX] & BE8_PASSED) | BE8_INVLPGB;
	r[ECX] = (host_boot()->nr_cpus - 1U) | (core_bits() << 12);
	r[EDX] = INVLPGB_PAGES;
}

static void fix_e1e(unsigned int cpu, uint32_t subleaf, uint32_t r[4])
{
	(void)subleaf;
	r[EAX] = cpu;
	r[EBX] = cpu; /* core; one thread each */
	r[ECX] = 0;   /* node 0 of one */
	r[EDX] = 0;
}

static void fix_e1f(unsigned int cpu, uint32_t subleaf, uint32_t r[4])
{
	fix_zero(cpu, subleaf, r);
	r[EAX] = AE1F_OFFERED;
	r[EBX] = EMU_C_BIT | (EMU_NR_VMPLS << BE1F_VMPLS_SHIFT) | BE1F_NO_EVICTION;
}

static void fix_e21(unsigned int cpu, uint32_t subleaf, uint32_t r[4])
{
	(void)cpu;
	(void)subleaf;
	r[EAX] = (r[EAX] & AE21_PASSED) | AE21_LFENCE;
	r[EBX] = r[ECX] = r[EDX] = 0;
}

static const struct {
	uint32_t leaf;
	fix_fn *fix; /* NULL: as the machine has it */
} leaves[] = {
	{ 0x00000000, fix_0 },	  { 0x00000001, fix_1 },	{ 0x00000006, fix_6 },
	{ 0x00000007, fix_7 },	  { 0x0000000b, fix_topology }, { 0x40000000, fix_hypervisor },
	{ 0x40000001, fix_zero }, { 0x80000000, fix_e0 },	{ 0x80000001, fix_e1 },
	{ 0x80000002, NULL },	  { 0x80000003, NULL },		{ 0x80000004, NULL },
	{ 0x80000005, NULL },	  { 0x80000006, NULL },		{ 0x80000007, fix_e7 },
	{ 0x80000008, fix_e8 },	  { 0x80000019, NULL },		{ 0x8000001a, NULL },
	{ 0x8000001e, fix_e1e },  { 0x8000001f, fix_e1f },	{ 0x80000021, fix_e21 },
};

void platform_cpuid(unsigned int cpu, uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
	for (size_t i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++) {
		if (leaves[i].leaf == leaf) {
			hw_cpuid(leaf, subleaf, out);
			if (leaves[i].fix != NULL) {
				leaves[i].fix(cpu, subleaf, out);
			}
			return;
		}
	}
	memset(out, 0, 4 * sizeof(*out));
}
