/* SPDX-License-Identifier: Apache-2.0 */
#include <sched.h>
#include <stdatomic.h>

#include "fake_svsm.h"

#define VMSA UINT64_C(0x20000)
#define CA UINT64_C(0x30000)

static uint64_t vmsa_get(uint64_t vmsa, size_t offset)
{
	uint64_t value = 0;

	assert_true(arch_vmsa_read(gpa_make(vmsa), offset, &value));
	return value;
}

static unsigned int answer_rax(unsigned int cpu_index)
{
	gpa_t vmsa = fake_boot_info.startup_vmsa;
	uint8_t done = 0;

	(void)cpu_index;
	if (vmsa_get(vmsa.raw, offsetof(struct vmsa_page, guest_exitcode)) == VMSA_EXIT_VMGEXIT) {
		uint64_t rcx = vmsa_get(vmsa.raw, offsetof(struct vmsa_page, rcx));

		assert_true(arch_vmsa_write(vmsa, offsetof(struct vmsa_page, guest_exitcode),
					    VMSA_EXIT_CONSUMED));
		assert_true(arch_vmsa_write(vmsa, offsetof(struct vmsa_page, rax), rcx + 1U));
		assert_true(arch_guest_write(gpa_make(CA), &done, 1));
	}
	return 2;
}

static unsigned int enter_none(unsigned int cpu_index)
{
	(void)cpu_index;
	return SVSM_ENTER_NONE;
}

/* 58019 section 5: registers go through the VMSA. */
static void test_call(void **state)
{
	struct hm_config config = fake_config();
	struct hm_machine *m = fake_machine(&config);
	struct hm_regs regs = { .rax = 7, .rcx = 41, .rip = 0x1234, .cr3 = 0x99000 };

	(void)state;
	hm_bind(m, 0);
	assert_int_equal(hm_call(m, CA, &regs), HM_CALL_NOT_SERVED);
	assert_int_equal(regs.rax, 7);
	fake_serve = answer_rax;
	assert_int_equal(hm_call(m, CA, &regs), HM_CALL_DONE);
	assert_int_equal(regs.rax, 42);
	assert_int_equal(regs.rip, 0x1234);
	assert_int_equal(regs.cr3, 0x99000);
	assert_int_equal(hm_call(m, FAKE_VALID, &regs), HM_CALL_FAULT);
	fake_serve = enter_none;
	assert_int_equal(hm_call(m, CA, &regs), HM_CALL_STOPPED);
	hm_unbind(m);
	hm_destroy(m);
}

/* rmp-semantics 7.4: EFER.SVME is the gate of VMRUN; 7.1: so is the VMSA attribute. */
static void test_gate(void **state)
{
	struct hm_config config = fake_config();
	struct hm_machine *m = fake_machine(&config);
	gpa_t vmsa = fake_boot_info.startup_vmsa;
	uint64_t value;

	(void)state;
	hm_bind(m, 0);
	assert_int_equal(hm_guest_read(m, 0, &value, 8), HM_OK);
	assert_int_equal(hm_running_vmsa(m, 0), vmsa.raw);
	assert_int_equal(hm_running_vmpl(m, 0), 2);
	hm_guest_idle(m);
	assert_int_equal(hm_running_vmsa(m, 0), 0);
	assert_int_equal(vmsa_get(vmsa.raw, offsetof(struct vmsa_page, guest_exitcode)),
			 VMSA_EXIT_HLT);
	assert_int_equal(arch_vmsa_svme_clear(vmsa), ARCH_SVME_WAS_SET);
	assert_int_equal(hm_guest_read(m, 0, &value, 8), HM_NOT_RUNNING);
	assert_int_equal(arch_vmsa_svme_clear(vmsa), ARCH_SVME_WAS_CLEAR);
	assert_true(arch_vmsa_svme_set(vmsa));
	assert_int_equal(hm_guest_read(m, 0, &value, 8), HM_OK);
	hm_guest_idle(m);
	assert_true(arch_vmsa_write(vmsa, offsetof(struct vmsa_page, sev_features), 0));
	assert_int_equal(hm_guest_read(m, 0, &value, 8), HM_NOT_RUNNING);
	assert_true(arch_vmsa_write(vmsa, offsetof(struct vmsa_page, sev_features), VMSA_SEV_SNP));
	assert_int_equal(arch_rmpadjust(vmsa, SVSM_PAGE_4K, 2, SVSM_PERM_READ, false).code,
			 ARCH_RMP_OK);
	assert_int_equal(hm_guest_read(m, 0, &value, 8), HM_NOT_RUNNING);
	hm_unbind(m);
	hm_destroy(m);
}

