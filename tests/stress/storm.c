/* SPDX-License-Identifier: Apache-2.0 */
#include "storm.h"

#include <sched.h>
#include <string.h>

#define HOT_PAGES 40U

static uint64_t pick(uint64_t *random, const uint64_t *from, unsigned int n)
{
	return from[stress_below(random, n)];
}

uint64_t storm_page(const struct storm *s, uint64_t *random)
{
	const uint64_t region = stress_below(random, 2) == 0U
					? pick(random, s->valid, STORM_REGIONS)
					: pick(random, s->invalid, STORM_REGIONS);

	return region + stress_below(random, HOT_PAGES) * PAGE;
}

static uint64_t hostile_address(const struct storm *s, uint64_t *random)
{
	const struct svsm_boot_info *info = hm_boot_info(s->rig.m);
	const uint64_t top = UINT64_C(1) << info->phys_bits;
	const uint64_t some[] = { 0,
				  info->svsm.start,
				  info->startup_vmsa.raw,
				  info->svsm.end - PAGE,
				  info->ram_top,
				  top - PAGE,
				  top,
				  UINT64_C(1) << 51 | s->valid[0],
				  UINT64_C(1) << 63 | s->valid[0],
				  UINT64_MAX & ~SVSM_PAGE_MASK,
				  UINT64_MAX,
				  stress_next(random),
				  stress_next(random) & (top - 1U) & ~SVSM_PAGE_MASK,
				  rig_vmsa_page(stress_below(random, s->rig.nr)),
				  rig_ca_page(stress_below(random, s->rig.nr)) };

	return pick(random, some, sizeof(some) / sizeof(some[0]));
}

static uint64_t address(const struct storm *s, uint64_t *random)
{
	switch (stress_below(random, 12)) {
	case 0:
		return hostile_address(s, random);
	case 1:
		return storm_page(s, random) + stress_below(random, 4096);
	default:
		return storm_page(s, random);
	}
}

/* 58019 tables 8, 9 and 13: mostly well-formed. */
static uint64_t entry(const struct storm *s, uint64_t *random)
{
	uint64_t flags = stress_next(random) &
			 (SVSM_PV_VALIDATE | SVSM_PV_IGNORE_CF | SVSM_PV_FALLBACK);
	uint64_t gpa = address(s, random);

	switch (stress_below(random, 10)) {
	case 0:
		return stress_next(random);
	case 1:
		return gpa | (stress_next(random) & 0xfffU);
	case 2:
	case 3:
		return (gpa & ~SVSM_REGION_MASK) | SVSM_PAGE_2M | flags;
	default:
		return (gpa & ~SVSM_PAGE_MASK) | flags;
	}
}

/* A list in the calling area, or in a page that others fight for; runs of pages now and then. */
static uint64_t write_list(const struct storm *s, struct rig_vcpu *v, uint64_t *random,
			   bool deposit)
{
	uint64_t list[24] = { 0 };
	struct svsm_list_head head = {
		.count = (uint16_t)(1U + stress_below(random, 1U << stress_below(random, 5)))
	};
	uint64_t at = v->ca + sizeof(struct svsm_calling_area);
	const bool run = stress_below(random, 3) == 0U;

	if (stress_below(random, 3) == 0U) {
		at = address(s, random) & ~UINT64_C(7);
	}
	for (unsigned int i = 1; i < 24U; i++) {
		list[i] = run && i > 1U ? list[i - 1U] + PAGE : entry(s, random);
		list[i] &= deposit && stress_below(random, 8) != 0U ? ~UINT64_C(0xffe) : UINT64_MAX;
	}
	if (stress_below(random, 16) == 0U) {
		head = (struct svsm_list_head){ (uint16_t)stress_next(random),
						(uint16_t)stress_below(random, 24),
						stress_below(random, 2) };
	}
	memcpy(list, &head, sizeof(head));
	(void)hm_guest_write(s->rig.m, at, list, sizeof(list));
	return at;
}

