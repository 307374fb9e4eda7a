/* SPDX-License-Identifier: Apache-2.0 */
#include "abi/vmsa_abi.h"
#include "peer_priv.h"

#define FIELD(name) offsetof(struct vmsa_page, name)

static bool rmp_ok(const struct arch_rmp_result *rmp)
{
	return !rmp->fault && rmp->code == ARCH_RMP_OK;
}

/* ---- REMAP_CA ---- */

static uint32_t remap_locked(struct peer_call *call, gpa_t ca)
{
	struct peer_cpu *cpu = call->cpu;
	const uint8_t not_pending = 0U;
	struct peer_record *record = NULL;
	struct peer_mapping map;
	bool written = false;

	if (!peer_guest_region(cpu, ca, SVSM_PAGE_SIZE) || !peer_map(cpu, ca, SVSM_PAGE_4K, &map)) {
		return BENCH_INVALID_ADDRESS;
	}
	written = arch_guest_write(ca, &not_pending, sizeof(not_pending));
	peer_unmap(cpu, &map);
	if (!written) {
		return BENCH_INVALID_ADDRESS;
	}
	peer_write_lock(cpu, &peer.records_lock);
	record = peer_find_vmsa(call->guest.vmsa);
	if (record != NULL) {
		record->guest.ca = ca.raw;
	}
	peer_lock(cpu, &cpu->lock);
	if (cpu->guest.vmsa == call->guest.vmsa) {
		cpu->guest.ca = ca.raw;
		cpu->generation++;
	}
	peer_unlock(&cpu->lock);
	peer_write_unlock(&peer.records_lock);
	return BENCH_SUCCESS;
}

uint32_t peer_remap_ca(struct peer_call *call)
{
	const gpa_t ca = gpa_make(call->rcx);
	uint32_t result = BENCH_SUCCESS;

	if (!gpa_aligned(ca, SVSM_PAGE_SIZE)) {
		return BENCH_INVALID_PARAMETER;
	}
	if (ca.raw == call->guest.ca) {
		return BENCH_SUCCESS;
	}
	if (ca.raw == 0U) {
		return BENCH_INVALID_ADDRESS;
	}
	peer_write_lock(call->cpu, &peer.pvalidate_lock);
	result = remap_locked(call, ca);
	peer_write_unlock(&peer.pvalidate_lock);
	return result;
}

/* ---- CREATE_VCPU ---- */

struct create {
	struct peer_call *call;
	struct peer_guest guest;
	struct peer_cpu *target;
};

/* A calling area that a VMSA of the same vCPU has may move to the new one: a vCPU that comes online
 * again. */
static bool ca_allowed(const struct create *create)
{
	struct peer_cpu *cpu = create->call->cpu;
	bool rebind = false;

	if (peer_guest_region(cpu, gpa_make(create->guest.ca), SVSM_PAGE_SIZE)) {
		return true;
	}
	peer_read_lock(cpu, &peer.records_lock);
	for (unsigned int i = 0U; i < peer.nr_records && !rebind; i++) {
		rebind = peer.records[i].guest.ca == create->guest.ca &&
			 peer.records[i].cpu == create->target->index;
	}
	peer_read_unlock(&peer.records_lock);
	return rebind && create->guest.ca != create->call->guest.ca;
}

/* The checks of 58019 section 6.4; the features of the caller stand for those of the launch. */
static uint32_t check_vmsa(const struct create *create)
{
	const gpa_t vmsa = gpa_make(create->guest.vmsa);
	uint64_t vmpl_word = 0U;
	uint64_t efer = 0U;
	uint64_t features = 0U;
	uint64_t own = 0U;

	if (!arch_vmsa_read(vmsa, FIELD(vmpl) & ~(size_t)7U, &vmpl_word) ||
	    !arch_vmsa_read(vmsa, FIELD(efer), &efer) ||
	    !arch_vmsa_read(vmsa, FIELD(sev_features), &features) ||
	    !arch_vmsa_read(gpa_make(create->call->guest.vmsa), FIELD(sev_features), &own)) {
		return BENCH_INVALID_ADDRESS;
	}
	return ((vmpl_word >> (8U * (FIELD(vmpl) & 7U))) & 0xffU) == peer.guest_vmpl &&
			       (efer & VMSA_EFER_SVME) != 0U && features == own
		       ? BENCH_SUCCESS
		       : BENCH_INVALID_PARAMETER;
}

