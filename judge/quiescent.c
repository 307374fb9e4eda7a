/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "judge_priv.h"

static void scan_form(struct judge *j, uint64_t spn, uint64_t raw)
{
	judge_count(j, j->p.nr_cpus, JUDGE_I1, 1U);
	if ((raw & RAW_LOCKED) != 0U) {
		judge_found_page(j, JUDGE_I1, RAW_GPN(raw), spn, raw, "entry left locked");
	}
	if ((raw & RAW_ASSIGNED) == 0U &&
	    ((raw & (RAW_VALIDATED | RAW_VMSA | RAW_INUSE | RAW_IMMUTABLE)) != 0U ||
	     RAW_PERMS(raw) != 0U || RAW_ASID(raw) != 0U)) {
		judge_found_page(j, JUDGE_I1, RAW_GPN(raw), spn, raw,
				 "unassigned entry with guest attributes");
	}
	if ((raw & RAW_VALIDATED) != 0U && RAW_ASID(raw) == 0U) {
		judge_found_page(j, JUDGE_I1, RAW_GPN(raw), spn, raw,
				 "validated entry without an owner");
	}
	if ((raw & RAW_INUSE) != 0U && (raw & RAW_VMSA) == 0U) {
		judge_found_page(j, JUDGE_I1, RAW_GPN(raw), spn, raw,
				 "entry in use by VMRUN is no VMSA");
	}
}

/* Nothing validates, grants or makes a VMSA but VMPL0, whose steps the shadow knows. */
static void scan_explained(struct judge *j, uint64_t spn, uint64_t raw, const uint64_t *word,
			   bool accounted)
{
	const uint64_t gpn = RAW_GPN(raw);
	const uint64_t held = (*word & G_PERMS) >> G_PERMS_SHIFT;

	judge_count(j, j->p.nr_cpus, JUDGE_I3, 1U);
	judge_count(j, j->p.nr_cpus, JUDGE_I2, 1U);
	if ((*word & G_VALID) == 0U || !judge_is_bound(*word, spn)) {
		judge_found_page(j, JUDGE_I3, gpn, spn, raw,
				 "validated, but the gPA's binding is another system page or none");
		return;
	}
	if ((RAW_PERMS(raw) & ~held) != 0U) {
		judge_found_page(j, JUDGE_I2, gpn, spn, raw, "rights that VMPL0 never granted");
	}
	if ((raw & RAW_VMSA) != 0U && (*word & G_VMSA) == 0U) {
		judge_found_page(j, JUDGE_I2, gpn, spn, raw, "VMSA bit that VMPL0 never set");
	}
	if (accounted && (raw & RAW_VMSA) != 0U &&
	    judge_kind_of(j, gpn, *word) != JUDGE_KIND_VMSA) {
		judge_found_page(j, JUDGE_ACCOUNT, gpn, spn, raw,
				 "VMSA page that the SVSM does not know");
	}
}

static void scan_page(struct judge *j, uint64_t spn, uint64_t raw, bool accounted)
{
	const uint32_t spage = judge_spn_word(j, spn);
	struct judge_gpage *page;
	uint64_t word;

	scan_form(j, spn, raw);
	if ((spage & S_HOST_LAST) != 0U) {
		judge_count(j, j->p.nr_cpus, JUDGE_I2, 1U);
		if ((raw & (RAW_VALIDATED | RAW_VMSA)) != 0U || RAW_PERMS(raw) != 0U) {
			judge_found_page(j, JUDGE_I2, RAW_GPN(raw), spn, raw,
					 "Validated, VMSA or rights survived the host's RMPUPDATE");
		}
	}
	if ((raw & RAW_VALIDATED) == 0U) {
		return;
	}
	page = judge_gpage(j, RAW_GPN(raw));
	if (page == NULL) {
		judge_lose(j, j->p.nr_cpus);
		return;
	}
	word = judge_word(j, RAW_GPN(raw), page);
	scan_explained(j, spn, raw, &word, accounted);
	judge_mark_spn(j, spn, S_HOST_MAYBE, 0U); /* settled: it is validated now */
}

/* A 2 MiB entry that is as at launch, with no event about any page of it, is checked as one. */
static bool scan_untouched(struct judge *j, uint64_t region, uint64_t raw)
{
	const uint64_t gpn = RAW_GPN(raw);
	uint64_t expected;

	if (atomic_load_explicit(&j->touched_spn[region], memory_order_relaxed) != 0U ||
	    (raw & (RAW_ASSIGNED | RAW_VALIDATED)) != (RAW_ASSIGNED | RAW_VALIDATED) ||
	    (raw & (RAW_VMSA | RAW_LOCKED | RAW_INUSE)) != 0U || RAW_ASID(raw) == 0U ||
	    gpn % REGION_PAGES != 0U || gpn + REGION_PAGES > j->p.nr_gpa_pages ||
	    atomic_load_explicit(&j->touched_gpa[gpn / REGION_PAGES], memory_order_relaxed) != 0U) {
		return false;
	}
	expected = (region * REGION_PAGES + 1U) | G_VALID | G_LAUNCH |
		   RAW_PERMS(raw) << G_PERMS_SHIFT;
	if (j->launch[gpn / REGION_PAGES] != expected) {
		return false;
	}
	judge_count(j, j->p.nr_cpus, JUDGE_I1, REGION_PAGES);
	judge_count(j, j->p.nr_cpus, JUDGE_I2, REGION_PAGES);
	judge_count(j, j->p.nr_cpus, JUDGE_I3, REGION_PAGES);
	return true;
}

