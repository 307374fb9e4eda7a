/* SPDX-License-Identifier: Apache-2.0 */
#include "depot.h"

#include <string.h>

#include "core_fixture.h"

#define START (4U * MIB)
#define PAGES 2000U

static bool seen[PAGES];

static void note(void *ctx, gpa_t page)
{
	const uint64_t index = (page.raw - START) >> SVSM_PAGE_SHIFT;

	assert_in_range(index, 0, PAGES - 1U);
	assert_int_equal(gpa_offset(page), 0);
	assert_false(seen[index]);
	seen[index] = true;
	(*(unsigned int *)ctx)++;
}

static unsigned int walk(const struct svsm_depot *depot)
{
	unsigned int count = 0;

	memset(seen, 0, sizeof(seen));
	svsm_depot_walk(depot, note, &count);
	return count;
}

/* Everything that goes in comes out once, across the chunks of a chain (509 pages each). */
static void test_round_trip(void **state)
{
	static const unsigned int sizes[] = { 1, 2, 508, 509, 510, 511, 1019, 1020, 1021, PAGES };
	struct svsm_depot *depot = svsm_depot_deposited();
	gpa_t pages[7];

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		unsigned int left = sizes[i], count = 0, got;

		svsm_depot_put_run(depot, 3, gpa_make(START), sizes[i]);
		assert_int_equal(svsm_depot_pages(depot), sizes[i]);
		assert_int_equal(walk(depot), sizes[i]);
		memset(seen, 0, sizeof(seen));
		for (got = 1; got != 0U; left -= got) {
			got = svsm_depot_take(depot, 3, pages, 7);
			for (unsigned int k = 0; k < got; k++) {
				note(&count, pages[k]);
			}
		}
		assert_int_equal(left, 0);
		assert_int_equal(count, sizes[i]);
		assert_int_equal(svsm_depot_pages(depot), 0);
	}
}

/* Pages of all slots are found, whatever the hint; two depots do not mix. */
static void test_slots(void **state)
{
	struct svsm_depot *depot = svsm_depot_deposited();
	const uint64_t reserve = svsm_depot_pages(svsm_depot_reserve());
	static gpa_t pages[PAGES];
	unsigned int count = 0;

	(void)state;
	for (unsigned int i = 0; i < 3U * SVSM_DEPOT_SLOTS; i++) {
		const gpa_t page = gpa_make(START + i * PAGE);

		svsm_depot_put(depot, i, &page, 1);
	}
	assert_int_equal(walk(depot), 3U * SVSM_DEPOT_SLOTS);
	assert_int_equal(svsm_depot_take(depot, 17, pages, PAGES), 3U * SVSM_DEPOT_SLOTS);
	memset(seen, 0, sizeof(seen));
	for (unsigned int i = 0; i < 3U * SVSM_DEPOT_SLOTS; i++) {
		note(&count, pages[i]);
	}
	assert_int_equal(svsm_depot_take(depot, 17, pages, PAGES), 0);
	assert_int_equal(svsm_depot_pages(svsm_depot_reserve()), reserve);
}

/* The reserve of the boot: whole pages of the SVSM's range. */
static unsigned int reserve_pages;

static void note_reserve(void *ctx, gpa_t page)
{
	const struct svsm_boot_info *info = hm_boot_info(core_machine);

	(void)ctx;
	assert_true(page.raw >= info->arena.start && page.raw < info->arena.end);
	reserve_pages++;
}

static void test_reserve(void **state)
{
	(void)state;
	reserve_pages = 0;
	svsm_depot_walk(svsm_depot_reserve(), note_reserve, NULL);
	assert_int_equal(reserve_pages, svsm_depot_pages(svsm_depot_reserve()));
	/* mm.c: 64 pages and two for each vCPU */
	assert_true(reserve_pages >= 64U + 2U * CORE_CPUS);
	assert_int_equal(walk(svsm_depot_deposited()), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		core_test(test_round_trip),
		core_test(test_slots),
		core_test(test_reserve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
