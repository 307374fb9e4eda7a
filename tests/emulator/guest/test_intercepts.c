/* SPDX-License-Identifier: Apache-2.0 */
#include "guest.h"

#define EXIT_CPUID 0x72U
#define EXIT_IOIO 0x7bU
#define EXIT_MSR 0x7cU
#define EXIT_VMMCALL 0x81U
#define MSR_SEV_STATUS 0xc0010131U
#define MSR_EFER 0xc0000080U
#define MSR_APIC_BASE 0x1bU
#define SEV_ACTIVE UINT64_C(7) /* SEV, SEV-ES, SEV-SNP */

static void check_vc(const char *what, struct trap trap, uint64_t error)
{
	check("7.11", what, trap.vector == VECTOR_VC ? trap.error : trap.vector, error);
}

/* What must exit as #VC, with its exit code as error code, and what must not. */
void test_intercepts(void)
{
	uint64_t value = 0;
	struct trap trap;

	check_vc("CPUID", probe_cpuid(0), EXIT_CPUID);
	check_vc("OUT", probe_out(0x80, 0), EXIT_IOIO);
	check_vc("RDMSR of the APIC base", probe_rdmsr(MSR_APIC_BASE, NULL), EXIT_MSR);
	check_vc("VMMCALL", probe_vmmcall(), EXIT_VMMCALL);
	trap = probe_rdmsr(MSR_SEV_STATUS, &value);
	check("7.11", "SEV_STATUS is read without exit", trap.vector, NO_TRAP);
	check("7.11", "  value", value, SEV_ACTIVE);
	trap = probe_rdmsr(MSR_EFER, &value);
	check("7.4", "EFER is read without exit", trap.vector, NO_TRAP);
}
