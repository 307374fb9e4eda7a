/* SPDX-License-Identifier: Apache-2.0 */
#include "parser_fixture.h"

#include "calls.h"
#include "lines.h"
#include "script.h"

static bool parse(struct slice line, struct text_error *error)
{
	struct script_cmd cmd;
	bool ok = script_parse_line(line, &cmd, error);

	script_cmd_free(&cmd);
	return ok;
}

/* One statement of each kind, as docs/replay.md shows them. */
static const char *const accepted[] = {
	"machine ram=512M vcpus=4 vmpl=2 rmp=2m valid=0-256M budget-entries=16 budget-pages=512 "
	"vtom=on u3=on seed=7",
	"machine ram=0-0x8000000 ram=4G-5G rom=0xffc00000-4G valid=all svsm=0x7000000-0x8000000 "
	"ca=0x44000",
	"machine psp=on report-version=3 psp-us=1000 policy=0x30000 secrets=0x50000",
	"attest 0 0x44008 report=0x100000,4K nonce=0x120000,16 manifest=0x101000,4K "
	"certs=0x102000,16K",
	"attest 0 0x44008 guid=63849ebb-3d92-4670-A1FF-58f9c94b87bb version=1",
	"psp-lie busy nth=2 value=3",
	"psp-lie cert-change always=yes",
	"save 0 0x100000 1184 report-1_a.bin",
	"expect told=1 requests=2 served=3 refused=0",
	"print psp",
	"machine apic-ids=0,4,8,0x1000 valid=none features=1 phys-bits=48 u4=off u6=on u7=on "
	"vmsa-store=lost invlpgb=off spare-pages=16",
	"boot",
	"write 0 0x44008 u16 1 0 shared=yes",
	"write 1 4K u64 0xffffffffffffffff",
	"fill 0 1M 64K 0xff",
	"read 0 0x44000 64",
	"list 0 0x44008 n=3 next=1 reserved=0 [47b1000*2 0x200005]",
	"list 0 0x44008 []",
	"vmsa 0 0x100000 vmpl=2 efer=0x1000 features=1 rip=0xfff0 cr0=0x10 cr3=0 cr4=0x40 rsp=0 "
	"rflags=2 cs-base=0",
	"call 0 core.pvalidate rcx=0x44008 rdx=0 r8=0 r9=0",
	"call 0 0x80000000.7 rcx=1 pending=2 ca=0x44000",
	"expect rax=INVALID_PARAMETER next=1 rcx=0x44008",
	"expect access=vc404 zero=no status=done ok=yes fired=no value=0 pending=0 running=0",
	"psc 0x200000*4 shared 2m",
	"ap-create 1 0x100000 ca=0x101000",
	"ap-destroy 1",
	"spurious 0 exitcode=0x60",
	"steal 0x300000 leave=yes",
	"remap 0x300000 spare=3",
	"remap 0x300000 to=0x400000",
	"inject 0 pvalidate-code nth=2 value=6",
	"idle 0",
	"flush 1",
	"judge",
	"print state",
	"rmp 0x44000",
	"echo any text = [here] * # not this",
	"   # only a comment",
	"",
};

static void grammar(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
		if (!parse_exact(parse, accepted[i], strlen(accepted[i]))) {
			fail_msg("refused: %s", accepted[i]);
		}
	}
}

