/* SPDX-License-Identifier: Apache-2.0 */
#include <sched.h>
#include <stdlib.h>

#include "machine_internal.h"

#define FIELD(name) offsetof(struct vmsa_page, name)

/*
 * A store of VMPL0 to a VMSA that runs on another CPU (U3, rmp-semantics 7.3) stalls until that
 * CPU's #VMEXIT, which the host brings about by an interrupt, or is lost (config.vmsa_store_lost).
 */

bool hm_vmsa_in_use(const struct hm_machine *m, uint64_t spn)
{
	return (snpm_word(&m->rmp, spn, NULL) & SNPM_INUSE) != 0U;
}

/* False if the VMSA is still in use after the longest stall the model waits for: the store is lost
 * then. */
static bool stall(struct hm_machine *m, uint64_t spn)
{
	uint64_t deadline = hm_now_ns() + HM_STALL_NS;

	hm_count(m, HM_COUNT_VMSA_STALL);
	while (hm_vmsa_in_use(m, spn)) {
		if (hm_now_ns() > deadline) {
			return false;
		}
		hm_force_exit(m, spn);
		(void)sched_yield();
	}
	return true;
}

enum store_start { STORE_READY, STORE_LOST, STORE_FAULT };

/* STORE_READY: the bracket is open and the VMSA was not in use a moment ago. */
static enum store_start store_begin(struct hm_cpu *cpu, gpa_t vmsa, struct hm_view *view)
{
	struct hm_machine *m = cpu->machine;

	for (;;) {
		if (!hm_vmpl0_begin(cpu, vmsa.raw, SNPM_WRITE, view)) {
			return STORE_FAULT;
		}
		if (!hm_vmsa_in_use(m, view->spn)) {
			return STORE_READY;
		}
		hm_bracket_end(cpu);
		if ((m->config.vmsa_store_lost && hm_runs(m, view->spn)) || !stall(m, view->spn)) {
			hm_count(m, HM_COUNT_VMSA_LOST);
			return STORE_LOST;
		}
	}
}

static void emit_store(struct hm_cpu *cpu, const struct hm_view *view, size_t offset,
		       uint64_t value)
{
	if (hm_observed(cpu->machine)) {
		hm_emit(cpu->machine, &(struct hm_event){ .kind = HM_EV_VMSA_WRITE,
							  .cpu = cpu->index,
							  .gpa = view->gpn << SVSM_PAGE_SHIFT,
							  .spn = view->spn,
							  .a = offset,
							  .b = value });
	}
}

static struct hm_cpu *vmsa_cpu(const char *function, gpa_t vmsa, size_t offset)
{
	if ((offset & 7U) != 0U || offset >= SVSM_PAGE_SIZE || gpa_offset(vmsa) != 0U) {
		hm_die("unaligned VMSA access", vmsa.raw + offset);
	}
	return hm_self_checked(function);
}

bool arch_vmsa_read(gpa_t vmsa, size_t offset, uint64_t *value)
{
	struct hm_cpu *cpu = vmsa_cpu(__func__, vmsa, offset);
	struct hm_view view;

	arch_point(ARCH_POINT_ARCH_CALL);
	if (hm_injected_now(cpu, HM_INJECT_VMSA_READ, NULL) ||
	    !hm_vmpl0_begin(cpu, vmsa.raw, SNPM_READ, &view)) {
		return false;
	}
	/* seq_cst: pairs with arch_vmsa_svme_clear, behind which VMPL0 re-reads */
	*value = atomic_load_explicit(hm_vmsa_field(cpu->machine, view.spn, offset),
				      memory_order_seq_cst);
	hm_bracket_end(cpu);
	return true;
}

bool arch_vmsa_write(gpa_t vmsa, size_t offset, uint64_t value)
{
	struct hm_cpu *cpu = vmsa_cpu(__func__, vmsa, offset);
	enum store_start start;
	struct hm_view view;

	arch_point(ARCH_POINT_ARCH_CALL);
	if (hm_injected_now(cpu, HM_INJECT_VMSA_WRITE, NULL)) {
		return false;
	}
	start = store_begin(cpu, vmsa, &view);
	if (start == STORE_READY) {
		/* release: pairs with vmrun: fields written before the gate opens */
		atomic_store_explicit(hm_vmsa_field(cpu->machine, view.spn, offset), value,
				      memory_order_release);
		emit_store(cpu, &view, offset, value);
		hm_bracket_end(cpu);
	}
	return start != STORE_FAULT;
}

