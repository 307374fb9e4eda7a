/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One good and at least one violating stream for each invariant of PVALIDATE, RMPADJUST and
 * RMPUPDATE events (rmp-semantics 13; concurrency A3, A9, A11, A12; 58019 6.3, 6.4). The violating
 * streams differ in one step.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "judge_rig.h"

#define P 100U	    /* a guest page, not valid at launch */
#define Q 3U	    /* a guest page, valid at launch */
#define SPARE 1500U /* a system page the host has left */

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

static void i1_well_formed(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_validate(rig, 0, P, P));
	rig_clean(rig, JUDGE_I1);
}

static void i1_rights_without_owner(void **state)
{
	struct rig *rig = *state;

	rig_set_word(rig, P, rig_perms(1, RIG_RWX));
	rig_event(rig, JUDGE_RMPUPDATE, RIG_HOST, P, P, 0, 0);
	rig_only(rig, JUDGE_I1);
}

static void i1_in_use_but_no_vmsa(void **state)
{
	struct rig *rig = *state;

	rig_set_word(rig, P, rig_word(rig, P) | RAW_BIT_INUSE);
	rig_event(rig, JUDGE_PSMASH, RIG_HOST, P, P, 0, 0);
	rig_only(rig, JUDGE_I1);
}

static void i1_entry_being_changed_is_not_judged(void **state)
{
	struct rig *rig = *state;

	rig_set_word(rig, P, RAW_BIT_LOCKED | rig_perms(1, RIG_RWX));
	rig_event(rig, JUDGE_PSMASH, RIG_HOST, P, P, 0, 0);
	assert_int_equal(judge_violations(rig->j), 0);
}

static void i2_update_takes_away(void **state)
{
	struct rig *rig = *state;

	rig_rmpupdate(rig, Q, Q, false);
	rig_rmpupdate(rig, Q, Q, true);
	assert_true(rig_validate(rig, 0, Q, Q));
	assert_true(rig_check(rig, JUDGE_KIND_NONE, NULL, 0));
	rig_clean(rig, JUDGE_I2);
}

static void i2_update_keeps_validated(void **state)
{
	struct rig *rig = *state;

	rig_event(rig, JUDGE_RMPUPDATE, RIG_HOST, Q, Q, 1, 0);
	assert_false(rig_check(rig, JUDGE_KIND_NONE, NULL, 0));
	rig_only(rig, JUDGE_I2);
}

static void i2_update_keeps_rights(void **state)
{
	struct rig *rig = *state;

	rig_set_word(rig, P, rig_word(rig, P) | rig_perms(1, RIG_READ));
	rig_event(rig, JUDGE_RMPUPDATE, RIG_HOST, P, P, 1, 0);
	rig_flush_local(rig, 0, P);
	assert_true(rig_pvalidate(rig, 0, P, P, true));
	assert_int_equal(judge_found(rig->j, JUDGE_I2), 1);
	assert_int_equal(judge_found(rig->j, JUDGE_REVOKE), 1);
}

static void i2_rights_from_nowhere(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_validate(rig, 0, P, P));
	rig_set_word(rig, P, rig_word(rig, P) | rig_perms(3, RIG_READ));
	assert_false(rig_check(rig, JUDGE_KIND_NONE, NULL, 0));
	rig_only(rig, JUDGE_I2);
}

/* U4: with the switch an identity RMPUPDATE keeps Validated, and that is no finding. */
static void i2_identity_update_may_keep(void **state)
{
	struct rig *rig = rig_create(true);

	(void)state;
	rig_event(rig, JUDGE_RMPUPDATE, RIG_HOST, Q, Q, 1, 0);
	assert_true(rig_check(rig, JUDGE_KIND_NONE, NULL, 0));
	rig_clean(rig, JUDGE_I2);
	rig_destroy(rig);
}

/* The event of a host step may arrive after that of the PVALIDATE that followed it. */
static void i2_late_host_event_is_no_finding(void **state)
{
	struct rig *rig = *state;

	rig_set_word(rig, Q, (rig_word(rig, Q) >> 25 << 25) | RAW_BIT_ASSIGNED | RAW_BIT_GUEST);
	assert_true(rig_validate(rig, 0, Q, Q));
	rig_event(rig, JUDGE_RMPUPDATE, RIG_HOST, Q, Q, 1, 0);
	assert_true(rig_check(rig, JUDGE_KIND_NONE, NULL, 0));
	rig_clean(rig, JUDGE_I2);
}

