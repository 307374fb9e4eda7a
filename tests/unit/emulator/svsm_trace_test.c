/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The recorder (docs/replay.md): what happened in every recorded trace is done again in front of
 * it, and it must write the same lines. Then replay runs what was written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "abi/secrets_abi.h"
#include "abi/vmsa_abi.h"
#include "fake_host.h"
#include "fake_memory.h"
#include "recorded.h"
#include "replay.h"
#include "trace.h"

#define SECRETS_AT UINT64_C(0x1ef00000)
#define ALL_RIGHTS 0x1fU
#define MAX_AREAS 256U

static const char *const direct[] = { "linux612-1cpu", "linux612-2cpu", "linux612-4cpu",
				      "linux612-2cpu-incomplete" };
static const char *const others[] = { "linux612-2cpu-busy",
				      "linux612-2cpu-rmp4k",
				      "linux612-4cpu-par",
				      "ovmf2502-linux612-1cpu",
				      "ovmf2502-linux612-2cpu",
				      "ovmf2502-linux612-2cpu-busy",
				      "ovmf2502-linux612-2cpu-incomplete",
				      "ovmf2502-linux612-2cpu-rmp4k",
				      "ovmf2502-linux612-4cpu",
				      "ovmf2502-linux612-4cpu-swap" };

/* The guest's side: who has which calling area. */
static struct {
	struct vcpu *vcpus;
	uint64_t caa[EMU_MAX_CPUS];
	uint64_t vmsa[MAX_AREAS];
	uint64_t area[MAX_AREAS];
	unsigned int nr_areas;
	char expected[1U << 20];
	size_t expected_len;
} guest;

static void put(uint64_t gpa, const void *bytes, size_t len)
{
	uint8_t *at = ram_pointer(gpa_make(gpa), len);

	assert_non_null(at);
	memcpy(at, bytes, len);
}

static void machine(const struct recorded *recorded)
{
	const struct secrets_page secrets = {
		.svsm_base = recorded->svsm_start,
		.svsm_size = recorded->svsm_end - recorded->svsm_start,
		.svsm_caa = recorded->caa,
		.svsm_max_version = 1,
		.svsm_guest_vmpl = (uint8_t)recorded->vmpl,
	};

	fake_reset();
	fake_memory_reset(recorded->ram_bytes);
	fake_memory_grant(0, recorded->svsm_start, ALL_RIGHTS);
	fake_memory_grant(recorded->svsm_start, recorded->svsm_end, 0);
	fake_memory.all_vmsa = true;
	put(SECRETS_AT, &secrets, sizeof(secrets));
	memset(&guest, 0, sizeof(guest));
	guest.vcpus = fake_vcpus(EMU_MAX_CPUS);
	guest.caa[0] = recorded->caa;
	for (unsigned int i = 0; i < EMU_MAX_CPUS; i++) {
		guest.vcpus[i].vmpl = recorded->vmpl;
	}
	fake.tsc = 1000;
	trace_enable(true);
}

static void expect(const struct recorded_line *line)
{
	assert_true(line->len + 1U < sizeof(guest.expected) - guest.expected_len);
	memcpy(guest.expected + guest.expected_len, line->text, line->len);
	guest.expected_len += line->len;
	guest.expected[guest.expected_len++] = '\n';
}

static void do_vmsa(const struct recorded_line *line)
{
	static struct vmsa_page page;

	memset(&page, 0, sizeof(page));
	page.cs.selector = (uint16_t)line->selector;
	page.cs.base = line->base;
	page.rip = line->rip;
	page.cr0 = line->cr0;
	page.cr4 = line->cr4;
	page.efer = line->efer;
	page.vmpl = (uint8_t)line->vmpl;
	page.sev_features = line->features;
	page.rflags = line->rflags;
	page.rdx = line->rdx_field;
	put(line->vmsa, &page, sizeof(page));
}

static void follow(const struct recorded_line *line)
{
	if (line->out_rax != 0U) {
		return;
	}
	if (line->rax == 0U) {
		guest.caa[line->vcpu] = line->rcx;
	} else if (line->rax == 2U) {
		assert_true(guest.nr_areas < MAX_AREAS);
		guest.vmsa[guest.nr_areas] = line->rcx;
		guest.area[guest.nr_areas++] = line->rdx;
	}
}