static void write_vmsa(const struct storm *s, uint64_t *random, uint64_t gpa)
{
	struct vmsa_page vmsa = { .vmpl = 2, .efer = VMSA_EFER_SVME, .sev_features = VMSA_SEV_SNP };

	switch (stress_below(random, 10)) {
	case 0:
		vmsa.vmpl = (uint8_t)stress_next(random);
		break;
	case 1:
		vmsa.vmpl = (uint8_t)stress_below(random, 5);
		break;
	case 2:
		vmsa.efer = stress_next(random);
		break;
	case 3:
		vmsa.sev_features = stress_next(random);
		break;
	case 4:
		return;
	default:
		break;
	}
	(void)hm_guest_write(s->rig.m, gpa, &vmsa, sizeof(vmsa));
}

static uint64_t area(const struct storm *s, uint64_t *random)
{
	return stress_below(random, 4) == 0U ? s->home + (32U + stress_below(random, 32)) * PAGE
					     : address(s, random);
}

/*
 * Calling areas of vCPU 0 stay in pages that the host and the other vCPUs leave alone: through it
 * the others are mended.
 */
static uint64_t area_of_vcpu0(const struct storm *s, uint64_t *random)
{
	return s->home + stress_below(random, 32) * PAGE;
}

static struct hm_regs create(const struct storm *s, uint64_t *random)
{
	struct hm_regs regs = { .rax = CREATE_VCPU,
				.rcx = address(s, random) & ~SVSM_PAGE_MASK,
				.rdx = area(s, random),
				.r8 = 1U + stress_below(random, s->rig.nr) };

	/* the calling area that the target has now: a re-bind, a theft or a refusal */
	if (stress_below(random, 3) == 0U && regs.r8 < s->rig.nr) {
		regs.rdx = rig_ca_page((unsigned int)regs.r8);
	}
	write_vmsa(s, random, regs.rcx);
	return regs;
}

static struct hm_regs random_call(const struct storm *s, struct rig_vcpu *v, unsigned int cpu,
				  uint64_t *random)
{
	static const uint8_t weighted[] = {
		PVALIDATE,   PVALIDATE,	   PVALIDATE,	   PVALIDATE,	  PVALIDATE,
		PVALIDATE,   PVALIDATE,	   PVALIDATE,	   DEPOSIT_MEM,	  DEPOSIT_MEM,
		DEPOSIT_MEM, WITHDRAW_MEM, WITHDRAW_MEM,   CREATE_VCPU,	  CREATE_VCPU,
		DELETE_VCPU, REMAP_CA,	   QUERY_PROTOCOL, CONFIGURE_VTOM
	};
	struct hm_regs regs = { .rax = weighted[stress_below(random, sizeof(weighted))] };

	switch (regs.rax) {
	case PVALIDATE:
	case DEPOSIT_MEM:
		regs.rcx = write_list(s, v, random, regs.rax == DEPOSIT_MEM);
		break;
	case WITHDRAW_MEM:
		regs.rcx = address(s, random) + 8U * stress_below(random, 2);
		break;
	case CREATE_VCPU:
		return create(s, random);
	case REMAP_CA:
		regs.rcx = cpu == 0U ? area_of_vcpu0(s, random) : area(s, random);
		break;
	case DELETE_VCPU:
		regs.rcx = address(s, random);
		break;
	case CONFIGURE_VTOM:
		regs.rcx = stress_below(random, 2) == 0U ? 1U : stress_next(random);
		break;
	default:
		regs.rcx = stress_next(random);
		break;
	}
	if (stress_below(random, 40) == 0U) {
		regs = (struct hm_regs){ stress_next(random),
					 stress_next(random),
					 stress_next(random),
					 stress_next(random),
					 stress_next(random),
					 0,
					 0,
					 0 };
	}
	return regs;
}

