/* SPDX-License-Identifier: Apache-2.0 */
#include "layout.h"

#include <stdlib.h>

#include "guest_abi.h"

#define LOW_LIMIT (UINT64_C(2) << 30)
#define HIGH_START (UINT64_C(4) << 30)
#define PAGES_PER_VCPU 4U

static uint64_t boot_bytes(unsigned int vcpus)
{
	const uint64_t bytes = (uint64_t)vcpus * PAGES_PER_VCPU * GUEST_PAGE;

	return (bytes + GUEST_REGION - 1U) & ~(GUEST_REGION - 1U);
}

void layout_configure(struct hm_config *config, unsigned int vcpus, uint64_t memory)
{
	const uint64_t low = memory < LOW_LIMIT ? memory : LOW_LIMIT;

	config->ram[0] = (struct hm_range){ 0U, low };
	config->nr_ram = 1U;
	if (memory > low) {
		config->ram[1] = (struct hm_range){ HIGH_START, HIGH_START + memory - low };
		config->nr_ram = 2U;
	}
	config->valid[0] = (struct hm_range){ GUEST_REGION, GUEST_REGION + boot_bytes(vcpus) };
	config->nr_valid = 1U;
	config->startup_ca = GUEST_REGION;
}

static bool overlaps(const struct hm_range *range, uint64_t region)
{
	return region < range->end && region + GUEST_REGION > range->start;
}

static void collect(struct layout *layout, const struct hm_config *config)
{
	for (unsigned int i = 0; i < config->nr_ram; i++) {
		for (uint64_t gpa = config->ram[i].start; gpa < config->ram[i].end;
		     gpa += GUEST_REGION) {
			if (!overlaps(&layout->boot, gpa) && !overlaps(&config->svsm, gpa)) {
				layout->region[layout->nr_regions++] = gpa;
			}
		}
	}
}

bool layout_make(struct layout *layout, const struct hm_config *config)
{
	size_t most = 0U;

	for (unsigned int i = 0; i < config->nr_ram; i++) {
		most += (config->ram[i].end - config->ram[i].start) / GUEST_REGION;
	}
	*layout = (struct layout){ .boot = config->valid[0] };
	layout->region = most == 0U ? NULL : calloc(most, sizeof(layout->region[0]));
	if (layout->region == NULL) {
		return false;
	}
	collect(layout, config);
	layout->nr_small = (layout->nr_regions + 3U) / 4U;
	if (layout->nr_small < config->nr_vcpus) {
		layout->nr_small = config->nr_vcpus;
	}
	if (layout->nr_small > (layout->nr_regions + 1U) / 2U) {
		layout->nr_small = (layout->nr_regions + 1U) / 2U;
	}
	return layout->nr_regions > 0U;
}

void layout_free(struct layout *layout)
{
	free(layout->region);
	layout->region = NULL;
}

uint64_t layout_ca(const struct layout *layout, unsigned int vcpu, unsigned int which)
{
	return layout->boot.start +
	       ((uint64_t)vcpu * PAGES_PER_VCPU + UINT64_C(2) * which) * GUEST_PAGE;
}

uint64_t layout_vmsa(const struct layout *layout, unsigned int vcpu, unsigned int which)
{
	return layout_ca(layout, vcpu, which) + GUEST_PAGE;
}

struct layout_share layout_share(size_t total, unsigned int index, unsigned int vcpus)
{
	return (struct layout_share){ total * index / vcpus, total * (index + 1U) / vcpus };
}