static void i3_rebound_after_theft(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_validate(rig, 0, P, P));
	rig_rmpupdate(rig, P, P, false);
	rig_rmpupdate(rig, SPARE, P, true);
	assert_true(rig_validate(rig, 1, P, SPARE));
	rig_clean(rig, JUDGE_I3);
}

/* A9: the host swapped the nested page; PVALIDATE(1) on a page that is valid binds a second one,
 * and CF is 0. */
static void i3_second_binding(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_validate(rig, 0, P, P));
	rig_rmpupdate(rig, SPARE, P, true);
	assert_true(rig_validate(rig, 0, P, SPARE));
	rig_only(rig, JUDGE_I3);
	assert_non_null(strstr(judge_first_violation(rig->j), "cpu 0"));
}

static void i3_second_binding_of_a_launch_page(void **state)
{
	struct rig *rig = *state;

	rig_rmpupdate(rig, SPARE, Q, true);
	assert_true(rig_validate(rig, 0, Q, SPARE));
	rig_only(rig, JUDGE_I3);
}

static void i3_scan_finds_unexplained(void **state)
{
	struct rig *rig = *state;

	rig_set_word(rig, P, rig_word(rig, P) | RAW_BIT_VALIDATED);
	assert_false(rig_check(rig, JUDGE_KIND_NONE, NULL, 0));
	rig_only(rig, JUDGE_I3);
}

static void i4_carry_is_counted_only(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_validate(rig, 0, P, P));
	assert_false(rig_pvalidate(rig, 0, P, P, true));
	assert_int_equal(judge_found(rig->j, JUDGE_I4), 1);
	rig_clean(rig, JUDGE_I4);
}

static void i5_grant_on_svsm_page(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_rmpadjust(rig, 0, RIG_SVSM + 2U, RIG_SVSM + 2U, 2, RIG_READ, false));
	rig_only(rig, JUDGE_I5);
}

static void i5_vmsa_with_a_writer_left(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_rmpadjust(rig, 0, Q, Q, 1, 0, false));
	rig_flush(rig, 0);
	assert_true(rig_rmpadjust(rig, 0, Q, Q, 3, RIG_READ, true));
	rig_only(rig, JUDGE_I5);
}

static void i6_zero_then_grant(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_validate(rig, 0, P, P));
	rig_clean(rig, JUDGE_I6);
}

static void i6_launch_page_needs_no_zero(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_revoke(rig, 0, Q, Q));
	assert_true(rig_grant(rig, 0, Q, Q));
	rig_clean(rig, JUDGE_I6);
}

static void i6_no_zero(void **state)
{
	struct rig *rig = *state;

	rig_flush_local(rig, 0, P);
	assert_true(rig_pvalidate(rig, 0, P, P, true));
	assert_true(rig_grant(rig, 0, P, P));
	rig_only(rig, JUDGE_I6);
}

static void i6_launch_page_validated_again(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_rescind(rig, 0, Q, Q));
	rig_flush_local(rig, 0, Q);
	assert_true(rig_pvalidate(rig, 0, Q, Q, true));
	assert_true(rig_grant(rig, 0, Q, Q));
	rig_only(rig, JUDGE_I6);
}

static void i6_zero_before_validate_does_not_count(void **state)
{
	struct rig *rig = *state;

	rig_zero(rig, 0, P, P);
	rig_fence(rig, 0);
	rig_flush_local(rig, 0, P);
	assert_true(rig_pvalidate(rig, 0, P, P, true));
	assert_true(rig_grant(rig, 0, P, P));
	rig_only(rig, JUDGE_I6);
}

/* A deposited page may hold secrets: WITHDRAW without zeroing (58019 6.7). */
static void i6_withdraw_without_zero(void **state)
{
	struct rig *rig = *state;
	const uint64_t page = Q << 12;

	assert_true(rig_revoke(rig, 0, Q, Q));
	rig_flush(rig, 0);
	assert_true(rig_check(rig, JUDGE_KIND_DEPOSITED, &page, 1));
	assert_true(rig_grant(rig, 0, Q, Q));
	rig_only(rig, JUDGE_I6);
}

static void a12_no_fence(void **state)
{
	struct rig *rig = *state;

	rig_flush_local(rig, 0, P);
	assert_true(rig_pvalidate(rig, 0, P, P, true));
	rig_zero(rig, 0, P, P);
	rig_fence(rig, 1);
	assert_true(rig_grant(rig, 0, P, P));
	rig_only(rig, JUDGE_A12);
}

