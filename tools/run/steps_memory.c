/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "steps.h"

#define SAMPLES 64U
#define HOST_GARBAGE UINT64_C(0x6761726261676521)
#define LIST_CONVERT 64U
#define LARGE_PER_LIST 8U
#define LARGE_REGIONS 16U
#define ALL_REGIONS (SIZE_MAX / 2U)

enum change { ACCEPT, RESCIND, VALIDATE };

/* Entries of one list, with what goes with it at the host. */
struct batch {
	struct vcpu *v;
	enum change change;
	enum svsm_page_size size;
	unsigned int max; /* entries per list */
	unsigned int count;
	uint64_t entry[GUEST_LIST_MAX];
};

static struct layout_share small_share(const struct vcpu *v)
{
	return layout_share(v->vm->layout.nr_small, v->index, v->vm->nr_vcpus);
}

static struct layout_share large_share(const struct vcpu *v)
{
	const struct layout *layout = &v->vm->layout;
	struct layout_share share =
		layout_share(layout->nr_regions - layout->nr_small, v->index, v->vm->nr_vcpus);

	share.first += layout->nr_small;
	share.end += layout->nr_small;
	return share;
}

static uint64_t address(uint64_t entry)
{
	return entry & ~(GUEST_PAGE - 1U);
}

/* A page somewhere in the batch. */
static uint64_t sample(struct batch *b)
{
	uint64_t gpa = address(b->entry[vcpu_random(b->v, b->count)]);

	if (b->size == SVSM_PAGE_2M) {
		gpa += vcpu_random(b->v, GUEST_REGION_PAGES) * GUEST_PAGE;
	}
	return gpa;
}

static void page_state(struct batch *b, bool to_private)
{
	for (unsigned int i = 0; i < b->count; i++) {
		if (!hm_psc(b->v->vm->machine, address(b->entry[i]), 1U, b->size, to_private)) {
			vcpu_wrong(b->v, "vCPU %u: the host refused a page state change",
				   b->v->index);
		}
	}
}

/* Rescind, then tell the host; the other way round for pages that come back. */
static void rescind_batch(struct batch *b)
{
	const uint64_t gpa = sample(b);

	vcpu_dirty(b->v, gpa);
	vcpu_pvalidate(b->v, b->entry, b->count);
	vcpu_check_read(b->v, gpa, HM_VC_404, "a rescinded page does not fault");
	page_state(b, false);
	vcpu_check_shared(b->v, gpa);
	vcpu_check_read(b->v, gpa, HM_NPF, "a shared page does not fault for a private read");
}

static void flush_batch(struct batch *b)
{
	if (b->count == 0U) {
		return;
	}
	if (b->change == RESCIND) {
		rescind_batch(b);
	} else {
		page_state(b, true);
		vcpu_pvalidate(b->v, b->entry, b->count);
		if (b->change == VALIDATE) {
			vcpu_check_fresh(b->v, sample(b));
		}
	}
	b->count = 0U;
}

static void batch_add(struct batch *b, uint64_t gpa)
{
	b->entry[b->count++] = gpa | (b->size == SVSM_PAGE_2M ? GUEST_ENTRY_2M : 0U) |
			       (b->change == RESCIND ? 0U : GUEST_ENTRY_VALIDATE);
	if (b->count == b->max) {
		flush_batch(b);
	}
}

static void change_small(struct vcpu *v, enum change change, unsigned int per_list, size_t regions)
{
	const struct layout_share share = small_share(v);
	struct batch b = { .v = v, .change = change, .size = SVSM_PAGE_4K, .max = per_list };

	for (size_t i = share.first; i < share.end && i < share.first + regions; i++) {
		for (uint64_t page = 0; page < GUEST_REGION_PAGES; page++) {
			batch_add(&b, v->vm->layout.region[i] + page * GUEST_PAGE);
		}
	}
	flush_batch(&b);
}

static void change_large(struct vcpu *v, enum change change, unsigned int per_list, size_t regions)
{
	const struct layout_share share = large_share(v);
	struct batch b = { .v = v, .change = change, .size = SVSM_PAGE_2M, .max = per_list };

	for (size_t i = share.first; i < share.end && i < share.first + regions; i++) {
		batch_add(&b, v->vm->layout.region[i]);
	}
	flush_batch(&b);
}