/* Revoke, flush, check, revoke again, make it a VMSA. */
static uint32_t make_vmsa(const struct create *create)
{
	const gpa_t vmsa = gpa_make(create->guest.vmsa);
	const uint8_t not_pending = 0U;
	struct arch_rmp_result rmp = peer_revoke(vmsa, SVSM_PAGE_4K);
	uint32_t result = BENCH_SUCCESS;

	peer_flush(create->call->cpu);
	if (!rmp_ok(&rmp)) {
		return peer_rmp_status(&rmp);
	}
	result = check_vmsa(create);
	if (result != BENCH_SUCCESS) {
		return result;
	}
	rmp = peer_revoke(vmsa, SVSM_PAGE_4K);
	if (rmp_ok(&rmp)) {
		rmp = arch_rmpadjust(vmsa, SVSM_PAGE_4K, peer.guest_vmpl, SVSM_PERM_READ, true);
	}
	if (!rmp_ok(&rmp)) {
		return peer_rmp_status(&rmp);
	}
	return arch_guest_write(gpa_make(create->guest.ca), &not_pending, sizeof(not_pending))
		       ? BENCH_SUCCESS
		       : BENCH_INVALID_ADDRESS;
}

static void register_vmsa(const struct create *create)
{
	struct peer_cpu *cpu = create->call->cpu;
	struct peer_cpu *target = create->target;

	peer_write_lock(cpu, &peer.records_lock);
	for (unsigned int i = 0U; i < peer.nr_records; i++) {
		if (peer.records[i].guest.ca == create->guest.ca) {
			peer.records[i].guest.ca = 0U;
		}
	}
	peer_add_record(create->guest, target, false);
	peer_write_unlock(&peer.records_lock);
	/* The record may be served from now on: a lock of its own. */
	peer_write_lock(cpu, &peer.records_lock);
	peer_find_vmsa(create->guest.vmsa)->used = true;
	peer_lock(cpu, &target->lock);
	target->guest = create->guest;
	target->generation++;
	peer_unlock(&target->lock);
	peer_write_unlock(&peer.records_lock);
}

static uint32_t create_mapped(const struct create *create)
{
	uint64_t probe = 0U;
	uint32_t result = BENCH_SUCCESS;

	if (!arch_guest_read(&probe, gpa_make(create->guest.ca), sizeof(probe))) {
		return BENCH_INVALID_ADDRESS;
	}
	result = make_vmsa(create);
	if (result == BENCH_SUCCESS) {
		register_vmsa(create);
	} else {
		(void)peer_grant(gpa_make(create->guest.vmsa), SVSM_PAGE_4K);
		peer_flush(create->call->cpu);
	}
	return result;
}

static unsigned int vmsas_of(struct peer_cpu *cpu, const struct peer_cpu *target)
{
	unsigned int n = 0U;

	peer_read_lock(cpu, &peer.records_lock);
	n = target->nr_vmsas;
	peer_read_unlock(&peer.records_lock);
	return n;
}

static uint32_t create_locked(const struct create *create)
{
	struct peer_cpu *cpu = create->call->cpu;
	const gpa_t vmsa = gpa_make(create->guest.vmsa);
	struct peer_mapping map;
	uint32_t result = BENCH_SUCCESS;

	if (vmsas_of(cpu, create->target) == PEER_VMSAS_PER_CPU) {
		return BENCH_INVALID_REQUEST;
	}
	if (!peer_guest_region(cpu, vmsa, SVSM_PAGE_SIZE) || !ca_allowed(create) ||
	    !peer_map(cpu, vmsa, SVSM_PAGE_4K, &map)) {
		return BENCH_INVALID_ADDRESS;
	}
	result = create_mapped(create);
	peer_unmap(cpu, &map);
	return result;
}

uint32_t peer_create_vcpu(struct peer_call *call)
{
	const struct create create = { .call = call,
				       .guest = { .vmsa = call->rcx, .ca = call->rdx },
				       .target = peer_cpu_by_apic((uint32_t)call->r8) };
	uint32_t result = BENCH_SUCCESS;

	if (((call->rcx | call->rdx) & SVSM_PAGE_MASK) != 0U || create.target == NULL) {
		return BENCH_INVALID_PARAMETER;
	}
	if (call->rcx == 0U || call->rdx == 0U || call->rcx == call->rdx) {
		return BENCH_INVALID_ADDRESS;
	}
	peer_write_lock(call->cpu, &peer.pvalidate_lock);
	result = create_locked(&create);
	peer_write_unlock(&peer.pvalidate_lock);
	return result;
}