/* What a guest and its host do after a call that succeeded. */
static void follow(struct storm *s, struct rig_vcpu *v, unsigned int cpu,
		   const struct hm_regs *args)
{
	uint64_t *random = &s->vcpu[cpu].random;

	if (args->rax == REMAP_CA) {
		v->ca = args->rcx;
	}
	if (args->rax == CREATE_VCPU && args->r8 > 0U && args->r8 < s->rig.nr &&
	    stress_below(random, 3) == 0U) {
		/* pairs with the load after a miss */
		atomic_store_explicit(&s->vcpu[args->r8].next_ca, args->rdx, memory_order_release);
		hm_ap_create(s->rig.m, (unsigned int)args->r8, args->rcx);
	}
}

static void call(struct storm *s, unsigned int cpu)
{
	struct storm_vcpu *me = &s->vcpu[cpu];
	struct rig_vcpu *v = &s->rig.vcpu[cpu];
	const struct hm_regs args = random_call(s, v, cpu, &me->random);
	struct hm_regs regs = args;
	const enum hm_call done = hm_call(s->rig.m, v->ca, &regs);

	me->made[args.rax < STORM_CALLS ? args.rax : STORM_CALLS]++;
	me->misses = done == HM_CALL_DONE ? 0U : me->misses + 1U;
	me->stopped = done == HM_CALL_STOPPED;
	if (done == HM_CALL_DONE && args.rax < STORM_CALLS) {
		me->succeeded[args.rax] += regs.rax == SVSM_SUCCESS ? 1U : 0U;
		me->busy += regs.rax == SVSM_ERR_BUSY ? 1U : 0U;
		if (regs.rax == SVSM_SUCCESS) {
			follow(s, v, cpu, &args);
		}
	}
	if (me->misses % 4U == 3U && cpu != 0U) {
		const uint64_t ca = atomic_load_explicit(&me->next_ca, memory_order_acquire);

		v->ca = ca != 0U ? ca : v->ca;
	}
}

/* Memory of the guest, through translations that may be stale: the judge sees where they hit. */
static void access(const struct storm *s, struct storm_vcpu *me)
{
	uint64_t gpa = address(s, &me->random);
	unsigned char bytes[64];

	me->accesses++;
	if (stress_below(&me->random, 2) == 0U) {
		memset(bytes, (int)(me->random & 0xffU), sizeof(bytes));
		(void)hm_guest_write(s->rig.m, gpa, bytes, sizeof(bytes));
	} else {
		(void)hm_guest_read(s->rig.m, gpa, bytes, sizeof(bytes));
	}
}

/* Entries of VMPL0 that no call asked for, and other ways out of the guest. */
static void other_exit(const struct storm *s, unsigned int cpu, struct storm_vcpu *me)
{
	struct hm_regs regs = { .rax = REMAP_CA, .rcx = storm_page(s, &me->random) };

	me->made[STORM_CALLS]++;
	switch (stress_below(&me->random, 6)) {
	case 0:
		(void)hm_spurious_entry(s->rig.m);
		break;
	case 1:
		(void)hm_spurious_entry_after(s->rig.m, VMSA_EXIT_INTR);
		break;
	case 2:
		(void)hm_spurious_entry_after(s->rig.m, stress_next(&me->random));
		break;
	case 3:
		/* not for vCPU 0: an old REMAP_CA may be served when it calls next */
		if (cpu != 0U) {
			(void)hm_guest_exit(s->rig.m, &regs, VMSA_EXIT_VMGEXIT);
		}
		break;
	case 4:
		hm_guest_idle(s->rig.m);
		break;
	default:
		hm_guest_flush(s->rig.m);
		break;
	}
}

void storm_guest(struct rig *r, unsigned int cpu, void *ctx)
{
	struct storm *s = ctx;
	struct storm_vcpu *me = &s->vcpu[cpu];

	(void)r;
	me->stopped = false;
	while (!atomic_load_explicit(&s->stop, memory_order_relaxed) && !me->stopped) {
		const unsigned int what = stress_below(&me->random, 16);

		if (what < 10U) {
			call(s, cpu);
		} else if (what < 15U) {
			access(s, me);
		} else {
			other_exit(s, cpu, me);
		}
	}
	hm_guest_idle(s->rig.m);
}
