/* SPDX-License-Identifier: Apache-2.0 */
#include "guest.h"

/* Malformed requests are answered, in both forms, as the GHCB specification (56421) has it. */

#define MALFORMED 2U
#define EXIT_CPUID 0x72U
#define EXIT_MMIO_READ 0x80000001U
#define EXIT_PSC 0x80000010U
#define EXIT_AP_CREATION 0x80000013U
#define EXIT_RUN_VMPL 0x80000018U
#define EXIT_FEATURES 0x8000fffdU
#define EXIT_UNKNOWN 0x80007777U
#define FEATURES_WANTED UINT64_C(0x33) /* SNP, AP creation, APIC id list, multi VMPL */

static void check_malformed(const char *what, struct ghcb_answer answer)
{
	check("GHCB", what, answer.info1 & UINT32_MAX, MALFORMED);
}

static void test_msr_form(void)
{
	check("GHCB", "features by MSR", msr_protocol(0x080) >> 12 & FEATURES_WANTED,
	      FEATURES_WANTED);
	check("GHCB", "  answer code", msr_protocol(0x080) & 0xfffU, 0x081);
	check("GHCB", "page state: no such operation fails",
	      msr_protocol(ARENA | UINT64_C(7) << 52 | 0x014) >> 32 != 0U ? 1 : 0, 1);
	check("GHCB", "page state: no memory fails",
	      msr_protocol(UINT64_C(0x7000000000) | UINT64_C(1) << 52 | 0x014) >> 32 != 0U ? 1 : 0,
	      1);
	check("GHCB", "run VMPL: no such VMPL fails",
	      msr_protocol(UINT64_C(9) << 32 | 0x016) >> 32 != 0U ? 1 : 0, 1);
}

static void test_page_form(void)
{
	struct ghcb_answer answer = ghcb_call(EXIT_FEATURES, 0, 0, 0, false);

	check("GHCB", "features by page", answer.info2 & FEATURES_WANTED, FEATURES_WANTED);
	check_malformed("unknown exit", ghcb_call(EXIT_UNKNOWN, 0, 0, 0, false));
	check_malformed("CPUID without RAX", ghcb_call(EXIT_CPUID, 0, 0, 0, false));
	check_malformed("page states without scratch", ghcb_call(EXIT_PSC, 0, 0, 0, false));
	check_malformed("device read without scratch",
			ghcb_call(EXIT_MMIO_READ, 0xfed00000, 4, 0, false));
	check_malformed("AP creation of no vCPU",
			ghcb_call(EXIT_AP_CREATION, UINT64_C(0x7777) << 32 | 1U,
				  (uint64_t)vmsa_of(0, 1), VMSA_SEV_SNP, true));
	check_malformed("AP creation of no VMPL",
			ghcb_call(EXIT_AP_CREATION, UINT64_C(9) << 16 | 1U, (uint64_t)vmsa_of(0, 1),
				  VMSA_SEV_SNP, true));
	check_malformed("AP creation with other features",
			ghcb_call(EXIT_AP_CREATION, UINT64_C(1) << 16 | 1U, (uint64_t)vmsa_of(0, 1),
				  VMSA_SEV_SNP | 0x20U, true));
	check_malformed("run of no VMPL", ghcb_call(EXIT_RUN_VMPL, 9, 0, 0, false));
}

void test_ghcb(void)
{
	test_msr_form();
	test_page_form();
}
