/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "introspect.h"
#include "ownmap.h"
#include "record.h"
#include "storm.h"

#define CPUS 6U
#define RAM (512U * MIB)
#define VALID_END (256U * MIB)
#define FIRST_VALID (32U * MIB)
#define HOME (2U * MIB)
#define ROUND_MS 50U
#define VARIANT_MS 2500U
#define PATIENCE_MS 60000U

static uint64_t now_ms(void)
{
	struct timespec now;

	(void)timespec_get(&now, TIME_UTC);
	return (uint64_t)now.tv_sec * 1000U + (uint64_t)now.tv_nsec / 1000000U;
}

/*
 * Failures that hardware or the host can bring about. vCPU 0 is spared those of its VMSA, with
 * which it would not run again, and lost answers, with which it would not know its calling area.
 */
static void inject(struct storm *s, uint64_t *random)
{
	static const enum hm_injected what[] = {
		HM_INJECT_PVALIDATE_FAULT,
		HM_INJECT_PVALIDATE_CODE,
		HM_INJECT_PVALIDATE_CARRY,
		HM_INJECT_RMPADJUST_FAULT,
		HM_INJECT_RMPADJUST_CODE,
		HM_INJECT_GUEST_READ,
		HM_INJECT_ZERO,
		HM_INJECT_GUEST_WRITE,
		HM_INJECT_VMSA_READ,
		HM_INJECT_VMSA_WRITE,
		HM_INJECT_VMSA_LOST,
	};
	const unsigned int cpu = stress_below(random, CPUS);

	hm_inject(s->rig.m, cpu, what[stress_below(random, cpu == 0U ? 7U : 11U)],
		  1U + stress_below(random, 30), 1U + stress_below(random, 15));
}

static void disarm(struct storm *s)
{
	for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
		for (unsigned int what = 0; what < HM_INJECT_NR; what++) {
			hm_inject(s->rig.m, cpu, (enum hm_injected)what, 0, 0);
		}
	}
}

/* The host during a round: what it may do to the guest's pages at any time. */
static void host_step(struct storm *s, uint64_t *random)
{
	struct hm_machine *m = s->rig.m;
	const uint64_t page = storm_page(s, random);

	switch (stress_below(random, 9)) {
	case 8:
		inject(s, random);
		break;
	case 0:
		(void)hm_psc(m, page, 1, SVSM_PAGE_4K, stress_below(random, 2) == 0U);
		break;
	case 1:
		(void)hm_psc(m, page & ~SVSM_REGION_MASK, 1, SVSM_PAGE_2M, true);
		break;
	case 2:
		if (stress_below(random, 8) == 0U) {
			(void)hm_steal(m, page, stress_below(random, 2) == 0U);
		}
		break;
	case 3:
		hm_freeze_at(m, stress_below(random, CPUS),
			     (enum arch_point)stress_below(random, ARCH_POINT_NR),
			     1U + stress_below(random, 20));
		break;
	case 4:
		hm_ap_create(m, 1U + stress_below(random, CPUS - 1U), page & ~SVSM_PAGE_MASK);
		break;
	default:
		hm_thaw(m, stress_below(random, CPUS));
		break;
	}
}

/* All vCPUs at once; the host works until the time is over, then lets go of all that it stopped. */
static void run_round(struct storm *s, uint64_t *random, uint64_t duration)
{
	const uint64_t end = now_ms() + duration;

	atomic_store(&s->stop, false);
	for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
		rig_post(&s->rig, cpu, storm_guest, s);
	}
	while (now_ms() < end) {
		host_step(s, random);
		/* a pause: also the time for which a vCPU stays stopped */
		(void)hm_wait_frozen(s->rig.m, stress_below(random, CPUS), 1U);
	}
	atomic_store(&s->stop, true);
	for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
		/* once for a stopped vCPU, once for a stop that was armed meanwhile */
		hm_thaw(s->rig.m, cpu);
		hm_thaw(s->rig.m, cpu);
	}
	for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
		if (!rig_wait(&s->rig, cpu)) {
			fail_msg("vCPU %u hangs", cpu);
		}
	}
	disarm(s);
}

static void private_page(void *ctx, enum svsm_private_kind kind, gpa_t page, unsigned int vmpl)
{
	(void)kind;
	(void)vmpl;
	if (svsm_map_state(svsm_cpu_at(0), page) != SVSM_PAGE_PRIVATE) {
		(*(unsigned int *)ctx)++;
	}
}

