/* SPDX-License-Identifier: Apache-2.0 */
/* GHCB MSR protocol (56421 section 2.3.1): requests, answers, and values that are none. */
#include "ghcb_rig.h"

#include <string.h>

#define GFN(gpa) ((gpa) >> 12)

static void fixed_answers(void **state)
{
	static const struct {
		uint64_t request, answer;
	} cases[] = {
		{ 0x002, 0x0002000127000001 },
		{ 0x010, 0xfffffffffffff011 },
		{ 0x080, 0x0000000000033081 },
		{ 0x8000001f00000004, 0x8000001f00000005 }, /* EAX */
		{ 0x8000001f40000004, 0x0000000000000005 }, /* EBX: subleaf */
		{ 0x80000001c0000004, 0x0000feed00000005 }, /* EDX */
	};

	(void)state;
	rig_reset(0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(rig_msr(cases[i].request), cases[i].answer);
	}
}

/* What is no request stays as it is; nothing else happens. */
static void unknown_requests(void **state)
{
	static const uint64_t values[] = {
		0x001, 0x003, 0x005, 0x007, 0x011, 0x013,      0x015,
		0x017, 0x018, 0x081, 0x101, 0xfff, UINT64_MAX,
	};
	struct vcpu *vcpu = rig_reset(2);

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		assert_int_equal(rig_msr(values[i]), values[i]);
	}
	assert_int_equal(vcpu->state, VCPU_RUN);
	assert_int_equal(vcpu->vmpl, 2);
	assert_int_equal(rig.nr_psc + rig.switches, 0);
}

static void registration(void **state)
{
	struct vcpu *vcpu = rig_reset(2);

	(void)state;
	/* still private: its first use converts it */
	assert_int_equal(rig_msr(RIG_PAGE(3) | 0x012), RIG_PAGE(3) | 0x013);
	assert_int_equal(vcpu->ghcb_registered[2].raw, RIG_PAGE(3));
	assert_true(gpa_is_none(vcpu->ghcb_registered[0]));
	/* no memory */
	assert_int_equal(rig_msr(RIG_PAGE(RIG_PAGES) | 0x012), 0xfffffffffffff013);
	assert_int_equal(rig_msr((UINT64_C(1) << EMU_C_BIT) | RIG_PAGE(3) | 0x012),
			 0xfffffffffffff013);
	assert_int_equal(vcpu->ghcb_registered[2].raw, RIG_PAGE(3));
}

static void page_state(void **state)
{
	const uint64_t gpa = RIG_PAGE(5);

	(void)state;
	rig_reset(0);
	assert_int_equal(rig_msr(ghcb_msr_psc(GFN(gpa), 1)), 0x015);
	assert_int_equal(rig_msr(ghcb_msr_psc(GFN(gpa), 2)), 0x015);
	assert_int_equal(rig.nr_psc, 2);
	assert_int_equal(rig.psc[0].gpa, gpa);
	assert_true(rig.psc[0].to_private && !rig.psc[0].large);
	assert_true(!rig.psc[1].to_private);
	assert_int_equal(rig.traced_by_msr, 2);
	for (unsigned int op = 0; op < 16U; op++) {
		if (op != 1U && op != 2U) {
			assert_int_not_equal(rig_msr(ghcb_msr_psc(GFN(gpa), op)) >> 32, 0);
		}
	}
	assert_int_equal(rig.nr_psc, 2);
	rig.psc_refuse = 2;
	assert_int_equal(rig_msr(ghcb_msr_psc(GFN(gpa), 1)), UINT64_C(1) << 32 | 0x015);
	assert_int_equal(rig.traced_psc, 2);
}

static void ap_hold(void **state)
{
	struct vcpu *vcpu = rig_reset(2);

	(void)state;
	rig.times = 2;
	assert_int_equal(rig_msr(0x006) & 0xfff, 0x007);
	assert_int_not_equal(vcpu->ghcb_msr[2] >> 12, 0);
	assert_int_equal(vcpu->state, VCPU_AP_HOLD);
}

static void terminate(void **state)
{
	static const struct {
		uint64_t request;
		const char *text;
	} cases[] = {
		{ 0x0100, "set 0 reason 0 (general request)" },
		{ 0x21100, "set 1 reason 2 (PVALIDATE failed)" },
		{ 0xfffff100, "set 15 reason 255 (unknown)" },
	};

	(void)state;
	for (volatile size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		rig_reset(2);
		if (setjmp(rig.stop) == 0) {
			(void)rig_msr(cases[i].request);
			fail();
		}
		assert_int_equal(rig.stop_code, EMU_EXIT_GUEST_TERMINATED);
		assert_non_null(strstr(rig.stop_text, cases[i].text));
	}
}

/* A hostile host drops a request, or serves it twice. */
static void dropped_and_repeated(void **state)
{
	const uint64_t request = ghcb_msr_psc(GFN(RIG_PAGE(5)), 1);

	(void)state;
	rig_reset(0);
	rig.times = 0;
	assert_int_equal(rig_msr(request), request);
	assert_int_equal(rig.nr_psc, 0);
	rig.times = 2;
	assert_int_equal(rig_msr(request), 0x015);
	assert_int_equal(rig.nr_psc, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fixed_answers),
		cmocka_unit_test(unknown_requests),
		cmocka_unit_test(registration),
		cmocka_unit_test(page_state),
		cmocka_unit_test(ap_hold),
		cmocka_unit_test(terminate),
		cmocka_unit_test(dropped_and_repeated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
