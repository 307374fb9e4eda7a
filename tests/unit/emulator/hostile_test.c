/* SPDX-License-Identifier: Apache-2.0 */
/* The hostile host: the same seed does the same, actions do not disturb each other, and nothing is
 * hurt that the emulator needs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_host.h"
#include "fake_memory.h"
#include "hostile.h"
#include "trace.h"

#define MEMORY (UINT64_C(64) << 20)
#define NR_CPUS 3U
#define EXITS 4000U
#define EVERYTHING                                                                                 \
	"hostile=spurious:50,exitcode:60,drop:70,repeat:80,move:100,unassign:90,ghcb:110,inject:"  \
	"40"

static uint8_t ghcb[EMU_PAGE_SIZE];
static struct vcpu *vcpus;

static void machine(void)
{
	fake_reset();
	fake_memory_reset(MEMORY);
	fake_memory_grant(0, MEMORY, 0x1f);
	memset(ghcb, 0, sizeof(ghcb));
	vcpus = fake_vcpus(NR_CPUS);
}

/* What a run loop asks at an exit. */
static void one_exit(struct vcpu *vcpu)
{
	fake.cpu = vcpu->cpu;
	vcpu->vmpl = 2;
	hostile_exit(vcpu);
	vcpu->event = 0;
	(void)hostile_requests(vcpu);
	hostile_ghcb(vcpu, ghcb);
	(void)hostile_exitcode(vcpu, 0x403);
	(void)hostile_spurious_vmpl0(vcpu);
}

static char *run(const char *cmdline, bool reversed)
{
	machine();
	assert_true(hostile_init(cmdline));
	for (unsigned int i = 0; i < EXITS; i++) {
		for (unsigned int k = 0; k < NR_CPUS; k++) {
			one_exit(&vcpus[reversed ? NR_CPUS - 1U - k : k]);
		}
	}
	return strdup(fake.log);
}

static unsigned int count(const char *text, const char *what)
{
	unsigned int nr = 0;

	for (text = strstr(text, what); text != NULL; text = strstr(text + 1, what)) {
		nr++;
	}
	return nr;
}

static void same_seed_same_actions(void **state)
{
	char *first = run(EVERYTHING " seed=7", false);
	char *second = run("console=ttyS0 seed=7 " EVERYTHING, false);
	char *other = run(EVERYTHING " seed=8", false);

	(void)state;
	assert_string_equal(first, second);
	assert_string_not_equal(strchr(first, '\n'), strchr(other, '\n'));
	free(first);
	free(second);
	free(other);
}

/* Lines of one vCPU and action out of a log, in order. */
static char *only(const char *log, const char *vcpu, const char *action)
{
	char *out = calloc(1, strlen(log) + 1U);
	size_t used = 0;

	assert_non_null(out);
	while (*log != '\0') {
		const char *end = strchr(log, '\n');
		size_t len = end == NULL ? strlen(log) : (size_t)(end - log) + 1U;
		const char *at = strstr(log, action);

		if (strncmp(log, vcpu, strlen(vcpu)) == 0 && at != NULL && at < log + len) {
			memcpy(out + used, log, len);
			used += len;
		}
		log += len;
	}
	return out;
}

/* Neither the order of vCPUs nor other actions change what one vCPU sees. */
static void streams_are_independent(void **state)
{
	char *alone = run("hostile=exitcode:300 seed=3", false);
	char *mixed = run("hostile=inject:600,exitcode:300,drop:900 seed=3", true);
	char *a = only(alone, "hostile: vcpu 1 ", ": exitcode");
	char *b = only(mixed, "hostile: vcpu 1 ", ": exitcode");

	(void)state;
	assert_true(count(a, "\n") > 3U);
	assert_string_equal(a, b);
	free(a);
	free(b);
	free(alone);
	free(mixed);
}