static const char *const refused_lines[] = {
	"launch",
	"boot now",
	"boot x=1",
	"machine ram",
	"machine ram=",
	"machine ram=2M-1M",
	"machine ram=1M-1M",
	"machine vcpus=0",
	"machine vcpus=1025",
	"machine rmp=1g",
	"machine apic-ids=",
	"machine apic-ids=1,,2",
	"machine apic-ids=4294967296",
	"machine rax=1",
	"write 0 0x1000 u128 1",
	"write 0 0x1000 u8",
	"write 0 0x1000 u8 256",
	"write 0 0x1000 u32 0x100000000",
	"write 1024 0x1000 u8 1",
	"write 0x0 0x1000 u8 1",
	"fill 0 0 65M 0",
	"fill 0 0 4K 256",
	"read 0 0 4097",
	"read 0 0",
	"list 0 0x1000 [1000",
	"list 0 0x1000 [xyz]",
	"list 0 0x1000 [1] [2]",
	"list 0 0x1000 n=65536",
	"call 0 core.pvalidate [1000]",
	"call 0 pvalidate",
	"call 0 core.pvalidate rbx=1",
	"call 0 core.pvalidate rcx=",
	"call 0 core.pvalidate rcx=12q",
	"expect rax=NONSENSE",
	"expect access=maybe",
	"expect 5",
	"psc 0x1000 shared",
	"psc 0x1000*0 shared 4k",
	"psc 0x1000*x shared 4k",
	"ap-create 1",
	"inject 0 coffee",
	"remap 0x1000",
	"remap 0x1000 spare=1 to=0x2000",
	"print money",
};

static void refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused_lines) / sizeof(refused_lines[0]); i++) {
		if (parse_exact(parse, refused_lines[i], strlen(refused_lines[i]))) {
			fail_msg("accepted: %s", refused_lines[i]);
		}
	}
}

/* Buffers beyond their fields (58019 table 19), malformed GUIDs, and names that leave the
 * directory.
 */
static void refused_attest(void **state)
{
	static const char *const lines[] = {
		"machine report-version=6",
		"machine psp=maybe",
		"attest 0 0x44008 report=0x100000",
		"attest 0 0x44008 report=0x100000,",
		"attest 0 0x44008 report=0x100000,0x100000000",
		"attest 0 0x44008 nonce=0x100000,65536",
		"attest 0 0x44008 nonce=0x100000,1,2",
		"attest 0 0x44008 guid=63849ebb-3d92-4670-a1ff-58f9c94b87b",
		"attest 0 0x44008 guid=63849ebb-3d92-4670-a1ff-58f9c94b87bb0",
		"attest 0 0x44008 guid=63849ebb-3d92-4670-a1ff:58f9c94b87bb",
		"attest 0 0x44008 guid=0x849ebb-3d92-4670-a1ff-58f9c94b87bb",
		"attest 0 0x44008 version=0x100000000",
		"psp-lie white",
		"psp-lie",
		"save 0 0x100000 1184",
		"save 0 0x100000 1025K report.bin",
		"save 0 0x100000 1184 ../report.bin",
		"save 0 0x100000 1184 /tmp/report.bin",
		"save 0 0x100000 1184 a/b",
		"save 0 0x100000 1184 .hidden",
		"save 0 0x100000 1184 -n",
		"save 0 0x100000 1184 two words",
		"save 0 0 8 a2345678901234567890123456789012345678901234567890123456789012345",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (parse_exact(parse, lines[i], strlen(lines[i]))) {
			fail_msg("accepted: %s", lines[i]);
		}
	}
}

/* "machine" with @nr keys. */
static void many_keys(char line[512], unsigned int nr)
{
	int len = snprintf(line, 512, "machine");

	for (unsigned int i = 0; i < nr; i++) {
		len += snprintf(line + len, 512U - (size_t)len, " seed=1");
	}
	assert_true(len < 512);
}

static void too_many_keys(void **state)
{
	char line[512];

	(void)state;
	many_keys(line, SCRIPT_MAX_VALUES);
	assert_true(parse_exact(parse, line, strlen(line)));
	many_keys(line, SCRIPT_MAX_VALUES + 1U);
	assert_false(parse_exact(parse, line, strlen(line)));
}