/* Nothing but the machine keeps a VMSA from saying VMPL0; if the SVSM lets one through, the machine
 * runs it (A3). */
static void test_vmpl_comes_from_the_vmsa(void **state)
{
	struct hm_config config = fake_config();
	struct hm_machine *m = fake_machine(&config);
	uint64_t value;

	(void)state;
	hm_bind(m, 0);
	fake_make_vmsa(m, VMSA, 3);
	hm_unbind(m);
	hm_bind(m, 1);
	hm_ap_create(m, 1, VMSA);
	assert_int_equal(hm_guest_read(m, 0, &value, 8), HM_NPF);
	assert_int_equal(hm_running_vmpl(m, 1), 3);
	hm_guest_idle(m);
	assert_true(arch_guest_write(gpa_make(VMSA + offsetof(struct vmsa_page, vmpl)), "\0", 1));
	assert_int_equal(hm_guest_read(m, fake_boot_info.svsm.end - 8U, &value, 8), HM_OK);
	assert_int_equal(hm_running_vmpl(m, 1), 0);
	hm_unbind(m);
	hm_destroy(m);
}

struct runner {
	struct hm_machine *m;
	atomic_int state; /* 0 starting, 1 in the guest, 2 told to go on, 3 told to end */
	enum hm_access after;
};

static void await(atomic_int *state, int at_least)
{
	/* pairs with step */
	while (atomic_load_explicit(state, memory_order_acquire) < at_least) {
		(void)sched_yield();
	}
}

static void step(atomic_int *state, int next)
{
	/* pairs with await */
	atomic_store_explicit(state, next, memory_order_release);
}

static void *run_guest(void *ctx)
{
	struct runner *runner = ctx;
	uint64_t value = 0;

	hm_bind(runner->m, 1);
	assert_int_equal(hm_guest_write(runner->m, 0x1000, &value, 8), HM_OK);
	step(&runner->state, 1);
	await(&runner->state, 2);
	runner->after = hm_guest_write(runner->m, 0x1000, &value, 8);
	await(&runner->state, 3);
	hm_unbind(runner->m);
	return NULL;
}

static struct hm_machine *start_runner(const struct hm_config *config, struct runner *runner,
				       pthread_t *thread)
{
	struct hm_machine *m = fake_machine(config);

	hm_bind(m, 0);
	fake_make_vmsa(m, VMSA, 2);
	hm_ap_create(m, 1, VMSA);
	*runner = (struct runner){ .m = m };
	assert_int_equal(pthread_create(thread, NULL, run_guest, runner), 0);
	await(&runner->state, 1);
	return m;
}

static void end_runner(struct hm_machine *m, struct runner *runner, pthread_t thread)
{
	step(&runner->state, 3);
	assert_int_equal(pthread_join(thread, NULL), 0);
	hm_unbind(m);
	hm_destroy(m);
}

/* rmp-semantics 7.3, U3: the store stalls until the VMSA has left the guest, and it closes the
 * gate. */
static void test_store_stalls(void **state)
{
	struct hm_config config = fake_config();
	struct runner runner;
	pthread_t thread;
	struct hm_machine *m = start_runner(&config, &runner, &thread);
	struct hm_counters counters;

	(void)state;
	assert_int_equal(arch_rmpadjust(gpa_make(VMSA), SVSM_PAGE_4K, 2, 0, false).code,
			 ARCH_RMP_FAIL_INUSE);
	assert_int_equal(arch_vmsa_svme_clear(gpa_make(VMSA)), ARCH_SVME_WAS_SET);
	assert_int_equal(vmsa_get(VMSA, offsetof(struct vmsa_page, efer)), 0);
	assert_int_equal(vmsa_get(VMSA, offsetof(struct vmsa_page, guest_exitcode)),
			 VMSA_EXIT_INTR);
	assert_int_equal(hm_running_vmsa(m, 1), 0);
	assert_int_equal(arch_rmpadjust(gpa_make(VMSA), SVSM_PAGE_4K, 2, 0, false).code,
			 ARCH_RMP_OK);
	hm_counters(m, &counters);
	assert_int_equal(counters.vmsa_stalls, 1);
	step(&runner.state, 2);
	end_runner(m, &runner, thread);
	assert_int_equal(runner.after, HM_NOT_RUNNING);
}

