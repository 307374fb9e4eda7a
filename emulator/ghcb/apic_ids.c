/* SPDX-License-Identifier: Apache-2.0 */
#include "ghcb_priv.h"
#include "ram.h"

#define PAGES_NEEDED 1U

_Static_assert(EMU_MAX_CPUS + 1U <= EMU_PAGE_SIZE / 4U, "the list fits one page");

/* RAX: pages of the list, in and out; too few: only the number is returned. */
void ghcb_exit_apic_ids(struct vcpu *vcpu, struct ghcb_call *call)
{
	uint64_t pages = call->rax;
	volatile uint32_t *list;

	(void)vcpu;
	if (pages >= PAGES_NEEDED) {
		list = (call->info1 & EMU_PAGE_MASK) != 0U
			       ? NULL
			       : ram_shared_pointer(gpa_make(call->info1), EMU_PAGE_SIZE);
		if (list == NULL) {
			ghcb_malformed(call, GHCB_REASON_INVALID);
			return;
		}
		list[0] = vcpu_count();
		for (unsigned int cpu = 0; cpu < vcpu_count(); cpu++) {
			list[1U + cpu] = cpu;
		}
	}
	GHCB_CALL_RETURN(call, rax, PAGES_NEEDED);
}