static void do_call(const struct recorded_line *line)
{
	struct vcpu *vcpu = &guest.vcpus[line->vcpu];
	const uint8_t pending = 1;
	unsigned int vmpl = vcpu->vmpl;
	uint16_t next = (uint16_t)line->out_next;

	fake.tsc += line->delta;
	fake.cpu = line->vcpu;
	put(guest.caa[line->vcpu], &pending, 1);
	if (line->has_list) {
		put(line->rcx, &line->n, sizeof(line->n));
		put(line->rcx + 2U, &line->next, sizeof(line->next));
		put(line->rcx + 8U, line->entries, line->nr_entries * sizeof(uint64_t));
	}
	vcpu->gpr[REG_RAX] = line->rax;
	vcpu->gpr[REG_RCX] = line->rcx;
	vcpu->gpr[REG_RDX] = line->rdx;
	vcpu->gpr[REG_R8] = line->r8;
	vcpu->gpr[REG_R8 + 1U] = line->r9;
	trace_svsm_begin(vcpu, line->by_msr);
	vcpu->vmpl = 0;
	trace_count_exit(vcpu, 0x403, 100);
	vcpu->vmpl = vmpl;
	if (line->has_list) {
		put(line->rcx + 2U, &next, sizeof(next));
	}
	vcpu->gpr[REG_RAX] = line->out_rax;
	if (line->has_out_rcx) {
		vcpu->gpr[REG_RCX] = line->out_rcx;
	}
	trace_svsm_end(vcpu);
	follow(line);
}

static void do_psc(const struct recorded_line *line)
{
	struct vcpu *vcpu = &guest.vcpus[line->vcpu];
	uint64_t step = line->large ? EMU_LARGE_SIZE : EMU_PAGE_SIZE;

	if (!line->by_msr && !line->implicit) {
		trace_note(vcpu, TRACE_VMGEXIT, 0x80000010, 0, 0, 0);
	}
	for (uint64_t i = 0; i < line->count; i++) {
		gpa_t page = gpa_make(line->page + i * step);

		if (line->implicit) {
			trace_implicit(vcpu, page);
		} else {
			trace_psc(vcpu, page, line->to_private, line->large, line->by_msr);
		}
	}
}

static void do_apc(const struct recorded_line *line)
{
	trace_ap(&guest.vcpus[line->vcpu], line->event, line->apic, line->vmpl,
		 gpa_make(line->vmsa), line->features);
	for (unsigned int i = 0; line->event != VCPU_AP_DESTROY && i < guest.nr_areas; i++) {
		if (guest.vmsa[i] == line->vmsa) {
			guest.caa[line->apic] = guest.area[i];
		}
	}
}

static void do_line(const struct recorded_line *line)
{
	switch (line->kind) {
	case RECORDED_CALL:
		do_call(line);
		break;
	case RECORDED_PSC:
		do_psc(line);
		break;
	case RECORDED_APC:
		do_apc(line);
		break;
	case RECORDED_VMSA:
		do_vmsa(line);
		break;
	case RECORDED_HOLD:
		trace_note(&guest.vcpus[line->vcpu], TRACE_VMGEXIT, 0x80000004, 0, 0, 0);
		break;
	default:
		return;
	}
	expect(line);
}

/* The structure is read with the call that follows, whose RCX says where it is. */
static void do_op(const struct recorded *recorded, size_t index, const struct recorded_line *line)
{
	static struct recorded_line call;

	recorded_line(recorded, index + 1U, &call);
	assert_int_equal(call.kind, RECORDED_CALL);
	put(call.rcx, line->op, sizeof(line->op));
	expect(line);
}

static void run_again(const char *name, struct recorded *recorded)
{
	static struct recorded_line line;
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/%s.trace.xz", PHALANX_TRACES, name);
	assert_true(recorded_open(path, recorded));
	machine(recorded);
	for (size_t i = 0; i < recorded->nr_lines; i++) {
		recorded_line(recorded, i, &line);
		if (line.kind == RECORDED_OP) {
			do_op(recorded, i, &line);
		} else {
			do_line(&line);
		}
	}
	guest.expected[guest.expected_len] = '\0';
}

static bool is_event(const char *line)
{
	static const char *const starts[] = { "call ",	 "psc ",	"apc ",	     "nocall ",
					      "# vmsa ", "# attest op", "# ap_hold " };

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		if (strncmp(line, starts[i], strlen(starts[i])) == 0) {
			return true;
		}
	}
	return false;
}

static const char *next_line(const char *at)
{
	const char *end = strchr(at, '\n');

	return end == NULL ? at + strlen(at) : end + 1;
}

/* The lines of the trace out of everything on the console. */
static const char *marked(const char *at)
{
	while (*at != '\0' && strncmp(at, TRACE_MARK, strlen(TRACE_MARK)) != 0) {
		at = next_line(at);
	}
	return *at == '\0' ? NULL : at + strlen(TRACE_MARK);
}

