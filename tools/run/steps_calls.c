/* SPDX-License-Identifier: Apache-2.0 */
#include "steps.h"

static void query_protocol(struct vcpu *v)
{
	for (unsigned int i = 0; i < v->vm->scale.null_calls; i++) {
		vcpu_query(v);
	}
}

/* 58019 section 6.9: the lowest vTOM is the end of RAM, the highest leaves room for its alias. */
static void query_vtom(struct vcpu *v)
{
	const struct hm_config *config = hm_config(v->vm->machine);
	const uint64_t lowest = config->ram[config->nr_ram - 1U].end;
	const uint64_t highest = (UINT64_C(1) << config->phys_bits) - lowest;

	for (unsigned int i = 0; i < v->vm->scale.vtom_calls; i++) {
		struct hm_regs regs = { .rcx = GUEST_VTOM_QUERY };
		const uint64_t rax = vcpu_call(v, GUEST_CONFIGURE_VTOM, &regs);

		(void)vcpu_check(v,
				 rax == GUEST_OK && (regs.rcx & GUEST_VTOM_SUPPORTED) != 0U &&
					 regs.rdx == lowest && regs.r8 == highest,
				 "the vTOM query does not name RAM's end and its mirror", regs.rdx);
	}
}

const struct step steps_calls[2] = {
	{ "QUERY_PROTOCOL", "null call, core protocol", NULL, query_protocol, NULL },
	{ "CONFIGURE_VTOM", "query", NULL, query_vtom, NULL },
};
