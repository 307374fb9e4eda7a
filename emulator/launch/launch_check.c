/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "abi/vmsa_abi.h"
#include "host.h"
#include "launch_priv.h"

#define VERSION 1U
/* The C-bit is at 39 or above. */
#define GPA_LIMIT (UINT64_C(1) << 39)
#define PERM_READ 0x01U
#define PERM_MASK 0x1fU
#define SEV_FEATURES_EMULATED VMSA_SEV_SNP
#define MAX_USABLE (sizeof(((struct launch_result *)0)->usable) / sizeof(struct launch_range))
#define MAX_REGIONS 8U

static bool bad(uint32_t index, const char *what)
{
	host_log("launch package: entry %u: %s\n", index, what);
	return false;
}

static bool all_zero(const void *data, size_t len)
{
	const uint8_t *bytes = data;
	uint8_t any = 0;

	for (size_t i = 0; i < len; i++) {
		any |= bytes[i];
	}
	return any == 0U;
}

static const char *header_error(const struct launch_header *header, uint64_t bytes)
{
	if (header->magic != LAUNCH_MAGIC || header->version != VERSION) {
		return "no launch package of version 1";
	}
	if (header->start_vmpl >= EMU_NR_VMPLS || header->irq_vmpl >= EMU_NR_VMPLS) {
		return "there are VMPLs 0 to 3 only";
	}
	if (!all_zero(header->reserved, sizeof(header->reserved))) {
		return "reserved bytes of the header are not zero";
	}
	if (header->nr_entries == 0U || header->nr_entries > LAUNCH_MAX_ENTRIES) {
		return "between 1 and 256 entries are possible";
	}
	if (header->nr_entries > (bytes - sizeof(*header)) / sizeof(struct launch_entry)) {
		return "the entries do not fit";
	}
	return NULL;
}

/* Has the entry [gpa, gpa+bytes)? */
static bool has_range(uint32_t type)
{
	return type == LAUNCH_RAM || type == LAUNCH_USABLE || launch_has_pages(type);
}

static bool may_have_data(uint32_t type)
{
	switch (type) {
	case LAUNCH_ROM:
	case LAUNCH_NORMAL:
	case LAUNCH_UNMEASURED:
	case LAUNCH_SECRETS:
	case LAUNCH_VMSA:
	case LAUNCH_SHARED:
	case LAUNCH_FW_KERNEL:
	case LAUNCH_FW_INITRD:
	case LAUNCH_FW_CMDLINE:
	case LAUNCH_PSP_ROOTS:
		return true;
	default:
		return false;
	}
}

static bool is_single_page(uint32_t type)
{
	return type == LAUNCH_SECRETS || type == LAUNCH_CPUID || type == LAUNCH_VMSA;
}

static const char *range_error(const struct launch_entry *entry)
{
	if (!has_range(entry->type)) {
		return entry->gpa != 0U || entry->bytes != entry->data_bytes
			       ? "an entry that is only data has an address, or more bytes than "
				 "data"
			       : NULL;
	}
	if (entry->bytes == 0U || ((entry->gpa | entry->bytes) & EMU_PAGE_MASK) != 0U) {
		return "address or size is not a multiple of 4096";
	}
	if (entry->bytes > GPA_LIMIT || entry->gpa > GPA_LIMIT - entry->bytes) {
		return "the range reaches beyond 39 address bits";
	}
	if (is_single_page(entry->type) && entry->bytes != EMU_PAGE_SIZE) {
		return "secrets, CPUID and VMSA are one page each";
	}
	return NULL;
}

static const char *data_error(const struct launch_entry *entry, uint64_t package_bytes)
{
	if (!may_have_data(entry->type)) {
		return entry->data_bytes != 0U || entry->data_offset != 0U
			       ? "an entry of this type has no data"
			       : NULL;
	}
	if (entry->data_offset > package_bytes ||
	    entry->data_bytes > package_bytes - entry->data_offset) {
		return "data outside the package";
	}
	if (entry->data_bytes > entry->bytes) {
		return "more data than bytes";
	}
	if (entry->type == LAUNCH_VMSA && entry->data_bytes != EMU_PAGE_SIZE) {
		return "the VMSA must be given completely";
	}
	return NULL;
}