/* Between rounds: the judge, and what the map must look like when no call runs. */
static void check_round(struct storm *s)
{
	const uint64_t regions[] = { s->valid[0], s->valid[1], s->invalid[0], s->invalid[1] };
	unsigned int wrong = 0;

	rig_check(&s->rig);
	for (unsigned int i = 0; i < 4U * SVSM_PAGES_PER_REGION; i++) {
		const uint64_t gpa =
			regions[i / SVSM_PAGES_PER_REGION] + i % SVSM_PAGES_PER_REGION * PAGE;

		if (svsm_map_state(svsm_cpu_at(0), gpa_make(gpa)) == SVSM_PAGE_CLAIMED) {
			fail_msg("a claim on %jx outlived its call", (uintmax_t)gpa);
		}
	}
	svsm_introspect_private(private_page, &wrong);
	assert_int_equal(wrong, 0);
}

static bool works(struct storm *s, unsigned int cpu)
{
	struct rig_vcpu *v = &s->rig.vcpu[cpu];

	rig_begin(&s->rig, cpu, &(struct hm_regs){ .rax = QUERY_PROTOCOL, .rcx = 1 });
	return rig_wait(&s->rig, cpu) && v->done == HM_CALL_DONE && v->regs.rax == SVSM_SUCCESS;
}

/* A page that the host leaves alone and that is the guest's, the oldest first. */
static uint64_t spare_page(struct storm *s)
{
	for (uint64_t page = HOME; page < FIRST_VALID; page += PAGE) {
		s->spare = s->spare + PAGE < FIRST_VALID ? s->spare + PAGE : HOME + 64U * PAGE;
		if (svsm_map_state(svsm_cpu_at(0), gpa_make(s->spare)) == SVSM_PAGE_VALID) {
			return s->spare;
		}
	}
	fail_msg("no page is left for a new VMSA");
	return 0;
}

/* A vCPU whose VMSA or calling area was lost gets new ones, made through vCPU 0. */
static void mend(struct storm *s, unsigned int cpu)
{
	struct rig *r = &s->rig;
	struct hm_regs regs = { .rax = CREATE_VCPU, .r8 = cpu };

	hm_ap_destroy(r->m, cpu);
	for (unsigned int slot = 0; slot < SVSM_RECORDS_PER_CPU; slot++) {
		const struct svsm_record_ref ref = { svsm_cpu_at(cpu), slot };
		const struct hm_regs del = { .rax = DELETE_VCPU, .rcx = svsm_record_vmsa(ref).raw };

		if (del.rcx != 0U) {
			(void)rig_call(r, 0, &del);
		}
	}
	regs.rcx = spare_page(s);
	regs.rdx = spare_page(s);
	rig_write_vmsa(r, 0, regs.rcx, 2);
	if (rig_call(r, 0, &regs) == SVSM_SUCCESS) {
		r->vcpu[cpu].ca = regs.rdx;
		atomic_store(&s->vcpu[cpu].next_ca, regs.rdx);
		hm_ap_create(r->m, cpu, regs.rcx);
	}
}

static void report(const struct storm *s)
{
	static const char *const names[STORM_CALLS] = { "REMAP_CA",	  "PVALIDATE",
							"CREATE_VCPU",	  "DELETE_VCPU",
							"DEPOSIT_MEM",	  "WITHDRAW_MEM",
							"QUERY_PROTOCOL", "CONFIGURE_VTOM" };
	uint64_t busy = 0, accesses = 0, other = 0;

	for (unsigned int call = 0; call < STORM_CALLS; call++) {
		uint64_t made = 0, succeeded = 0;

		for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
			made += s->vcpu[cpu].made[call];
			succeeded += s->vcpu[cpu].succeeded[call];
		}
		(void)print_message("  %-15s %8ju made %8ju succeeded\n", names[call],
				    (uintmax_t)made, (uintmax_t)succeeded);
	}
	for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
		busy += s->vcpu[cpu].busy;
		accesses += s->vcpu[cpu].accesses;
		other += s->vcpu[cpu].made[STORM_CALLS];
	}
	(void)print_message("  %ju busy, %ju guest accesses, %ju other entries, %ju checks\n",
			    (uintmax_t)busy, (uintmax_t)accesses, (uintmax_t)other,
			    (uintmax_t)judge_checks(s->rig.judge));
}