static void vcpus_differ(void **state)
{
	unsigned int same = 0;

	(void)state;
	machine();
	assert_true(hostile_init("hostile=inject:1 seed=2"));
	for (unsigned int i = 0; i < 100U; i++) {
		vcpus[0].event = 0;
		vcpus[1].event = 0;
		hostile_exit(&vcpus[0]);
		hostile_exit(&vcpus[1]);
		same += vcpus[0].event == vcpus[1].event ? 1U : 0U;
	}
	assert_true(same < 20U);
}

static void mean_distance(void **state)
{
	unsigned int spurious = 0;

	(void)state;
	machine();
	assert_true(hostile_init("hostile=spurious:100 seed=5"));
	vcpus[0].vmpl = 2;
	for (unsigned int i = 0; i < 100000U; i++) {
		hostile_exit(&vcpus[0]);
		spurious += hostile_spurious_vmpl0(&vcpus[0]) ? 1U : 0U;
	}
	assert_in_range(spurious, 900, 1100);
	assert_int_equal(count(fake.log, "hostile: vcpu"), 200); /* the rest is not logged */
	assert_int_equal(count(fake.log, "the rest is in the trace only"), 1);
}

static void vmpl0_is_not_entered_from_vmpl0(void **state)
{
	(void)state;
	machine();
	assert_true(hostile_init("hostile=spurious:1"));
	vcpus[0].vmpl = 0;
	hostile_exit(&vcpus[0]);
	assert_false(hostile_spurious_vmpl0(&vcpus[0]));
	vcpus[0].vmpl = 2;
	assert_true(hostile_spurious_vmpl0(&vcpus[0]));
	assert_false(hostile_spurious_vmpl0(&vcpus[0]));
}

static void requests(void **state)
{
	(void)state;
	machine();
	assert_true(hostile_init("hostile=drop:1"));
	assert_int_equal(hostile_requests(&vcpus[0]), 1);
	hostile_exit(&vcpus[0]);
	assert_int_equal(hostile_requests(&vcpus[0]), 0);
	assert_int_equal(hostile_requests(&vcpus[0]), 1);
	assert_true(hostile_init("hostile=repeat:1"));
	hostile_exit(&vcpus[0]);
	assert_int_equal(hostile_requests(&vcpus[0]), 2);
	assert_int_equal(hostile_requests(&vcpus[0]), 1);
}

static void exitcode_and_ghcb(void **state)
{
	bool lied = false;
	unsigned int changed = 0;

	(void)state;
	machine();
	assert_true(hostile_init("hostile=exitcode:1,ghcb:1"));
	for (unsigned int i = 0; i < 20U; i++) {
		hostile_exit(&vcpus[0]);
		lied = hostile_exitcode(&vcpus[0], 0x72) != 0x72U || lied;
		assert_int_equal(hostile_exitcode(&vcpus[0], 0x72), 0x72);
		hostile_ghcb(&vcpus[0], ghcb);
	}
	for (size_t i = 0; i < sizeof(ghcb); i++) {
		changed += ghcb[i] != 0U ? 1U : 0U;
	}
	assert_true(lied);
	assert_in_range(changed, 10, 80);
}

static void freeze(void **state)
{
	(void)state;
	machine();
	assert_true(hostile_init("hostile=freeze:10"));
	for (unsigned int i = 0; i < 20U; i++) {
		hostile_exit(&vcpus[1]);
	}
	assert_int_equal(vcpus[1].state, VCPU_FROZEN);
	vcpus[1].state = VCPU_RUN;
	hostile_exit(&vcpus[1]);
	assert_int_equal(vcpus[1].state, VCPU_FROZEN);
	assert_int_equal(count(fake.log, "freeze"), 1);
	assert_int_equal(vcpus[0].state, VCPU_RUN);
}

