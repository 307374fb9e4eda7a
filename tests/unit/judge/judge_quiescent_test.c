/* SPDX-License-Identifier: Apache-2.0 */

/* The quiescent check: the RMP against the shadow and the SVSM's account (58019 3, 6.4 to 6.7), and
 * its limits. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "judge_rig.h"

#define P 100U
#define Q 3U
#define R 4U
#define SPARE 1500U

static const uint64_t page_q = Q << 12;

static int setup(void **state)
{
	*state = rig_create(false);
	return 0;
}

static int teardown(void **state)
{
	rig_destroy(*state);
	return 0;
}

static void make_private(struct rig *rig, uint64_t gpn)
{
	assert_true(rig_revoke(rig, 0, gpn, gpn));
	rig_flush(rig, 0);
}

static void launch_state_is_clean(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_check(rig, JUDGE_KIND_NONE, NULL, 0));
	assert_true(judge_check_quiescent(rig->j, NULL));
	rig_clean(rig, JUDGE_I5);
	assert_true(judge_checked(rig->j, JUDGE_ACCOUNT) > 0U);
}

static void deposited_page_is_clean(void **state)
{
	struct rig *rig = *state;

	make_private(rig, Q);
	assert_true(rig_check(rig, JUDGE_KIND_DEPOSITED, &page_q, 1));
	assert_true(rig_check(rig, JUDGE_KIND_DEPOSITED, &page_q, 1));
	rig_clean(rig, JUDGE_I12);
}

static void deposited_without_flush(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_revoke(rig, 0, Q, Q));
	assert_false(rig_check(rig, JUDGE_KIND_DEPOSITED, &page_q, 1));
	rig_only(rig, JUDGE_I12);
}

static void deposited_with_rights_left(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_rmpadjust(rig, 0, Q, Q, 1, 0, false));
	rig_flush(rig, 0);
	assert_false(rig_check(rig, JUDGE_KIND_DEPOSITED, &page_q, 1));
	rig_only(rig, JUDGE_I5);
}

static void deposited_but_never_validated(void **state)
{
	struct rig *rig = *state;
	const uint64_t page = P << 12;

	assert_false(rig_check(rig, JUDGE_KIND_DEPOSITED, &page, 1));
	rig_only(rig, JUDGE_ACCOUNT);
}

static void secrets_with_rights(void **state)
{
	struct rig *rig = *state;

	assert_false(rig_check(rig, JUDGE_KIND_SECRETS, &page_q, 1));
	rig_only(rig, JUDGE_I5);
}

static void svsm_page_with_rights(void **state)
{
	struct rig *rig = *state;
	const uint64_t spn = RIG_SVSM + 3U;

	rig_set_word(rig, spn, rig_word(rig, spn) | rig_perms(1, RIG_READ));
	assert_false(rig_check(rig, JUDGE_KIND_NONE, NULL, 0));
	assert_int_equal(judge_found(rig->j, JUDGE_I5), 1);
	assert_int_equal(judge_found(rig->j, JUDGE_I2), 1);
}

static void taken_by_the_host_is_no_finding(void **state)
{
	struct rig *rig = *state;

	make_private(rig, Q);
	rig_rmpupdate(rig, Q, Q, false);
	assert_true(rig_check(rig, JUDGE_KIND_DEPOSITED, &page_q, 1));
	rig_rmpupdate(rig, RIG_SVSM + 3U, 0, false);
	assert_true(rig_check(rig, JUDGE_KIND_DEPOSITED, &page_q, 1));
	rig_clean(rig, JUDGE_ACCOUNT);
}

static void lost_without_the_host(void **state)
{
	struct rig *rig = *state;

	make_private(rig, Q);
	rig_set_word(rig, Q, rig_word(rig, Q) & ~RAW_BIT_VALIDATED);
	assert_false(rig_check(rig, JUDGE_KIND_DEPOSITED, &page_q, 1));
	rig_only(rig, JUDGE_ACCOUNT);
}

static void vmsa_is_clean(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_make_vmsa(rig, 0, Q, Q));
	assert_true(rig_check(rig, JUDGE_KIND_VMSA, &page_q, 1));
	rig_clean(rig, JUDGE_ACCOUNT);
}

static void vmsa_not_in_the_account(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_make_vmsa(rig, 0, Q, Q));
	assert_false(rig_check(rig, JUDGE_KIND_NONE, NULL, 0));
	rig_only(rig, JUDGE_ACCOUNT);
}

static void vmsa_without_the_bit(void **state)
{
	struct rig *rig = *state;

	make_private(rig, Q);
	assert_false(rig_check(rig, JUDGE_KIND_VMSA, &page_q, 1));
	rig_only(rig, JUDGE_ACCOUNT);
}

static void vmsa_bit_behind_vmpl0s_back(void **state)
{
	struct rig *rig = *state;

	make_private(rig, Q);
	rig_set_word(rig, Q, rig_word(rig, Q) | RAW_BIT_VMSA);
	assert_false(rig_check(rig, JUDGE_KIND_VMSA, &page_q, 1));
	rig_only(rig, JUDGE_I2);
}

static void vmsa_writable(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_make_vmsa(rig, 0, Q, Q));
	rig_set_word(rig, Q, rig_word(rig, Q) | rig_perms(2, 2U));
	assert_false(rig_check(rig, JUDGE_KIND_VMSA, &page_q, 1));
	assert_int_equal(judge_found(rig->j, JUDGE_I5), 1);
}

/* The registers of a VMPL1 VMSA are not for VMPL2 (concurrency 1.3). */
static void vmsa_readable_above_its_vmpl(void **state)
{
	struct rig *rig = *state;
	const uint64_t pages[] = { RIG_VMSA << 12, page_q };
	const uint8_t good[] = { 2, 2 }, bad[] = { 2, 1 };
	struct judge_account account = { .vmsa_vmpl = good };

	account.pages[JUDGE_KIND_VMSA] = pages;
	account.counts[JUDGE_KIND_VMSA] = 2U;
	assert_true(rig_make_vmsa(rig, 0, Q, Q));
	assert_true(judge_check_quiescent(rig->j, &account));
	account.vmsa_vmpl = bad;
	assert_false(judge_check_quiescent(rig->j, &account));
	rig_only(rig, JUDGE_I5);
}

