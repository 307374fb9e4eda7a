/* SPDX-License-Identifier: Apache-2.0 */
#include "guest.h"

void guest_main(uint64_t cpus);

void guest_main(uint64_t cpus)
{
	paging_init();
	ghcb_setup();
	if (cpus == 0U || cpus > NR_CPUS) {
		print("number of vCPUs out of range\n");
		guest_exit(false);
	}
	for (unsigned int vmpl = 1; vmpl < NR_VMPLS; vmpl++) {
		grant_image(vmpl);
	}
	test_intercepts();
	test_ghcb();
	test_pvalidate();
	test_rmpadjust();
	test_rmpquery();
	test_access();
	test_vmpl();
	test_walk();
	test_vmsa();
	test_user();
	test_ghcb_page();
	test_dma();
	test_ap();
	test_interrupts();
	test_cpus((unsigned int)cpus);
	test_stale((unsigned int)cpus);
	print(checks_failed() == 0U ? "RESULT: PASS\n" : "RESULT: FAIL\n");
	guest_exit(checks_failed() == 0U);
}
