/* SPDX-License-Identifier: Apache-2.0 */
#include "boot.h"

#include "abi/vmsa_abi.h"
#include "arch.h"
#include "boot_state.h"
#include "mm.h"
#include "protocols.h"
#include "record.h"

/* Features of the guest's VMSA that this SVSM can work with: the others change how its VMSAs must
 * be accessed. */
#define SUPPORTED_FEATURES (VMSA_SEV_SNP | VMSA_SEV_VTOM)

#define FIELD(name) offsetof(struct vmsa_page, name)

/* Written at boot only. */
static struct {
	uint64_t top_gpa;
	struct svsm_boot_range own;
} state;

uint64_t svsm_boot_top_gpa(void)
{
	return state.top_gpa;
}

bool svsm_boot_in_own_range(gpa_t page)
{
	return page.raw >= state.own.start && page.raw < state.own.end;
}

uint64_t svsm_boot_bytes(uint64_t top_gpa, unsigned int nr_cpus)
{
	return svsm_cpus_bytes(nr_cpus) + svsm_mm_bytes(top_gpa, nr_cpus) + SVSM_PAGE_SIZE;
}

/* The launch VMSA was measured, and is checked all the same (58019 section 4.1). */
static bool startup_vmsa_ok(const struct svsm_boot_info *info, uint64_t *features)
{
	uint64_t vmpl_word = 0U;
	uint64_t efer = 0U;

	if (!arch_vmsa_read(info->startup_vmsa, FIELD(vmpl) & ~(size_t)7U, &vmpl_word) ||
	    !arch_vmsa_read(info->startup_vmsa, FIELD(efer), &efer) ||
	    !arch_vmsa_read(info->startup_vmsa, FIELD(sev_features), features)) {
		return false;
	}
	return ((vmpl_word >> (8U * (FIELD(vmpl) & 7U))) & 0xffU) == info->guest_vmpl &&
	       (efer & VMSA_EFER_SVME) != 0U && (*features & VMSA_SEV_SNP) != 0U &&
	       (*features & ~SUPPORTED_FEATURES) == 0U;
}

static bool startup_record(const struct svsm_boot_info *info)
{
	struct svsm_record_ref ref;

	if (!svsm_record_create(svsm_cpu_at(0U), &ref) || !svsm_record_is_startup(ref)) {
		return false;
	}
	svsm_record_set(ref, info->startup_vmsa, info->startup_ca, info->guest_vmpl);
	svsm_record_release(ref);
	return true;
}

enum svsm_boot_status svsm_boot(const struct svsm_boot_info *info)
{
	struct svsm_arena arena;
	enum svsm_boot_status status = SVSM_BOOT_OK;
	uint64_t features = 0U;

	if (info->nr_cpus == 0U || info->nr_cpus > SVSM_MAX_CPUS) {
		return SVSM_BOOT_BAD_CPUS;
	}
	if (info->nr_ram == 0U || info->nr_ram > SVSM_BOOT_RANGES ||
	    info->arena.end <= info->arena.start) {
		return SVSM_BOOT_BAD_MAP;
	}
	if (info->arena.end - info->arena.start <
	    svsm_boot_bytes(info->ram[info->nr_ram - 1U].end, info->nr_cpus)) {
		return SVSM_BOOT_NO_MEMORY;
	}
	svsm_arena_init(&arena, gpa_make(info->arena.start), info->arena.end - info->arena.start);
	if (!svsm_cpus_init(&arena, info->apic_ids, info->nr_cpus)) {
		return SVSM_BOOT_BAD_CPUS;
	}
	for (unsigned int i = 0U; i < info->nr_cpus; i++) {
		svsm_cpu_at(i)->last_vmpl = i == 0U ? info->guest_vmpl : 0U;
		svsm_call_init(svsm_cpu_at(i));
	}
	status = svsm_mm_init(&arena, info);
	if (status != SVSM_BOOT_OK) {
		return status;
	}
	if (!startup_vmsa_ok(info, &features) || !startup_record(info)) {
		return SVSM_BOOT_BAD_VMSA;
	}
	state.top_gpa = info->ram[info->nr_ram - 1U].end;
	state.own = info->svsm;
	svsm_protocols_init(info, features);
	return SVSM_BOOT_OK;
}
