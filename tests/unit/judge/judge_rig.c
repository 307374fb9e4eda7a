/* SPDX-License-Identifier: Apache-2.0 */
#include "judge_rig.h"

#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

uint64_t rig_perms(unsigned int vmpl, unsigned int mask)
{
	return (uint64_t)mask << (9U + 5U * (vmpl - 1U));
}

static uint64_t entry(uint64_t gpn)
{
	return RAW_BIT_ASSIGNED | RAW_BIT_GUEST | gpn << 25;
}

uint64_t rig_word(struct rig *rig, uint64_t spn)
{
	return atomic_load_explicit(&rig->words_4k[spn], memory_order_relaxed);
}

void rig_set_word(struct rig *rig, uint64_t spn, uint64_t word)
{
	atomic_store_explicit(&rig->words_4k[spn], word, memory_order_relaxed);
}

static void launch(struct rig *rig)
{
	for (uint64_t region = 0; region < RIG_PAGES / 512U; region++) {
		atomic_store_explicit(&rig->words_2m[region], RAW_BIT_SPLIT, memory_order_relaxed);
	}
	for (uint64_t spn = 0; spn < RIG_GUEST; spn++) {
		uint64_t word = entry(spn);

		if (spn < RIG_LAUNCHED) {
			word |= RAW_BIT_VALIDATED | rig_perms(1, RIG_RWX) | rig_perms(2, RIG_RWX);
		} else if (spn >= RIG_SVSM && spn < RIG_SVSM_END) {
			word |= RAW_BIT_VALIDATED | (spn == RIG_VMSA ? RAW_BIT_VMSA : 0U);
		}
		rig_set_word(rig, spn, word);
	}
}

struct rig *rig_create(bool identity_keeps)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	struct judge_params params = {
		.nr_pages = RIG_PAGES,
		.nr_gpa_pages = RIG_GUEST,
		.nr_cpus = RIG_CPUS,
		.svsm = { { .start = RIG_SVSM << 12, .end = RIG_SVSM_END << 12 } },
		.nr_svsm = 1U,
		.identity_keeps = identity_keeps,
	};

	assert_non_null(rig);
	launch(rig);
	params.words_2m = rig->words_2m;
	params.words_4k = rig->words_4k;
	rig->j = judge_create(&params);
	assert_non_null(rig->j);
	return rig;
}

void rig_destroy(struct rig *rig)
{
	judge_destroy(rig->j);
	free(rig);
}

void rig_event(struct rig *rig, enum judge_event_kind kind, unsigned int cpu, uint64_t gpn,
	       uint64_t spn, uint64_t a, uint64_t b)
{
	judge_event(
		rig->j,
		&(struct judge_event){
			.kind = kind, .cpu = cpu, .gpa = gpn << 12, .spn = spn, .a = a, .b = b });
}

static bool step(struct rig *rig, uint64_t spn, uint64_t gpn, uint64_t need, uint64_t clear,
		 uint64_t set)
{
	uint64_t old = rig_word(rig, spn);
	uint64_t want = entry(gpn) | need;

	do {
		if ((old & want) != want || old >> 25 != gpn || ((old & ~clear) | set) == old) {
			return false;
		}
		/* Both orders as on hardware: the step is seen with everything before it. */
	} while (!atomic_compare_exchange_weak_explicit(&rig->words_4k[spn], &old,
							(old & ~clear) | set, memory_order_acq_rel,
							memory_order_relaxed));
	return true;
}

bool rig_pvalidate(struct rig *rig, unsigned int cpu, uint64_t gpn, uint64_t spn, bool validate)
{
	const bool done = step(rig, spn, gpn, validate ? 0U : RAW_BIT_VALIDATED,
			       validate ? 0U : RAW_BIT_VALIDATED,
			       validate ? RAW_BIT_VALIDATED : 0U);

	judge_event(rig->j, &(struct judge_event){ .kind = JUDGE_PVALIDATE,
						   .cpu = cpu,
						   .carry = !done,
						   .gpa = gpn << 12,
						   .spn = spn,
						   .a = validate });
	return done;
}

bool rig_rmpadjust(struct rig *rig, unsigned int cpu, uint64_t gpn, uint64_t spn, unsigned int vmpl,
		   unsigned int perms, bool vmsa)
{
	const uint64_t clear = rig_perms(vmpl, 0x1fU) | RAW_BIT_VMSA;
	const uint64_t set = rig_perms(vmpl, perms) | (vmsa ? RAW_BIT_VMSA : 0U);
	const uint64_t old = rig_word(rig, spn);
	const bool done = step(rig, spn, gpn, RAW_BIT_VALIDATED, clear, set) ||
			  ((old & RAW_BIT_VALIDATED) != 0U && old >> 25 == gpn);

	judge_event(rig->j, &(struct judge_event){ .kind = JUDGE_RMPADJUST,
						   .cpu = cpu,
						   .fault = !done,
						   .gpa = gpn << 12,
						   .spn = spn,
						   .a = vmpl,
						   .b = perms | (vmsa ? 0x100U : 0U) });
	return done;
}

