/* SPDX-License-Identifier: Apache-2.0 */
#include "record.h"

void svsm_record_free(struct svsm_record_ref ref)
{
	const uint64_t word = atomic_load_explicit(svsm_record_word(ref), memory_order_relaxed);

	svsm_record_set(ref, gpa_make(0U), gpa_make(0U), 0U);
	/* release: pairs with svsm_record_take(); the generation makes words read before this
	 * useless */
	atomic_store_explicit(
		svsm_record_word(ref),
		svsm_record_word_with(word + SVSM_RECORD_STATE_MASK + 1U, SVSM_RECORD_FREE),
		memory_order_release);
}

void svsm_record_set_ca(struct svsm_record_ref ref, gpa_t ca)
{
	atomic_store_explicit(&ref.cpu->records.ca[ref.slot], ca.raw, memory_order_relaxed);
}

void svsm_record_set(struct svsm_record_ref ref, gpa_t vmsa, gpa_t ca, unsigned int vmpl)
{
	atomic_store_explicit(&ref.cpu->records.vmsa[ref.slot], vmsa.raw, memory_order_relaxed);
	atomic_store_explicit(&ref.cpu->records.vmpl[ref.slot], (uint8_t)vmpl,
			      memory_order_relaxed);
	svsm_record_set_ca(ref, ca);
}

bool svsm_record_create(struct svsm_cpu *cpu, struct svsm_record_ref *ref)
{
	for (unsigned int slot = 0U; slot < SVSM_RECORDS_PER_CPU; slot++) {
		*ref = (struct svsm_record_ref){ cpu, slot };
		if (svsm_record_try(*ref, SVSM_RECORD_FREE, SVSM_RECORD_CREATING)) {
			return true;
		}
	}
	return false;
}

/* Read word, fields, word again: equal words mean that the fields belong to the state and
 * generation in it. */
static bool view_of(struct svsm_record_ref ref, struct svsm_record_view *view)
{
	/* acquire: pairs with svsm_record_release()/free(): the fields read next are at least that
	 * new */
	const uint64_t word = atomic_load_explicit(svsm_record_word(ref), memory_order_acquire);

	view->ref = ref;
	view->word = word;
	view->state = svsm_record_word_state(word);
	view->vmpl = svsm_record_vmpl(ref);
	return view->state != SVSM_RECORD_FREE;
}

bool svsm_record_find_vmsa(gpa_t vmsa, struct svsm_record_view *view)
{
	for (unsigned int i = 0U; i < svsm_cpus_count(); i++) {
		for (unsigned int slot = 0U; slot < SVSM_RECORDS_PER_CPU; slot++) {
			const struct svsm_record_ref ref = { svsm_cpu_at(i), slot };

			if (gpa_equal(svsm_record_vmsa(ref), vmsa) && view_of(ref, view) &&
			    gpa_equal(svsm_record_vmsa(ref), vmsa)) {
				return true;
			}
		}
	}
	return false;
}

bool svsm_record_find_ca(struct svsm_cpu *cpu, gpa_t ca, struct svsm_record_view *view)
{
	for (unsigned int slot = 0U; slot < SVSM_RECORDS_PER_CPU; slot++) {
		const struct svsm_record_ref ref = { cpu, slot };

		if (view_of(ref, view) && gpa_equal(svsm_record_ca(ref), ca)) {
			return true;
		}
	}
	return false;
}

bool svsm_record_is_startup(struct svsm_record_ref ref)
{
	return ref.cpu->index == 0U && ref.slot == 0U;
}

unsigned int svsm_record_count(unsigned int limit)
{
	unsigned int live = 0U;

	for (unsigned int i = 0U; i < svsm_cpus_count() && live < limit; i++) {
		for (unsigned int slot = 0U; slot < SVSM_RECORDS_PER_CPU && live < limit; slot++) {
			const struct svsm_record_ref ref = { svsm_cpu_at(i), slot };
			const uint64_t word =
				atomic_load_explicit(svsm_record_word(ref), memory_order_relaxed);

			if (svsm_record_word_state(word) != SVSM_RECORD_FREE) {
				live++;
			}
		}
	}
	return live;
}
