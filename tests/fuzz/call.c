/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "attest.h"
#include "exec.h"
#include "rules.h"
#include "svsm_abi.h"

#define PVALIDATE 1U
#define DEPOSIT_MEM 4U
#define WITHDRAW_MEM 5U
#define QUERY_PROTOCOL 6U

/* What is compared before and after a call. */
struct frame {
	struct hm_regs regs;
	uint64_t vmsa;
	unsigned int vmpl;
	uint64_t ca;
	bool has_list;
	struct svsm_list_head head;
	bool write_fault_before;
	unsigned int moves;
	struct fz_attest attest;
};

static bool is_list_call(uint64_t rax)
{
	return rax == PVALIDATE || rax == DEPOSIT_MEM;
}

static bool same_regs(const struct hm_regs *a, const struct hm_regs *b, unsigned int out)
{
	return ((out & FZ_OUT_RCX) != 0U || a->rcx == b->rcx) &&
	       ((out & FZ_OUT_RDX) != 0U || a->rdx == b->rdx) &&
	       ((out & FZ_OUT_R8) != 0U || a->r8 == b->r8) && a->r9 == b->r9 &&
	       ((out & FZ_OUT_JUMP) != 0U ||
		(a->rip == b->rip && a->rsp == b->rsp && a->cr3 == b->cr3));
}

/*
 * Was the VMSA served? Only VMPL0 writes this EXITCODE, and the next exit of the guest overwrites
 * it. Raw memory: the guest need not be able to read its VMSA.
 */
static bool consumed(const struct fz_actor *a, uint64_t vmsa)
{
	const unsigned char *page = hm_system_page(a->w->m, hm_spn(a->w->m, vmsa));

	return page != NULL &&
	       atomic_load_explicit(
		       (const _Atomic(uint64_t) *)(const void *)(page + offsetof(struct vmsa_page,
										 guest_exitcode)),
		       memory_order_relaxed) == VMSA_EXIT_CONSUMED;
}

/* Not a list: what begins in the bytes of a calling area, which change with every call. */
static bool read_head(const struct fz_actor *a, uint64_t at, uint64_t ca,
		      struct svsm_list_head *head)
{
	return (at & 7U) == 0U && at != ca && at != fz_own_ca(a) &&
	       hm_guest_read(a->w->m, at, head, sizeof(*head)) == HM_OK;
}

/* 58019 section 6.3 and 6.6: `next` only grows, names the failing entry, and is the count in the
 * end. */
static void check_list(const struct fz_actor *a, const struct frame *f, uint32_t result)
{
	struct svsm_list_head now = { 0 };
	bool ok = true;

	if (!f->has_list || !read_head(a, f->regs.rcx, f->ca, &now)) {
		return;
	}
	ok = now.count == f->head.count && now.reserved == f->head.reserved &&
	     now.next >= f->head.next;
	if (result == SVSM_SUCCESS) {
		ok = ok && now.next == now.count && f->head.next < f->head.count;
	} else if (result == SVSM_ERR_INCOMPLETE) {
		ok = ok && now.next > f->head.next && now.next < now.count;
	} else if (now.next != f->head.next) {
		ok = ok && now.next < now.count;
	}
	if (!ok) {
		fz_fail(a->w, "call %" PRIu64 ", result 0x%x: list head %u/%u/%u became %u/%u/%u",
			f->regs.rax, result, f->head.next, f->head.count, f->head.reserved,
			now.next, now.count, now.reserved);
	}
}

static void note_withdrawn(struct fz_actor *a, uint64_t at, bool check)
{
	uint16_t count = 0U;
	const unsigned int room =
		(unsigned int)((SVSM_PAGE_SIZE - (at & SVSM_PAGE_MASK)) / sizeof(uint64_t)) - 1U;

	if (hm_guest_read(a->w->m, at, &count, sizeof(count)) != HM_OK) {
		return;
	}
	if (check && count > room) {
		fz_fail(a->w, "WITHDRAW_MEM wrote count %u with room for %u", count, room);
	}
	count = (uint16_t)(count < room ? count : room);
	a->nr_withdrawn = 0U;
	if (count == 0U ||
	    hm_guest_read(a->w->m, at + 8U, a->withdrawn, (size_t)count * 8U) != HM_OK) {
		return;
	}
	for (unsigned int i = 0U; check && i < count; i++) {
		if (!fz_is_ram(a->withdrawn[i]) || (a->withdrawn[i] & SVSM_PAGE_MASK) != 0U ||
		    (a->withdrawn[i] >= a->w->svsm.start && a->withdrawn[i] < a->w->svsm.end)) {
			fz_fail(a->w, "WITHDRAW_MEM gives page 0x%" PRIx64, a->withdrawn[i]);
		}
	}
	a->nr_withdrawn = count;
}