void rig_rmpupdate(struct rig *rig, uint64_t spn, uint64_t gpn, bool assigned)
{
	atomic_store_explicit(&rig->words_4k[spn], assigned ? entry(gpn) : 0U,
			      memory_order_release);
	rig_event(rig, JUDGE_RMPUPDATE, RIG_HOST, gpn, spn, assigned, 0);
}

void rig_zero(struct rig *rig, unsigned int cpu, uint64_t gpn, uint64_t spn)
{
	rig_event(rig, JUDGE_ZERO, cpu, gpn, spn, 0, 0);
}

void rig_fence(struct rig *rig, unsigned int cpu)
{
	rig_event(rig, JUDGE_ZERO_FENCE, cpu, 0, 0, 0, 0);
}

void rig_flush(struct rig *rig, unsigned int cpu)
{
	rig_event(rig, JUDGE_FLUSH_GLOBAL, cpu, 0, 0, 0, 0);
}

void rig_flush_local(struct rig *rig, unsigned int cpu, uint64_t gpn)
{
	rig_event(rig, JUDGE_FLUSH_LOCAL, cpu, gpn, 0, 0, 0);
}

bool rig_grant(struct rig *rig, unsigned int cpu, uint64_t gpn, uint64_t spn)
{
	return rig_rmpadjust(rig, cpu, gpn, spn, 1, RIG_RWX, false) &&
	       rig_rmpadjust(rig, cpu, gpn, spn, 2, RIG_RWX, false);
}

bool rig_validate(struct rig *rig, unsigned int cpu, uint64_t gpn, uint64_t spn)
{
	rig_flush_local(rig, cpu, gpn);
	if (!rig_pvalidate(rig, cpu, gpn, spn, true)) {
		return false;
	}
	rig_zero(rig, cpu, gpn, spn);
	rig_fence(rig, cpu);
	return rig_grant(rig, cpu, gpn, spn);
}

bool rig_revoke(struct rig *rig, unsigned int cpu, uint64_t gpn, uint64_t spn)
{
	bool ok = true;

	for (unsigned int vmpl = 1; vmpl <= 3U; vmpl++) {
		ok = ok && rig_rmpadjust(rig, cpu, gpn, spn, vmpl, 0, false);
	}
	return ok;
}

bool rig_rescind(struct rig *rig, unsigned int cpu, uint64_t gpn, uint64_t spn)
{
	const bool done = rig_revoke(rig, cpu, gpn, spn) &&
			  rig_pvalidate(rig, cpu, gpn, spn, false);

	rig_flush(rig, cpu);
	return done;
}

bool rig_make_vmsa(struct rig *rig, unsigned int cpu, uint64_t gpn, uint64_t spn)
{
	const bool done = rig_revoke(rig, cpu, gpn, spn);

	rig_flush(rig, cpu);
	return done && rig_rmpadjust(rig, cpu, gpn, spn, 1, RIG_READ, true) &&
	       rig_rmpadjust(rig, cpu, gpn, spn, 2, RIG_READ, true) &&
	       rig_rmpadjust(rig, cpu, gpn, spn, 3, 0, true);
}

void rig_clean(struct rig *rig, enum judge_id id)
{
	if (judge_violations(rig->j) != 0U) {
		print_error("%s\n", judge_first_violation(rig->j));
	}
	assert_int_equal(judge_violations(rig->j), 0);
	assert_null(judge_first_violation(rig->j));
	assert_true(judge_checked(rig->j, id) > 0U);
}

void rig_only(struct rig *rig, enum judge_id id)
{
	const char *text = judge_first_violation(rig->j);

	if (judge_violations(rig->j) != judge_found(rig->j, id)) {
		judge_report(rig->j, stderr);
	}
	assert_true(judge_found(rig->j, id) > 0U);
	assert_int_equal(judge_violations(rig->j), judge_found(rig->j, id));
	assert_non_null(text);
}

bool rig_check(struct rig *rig, enum judge_kind kind, const uint64_t *pages, size_t count)
{
	static const uint64_t vmsa = RIG_VMSA << 12;
	uint64_t vmsas[8] = { vmsa };
	struct judge_account account = { 0 };

	account.pages[JUDGE_KIND_VMSA] = vmsas;
	account.counts[JUDGE_KIND_VMSA] = 1U;
	if (kind == JUDGE_KIND_VMSA) {
		for (size_t i = 0; i < count && i < 7U; i++) {
			vmsas[account.counts[kind]++] = pages[i];
		}
	} else if (kind != JUDGE_KIND_NONE) {
		account.pages[kind] = pages;
		account.counts[kind] = count;
	}
	return judge_check_quiescent(rig->j, &account);
}
