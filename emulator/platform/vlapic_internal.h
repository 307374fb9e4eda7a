/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VLAPIC_INTERNAL_H
#define VLAPIC_INTERNAL_H

/* The parts of the local APIC share this: registers (vlapic.c), vectors (vlapic_post.c), IPIs
 * (vlapic_ipi.c), timer (vlapic_timer.c). */

#include <stdatomic.h>

#include "vlapic.h"

/* Register numbers: MMIO offset / 16, or MSR - 0x800 (24593 16.3.2, 16.9.2). */
enum vlapic_reg {
	APIC_ID = 0x02,
	APIC_VERSION = 0x03,
	APIC_TPR = 0x08,
	APIC_APR = 0x09,
	APIC_PPR = 0x0a,
	APIC_EOI = 0x0b,
	APIC_LDR = 0x0d,
	APIC_DFR = 0x0e,
	APIC_SVR = 0x0f,
	APIC_ISR = 0x10,
	APIC_TMR = 0x18,
	APIC_IRR = 0x20,
	APIC_ESR = 0x28,
	APIC_ICR = 0x30,
	APIC_ICR_HIGH = 0x31,
	APIC_LVT_TIMER = 0x32,
	APIC_LVT_THERMAL = 0x33,
	APIC_LVT_PERF = 0x34,
	APIC_LVT_LINT0 = 0x35,
	APIC_LVT_LINT1 = 0x36,
	APIC_LVT_ERROR = 0x37,
	APIC_TIMER_INITIAL = 0x38,
	APIC_TIMER_CURRENT = 0x39,
	APIC_TIMER_DIVIDE = 0x3e,
	APIC_SELF_IPI = 0x3f,
};

#define APIC_NR_LVT 6U
#define APIC_SVR_ENABLED (1U << 8)
#define APIC_LVT_MASKED (1U << 16)
#define APIC_LVT_MODE(lvt) (((lvt) >> 17) & 3U)
#define APIC_MODE_ONE_SHOT 0U
#define APIC_MODE_PERIODIC 1U
#define APIC_MODE_DEADLINE 2U

#define APIC_BASE_BSP (UINT64_C(1) << 8)
#define APIC_BASE_X2 (UINT64_C(1) << 10)
#define APIC_BASE_ENABLED (UINT64_C(1) << 11)
#define APIC_BASE_ADDRESS UINT64_C(0x7ffffff000)

#define APIC_ESR_SEND_ILLEGAL (1U << 5)
#define APIC_ESR_RECEIVE_ILLEGAL (1U << 6)
#define APIC_ESR_BAD_REGISTER (1U << 7)

#define APIC_DELIVER_FIXED 0U
#define APIC_DELIVER_LOWEST 1U
#define APIC_DELIVER_SMI 2U
#define APIC_DELIVER_NMI 4U
#define APIC_DELIVER_INIT 5U
#define APIC_DELIVER_SIPI 6U

#define VECTOR_WORDS 4U

struct vlapic {
	/* Owner: the processor that runs the vCPU. */
	unsigned int cpu;
	unsigned int vmpl;
	uint64_t base;
	uint64_t icr;
	uint32_t tpr;
	uint32_t ldr; /* xAPIC */
	uint32_t dfr;
	uint32_t svr;
	uint32_t esr;
	uint32_t esr_next; /* what the next write of ESR shows */
	uint32_t lvt[APIC_NR_LVT];
	uint64_t irr[VECTOR_WORDS];
	uint64_t isr[VECTOR_WORDS];
	uint64_t tmr[VECTOR_WORDS];
	bool nmi;
	uint32_t timer_initial;
	uint32_t timer_divide;
	uint64_t timer_deadline; /* TSC, UINT64_MAX: not armed */

	/* Everybody; see vlapic_post.c. */
	_Alignas(64) _Atomic(uint64_t) posted[2][VECTOR_WORDS]; /* [level] */
	_Atomic(uint64_t) news;
	/* How the APIC is addressed: written by the owner, read by senders. One word, so that a
	 * sender never mixes two modes; nothing else is read on account of it, so it is relaxed. */
	_Atomic(uint64_t) identity;
};

static inline bool vlapic_x2(const struct vlapic *apic)
{
	return (apic->base & APIC_BASE_X2) != 0U;
}

static inline bool vlapic_enabled(const struct vlapic *apic)
{
	return (apic->base & APIC_BASE_ENABLED) != 0U;
}

/* The APIC of @cpu at @vmpl, NULL if there is none. */
struct vlapic *vlapic_at(unsigned int cpu, unsigned int vmpl);

/* vlapic_post.c; owner */
void vlapic_raise(struct vlapic *apic, unsigned int vector, bool level);
void vlapic_fold(struct vlapic *apic);
void vlapic_eoi(struct vlapic *apic);
void vlapic_drop_all(struct vlapic *apic); /* nothing is pending or in service any more */
uint8_t vlapic_ppr(const struct vlapic *apic);
void vlapic_error(struct vlapic *apic, uint32_t bit);

/* vlapic_ipi.c. Publish the addressing after a change of mode, LDR, DFR or SVR; owner. */
void vlapic_publish(struct vlapic *apic);
/* Send what @icr says: xAPIC layout in the low half, a 32-bit destination in the high half. */
void vlapic_send(struct vlapic *apic, uint64_t icr);
/* First vCPU whose APIC at @vmpl answers to @dest, an address as xAPIC messages have it; -1: none.
 * Any processor. */
int vlapic_find(unsigned int vmpl, uint32_t dest, bool logical);

/* vlapic_timer.c; owner */
void vlapic_timer_stop(struct vlapic *apic);
void vlapic_timer_set_initial(struct vlapic *apic, uint32_t count);
void vlapic_timer_set_divide(struct vlapic *apic, uint32_t divide);
void vlapic_timer_set_lvt(struct vlapic *apic, uint32_t lvt);
void vlapic_timer_set_deadline(struct vlapic *apic, uint64_t tsc);
uint64_t vlapic_timer_deadline(struct vlapic *apic);
uint32_t vlapic_timer_current(struct vlapic *apic);

#endif
