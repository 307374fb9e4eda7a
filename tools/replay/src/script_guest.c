/* SPDX-License-Identifier: Apache-2.0 */
#include "script_run.h"

#include <inttypes.h>
#include <string.h>

#include "calls.h"

#define FILL_CHUNK 4096U
#define DUMP_COLUMNS 16U

static enum hm_access store(struct script_run *run, const struct script_cmd *cmd, uint64_t gpa,
			    const void *data, size_t len)
{
	guest_select(&run->guest, (unsigned int)cmd->arg[0]);
	return script_get(cmd, KEY_SHARED, 0U) != 0U
		       ? hm_guest_write_shared(run->guest.machine, gpa, data, len)
		       : hm_guest_write(run->guest.machine, gpa, data, len);
}

void script_write(struct script_run *run, const struct script_cmd *cmd)
{
	uint8_t bytes[SCRIPT_MAX_DATA * sizeof(uint64_t)];
	size_t width = (size_t)cmd->arg[2];

	for (unsigned int i = 0; i < cmd->nr_data; i++) {
		/* little-endian host and guest: the low bytes come first */
		memcpy(bytes + i * width, &cmd->data[i], width);
	}
	script_say_access(run, cmd, store(run, cmd, cmd->arg[1], bytes, cmd->nr_data * width));
}

void script_fill(struct script_run *run, const struct script_cmd *cmd)
{
	uint8_t chunk[FILL_CHUNK];
	uint64_t left = cmd->arg[2];
	uint64_t gpa = cmd->arg[1];
	enum hm_access access = HM_OK;

	memset(chunk, (int)cmd->arg[3], sizeof(chunk));
	while (left > 0U && access == HM_OK) {
		size_t len = left < sizeof(chunk) ? (size_t)left : sizeof(chunk);

		access = store(run, cmd, gpa, chunk, len);
		gpa += len;
		left -= len;
	}
	script_say_access(run, cmd, access);
}

static bool repeats(const uint8_t *data, size_t at, size_t len)
{
	return at >= DUMP_COLUMNS && at + DUMP_COLUMNS < len &&
	       memcmp(data + at, data + at - DUMP_COLUMNS, DUMP_COLUMNS) == 0;
}

/* Lines like the one before, but for the last, are one '*'. */
static void dump(struct script_run *run, uint64_t gpa, const uint8_t *data, size_t len)
{
	bool starred = false;

	for (size_t at = 0; at < len; at += DUMP_COLUMNS) {
		if (repeats(data, at, len)) {
			script_say(run, "%s", starred ? "" : "  *\n");
			starred = true;
			continue;
		}
		starred = false;
		script_say(run, "  0x%" PRIx64 ":", gpa + at);
		for (size_t i = at; i < len && i < at + DUMP_COLUMNS; i++) {
			script_say(run, " %02x", data[i]);
		}
		script_say(run, "\n");
	}
}

void script_read(struct script_run *run, const struct script_cmd *cmd)
{
	struct script_last *last = &run->last;
	uint64_t gpa = cmd->arg[1];
	enum hm_access access;

	memset(last->data, 0, sizeof(last->data));
	last->nr_data = (size_t)cmd->arg[2];
	guest_select(&run->guest, (unsigned int)cmd->arg[0]);
	access = script_get(cmd, KEY_SHARED, 0U) != 0U
			 ? hm_guest_read_shared(run->guest.machine, gpa, last->data, last->nr_data)
			 : hm_guest_read(run->guest.machine, gpa, last->data, last->nr_data);
	last->nr_data = access == HM_OK ? last->nr_data : 0U;
	script_say_access(run, cmd, access);
	dump(run, gpa, last->data, last->nr_data);
}

void script_list(struct script_run *run, const struct script_cmd *cmd)
{
	const struct guest_list_header header = {
		.n = (uint16_t)script_get(cmd, KEY_N, cmd->nr_data),
		.next = (uint16_t)script_get(cmd, KEY_NEXT, 0U),
		.reserved = (uint32_t)script_get(cmd, KEY_RESERVED, 0U),
	};

	script_say_access(run, cmd,
			  guest_write_list(&run->guest, (unsigned int)cmd->arg[0], cmd->arg[1],
					   header, cmd->data, cmd->nr_data));
}

static const struct {
	enum script_key key;
	size_t offset;
} vmsa_fields[] = {
	{ KEY_EFER, offsetof(struct vmsa_page, efer) },
	{ KEY_FEATURES, offsetof(struct vmsa_page, sev_features) },
	{ KEY_RIP, offsetof(struct vmsa_page, rip) },
	{ KEY_RSP, offsetof(struct vmsa_page, rsp) },
	{ KEY_RAX, offsetof(struct vmsa_page, rax) },
	{ KEY_RCX, offsetof(struct vmsa_page, rcx) },
	{ KEY_RDX, offsetof(struct vmsa_page, rdx) },
	{ KEY_R8, offsetof(struct vmsa_page, r8) },
	{ KEY_R9, offsetof(struct vmsa_page, r9) },
	{ KEY_CR0, offsetof(struct vmsa_page, cr0) },
	{ KEY_CR3, offsetof(struct vmsa_page, cr3) },
	{ KEY_CR4, offsetof(struct vmsa_page, cr4) },
	{ KEY_RFLAGS, offsetof(struct vmsa_page, rflags) },
	{ KEY_CS_BASE, offsetof(struct vmsa_page, cs.base) },
	{ KEY_GUEST_VTOM, offsetof(struct vmsa_page, virtual_tom) },
	{ KEY_EXITCODE, offsetof(struct vmsa_page, guest_exitcode) },
};