static void values(void **state)
{
	struct script_cmd cmd;
	struct text_error error;

	(void)state;
	assert_true(script_parse_line(slice_of("list 3 0x44008 next=1 [47b1000*2 0x200005] # c"),
				      &cmd, &error));
	assert_int_equal(cmd.op, SCRIPT_LIST);
	assert_int_equal(cmd.arg[0], 3);
	assert_int_equal(cmd.arg[1], 0x44008);
	assert_int_equal(script_get(&cmd, KEY_NEXT, 9), 1);
	assert_int_equal(script_get(&cmd, KEY_N, cmd.nr_data), 3);
	assert_int_equal(cmd.data[1], 0x47b2000);
	assert_int_equal(cmd.data[2], 0x200005);
	script_cmd_free(&cmd);
	assert_true(script_parse_line(slice_of("call 0 core.query_protocol rcx=1 rcx=2"), &cmd,
				      &error));
	assert_int_equal(cmd.arg[1], call_rax(0, CORE_QUERY_PROTOCOL));
	assert_int_equal(script_get(&cmd, KEY_RCX, 0), 2);
	assert_null(script_find(&cmd, KEY_RDX));
	script_cmd_free(&cmd);
	assert_true(script_parse_line(slice_of("psc 2M*4 private 2m"), &cmd, &error));
	assert_int_equal(cmd.arg[0], 0x200000);
	assert_int_equal(cmd.arg[1], 4);
	assert_int_equal(cmd.arg[2], 1);
	assert_int_equal(cmd.arg[3], 1);
	script_cmd_free(&cmd);
}

/* 58019 section 7.1: the first three fields of a GUID are little-endian in memory. */
static void attest_values(void **state)
{
	static const uint8_t wire[16] = { 0xbb, 0x9e, 0x84, 0x63, 0x92, 0x3d, 0x70, 0x46,
					  0xa1, 0xff, 0x58, 0xf9, 0xc9, 0x4b, 0x87, 0xbb };
	const struct script_value *value = NULL;
	struct script_cmd cmd;
	struct text_error error;

	(void)state;
	assert_true(script_parse_line(slice_of("attest 1 0x44008 certs=0x1000,64K nonce=0x2ff0,16 "
					       "guid=63849ebb-3d92-4670-a1ff-58f9c94b87bb"),
				      &cmd, &error));
	value = script_find(&cmd, KEY_GUID);
	assert_non_null(value);
	assert_memory_equal(&value->a, wire, 8);
	assert_memory_equal(&value->b, wire + 8, 8);
	value = script_find(&cmd, KEY_CERTS);
	assert_non_null(value);
	assert_int_equal(value->a, 0x1000);
	assert_int_equal(value->b, 0x10000);
	assert_int_equal(script_find(&cmd, KEY_NONCE)->b, 16);
	script_cmd_free(&cmd);
	assert_true(script_parse_line(slice_of("save 0 0x1000 24 manifest.bin"), &cmd, &error));
	assert_true(slice_is(cmd.text, "manifest.bin"));
	script_cmd_free(&cmd);
}

static void garbage(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
		fuzz_truncate(parse, accepted[i]);
		if (accepted[i][0] != '\0') {
			fuzz_mutate(parse, accepted[i]);
		}
	}
}

static bool whole(const char *text, size_t *bad)
{
	struct lines lines;
	struct script script;
	struct text_error error = { .message = "" };
	bool ok;

	assert_true(lines_from(text, strlen(text), &lines, &error));
	ok = script_parse(&lines, &script, bad, &error);
	assert_true(ok || error.message[0] != '\0');
	script_free(&script);
	lines_free(&lines);
	return ok;
}

static void order(void **state)
{
	size_t bad = 0;

	(void)state;
	assert_true(whole("# comment\nmachine vcpus=2\nboot\nidle 1\n", &bad));
	assert_false(whole("", &bad));
	assert_false(whole("echo nothing boots\n", &bad));
	assert_false(whole("idle 0\nboot\n", &bad));
	assert_int_equal(bad, 1);
	assert_false(whole("boot\nboot\n", &bad));
	assert_int_equal(bad, 2);
	assert_false(whole("boot\nmachine vcpus=2\n", &bad));
	assert_int_equal(bad, 2);
	assert_false(whole("machine vcpus=2\nboot\n\nidle 2\n", &bad));
	assert_int_equal(bad, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grammar),	  cmocka_unit_test(refused),
		cmocka_unit_test(refused_attest), cmocka_unit_test(too_many_keys),
		cmocka_unit_test(values),	  cmocka_unit_test(garbage),
		cmocka_unit_test(order),	  cmocka_unit_test(attest_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