static void calling_area(void **state)
{
	struct rig *rig = *state;
	const uint64_t vmsa = Q << 12;
	const uint64_t ca = R << 12;

	assert_true(rig_check(rig, JUDGE_KIND_CA, &ca, 1));
	rig_clean(rig, JUDGE_ACCOUNT);
	assert_true(rig_make_vmsa(rig, 0, Q, Q));
	assert_false(rig_check(rig, JUDGE_KIND_CA, &vmsa, 1));
	rig_only(rig, JUDGE_ACCOUNT);
}

static void calling_area_not_validated(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_rescind(rig, 0, Q, Q));
	assert_false(rig_check(rig, JUDGE_KIND_CA, &page_q, 1));
	rig_only(rig, JUDGE_ACCOUNT);
}

static void sets_overlap(void **state)
{
	struct rig *rig = *state;
	const uint64_t twice[] = { page_q, page_q };
	struct judge_account account = { 0 };

	make_private(rig, Q);
	account.pages[JUDGE_KIND_DEPOSITED] = twice;
	account.counts[JUDGE_KIND_DEPOSITED] = 1U;
	account.pages[JUDGE_KIND_VMSA] = (const uint64_t[]){ RIG_VMSA << 12 };
	account.counts[JUDGE_KIND_VMSA] = 1U;
	assert_true(judge_check_quiescent(rig->j, &account));
	rig_clean(rig, JUDGE_DISJOINT);
	account.counts[JUDGE_KIND_DEPOSITED] = 2U;
	assert_false(judge_check_quiescent(rig->j, &account));
	rig_only(rig, JUDGE_DISJOINT);
	account.counts[JUDGE_KIND_DEPOSITED] = 1U;
	account.pages[JUDGE_KIND_CA] = twice;
	account.counts[JUDGE_KIND_CA] = 1U;
	assert_false(judge_check_quiescent(rig->j, &account));
	rig_only(rig, JUDGE_DISJOINT);
}

static void deposited_page_of_the_svsm_range(void **state)
{
	struct rig *rig = *state;
	const uint64_t page = (RIG_SVSM + 2U) << 12;

	assert_false(rig_check(rig, JUDGE_KIND_DEPOSITED, &page, 1));
	rig_only(rig, JUDGE_DISJOINT);
}