static void a12_fence(void **state)
{
	struct rig *rig = *state;

	rig_fence(rig, 0);
	assert_true(rig_validate(rig, 0, P, P));
	assert_true(rig_validate(rig, 0, P + 1U, P + 1U));
	rig_clean(rig, JUDGE_A12);
}

static void a11_no_local_flush(void **state)
{
	struct rig *rig = *state;

	rig_flush_local(rig, 1, P);
	rig_flush_local(rig, 0, P + 1U);
	assert_true(rig_pvalidate(rig, 0, P, P, true));
	rig_only(rig, JUDGE_A11);
}

static void a11_page_used_after_the_flush(void **state)
{
	struct rig *rig = *state;

	rig_flush_local(rig, 0, P);
	rig_event(rig, JUDGE_SVSM_READ, 0, P, P, 0, 8);
	assert_true(rig_pvalidate(rig, 0, P, P, true));
	rig_only(rig, JUDGE_A11);
}

static void a11_one_flush_serves_once(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_validate(rig, 0, P, P));
	assert_true(rig_rescind(rig, 0, P, P));
	assert_true(rig_pvalidate(rig, 0, P, P, true));
	rig_only(rig, JUDGE_A11);
}

/* A 2 MiB flush, PVALIDATE says FAIL_SIZEMISMATCH, then 512 pages of 4 KiB: one flush covers them.
 */
static void a11_large_flush_covers_the_fallback(void **state)
{
	struct rig *rig = *state;

	judge_event(rig->j, &(struct judge_event){ .kind = JUDGE_FLUSH_LOCAL, .large = true });
	judge_event(rig->j, &(struct judge_event){
				    .kind = JUDGE_PVALIDATE, .large = true, .code = 6, .a = 1 });
	for (uint64_t gpn = RIG_LAUNCHED; gpn < 512U; gpn++) {
		assert_true(rig_pvalidate(rig, 0, gpn, gpn, true));
	}
	rig_clean(rig, JUDGE_A11);
}

static void i11_rmpadjust_of_invalid_page(void **state)
{
	struct rig *rig = *state;

	rig_event(rig, JUDGE_RMPADJUST, 0, P, P, 1, 0);
	rig_only(rig, JUDGE_I11);
}

static void i11_rmpadjust_after_rescind(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_rescind(rig, 0, Q, Q));
	rig_event(rig, JUDGE_RMPADJUST, 0, Q, Q, 1, 0);
	rig_only(rig, JUDGE_I11);
}

static void i11_target_vmpl(void **state)
{
	struct rig *rig = *state;

	rig_event(rig, JUDGE_RMPADJUST, 0, Q, Q, 0, 0);
	rig_event(rig, JUDGE_RMPADJUST, 0, Q, Q, 4, 0);
	rig_only(rig, JUDGE_I11);
	assert_int_equal(judge_found(rig->j, JUDGE_I11), 2);
}

static void i12_flush_before_vmsa(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_make_vmsa(rig, 0, Q, Q));
	rig_clean(rig, JUDGE_I12);
}

/* A3: a stale translation could still write VMSA.VMPL. */
static void i12_no_flush_before_vmsa(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_revoke(rig, 0, Q, Q));
	rig_flush(rig, 1);
	assert_true(rig_rmpadjust(rig, 0, Q, Q, 1, RIG_READ, true));
	rig_only(rig, JUDGE_I12);
}

static void i12_flush_too_early(void **state)
{
	struct rig *rig = *state;

	rig_flush(rig, 0);
	assert_true(rig_revoke(rig, 0, Q, Q));
	assert_true(rig_rmpadjust(rig, 0, Q, Q, 3, 0, true));
	rig_only(rig, JUDGE_I12);
}

static void i12_reduced_by_the_making(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_rmpadjust(rig, 0, Q, Q, 2, 0, false));
	rig_flush(rig, 0);
	assert_true(rig_rmpadjust(rig, 0, Q, Q, 1, 0, true));
	rig_only(rig, JUDGE_I12);
}

static void i12_no_flush_after_rescind(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_revoke(rig, 0, Q, Q));
	rig_flush(rig, 0);
	assert_true(rig_pvalidate(rig, 0, Q, Q, false));
	assert_true(rig_validate(rig, 1, Q, Q));
	rig_only(rig, JUDGE_I12);
}