/* A storm in which a kind of call never succeeds proves little. */
static bool all_kinds_succeeded(const struct storm *s)
{
	for (unsigned int call = 0; call < STORM_CALLS; call++) {
		uint64_t succeeded = 0;

		for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
			succeeded += s->vcpu[cpu].succeeded[call];
		}
		if (succeeded == 0U) {
			return false;
		}
	}
	return true;
}

static uint64_t region_of_round(unsigned int round, unsigned int i, uint64_t first, uint64_t end)
{
	const uint64_t count = (end - first) >> SVSM_REGION_SHIFT;

	return first + (round * STORM_REGIONS + i) % count * SVSM_REGION_SIZE;
}

static void start(struct storm *s, struct hm_config *config)
{
	config->nr_vcpus = CPUS;
	config->ram[0].end = RAM;
	config->valid[0].end = VALID_END;
	memset(s, 0, sizeof(*s));
	s->seed = stress_seed();
	config->seed = s->seed;
	s->home = HOME;
	s->spare = HOME + 64U * PAGE;
	rig_start(&s->rig, config);
	rig_boot_all(&s->rig);
	for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
		s->vcpu[cpu].random = stress_start(s->seed, cpu);
	}
}

/* Between rounds: the judge's look, and new VMSAs for vCPUs that lost theirs. */
static void settle(struct storm *s)
{
	check_round(s);
	if (!works(s, 0)) {
		fail_msg("vCPU 0 is lost: %d, %jx", (int)s->rig.vcpu[0].done,
			 (uintmax_t)s->rig.vcpu[0].regs.rax);
	}
	for (unsigned int cpu = 1; cpu < CPUS; cpu++) {
		if (!works(s, cpu)) {
			mend(s, cpu);
		}
	}
}

static void storm(struct hm_config *config)
{
	static struct storm s;
	const uint64_t end = now_ms() + stress_times(VARIANT_MS);
	const uint64_t last = RAM - 32U * MIB;
	uint64_t duration = ROUND_MS, random;

	start(&s, config);
	random = stress_start(s.seed, CPUS);
	/* on a slow machine: until every kind of call has succeeded */
	for (unsigned int round = 0;
	     now_ms() < end || (now_ms() < end + PATIENCE_MS && !all_kinds_succeeded(&s));
	     round++) {
		uint64_t checks;

		for (unsigned int i = 0; i < STORM_REGIONS; i++) {
			s.valid[i] = region_of_round(round, i, FIRST_VALID, VALID_END);
			s.invalid[i] = region_of_round(round, i, VALID_END, last);
		}
		hm_jitter(s.rig.m, 50);
		run_round(&s, &random, duration);
		hm_jitter(s.rig.m, 0);
		checks = now_ms();
		settle(&s);
		/* most of the time belongs to the storm, also where checks are slow */
		duration = 2U * (now_ms() - checks);
		duration = duration < ROUND_MS ? ROUND_MS : duration;
	}
	report(&s);
	assert_true(all_kinds_succeeded(&s));
	rig_stop(&s.rig);
}

/* concurrency 0: safe under both readings of the unknowns U3, U4, U6, U7. */
static void test_defaults(void **state)
{
	struct hm_config config = rig_config(CPUS);

	(void)state;
	config.rmp_4k = false;
	config.vtom_supported = true;
	storm(&config);
}

static void test_store_lost(void **state)
{
	struct hm_config config = rig_config(CPUS);

	(void)state;
	config.vmsa_store_lost = true;
	config.budget_entries = 7;
	storm(&config);
}

static void test_no_invlpgb(void **state)
{
	struct hm_config config = rig_config(CPUS);

	(void)state;
	config.rmp_4k = false;
	config.no_invlpgb = true;
	config.switches.u3_inuse_is_npf = true;
	storm(&config);
}

static void test_other_readings(void **state)
{
	struct hm_config config = rig_config(CPUS);

	(void)state;
	config.rmp_4k = false;
	config.vmsa_store_lost = true;
	config.budget_pages = 600;
	config.switches = (struct snpm_switches){ .u3_inuse_is_npf = true,
						  .u4_identity_keeps = true,
						  .u6_vmrun_needs_valid = true,
						  .u7_reject_odd_masks = true };
	storm(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_store_lost),
		cmocka_unit_test(test_no_invlpgb),
		cmocka_unit_test(test_other_readings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
