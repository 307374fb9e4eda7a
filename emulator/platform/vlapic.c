/* SPDX-License-Identifier: Apache-2.0 */
#include "vlapic_internal.h"

#include "host.h"

#define MSR_APIC_BASE 0x1bU
#define MSR_TSC_DEADLINE 0x6e0U
#define MSR_X2APIC_FIRST 0x800U
#define MSR_X2APIC_LAST 0x83fU

#define RESET_ADDRESS UINT64_C(0xfee00000)
#define RESET_SVR 0xffU
/* Six LVT entries, version of an integrated APIC. */
#define VERSION 0x00050014U
#define ICR_WRITABLE UINT32_C(0x000ccfff)

/* Entries are written before the other processors start and constant from then on. */
static struct vlapic *apics[EMU_MAX_CPUS][EMU_NR_VMPLS];

static const uint32_t lvt_writable[APIC_NR_LVT] = {
	0x000700ff, /* timer: vector, mask, mode */
	0x000107ff, /* thermal */
	0x000107ff, /* performance counters */
	0x0001a7ff, /* LINT0: polarity and trigger as well */
	0x0001a7ff, /* LINT1 */
	0x000100ff, /* error */
};

struct vlapic *vlapic_at(unsigned int cpu, unsigned int vmpl)
{
	return cpu < EMU_MAX_CPUS && vmpl < EMU_NR_VMPLS ? apics[cpu][vmpl] : NULL;
}

/* All but the base register, which says whether there is an APIC at all. */
static void reset_registers(struct vlapic *apic)
{
	vlapic_drop_all(apic);
	vlapic_timer_stop(apic);
	for (unsigned int i = 0; i < APIC_NR_LVT; i++) {
		apic->lvt[i] = APIC_LVT_MASKED;
	}
	apic->timer_divide = 0;
	apic->icr = 0;
	apic->tpr = 0;
	apic->ldr = 0;
	apic->dfr = UINT32_MAX;
	apic->svr = RESET_SVR;
	apic->esr = 0;
	apic->esr_next = 0;
	vlapic_publish(apic);
}

void vlapic_reset(struct vlapic *apic)
{
	apic->base = RESET_ADDRESS | APIC_BASE_ENABLED | (apic->cpu == 0U ? APIC_BASE_BSP : 0U);
	reset_registers(apic);
}

struct vlapic *vlapic_create(unsigned int cpu, unsigned int vmpl)
{
	struct vlapic *apic;

	if (cpu >= EMU_MAX_CPUS || vmpl >= EMU_NR_VMPLS) {
		return NULL;
	}
	apic = host_pages(1);
	if (apic == NULL) {
		return NULL;
	}
	apic->cpu = cpu;
	apic->vmpl = vmpl;
	vlapic_reset(apic);
	apics[cpu][vmpl] = apic;
	return apic;
}

uint64_t vlapic_base(const struct vlapic *apic)
{
	return apic->base;
}

void vlapic_set_tpr(struct vlapic *apic, uint8_t cr8)
{
	apic->tpr = (uint32_t)(cr8 & 0xfU) << 4U;
}

uint8_t vlapic_tpr(const struct vlapic *apic)
{
	return (uint8_t)(apic->tpr >> 4U & 0xfU);
}

static uint32_t vector_word(const uint64_t *words, unsigned int index)
{
	return (uint32_t)(words[index / 2U] >> (index % 2U * 32U));
}

static bool read_vectors(struct vlapic *apic, unsigned int reg, uint32_t *value)
{
	const uint64_t *words;

	vlapic_fold(apic);
	switch (reg & ~7U) {
	case APIC_ISR:
		words = apic->isr;
		break;
	case APIC_TMR:
		words = apic->tmr;
		break;
	case APIC_IRR:
		words = apic->irr;
		break;
	default:
		return false;
	}
	*value = vector_word(words, reg & 7U);
	return true;
}

static bool read_lvt(const struct vlapic *apic, unsigned int reg, uint32_t *value)
{
	if (reg < APIC_LVT_TIMER || reg > APIC_LVT_ERROR) {
		return false;
	}
	*value = apic->lvt[reg - APIC_LVT_TIMER];
	return true;
}

