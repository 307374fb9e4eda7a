/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "steps.h"

#define LARGE_REGIONS 4U
#define SMALL_ENTRIES 256U
#define MIXED_ENTRIES 64U

/* Regions that a vCPU deposits page by page (its first small one) and whole (its last large ones).
 */
static struct layout_share small_part(const struct vcpu *v)
{
	struct layout_share share = layout_share(v->vm->layout.nr_small, v->index, v->vm->nr_vcpus);

	share.end = share.first < share.end ? share.first + 1U : share.end;
	return share;
}

static struct layout_share large_part(const struct vcpu *v)
{
	const struct layout *layout = &v->vm->layout;
	struct layout_share share =
		layout_share(layout->nr_regions - layout->nr_small, v->index, v->vm->nr_vcpus);

	share.first += layout->nr_small;
	share.end += layout->nr_small;
	if (share.end - share.first > LARGE_REGIONS) {
		share.first = share.end - LARGE_REGIONS;
	}
	return share;
}

enum page_flag {
	AT_HOME,
	DEPOSITED,
	RETURNED, /* withdrawn, not looked at yet */
};

static _Atomic(uint8_t) *page_flag(const struct vcpu *v, uint64_t gpa)
{
	return &v->vm->deposited[gpa / GUEST_PAGE];
}

/* Set before the call: afterwards another vCPU may have withdrawn the page already. */
static void mark_deposited(const struct vcpu *v, uint64_t gpa, unsigned int pages)
{
	for (unsigned int i = 0; i < pages; i++) {
		atomic_store_explicit(page_flag(v, gpa + i * GUEST_PAGE), DEPOSITED,
				      memory_order_relaxed);
	}
}

static void take_back(struct vcpu *v, uint64_t gpa, enum page_flag becomes)
{
	const uint64_t top = hm_boot_info(v->vm->machine)->ram_top;

	if (!vcpu_check(v, gpa % GUEST_PAGE == 0U && gpa < top, "withdrew no page", gpa)) {
		return;
	}
	if (becomes == AT_HOME) {
		vcpu_check_fresh(v, gpa);
	}
	/* pairs with flag_is(): the page is checked before its owner deposits it again */
	(void)vcpu_check(v,
			 atomic_exchange_explicit(page_flag(v, gpa), (uint8_t)becomes,
						  memory_order_acq_rel) == DEPOSITED,
			 "withdrew a page that was not deposited", gpa);
}

static bool flag_is(const struct vcpu *v, uint64_t gpa, enum page_flag flag)
{
	/* acquire: pairs with take_back() */
	return atomic_load_explicit(page_flag(v, gpa), memory_order_acquire) == flag;
}

/* One WITHDRAW_MEM with room for 510; how many pages came. They are checked by the caller. */
static unsigned int withdraw(struct vcpu *v, uint64_t pages[GUEST_LIST_MAX])
{
	const uint64_t at = vcpu_ca(v) + GUEST_CA_LIST;
	uint16_t count = 0U;

	if (!vcpu_call_ok(v, GUEST_WITHDRAW_MEM, at)) {
		return 0U;
	}
	if (hm_guest_read(v->vm->machine, at, &count, sizeof(count)) != HM_OK ||
	    count > GUEST_LIST_MAX ||
	    hm_guest_read(v->vm->machine, at + sizeof(uint64_t), pages, count * sizeof(pages[0])) !=
		    HM_OK) {
		vcpu_wrong(v, "vCPU %u: WITHDRAW_MEM left a list of %u", v->index, count);
		return 0U;
	}
	v->tally.pages += count;
	(void)atomic_fetch_add_explicit(&v->vm->pages_withdrawn, count, memory_order_relaxed);
	return count;
}

static unsigned int withdraw_as(struct vcpu *v, enum page_flag becomes)
{
	uint64_t pages[GUEST_LIST_MAX];
	const unsigned int count = withdraw(v, pages);

	for (unsigned int i = 0; i < count; i++) {
		take_back(v, pages[i], becomes);
	}
	return count;
}

/* As many pages as this vCPU put in, whoever's they were; fewer if there are none at the moment. */
static void withdraw_share(struct vcpu *v, struct layout_share part)
{
	const uint64_t wanted = (part.end - part.first) * GUEST_REGION_PAGES;
	uint64_t got = 0U;
	unsigned int count = wanted > 0U ? 1U : 0U;

	while (got < wanted && count > 0U) {
		count = withdraw_as(v, RETURNED);
		got += count;
	}
}

static uint64_t outstanding(const struct guest_vm *vm)
{
	return atomic_load_explicit(&vm->pages_deposited, memory_order_relaxed) -
	       atomic_load_explicit(&vm->pages_withdrawn, memory_order_relaxed);
}

/* 58019 section 6.7: the byte that tells the startup vCPU whether WITHDRAW_MEM would find pages. */
static void check_mem_available(struct vcpu *v, bool expected)
{
	const uint64_t ca = vcpu_ca(v);
	uint8_t available = 2U;

	vcpu_query(v);
	(void)vcpu_check(v,
			 hm_guest_read(v->vm->machine, ca + GUEST_CA_MEM_AVAILABLE, &available,
				       sizeof(available)) == HM_OK &&
				 available == (expected ? 1U : 0U),
			 "SVSM_MEM_AVAILABLE does not tell what is there", ca);
}

/* The pages of @part that other vCPUs, or this one, got back in the timed part. */
static void check_returned(struct vcpu *v, struct layout_share part)
{
	for (size_t i = part.first; i < part.end; i++) {
		for (uint64_t page = 0; page < GUEST_REGION_PAGES; page++) {
			const uint64_t gpa = v->vm->layout.region[i] + page * GUEST_PAGE;

			if (flag_is(v, gpa, RETURNED)) {
				vcpu_check_fresh(v, gpa);
				atomic_store_explicit(page_flag(v, gpa), AT_HOME,
						      memory_order_relaxed);
			}
		}
	}
}