static void scan_region(struct judge *j, uint64_t region, bool accounted)
{
	const uint64_t first = region * REGION_PAGES;
	/* The caller has synchronised with every writer. */
	uint64_t raw = atomic_load_explicit(&j->p.words_2m[region], memory_order_relaxed);

	if (raw == 0U || scan_untouched(j, region, raw)) {
		return;
	}
	if ((raw & RAW_SPLIT) == 0U && (raw & RAW_ASSIGNED) == 0U) {
		scan_form(j, first, raw);
		return;
	}
	for (uint64_t i = 0; i < REGION_PAGES && first + i < j->p.nr_pages; i++) {
		uint64_t small = raw + i * RAW_ONE_GPN;

		if ((raw & RAW_SPLIT) != 0U) {
			small = atomic_load_explicit(&j->p.words_4k[first + i],
						     memory_order_relaxed);
		}
		if (small != 0U) {
			scan_page(j, first + i, small, accounted);
		}
	}
}

static void forget_account(struct judge *j)
{
	for (size_t i = 0; i < j->nr_previous; i++) {
		struct judge_gpage *page = judge_gpage(j, j->previous[i].gpn);

		if (page != NULL) {
			judge_store_word(j, j->previous[i].gpn, page,
					 judge_word(j, j->previous[i].gpn, page) & ~G_KIND);
		}
		judge_mark_spn(j, j->previous[i].spn, S_DEPOSITED, 0U);
	}
	free(j->previous);
	j->previous = NULL;
	j->nr_previous = 0U;
}

static size_t account_size(const struct judge_account *account)
{
	size_t total = 0;

	for (unsigned int kind = 0; kind < JUDGE_KIND_NR; kind++) {
		total += account->counts[kind];
	}
	return total;
}

static void mark_page(struct judge *j, enum judge_kind kind, uint64_t gpa)
{
	const uint64_t gpn = gpa >> PAGE_SHIFT;
	struct judge_gpage *page = judge_gpage(j, gpn);
	uint64_t word;

	if (page == NULL) {
		judge_lose(j, j->p.nr_cpus);
		return;
	}
	word = judge_word(j, gpn, page);
	judge_count(j, j->p.nr_cpus, JUDGE_DISJOINT, 1U);
	if ((gpa & ((UINT64_C(1) << PAGE_SHIFT) - 1U)) != 0U) {
		judge_found_page(j, JUDGE_ACCOUNT, gpn, 0U, 0U, "no page address in the account");
	}
	if ((word & G_KIND) != 0U || (kind != JUDGE_KIND_SVSM && judge_in_svsm(j, gpn))) {
		judge_found_page(j, JUDGE_DISJOINT, gpn, judge_bound(word), 0U,
				 "page is twice in the private sets");
	}
	word = (word & ~G_KIND) | (uint64_t)kind << G_KIND_SHIFT;
	if (kind == JUDGE_KIND_DEPOSITED || kind == JUDGE_KIND_SECRETS) {
		word |= G_TAINT; /* from now on it may hold secrets */
	}
	if (kind == JUDGE_KIND_DEPOSITED && (word & G_VALID) != 0U &&
	    judge_raw_bound(j, judge_bound(word), gpn)) {
		judge_mark_spn(j, judge_bound(word), 0U, S_DEPOSITED);
	}
	judge_store_word(j, gpn, page, word);
	j->previous[j->nr_previous++] =
		(struct judge_private){ .gpn = gpn, .spn = judge_bound(word) };
}

static bool mark_account(struct judge *j, const struct judge_account *account)
{
	const size_t total = account_size(account);

	j->previous = total == 0U ? NULL : calloc(total, sizeof(*j->previous));
	if (total != 0U && j->previous == NULL) {
		judge_found_page(j, JUDGE_ACCOUNT, 0U, 0U, 0U, "no memory for the account");
		return false;
	}
	for (unsigned int kind = 1; kind < JUDGE_KIND_NR; kind++) {
		for (size_t i = 0; i < account->counts[kind]; i++) {
			mark_page(j, (enum judge_kind)kind, account->pages[kind][i]);
		}
	}
	return true;
}

/* NULL, or what is wrong with the rights of lower VMPLs on a private page of @kind. */
static const char *wrong_rights(enum judge_kind kind, uint64_t raw, unsigned int vmsa_vmpl)
{
	if (kind == JUDGE_KIND_CA) {
		return NULL;
	}
	if (kind != JUDGE_KIND_VMSA) {
		return RAW_PERMS(raw) == 0U ? NULL : "a lower VMPL has rights on a private page";
	}
	for (unsigned int vmpl = 1; vmpl <= 3U; vmpl++) {
		if ((RAW_PERM(raw, vmpl) & ~PERM_READ) != 0U) {
			return "a lower VMPL has more than read on a VMSA page";
		}
		if (vmpl > vmsa_vmpl && RAW_PERM(raw, vmpl) != 0U) {
			return "a VMPL above VMSA.VMPL can read the VMSA page";
		}
	}
	return NULL;
}