/* Single accesses, each of which the host can fail or stop at, as on hardware. */
uint64_t arch_vmsa_read_call(gpa_t vmsa, struct arch_call_regs *regs)
{
	uint64_t exitcode;

	return arch_vmsa_read(vmsa, FIELD(guest_exitcode), &exitcode) &&
			       arch_vmsa_read(vmsa, FIELD(rax), &regs->rax) &&
			       arch_vmsa_read(vmsa, FIELD(rcx), &regs->rcx) &&
			       arch_vmsa_read(vmsa, FIELD(rdx), &regs->rdx) &&
			       arch_vmsa_read(vmsa, FIELD(r8), &regs->r8) &&
			       arch_vmsa_read(vmsa, FIELD(r9), &regs->r9)
		       ? exitcode
		       : VMSA_EXIT_CONSUMED;
}

static bool write_out(gpa_t vmsa, const struct arch_call_answer *answer, enum arch_call_out reg,
		      size_t field, uint64_t value)
{
	return (answer->out & reg) == 0U || arch_vmsa_write(vmsa, field, value);
}

bool arch_vmsa_write_call(gpa_t vmsa, const struct arch_call_answer *answer)
{
	return write_out(vmsa, answer, ARCH_CALL_RCX, FIELD(rcx), answer->rcx) &&
	       write_out(vmsa, answer, ARCH_CALL_RDX, FIELD(rdx), answer->rdx) &&
	       write_out(vmsa, answer, ARCH_CALL_R8, FIELD(r8), answer->r8) &&
	       arch_vmsa_write(vmsa, FIELD(rax), answer->rax);
}

/* What a store that was lost had read. */
static enum arch_svme svme_of(struct hm_cpu *cpu, gpa_t vmsa)
{
	struct hm_view view;
	uint64_t efer;

	if (!hm_vmpl0_begin(cpu, vmsa.raw, SNPM_READ, &view)) {
		return ARCH_SVME_FAULT;
	}
	efer = atomic_load_explicit(hm_vmsa_field(cpu->machine, view.spn, FIELD(efer)),
				    memory_order_relaxed);
	hm_bracket_end(cpu);
	return (efer & VMSA_EFER_SVME) != 0U ? ARCH_SVME_WAS_SET : ARCH_SVME_WAS_CLEAR;
}

/* The bracket is open. */
static enum arch_svme svme_clear(struct hm_cpu *cpu, const struct hm_view *view)
{
	/* seq_cst: pairs with vmrun: it sees the gate closed, or its in-use mark is seen later */
	const uint64_t efer =
		atomic_fetch_and_explicit(hm_vmsa_field(cpu->machine, view->spn, FIELD(efer)),
					  ~VMSA_EFER_SVME, memory_order_seq_cst);

	if ((efer & VMSA_EFER_SVME) == 0U) {
		return ARCH_SVME_WAS_CLEAR;
	}
	emit_store(cpu, view, FIELD(efer), efer & ~VMSA_EFER_SVME);
	return ARCH_SVME_WAS_SET;
}

enum arch_svme arch_vmsa_svme_clear(gpa_t vmsa)
{
	struct hm_cpu *cpu = vmsa_cpu(__func__, vmsa, FIELD(efer));
	struct hm_view view;
	enum store_start start;
	enum arch_svme was;

	arch_point(ARCH_POINT_ARCH_CALL);
	if (hm_injected_now(cpu, HM_INJECT_VMSA_WRITE, NULL)) {
		return ARCH_SVME_FAULT;
	}
	if (hm_injected_now(cpu, HM_INJECT_VMSA_LOST, NULL)) {
		return svme_of(cpu, vmsa);
	}
	start = store_begin(cpu, vmsa, &view);
	if (start != STORE_READY) {
		return start == STORE_FAULT ? ARCH_SVME_FAULT : svme_of(cpu, vmsa);
	}
	was = svme_clear(cpu, &view);
	hm_bracket_end(cpu);
	if (was == ARCH_SVME_WAS_SET && hm_vmsa_in_use(cpu->machine, view.spn) &&
	    !stall(cpu->machine, view.spn)) {
		hm_die("a CPU does not leave a VMSA whose gate was closed as it entered", vmsa.raw);
	}
	return was;
}

uint64_t arch_vmsa_efer(gpa_t vmsa)
{
	uint64_t efer;

	return arch_vmsa_read(vmsa, FIELD(efer), &efer) ? efer : ARCH_EFER_FAULT;
}