/*
 * The host has used every page before, so that one that the SVSM does not zero is seen. It also
 * makes the kernel back the pages now: a host of SNP guests has them pinned, and the measurement is
 * not about page faults of this process.
 */
static void host_garbage(struct vcpu *v, struct layout_share share)
{
	static const uint64_t garbage = HOST_GARBAGE;

	for (size_t i = share.first; i < share.end; i++) {
		for (uint64_t page = 0; page < GUEST_REGION_PAGES; page++) {
			const uint64_t gpa = v->vm->layout.region[i] + page * GUEST_PAGE;
			const uint64_t at = gpa / GUEST_PAGE % GUEST_REGION_PAGES * sizeof(garbage);
			unsigned char *bytes =
				hm_system_page(v->vm->machine, hm_spn(v->vm->machine, gpa));

			memcpy(bytes + at, &garbage, sizeof(garbage));
		}
	}
}

static void prepare_small(struct vcpu *v)
{
	host_garbage(v, small_share(v));
}

static void prepare_large(struct vcpu *v)
{
	host_garbage(v, large_share(v));
}

static void accept_small(struct vcpu *v)
{
	change_small(v, ACCEPT, GUEST_LIST_MAX, ALL_REGIONS);
}

static void accept_large(struct vcpu *v)
{
	change_large(v, ACCEPT, GUEST_LIST_MAX, ALL_REGIONS);
}

static void verify_accepted(struct vcpu *v, struct layout_share share)
{
	for (unsigned int i = 0; i < SAMPLES && share.first < share.end; i++) {
		const size_t region = share.first + vcpu_random(v, share.end - share.first);
		const uint64_t gpa = v->vm->layout.region[region] +
				     vcpu_random(v, GUEST_REGION_PAGES) * GUEST_PAGE;
		uint64_t word = 0U;

		/* Sampled before: it holds what this vCPU wrote. */
		if (hm_guest_read(v->vm->machine, gpa, &word, sizeof(word)) != HM_OK ||
		    word != (gpa | 1U)) {
			vcpu_check_fresh(v, gpa);
		}
	}
}

static void verify_small(struct vcpu *v)
{
	verify_accepted(v, small_share(v));
}

static void verify_large(struct vcpu *v)
{
	verify_accepted(v, large_share(v));
}

const struct step steps_accept[2] = {
	{ "PVALIDATE", "accept, 4K, lists of 510", prepare_small, accept_small, verify_small },
	{ "PVALIDATE", "accept, 2M, lists up to 510", prepare_large, accept_large, verify_large },
};

/* As Linux shares its decrypted data early in boot: 512 calls of one entry. */
static void rescind_single(struct vcpu *v)
{
	change_small(v, RESCIND, 1U, 1U);
}

static void validate_single(struct vcpu *v)
{
	change_small(v, VALIDATE, 1U, 1U);
}

const struct step steps_single[2] = {
	{ "PVALIDATE", "to shared, 4K, one entry", NULL, rescind_single, NULL },
	{ "PVALIDATE", "to private, 4K, one entry", NULL, validate_single, NULL },
};

static void rescind_list(struct vcpu *v)
{
	change_small(v, RESCIND, LIST_CONVERT, 1U);
}

static void validate_list(struct vcpu *v)
{
	change_small(v, VALIDATE, LIST_CONVERT, 1U);
}

const struct step steps_list[2] = {
	{ "PVALIDATE", "to shared, 4K, lists of 64", NULL, rescind_list, NULL },
	{ "PVALIDATE", "to private, 4K, lists of 64", NULL, validate_list, NULL },
};

static void rescind_large(struct vcpu *v)
{
	change_large(v, RESCIND, LARGE_PER_LIST, LARGE_REGIONS);
}

static void validate_large(struct vcpu *v)
{
	change_large(v, VALIDATE, LARGE_PER_LIST, LARGE_REGIONS);
}

const struct step steps_large[2] = {
	{ "PVALIDATE", "to shared, 2M, lists of 8", NULL, rescind_large, NULL },
	{ "PVALIDATE", "to private, 2M, lists of 8", NULL, validate_large, NULL },
};