static void check_flushed(struct judge *j, uint64_t gpn, uint64_t spn, uint64_t raw,
			  const struct judge_gpage *page)
{
	const uint64_t stamp = atomic_load_explicit(&page->stamp, memory_order_relaxed);
	const unsigned int cpu = STAMP_CPU(stamp);

	judge_count(j, j->p.nr_cpus, JUDGE_I12, 1U);
	if ((stamp & STAMP_REDUCED) != 0U && cpu < j->p.nr_cpus &&
	    STAMP_COUNT(stamp) ==
		    atomic_load_explicit(&j->cpus[cpu].flushes, memory_order_relaxed)) {
		judge_found_page(j, JUDGE_I12, gpn, spn, raw,
				 "deposited without a global flush since its rights were revoked");
	}
}

/* @vmsa_vmpl: 3 if not known. */
static void check_account_page(struct judge *j, enum judge_kind kind, uint64_t gpn,
			       unsigned int vmsa_vmpl)
{
	struct judge_gpage *page = judge_gpage(j, gpn);
	uint64_t word = page == NULL ? 0U : judge_word(j, gpn, page);
	uint64_t raw = 0U, spn = judge_bound(word);
	const char *wrong;

	judge_count(j, j->p.nr_cpus, JUDGE_ACCOUNT, 1U);
	if ((word & G_VALID) == 0U) {
		judge_found_page(j, JUDGE_ACCOUNT, gpn, spn, 0U,
				 "private page that was never validated");
		return;
	}
	if (!judge_raw(j, spn, &raw) || (raw & RAW_VALIDATED) == 0U || RAW_GPN(raw) != gpn) {
		if ((judge_spn_word(j, spn) & S_HOST_MAYBE) == 0U) {
			judge_found_page(j, JUDGE_ACCOUNT, gpn, spn, raw,
					 "private page lost its validation without the host");
		}
		return; /* the host took it: it reaches nobody, and the SVSM need not know */
	}
	if (((raw & RAW_VMSA) != 0U) != (kind == JUDGE_KIND_VMSA) &&
	    (kind != JUDGE_KIND_SVSM || (word & G_VMSA) == 0U)) {
		judge_found_page(j, JUDGE_ACCOUNT, gpn, spn, raw,
				 "VMSA bit differs from the account");
	}
	judge_count(j, j->p.nr_cpus, JUDGE_I5, 1U);
	wrong = wrong_rights(kind, raw, vmsa_vmpl);
	if (wrong != NULL) {
		judge_found_page(j, JUDGE_I5, gpn, spn, raw, wrong);
	}
	if (kind == JUDGE_KIND_DEPOSITED) {
		check_flushed(j, gpn, spn, raw, page);
	}
}

static void check_account(struct judge *j, const struct judge_account *account)
{
	for (unsigned int kind = 1; kind < JUDGE_KIND_NR; kind++) {
		for (size_t i = 0; i < account->counts[kind]; i++) {
			const bool known = kind == JUDGE_KIND_VMSA && account->vmsa_vmpl != NULL;

			check_account_page(j, (enum judge_kind)kind,
					   account->pages[kind][i] >> PAGE_SHIFT,
					   known ? account->vmsa_vmpl[i] : 3U);
		}
	}
}

static void check_svsm(struct judge *j)
{
	for (unsigned int i = 0; i < j->p.nr_svsm; i++) {
		for (uint64_t gpn = j->p.svsm[i].start >> PAGE_SHIFT;
		     gpn < j->p.svsm[i].end >> PAGE_SHIFT; gpn++) {
			const struct judge_gpage *page = judge_gpage(j, gpn);
			uint64_t word = page == NULL ? 0U : judge_word(j, gpn, page);

			if ((word & (G_VALID | G_KIND)) == G_VALID && judge_in_svsm(j, gpn)) {
				check_account_page(j, JUDGE_KIND_SVSM, gpn, 3U);
			}
		}
	}
}

bool judge_check_quiescent(struct judge *j, const struct judge_account *account)
{
	const uint64_t before = judge_violations(j);
	const uint64_t regions = (j->p.nr_pages + REGION_PAGES - 1U) / REGION_PAGES;
	uint32_t next = atomic_load_explicit(&j->generation, memory_order_relaxed) + 1U;
	bool accounted = false;

	forget_account(j);
	if (account != NULL) {
		accounted = mark_account(j, account);
	}
	if (accounted) {
		check_account(j, account);
	}
	check_svsm(j);
	for (uint64_t region = 0; region < regions; region++) {
		scan_region(j, region, accounted);
	}
	/* Generation 0 means "never". Events come after the callers synchronise again. */
	next = next > S_GENERATION ? 1U : next;
	atomic_store_explicit(&j->generation, next, memory_order_relaxed);
	return judge_violations(j) == before;
}