static void compare(const char *name)
{
	const char *expected = guest.expected;
	unsigned int lines = 0;

	for (const char *at = marked(fake.log); at != NULL; at = marked(next_line(at))) {
		size_t len = (size_t)(next_line(at) - at);

		if (!is_event(at)) {
			continue;
		}
		if (strncmp(at, expected, len) != 0) {
			fail_msg("%s, event %u: expected %.200s, got %.200s", name, lines, expected,
				 at);
		}
		expected += len;
		lines++;
	}
	assert_string_equal(expected, "");
	assert_true(lines > 100U);
}

static void replay_it(const char *name)
{
	char path[] = "/tmp/emulator-trace-XXXXXX";
	const struct replay_options options = { .err = stderr };
	struct replay_summary summary;
	int fd = mkstemp(path);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

	if (file == NULL) {
		fail_msg("no temporary file %s", path);
		return;
	}
	for (const char *at = marked(fake.log); at != NULL; at = marked(next_line(at))) {
		assert_int_equal(fwrite(at, (size_t)(next_line(at) - at), 1, file), 1);
	}
	assert_int_equal(fclose(file), 0);
	if (replay_trace_file(path, &options, &summary) != REPLAY_OK) {
		fail_msg("replay of %s as recorded again failed, see %s", name, path);
	}
	assert_true(summary.compared > 100U);
	assert_int_equal(unlink(path), 0);
}

static void writes_what_was_recorded(void **state)
{
	struct recorded recorded;

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		run_again(others[i], &recorded);
		trace_report();
		compare(others[i]);
		recorded_close(&recorded);
	}
}

/* INCOMPLETE depends on a policy that a header of our own does not name: written, not replayed. */
static void replay_accepts_it(void **state)
{
	struct recorded recorded;

	(void)state;
	for (size_t i = 0; i < sizeof(direct) / sizeof(direct[0]); i++) {
		run_again(direct[i], &recorded);
		trace_report();
		compare(direct[i]);
		if (strstr(direct[i], "incomplete") == NULL) {
			replay_it(direct[i]);
		}
		recorded_close(&recorded);
	}
}

static const struct recorded small = {
	.ram_bytes = 0x20000000,
	.svsm_start = 0x1f000000,
	.svsm_end = 0x20000000,
	.caa = 0x44000,
	.vmpl = 2,
};

static void header(void **state)
{
	static const char expected[] = TRACE_MARK
		"# SVSM call trace v1: recorded by the emulator\n" TRACE_MARK
		"# every line in order of completion; not real hardware\n" TRACE_MARK
		"valid 0 1f000000\n" TRACE_MARK
		"# initial caa 44000 guest vmpl 2 policy rebind rmp 2m\n" TRACE_MARK
		"ram 0 20000000\n" TRACE_MARK "svsm 1f000000 20000000\n" TRACE_MARK
		"nocall 0 0 rax=1 caa=44000 via=ghcb\n";

	(void)state;
	machine(&small);
	guest.vcpus[0].gpr[REG_RAX] = 1;
	trace_svsm_begin(&guest.vcpus[0], false);
	trace_svsm_end(&guest.vcpus[0]);
	assert_string_equal(fake.log, expected);
}

static void vmpl0_is_not_recorded(void **state)
{
	(void)state;
	machine(&small);
	guest.vcpus[0].vmpl = 0;
	trace_psc(&guest.vcpus[0], gpa_make(0x1000), true, false, true);
	trace_ap(&guest.vcpus[0], VCPU_AP_CREATE, 1, 0, gpa_make(0x1000), 1);
	trace_svsm_end(&guest.vcpus[0]);
	trace_enable(false);
	guest.vcpus[0].vmpl = 2;
	trace_psc(&guest.vcpus[0], gpa_make(0x1000), true, false, true);
	trace_svsm_begin(&guest.vcpus[0], true);
	trace_svsm_end(&guest.vcpus[0]);
	assert_string_equal(fake.log, "");
}

/* A list where the guest has no rights is none: the recorder reads only what the guest could. */
static void list_in_the_svsm(void **state)
{
	const uint8_t pending = 1;

	(void)state;
	machine(&small);
	put(0x44000, &pending, 1);
	guest.vcpus[0].gpr[REG_RAX] = 1;
	guest.vcpus[0].gpr[REG_RCX] = 0x1f000008;
	trace_svsm_begin(&guest.vcpus[0], true);
	guest.vcpus[0].gpr[REG_RAX] = 0x80000003;
	trace_svsm_end(&guest.vcpus[0]);
	assert_non_null(strstr(fake.log, TRACE_MARK "call 0 0 core.pvalidate rcx=1f000008 -> "
						    "rax=0x80000003 next=0 via=msr\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header),
		cmocka_unit_test(vmpl0_is_not_recorded),
		cmocka_unit_test(list_in_the_svsm),
		cmocka_unit_test(writes_what_was_recorded),
		cmocka_unit_test(replay_accepts_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