bool arch_vmsa_svme_set(gpa_t vmsa)
{
	struct hm_cpu *cpu = vmsa_cpu(__func__, vmsa, FIELD(efer));
	enum store_start start;
	struct hm_view view;

	arch_point(ARCH_POINT_ARCH_CALL);
	if (hm_injected_now(cpu, HM_INJECT_VMSA_WRITE, NULL)) {
		return false;
	}
	start = store_begin(cpu, vmsa, &view);
	if (start == STORE_READY) {
		_Atomic(uint64_t) *field = hm_vmsa_field(cpu->machine, view.spn, FIELD(efer));
		const uint64_t efer = atomic_load_explicit(field, memory_order_relaxed) |
				      VMSA_EFER_SVME;

		/* release: pairs with vmrun: fields written before the gate opens */
		atomic_store_explicit(field, efer, memory_order_release);
		emit_store(cpu, &view, FIELD(efer), efer);
		hm_bracket_end(cpu);
	}
	return start != STORE_FAULT;
}

/* ---- flushes by PCPU_ID ---- */

static bool registry_bit(const struct hm_registry *registry, uint64_t gpn)
{
	return (atomic_load_explicit(&registry->map[gpn / 64U], memory_order_relaxed) >>
			(gpn % 64U) &
		1U) != 0U;
}

static void registry_add(struct hm_registry *registry, uint64_t gpn)
{
	unsigned int slot = 0;

	while (slot < registry->count && registry->vmsa[slot] != 0U) {
		slot++;
	}
	if (slot == registry->capacity) {
		unsigned int capacity = slot == 0U ? 64U : 2U * slot;
		uint64_t *grown = realloc(registry->vmsa, capacity * sizeof(*grown));

		if (grown == NULL) {
			hm_die("no memory for the list of VMSAs", gpn << SVSM_PAGE_SHIFT);
		}
		registry->vmsa = grown;
		registry->capacity = capacity;
	}
	registry->vmsa[slot] = gpn;
	registry->count += slot == registry->count ? 1U : 0U;
	(void)atomic_fetch_or_explicit(&registry->map[gpn / 64U], UINT64_C(1) << (gpn % 64U),
				       memory_order_relaxed);
}

/* Leaves a hole: a flush that walks the slots meanwhile must not miss a VMSA that moved. */
static void registry_remove(struct hm_registry *registry, uint64_t gpn)
{
	for (unsigned int slot = 0; slot < registry->count; slot++) {
		if (registry->vmsa[slot] == gpn) {
			registry->vmsa[slot] = 0;
		}
	}
	(void)atomic_fetch_and_explicit(&registry->map[gpn / 64U], ~(UINT64_C(1) << (gpn % 64U)),
					memory_order_relaxed);
}

void hm_registry_note(struct hm_machine *m, uint64_t gpn, bool vmsa)
{
	if (!m->config.no_invlpgb || registry_bit(&m->registry, gpn) == vmsa) {
		return;
	}
	(void)pthread_mutex_lock(&m->registry.lock);
	if (registry_bit(&m->registry, gpn) != vmsa) {
		if (vmsa) {
			registry_add(&m->registry, gpn);
		} else {
			registry_remove(&m->registry, gpn);
		}
	}
	(void)pthread_mutex_unlock(&m->registry.lock);
}

/* A locked store of PCPU_ID = 0; it completes when the VMSA is not in use, and its next VMRUN
 * flushes. */
static void flush_pcpu(struct hm_cpu *cpu, uint64_t gpn)
{
	struct hm_machine *m = cpu->machine;
	struct hm_view view;

	for (;;) {
		if (!hm_vmpl0_begin(cpu, gpn << SVSM_PAGE_SHIFT, SNPM_WRITE, &view)) {
			return;
		}
		/* pairs with sync_tlb */
		(void)atomic_exchange_explicit(
			hm_vmsa_field(m, view.spn, offsetof(struct vmsa_page, pcpu_id)), 0U,
			memory_order_acq_rel);
		hm_bracket_end(cpu);
		if (!hm_vmsa_in_use(m, view.spn)) {
			hm_count(m, HM_COUNT_PCPU_STORE);
			return;
		}
		if (!stall(m, view.spn)) {
			hm_die("a CPU does not leave a VMSA that has to be flushed",
			       gpn << SVSM_PAGE_SHIFT);
		}
	}
}

void hm_registry_flush(struct hm_cpu *cpu)
{
	struct hm_registry *registry = &cpu->machine->registry;

	for (unsigned int slot = 0;; slot++) {
		uint64_t gpn = 0;
		bool more;

		(void)pthread_mutex_lock(&registry->lock);
		more = slot < registry->count;
		gpn = more ? registry->vmsa[slot] : 0U;
		(void)pthread_mutex_unlock(&registry->lock);
		if (!more) {
			return;
		}
		if (gpn != 0U) {
			flush_pcpu(cpu, gpn);
		}
	}
}