/* 58019 section 6.8. */
static void check_query(const struct fz_actor *a, uint64_t in, uint64_t out)
{
	const uint32_t version = (uint32_t)in;
	const bool attestation = in >> 32 == 1U && version == 1U && a->w->program->params.psp;
	const bool core = in >> 32 == 0U && (version == 1U || version == 2U);
	const uint64_t expected = core		? UINT64_C(2) << 32 | 1U
				  : attestation ? UINT64_C(1) << 32 | 1U
						: 0U;

	if (out != expected) {
		fz_fail(a->w, "QUERY_PROTOCOL of 0x%" PRIx64 " answers 0x%" PRIx64, in, out);
	}
}

/* Follow a success. */
static void track(struct fz_actor *a, const struct frame *f)
{
	switch (f->regs.rax) {
	case 0:
		fz_context_move(a->w, f->vmsa, f->regs.rcx);
		break;
	case 2:
		fz_context_add(a->w, f->regs.rcx, f->regs.rdx);
		break;
	case 3:
		fz_context_drop(a->w, f->regs.rcx);
		break;
	case WITHDRAW_MEM:
		note_withdrawn(a, f->regs.rcx, !a->disturbed);
		break;
	default:
		break;
	}
}

static unsigned int moves(const struct fz_actor *a)
{
	return atomic_load_explicit(&a->w->moves, memory_order_relaxed);
}

/* A host that runs one VMSA on two CPUs in turn mixes the registers of two guest threads. */
static bool runs_elsewhere(const struct fz_actor *a, uint64_t vmsa)
{
	for (unsigned int cpu = 0U; cpu < a->w->program->params.vcpus; cpu++) {
		if (cpu != a->cpu &&
		    atomic_load_explicit(&a->w->want[cpu], memory_order_relaxed) == vmsa) {
			return true;
		}
	}
	return false;
}

static bool write_fault_fired(const struct fz_actor *a)
{
	return hm_injection_fired(a->w->m, a->cpu, HM_INJECT_VMSA_WRITE);
}

static void check_result(struct fz_actor *a, const struct frame *f, uint8_t pending,
			 const struct hm_regs *out)
{
	const uint32_t result = (uint32_t)out->rax;
	const struct fz_rules_context rules = {
		.codes = atomic_load_explicit(&a->w->codes, memory_order_relaxed),
		.shared = a->disturbed,
		.served_vmpl = f->vmpl == a->w->program->params.vmpl,
		.psp = a->w->program->params.psp,
		.pending = pending,
	};
	const unsigned int outputs = fz_outputs(f->regs.rax, f->regs.rcx, result);

	if (out->rax >> 32 != 0U) {
		fz_fail(a->w, "RAX 0x%" PRIx64 " after call 0x%" PRIx64, out->rax, f->regs.rax);
	}
	if (!fz_result_allowed(f->regs.rax, result, &rules)) {
		fz_fail(a->w, "call 0x%" PRIx64 " at VMPL%u with pending %u answers 0x%x",
			f->regs.rax, f->vmpl, pending, result);
	}
	if (!same_regs(&f->regs, out, outputs)) {
		fz_fail(a->w,
			"%s: call 0x%" PRIx64 ", result 0x%x changed registers: rcx %" PRIx64
			" %" PRIx64 ", rdx %" PRIx64 " %" PRIx64 ", r8 %" PRIx64 " %" PRIx64
			", r9 %" PRIx64 " %" PRIx64,
			a->rival ? "rival" : "main", f->regs.rax, result, f->regs.rcx, out->rcx,
			f->regs.rdx, out->rdx, f->regs.r8, out->r8, f->regs.r9, out->r9);
	}
	if (result == SVSM_SUCCESS && f->regs.rax == QUERY_PROTOCOL) {
		check_query(a, f->regs.rcx, out->rcx);
	}
}

static void after_call(struct fz_actor *a, const struct frame *f, uint8_t pending,
		       const struct hm_regs *out)
{
	check_result(a, f, pending, out);
	if (pending == 1U && f->vmpl == a->w->program->params.vmpl) {
		if (!a->disturbed && is_list_call(f->regs.rax)) {
			check_list(a, f, (uint32_t)out->rax);
		}
		fz_attest_after(a, &f->attest, &f->regs, out);
		if (out->rax == SVSM_SUCCESS) {
			track(a, f);
		}
	}
}

/* Enter the guest, so that it is known what runs. */
static void enter(const struct fz_actor *a)
{
	uint8_t byte = 0U;

	(void)hm_guest_read(a->w->m, 0U, &byte, sizeof(byte));
}

static bool frame_of(const struct fz_actor *a, uint64_t ca, const struct hm_regs *regs,
		     struct frame *f)
{
	enter(a);
	f->regs = *regs;
	f->vmsa = fz_own_vmsa(a);
	f->vmpl = hm_running_vmpl(a->w->m, a->cpu);
	f->ca = ca;
	f->has_list = false;
	f->head = (struct svsm_list_head){ 0 };
	f->moves = moves(a);
	f->write_fault_before = write_fault_fired(a);
	if (f->vmsa == 0U) {
		return false;
	}
	fz_attest_before(a, ca, regs, &f->attest);
	f->has_list = is_list_call(regs->rax) && read_head(a, regs->rcx, ca, &f->head);
	return true;
}

