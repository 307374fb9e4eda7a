/* SPDX-License-Identifier: Apache-2.0 */
#include "script_run.h"

#include <inttypes.h>
#include <string.h>

static void expect_number(struct script_run *run, const struct script_cmd *cmd,
			  const struct script_value *want, uint64_t got)
{
	if (want->a != got) {
		script_mismatch(run, cmd, "expect %s: expected 0x%" PRIx64 ", got 0x%" PRIx64,
				script_key_word(want->key), want->a, got);
	}
}

static void expect_word(struct script_run *run, const struct script_cmd *cmd,
			const struct script_value *want, const char *wanted, const char *got)
{
	if (strcmp(wanted, got) != 0) {
		script_mismatch(run, cmd, "expect %s: expected %s, got %s",
				script_key_word(want->key), wanted, got);
	}
}

static const char *yes_no(bool yes)
{
	return yes ? "yes" : "no";
}

static void expect_header(struct script_run *run, const struct script_cmd *cmd,
			  const struct script_value *want)
{
	struct guest_list_header header = { .n = 0 };
	enum hm_access access =
		guest_read_header(&run->guest, run->last.vcpu, run->last.list, &header);

	if (access != HM_OK) {
		script_mismatch(
			run, cmd, "expect %s: the list at 0x%" PRIx64 " is not readable (%s)",
			script_key_word(want->key), run->last.list, run_access_word(access));
		return;
	}
	expect_number(run, cmd, want, want->key == KEY_NEXT ? header.next : header.n);
}

static void expect_pending(struct script_run *run, const struct script_cmd *cmd,
			   const struct script_value *want)
{
	uint8_t pending = 0;

	guest_select(&run->guest, run->last.vcpu);
	if (hm_guest_read(run->guest.machine, run->guest.ca[run->last.vcpu], &pending,
			  sizeof(pending)) != HM_OK) {
		script_mismatch(run, cmd, "expect pending: the calling area is not readable");
		return;
	}
	expect_number(run, cmd, want, pending);
}

static void expect_value(struct script_run *run, const struct script_cmd *cmd,
			 const struct script_value *want)
{
	uint64_t got = 0;

	if (run->last.nr_data == 0U) {
		script_mismatch(run, cmd, "expect value: the last read gave nothing");
		return;
	}
	memcpy(&got, run->last.data,
	       run->last.nr_data < sizeof(got) ? run->last.nr_data : sizeof(got));
	expect_number(run, cmd, want, got);
}

static bool read_is_zero(const struct script_last *last)
{
	bool zero = last->nr_data > 0U;

	for (size_t i = 0; i < last->nr_data; i++) {
		zero = zero && last->data[i] == 0U;
	}
	return zero;
}

static void expect_psp(struct script_run *run, const struct script_cmd *cmd,
		       const struct script_value *want)
{
	struct hm_psp_stats stats;

	hm_psp_stats(run->guest.machine, &stats);
	expect_number(run, cmd, want,
		      want->key == KEY_REQUESTS ? stats.requests
		      : want->key == KEY_SERVED ? stats.served
						: stats.refused);
}

static void expect_other(struct script_run *run, const struct script_cmd *cmd,
			 const struct script_value *want)
{
	const struct script_last *last = &run->last;
	bool fired;

	switch (want->key) {
	case KEY_ZERO:
		expect_word(run, cmd, want, yes_no(want->a != 0U), yes_no(read_is_zero(last)));
		break;
	case KEY_ACCESS:
		expect_word(run, cmd, want, script_access_word((enum script_access)want->a),
			    run_access_word(last->access));
		break;
	case KEY_STATUS:
		expect_word(run, cmd, want, script_status_word((enum script_status)want->a),
			    script_status_word(last->status));
		break;
	case KEY_OK:
		expect_word(run, cmd, want, yes_no(want->a != 0U), yes_no(last->ok));
		break;
	case KEY_FIRED:
		fired = hm_injection_fired(run->guest.machine, last->inject_vcpu, last->inject);
		expect_word(run, cmd, want, yes_no(want->a != 0U), yes_no(fired));
		break;
	default:
		expect_number(run, cmd, want, hm_running_vmsa(run->guest.machine, last->vcpu));
		break;
	}
}

static const struct {
	enum script_key key;
	size_t offset;
} reg_keys[] = {
	{ KEY_RAX, offsetof(struct hm_regs, rax) }, { KEY_RCX, offsetof(struct hm_regs, rcx) },
	{ KEY_RDX, offsetof(struct hm_regs, rdx) }, { KEY_R8, offsetof(struct hm_regs, r8) },
	{ KEY_R9, offsetof(struct hm_regs, r9) },   { KEY_RIP, offsetof(struct hm_regs, rip) },
	{ KEY_RSP, offsetof(struct hm_regs, rsp) }, { KEY_CR3, offsetof(struct hm_regs, cr3) },
};

/* False if @want is not about a register. Registers mean nothing unless the guest came back from
 * the call. */
static bool expect_register(struct script_run *run, const struct script_cmd *cmd,
			    const struct script_value *want)
{
	uint64_t got = 0;

	for (size_t i = 0; i < sizeof(reg_keys) / sizeof(reg_keys[0]); i++) {
		if (reg_keys[i].key != want->key) {
			continue;
		}
		if (run->last.status != STATUS_DONE && run->last.status != STATUS_RESUMED) {
			script_mismatch(run, cmd, "expect %s: the call was not served (%s)",
					script_key_word(want->key),
					script_status_word(run->last.status));
			return true;
		}
		memcpy(&got, (const uint8_t *)&run->last.regs + reg_keys[i].offset, sizeof(got));
		expect_number(run, cmd, want, got);
		return true;
	}
	return false;
}

static void expect_one(struct script_run *run, const struct script_cmd *cmd,
		       const struct script_value *want)
{
	if (expect_register(run, cmd, want)) {
		return;
	}
	switch (want->key) {
	case KEY_NEXT:
	case KEY_N:
		expect_header(run, cmd, want);
		break;
	case KEY_PENDING:
		expect_pending(run, cmd, want);
		break;
	case KEY_VALUE:
		expect_value(run, cmd, want);
		break;
	case KEY_TOLD:
		expect_number(run, cmd, want, hm_psp_lies_told(run->guest.machine, run->last.lie));
		break;
	case KEY_REQUESTS:
	case KEY_SERVED:
	case KEY_REFUSED:
		expect_psp(run, cmd, want);
		break;
	default:
		expect_other(run, cmd, want);
		break;
	}
}

void script_expect(struct script_run *run, const struct script_cmd *cmd)
{
	for (unsigned int i = 0; i < cmd->nr_values; i++) {
		expect_one(run, cmd, &cmd->value[i]);
	}
}
