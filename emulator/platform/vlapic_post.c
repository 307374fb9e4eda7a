/* SPDX-License-Identifier: Apache-2.0 */
#include "vlapic_internal.h"

#include "vcpu.h"

/*
 * Vectors on their way in.
 *
 * Posting: posted[level][word] |= vector (relaxed), then news |= word (release), then the vCPU is
 * asked to look. Folding, by the owner: news is exchanged for 0 (acquire), then each word that it
 * names. Every posted vector is folded: its news bit is set after it, so the exchange that takes
 * the news bit sees the vector, or a former exchange of the word took it already and the news bit
 * finds an empty word. The same vector posted twice before it is folded is one interrupt, as two
 * messages to one IRR bit are. Wait-free for the poster and, with at most eight words, for the
 * owner. Level and edge have words of their own, so that the trigger mode travels with the vector.
 */

#define NEWS_NMI (UINT64_C(1) << 8)

void (*vlapic_on_eoi)(unsigned int cpu, unsigned int vector);

static void set_vector(uint64_t *words, unsigned int vector)
{
	words[vector / 64U] |= UINT64_C(1) << (vector % 64U);
}

static void clear_vector(uint64_t *words, unsigned int vector)
{
	words[vector / 64U] &= ~(UINT64_C(1) << (vector % 64U));
}

static bool has_vector(const uint64_t *words, unsigned int vector)
{
	return (words[vector / 64U] >> (vector % 64U) & 1U) != 0U;
}

static int highest(const uint64_t *words)
{
	for (unsigned int i = VECTOR_WORDS; i > 0U; i--) {
		uint64_t word = words[i - 1U];

		if (word != 0U) {
			return (int)((i - 1U) * 64U + 63U) - __builtin_clzll(word);
		}
	}
	return -1;
}

void vlapic_post(unsigned int cpu, unsigned int vmpl, unsigned int vector, bool level)
{
	struct vlapic *apic = vlapic_at(cpu, vmpl);
	unsigned int word = vector / 64U;

	if (apic == NULL || vector < 16U || vector > 255U) {
		return;
	}
	atomic_fetch_or_explicit(&apic->posted[level ? 1 : 0][word], UINT64_C(1) << (vector % 64U),
				 memory_order_relaxed);
	/* pairs with vlapic_fold: the posted word */
	atomic_fetch_or_explicit(&apic->news, UINT64_C(1) << ((level ? 4U : 0U) + word),
				 memory_order_release);
	vcpu_request(cpu, VCPU_REQ_IRQ);
}

void vlapic_post_nmi(unsigned int cpu, unsigned int vmpl)
{
	struct vlapic *apic = vlapic_at(cpu, vmpl);

	if (apic != NULL) {
		/* pairs with vlapic_fold: what the sender did before its NMI */
		atomic_fetch_or_explicit(&apic->news, NEWS_NMI, memory_order_release);
		vcpu_request(cpu, VCPU_REQ_IRQ);
	}
}

/* A disabled APIC takes no fixed interrupt (24593 16.4.7). One that the IOAPIC waits to see ended
 * is kept: to lose it would leave its pin masked for good. */
static bool takes(const struct vlapic *apic, bool level)
{
	return level || (vlapic_enabled(apic) && (apic->svr & APIC_SVR_ENABLED) != 0U);
}

static void fold_word(struct vlapic *apic, bool level, unsigned int word)
{
	uint64_t bits = atomic_exchange_explicit(&apic->posted[level ? 1 : 0][word], 0,
						 memory_order_relaxed);

	if (!takes(apic, level)) {
		return;
	}
	apic->irr[word] |= bits;
	if (level) {
		apic->tmr[word] |= bits;
	} else {
		apic->tmr[word] &= ~bits;
	}
}

void vlapic_fold(struct vlapic *apic)
{
	uint64_t news = atomic_load_explicit(&apic->news, memory_order_relaxed);

	if (news == 0U) {
		return;
	}
	/* pairs with vlapic_post and vlapic_post_nmi */
	news = atomic_exchange_explicit(&apic->news, 0, memory_order_acquire);
	for (unsigned int i = 0; i < 2U * VECTOR_WORDS; i++) {
		if ((news >> i & 1U) != 0U) {
			fold_word(apic, i >= VECTOR_WORDS, i % VECTOR_WORDS);
		}
	}
	if ((news & NEWS_NMI) != 0U) {
		apic->nmi = true;
	}
}

void vlapic_raise(struct vlapic *apic, unsigned int vector, bool level)
{
	if (takes(apic, level)) {
		set_vector(apic->irr, vector);
		if (level) {
			set_vector(apic->tmr, vector);
		} else {
			clear_vector(apic->tmr, vector);
		}
	}
}

uint8_t vlapic_ppr(const struct vlapic *apic)
{
	int in_service = highest(apic->isr);
	uint8_t class_ = in_service < 0 ? 0U : (uint8_t)((unsigned int)in_service & 0xf0U);

	return (apic->tpr & 0xf0U) >= class_ ? (uint8_t)apic->tpr : class_;
}

int vlapic_pending(struct vlapic *apic)
{
	int vector;

	vlapic_fold(apic);
	vector = highest(apic->irr);
	if (vector < 0 || !vlapic_enabled(apic)) {
		return -1;
	}
	return ((unsigned int)vector >> 4U) > ((unsigned int)vlapic_ppr(apic) >> 4U) ? vector : -1;
}

void vlapic_take(struct vlapic *apic, unsigned int vector)
{
	if (vector <= 255U) {
		clear_vector(apic->irr, vector);
		set_vector(apic->isr, vector);
	}
}

bool vlapic_take_nmi(struct vlapic *apic)
{
	bool nmi;

	vlapic_fold(apic);
	nmi = apic->nmi;
	apic->nmi = false;
	return nmi;
}

static void ended(const struct vlapic *apic, unsigned int vector)
{
	if (has_vector(apic->tmr, vector) && vlapic_on_eoi != NULL) {
		vlapic_on_eoi(apic->cpu, vector);
	}
}

void vlapic_eoi(struct vlapic *apic)
{
	int vector = highest(apic->isr);

	if (vector >= 0) {
		clear_vector(apic->isr, (unsigned int)vector);
		ended(apic, (unsigned int)vector);
	}
}

void vlapic_drop_all(struct vlapic *apic)
{
	vlapic_fold(apic);
	for (unsigned int vector = 16; vector <= 255U; vector++) {
		if (has_vector(apic->irr, vector) || has_vector(apic->isr, vector)) {
			ended(apic, vector);
		}
	}
	for (unsigned int i = 0; i < VECTOR_WORDS; i++) {
		apic->irr[i] = 0;
		apic->isr[i] = 0;
		apic->tmr[i] = 0;
	}
	apic->nmi = false;
}

void vlapic_error(struct vlapic *apic, uint32_t bit)
{
	uint32_t lvt = apic->lvt[APIC_LVT_ERROR - APIC_LVT_TIMER];

	apic->esr_next |= bit;
	if ((lvt & APIC_LVT_MASKED) == 0U && (lvt & 0xffU) >= 16U) {
		vlapic_raise(apic, lvt & 0xffU, false);
	}
}
