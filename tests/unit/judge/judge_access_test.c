/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One good and one violating stream for each invariant of accesses: VMPL0's copies and zeroing (I8,
 * I10, A1, A4), the guest's accesses (LEAK) and VMRUN (A3).
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "judge_rig.h"

#define P 100U
#define Q 3U
#define SPARE 1500U

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

static void enter(struct rig *rig, unsigned int cpu)
{
	rig_event(rig, JUDGE_SVSM_ENTER, cpu, 0, 0, 0, 0);
}

static void leave(struct rig *rig, unsigned int cpu)
{
	rig_event(rig, JUDGE_SVSM_LEAVE, cpu, 0, 0, 2, 0);
}

static void svsm_read(struct rig *rig, unsigned int cpu, uint64_t gpn, uint64_t offset,
		      uint64_t len)
{
	rig_event(rig, JUDGE_SVSM_READ, cpu, gpn, gpn, offset, len);
}

static bool deposit(struct rig *rig, uint64_t gpn)
{
	const uint64_t page = gpn << 12;
	const bool revoked = rig_revoke(rig, 0, gpn, gpn);

	rig_flush(rig, 0);
	return revoked && rig_check(rig, JUDGE_KIND_DEPOSITED, &page, 1);
}

static void i8_zero_hits_the_binding(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_validate(rig, 0, P, P));
	rig_clean(rig, JUDGE_I8);
}

/* A11: VMPL0's own stale translation: another system page is zeroed, and the new one is granted as
 * it is. */
static void i8_zero_hits_the_old_page(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_validate(rig, 1, P, P));
	assert_true(rig_rescind(rig, 1, P, P));
	rig_rmpupdate(rig, P, P, false);
	rig_rmpupdate(rig, SPARE, P, true);
	rig_flush_local(rig, 0, P);
	assert_true(rig_pvalidate(rig, 0, P, SPARE, true));
	rig_zero(rig, 0, P, P);
	rig_only(rig, JUDGE_I8);
	rig_fence(rig, 0);
	assert_true(rig_grant(rig, 0, P, SPARE));
	assert_true(judge_found(rig->j, JUDGE_I6) > 0U);
}

static void rebind(struct rig *rig, unsigned int cpu)
{
	assert_true(rig_validate(rig, cpu, P, P));
	assert_true(rig_rescind(rig, cpu, P, P));
	rig_rmpupdate(rig, P, P, false);
	rig_rmpupdate(rig, SPARE, P, true);
	assert_true(rig_validate(rig, cpu, P, SPARE));
}

static void i8_copy_through_stale_translation(void **state)
{
	struct rig *rig = *state;

	rebind(rig, 1);
	rig_flush(rig, 2);
	enter(rig, 0);
	svsm_read(rig, 0, P, 0, 8);
	rig_only(rig, JUDGE_I8);
}

/* The copy may have been made before the page was rebound, and reported after: undecided, so no
 * finding. */
static void i8_late_copy_is_no_finding(void **state)
{
	struct rig *rig = *state;

	enter(rig, 0);
	rebind(rig, 1);
	svsm_read(rig, 0, P, 0, 8);
	assert_int_equal(judge_violations(rig->j), 0);
	leave(rig, 0);
	enter(rig, 1);
	rig_event(rig, JUDGE_SVSM_READ, 1, P, SPARE, 0, 8);
	rig_clean(rig, JUDGE_I8);
}

static void i8_copy_of_launch_page(void **state)
{
	struct rig *rig = *state;

	enter(rig, 0);
	svsm_read(rig, 0, Q, 0, 8);
	rig_clean(rig, JUDGE_I8);
	rig_event(rig, JUDGE_SVSM_WRITE, 0, Q, SPARE, 0, 8);
	rig_only(rig, JUDGE_I8);
}

