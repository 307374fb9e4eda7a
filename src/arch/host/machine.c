/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <x86intrin.h>

#include "machine_internal.h"
#include "psp_host.h"

_Thread_local struct hm_cpu *hm_self;

/* Written by hm_create and hm_destroy while no other thread uses the machine. */
static struct hm_machine *current;

_Noreturn void hm_die(const char *message, uint64_t gpa)
{
	(void)fprintf(stderr, "hosted machine: %s: 0x%" PRIx64 " (CPU %d)\n", message, gpa,
		      hm_self == NULL ? -1 : (int)hm_self->index);
	abort();
}

struct hm_cpu *hm_self_checked(const char *function)
{
	if (hm_self == NULL) {
		(void)fprintf(stderr, "hosted machine: %s() on a thread that is no CPU\n",
			      function);
		abort();
	}
	return hm_self;
}

uint64_t hm_now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

void hm_count(struct hm_machine *m, enum hm_count what)
{
	if (hm_self == NULL) {
		(void)atomic_fetch_add_explicit(&m->host_counters[what], 1U, memory_order_relaxed);
	} else {
		_Atomic(uint64_t) *counter = &hm_self->counters[what];

		atomic_store_explicit(counter,
				      atomic_load_explicit(counter, memory_order_relaxed) + 1U,
				      memory_order_relaxed);
	}
}

void hm_emit(struct hm_machine *m, const struct hm_event *event)
{
	hm_observer observer =
		(hm_observer)atomic_load_explicit(&m->observer, memory_order_relaxed);

	if (observer != NULL) {
		observer(m->observer_ctx, event);
	}
}

void hm_observe(struct hm_machine *m, hm_observer observer, void *ctx)
{
	m->observer_ctx = ctx;
	atomic_store_explicit(&m->observer, (uintptr_t)observer, memory_order_relaxed);
}

static bool make_cpus(struct hm_machine *m)
{
	for (unsigned int i = 0; i < m->config.nr_vcpus; i++) {
		struct hm_cpu *cpu = &m->cpus[i];

		cpu->machine = m;
		cpu->index = i;
		cpu->random = (m->config.seed + i + 1U) * UINT64_C(0x9e3779b97f4a7c15);
		cpu->random |= 1U;
		if (!hm_freeze_init(&cpu->freeze)) {
			(void)fputs("hosted machine: cannot make a vCPU\n", stderr);
			return false;
		}
	}
	atomic_store_explicit(&m->cpus[0].want_vmsa, m->layout.startup_vmsa, memory_order_relaxed);
	return true;
}

static bool make_apic_ids(struct hm_machine *m)
{
	m->apic_ids = malloc(m->config.nr_vcpus * sizeof(*m->apic_ids));
	if (m->apic_ids == NULL) {
		return false;
	}
	for (uint32_t i = 0; i < m->config.nr_vcpus; i++) {
		m->apic_ids[i] = m->config.apic_ids == NULL ? i : m->config.apic_ids[i];
	}
	m->config.apic_ids = m->apic_ids;
	m->boot.apic_ids = m->apic_ids;
	return true;
}

static bool boot(struct hm_machine *m)
{
	enum svsm_boot_status status;

	hm_bind(m, 0);
	status = svsm_boot(&m->boot);
	hm_unbind(m);
	if (status != SVSM_BOOT_OK) {
		(void)fprintf(stderr, "hosted machine: svsm_boot() failed with status %d\n",
			      (int)status);
	}
	return status == SVSM_BOOT_OK;
}

static struct hm_machine *allocate(void)
{
	struct hm_machine *m = aligned_alloc(SVSM_CACHE_LINE, sizeof(*m));

	if (m != NULL) {
		memset(m, 0, sizeof(*m));
		atomic_init(&m->generation, 1U);
		m->zero_methods = hm_zero_methods_of_cpu();
	}
	return m;
}

struct hm_machine *hm_create(const struct hm_config *config)
{
	struct hm_machine *m;

	if (current != NULL) {
		(void)fputs("hosted machine: there is one already\n", stderr);
		return NULL;
	}
	m = allocate();
	if (m == NULL) {
		return NULL;
	}
	m->config = *config;
	hm_cost_calibrate(m);
	if (config->one_zero_method) {
		m->zero_methods = 1U << ARCH_ZERO_STOSB;
	}
	if (!hm_layout_make(&m->config, &m->layout)) {
		free(m);
		return NULL;
	}
	hm_layout_boot_info(&m->config, &m->layout, &m->boot);
	current = m;
	if (!hm_memory_create(m) || !make_apic_ids(m) || !make_cpus(m) || !hm_memory_launch(m) ||
	    !hm_launch_secrets(m) || !boot(m)) {
		hm_destroy(m);
		return NULL;
	}
	return m;
}

