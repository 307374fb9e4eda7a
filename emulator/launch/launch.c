/* SPDX-License-Identifier: Apache-2.0 */
#include "launch.h"

#include <string.h>

#include "abi/vmsa_abi.h"
#include "host.h"
#include "launch_priv.h"
#include "psp_service.h"
#include "ram.h"

static struct launch_plan plan;
static struct launch_result loaded;

const struct launch_result *launch_get(void)
{
	return &loaded;
}

static void log_digest(const uint8_t digest[LAUNCH_DIGEST_BYTES])
{
	static const char digits[] = "0123456789abcdef";
	char text[2U * LAUNCH_DIGEST_BYTES + 1U];

	for (size_t i = 0; i < LAUNCH_DIGEST_BYTES; i++) {
		text[2U * i] = digits[digest[i] >> 4U];
		text[2U * i + 1U] = digits[digest[i] & 15U];
	}
	text[sizeof(text) - 1U] = '\0';
	host_log("launch digest: %s\n", text);
}

static void set_blob(struct launch_blob *blob, const struct launch_entry *entry)
{
	blob->data = plan.package + entry->data_offset;
	blob->bytes = entry->data_bytes;
}

static void take_entry(struct launch_result *result, const struct launch_entry *entry)
{
	struct launch_range *range;
	uint64_t features;

	switch (entry->type) {
	case LAUNCH_VMSA:
		result->boot_vmsa = gpa_make(entry->gpa);
		memcpy(&features,
		       plan.package + entry->data_offset + offsetof(struct vmsa_page, sev_features),
		       sizeof(features));
		result->sev_features = features;
		break;
	case LAUNCH_USABLE:
		range = &result->usable[result->nr_usable++];
		range->start = gpa_make(entry->gpa);
		range->bytes = entry->bytes;
		break;
	case LAUNCH_FW_KERNEL:
		set_blob(&result->kernel, entry);
		break;
	case LAUNCH_FW_INITRD:
		set_blob(&result->initrd, entry);
		break;
	case LAUNCH_FW_CMDLINE:
		set_blob(&result->cmdline, entry);
		break;
	default:
		break;
	}
}

static const struct launch_entry *find(uint32_t type)
{
	for (uint32_t i = 0; i < plan.header.nr_entries; i++) {
		if (plan.entries[i].type == type) {
			return &plan.entries[i];
		}
	}
	return NULL;
}

static bool start_psp(void)
{
	const struct launch_entry *roots = find(LAUNCH_PSP_ROOTS);

	if (roots == NULL
		    ? psp_service_init(NULL, 0)
		    : psp_service_init(plan.package + roots->data_offset, roots->data_bytes)) {
		return true;
	}
	host_log("launch package: the certificates of the security processor are malformed\n");
	return false;
}

/* The keys are the security processor's, which makes them when it knows the measurement. */
static bool finish(struct launch_result *result)
{
	const struct launch_entry *secrets = find(LAUNCH_SECRETS);

	if (!psp_service_launch(result, plan.header.policy, plan.header.seed,
				plan.header.host_data)) {
		host_log("launch: the security processor refuses policy %lx\n", plan.header.policy);
		return false;
	}
	if (secrets != NULL) {
		launch_fill_secrets(ram_pointer(gpa_make(secrets->gpa), EMU_PAGE_SIZE), result);
	}
	return true;
}

bool launch_load(const void *package, uint64_t bytes, struct launch_result *result)
{
	if (!launch_check(package, bytes, &plan)) {
		return false;
	}
	memset(result, 0, sizeof(*result));
	result->vmpl = plan.header.start_vmpl;
	result->irq_vmpl = plan.header.irq_vmpl;
	for (uint32_t i = 0; i < plan.header.nr_entries; i++) {
		take_entry(result, &plan.entries[i]);
	}
	if (!start_psp() || !launch_place(&plan, result->digest) || !finish(result)) {
		return false;
	}
	log_digest(result->digest);
	loaded = *result;
	return true;
}
