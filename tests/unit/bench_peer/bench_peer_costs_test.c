/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench_impl.h"
#include "bench_peer.h"
#include "machine.h"

/* What each cost of the peer design amounts to per call, and that it is gone when switched off. */

#define MIB (UINT64_C(1) << 20)
#define CA UINT64_C(0x100000)
#define WORK UINT64_C(0x400000)
#define VCPUS 8U
#define PVALIDATE UINT64_C(1)
#define QUERY UINT64_C(6)
#define VALIDATE UINT64_C(4)

/* Locks of a round trip: the vCPU's four times, that of its APIC once. */
#define ROUND_TRIP_LOCKS 5U
/* Of a call with a list: the global one, records and map once, slot taken and given back. */
#define LIST_LOCKS 5U
/* Of an entry: slot taken and given back, records and map; the last two again to validate. */
#define RESCIND_LOCKS 4U
#define VALIDATE_LOCKS 6U

struct use {
	struct bench_peer_counters paid;
	struct hm_counters machine;
};

struct list {
	uint16_t count;
	uint16_t next;
	uint32_t reserved;
	uint64_t entry[8];
};

static struct hm_machine *machine;

static void start(unsigned int mask)
{
	const struct hm_config config = { .nr_vcpus = VCPUS,
					  .ram = { { 0, 32U * MIB } },
					  .nr_ram = 1,
					  .valid = { { 0, 16U * MIB } },
					  .nr_valid = 1,
					  .startup_ca = CA };

	bench_impl_costs(mask);
	machine = hm_create(&config);
	assert_non_null(machine);
	hm_bind(machine, 0);
}

static void stop(void)
{
	hm_unbind(machine);
	hm_destroy(machine);
	bench_impl_costs(BENCH_COST_ALL);
}

static struct use look(void)
{
	struct use use;

	bench_peer_counters(&use.paid);
	hm_counters(machine, &use.machine);
	return use;
}

static struct use spent(const struct use *before)
{
	struct use now = look();

	now.paid.locks -= before->paid.locks;
	now.paid.compares -= before->paid.compares;
	now.paid.mappings -= before->paid.mappings;
	now.paid.flushes -= before->paid.flushes;
	now.machine.flush_global -= before->machine.flush_global;
	now.machine.flush_local -= before->machine.flush_local;
	now.machine.pvalidate -= before->machine.pvalidate;
	now.machine.rmpadjust -= before->machine.rmpadjust;
	return now;
}

static struct use query(void)
{
	struct hm_regs regs = { .rax = QUERY, .rcx = 1 };
	const struct use before = look();

	assert_int_equal(hm_call(machine, CA, &regs), HM_CALL_DONE);
	assert_int_equal(regs.rax, 0);
	assert_int_equal(regs.rcx, (UINT64_C(2) << 32) | 1U);
	return spent(&before);
}

/* @count pages from WORK on, 58019 section 6.3. */
static struct use pvalidate(unsigned int count, uint64_t flags)
{
	struct hm_regs regs = { .rax = PVALIDATE, .rcx = CA + 8U };
	struct list list = { .count = (uint16_t)count };
	struct use before;

	for (unsigned int i = 0; i < count; i++) {
		list.entry[i] = (WORK + i * SVSM_PAGE_SIZE) | flags;
	}
	assert_int_equal(hm_guest_write(machine, CA + 8U, &list, sizeof(list)), HM_OK);
	before = look();
	assert_int_equal(hm_call(machine, CA, &regs), HM_CALL_DONE);
	assert_int_equal(regs.rax, 0);
	return spent(&before);
}

static void test_all_costs_are_paid(void **state)
{
	struct use use;

	(void)state;
	start(BENCH_COST_ALL);
	use = query();
	assert_int_equal(use.paid.locks, ROUND_TRIP_LOCKS);
	assert_int_equal(use.paid.compares, 0);
	assert_int_equal(use.paid.mappings, 0);
	assert_int_equal(use.paid.flushes, 1);
	assert_int_equal(use.machine.flush_global, 1);
	use = pvalidate(4, 0);
	/* The list is in the calling area, whose page is not looked up: two locks less. */
	assert_int_equal(use.paid.locks, ROUND_TRIP_LOCKS + LIST_LOCKS - 2U + 4U * RESCIND_LOCKS);
	assert_int_equal(use.paid.mappings, 5);
	assert_int_equal(use.machine.flush_local, 5);
	assert_int_equal(use.paid.flushes, 5);
	assert_int_equal(use.machine.flush_global, 5);
	/* One record, one range: the guest's RAM lies below the SVSM's. */
	assert_int_equal(use.paid.compares, 4U * 2U);
	assert_int_equal(use.machine.rmpadjust, 4U * 2U);
	use = pvalidate(4, VALIDATE);
	assert_int_equal(use.paid.locks, ROUND_TRIP_LOCKS + LIST_LOCKS - 2U + 4U * VALIDATE_LOCKS);
	assert_int_equal(use.paid.compares, 4U * 4U);
	assert_int_equal(use.paid.flushes, 1);
	assert_int_equal(use.machine.rmpadjust, 4U);
	stop();
}

static void test_without_locks(void **state)
{
	struct use use;

	(void)state;
	start(BENCH_COST_ALL & ~(unsigned int)BENCH_COST_LOCK);
	use = query();
	assert_int_equal(use.paid.locks, 0);
	assert_int_equal(use.paid.flushes, 1);
	use = pvalidate(4, 0);
	assert_int_equal(use.paid.locks, 0);
	assert_int_equal(use.paid.compares, 8);
	assert_int_equal(use.paid.mappings, 5);
	stop();
}

