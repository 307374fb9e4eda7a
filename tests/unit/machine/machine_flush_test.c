/* SPDX-License-Identifier: Apache-2.0 */
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "fake_svsm.h"

#define ROUNDS 200U
#define PAGE UINT64_C(0x6000)

struct flush_run {
	struct hm_machine *m;
	atomic_bool stop;
	atomic_uint done; /* writers that made an access */
};

struct writer {
	struct flush_run *run;
	unsigned int index;
};

static void *write_forever(void *ctx)
{
	struct writer *writer = ctx;
	struct flush_run *run = writer->run;
	uint64_t value = 0xbad;
	bool first = true;

	hm_bind(run->m, writer->index);
	/* pairs with the end of the test */
	while (!atomic_load_explicit(&run->stop, memory_order_acquire)) {
		if (hm_guest_write(run->m, PAGE, &value, sizeof(value)) == HM_OK && first) {
			first = false;
			(void)atomic_fetch_add_explicit(&run->done, 1U, memory_order_relaxed);
		}
	}
	hm_unbind(run->m);
	return NULL;
}

/* A deposited page: revoked, flushed, then written plainly by VMPL0; nobody else may write it any
 * more. */
static void use_privately(struct hm_machine *m)
{
	uint64_t *word = arch_private_ptr(gpa_make(PAGE));

	(void)m;
	assert_int_equal(arch_rmpadjust(gpa_make(PAGE), SVSM_PAGE_4K, 2, 0, false).code,
			 ARCH_RMP_OK);
	arch_flush_global();
	*word = 0x600d;
	for (unsigned int i = 0; i < 200U; i++) {
		assert_int_equal(*word, 0x600d);
	}
	assert_true(arch_zero(gpa_make(PAGE), SVSM_PAGE_4K, ARCH_ZERO_STOSB));
	assert_int_equal(arch_rmpadjust(gpa_make(PAGE), SVSM_PAGE_4K, 2, SVSM_PERM_RWX, false).code,
			 ARCH_RMP_OK);
}

/* rmp-semantics 4.10: on return of the flush no access anywhere uses an older translation; both
 * means of flushing. */
static void flush_against_writers(bool no_invlpgb)
{
	struct hm_config config = fake_config();
	struct flush_run run = { .m = NULL };
	struct writer writers[3];
	pthread_t threads[3];
	struct hm_counters counters;

	config.no_invlpgb = no_invlpgb;
	run.m = fake_machine(&config);
	hm_bind(run.m, 0);
	for (unsigned int i = 0; i < 3U; i++) {
		fake_make_vmsa(run.m, 0x10000 + i * SVSM_PAGE_SIZE, 2);
		hm_ap_create(run.m, i + 1U, 0x10000 + i * SVSM_PAGE_SIZE);
		writers[i] = (struct writer){ &run, i + 1U };
		assert_int_equal(pthread_create(&threads[i], NULL, write_forever, &writers[i]), 0);
	}
	while (atomic_load_explicit(&run.done, memory_order_relaxed) < 3U) {
		(void)sched_yield();
	}
	for (unsigned int i = 0; i < ROUNDS; i++) {
		use_privately(run.m);
	}
	atomic_store_explicit(&run.stop, true, memory_order_release);
	for (unsigned int i = 0; i < 3U; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	}
	hm_counters(run.m, &counters);
	assert_int_equal(counters.flush_global, ROUNDS);
	assert_int_equal(counters.pcpu_stores, no_invlpgb ? 4U * ROUNDS : 0U);
	hm_unbind(run.m);
	hm_destroy(run.m);
}

static void test_invlpgb(void **state)
{
	(void)state;
	flush_against_writers(false);
}

static void test_pcpu_id(void **state)
{
	(void)state;
	flush_against_writers(true);
}

/*
 * A copy of VMPL0 on another CPU never uses a translation from before a flush: with INVLPGB the
 * flush reaches it, without it the arch drops its own translation before each access (arch.h).
 */
static void test_vmpl0_of_others(void **state)
{
	struct hm_config config = fake_config();
	uint64_t value;

	(void)state;
	for (unsigned int fallback = 0; fallback < 2U; fallback++) {
		struct hm_machine *m;

		config.no_invlpgb = fallback != 0U;
		m = fake_machine(&config);
		hm_bind(m, 1);
		assert_true(arch_guest_read(&value, gpa_make(PAGE), 8));
		hm_unbind(m);
		hm_bind(m, 0);
		assert_int_equal(arch_pvalidate(gpa_make(PAGE), SVSM_PAGE_4K, false).code,
				 ARCH_RMP_OK);
		arch_flush_global();
		hm_unbind(m);
		hm_bind(m, 1);
		assert_false(arch_guest_read(&value, gpa_make(PAGE), 8));
		hm_unbind(m);
		hm_destroy(m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_invlpgb),
		cmocka_unit_test(test_pcpu_id),
		cmocka_unit_test(test_vmpl0_of_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