/* U3, other reading: the store is lost while the VMSA runs; only a second read tells (A5). */
static void test_store_lost(void **state)
{
	struct hm_config config = fake_config();
	struct runner runner;
	pthread_t thread;
	struct hm_machine *m;

	(void)state;
	config.vmsa_store_lost = true;
	m = start_runner(&config, &runner, &thread);
	assert_int_equal(arch_vmsa_svme_clear(gpa_make(VMSA)), ARCH_SVME_WAS_SET);
	assert_int_equal(vmsa_get(VMSA, offsetof(struct vmsa_page, efer)), VMSA_EFER_SVME);
	assert_int_equal(hm_running_vmsa(m, 1), VMSA);
	step(&runner.state, 2);
	end_runner(m, &runner, thread);
	assert_int_equal(runner.after, HM_OK);
}

/* U3, RMPADJUST on a VMSA in use is #NPF: the host lets the target exit, then the instruction
 * succeeds. */
static void test_inuse_is_npf(void **state)
{
	struct hm_config config = fake_config();
	struct runner runner;
	pthread_t thread;
	struct hm_machine *m;

	(void)state;
	config.switches.u3_inuse_is_npf = true;
	m = start_runner(&config, &runner, &thread);
	assert_int_equal(arch_rmpadjust(gpa_make(VMSA), SVSM_PAGE_4K, 2, 0, false).code,
			 ARCH_RMP_OK);
	step(&runner.state, 2);
	end_runner(m, &runner, thread);
	assert_int_equal(runner.after, HM_NOT_RUNNING);
}

static void test_ap_destroy(void **state)
{
	struct hm_config config = fake_config();
	struct runner runner;
	pthread_t thread;
	struct hm_machine *m = start_runner(&config, &runner, &thread);

	(void)state;
	hm_ap_destroy(m, 1);
	assert_int_equal(hm_running_vmsa(m, 1), 0);
	step(&runner.state, 2);
	end_runner(m, &runner, thread);
	assert_int_equal(runner.after, HM_NOT_RUNNING);
}

/* The same VMSA on two CPUs: the second VMRUN fails (rmp-semantics 7.2). */
static void test_one_cpu_at_a_time(void **state)
{
	struct hm_config config = fake_config();
	struct runner runner;
	pthread_t thread;
	struct hm_machine *m = start_runner(&config, &runner, &thread);
	uint64_t value;

	(void)state;
	hm_ap_create(m, 0, VMSA);
	assert_int_equal(hm_guest_read(m, 0, &value, 8), HM_NOT_RUNNING);
	step(&runner.state, 2);
	end_runner(m, &runner, thread);
	assert_int_equal(runner.after, HM_OK);
}

static unsigned int entries;

static unsigned int count_entries(unsigned int cpu_index)
{
	(void)cpu_index;
	entries++;
	return 2;
}

/* architecture 3: entries that the guest did not ask for. */
static void test_spurious(void **state)
{
	struct hm_config config = fake_config();
	struct hm_machine *m = fake_machine(&config);
	uint64_t vmsa = fake_boot_info.startup_vmsa.raw;

	(void)state;
	entries = 0;
	fake_serve = count_entries;
	hm_bind(m, 0);
	assert_int_equal(hm_spurious_entry_after(m, 0x7b), HM_RESUMED);
	assert_int_equal(vmsa_get(vmsa, offsetof(struct vmsa_page, guest_exitcode)), 0x7b);
	assert_int_equal(hm_spurious_entry(m), HM_RESUMED);
	assert_int_equal(vmsa_get(vmsa, offsetof(struct vmsa_page, guest_exitcode)), 0x7b);
	assert_int_equal(entries, 2);
	assert_true(hm_guest_exit(m, &(struct hm_regs){ .rax = 9 }, VMSA_EXIT_VMGEXIT));
	assert_int_equal(vmsa_get(vmsa, offsetof(struct vmsa_page, rax)), 9);
	assert_int_equal(entries, 2);
	hm_ap_destroy(m, 0);
	assert_int_equal(hm_spurious_entry(m), HM_STOPPED);
	assert_int_equal(entries, 3);
	hm_unbind(m);
	hm_destroy(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_call),
		cmocka_unit_test(test_gate),
		cmocka_unit_test(test_vmpl_comes_from_the_vmsa),
		cmocka_unit_test(test_store_stalls),
		cmocka_unit_test(test_store_lost),
		cmocka_unit_test(test_inuse_is_npf),
		cmocka_unit_test(test_ap_destroy),
		cmocka_unit_test(test_one_cpu_at_a_time),
		cmocka_unit_test(test_spurious),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