static const char *field_error(const struct launch_entry *entry)
{
	if (entry->type < LAUNCH_RAM || entry->type > LAUNCH_PSP_ROOTS) {
		return "unknown type";
	}
	if (entry->flags != 0U || entry->reserved != 0U || entry->reserved2 != 0U) {
		return "flags or reserved fields are not zero";
	}
	for (unsigned int vmpl = 0; vmpl < EMU_NR_VMPLS; vmpl++) {
		if ((entry->perms[vmpl] & ~PERM_MASK) != 0U) {
			return "permissions have five bits";
		}
	}
	return NULL;
}

/* The boot VMSA as VMRUN would take it (rmp-semantics 7.1, 7.4, 7.6), and not where hardware has
 * its erratum (7.7). */
static const char *vmsa_error(const struct launch_plan *plan, const struct launch_entry *entry)
{
	struct vmsa_page vmsa;

	memcpy(&vmsa, plan->package + entry->data_offset, sizeof(vmsa));
	if (vmsa.vmpl != plan->header.start_vmpl) {
		return "the VMSA is not of the VMPL to start at";
	}
	if ((vmsa.efer & VMSA_EFER_SVME) == 0U) {
		return "EFER.SVME of the VMSA is clear";
	}
	if (vmsa.sev_features != SEV_FEATURES_EMULATED) {
		return "SEV_FEATURES of the VMSA must be 1: nothing else is emulated";
	}
	if ((entry->gpa & EMU_LARGE_MASK) == 0U) {
		return "a VMSA must not be aligned to 2 MiB";
	}
	if (((entry->perms[1] | entry->perms[2] | entry->perms[3]) & ~PERM_READ) != 0U) {
		return "a VMSA may be readable for lower VMPLs, no more";
	}
	return NULL;
}

static bool check_entry(const struct launch_plan *plan, uint32_t index, uint64_t package_bytes)
{
	const struct launch_entry *entry = &plan->entries[index];
	const char *error = field_error(entry);

	if (error == NULL) {
		error = range_error(entry);
	}
	if (error == NULL) {
		error = data_error(entry, package_bytes);
	}
	if (error == NULL && entry->type == LAUNCH_VMSA) {
		error = vmsa_error(plan, entry);
	}
	return error == NULL || bad(index, error);
}

static unsigned int count(const struct launch_plan *plan, uint32_t type)
{
	unsigned int n = 0;

	for (uint32_t i = 0; i < plan->header.nr_entries; i++) {
		n += plan->entries[i].type == type ? 1U : 0U;
	}
	return n;
}

static bool check_counts(const struct launch_plan *plan)
{
	const char *error = NULL;

	if (count(plan, LAUNCH_VMSA) != 1U) {
		error = "there must be exactly one VMSA";
	} else if (count(plan, LAUNCH_RAM) == 0U ||
		   count(plan, LAUNCH_RAM) + count(plan, LAUNCH_ROM) > MAX_REGIONS) {
		error = "there must be between 1 and 8 ranges of RAM and ROM";
	} else if (count(plan, LAUNCH_USABLE) > MAX_USABLE) {
		error = "there are more than 8 usable ranges";
	} else if (count(plan, LAUNCH_SECRETS) > 1U || count(plan, LAUNCH_PSP_ROOTS) > 1U) {
		error = "there is one secrets page and one set of certificates";
	} else if (count(plan, LAUNCH_FW_KERNEL) > 1U || count(plan, LAUNCH_FW_INITRD) > 1U ||
		   count(plan, LAUNCH_FW_CMDLINE) > 1U) {
		error = "fw_cfg shows one kernel, initrd and command line";
	}
	if (error != NULL) {
		host_log("launch package: %s\n", error);
	}
	return error == NULL;
}

