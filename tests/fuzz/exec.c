/* SPDX-License-Identifier: Apache-2.0 */
#include "exec.h"

#include "attest.h"

#define PREPARED_AT UINT64_C(0x80000)

static void set_register(struct fz_actor *a, const struct fz_packet *p)
{
	a->reg[p->a % 5U] = (p->b & 1U) != 0U ? fz_address(a, (uint32_t)p->y, p->c != 0U) : p->y;
}

void fz_exec(struct fz_actor *a, const struct fz_packet *p)
{
	switch (p->op) {
	case FZ_WRITE:
		fz_guest_write(a, p);
		break;
	case FZ_READ:
		fz_guest_read(a, p);
		break;
	case FZ_LIST:
		fz_guest_list(a, p);
		break;
	case FZ_ENTRY:
		fz_guest_entry(a, p);
		break;
	case FZ_VMSA:
		fz_guest_vmsa(a, p);
		break;
	case FZ_ATTEST:
		fz_attest_write(a, p);
		break;
	case FZ_LIE:
		fz_attest_lie(a, p);
		break;
	case FZ_LEAVE:
		fz_guest_leave(a, p);
		break;
	case FZ_REG:
		set_register(a, p);
		break;
	case FZ_CALL:
	case FZ_CALL_RAW:
		fz_call(a, p);
		break;
	case FZ_SWITCH:
	case FZ_PREEMPT:
	case FZ_CHECK:
	case FZ_OP_NR:
		break;
	default:
		fz_host(a, p);
		break;
	}
}

void fz_prepare(struct fz_actor *a)
{
	struct fz_world *w = a->w;

	for (unsigned int cpu = 1U; cpu < w->program->params.vcpus; cpu++) {
		const uint64_t ca = PREPARED_AT + (uint64_t)cpu * 2U * SVSM_PAGE_SIZE;
		const uint64_t vmsa = ca + SVSM_PAGE_SIZE;
		/* Class FZ_AT_RAM, index of the page. */
		const struct fz_packet image = { .op = FZ_VMSA,
						 .x = (uint32_t)(vmsa >> SVSM_PAGE_SHIFT) << 4 };
		struct hm_regs regs = { .rax = 2U, .rcx = vmsa, .rdx = ca, .r8 = cpu };

		fz_exec(a, &image);
		if (!fz_call_checked(a, hm_config(w->m)->startup_ca, 1U, &regs) || regs.rax != 0U) {
			fz_fail(w, "CREATE_VCPU for CPU %u: 0x%llx", cpu,
				(unsigned long long)regs.rax);
		}
		fz_host_run(w, cpu, vmsa);
	}
}
