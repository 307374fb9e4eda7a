/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "fake_svsm.h"

static struct hm_machine *start(const struct hm_config *config)
{
	struct hm_machine *m = fake_machine(config);

	hm_bind(m, 0);
	return m;
}

static void stop(struct hm_machine *m)
{
	hm_unbind(m);
	hm_destroy(m);
}

/* rmp-semantics 6.3: order of the checks of a private access. */
static void test_permissions(void **state)
{
	struct hm_config config = fake_config();
	struct hm_machine *m = start(&config);
	uint64_t value = 0x1122334455667788U, back = 0;

	(void)state;
	assert_int_equal(hm_guest_write(m, 0x1ffc, &value, 8), HM_OK);
	assert_int_equal(hm_guest_read(m, 0x1ffc, &back, 8), HM_OK);
	assert_int_equal(back, value);
	assert_int_equal(hm_guest_read(m, FAKE_VALID, &back, 8), HM_VC_404);
	assert_int_equal(hm_guest_read(m, fake_boot_info.svsm.end - 8U, &back, 8), HM_NPF);
	assert_int_equal(hm_guest_read(m, FAKE_RAM, &back, 8), HM_NO_MEMORY);
	assert_int_equal(hm_guest_read(m, fake_boot_info.startup_vmsa.raw, &back, 8), HM_OK);
	assert_int_equal(hm_guest_write(m, fake_boot_info.startup_vmsa.raw, &value, 8), HM_NPF);
	assert_int_equal(hm_guest_read_shared(m, 0x1000, &back, 8), HM_NPF);
	assert_int_equal(hm_guest_write_shared(m, 0x1000, &back, 8), HM_NPF);
	stop(m);
}

/* rmp-semantics 6.13, 4.10: RMPADJUST does not flush; a machine that revokes at once cannot show a
 * missing flush. */
static void test_stale_until_global_flush(void **state)
{
	struct hm_config config = fake_config();
	uint64_t value = 1;

	(void)state;
	for (unsigned int instant = 0; instant < 2U; instant++) {
		struct hm_machine *m;
		enum hm_access stale = instant != 0U ? HM_NPF : HM_OK;

		config.instant_revoke = instant != 0U;
		m = start(&config);
		assert_int_equal(hm_guest_write(m, 0x3000, &value, 8), HM_OK);
		assert_int_equal(arch_rmpadjust(gpa_make(0x3000), SVSM_PAGE_4K, 2, 0, false).code,
				 ARCH_RMP_OK);
		assert_int_equal(hm_guest_write(m, 0x3000, &value, 8), stale);
		arch_flush_local(gpa_make(0x3000), SVSM_PAGE_4K);
		assert_int_equal(hm_guest_write(m, 0x3000, &value, 8), stale);
		arch_flush_global();
		assert_int_equal(hm_guest_write(m, 0x3000, &value, 8), HM_NPF);
		stop(m);
	}
}

static void test_guest_flush(void **state)
{
	struct hm_config config = fake_config();
	struct hm_machine *m = start(&config);
	uint64_t value;

	(void)state;
	assert_int_equal(hm_guest_read(m, 0x3000, &value, 8), HM_OK);
	assert_int_equal(arch_pvalidate(gpa_make(0x3000), SVSM_PAGE_4K, false).code, ARCH_RMP_OK);
	assert_int_equal(hm_guest_read(m, 0x3000, &value, 8), HM_OK);
	hm_guest_flush(m);
	assert_int_equal(hm_guest_read(m, 0x3000, &value, 8), HM_VC_404);
	stop(m);
}

/* An entry with read rights only does not serve a write. */
static void test_cached_read_is_no_write(void **state)
{
	struct hm_config config = fake_config();
	struct hm_machine *m = start(&config);
	uint64_t value = 0;

	(void)state;
	assert_int_equal(
		arch_rmpadjust(gpa_make(0x3000), SVSM_PAGE_4K, 2, SVSM_PERM_READ, false).code,
		ARCH_RMP_OK);
	assert_int_equal(hm_guest_read(m, 0x3000, &value, 8), HM_OK);
	assert_int_equal(hm_guest_write(m, 0x3000, &value, 8), HM_NPF);
	stop(m);
}

/*
 * A11: VMPL0 of this CPU has p -> S1 cached, the host maps p -> S2, which holds a secret. PVALIDATE
 * and RMPADJUST walk to S2, the zeroing uses the stale translation, and S2 is granted as it is.
 */
