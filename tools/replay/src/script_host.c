/* SPDX-License-Identifier: Apache-2.0 */
#include "script_run.h"

#include <inttypes.h>

void script_psc(struct script_run *run, const struct script_cmd *cmd)
{
	enum svsm_page_size size = cmd->arg[3] != 0U ? SVSM_PAGE_2M : SVSM_PAGE_4K;

	script_say_ok(
		run, cmd,
		hm_psc(run->guest.machine, cmd->arg[0], cmd->arg[1], size, cmd->arg[2] != 0U));
}

void script_ap_create(struct script_run *run, const struct script_cmd *cmd)
{
	unsigned int vcpu = (unsigned int)cmd->arg[0];

	guest_ap_create(&run->guest, vcpu, cmd->arg[1]);
	run->guest.ca[vcpu] = script_get(cmd, KEY_CA, run->guest.ca[vcpu]);
	script_say_ok(run, cmd, true);
}

void script_ap_destroy(struct script_run *run, const struct script_cmd *cmd)
{
	hm_ap_destroy(run->guest.machine, (unsigned int)cmd->arg[0]);
	script_say_ok(run, cmd, true);
}

/* Refuses statements on addresses without RAM or ROM: there is no page to act on. */
static bool has_page(struct script_run *run, const struct script_cmd *cmd, uint64_t gpa)
{
	if (!guest_has_page(&run->guest, gpa)) {
		script_refuse(run, cmd, REPLAY_BAD_INPUT, "no RAM or ROM at this address");
		return false;
	}
	return true;
}

void script_steal(struct script_run *run, const struct script_cmd *cmd)
{
	if (!has_page(run, cmd, cmd->arg[0])) {
		return;
	}
	script_say_ok(
		run, cmd,
		hm_steal(run->guest.machine, cmd->arg[0], script_get(cmd, KEY_LEAVE, 0U) != 0U));
}

void script_remap(struct script_run *run, const struct script_cmd *cmd)
{
	const struct script_value *to = script_find(cmd, KEY_TO);
	struct hm_machine *m = run->guest.machine;
	uint64_t spn;

	if (!has_page(run, cmd, cmd->arg[0]) || (to != NULL && !has_page(run, cmd, to->a))) {
		return;
	}
	if (to != NULL) {
		spn = hm_spn(m, to->a);
	} else {
		uint64_t spare = script_get(cmd, KEY_SPARE, 0U);

		if (spare >= hm_config(m)->spare_pages) {
			script_refuse(run, cmd, REPLAY_BAD_INPUT,
				      "the machine has not so many spare pages");
			return;
		}
		spn = hm_spare_spn(m) + spare;
	}
	hm_remap(m, cmd->arg[0], spn);
	script_say_ok(run, cmd, true);
}

void script_inject(struct script_run *run, const struct script_cmd *cmd)
{
	static const enum hm_injected kinds[] = {
		HM_INJECT_PVALIDATE_FAULT, HM_INJECT_PVALIDATE_CODE, HM_INJECT_PVALIDATE_CARRY,
		HM_INJECT_RMPADJUST_FAULT, HM_INJECT_RMPADJUST_CODE, HM_INJECT_GUEST_READ,
		HM_INJECT_GUEST_WRITE,	   HM_INJECT_ZERO,	     HM_INJECT_VMSA_READ,
		HM_INJECT_VMSA_WRITE,	   HM_INJECT_VMSA_LOST,	     HM_INJECT_ALLOC,
	};
	_Static_assert(sizeof(kinds) / sizeof(kinds[0]) == HM_INJECT_NR,
		       "an injection has no word");

	run->last.inject_vcpu = (unsigned int)cmd->arg[0];
	run->last.inject = kinds[cmd->arg[1]];
	hm_inject(run->guest.machine, run->last.inject_vcpu, run->last.inject,
		  (unsigned int)script_get(cmd, KEY_NTH, 1U),
		  (uint32_t)script_get(cmd, KEY_VALUE, 0U));
	script_say_ok(run, cmd, true);
}

void script_idle(struct script_run *run, const struct script_cmd *cmd)
{
	guest_select(&run->guest, (unsigned int)cmd->arg[0]);
	hm_guest_idle(run->guest.machine);
	script_say_ok(run, cmd, true);
}

void script_flush(struct script_run *run, const struct script_cmd *cmd)
{
	guest_select(&run->guest, (unsigned int)cmd->arg[0]);
	hm_guest_flush(run->guest.machine);
	script_say_ok(run, cmd, true);
}

void script_judge(struct script_run *run, const struct script_cmd *cmd)
{
	uint64_t violations = guest_judge(&run->guest, run->options->err);

	script_say(run, "judge -> violations=%" PRIu64 "\n", violations);
	if (violations > 0U) {
		script_mismatch(run, cmd, "the judge found %" PRIu64 " violations", violations);
	}
}

static void print_state(struct script_run *run)
{
	for (unsigned int i = 0; i < run->guest.nr_vcpus; i++) {
		uint64_t vmsa = hm_running_vmsa(run->guest.machine, i);

		script_say(run, "vcpu %u: vmsa=0x%" PRIx64 " vmpl=%u ca=0x%" PRIx64 "\n", i, vmsa,
			   vmsa == 0U ? 0U : hm_running_vmpl(run->guest.machine, i),
			   run->guest.ca[i]);
	}
}

static void print_counters(struct script_run *run)
{
	struct hm_counters c;

	hm_counters(run->guest.machine, &c);
	script_say(run,
		   "counters: vmgexits=%" PRIu64 " pvalidate=%" PRIu64 " rmpadjust=%" PRIu64
		   " flush-global=%" PRIu64 " flush-local=%" PRIu64 " zero-4k=%" PRIu64
		   " zero-2m=%" PRIu64 " copies=%" PRIu64 " psmash=%" PRIu64 " npf=%" PRIu64 "\n",
		   c.vmgexits, c.pvalidate, c.rmpadjust, c.flush_global, c.flush_local, c.zero_4k,
		   c.zero_2m, c.guest_copies, c.psmash, c.npf);
}

void script_print(struct script_run *run, const struct script_cmd *cmd)
{
	if (cmd->arg[0] == PRINT_STATE) {
		print_state(run);
	} else if (cmd->arg[0] == PRINT_PSP) {
		script_print_psp(run);
	} else {
		print_counters(run);
	}
}

void script_rmp(struct script_run *run, const struct script_cmd *cmd)
{
	unsigned int size = 0;
	uint64_t word;

	if (!has_page(run, cmd, cmd->arg[0])) {
		return;
	}
	word = snpm_word(hm_rmp(run->guest.machine), hm_spn(run->guest.machine, cmd->arg[0]),
			 &size);
	script_say(run, "rmp 0x%" PRIx64 ":", cmd->arg[0]);
	script_say(run, " size=%s assigned=%u validated=%u vmsa=%u", size == 0U ? "4k" : "2m",
		   (word & SNPM_ASSIGNED) != 0U, (word & SNPM_VALIDATED) != 0U,
		   (word & SNPM_VMSA) != 0U);
	for (unsigned int vmpl = 1; vmpl < SVSM_NR_VMPLS; vmpl++) {
		script_say(run, " vmpl%u=0x%x", vmpl,
			   (unsigned int)((word >> SNPM_PERM_SHIFT(vmpl)) & SNPM_PERM_BITS));
	}
	script_say(run, "\n");
}

void script_echo(struct script_run *run, const struct script_cmd *cmd)
{
	script_say(run, "%.*s\n", (int)cmd->text.len, cmd->text.p);
}