/* A guest that writes another value than 1 into CALL_PENDING. */
static bool odd_call(const struct fz_actor *a, uint64_t ca, uint8_t pending, struct hm_regs *regs)
{
	struct hm_machine *m = a->w->m;

	return hm_guest_write(m, ca, &pending, 1U) == HM_OK && hm_vmgexit(m, regs) == HM_RESUMED &&
	       hm_guest_read(m, ca, &pending, 1U) == HM_OK && pending == 0U;
}

bool fz_call_checked(struct fz_actor *a, uint64_t ca, uint8_t pending, struct hm_regs *regs)
{
	struct frame f;
	bool done = false;

	if (!fz_is_ram(ca) || !frame_of(a, ca, regs, &f)) {
		return false;
	}
	/* Where call 4 must not be made, the guest makes no call with its number at all. */
	if (regs->rax == DEPOSIT_MEM && !a->w->program->params.deposits) {
		regs->rax = f.regs.rax = WITHDRAW_MEM;
		f.has_list = false;
	}
	atomic_store_explicit(&a->w->ca, ca, memory_order_relaxed);
	if (pending == 1U) {
		done = hm_call(a->w->m, ca, regs) == HM_CALL_DONE;
	} else {
		done = odd_call(a, ca, pending, regs);
	}
	/* A VMSA write that an injected fault swallowed may be any of the results; and the CPU may
	 * have run another VMSA meanwhile, whose call it was. */
	if (fz_own_vmsa(a) != f.vmsa || !consumed(a, f.vmsa) ||
	    write_fault_fired(a) != f.write_fault_before || moves(a) != f.moves ||
	    (a->disturbed && runs_elsewhere(a, f.vmsa))) {
		return false;
	}
	if (done && pending != 0U) {
		after_call(a, &f, pending, regs);
	}
	return done;
}

/* ---- calls from packets ---- */

static uint64_t vtom_value(const struct fz_packet *p)
{
	switch (p->c & 3U) {
	case 0:
		return 0U;
	case 1:
		return FZ_RAM1_END;
	case 2:
		return (UINT64_C(1) << 46) - FZ_RAM1_END;
	default:
		return p->y & ~SVSM_PAGE_MASK;
	}
}

static struct hm_regs structured(const struct fz_actor *a, const struct fz_packet *p)
{
	struct hm_regs regs = { .rax = p->a % FZ_CALL_NR, .rcx = fz_address(a, p->x, false) };
	const uint32_t high = (uint32_t)(p->y >> 32);

	switch (regs.rax) {
	case PVALIDATE:
	case DEPOSIT_MEM:
	case WITHDRAW_MEM:
		regs.rcx = fz_address(a, p->x, true);
		break;
	case 2:
		regs.rdx = fz_address(a, (uint32_t)p->y, false);
		regs.r8 = high >> 31 != 0U ? high : high % (a->w->program->params.vcpus + 1U);
		break;
	case QUERY_PROTOCOL:
		regs.rcx = p->y;
		break;
	case 7:
		regs.rcx = (p->y & SVSM_PAGE_MASK) | vtom_value(p);
		regs.rdx = regs.r8 = regs.r9 = p->y;
		break;
	case FZ_CALL_UNKNOWN:
		regs.rax += p->x & 0xffffU;
		break;
	case FZ_CALL_PROTOCOL:
		regs.rax = (UINT64_C(1) + high) << 32 | (uint32_t)p->y;
		break;
	case FZ_CALL_SERVICES:
	case FZ_CALL_SINGLE:
		regs.rax = UINT64_C(1) << 32 | (regs.rax - FZ_CALL_SERVICES);
		regs.rcx = fz_address(a, p->x, true);
		regs.rdx = regs.r8 = p->y;
		break;
	default:
		break;
	}
	return regs;
}

static struct hm_regs raw(const struct fz_actor *a)
{
	return (struct hm_regs){ .rax = a->reg[0],
				 .rcx = a->reg[1],
				 .rdx = a->reg[2],
				 .r8 = a->reg[3],
				 .r9 = a->reg[4],
				 .rip = a->reg[4],
				 .rsp = a->reg[2],
				 .cr3 = a->reg[1] };
}

void fz_call(struct fz_actor *a, const struct fz_packet *p)
{
	static const uint8_t pendings[4] = { 1U, 1U, 2U, 0U };
	const uint8_t pending = pendings[p->b & FZ_CALL_PENDING];
	const unsigned int times = (p->b & FZ_CALL_REPEAT) != 0U ? FZ_REPEATS : 1U;

	enter(a);
	for (unsigned int i = 0U; i < times; i++) {
		const uint64_t ca = (p->b & FZ_CALL_OTHER_CA) != 0U ? fz_address(a, p->x, true)
								    : fz_own_ca(a);
		struct hm_regs regs = p->op == FZ_CALL ? structured(a, p) : raw(a);

		if (!fz_call_checked(a, ca, pending, &regs) ||
		    (regs.rax != SVSM_ERR_INCOMPLETE && regs.rax != SVSM_ERR_BUSY)) {
			return;
		}
	}
}