static void i10_each_byte_once(void **state)
{
	struct rig *rig = *state;

	enter(rig, 0);
	svsm_read(rig, 0, Q, 0, 1);
	svsm_read(rig, 0, Q, 8, 8);
	for (uint64_t entry = 0; entry < 500U; entry++) {
		svsm_read(rig, 0, Q, 16U + 8U * entry, 8);
	}
	leave(rig, 0);
	enter(rig, 0);
	svsm_read(rig, 0, Q, 0, 4096);
	enter(rig, 1);
	svsm_read(rig, 1, Q, 0, 1);
	rig_clean(rig, JUDGE_I10);
	assert_int_equal(judge_untracked(rig->j), 0);
}

static void i10_double_fetch(void **state)
{
	struct rig *rig = *state;

	enter(rig, 0);
	svsm_read(rig, 0, Q, 8, 16);
	svsm_read(rig, 0, Q, 23, 1);
	rig_only(rig, JUDGE_I10);
}

static void i10_double_fetch_of_the_list(void **state)
{
	struct rig *rig = *state;

	enter(rig, 0);
	svsm_read(rig, 0, Q, 8, 8);
	svsm_read(rig, 0, Q, 16, 4072);
	svsm_read(rig, 0, Q, 8, 8);
	rig_only(rig, JUDGE_I10);
}

/* CREATE_VCPU looks at the VMSA, revokes, flushes and looks again: the second look is at private
 * memory. */
static void i10_second_look_after_revoking(void **state)
{
	struct rig *rig = *state;

	enter(rig, 0);
	svsm_read(rig, 0, Q, 0, 4096);
	assert_true(rig_revoke(rig, 0, Q, Q));
	rig_flush(rig, 0);
	svsm_read(rig, 0, Q, 0, 4096);
	rig_clean(rig, JUDGE_I10);
	svsm_read(rig, 0, Q, 0, 1);
	rig_only(rig, JUDGE_I10);
}

static void i10_full_list_is_reported_as_untracked(void **state)
{
	struct rig *rig = *state;

	enter(rig, 0);
	for (uint64_t i = 0; i < 100U; i++) {
		svsm_read(rig, 0, Q, 16U * i, 8);
	}
	assert_int_equal(judge_violations(rig->j), 0);
	assert_int_equal(judge_untracked(rig->j), 36);
}

static void a1_copy_of_guest_page(void **state)
{
	struct rig *rig = *state;

	enter(rig, 0);
	svsm_read(rig, 0, Q, 0, 8);
	rig_event(rig, JUDGE_SVSM_WRITE, 0, Q, Q, 0, 8);
	rig_clean(rig, JUDGE_A1);
}

static void a1_copy_into_deposited_page(void **state)
{
	struct rig *rig = *state;

	assert_true(deposit(rig, Q));
	rig_event(rig, JUDGE_SVSM_WRITE, 0, Q, Q, 0, 8);
	rig_only(rig, JUDGE_A1);
}

static void a1_copy_out_of_the_svsm(void **state)
{
	struct rig *rig = *state;

	svsm_read(rig, 0, RIG_SVSM + 1U, 0, 8);
	rig_only(rig, JUDGE_A1);
}

static void a1_copy_into_vmsa(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_make_vmsa(rig, 0, Q, Q));
	rig_event(rig, JUDGE_SVSM_WRITE, 1, Q, Q, 0, 8);
	rig_only(rig, JUDGE_A1);
}

static void a3_vmrun(void **state)
{
	struct rig *rig = *state;

	rig_event(rig, JUDGE_VMRUN, 0, RIG_VMSA, RIG_VMSA, 2, 0);
	rig_clean(rig, JUDGE_A3);
	rig_event(rig, JUDGE_VMRUN, 0, RIG_VMSA, RIG_VMSA, 0, 0);
	rig_only(rig, JUDGE_A3);
}