void script_vmsa(struct script_run *run, const struct script_cmd *cmd)
{
	unsigned int vmpl = hm_config(run->guest.machine)->guest_vmpl;
	struct vmsa_page page;

	guest_default_vmsa(&page, (unsigned int)script_get(cmd, KEY_VMPL, vmpl));
	page.sev_features = hm_config(run->guest.machine)->sev_features;
	for (size_t i = 0; i < sizeof(vmsa_fields) / sizeof(vmsa_fields[0]); i++) {
		const struct script_value *value = script_find(cmd, vmsa_fields[i].key);

		if (value != NULL) {
			memcpy((uint8_t *)&page + vmsa_fields[i].offset, &value->a,
			       sizeof(value->a));
		}
	}
	script_say_access(run, cmd, store(run, cmd, cmd->arg[1], &page, sizeof(page)));
}

static void say_regs(struct script_run *run, const struct hm_regs *regs)
{
	const char *name = result_name(regs->rax);

	script_say(run,
		   " -> rax=0x%" PRIx64 "%s%s%s rcx=0x%" PRIx64 " rdx=0x%" PRIx64 " r8=0x%" PRIx64
		   " r9=0x%" PRIx64 "\n",
		   regs->rax, name == NULL ? "" : " (", name == NULL ? "" : name,
		   name == NULL ? "" : ")", regs->rcx, regs->rdx, regs->r8, regs->r9);
}

static enum script_status call_status(enum hm_call done)
{
	static const enum script_status status[] = {
		[HM_CALL_DONE] = STATUS_DONE,
		[HM_CALL_NOT_SERVED] = STATUS_NOT_SERVED,
		[HM_CALL_STOPPED] = STATUS_STOPPED,
		[HM_CALL_FAULT] = STATUS_FAULT,
	};

	return status[done];
}

/* pending= given: the store to SVSM_CALL_PENDING is the script's own, and nothing reads it back. */
static void call_raw(struct script_run *run, unsigned int vcpu, uint64_t ca, uint8_t pending)
{
	struct script_last *last = &run->last;

	guest_select(&run->guest, vcpu);
	if (hm_guest_write(run->guest.machine, ca, &pending, sizeof(pending)) != HM_OK) {
		last->status = STATUS_FAULT;
		return;
	}
	last->status = hm_vmgexit(run->guest.machine, &last->regs) == HM_RESUMED ? STATUS_RESUMED
										 : STATUS_STOPPED;
}

void script_call(struct script_run *run, const struct script_cmd *cmd)
{
	struct script_last *last = &run->last;
	const struct script_value *pending = script_find(cmd, KEY_PENDING);
	unsigned int vcpu = (unsigned int)cmd->arg[0];
	uint64_t ca = script_get(cmd, KEY_CA, run->guest.ca[vcpu]);
	enum hm_call done = HM_CALL_DONE;
	bool ok = true;

	last->vcpu = vcpu;
	last->list = script_get(cmd, KEY_RCX, 0U);
	last->regs = (struct hm_regs){
		.rax = cmd->arg[1],
		.rcx = last->list,
		.rdx = script_get(cmd, KEY_RDX, 0U),
		.r8 = script_get(cmd, KEY_R8, 0U),
		.r9 = script_get(cmd, KEY_R9, 0U),
		.rip = script_get(cmd, KEY_RIP, 0U),
		.rsp = script_get(cmd, KEY_RSP, 0U),
		.cr3 = script_get(cmd, KEY_CR3, 0U),
	};
	if (pending != NULL) {
		call_raw(run, vcpu, ca, (uint8_t)pending->a);
	} else {
		ok = guest_call(&run->guest, vcpu, ca, &last->regs, &done);
		last->status = call_status(done);
	}
	if (!ok) {
		script_refuse(run, cmd, REPLAY_NO_MACHINE, "no memory");
		return;
	}
	script_say_source(run, cmd);
	if (last->status == STATUS_DONE || last->status == STATUS_RESUMED) {
		say_regs(run, &last->regs);
	} else {
		script_say(run, " -> %s\n", script_status_word(last->status));
	}
}

void script_spurious(struct script_run *run, const struct script_cmd *cmd)
{
	const struct script_value *exitcode = script_find(cmd, KEY_EXITCODE);
	enum hm_exit got;

	guest_select(&run->guest, (unsigned int)cmd->arg[0]);
	got = exitcode == NULL ? hm_spurious_entry(run->guest.machine)
			       : hm_spurious_entry_after(run->guest.machine, exitcode->a);
	run->last.status = got == HM_RESUMED ? STATUS_RESUMED : STATUS_STOPPED;
	script_say_source(run, cmd);
	script_say(run, " -> %s\n", script_status_word(run->last.status));
}