static void entry_left_locked(void **state)
{
	struct rig *rig = *state;

	rig_set_word(rig, P, rig_word(rig, P) | RAW_BIT_LOCKED);
	assert_false(rig_check(rig, JUDGE_KIND_NONE, NULL, 0));
	rig_only(rig, JUDGE_I1);
}

/* 16 TiB, sparse: the launch entries are 2 MiB, everything else costs nothing. A 2 MiB step is one
 * finding. */
static void large_sparse_machine(void **state)
{
	const uint64_t pages = UINT64_C(1) << 32;
	const uint64_t region = (pages >> 9) - 1U;
	const uint64_t first = region << 9;
	struct judge_params params = { .nr_pages = pages, .nr_gpa_pages = pages, .nr_cpus = 1024U };
	struct judge_event e = { .large = true, .gpa = first << 12, .spn = first, .a = 1 };
	struct judge *j;

	(void)state;
	params.words_2m = mmap(NULL, (pages >> 9) * 8U, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	params.words_4k = mmap(NULL, pages * 8U, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_ptr_not_equal((void *)params.words_2m, MAP_FAILED);
	assert_ptr_not_equal((void *)params.words_4k, MAP_FAILED);
	atomic_store_explicit(&params.words_2m[7],
			      RAW_BIT_ASSIGNED | RAW_BIT_GUEST | RAW_BIT_VALIDATED |
				      rig_perms(1, RIG_RWX) | UINT64_C(7) << 34,
			      memory_order_relaxed);
	atomic_store_explicit(&params.words_2m[region],
			      RAW_BIT_ASSIGNED | RAW_BIT_GUEST | first << 25, memory_order_relaxed);
	j = judge_create(&params);
	assert_non_null(j);
	assert_true(judge_check_quiescent(j, NULL));
	e.kind = JUDGE_FLUSH_LOCAL;
	judge_event(j, &e);
	e.kind = JUDGE_PVALIDATE;
	atomic_fetch_or_explicit(&params.words_2m[region], RAW_BIT_VALIDATED, memory_order_relaxed);
	judge_event(j, &e);
	e.kind = JUDGE_RMPADJUST;
	e.b = RIG_RWX;
	atomic_fetch_or_explicit(&params.words_2m[region], rig_perms(1, RIG_RWX),
				 memory_order_relaxed);
	judge_event(j, &e);
	assert_int_equal(judge_found(j, JUDGE_I6), 1);
	assert_int_equal(judge_violations(j), 1);
	assert_int_equal(judge_checked(j, JUDGE_I6), 512);
	e.kind = JUDGE_ZERO;
	judge_event(j, &e);
	e.kind = JUDGE_ZERO_FENCE;
	judge_event(j, &e);
	e.kind = JUDGE_RMPADJUST;
	judge_event(j, &e);
	assert_true(judge_check_quiescent(j, NULL));
	assert_int_equal(judge_violations(j), 1);
	judge_destroy(j);
	(void)munmap((void *)params.words_2m, (pages >> 9) * 8U);
	(void)munmap((void *)params.words_4k, pages * 8U);
}

/* A page of a 2 MiB launch entry: template, PSMASH, an event about one page, and the scan of all.
 */
static void launch_template(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	struct judge_params params = { .nr_pages = RIG_PAGES,
				       .nr_gpa_pages = RIG_GUEST,
				       .nr_cpus = RIG_CPUS };
	const uint64_t large = RAW_BIT_ASSIGNED | RAW_BIT_GUEST | RAW_BIT_VALIDATED |
			       rig_perms(1, RIG_RWX);

	(void)state;
	assert_non_null(rig);
	params.words_2m = rig->words_2m;
	params.words_4k = rig->words_4k;
	atomic_store_explicit(&rig->words_2m[1], large | UINT64_C(512) << 25, memory_order_relaxed);
	rig->j = judge_create(&params);
	assert_non_null(rig->j);
	assert_true(judge_check_quiescent(rig->j, NULL));
	assert_int_equal(judge_checked(rig->j, JUDGE_I3), 512);
	for (uint64_t spn = 512; spn < 1024U; spn++) {
		rig_set_word(rig, spn, large | spn << 25);
	}
	atomic_store_explicit(&rig->words_2m[1], RAW_BIT_SPLIT, memory_order_relaxed);
	rig_event(rig, JUDGE_PSMASH, RIG_HOST, 512, 512, 0, 0);
	assert_true(rig_rescind(rig, 0, 600, 600));
	assert_true(rig_validate(rig, 1, 600, 600));
	assert_true(judge_check_quiescent(rig->j, NULL));
	rig_clean(rig, JUDGE_I3);
	atomic_store_explicit(&rig->words_2m[2], RAW_BIT_SPLIT, memory_order_relaxed);
	rig_set_word(rig, SPARE, large | UINT64_C(601) << 25);
	assert_false(judge_check_quiescent(rig->j, NULL));
	rig_only(rig, JUDGE_I3);
	rig_destroy(rig);
}

static void params_are_checked(void **state)
{
	struct rig *rig = *state;
	struct judge_params params = { .words_2m = rig->words_2m,
				       .words_4k = rig->words_4k,
				       .nr_pages = RIG_PAGES,
				       .nr_gpa_pages = RIG_GUEST };

	assert_null(judge_create(&params));
	params.nr_cpus = JUDGE_MAX_CPUS + 1U;
	assert_null(judge_create(&params));
	params.nr_cpus = 1U;
	params.nr_pages = 0U;
	assert_null(judge_create(&params));
	judge_destroy(NULL);
}

/* The launch VMSA's alias 0xFFFF_FFFF_F000 and other pages outside RAM have a table of 64. */
static void far_pages(void **state)
{
	struct rig *rig = *state;
	const uint64_t far = UINT64_C(0xffffffff);

	rig_rmpupdate(rig, SPARE, far, true);
	assert_true(rig_validate(rig, 0, far, SPARE));
	rig_clean(rig, JUDGE_I3);
	for (uint64_t i = 1; i <= 70U; i++) {
		rig_event(rig, JUDGE_SVSM_READ, 0, far + i, SPARE, 0, 1);
	}
	assert_int_equal(judge_untracked(rig->j), 7);
}

static void report_text(void **state)
{
	struct rig *rig = *state;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	for (unsigned int i = 0; i < 100U; i++) {
		rig_event(rig, JUDGE_VMRUN, 1, RIG_VMSA, RIG_VMSA, 0, 0);
	}
	judge_report(rig->j, out);
	(void)fclose(out);
	assert_int_equal(judge_violations(rig->j), 100);
	assert_non_null(judge_violation(rig->j, JUDGE_MAX_VIOLATIONS - 1U));
	assert_null(judge_violation(rig->j, JUDGE_MAX_VIOLATIONS));
	assert_non_null(strstr(text, "1 invariants checked, 100 checks, 100 violations"));
	assert_non_null(
		strstr(text, "A3: a guest VMSA runs at VMPL0 [VMRUN cpu 1 4K gpa 0x200000"));
	assert_false(judge_applies(JUDGE_I9));
	assert_true(judge_applies(JUDGE_I12));
	for (unsigned int id = 0; id < JUDGE_NR; id++) {
		assert_non_null(judge_title((enum judge_id)id));
		assert_non_null(judge_citation((enum judge_id)id));
		assert_non_null(strstr(text, judge_name((enum judge_id)id)));
	}
	free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(launch_state_is_clean),
		TEST(deposited_page_is_clean),
		TEST(deposited_without_flush),
		TEST(deposited_with_rights_left),
		TEST(deposited_but_never_validated),
		TEST(secrets_with_rights),
		TEST(svsm_page_with_rights),
		TEST(taken_by_the_host_is_no_finding),
		TEST(lost_without_the_host),
		TEST(vmsa_is_clean),
		TEST(vmsa_not_in_the_account),
		TEST(vmsa_without_the_bit),
		TEST(vmsa_bit_behind_vmpl0s_back),
		TEST(vmsa_writable),
		TEST(vmsa_readable_above_its_vmpl),
		TEST(calling_area),
		TEST(calling_area_not_validated),
		TEST(sets_overlap),
		TEST(deposited_page_of_the_svsm_range),
		TEST(entry_left_locked),
		cmocka_unit_test(large_sparse_machine),
		cmocka_unit_test(launch_template),
		TEST(params_are_checked),
		TEST(far_pages),
		TEST(report_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