static void test_without_scans(void **state)
{
	struct use use;

	(void)state;
	start(BENCH_COST_ALL & ~(unsigned int)BENCH_COST_SCAN);
	use = pvalidate(4, 0);
	assert_int_equal(use.paid.compares, 0);
	assert_int_equal(use.paid.locks, ROUND_TRIP_LOCKS + LIST_LOCKS - 2U + 4U * RESCIND_LOCKS);
	assert_int_equal(use.paid.flushes, 5);
	stop();
}

static void test_without_mappings(void **state)
{
	struct use use;

	(void)state;
	start(BENCH_COST_ALL & ~(unsigned int)BENCH_COST_MAPPING);
	use = pvalidate(4, 0);
	assert_int_equal(use.paid.mappings, 0);
	assert_int_equal(use.machine.flush_local, 0);
	assert_int_equal(use.paid.flushes, 5);
	assert_int_equal(use.paid.compares, 8);
	stop();
}

static void test_without_flushes(void **state)
{
	struct use use;

	(void)state;
	start(BENCH_COST_ALL & ~(unsigned int)BENCH_COST_FLUSH);
	use = query();
	assert_int_equal(use.machine.flush_global, 0);
	use = pvalidate(4, 0);
	assert_int_equal(use.paid.flushes, 0);
	assert_int_equal(use.machine.flush_global, 0);
	assert_int_equal(use.paid.mappings, 5);
	stop();
}

/* The struct and the mask say the same. */
static void test_costs_by_struct(void **state)
{
	const struct bench_peer_costs none = { 0 };
	struct use use;

	(void)state;
	start(BENCH_COST_ALL);
	bench_peer_costs(&none);
	use = pvalidate(4, 0);
	assert_int_equal(use.paid.locks + use.paid.compares + use.paid.mappings + use.paid.flushes,
			 0);
	assert_int_equal(use.machine.pvalidate, 4);
	stop();
}

/* Each VMSA makes every scan of every entry longer. */
static void test_scans_grow_with_vcpus(void **state)
{
	struct vmsa_page vmsa = { .vmpl = 2, .efer = VMSA_EFER_SVME, .sev_features = VMSA_SEV_SNP };

	(void)state;
	start(BENCH_COST_ALL);
	for (unsigned int cpu = 1; cpu < VCPUS; cpu++) {
		const uint64_t page = CA + cpu * UINT64_C(2) * SVSM_PAGE_SIZE;
		struct hm_regs regs = {
			.rax = 2, .rcx = page, .rdx = page + SVSM_PAGE_SIZE, .r8 = cpu
		};

		assert_int_equal(hm_guest_write(machine, page, &vmsa, sizeof(vmsa)), HM_OK);
		assert_int_equal(hm_call(machine, CA, &regs), HM_CALL_DONE);
		assert_int_equal(regs.rax, 0);
		assert_int_equal(pvalidate(1, 0).paid.compares, cpu + 2U);
		assert_int_equal(pvalidate(1, VALIDATE).paid.compares, 2U * (cpu + 2U));
	}
	stop();
}

/* A second VMSA of the vCPU makes the first one's calls slow while it exists, not for ever. */
static void test_deleted_rival_costs_nothing(void **state)
{
	const struct vmsa_page vmsa = { .vmpl = 2,
					.efer = VMSA_EFER_SVME,
					.sev_features = VMSA_SEV_SNP };
	const uint64_t page = CA + SVSM_PAGE_SIZE;
	struct hm_regs create = { .rax = 2, .rcx = page, .rdx = page + SVSM_PAGE_SIZE };
	struct hm_regs delete = { .rax = 3, .rcx = page };

	(void)state;
	start(BENCH_COST_ALL);
	assert_int_equal(hm_guest_write(machine, page, &vmsa, sizeof(vmsa)), HM_OK);
	assert_int_equal(hm_call(machine, CA, &create), HM_CALL_DONE);
	assert_int_equal(create.rax, 0);
	assert_true(query().paid.locks > ROUND_TRIP_LOCKS);
	assert_int_equal(hm_call(machine, CA, &delete), HM_CALL_DONE);
	assert_int_equal(delete.rax, 0);
	(void)query();
	assert_int_equal(query().paid.locks, ROUND_TRIP_LOCKS);
	stop();
}

static void test_what_is_served(void **state)
{
	(void)state;
	assert_string_equal(bench_impl_name(), "peer");
	assert_true(bench_impl_serves(BENCH_CALL_PVALIDATE));
	assert_true(bench_impl_serves(BENCH_CALL_DELETE_VCPU));
	assert_false(bench_impl_serves(BENCH_CALL_DEPOSIT_MEM));
	assert_false(bench_impl_serves(BENCH_CALL_WITHDRAW_MEM));
	assert_false(bench_impl_serves(BENCH_CALL_ATTEST));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_costs_are_paid),
		cmocka_unit_test(test_without_locks),
		cmocka_unit_test(test_without_scans),
		cmocka_unit_test(test_without_mappings),
		cmocka_unit_test(test_without_flushes),
		cmocka_unit_test(test_costs_by_struct),
		cmocka_unit_test(test_scans_grow_with_vcpus),
		cmocka_unit_test(test_deleted_rival_costs_nothing),
		cmocka_unit_test(test_what_is_served),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
