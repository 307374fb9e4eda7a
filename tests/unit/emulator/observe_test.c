/* SPDX-License-Identifier: Apache-2.0 */
/* The ring of events and the report. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_host.h"
#include "fake_memory.h"
#include "trace.h"

#define RING_EVENTS 1024U

static struct vcpu *machine(void)
{
	fake_reset();
	fake_memory_reset(EMU_LARGE_SIZE);
	trace_enable(false);
	return fake_vcpus(4);
}

static void note_at(struct vcpu *vcpu, uint64_t tsc, uint64_t value)
{
	fake.cpu = vcpu->cpu;
	fake.tsc = tsc;
	trace_note(vcpu, TRACE_INTERRUPT, value, 0, 0, 0);
}

static unsigned int count(const char *text, const char *what)
{
	unsigned int nr = 0;

	for (text = strstr(text, what); text != NULL; text = strstr(text + 1, what)) {
		nr++;
	}
	return nr;
}

static void merged_by_time(void **state)
{
	struct vcpu *vcpus = machine();
	const char *first, *second, *third;

	(void)state;
	note_at(&vcpus[1], UINT64_C(1) << 40U, 0xb1);
	note_at(&vcpus[0], (UINT64_C(1) << 40U) + 1U, 0xb2);
	note_at(&vcpus[1], (UINT64_C(1) << 40U) + 2U, 0xb3);
	trace_dump(3);
	first = strstr(fake.log, "cpu 1 vcpu 1 vmpl 0 interrupt: vector = 0xb1");
	second = strstr(fake.log, "cpu 0 vcpu 0 vmpl 0 interrupt: vector = 0xb2");
	third = strstr(fake.log, "cpu 1 vcpu 1 vmpl 0 interrupt: vector = 0xb3");
	assert_non_null(first);
	assert_true(first < second && second < third);
	assert_int_equal(count(fake.log, "\n"), 4);
}

static void only_the_last(void **state)
{
	struct vcpu *vcpus = machine();

	(void)state;
	for (unsigned int i = 0; i < 2U * RING_EVENTS; i++) {
		note_at(&vcpus[3], (UINT64_C(2) << 40U) + i, 0x10000U + i);
	}
	trace_dump(2);
	assert_int_equal(count(fake.log, "\n"), 3);
	assert_non_null(strstr(fake.log, "vector = 0x107fe"));
	assert_non_null(strstr(fake.log, "vector = 0x107ff"));
	fake.log_len = 0;
	trace_dump(UINT32_MAX);
	assert_null(strstr(fake.log, "vector = 0x103ff"));
	assert_non_null(strstr(fake.log, "vector = 0x10400"));
}

static void exits_have_names(void **state)
{
	struct vcpu *vcpus = machine();

	(void)state;
	fake.cpu = 0;
	fake.tsc = UINT64_C(3) << 40U;
	trace_note(&vcpus[0], TRACE_EXIT, 0x400, 0x1f, 0x8000001000, 0xfff0);
	trace_note(NULL, TRACE_PVALIDATE, 0x5000, 3, 1U << 16U | 6U, 0);
	trace_dump(2);
	assert_non_null(
		strstr(fake.log, "exit 0x400 (npf) info1 0x1f info2 0x8000001000 rip 0xfff0\n"));
	assert_non_null(
		strstr(fake.log, "pvalidate gpa 0x5000 2m valid: code 6 fault 0 carry 1\n"));
}

static _Atomic(bool) stop;

static void *noter(void *arg)
{
	struct vcpu *vcpu = arg;

	for (uint64_t i = 0; !atomic_load_explicit(&stop, memory_order_relaxed); i++) {
		/* fields of one event belong together */
		trace_note(vcpu, TRACE_AP, i, i, i, i);
	}
	return NULL;
}

/* Events in a new dump; each is whole. */
static unsigned int dump_whole_events(void)
{
	unsigned int seen = 0;

	fake.log_len = 0;
	fake.log[0] = '\0';
	trace_dump(500);
	for (const char *at = strstr(fake.log, "vmsa = "); at != NULL;
	     at = strstr(at + 1, "vmsa = ")) {
		char *end = NULL;
		uint64_t a = strtoull(at + strlen("vmsa = "), &end, 16);

		assert_int_equal(strtoull(end, &end, 16), a);
		assert_int_equal(strtoull(end, &end, 16), a);
		assert_int_equal(strtoull(end, &end, 16), a);
		seen++;
	}
	return seen;
}

/* A dump beside a writer shows whole events or none: one that is fast enough overwrites them all.
 * When it has stopped, its last ones are there. */
static void no_torn_events(void **state)
{
	struct vcpu *vcpus = machine();
	pthread_t thread;

	(void)state;
	fake.cpu = 2;
	fake.tsc = UINT64_C(4) << 40U;
	assert_int_equal(pthread_create(&thread, NULL, noter, &vcpus[2]), 0);
	for (unsigned int round = 0; round < 50U; round++) {
		(void)dump_whole_events();
	}
	atomic_store_explicit(&stop, true, memory_order_relaxed);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(dump_whole_events() > 0U);
}

static void report(void **state)
{
	struct vcpu *vcpus = machine();

	(void)state;
	fake.cpu = 0;
	vcpus[0].vmpl = 2;
	vcpus[1].vmpl = 2;
	trace_count_entry(5000);
	trace_count_exit(&vcpus[0], 0x403, 1000);
	trace_count_entry(6070); /* 70 ticks on the VMGEXIT */
	trace_count_request(0x80000010, false);
	trace_count_request(0x7b, false);
	trace_count_request(UINT64_C(0x20000000123004), true);
	vcpus[0].gpr[REG_RAX] = 1;
	trace_svsm_begin(&vcpus[0], true);
	vcpus[0].vmpl = 0;
	trace_count_exit(&vcpus[0], 0x46, 30);
	trace_count_entry(7000); /* 900 on the #UD */
	trace_count_exit(&vcpus[0], 0x403, 12);
	vcpus[0].vmpl = 2;
	trace_svsm_end(&vcpus[0]);
	fake.cpu = 1;
	trace_count_exit(&vcpus[1], 0x403, 500);
	trace_count_exit(&vcpus[1], 0x999, 1);
	trace_count_request(0x7b, false);
	trace_count_request(0x123, false);
	trace_report();
	assert_non_null(
		strstr(fake.log, "  vmgexit                 1            0            2  "));
	assert_non_null(
		strstr(fake.log, "  #UD                     1            0            0  "));
	assert_non_null(
		strstr(fake.log, "  other                   0            0            1  "));
	assert_non_null(
		strstr(fake.log, "  cycles                 42            0         1501  "));
	assert_non_null(strstr(fake.log, "  core.pvalidate                    1             42     "
					 "      42           42\n"));
	assert_non_null(strstr(fake.log, "  vmgexit                 1            0            2"
					 "            0             70           23\n"));
	assert_non_null(strstr(fake.log, "            0            900          900\n"));
	assert_non_null(strstr(fake.log, "\n  ioio                        2\n"));
	assert_non_null(strstr(fake.log, "\n  page state                  1\n"));
	assert_non_null(strstr(fake.log, "\n  msr: cpuid                  1\n"));
	assert_non_null(strstr(fake.log, "\n  other                       1\n"));
	assert_null(strstr(fake.log, "msr: register"));
	assert_null(strstr(fake.log, "shutdown"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(merged_by_time),   cmocka_unit_test(only_the_last),
		cmocka_unit_test(exits_have_names), cmocka_unit_test(no_torn_events),
		cmocka_unit_test(report),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