/* What both modes have in common. False: no such register, or one that cannot be read. */
static bool read_common(struct vlapic *apic, unsigned int reg, uint32_t *value)
{
	switch (reg) {
	case APIC_VERSION:
		*value = VERSION;
		return true;
	case APIC_TPR:
		*value = apic->tpr;
		return true;
	case APIC_PPR:
		*value = vlapic_ppr(apic);
		return true;
	case APIC_SVR:
		*value = apic->svr;
		return true;
	case APIC_ESR:
		*value = apic->esr;
		return true;
	case APIC_TIMER_INITIAL:
		*value = apic->timer_initial;
		return true;
	case APIC_TIMER_CURRENT:
		*value = vlapic_timer_current(apic);
		return true;
	case APIC_TIMER_DIVIDE:
		*value = apic->timer_divide;
		return true;
	default:
		return read_vectors(apic, reg, value) || read_lvt(apic, reg, value);
	}
}

static void write_svr(struct vlapic *apic, uint32_t value)
{
	apic->svr = value & (APIC_SVR_ENABLED | 0xffU);
	if ((value & APIC_SVR_ENABLED) == 0U) {
		for (unsigned int i = 0; i < APIC_NR_LVT; i++) {
			apic->lvt[i] |= APIC_LVT_MASKED;
		}
	}
	vlapic_publish(apic);
}

static void write_lvt(struct vlapic *apic, unsigned int index, uint32_t value)
{
	uint32_t lvt = value & lvt_writable[index];

	if ((apic->svr & APIC_SVR_ENABLED) == 0U) {
		lvt |= APIC_LVT_MASKED;
	}
	if (index == 0U) {
		vlapic_timer_set_lvt(apic, lvt);
	} else {
		apic->lvt[index] = lvt;
	}
}

static bool write_common(struct vlapic *apic, unsigned int reg, uint32_t value)
{
	switch (reg) {
	case APIC_TPR:
		apic->tpr = value & 0xffU;
		return true;
	case APIC_EOI:
		vlapic_eoi(apic);
		return true;
	case APIC_SVR:
		write_svr(apic, value);
		return true;
	case APIC_ESR:
		apic->esr = apic->esr_next;
		apic->esr_next = 0;
		return true;
	case APIC_TIMER_INITIAL:
		vlapic_timer_set_initial(apic, value);
		return true;
	case APIC_TIMER_DIVIDE:
		vlapic_timer_set_divide(apic, value);
		return true;
	default:
		if (reg < APIC_LVT_TIMER || reg > APIC_LVT_ERROR) {
			return false;
		}
		write_lvt(apic, reg - APIC_LVT_TIMER, value);
		return true;
	}
}

static uint32_t mmio_read_own(struct vlapic *apic, unsigned int reg)
{
	uint32_t value = 0;

	switch (reg) {
	case APIC_ID:
		return (uint32_t)apic->cpu << 24U;
	case APIC_LDR:
		return apic->ldr;
	case APIC_DFR:
		return apic->dfr;
	case APIC_APR:
	case APIC_EOI:
		return 0;
	case APIC_ICR:
		return (uint32_t)apic->icr;
	case APIC_ICR_HIGH:
		return (uint32_t)(apic->icr >> 32U);
	default:
		if (!read_common(apic, reg, &value)) {
			vlapic_error(apic, APIC_ESR_BAD_REGISTER);
		}
		return value;
	}
}

uint32_t vlapic_mmio_read(struct vlapic *apic, uint32_t offset)
{
	if (!vlapic_enabled(apic) || vlapic_x2(apic) || (offset & 0xfU) != 0U || offset > 0xff0U) {
		return 0;
	}
	return mmio_read_own(apic, offset >> 4U);
}

static void mmio_send(struct vlapic *apic, uint32_t low)
{
	uint64_t high = apic->icr >> 32U;

	apic->icr = high << 32U | (low & ICR_WRITABLE);
	vlapic_send(apic, (high >> 24U) << 32U | (low & ICR_WRITABLE));
}

void vlapic_mmio_write(struct vlapic *apic, uint32_t offset, uint32_t value)
{
	if (!vlapic_enabled(apic) || vlapic_x2(apic) || (offset & 0xfU) != 0U || offset > 0xff0U) {
		return;
	}
	switch (offset >> 4U) {
	case APIC_LDR:
		apic->ldr = value & 0xff000000U;
		vlapic_publish(apic);
		break;
	case APIC_DFR:
		apic->dfr = value | 0x0fffffffU;
		vlapic_publish(apic);
		break;
	case APIC_ICR:
		mmio_send(apic, value);
		break;
	case APIC_ICR_HIGH:
		apic->icr = (uint64_t)(value & 0xff000000U) << 32U | (apic->icr & UINT32_MAX);
		break;
	case APIC_ID: /* fixed here: the id is what AP creation names the vCPU by */
		break;
	default:
		if (!write_common(apic, offset >> 4U, value)) {
			vlapic_error(apic, APIC_ESR_BAD_REGISTER);
		}
		break;
	}
}

