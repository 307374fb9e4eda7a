/* SPDX-License-Identifier: Apache-2.0 */
#include "ownmap.h"
#include "rig.h"

#define REGION (4U * MIB)
#define OTHER (6U * MIB)
#define INDEX (5U * PAGE)

static struct hm_config large_pages(void)
{
	struct hm_config config = rig_config(2);

	config.rmp_4k = false;
	return config;
}

static uint64_t large(struct rig *r, uint64_t flags)
{
	return rig_one(r, 0, PVALIDATE, REGION | SVSM_PAGE_2M | flags);
}

/*
 * The region of @page has a leaf from here on, of which nothing but the map knows: a rescind that
 * is refused before it changed anything.
 */
static void split(struct rig *r, uint64_t page)
{
	hm_inject(r->m, 0, HM_INJECT_RMPADJUST_CODE, 1, ARCH_RMP_FAIL_PERMISSION);
	assert_int_equal(rig_one(r, 0, PVALIDATE, page),
			 SVSM_ERR_PROTOCOL_BASE + ARCH_RMP_FAIL_PERMISSION);
}

/*
 * vCPU 1, about to change a page's state in the leaf of the region, is stopped with the leaf looked
 * up. A 2 MiB rescind makes the region uniform again and the leaf goes.
 */
static void lose_leaf(struct rig *r, uint64_t entry)
{
	const struct hm_regs regs = rig_one_regs(r, 1, PVALIDATE, entry);

	split(r, REGION + INDEX);
	assert_true(rig_freeze(r, 1, ARCH_POINT_LEAF_LOOKUP, 1, &regs));
	assert_int_equal(large(r, 0), SVSM_SUCCESS);
}

/* A8: the leaf is not used for another region while a reader may hold it (architecture 4). */
static void test_reuse(void **state)
{
	const struct hm_config config = large_pages();
	struct rig r;
	uint64_t rax;

	(void)state;
	rig_start(&r, &config);
	rig_boot_all(&r);
	lose_leaf(&r, REGION + INDEX);
	split(&r, OTHER + INDEX);
	rax = rig_thaw(&r, 1);
	attack_check(rax == SVSM_ERR_BUSY, "A8: a page of another region was claimed (%jx)",
		     (uintmax_t)rax);
	assert_int_equal(rig_one(&r, 0, PVALIDATE, OTHER + INDEX), SVSM_SUCCESS);
	assert_int_equal(large(&r, SVSM_PV_VALIDATE), SVSM_SUCCESS);
	rig_stop(&r);
}

/* A8: nothing in a retired leaf can be claimed (ownmap.h, M3). */
static void test_stale_claim(void **state)
{
	const struct hm_config config = large_pages();
	struct rig r;
	uint64_t rax;

	(void)state;
	rig_start(&r, &config);
	rig_boot_all(&r);
	lose_leaf(&r, REGION + INDEX + SVSM_PV_VALIDATE);
	rax = rig_thaw(&r, 1);
	attack_check(rax == SVSM_ERR_BUSY, "A8: a page was claimed in a retired leaf (%jx)",
		     (uintmax_t)rax);
	assert_int_equal(large(&r, SVSM_PV_VALIDATE), SVSM_SUCCESS);
	rig_stop(&r);
}

#define CYCLES 170U

/*
 * A8: a vCPU stopped inside an epoch section costs a bounded number of leaves and stops nobody:
 * more regions are merged meanwhile than leaves may wait.
 */
static void test_bounded(void **state)
{
	const struct hm_config config = large_pages();
	uint64_t before;
	struct rig r;

	(void)state;
	rig_start(&r, &config);
	rig_boot_all(&r);
	lose_leaf(&r, REGION + INDEX);
	before = svsm_map_leaves();
	for (unsigned int i = 0; i < CYCLES; i++) {
		assert_int_equal(large(&r, SVSM_PV_VALIDATE), SVSM_SUCCESS);
		split(&r, REGION + INDEX);
		assert_int_equal(large(&r, 0), SVSM_SUCCESS);
	}
	assert_in_range(svsm_map_leaves(), before, before + 4U * 32U + 1U);
	assert_int_equal(rig_thaw(&r, 1), SVSM_ERR_BUSY);
	for (unsigned int i = 0; i < CYCLES; i++) {
		assert_int_equal(large(&r, SVSM_PV_VALIDATE), SVSM_SUCCESS);
		split(&r, REGION + INDEX);
		assert_int_equal(large(&r, 0), SVSM_SUCCESS);
	}
	assert_in_range(svsm_map_leaves(), before, before + 4U * 32U + 1U);
	rig_stop(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stale_claim),
		cmocka_unit_test(test_reuse),
		cmocka_unit_test(test_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
