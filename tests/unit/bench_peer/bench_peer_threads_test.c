/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench_impl.h"
#include "machine.h"

/*
 * The peer design under threads: vCPUs that validate and rescind disjoint and shared pages and move
 * their calling areas, while one creates and deletes VMSAs. For ThreadSanitizer, and for lost
 * records: at the end every vCPU still calls.
 */

#define MIB (UINT64_C(1) << 20)
#define VCPUS 4U
#define ROUNDS 150U
#define ENTRIES 8U
#define SHARED (12U * MIB)
#define IGNORE_CF UINT64_C(8)
#define VALIDATE UINT64_C(4)
#define BUSY UINT64_C(0x80000007)

enum { REMAP_CA, PVALIDATE, CREATE_VCPU, DELETE_VCPU };

struct list {
	uint16_t count;
	uint16_t next;
	uint32_t reserved;
	uint64_t entry[ENTRIES];
};

struct vcpu {
	struct hm_machine *m;
	unsigned int index;
	unsigned int failures;
	uint64_t ca;
	pthread_t thread;
};

/* Pages of vCPU @index: VMSA, two calling areas, a VMSA that is never run, its calling area. */
static uint64_t page_of(unsigned int index, unsigned int which)
{
	return MIB + ((uint64_t)index * 8U + which) * SVSM_PAGE_SIZE;
}

static uint64_t rax_of(struct vcpu *v, struct hm_regs regs)
{
	return hm_call(v->m, v->ca, &regs) == HM_CALL_DONE ? regs.rax : UINT64_MAX;
}

static void expect(struct vcpu *v, uint64_t rax)
{
	v->failures += rax == 0U ? 0U : 1U;
}

static uint64_t pvalidate(struct vcpu *v, uint64_t first, uint64_t flags)
{
	struct list list = { .count = ENTRIES };

	for (unsigned int i = 0; i < ENTRIES; i++) {
		list.entry[i] = (first + i * SVSM_PAGE_SIZE) | flags;
	}
	if (hm_guest_write(v->m, v->ca + 8U, &list, sizeof(list)) != HM_OK) {
		return UINT64_MAX;
	}
	return rax_of(v, (struct hm_regs){ .rax = PVALIDATE, .rcx = v->ca + 8U });
}

static void move(struct vcpu *v)
{
	const uint64_t ca = page_of(v->index, v->ca == page_of(v->index, 1U) ? 2U : 1U);
	const uint64_t rax = rax_of(v, (struct hm_regs){ .rax = REMAP_CA, .rcx = ca });

	expect(v, rax);
	v->ca = rax == 0U ? ca : v->ca;
}

static uint64_t create(struct vcpu *v, uint64_t vmsa, uint64_t ca, unsigned int target)
{
	const struct vmsa_page page = { .vmpl = 2,
					.efer = VMSA_EFER_SVME,
					.sev_features = VMSA_SEV_SNP };

	if (hm_guest_write(v->m, vmsa, &page, sizeof(page)) != HM_OK) {
		return UINT64_MAX;
	}
	return rax_of(v,
		      (struct hm_regs){ .rax = CREATE_VCPU, .rcx = vmsa, .rdx = ca, .r8 = target });
}

/* A VMSA of the neighbour, which takes the place of the one that runs, and goes again. While the
 * neighbour is in the SVSM, it may be looking at that VMSA: BUSY, and the call is issued again. */
static void storm(struct vcpu *v)
{
	const unsigned int target = (v->index + 1U) % VCPUS;
	const uint64_t vmsa = page_of(v->index, 3U);
	uint64_t rax = BUSY;

	expect(v, create(v, vmsa, page_of(v->index, 4U), target));
	while (rax == BUSY) {
		rax = rax_of(v, (struct hm_regs){ .rax = DELETE_VCPU, .rcx = vmsa });
	}
	expect(v, rax);
}

static void *work(void *arg)
{
	struct vcpu *v = arg;
	const uint64_t own = (4U + v->index * UINT64_C(2)) * MIB;

	hm_bind(v->m, v->index);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		expect(v, pvalidate(v, own, 0));
		expect(v, pvalidate(v, own, VALIDATE));
		/* Rivals on the same pages: who loses a race gets an error. */
		(void)pvalidate(v, SHARED, IGNORE_CF | (i % 2U == 0U ? VALIDATE : 0U));
		if (i % 8U == v->index) {
			move(v);
		}
		if (v->index == 1U) {
			storm(v);
		}
	}
	hm_unbind(v->m);
	return NULL;
}

static void test_threads(void **state)
{
	const struct hm_config config = { .nr_vcpus = VCPUS,
					  .ram = { { 0, 32U * MIB } },
					  .nr_ram = 1,
					  .valid = { { 0, 16U * MIB } },
					  .nr_valid = 1,
					  .startup_ca = page_of(0U, 1U) };
	struct vcpu vcpus[VCPUS] = { 0 };
	struct hm_machine *m = hm_create(&config);

	(void)state;
	assert_non_null(m);
	for (unsigned int i = 0; i < VCPUS; i++) {
		vcpus[i] = (struct vcpu){ .m = m, .index = i, .ca = page_of(i, 1U) };
	}
	hm_bind(m, 0);
	for (unsigned int i = 1; i < VCPUS; i++) {
		assert_int_equal(create(&vcpus[0], page_of(i, 0U), page_of(i, 1U), i), 0);
		hm_ap_create(m, i, page_of(i, 0U));
	}
	hm_unbind(m);
	for (unsigned int i = 0; i < VCPUS; i++) {
		assert_int_equal(pthread_create(&vcpus[i].thread, NULL, work, &vcpus[i]), 0);
	}
	for (unsigned int i = 0; i < VCPUS; i++) {
		assert_int_equal(pthread_join(vcpus[i].thread, NULL), 0);
	}
	hm_destroy(m);
	for (unsigned int i = 0; i < VCPUS; i++) {
		assert_int_equal(vcpus[i].failures, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_threads) };

	bench_impl_costs(BENCH_COST_ALL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