static bool x2_read(struct vlapic *apic, unsigned int reg, uint64_t *value)
{
	uint32_t low = 0;

	switch (reg) {
	case APIC_ID:
		*value = apic->cpu;
		return true;
	case APIC_LDR:
		*value = (uint32_t)atomic_load_explicit(&apic->identity, memory_order_relaxed);
		return true;
	case APIC_ICR:
		*value = apic->icr;
		return true;
	default:
		if (!read_common(apic, reg, &low)) {
			return false;
		}
		*value = low;
		return true;
	}
}

static bool x2_self_ipi(struct vlapic *apic, uint64_t vector)
{
	if (vector > 255U) {
		return false;
	}
	if (vector < 16U) {
		vlapic_error(apic, APIC_ESR_SEND_ILLEGAL);
	} else {
		vlapic_raise(apic, (unsigned int)vector, false);
	}
	return true;
}

/* Reserved bits fault in this mode (24593 16.11). */
static bool x2_write(struct vlapic *apic, unsigned int reg, uint64_t value)
{
	uint64_t allowed = UINT32_MAX;

	switch (reg) {
	case APIC_ICR:
		if ((value & UINT32_MAX & ~(uint64_t)ICR_WRITABLE) != 0U) {
			return false;
		}
		apic->icr = value;
		vlapic_send(apic, value);
		return true;
	case APIC_SELF_IPI:
		return x2_self_ipi(apic, value);
	case APIC_EOI:
	case APIC_ESR:
		allowed = 0;
		break;
	case APIC_TPR:
		allowed = 0xff;
		break;
	case APIC_SVR:
		allowed = 0x3ff;
		break;
	case APIC_TIMER_DIVIDE:
		allowed = 0xb;
		break;
	default:
		break;
	}
	return (value & ~allowed) == 0U && write_common(apic, reg, (uint32_t)value);
}

/*
 * Modes form a ring: disabled, xAPIC, x2APIC, disabled; and xAPIC may be switched off. Everything
 * else faults (24593 16.9.1).
 */
static bool write_base(struct vlapic *apic, uint64_t value)
{
	uint64_t modes = APIC_BASE_X2 | APIC_BASE_ENABLED;
	uint64_t old = apic->base & modes;
	uint64_t wanted = value & modes;

	if ((value & ~(APIC_BASE_ADDRESS | APIC_BASE_BSP | modes)) != 0U ||
	    wanted == APIC_BASE_X2) {
		return false;
	}
	if ((old == modes && wanted == APIC_BASE_ENABLED) || (old == 0U && wanted == modes)) {
		return false;
	}
	apic->base = value;
	if (wanted == 0U && old != 0U) {
		reset_registers(apic);
	} else if (wanted != old) {
		apic->icr = 0;
		vlapic_publish(apic);
	}
	return true;
}

static bool x2_register(const struct vlapic *apic, uint32_t msr)
{
	return vlapic_enabled(apic) && vlapic_x2(apic) && msr >= MSR_X2APIC_FIRST &&
	       msr <= MSR_X2APIC_LAST;
}

bool vlapic_rdmsr(struct vlapic *apic, uint32_t msr, uint64_t *value)
{
	if (msr == MSR_APIC_BASE) {
		*value = apic->base;
		return true;
	}
	if (msr == MSR_TSC_DEADLINE) {
		*value = vlapic_timer_deadline(apic);
		return true;
	}
	return x2_register(apic, msr) && x2_read(apic, msr - MSR_X2APIC_FIRST, value);
}

bool vlapic_wrmsr(struct vlapic *apic, uint32_t msr, uint64_t value)
{
	if (msr == MSR_APIC_BASE) {
		return write_base(apic, value);
	}
	if (msr == MSR_TSC_DEADLINE) {
		vlapic_timer_set_deadline(apic, value);
		return true;
	}
	return x2_register(apic, msr) && x2_write(apic, msr - MSR_X2APIC_FIRST, value);
}
