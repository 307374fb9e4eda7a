/* SPDX-License-Identifier: Apache-2.0 */
#include "parser_fixture.h"

#include "calls.h"
#include "lines.h"
#include "trace.h"

static struct trace_line parsed;

static bool parse(struct slice line, struct text_error *error)
{
	return trace_parse(line, &parsed, error);
}

static void parse_ok(const char *line)
{
	struct text_error error = { .message = "" };

	if (!trace_parse(slice_of(line), &parsed, &error)) {
		fail_msg("'%s': %s", line, error.message);
	}
}

#define LONG_CALL                                                                                  \
	"call 1 92042808 core.pvalidate rcx=44008 n=4 next=1 [47b1000*3 200005] -> "               \
	"rax=0x80001006 next=3 failed=200005 via=ghcb"

static void pvalidate_call(void **state)
{
	(void)state;
	parse_ok(LONG_CALL);
	assert_int_equal(parsed.kind, TRACE_CALL);
	assert_int_equal(parsed.vcpu, 1);
	assert_int_equal(parsed.protocol, 0);
	assert_int_equal(parsed.call, CORE_PVALIDATE);
	assert_int_equal(parsed.in.value[TRACE_RCX], 0x44008);
	assert_int_equal(parsed.in.value[TRACE_N], 4);
	assert_int_equal(parsed.in.value[TRACE_NEXT], 1);
	assert_true(parsed.has_list);
	assert_int_equal(parsed.list.entry[3], 0x200005);
	assert_int_equal(parsed.out.value[TRACE_RAX], 0x80001006);
	assert_int_equal(parsed.out.value[TRACE_NEXT], 3);
	assert_true(parsed.out.has[TRACE_FAILED]);
	assert_int_equal(parsed.out.value[TRACE_FAILED], 0x200005);
}

static void other_calls(void **state)
{
	(void)state;
	parse_ok("call 0 5 core.create_vcpu rcx=1e7d000 rdx=1eeff000 r8=1 -> rax=0x0 via=msr");
	assert_int_equal(parsed.call, CORE_CREATE_VCPU);
	assert_int_equal(parsed.in.value[TRACE_RDX], 0x1eeff000);
	assert_int_equal(parsed.in.value[TRACE_R8], 1);
	assert_false(parsed.in.has[TRACE_N]);
	parse_ok("call 0 5 core.query_protocol rcx=1 -> rax=0 rcx=100000001 via=msr");
	assert_true(parsed.out.has[TRACE_RCX]);
	assert_int_equal(parsed.out.value[TRACE_RCX], UINT64_C(0x100000001));
	parse_ok("call 0 5 core.delete_vcpu rcx=1000 -> rax=80001003 via=ghcb running");
	parse_ok("nocall 2 77 rax=1 caa=44000 via=msr");
	assert_int_equal(parsed.kind, TRACE_NOCALL);
	assert_int_equal(parsed.vcpu, 2);
}

static void host_lines(void **state)
{
	(void)state;
	parse_ok("psc 0 820000*127 private 4k via=ghcb");
	assert_int_equal(parsed.kind, TRACE_PSC);
	assert_int_equal(parsed.psc.count, 127);
	assert_true(parsed.psc.to_private);
	assert_false(parsed.psc.size_2m);
	parse_ok("psc 3 16600000 shared 2m via=implicit");
	assert_int_equal(parsed.psc.page, 0x16600000);
	assert_int_equal(parsed.psc.count, 1);
	assert_false(parsed.psc.to_private);
	assert_true(parsed.psc.size_2m);
	parse_ok("apc 0 destroy apic=3 vmpl=2 vmsa=1eb29000 feat=0 vmsapage=1");
	assert_int_equal(parsed.apc.action, TRACE_APC_DESTROY);
	assert_int_equal(parsed.apc.apic, 3);
	assert_int_equal(parsed.apc.vmsa, 0x1eb29000);
}

static void comment_lines(void **state)
{
	(void)state;
	parse_ok("# vmsa 1eb3f000 cs 9f00/9f000 rip 50 cr0 60000010 cr4 40 efer 1000 vmpl 2 feat 1 "
		 "rflags 2 rdx 0");
	assert_int_equal(parsed.kind, TRACE_VMSA);
	assert_int_equal(parsed.vmsa.cs_base, 0x9f000);
	assert_int_equal(parsed.vmsa.cr0, 0x60000010);
	assert_int_equal(parsed.vmsa.vmpl, 2);
	parse_ok("# initial caa 44000 guest vmpl 2 policy rebind rmp 4k");
	assert_int_equal(parsed.initial.caa, 0x44000);
	assert_int_equal(parsed.initial.vmpl, 2);
	assert_true(parsed.initial.rmp_4k);
	parse_ok("# policy: INCOMPLETE after 16 entries");
	assert_int_equal(parsed.policy.incomplete, 16);
	parse_ok("# policy: BUSY for every second call");
	assert_true(parsed.policy.busy);
	parse_ok("# rom ffc00000 100000000");
	assert_int_equal(parsed.kind, TRACE_ROM);
	parse_ok("# ap_hold 3");
	assert_int_equal(parsed.vcpu, 3);
	parse_ok("#  # vmsa: contents of the proposed VMSA at create_vcpu.");
	assert_int_equal(parsed.kind, TRACE_NOTE);
	parse_ok("   ");
	assert_int_equal(parsed.kind, TRACE_NOTE);
}