/* Memory that QEMU provides and the emulator does not keep for itself. */
static bool in_host_ram(const struct launch_entry *entry)
{
	const struct host_boot *boot = host_boot();

	for (unsigned int i = 0; i < boot->nr_ram; i++) {
		const uint64_t start = boot->ram[i].start.raw;

		if (entry->gpa >= start && entry->bytes <= boot->ram[i].bytes &&
		    entry->gpa - start <= boot->ram[i].bytes - entry->bytes) {
			return true;
		}
	}
	return false;
}

static bool in_entry(const struct launch_plan *plan, uint32_t type, uint64_t start, uint64_t end)
{
	for (uint32_t i = 0; i < plan->header.nr_entries; i++) {
		const struct launch_entry *entry = &plan->entries[i];

		if (entry->type == type && start >= entry->gpa && end <= launch_end(entry)) {
			return true;
		}
	}
	return false;
}

static bool check_place(const struct launch_plan *plan, uint32_t index)
{
	const struct launch_entry *entry = &plan->entries[index];

	if (entry->type == LAUNCH_RAM && !in_host_ram(entry)) {
		host_log("launch package: entry %u: the machine has no free memory at %lx..%lx\n",
			 index, entry->gpa, launch_end(entry));
		return false;
	}
	if (entry->type == LAUNCH_USABLE &&
	    (!in_entry(plan, LAUNCH_RAM, entry->gpa, entry->gpa + EMU_PAGE_SIZE) ||
	     !in_entry(plan, LAUNCH_RAM, launch_end(entry) - EMU_PAGE_SIZE, launch_end(entry)))) {
		return bad(index, "a usable range does not begin and end in RAM");
	}
	if (launch_has_pages(entry->type) && entry->type != LAUNCH_ROM &&
	    !in_entry(plan, LAUNCH_RAM, entry->gpa, launch_end(entry))) {
		return bad(index, "pages outside RAM");
	}
	return true;
}

/* RAM and ROM are disjoint, and so are pages that are placed, and usable ranges. */
static bool may_not_overlap(uint32_t a, uint32_t b)
{
	if (a == LAUNCH_RAM || b == LAUNCH_RAM) {
		return (a == LAUNCH_RAM || a == LAUNCH_ROM) && (b == LAUNCH_RAM || b == LAUNCH_ROM);
	}
	if (a == LAUNCH_USABLE || b == LAUNCH_USABLE) {
		return a == b;
	}
	return launch_has_pages(a) && launch_has_pages(b);
}

static bool check_overlap(const struct launch_plan *plan, uint32_t index)
{
	const struct launch_entry *entry = &plan->entries[index];

	for (uint32_t i = 0; i < index; i++) {
		const struct launch_entry *other = &plan->entries[i];

		if (may_not_overlap(entry->type, other->type) && launch_overlap(entry, other)) {
			host_log("launch package: entries %u and %u overlap\n", i, index);
			return false;
		}
	}
	return true;
}

bool launch_check(const void *package, uint64_t bytes, struct launch_plan *plan)
{
	const char *error = "it is shorter than its header";

	plan->package = package;
	if (bytes >= sizeof(plan->header)) {
		memcpy(&plan->header, package, sizeof(plan->header));
		error = header_error(&plan->header, bytes);
	}
	if (error != NULL) {
		host_log("launch package: %s\n", error);
		return false;
	}
	memcpy(plan->entries, plan->package + sizeof(plan->header),
	       plan->header.nr_entries * sizeof(plan->entries[0]));
	for (uint32_t i = 0; i < plan->header.nr_entries; i++) {
		if (!check_entry(plan, i, bytes)) {
			return false;
		}
	}
	for (uint32_t i = 0; i < plan->header.nr_entries; i++) {
		if (!check_place(plan, i) || !check_overlap(plan, i)) {
			return false;
		}
	}
	return check_counts(plan);
}