/* After the vCPUs took their shares: nothing is lost, the rest comes too. */
static void verify_all_back(struct vcpu *v, struct layout_share part)
{
	check_returned(v, part);
	if (v->index != 0U) {
		return;
	}
	while (withdraw_as(v, AT_HOME) > 0U) {
	}
	if (outstanding(v->vm) != 0U) {
		vcpu_wrong(v, "vCPU 0: %" PRIu64 " deposited pages do not come back",
			   outstanding(v->vm));
	}
	check_mem_available(v, false);
}

static void verify_small_back(struct vcpu *v)
{
	verify_all_back(v, small_part(v));
}

static void verify_large_back(struct vcpu *v)
{
	verify_all_back(v, large_part(v));
}

static void verify_deposited(struct vcpu *v, struct layout_share part)
{
	for (size_t i = part.first; i < part.end; i++) {
		const uint64_t gpa =
			v->vm->layout.region[i] + vcpu_random(v, GUEST_REGION_PAGES) * GUEST_PAGE;

		vcpu_check_read(v, gpa, HM_NPF, "the guest can read a page it deposited");
		vcpu_check_write(v, gpa, HM_NPF, "the guest can write a page it deposited");
	}
	if (v->index == 0U) {
		check_mem_available(v, outstanding(v->vm) > 0U);
	}
}

static void deposit_small(struct vcpu *v)
{
	const struct layout_share part = small_part(v);
	uint64_t list[SMALL_ENTRIES];
	unsigned int n = 0U;

	for (size_t i = part.first; i < part.end; i++) {
		for (uint64_t page = 0; page < GUEST_REGION_PAGES; page++) {
			list[n] = v->vm->layout.region[i] + page * GUEST_PAGE;
			mark_deposited(v, list[n], 1U);
			n++;
			if (n == SMALL_ENTRIES) {
				vcpu_deposit(v, list, n);
				n = 0U;
			}
		}
	}
}

static void dirty_small(struct vcpu *v)
{
	const struct layout_share part = small_part(v);

	for (size_t i = part.first; i < part.end; i++) {
		for (uint64_t page = 0; page < GUEST_REGION_PAGES; page++) {
			vcpu_dirty(v, v->vm->layout.region[i] + page * GUEST_PAGE);
		}
	}
}

static void withdraw_small(struct vcpu *v)
{
	withdraw_share(v, small_part(v));
}

static void verify_deposited_small(struct vcpu *v)
{
	verify_deposited(v, small_part(v));
}

const struct step steps_deposit_small[2] = {
	{ "DEPOSIT_MEM", "4K, lists of 256", dirty_small, deposit_small, verify_deposited_small },
	{ "WITHDRAW_MEM", "up to 510, deposited as 4K", NULL, withdraw_small, verify_small_back },
};

static void deposit_large(struct vcpu *v)
{
	const struct layout_share part = large_part(v);
	uint64_t list[LARGE_REGIONS];
	unsigned int n = 0U;

	for (size_t i = part.first; i < part.end; i++) {
		list[n++] = v->vm->layout.region[i] | GUEST_ENTRY_2M;
		mark_deposited(v, v->vm->layout.region[i], GUEST_REGION_PAGES);
	}
	if (n > 0U) {
		vcpu_deposit(v, list, n);
	}
}

static void dirty_large(struct vcpu *v)
{
	const struct layout_share part = large_part(v);

	for (size_t i = part.first; i < part.end; i++) {
		vcpu_dirty(v, v->vm->layout.region[i] +
				      vcpu_random(v, GUEST_REGION_PAGES) * GUEST_PAGE);
	}
}

static void withdraw_large(struct vcpu *v)
{
	withdraw_share(v, large_part(v));
}

static void verify_deposited_large(struct vcpu *v)
{
	verify_deposited(v, large_part(v));
}

const struct step steps_deposit_large[2] = {
	{ "DEPOSIT_MEM", "2M, a list of up to 4", dirty_large, deposit_large,
	  verify_deposited_large },
	{ "WITHDRAW_MEM", "up to 510, deposited as 2M", NULL, withdraw_large, verify_large_back },
};

/* Its own pages that are at home. */
static unsigned int choose_pages(const struct vcpu *v, struct layout_share part,
				 uint64_t list[MIXED_ENTRIES])
{
	unsigned int n = 0U;

	for (size_t i = part.first; i < part.end; i++) {
		for (uint64_t page = 0; page < GUEST_REGION_PAGES && n < MIXED_ENTRIES; page++) {
			const uint64_t gpa = v->vm->layout.region[i] + page * GUEST_PAGE;

			if (flag_is(v, gpa, AT_HOME)) {
				list[n++] = gpa;
			}
		}
	}
	return n;
}

/* Deposits and withdrawals of all vCPUs meet in the depot. */
static void deposit_and_withdraw(struct vcpu *v)
{
	const struct layout_share part = small_part(v);
	uint64_t list[MIXED_ENTRIES];

	for (unsigned int i = 0; i < v->vm->scale.mixed_lists; i++) {
		const unsigned int n = choose_pages(v, part, list);

		for (unsigned int k = 0; k < n; k++) {
			mark_deposited(v, list[k], 1U);
		}
		if (n > 0U) {
			vcpu_deposit(v, list, n);
		}
		(void)withdraw_as(v, AT_HOME);
	}
}

const struct step steps_deposit_mixed[1] = {
	{ "DEPOSIT, WITHDRAW", "64 in, what is there out", NULL, deposit_and_withdraw,
	  verify_small_back },
};