static void a4_vmsa_stores(void **state)
{
	struct rig *rig = *state;

	rig_event(rig, JUDGE_VMSA_WRITE, 0, RIG_VMSA, RIG_VMSA, 0x1f8, 0);
	rig_event(rig, JUDGE_VMSA_WRITE, 0, Q, Q, 0xd0, 0);
	rig_clean(rig, JUDGE_A4);
	assert_true(deposit(rig, Q));
	rig_event(rig, JUDGE_VMSA_WRITE, 0, Q, Q, 0x1f8, 0);
	rig_only(rig, JUDGE_A4);
}

static void guest(struct rig *rig, enum judge_event_kind kind, uint64_t gpn, uint64_t spn)
{
	rig_event(rig, kind, 0, gpn, spn, 2, 1);
}

static void leak_own_pages_are_fine(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_validate(rig, 0, P, P));
	guest(rig, JUDGE_GUEST_READ, P, P);
	guest(rig, JUDGE_GUEST_WRITE, P, P);
	guest(rig, JUDGE_GUEST_READ, RIG_VMSA, RIG_VMSA);
	rig_clean(rig, JUDGE_LEAK);
}

static void leak_of_the_svsm(void **state)
{
	struct rig *rig = *state;

	guest(rig, JUDGE_GUEST_READ, Q, RIG_SVSM + 1U);
	rig_only(rig, JUDGE_LEAK);
}

static void leak_of_deposited_page(void **state)
{
	struct rig *rig = *state;

	assert_true(deposit(rig, Q));
	guest(rig, JUDGE_GUEST_READ, Q, Q);
	rig_only(rig, JUDGE_LEAK);
}

/* A stale translation of another gPA reaches the deposited page all the same. */
static void leak_of_deposited_system_page(void **state)
{
	struct rig *rig = *state;

	assert_true(deposit(rig, Q));
	guest(rig, JUDGE_GUEST_WRITE, Q + 1U, Q);
	rig_only(rig, JUDGE_LEAK);
}

static void leak_ends_with_withdraw(void **state)
{
	struct rig *rig = *state;

	assert_true(deposit(rig, Q));
	rig_zero(rig, 1, Q, Q);
	rig_fence(rig, 1);
	guest(rig, JUDGE_GUEST_WRITE, Q, Q); /* the event of the grant is still to come */
	assert_true(rig_grant(rig, 1, Q, Q));
	guest(rig, JUDGE_GUEST_READ, Q, Q);
	assert_true(rig_check(rig, JUDGE_KIND_NONE, NULL, 0));
	rig_clean(rig, JUDGE_LEAK);
}

static void leak_vmsa_written(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_make_vmsa(rig, 0, Q, Q));
	guest(rig, JUDGE_GUEST_READ, Q, Q);
	rig_clean(rig, JUDGE_LEAK);
	guest(rig, JUDGE_GUEST_WRITE, Q, Q);
	rig_only(rig, JUDGE_LEAK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(i8_zero_hits_the_binding),
		TEST(i8_zero_hits_the_old_page),
		TEST(i8_copy_through_stale_translation),
		TEST(i8_late_copy_is_no_finding),
		TEST(i8_copy_of_launch_page),
		TEST(i10_each_byte_once),
		TEST(i10_double_fetch),
		TEST(i10_double_fetch_of_the_list),
		TEST(i10_second_look_after_revoking),
		TEST(i10_full_list_is_reported_as_untracked),
		TEST(a1_copy_of_guest_page),
		TEST(a1_copy_into_deposited_page),
		TEST(a1_copy_out_of_the_svsm),
		TEST(a1_copy_into_vmsa),
		TEST(a3_vmrun),
		TEST(a4_vmsa_stores),
		TEST(leak_own_pages_are_fine),
		TEST(leak_of_the_svsm),
		TEST(leak_of_deposited_page),
		TEST(leak_of_deposited_system_page),
		TEST(leak_ends_with_withdraw),
		TEST(leak_vmsa_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
