/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>
#include <sys/resource.h>

#include "fake_svsm.h"

#define TIB (UINT64_C(1) << 40)
#define NR_THREADS 1024U
#define VMSAS UINT64_C(0x100000)
#define STACK_BYTES ((size_t)256 * 1024)
#define MAX_RSS_KIB (1024L * 1024)

#if defined(__SANITIZE_THREAD__)
#define TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TSAN 1
#endif
#endif
#ifndef TSAN
#define TSAN 0
#endif

#if defined(__SANITIZE_ADDRESS__)
#define ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ASAN 1
#endif
#endif
#ifndef ASAN
#define ASAN 0
#endif

static atomic_uint running;

static void *run_vcpu(void *ctx)
{
	struct hm_machine *m = hm_current();
	unsigned int index = *(const unsigned int *)ctx;
	struct hm_regs regs = { 0 };
	uint64_t value = index;

	hm_bind(m, index);
	if (hm_guest_write(m, 0x8000, &value, 8) == HM_OK && hm_vmgexit(m, &regs) == HM_RESUMED) {
		(void)atomic_fetch_add_explicit(&running, 1U, memory_order_relaxed);
	}
	hm_unbind(m);
	return NULL;
}

/* The largest machine that is promised: 16 TiB of sparse RAM, 1024 vCPUs with a thread each. */
static void test_16_tib_1024_vcpus(void **state)
{
	static pthread_t threads[NR_THREADS];
	static unsigned int indices[NR_THREADS];
	struct hm_config config = fake_config();
	struct rusage usage;
	pthread_attr_t attr;
	struct hm_machine *m;

	(void)state;
	if (TSAN) {
		print_message("skipped: ThreadSanitizer maps no more than about 1 TiB\n");
		skip();
	}
	config.nr_vcpus = NR_THREADS;
	config.ram[0].end = 16U * TIB;
	m = fake_machine(&config);
	hm_bind(m, 0);
	for (unsigned int i = 1; i < NR_THREADS; i++) {
		fake_make_vmsa(m, VMSAS + i * SVSM_PAGE_SIZE, 2);
		hm_ap_create(m, i, VMSAS + i * SVSM_PAGE_SIZE);
	}
	assert_int_equal(arch_pvalidate(gpa_make(15U * TIB), SVSM_PAGE_2M, true).code, ARCH_RMP_OK);
	hm_unbind(m);
	assert_int_equal(pthread_attr_init(&attr), 0);
	assert_int_equal(pthread_attr_setstacksize(&attr, STACK_BYTES), 0);
	for (unsigned int i = 0; i < NR_THREADS; i++) {
		indices[i] = i;
		assert_int_equal(pthread_create(&threads[i], &attr, run_vcpu, &indices[i]), 0);
	}
	for (unsigned int i = 0; i < NR_THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	}
	(void)pthread_attr_destroy(&attr);
	assert_int_equal(atomic_load_explicit(&running, memory_order_relaxed), NR_THREADS);
	assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
	print_message("resident at most %ld MiB\n", usage.ru_maxrss / 1024);
	if (!ASAN) {
		assert_true(usage.ru_maxrss < MAX_RSS_KIB);
	}
	hm_destroy(m);
}

static void test_tsan_limit(void **state)
{
	struct hm_config config = fake_config();
	struct hm_machine *m;

	(void)state;
	config.ram[0].end = TIB;
	m = fake_machine(&config);
	hm_destroy(m);
	config.ram[0].end = TIB + 2U * MIB;
	m = hm_create(&config);
	assert_int_equal(m == NULL, TSAN);
	hm_destroy(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tsan_limit),
		cmocka_unit_test(test_16_tib_1024_vcpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