/* The new page is the guest's in the RMP, at the same gPA, and was never validated. */
static void move(void **state)
{
	uint64_t word;

	(void)state;
	machine();
	assert_true(hostile_init("hostile=move:1"));
	hostile_exit(&vcpus[0]);
	assert_int_equal(fake_memory.moved, 1);
	assert_int_equal(fake_memory.invalidated, 1);
	word = snpm_word(rmp_table(), fake_memory.moved_to.raw >> EMU_PAGE_SHIFT, NULL);
	assert_int_equal(word & (SNPM_ASSIGNED | SNPM_VALIDATED), SNPM_ASSIGNED);
	assert_int_equal(word >> SNPM_GPN_SHIFT, gpa_page_number(fake_memory.moved_page));
	for (unsigned int i = 0; i < 1000U; i++) {
		hostile_exit(&vcpus[0]);
	}
	assert_int_equal(fake_memory.moved, 256); /* spare memory is bounded */
}

static void unassign(void **state)
{
	unsigned int shared = 0;

	(void)state;
	machine();
	assert_true(hostile_init("hostile=unassign:1"));
	for (unsigned int i = 0; i < 10U; i++) {
		hostile_exit(&vcpus[0]);
	}
	for (uint64_t gpa = 0; gpa < MEMORY; gpa += EMU_PAGE_SIZE) {
		shared += rmp_is_shared(gpa_make(gpa)) ? 1U : 0U;
	}
	assert_int_equal(shared, 10);
}

static void vmsa_pages_are_left_alone(void **state)
{
	(void)state;
	machine();
	fake_memory.all_vmsa = true;
	assert_true(hostile_init("hostile=move:1,unassign:1"));
	hostile_exit(&vcpus[0]);
	assert_int_equal(fake_memory.moved, 0);
	assert_false(rmp_is_shared(gpa_make(0)));
}

static void injected_events_are_well_formed(void **state)
{
	unsigned int events = 0;

	(void)state;
	machine();
	assert_true(hostile_init("hostile=inject:1 seed=11"));
	for (unsigned int i = 0; i < 1000U; i++) {
		uint64_t event;
		unsigned int type;

		vcpus[0].event = 0;
		hostile_exit(&vcpus[0]);
		event = vcpus[0].event;
		type = (unsigned int)(event >> 8U & 7U);
		assert_true((event >> 31U & 1U) != 0U);
		assert_true(type == 0U || (type == 3U && (event & 0xffU) < 32U));
		events++;
	}
	assert_int_equal(events, 1000);
	vcpus[0].event = UINT64_C(1) << 31U | 0x42U;
	hostile_exit(&vcpus[0]);
	assert_true(vcpus[0].event == (UINT64_C(1) << 31U | 0x42U));
}

static void command_line(void **state)
{
	(void)state;
	machine();
	assert_true(hostile_init(""));
	for (unsigned int i = 0; i < 100000U; i++) {
		one_exit(&vcpus[0]);
	}
	assert_string_equal(fake.log, "");
	assert_true(hostile_init("hostile=freeze"));
	assert_false(hostile_init("hostile=explode"));
	assert_false(hostile_init("hostile="));
	assert_false(hostile_init("hostile=move,"));
	assert_false(hostile_init("hostile=move:0"));
	assert_false(hostile_init("hostile=move:x"));
	assert_false(hostile_init("hostile=move:99999999999"));
	assert_false(hostile_init("hostile=move:5x"));
	assert_false(hostile_init("hostile=move seed="));
	assert_false(hostile_init("hostile=move seed=1z"));
	assert_true(hostile_init("unhostile=explode"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_seed_same_actions),
		cmocka_unit_test(streams_are_independent),
		cmocka_unit_test(vcpus_differ),
		cmocka_unit_test(mean_distance),
		cmocka_unit_test(vmpl0_is_not_entered_from_vmpl0),
		cmocka_unit_test(requests),
		cmocka_unit_test(exitcode_and_ghcb),
		cmocka_unit_test(freeze),
		cmocka_unit_test(move),
		cmocka_unit_test(unassign),
		cmocka_unit_test(vmsa_pages_are_left_alone),
		cmocka_unit_test(injected_events_are_well_formed),
		cmocka_unit_test(command_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