void hm_destroy(struct hm_machine *m)
{
	if (m == NULL) {
		return;
	}
	for (unsigned int i = 0; m->cpus != NULL && i < m->config.nr_vcpus; i++) {
		if (m->cpus[i].machine != NULL) {
			hm_thaw(m, i);
			hm_inject(m, i, HM_INJECT_ALLOC, 0, 0);
			hm_freeze_fini(&m->cpus[i].freeze);
		}
	}
	hm_jitter(m, 0);
	hm_psp_host_destroy(m->psp);
	hm_memory_destroy(m);
	free(m->apic_ids);
	free(m);
	current = NULL;
}

struct hm_machine *hm_current(void)
{
	return current;
}

struct snpm_rmp *hm_rmp(struct hm_machine *m)
{
	return &m->rmp;
}

const struct hm_config *hm_config(const struct hm_machine *m)
{
	return &m->config;
}

const struct svsm_boot_info *hm_boot_info(const struct hm_machine *m)
{
	return &m->boot;
}

void hm_bind(struct hm_machine *m, unsigned int index)
{
	struct hm_cpu *cpu = &m->cpus[index];

	/* pairs with hm_unbind: what the CPU's last thread left in its owner-only fields */
	if (index >= m->config.nr_vcpus || hm_self != NULL ||
	    atomic_exchange_explicit(&cpu->bound, true, memory_order_acquire)) {
		hm_die("hm_bind of a CPU or thread that is bound", index);
	}
	hm_self = cpu;
}

void hm_unbind(struct hm_machine *m)
{
	struct hm_cpu *cpu = hm_self_checked(__func__);

	hm_guest_idle(m);
	hm_self = NULL;
	/* pairs with hm_bind */
	atomic_store_explicit(&cpu->bound, false, memory_order_release);
}

static void add_counters(const _Atomic(uint64_t) counters[HM_COUNT_NR], uint64_t sum[HM_COUNT_NR])
{
	for (unsigned int i = 0; i < HM_COUNT_NR; i++) {
		sum[i] += atomic_load_explicit(&counters[i], memory_order_relaxed);
	}
}

static struct hm_counters name_counters(const uint64_t sum[HM_COUNT_NR])
{
	return (struct hm_counters){
		.pvalidate = sum[HM_COUNT_PVALIDATE],
		.rmpadjust = sum[HM_COUNT_RMPADJUST],
		.flush_global = sum[HM_COUNT_FLUSH_GLOBAL],
		.flush_local = sum[HM_COUNT_FLUSH_LOCAL],
		.zero_4k = sum[HM_COUNT_ZERO_4K],
		.zero_2m = sum[HM_COUNT_ZERO_2M],
		.guest_copies = sum[HM_COUNT_COPIES],
		.vmgexits = sum[HM_COUNT_VMGEXIT],
		.psmash = sum[HM_COUNT_PSMASH],
		.npf = sum[HM_COUNT_NPF],
		.vmsa_stalls = sum[HM_COUNT_VMSA_STALL],
		.vmsa_lost = sum[HM_COUNT_VMSA_LOST],
		.pcpu_stores = sum[HM_COUNT_PCPU_STORE],
		.kicks = sum[HM_COUNT_KICK],
	};
}

void hm_counters(struct hm_machine *m, struct hm_counters *out)
{
	uint64_t sum[HM_COUNT_NR] = { 0 };

	add_counters(m->host_counters, sum);
	for (unsigned int i = 0; i < m->config.nr_vcpus; i++) {
		add_counters(m->cpus[i].counters, sum);
	}
	*out = name_counters(sum);
}

void hm_cpu_counters(const struct hm_machine *m, unsigned int index, struct hm_counters *out)
{
	uint64_t sum[HM_COUNT_NR] = { 0 };

	add_counters(m->cpus[index].counters, sum);
	*out = name_counters(sum);
}

void *arch_private_ptr(gpa_t page)
{
	struct hm_machine *m = current;
	uint64_t gpn = page.raw >> SVSM_PAGE_SHIFT;

	if (gpn >= m->guest_pages) {
		hm_die("arch_private_ptr outside the machine", page.raw);
	}
	return hm_page(m, hm_walk(m, gpn)) + gpa_offset(page);
}

void arch_kick(unsigned int cpu_index)
{
	struct hm_cpu *cpu = hm_self_checked(__func__);

	arch_point(ARCH_POINT_ARCH_CALL);
	(void)cpu_index;
	hm_count(cpu->machine, HM_COUNT_KICK);
}

uint64_t arch_tsc(void)
{
	return __rdtsc();
}
