/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_LAYOUT_H
#define RUN_LAYOUT_H

/*
 * The guest's memory: up to 2 GiB from 0 on, the rest from 4 GiB on. A boot range from 2 MiB on is
 * valid at launch and holds four pages per vCPU: two calling areas and two VMSAs, used in turn. All
 * other RAM but the SVSM's is accepted by the guest, in 2 MiB regions: the first quarter with 4 KiB
 * lists ("small"), the rest with 2 MiB lists ("large").
 */

#include "machine.h"

struct layout {
	struct hm_range boot;
	uint64_t *region; /* owns; ascending gPAs */
	size_t nr_regions;
	size_t nr_small; /* region[0..nr_small) */
};

/* Ranges of RAM, and of what is valid at launch, for @vcpus and @memory bytes. */
void layout_configure(struct hm_config *config, unsigned int vcpus, uint64_t memory);

/* After the machine has placed the SVSM. False if memory is missing or no region is left. */
bool layout_make(struct layout *layout, const struct hm_config *config);
void layout_free(struct layout *layout);

/* Pages of a vCPU in the boot range; @which is 0 or 1. A VMSA page is never 2 MiB aligned. */
uint64_t layout_ca(const struct layout *layout, unsigned int vcpu, unsigned int which);
uint64_t layout_vmsa(const struct layout *layout, unsigned int vcpu, unsigned int which);

/* The part of @total things that vCPU @index of @vcpus works on: contiguous, disjoint, complete. */
struct layout_share {
	size_t first, end;
};
struct layout_share layout_share(size_t total, unsigned int index, unsigned int vcpus);

#endif