/* ---- DELETE_VCPU ---- */

/* Take the VMSA out of service, unless its call is being served on another vCPU. */
static uint32_t retire(struct peer_call *call, uint64_t vmsa)
{
	uint32_t result = BENCH_INVALID_PARAMETER;
	struct peer_record *record = NULL;

	peer_write_lock(call->cpu, &peer.records_lock);
	record = peer_find_vmsa(vmsa);
	if (record != NULL && !record->startup) {
		struct peer_cpu *target = &peer.cpus[record->cpu];

		peer_lock(call->cpu, &target->lock);
		result = BENCH_BUSY;
		if (target->serving != vmsa || vmsa == call->guest.vmsa) {
			record->used = false;
			if (target->guest.vmsa == vmsa) {
				target->guest = (struct peer_guest){ 0 };
				target->generation++;
			}
			result = BENCH_SUCCESS;
		}
		peer_unlock(&target->lock);
	}
	peer_write_unlock(&peer.records_lock);
	return result;
}

/* Back into service, or forgotten. */
static void settle(struct peer_call *call, uint64_t vmsa, bool deleted)
{
	struct peer_record *record = NULL;

	peer_write_lock(call->cpu, &peer.records_lock);
	record = peer_find_vmsa(vmsa);
	if (deleted) {
		peer_remove_record(record);
	} else {
		record->used = true;
	}
	peer_write_unlock(&peer.records_lock);
}

/* EFER.SVME off, and seen off: VMRUN fails from now on. */
static uint32_t shut(gpa_t vmsa)
{
	uint64_t efer = ARCH_EFER_FAULT;

	if (arch_vmsa_svme_clear(vmsa) != ARCH_SVME_FAULT) {
		efer = arch_vmsa_efer(vmsa);
	}
	if (efer == ARCH_EFER_FAULT) {
		return BENCH_INVALID_ADDRESS;
	}
	return (efer & VMSA_EFER_SVME) == 0U ? BENCH_SUCCESS : BENCH_VMSA_IN_USE;
}

void peer_open_gate(gpa_t vmsa)
{
	(void)arch_vmsa_svme_set(vmsa);
}

static uint32_t delete_mapped(gpa_t vmsa)
{
	const uint32_t result = shut(vmsa);
	struct arch_rmp_result rmp;

	if (result != BENCH_SUCCESS) {
		return result;
	}
	rmp = peer_revoke(vmsa, SVSM_PAGE_4K);
	if (rmp_ok(&rmp)) {
		rmp = peer_grant(vmsa, SVSM_PAGE_4K);
	}
	if (!rmp_ok(&rmp)) {
		peer_open_gate(vmsa);
	}
	return peer_rmp_status(&rmp);
}

static uint32_t delete_locked(struct peer_call *call, gpa_t vmsa)
{
	struct peer_mapping map;
	uint32_t result = retire(call, vmsa.raw);

	if (result != BENCH_SUCCESS) {
		return result;
	}
	result = BENCH_INVALID_ADDRESS;
	if (peer_map(call->cpu, vmsa, SVSM_PAGE_4K, &map)) {
		result = delete_mapped(vmsa);
		peer_unmap(call->cpu, &map);
	}
	settle(call, vmsa.raw, result == BENCH_SUCCESS);
	return result;
}

uint32_t peer_delete_vcpu(struct peer_call *call)
{
	const gpa_t vmsa = gpa_make(call->rcx);
	uint32_t result = BENCH_SUCCESS;

	if (!gpa_aligned(vmsa, SVSM_PAGE_SIZE) || vmsa.raw == 0U) {
		return BENCH_INVALID_PARAMETER;
	}
	peer_write_lock(call->cpu, &peer.pvalidate_lock);
	result = delete_locked(call, vmsa);
	peer_write_unlock(&peer.pvalidate_lock);
	call->no_return = result == BENCH_SUCCESS && vmsa.raw == call->guest.vmsa;
	return result;
}