static void refused(void **state)
{
	static const char *const lines[] = {
		"nonsense",
		"call",
		"call 1024 1 core.pvalidate -> rax=0",
		"call 0 1 core.nonsense -> rax=0",
		"call 0 x core.remap_ca -> rax=0",
		"call 0 1 core.remap_ca rcx=1000 via=msr",
		"call 0 1 core.remap_ca rcx=1000 rcx=2000 -> rax=0",
		"call 0 1 core.remap_ca rcx=g -> rax=0",
		"call 0 1 core.remap_ca what=1 -> rax=0",
		"call 0 1 core.pvalidate rcx=8 n=2 next=0 [1000] -> rax=0 next=1",
		"call 0 1 core.pvalidate rcx=8 n=1 next=0 [1000 -> rax=0 next=1",
		"call 0 1 core.pvalidate rcx=8 n=1 next=0 [1000] [1000] -> rax=0 next=1",
		"call 0 1 core.pvalidate rcx=8 n=65536 next=0 -> rax=0",
		"call 0 1 core.pvalidate n=1 next=0 [1000] -> rax=0 next=1",
		"psc 0 1000 public 4k via=msr",
		"psc 0 1000 shared 1g via=msr",
		"psc 0 1001 shared 4k via=msr",
		"psc 0 201000 shared 2m via=msr",
		"psc 0 1000*0 shared 4k via=msr",
		"psc 0 1000*99999999999 shared 4k via=msr",
		"apc 0 create vmpl=2",
		"apc 0 explode apic=1 vmsa=1000",
		"ram 2000 1000",
		"ram 0 1001",
		"ram 0 20000000 x",
		"svsm 0 ffffffffffffffff",
		"# initial caa 44001 guest vmpl 2 policy rebind rmp 2m",
		"# initial caa 44000 guest vmpl 0 policy rebind rmp 2m",
		"# policy: INCOMPLETE after 0 entries",
		"# policy: unheard of",
		"# vmsa 1000 cs 9f00 rip 0",
		"# ap_hold x",
		"# attest op: 1 2",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (parse_exact(parse, lines[i], strlen(lines[i]))) {
			fail_msg("accepted: %s", lines[i]);
		}
	}
}

static void garbage(void **state)
{
	static const char *const lines[] = {
		LONG_CALL,
		"psc 0 820000*127 private 4k via=ghcb",
		"apc 0 destroy apic=3 vmpl=2 vmsa=1eb29000 feat=0 vmsapage=1",
		("# vmsa 1eb3f000 cs 9f00/9f000 rip 50 cr0 60000010 cr4 40 efer 1000 vmpl 2 feat 1 "
		 "rflags 2 rdx 0"),
		"# initial caa 44000 guest vmpl 2 policy rebind rmp 4k",
		"# attest op: 2100000 1000 1e9a110 40 2101000 1000 2102000 4000 0 0 0 85cf004",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		fuzz_truncate(parse, lines[i]);
		fuzz_mutate(parse, lines[i]);
	}
}

static bool scan(const char *text, struct trace_setup *setup, size_t *bad)
{
	struct lines lines;
	struct text_error error;
	bool ok;

	assert_true(lines_from(text, strlen(text), &lines, &error));
	ok = trace_scan(&lines, setup, bad, &error);
	lines_free(&lines);
	return ok;
}

#define HEADER                                                                                     \
	"# SVSM call trace v1: test\n# initial caa 44000 guest vmpl 2 policy rebind rmp 2m\n"      \
	"ram 0 20000000\nvalid 0 20000000\nsvsm 1f000000 20000000\n"

static void setup_of_a_trace(void **state)
{
	struct trace_setup setup;
	size_t bad = 0;

	(void)state;
	assert_true(scan(HEADER, &setup, &bad));
	assert_int_equal(setup.nr_vcpus, 1);
	assert_int_equal(setup.initial_caa, 0x44000);
	assert_int_equal(setup.svsm.start, 0x1f000000);
	assert_true(scan(HEADER
			 "call 0 1 core.create_vcpu rcx=1000 rdx=2000 r8=3 -> rax=0 via=msr\n",
			 &setup, &bad));
	assert_int_equal(setup.nr_vcpus, 4);
	assert_false(scan(HEADER "call 0 1 core.remap_ca\n", &setup, &bad));
	assert_int_equal(bad, 6);
	assert_false(scan("# another file\n", &setup, &bad));
	assert_false(scan("# SVSM call trace v1: only a title\n", &setup, &bad));
	assert_false(scan("", &setup, &bad));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pvalidate_call),   cmocka_unit_test(other_calls),
		cmocka_unit_test(host_lines),	    cmocka_unit_test(comment_lines),
		cmocka_unit_test(refused),	    cmocka_unit_test(garbage),
		cmocka_unit_test(setup_of_a_trace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