static void a11(struct hm_machine *m, bool flush, bool *leaked)
{
	gpa_t page = gpa_make(FAKE_VALID);
	uint64_t spn = hm_spare_spn(m);
	struct snpm_update update = { .gpn = page.raw >> SVSM_PAGE_SHIFT,
				      .assigned = true,
				      .asid = SNPM_ASID_GUEST };
	uint64_t secret = 0x5ec4e7, seen = 0;

	assert_int_equal(arch_pvalidate(page, SVSM_PAGE_4K, true).code, ARCH_RMP_OK);
	assert_true(arch_guest_read(&seen, page, sizeof(seen)));
	assert_int_equal(arch_pvalidate(page, SVSM_PAGE_4K, false).code, ARCH_RMP_OK);
	memcpy(hm_system_page(m, spn), &secret, sizeof(secret));
	assert_int_equal(snpm_rmpupdate(hm_rmp(m), spn, &update), 0);
	hm_remap(m, page.raw, spn);

	if (flush) {
		arch_flush_local(page, SVSM_PAGE_4K);
	}
	assert_int_equal(arch_pvalidate(page, SVSM_PAGE_4K, true).code, ARCH_RMP_OK);
	assert_true(arch_zero(page, SVSM_PAGE_4K, ARCH_ZERO_STOSB));
	arch_store_fence();
	assert_int_equal(arch_rmpadjust(page, SVSM_PAGE_4K, 2, SVSM_PERM_RWX, false).code,
			 ARCH_RMP_OK);
	assert_int_equal(hm_guest_read(m, page.raw, &seen, sizeof(seen)), HM_OK);
	*leaked = seen == secret;
}

static void test_a11_is_visible(void **state)
{
	struct hm_config config = fake_config();
	bool leaked;

	(void)state;
	for (unsigned int flush = 0; flush < 2U; flush++) {
		struct hm_machine *m = start(&config);

		a11(m, flush != 0U, &leaked);
		assert_int_equal(leaked, flush == 0U);
		stop(m);
	}
}

static void test_local_flush_of_region(void **state)
{
	struct hm_config config = fake_config();
	struct hm_machine *m = start(&config);
	uint64_t value;

	(void)state;
	assert_true(arch_guest_read(&value, gpa_make(0x7000), 8));
	hm_remap(m, 0x7000, hm_spare_spn(m));
	assert_true(arch_guest_read(&value, gpa_make(0x7000), 8));
	arch_flush_local(gpa_make(0), SVSM_PAGE_2M);
	/* the walk finds the spare page, which the host then assigns, unvalidated */
	assert_false(arch_guest_read(&value, gpa_make(0x7000), 8));
	stop(m);
}

struct zero_log {
	unsigned int pages, regions;
	uint64_t spare_hits, spare;
};

static void log_zero(void *ctx, const struct hm_event *event)
{
	struct zero_log *log = ctx;

	if (event->kind == HM_EV_ZERO) {
		log->pages += event->size == SVSM_PAGE_4K ? 1U : 0U;
		log->regions += event->size == SVSM_PAGE_2M ? 1U : 0U;
		log->spare_hits += event->spn == log->spare ? 1U : 0U;
	}
}

static void test_zero_methods(void **state)
{
	static unsigned char page[SVSM_PAGE_SIZE], zero[SVSM_PAGE_SIZE];
	struct hm_config config = fake_config();
	struct hm_machine *m = start(&config);

	(void)state;
	assert_true((arch_zero_methods() & (1U << ARCH_ZERO_STOSB)) != 0U);
	for (unsigned int method = 0; method < ARCH_ZERO_NR; method++) {
		memset(page, 0xa5, sizeof(page));
		assert_true(arch_guest_write(gpa_make(0x9000), page, sizeof(page)));
		assert_true(arch_guest_write(gpa_make(0xa000), page, 1));
		assert_true(
			arch_zero(gpa_make(0x9000), SVSM_PAGE_4K, (enum arch_zero_method)method));
		assert_true(arch_guest_read(page, gpa_make(0x9000), sizeof(page)));
		assert_memory_equal(page, zero, sizeof(page));
		assert_true(arch_guest_read(page, gpa_make(0xa000), 1));
		assert_int_equal(page[0], 0xa5);
	}
	stop(m);
}

static void test_zero_events(void **state)
{
	struct hm_config config = fake_config();
	struct hm_machine *m = start(&config);
	struct zero_log log = { .spare = hm_spare_spn(m) };
	struct snpm_update update = { .gpn = 5, .assigned = true, .asid = SNPM_ASID_GUEST };

	(void)state;
	hm_observe(m, log_zero, &log);
	assert_true(arch_zero(gpa_make(0), SVSM_PAGE_2M, ARCH_ZERO_NT));
	assert_int_equal(log.regions, 1);
	assert_int_equal(snpm_rmpupdate(hm_rmp(m), log.spare, &update), 0);
	hm_remap(m, 0x5000, log.spare);
	arch_flush_global();
	assert_int_equal(arch_pvalidate(gpa_make(0x5000), SVSM_PAGE_4K, true).code, ARCH_RMP_OK);
	assert_true(arch_zero(gpa_make(0), SVSM_PAGE_2M, ARCH_ZERO_NT));
	assert_int_equal(log.regions, 1);
	assert_int_equal(log.pages, SVSM_PAGES_PER_REGION);
	assert_int_equal(log.spare_hits, 1);
	stop(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_permissions),
		cmocka_unit_test(test_stale_until_global_flush),
		cmocka_unit_test(test_guest_flush),
		cmocka_unit_test(test_cached_read_is_no_write),
		cmocka_unit_test(test_a11_is_visible),
		cmocka_unit_test(test_local_flush_of_region),
		cmocka_unit_test(test_zero_methods),
		cmocka_unit_test(test_zero_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
