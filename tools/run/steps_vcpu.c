/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "guest.h"
#include "steps.h"

/* CREATE_VCPU for @target with the VMSA page @vmsa, then AP creation at the host: Linux's order. */
static void create(struct vcpu *v, struct vcpu *target, unsigned int which)
{
	struct hm_machine *m = v->vm->machine;
	const uint64_t vmsa = layout_vmsa(&v->vm->layout, target->index, which);
	struct hm_regs regs = { .rcx = vmsa, .rdx = vcpu_ca(target) };
	struct vmsa_page page;
	uint64_t rax = GUEST_OK;

	regs.r8 = vcpu_apic_id(target);
	guest_default_vmsa(&page, hm_config(m)->guest_vmpl);
	(void)vcpu_check(v, hm_guest_write(m, vmsa, &page, sizeof(page)) == HM_OK,
			 "the guest cannot write a VMSA page to be", vmsa);
	rax = vcpu_call(v, GUEST_CREATE_VCPU, &regs);
	if (rax != GUEST_OK) {
		vcpu_wrong(v, "vCPU %u: CREATE_VCPU of vCPU %u: rax 0x%" PRIx64, v->index,
			   target->index, rax);
		return;
	}
	hm_ap_create(m, target->index, vmsa);
	target->vmsa = which;
}

/* Linux reads SEV_FEATURES from the page; nobody below VMPL0 may write it. */
static void check_vmsa(struct vcpu *v)
{
	const uint64_t vmsa = layout_vmsa(&v->vm->layout, v->index, v->vmsa);

	if (v->index == 0U) {
		return; /* the startup VMSA is none of these pages */
	}
	vcpu_check_read(v, vmsa, HM_OK, "the guest cannot read its VMSA");
	vcpu_check_write(v, vmsa, HM_NPF, "the guest can write a VMSA");
}

static void create_all(struct vcpu *v)
{
	if (v->index != 0U) {
		return;
	}
	for (unsigned int i = 1; i < v->vm->nr_vcpus; i++) {
		create(v, &v->vm->vcpu[i], 0U);
	}
}

/* Every vCPU runs, and is served through its own calling area. */
static void verify_created(struct vcpu *v)
{
	vcpu_query(v);
	check_vmsa(v);
}

const struct step steps_create[1] = {
	{ "CREATE_VCPU", "vCPU 0 starts the others", NULL, create_all, verify_created },
};

/* Even vCPUs take their odd neighbour, which is offline, online again. */
static struct vcpu *follower(struct vcpu *v)
{
	return v->index % 2U == 0U && v->index + 1U < v->vm->nr_vcpus ? &v->vm->vcpu[v->index + 1U]
								      : NULL;
}

static void online(struct vcpu *v)
{
	struct vcpu *target = follower(v);

	if (target != NULL) {
		create(v, target, 1U - target->vmsa);
	}
}

static void delete_old(struct vcpu *v)
{
	const struct vcpu *target = follower(v);

	if (target != NULL) {
		(void)vcpu_call_ok(v, GUEST_DELETE_VCPU,
				   layout_vmsa(&v->vm->layout, target->index, 1U - target->vmsa));
	}
}

/* The page of the deleted VMSA is the guest's again. */
static void verify_deleted(struct vcpu *v)
{
	if (v->index % 2U == 1U) {
		vcpu_dirty(v, layout_vmsa(&v->vm->layout, v->index, 1U - v->vmsa));
	}
	verify_created(v);
}

const struct step steps_online[2] = {
	{ "CREATE_VCPU", "CPU online again, same area", NULL, online, verify_created },
	{ "DELETE_VCPU", "its VMSA from before", NULL, delete_old, verify_deleted },
};

static void remap(struct vcpu *v)
{
	for (unsigned int i = 0; i < v->vm->scale.remaps; i++) {
		const uint64_t old = vcpu_ca(v);

		if (!vcpu_call_ok(v, GUEST_REMAP_CA,
				  layout_ca(&v->vm->layout, v->index, 1U - v->ca))) {
			return;
		}
		v->ca = 1U - v->ca;
		vcpu_dirty(v, old);
	}
}

const struct step steps_remap[1] = {
	{ "REMAP_CA", "to and fro", NULL, remap, vcpu_query },
};
