/* SPDX-License-Identifier: Apache-2.0 */
#include "vlapic_internal.h"

#include "vcpu.h"

/* identity: logical id | cluster model | x2APIC | accepts fixed interrupts */
#define IDENTITY_CLUSTER (UINT64_C(1) << 32)
#define IDENTITY_X2 (UINT64_C(1) << 33)
#define IDENTITY_ACCEPTS (UINT64_C(1) << 34)

#define SHORTHAND_NONE 0U
#define SHORTHAND_SELF 1U
#define SHORTHAND_ALL 2U
#define SHORTHAND_OTHERS 3U

struct ipi {
	unsigned int vector;
	unsigned int mode;
	unsigned int shorthand;
	uint32_t dest;
	bool logical;
	bool wide; /* sent in x2APIC mode: 32-bit address */
};

static uint32_t x2_logical_id(unsigned int cpu)
{
	return (cpu >> 4U) << 16U | 1U << (cpu & 15U);
}

void vlapic_publish(struct vlapic *apic)
{
	uint64_t identity = apic->ldr;

	if (vlapic_x2(apic)) {
		identity = IDENTITY_X2 | x2_logical_id(apic->cpu);
	} else if ((apic->dfr >> 28U) == 0U) {
		identity |= IDENTITY_CLUSTER;
	}
	if (vlapic_enabled(apic) && (apic->svr & APIC_SVR_ENABLED) != 0U) {
		identity |= IDENTITY_ACCEPTS;
	}
	atomic_store_explicit(&apic->identity, identity, memory_order_relaxed);
}

/* Physical ids are fixed: the index of the vCPU. */
static bool matches_physical(unsigned int cpu, uint32_t dest, bool wide)
{
	return dest == cpu || dest == (wide ? UINT32_MAX : 0xffU);
}

/* The address is read the way the receiver's mode has it (24593 16.6.1, 16.13). */
static bool matches_logical(uint64_t identity, uint32_t dest, bool wide)
{
	uint32_t id = (uint32_t)identity;

	if (dest == (wide ? UINT32_MAX : 0xffU)) {
		return true;
	}
	if ((identity & IDENTITY_X2) != 0U) {
		return id >> 16U == dest >> 16U && (id & dest & 0xffffU) != 0U;
	}
	id >>= 24U;
	if (dest > 0xffU) {
		return false;
	}
	if ((identity & IDENTITY_CLUSTER) != 0U) {
		return id >> 4U == dest >> 4U && (id & dest & 0xfU) != 0U;
	}
	return (id & dest) != 0U;
}

static bool addressed(const struct vlapic *target, uint32_t dest, bool logical, bool wide)
{
	if (!logical) {
		return matches_physical(target->cpu, dest, wide);
	}
	return matches_logical(atomic_load_explicit(&target->identity, memory_order_relaxed), dest,
			       wide);
}

static bool accepts(const struct vlapic *target)
{
	return (atomic_load_explicit(&target->identity, memory_order_relaxed) & IDENTITY_ACCEPTS) !=
	       0U;
}

int vlapic_find(unsigned int vmpl, uint32_t dest, bool logical)
{
	for (unsigned int cpu = 0; cpu < EMU_MAX_CPUS; cpu++) {
		const struct vlapic *target = vlapic_at(cpu, vmpl);

		if (target != NULL && addressed(target, dest, logical, false)) {
			return (int)cpu;
		}
	}
	return -1;
}

static bool wanted(const struct vlapic *sender, const struct vlapic *target, const struct ipi *ipi)
{
	switch (ipi->shorthand) {
	case SHORTHAND_SELF:
		return target == sender;
	case SHORTHAND_ALL:
		return true;
	case SHORTHAND_OTHERS:
		return target != sender;
	default:
		return addressed(target, ipi->dest, ipi->logical, ipi->wide);
	}
}

/*
 * INIT does nothing: a vCPU of an SNP guest is started and stopped by AP creation, and one in AP
 * reset hold, or with a VMSA that waits for INIT, goes on at the SIPI that follows. Both at once
 * would start it twice.
 */
static void deliver(struct vlapic *sender, const struct vlapic *target, const struct ipi *ipi)
{
	switch (ipi->mode) {
	case APIC_DELIVER_FIXED:
	case APIC_DELIVER_LOWEST:
		if (target == sender) {
			vlapic_raise(sender, ipi->vector, false);
		} else {
			vlapic_post(target->cpu, target->vmpl, ipi->vector, false);
		}
		break;
	case APIC_DELIVER_NMI:
		vlapic_post_nmi(target->cpu, target->vmpl);
		break;
	case APIC_DELIVER_SIPI:
		if (target != sender) {
			vcpu_sipi(target->cpu);
		}
		break;
	default:
		break;
	}
}

void vlapic_send(struct vlapic *apic, uint64_t icr)
{
	const struct ipi ipi = {
		.vector = (unsigned int)(icr & 0xffU),
		.mode = (unsigned int)(icr >> 8U & 7U),
		.shorthand = (unsigned int)(icr >> 18U & 3U),
		.dest = (uint32_t)(icr >> 32U),
		.logical = (icr >> 11U & 1U) != 0U,
		.wide = vlapic_x2(apic),
	};
	bool lowest = ipi.mode == APIC_DELIVER_LOWEST;

	if (ipi.mode <= APIC_DELIVER_LOWEST && ipi.vector < 16U) {
		vlapic_error(apic, APIC_ESR_SEND_ILLEGAL);
		return;
	}
	for (unsigned int cpu = 0; cpu < EMU_MAX_CPUS; cpu++) {
		const struct vlapic *target = vlapic_at(cpu, apic->vmpl);

		if (target == NULL || !wanted(apic, target, &ipi) || (lowest && !accepts(target))) {
			continue;
		}
		deliver(apic, target, &ipi);
		if (lowest) {
			break;
		}
	}
}
