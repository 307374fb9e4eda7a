/* SPDX-License-Identifier: Apache-2.0 */
#include "script_run.h"

#include <inttypes.h>
#include <string.h>

static bool add_range(struct hm_range *ranges, unsigned int *nr, unsigned int max,
		      const struct script_value *value)
{
	if (*nr == max) {
		return false;
	}
	ranges[(*nr)++] = (struct hm_range){ .start = value->a, .end = value->b };
	return true;
}

static bool set_ranges(struct script_run *run, const struct script_value *value)
{
	struct hm_config *config = &run->config;

	switch (value->key) {
	case KEY_RAM:
		return add_range(config->ram, &config->nr_ram, HM_MAX_RANGES, value);
	case KEY_ROM:
		return add_range(config->rom, &config->nr_rom,
				 sizeof(config->rom) / sizeof(config->rom[0]), value);
	case KEY_SVSM:
		config->svsm = (struct hm_range){ .start = value->a, .end = value->b };
		return true;
	case KEY_VALID:
		run->valid_default = value->a == SCRIPT_VALID_ALL;
		if (value->a == SCRIPT_VALID_ALL || value->a == SCRIPT_VALID_NONE) {
			config->nr_valid = 0;
			return true;
		}
		return add_range(config->valid, &config->nr_valid, HM_MAX_RANGES, value);
	default:
		return true;
	}
}

static void set_switches(struct hm_config *config, const struct script_value *value)
{
	bool on = value->a != 0U;

	switch (value->key) {
	case KEY_RMP:
		config->rmp_4k = on;
		break;
	case KEY_VTOM:
		config->vtom_supported = on;
		break;
	case KEY_VMSA_STORE:
		config->vmsa_store_lost = on;
		break;
	case KEY_INVLPGB:
		config->no_invlpgb = !on;
		break;
	case KEY_U3:
		config->switches.u3_inuse_is_npf = on;
		break;
	case KEY_U4:
		config->switches.u4_identity_keeps = on;
		break;
	case KEY_U6:
		config->switches.u6_vmrun_needs_valid = on;
		break;
	case KEY_U7:
		config->switches.u7_reject_odd_masks = on;
		break;
	default:
		break;
	}
}

static void set_psp(struct hm_config *config, const struct script_value *value)
{
	switch (value->key) {
	case KEY_PSP:
		config->psp = value->a != 0U;
		break;
	case KEY_REPORT_VERSION:
		config->psp_config.report_version = (unsigned int)value->a;
		break;
	case KEY_PSP_US:
		config->psp_ns = value->a * 1000U;
		break;
	case KEY_POLICY:
		config->psp_config.policy = value->a;
		break;
	case KEY_SECRETS:
		config->secrets_gpa = value->a;
		break;
	default:
		break;
	}
}

static void set_numbers(struct hm_config *config, const struct script_value *value)
{
	switch (value->key) {
	case KEY_VCPUS:
		config->nr_vcpus = (unsigned int)value->a;
		break;
	case KEY_VMPL:
		config->guest_vmpl = (unsigned int)value->a;
		break;
	case KEY_CA:
		config->startup_ca = value->a;
		break;
	case KEY_FEATURES:
		config->sev_features = value->a;
		break;
	case KEY_PHYS_BITS:
		config->phys_bits = (unsigned int)value->a;
		break;
	case KEY_BUDGET_ENTRIES:
		config->budget_entries = (unsigned int)value->a;
		break;
	case KEY_BUDGET_PAGES:
		config->budget_pages = (unsigned int)value->a;
		break;
	case KEY_SPARE_PAGES:
		config->spare_pages = (unsigned int)value->a;
		break;
	case KEY_SEED:
		config->seed = value->a;
		break;
	default:
		break;
	}
}

void script_machine(struct script_run *run, const struct script_cmd *cmd)
{
	for (unsigned int i = 0; i < cmd->nr_values; i++) {
		if (!set_ranges(run, &cmd->value[i])) {
			script_refuse(run, cmd, REPLAY_BAD_INPUT, "too many ranges of one kind");
			return;
		}
		set_switches(&run->config, &cmd->value[i]);
		set_numbers(&run->config, &cmd->value[i]);
		set_psp(&run->config, &cmd->value[i]);
	}
	for (unsigned int i = 0; i < cmd->nr_data && i < HM_MAX_VCPUS; i++) {
		run->apic_ids[i] = (uint32_t)cmd->data[i];
		run->config.apic_ids = run->apic_ids;
		run->nr_apic_ids = cmd->nr_data;
	}
}

void script_boot(struct script_run *run, const struct script_cmd *cmd)
{
	struct hm_config *config = &run->config;

	if (config->apic_ids != NULL &&
	    run->nr_apic_ids != (config->nr_vcpus == 0U ? 1U : config->nr_vcpus)) {
		script_refuse(run, cmd, REPLAY_BAD_INPUT,
			      "apic-ids= must name one id for each vCPU");
		return;
	}
	if (config->nr_ram == 0U) {
		config->ram[config->nr_ram++] =
			(struct hm_range){ .start = 0, .end = UINT64_C(512) << 20 };
	}
	if (run->valid_default && config->nr_valid == 0U) {
		memcpy(config->valid, config->ram, sizeof(config->valid));
		config->nr_valid = config->nr_ram;
	}
	if (!guest_start(&run->guest, config)) {
		script_refuse(run, cmd, REPLAY_NO_MACHINE, "the machine could not start");
		return;
	}
	run->booted = true;
	script_say(
		run, "boot: vcpus=%u vmpl=%u ca=0x%" PRIx64 " svsm=0x%" PRIx64 "-0x%" PRIx64 "\n",
		run->guest.nr_vcpus, hm_config(run->guest.machine)->guest_vmpl, run->guest.ca[0],
		hm_config(run->guest.machine)->svsm.start, hm_config(run->guest.machine)->svsm.end);
}