static void i12_flush_after_rescind(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_rescind(rig, 0, Q, Q));
	assert_true(rig_validate(rig, 1, Q, Q));
	rig_clean(rig, JUDGE_I12);
}

static void i14_pvalidate_of_vmsa(void **state)
{
	struct rig *rig = *state;

	assert_false(rig_pvalidate(rig, 0, RIG_VMSA, RIG_VMSA, true));
	rig_only(rig, JUDGE_I14);
}

static void i14_vmsa_taken_by_the_host(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_make_vmsa(rig, 0, Q, Q));
	rig_rmpupdate(rig, Q, Q, true);
	assert_true(rig_validate(rig, 0, Q, Q));
	rig_clean(rig, JUDGE_I14);
}

static void i14_write_granted_on_vmsa(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_make_vmsa(rig, 0, Q, Q));
	assert_true(rig_rmpadjust(rig, 0, Q, Q, 2, RIG_READ | 2U, true));
	rig_only(rig, JUDGE_I14);
}

static void i14_deleted_vmsa_goes_back(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_make_vmsa(rig, 0, Q, Q));
	assert_true(rig_revoke(rig, 1, Q, Q));
	rig_flush(rig, 1);
	assert_true(rig_grant(rig, 1, Q, Q));
	rig_clean(rig, JUDGE_I14);
}

static void revoke_missing_before_rescind(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_rmpadjust(rig, 0, Q, Q, 1, 0, false));
	assert_true(rig_pvalidate(rig, 0, Q, Q, false));
	rig_only(rig, JUDGE_REVOKE);
}

static void revoke_done(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_rescind(rig, 0, Q, Q));
	rig_clean(rig, JUDGE_REVOKE);
}

/* A13: the hardware refused to revoke; rescinding is still right, validating again is not. */
static void revoke_refused(void **state)
{
	struct rig *rig = *state;

	judge_event(rig->j,
		    &(struct judge_event){
			    .kind = JUDGE_RMPADJUST, .code = 3, .gpa = Q << 12, .spn = Q, .a = 1 });
	assert_true(rig_pvalidate(rig, 0, Q, Q, false));
	assert_int_equal(judge_violations(rig->j), 0);
	rig_flush(rig, 0);
	rig_flush_local(rig, 0, Q);
	assert_true(rig_pvalidate(rig, 0, Q, Q, true));
	rig_only(rig, JUDGE_REVOKE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(i1_well_formed),
		TEST(i1_rights_without_owner),
		TEST(i1_in_use_but_no_vmsa),
		TEST(i1_entry_being_changed_is_not_judged),
		TEST(i2_update_takes_away),
		TEST(i2_update_keeps_validated),
		TEST(i2_update_keeps_rights),
		TEST(i2_rights_from_nowhere),
		cmocka_unit_test(i2_identity_update_may_keep),
		TEST(i2_late_host_event_is_no_finding),
		TEST(i3_rebound_after_theft),
		TEST(i3_second_binding),
		TEST(i3_second_binding_of_a_launch_page),
		TEST(i3_scan_finds_unexplained),
		TEST(i4_carry_is_counted_only),
		TEST(i5_grant_on_svsm_page),
		TEST(i5_vmsa_with_a_writer_left),
		TEST(i6_zero_then_grant),
		TEST(i6_launch_page_needs_no_zero),
		TEST(i6_no_zero),
		TEST(i6_launch_page_validated_again),
		TEST(i6_zero_before_validate_does_not_count),
		TEST(i6_withdraw_without_zero),
		TEST(a12_no_fence),
		TEST(a12_fence),
		TEST(a11_no_local_flush),
		TEST(a11_page_used_after_the_flush),
		TEST(a11_one_flush_serves_once),
		TEST(a11_large_flush_covers_the_fallback),
		TEST(i11_rmpadjust_of_invalid_page),
		TEST(i11_rmpadjust_after_rescind),
		TEST(i11_target_vmpl),
		TEST(i12_flush_before_vmsa),
		TEST(i12_no_flush_before_vmsa),
		TEST(i12_flush_too_early),
		TEST(i12_reduced_by_the_making),
		TEST(i12_no_flush_after_rescind),
		TEST(i12_flush_after_rescind),
		TEST(i14_pvalidate_of_vmsa),
		TEST(i14_vmsa_taken_by_the_host),
		TEST(i14_write_granted_on_vmsa),
		TEST(i14_deleted_vmsa_goes_back),
		TEST(revoke_missing_before_rescind),
		TEST(revoke_done),
		TEST(revoke_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
